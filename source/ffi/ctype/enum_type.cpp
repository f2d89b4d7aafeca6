#include "ffi/ctype/enum_type.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <set>

#include "ffi/ctype/print.hpp"

namespace pinion::ctype {

namespace {

Status check_names(std::span<const Enumerator> enumerators) {
  if (enumerators.empty()) return Error{"the enum has no enumerators; C wants at least one"};
  std::set<std::string_view> names;
  for (const Enumerator& enumerator : enumerators) {
    if (!names.insert(enumerator.name).second) {
      return Error{fmt::format("two enumerators are named '{}'", enumerator.name)};
    }
  }
  return Unit{};
}

bool fits(__int128 value, unsigned bits, bool is_signed) {
  const __int128 limit = static_cast<__int128>(1) << (is_signed ? bits - 1 : bits);
  return value < limit && value >= (is_signed ? -limit : 0);
}

bool all_fit(std::span<const Enumerator> enumerators, unsigned bits, bool is_signed) {
  return std::all_of(enumerators.begin(), enumerators.end(),
                     [&](const Enumerator& enumerator) { return fits(enumerator.value, bits, is_signed); });
}

}  // namespace

Result<Scalar> enum_scalar(std::span<const Enumerator> enumerators, bool packed, DataModel model) {
  if (Status good = check_names(enumerators); !good) return good.error();
  const bool is_signed = std::any_of(enumerators.begin(), enumerators.end(),
                                     [](const Enumerator& enumerator) { return enumerator.value < 0; });
  struct Choice {
    unsigned bits;
    Scalar with_sign, without;
  };
  const bool lp64 = model == DataModel::Lp64;
  const Choice choices[] = {{8, Scalar::SChar, Scalar::UChar},
                            {16, Scalar::Short, Scalar::UShort},
                            {32, Scalar::Int, Scalar::UInt},
                            {64, lp64 ? Scalar::Long : Scalar::LongLong, lp64 ? Scalar::ULong : Scalar::ULongLong}};
  for (const Choice& choice : choices) {
    if (choice.bits < 32 && !packed) continue;
    if (all_fit(enumerators, choice.bits, is_signed)) return is_signed ? choice.with_sign : choice.without;
  }
  return Error{"the enumerators do not fit any integer of 64 bits"};
}

Status check_fixed_enum(std::span<const Enumerator> enumerators, const Type& fixed) {
  if (Status good = check_names(enumerators); !good) return good;
  const Type& type = resolve(fixed);
  if (type.kind != Kind::Integer && type.kind != Kind::Bool) {
    return Error{fmt::format("the underlying type of an enum must be an integer, not '{}'", to_c(fixed))};
  }
  if (type.size > 8) return Error{fmt::format("the underlying type '{}' of an enum is too wide", to_c(fixed))};
  const unsigned bits = type.kind == Kind::Bool ? 1 : static_cast<unsigned>(type.size) * 8;
  if (all_fit(enumerators, bits, type.is_signed)) return Unit{};
  return Error{fmt::format("an enumerator does not fit the enum's underlying type '{}'", to_c(fixed))};
}

}  // namespace pinion::ctype
