#include "exclusions.hpp"

#include <algorithm>

namespace pinion::differential {

using ctype::Kind;
using ctype::Scalar;
using ctype::Type;

namespace {

// Whether `predicate` holds for the type or, when `inside`, for one that it contains.
template <class Predicate>
bool contains(const Type& declared, const Predicate& predicate) {
  const Type& type = ctype::resolve(declared);
  if (predicate(type)) return true;
  if (type.kind == Kind::Array || type.kind == Kind::Vector || type.kind == Kind::Complex) {
    return contains(*type.target, predicate);
  }
  return std::any_of(type.members.begin(), type.members.end(),
                     [&](const ctype::Member& member) { return contains(*member.type, predicate); });
}

template <class Predicate>
bool anywhere(const Signature& signature, const Predicate& predicate) {
  return contains(*signature.result, predicate) ||
         std::any_of(signature.arguments.begin(), signature.arguments.end(),
                     [&](const Type* type) { return contains(*type, predicate); });
}

template <class Predicate>
bool any_argument(const Signature& signature, const Predicate& predicate, bool variable_only) {
  const bool variadic = signature.style == Style::Variadic;
  if (variable_only && !variadic) return false;
  return std::any_of(signature.arguments.begin() + (variable_only ? signature.fixed : 0), signature.arguments.end(),
                     [&](const Type* type) { return predicate(ctype::resolve(*type)); });
}

bool register_sized(const Type& type) {
  return type.size == 1 || type.size == 2 || type.size == 4 || type.size == 8;
}

bool is_scalar(const Type& type, Scalar scalar) {
  return type.kind == Kind::Floating && type.scalar == scalar;
}

struct Exclusion {
  std::string_view id;
  bool (*applies)(const Signature&, const Configuration&);
};

bool clang(const Configuration& configuration) {
  return configuration.compiler != abi::Compiler::Gcc;
}
bool microsoft(const Signature& signature) {
  return signature.convention == abi::Convention::Microsoft;
}

// The one place where something is left out.
constexpr Exclusion kExclusions[] = {
    // clang 14 rejects _Float16 on x86-64.
    {"SV24 MS09",
     [](const Signature& s, const Configuration& c) {
       return clang(c) && anywhere(s, [](const Type& t) { return is_scalar(t, Scalar::Float16); });
     }},
    // clang rejects _Complex __int128.
    {"SV26",
     [](const Signature& s, const Configuration& c) {
       return clang(c) && anywhere(s, [](const Type& t) {
                return t.kind == Kind::Complex && t.target->kind == Kind::Integer && t.target->size == 16;
              });
     }},
    // gcc's va_arg of an ms_abi function for Linux reads what is passed by reference from the slot itself.
    {"MS10",
     [](const Signature& s, const Configuration& c) {
       return !clang(c) && microsoft(s) &&
              any_argument(
                  s, [](const Type& t) { return !register_sized(t); }, true);
     }},
    // clang's va_arg of a __float128 reads through a pointer; its callers, as those of ours, pass it in a register.
    {"MS02",
     [](const Signature& s, const Configuration& c) {
       return clang(c) && microsoft(s) &&
              any_argument(
                  s, [](const Type& t) { return is_scalar(t, Scalar::Float128); }, true);
     }},
    // clang cuts vectors wider than its registers into several arguments.
    {"MS08",
     [](const Signature& s, const Configuration& c) {
       const std::uint64_t widest = c.avx ? 32 : 16;
       return clang(c) && microsoft(s) &&
              any_argument(
                  s, [&](const Type& t) { return t.kind == Kind::Vector && t.size > widest; }, false);
     }},
    // clang's va_arg of small vectors and structs with flexible arrays disagrees with its callers.
    {"MS13",
     [](const Signature& s, const Configuration& c) {
       return clang(c) && microsoft(s) &&
              any_argument(
                  s,
                  [](const Type& t) {
                    return register_sized(t) && (t.flexible || (t.kind == Kind::Vector && t.count > 1));
                  },
                  true);
     }},
};

}  // namespace

std::string_view excluded(const Signature& signature, const Configuration& configuration) {
  for (const Exclusion& exclusion : kExclusions) {
    if (exclusion.applies(signature, configuration)) return exclusion.id;
  }
  return {};
}

}  // namespace pinion::differential
