#include "exclusions.hpp"

#include <algorithm>
#include <functional>

namespace pinion::differential {

using abi::Passing;
using abi::Value;
using ctype::Kind;
using ctype::Scalar;
using ctype::Type;

namespace {

using Predicate = std::function<bool(const Type&)>;

// Whether the predicate holds for the type or for one that it contains.
bool contains(const Type& declared, const Predicate& predicate) {
  const Type& type = ctype::resolve(declared);
  if (predicate(type)) return true;
  if (type.kind == Kind::Array || type.kind == Kind::Vector || type.kind == Kind::Complex) {
    return contains(*type.target, predicate);
  }
  return std::any_of(type.members.begin(), type.members.end(),
                     [&](const ctype::Member& member) { return contains(*member.type, predicate); });
}

bool is_scalar(const Type& type, Scalar scalar) {
  return type.kind == Kind::Floating && type.scalar == scalar;
}

bool has_float16(const Type& type) {
  return is_scalar(type, Scalar::Float16);
}

bool is_complex_of_16_bytes(const Type& type) {
  return type.kind == Kind::Complex && type.size == 32 && !is_scalar(*type.target, Scalar::LongDouble);
}

// Whether a record has a bit-field with an alignment of its own, by itself or by its type.
bool has_aligned_bit_field(const Type& type) {
  return std::any_of(type.members.begin(), type.members.end(), [](const ctype::Member& member) {
    const bool aligned_type = member.type->align != ctype::resolve(*member.type).natural->align;
    return member.bit_field && (member.own_align != 0 || aligned_type);
  });
}

// Whether there is nothing in a type but bit-fields without a name.
bool is_padding(const Type& declared) {
  const Type& type = ctype::resolve(declared);
  if (type.kind == Kind::Array) return type.count == 0 || is_padding(*type.target);
  if (type.kind != Kind::Struct && type.kind != Kind::Union) return false;
  return std::all_of(type.members.begin(), type.members.end(), [](const ctype::Member& member) {
    return member.bit_field ? member.name.empty() : is_padding(*member.type);
  });
}

bool on_stack(const abi::Piece& piece) {
  return piece.location.kind == abi::Location::Kind::Stack;
}

// A call by a caller that agrees with the callee's compiler about everything.
struct Call {
  const Signature& signature;
  const Configuration& configuration;
  const Result<abi::CallLayout>& layout;

  bool gcc() const { return configuration.compiler == abi::Compiler::Gcc; }
  bool clang() const { return !gcc(); }
  bool microsoft() const { return signature.convention == abi::Convention::Microsoft; }
  bool variadic() const { return signature.style == Style::Variadic; }
  bool refused(std::string_view id) const { return !layout && layout.error().message.find(id) != std::string::npos; }

  bool has(const Predicate& predicate) const {
    return contains(*signature.result, predicate) ||
           std::any_of(signature.arguments.begin(), signature.arguments.end(),
                       [&](const Type* type) { return contains(*type, predicate); });
  }

  // Whether the predicate holds for an argument and how it is passed.
  template <class ForArgument>
  bool any(const ForArgument& predicate, std::size_t first = 0) const {
    for (std::size_t i = first; layout && i < signature.arguments.size(); ++i) {
      if (predicate(ctype::resolve(*signature.arguments[i]), layout->arguments[i])) return true;
    }
    return false;
  }
  template <class ForArgument>
  bool any_variable(const ForArgument& predicate) const {
    return variadic() && any(predicate, signature.fixed);
  }
};

struct Exclusion {
  std::string_view id;
  bool (*applies)(const Call&);
  bool of_va_arg = false;  // the C callee is what goes wrong: of no concern to callbacks, which are the callee
};

// The one place where something is left out.
constexpr Exclusion kExclusions[] = {
    // What clang 14 rejects.
    {"SV24 MS09", [](const Call& c) { return c.clang() && c.has(has_float16); }},
    {"SV26", [](const Call& c) { return c.clang() && c.has(is_complex_of_16_bytes); }},
    // clang lays such bit-fields out otherwise than gcc, which we follow.
    {"CT03", [](const Call& c) { return c.clang() && c.has(has_aligned_bit_field); }},
    // clang 14 loses half of some scalars; the engine refuses those.
    {"SV21", [](const Call& c) { return c.clang() && c.refused("SV21"); }},
    // clang 14's va_arg looks for a __float128 in memory, its callers pass it in a register.
    {"SV15",
     [](const Call& c) {
       return c.clang() && !c.microsoft() &&
              c.any_variable([](const Type& t, const Value&) { return is_scalar(t, Scalar::Float128); });
     },
     true},
    // clang 14's va_arg looks for an __int128 in memory, 16-aligned, unless both halves are in registers; its callers
    // pass the halves like two longs. A callback takes it as va_arg does.
    {"SV12 SV13",
     [](const Call& c) {
       return c.clang() && !c.microsoft() && c.any_variable([&](const Type& t, const Value& value) {
         const auto pieces = c.layout->pieces_of(value);
         return t.kind == Kind::Integer && t.size == 16 && std::any_of(pieces.begin(), pieces.end(), on_stack);
       });
     }},
    // clang passes a __float128 in the next free vector register, without the general register of its position: all
    // arguments after it move. And its va_arg reads through a pointer that no caller passes. Refused.
    {"MS02", [](const Call& c) { return c.clang() && c.microsoft() && c.refused("MS02"); }},
    // clang cuts vectors wider than its registers into several arguments, which the engine refuses.
    {"MS08", [](const Call& c) { return c.clang() && c.microsoft() && c.refused("MS08"); }},
    // clang's va_arg of small vectors and structs with flexible arrays disagrees with its callers; refused, too.
    {"MS13", [](const Call& c) { return c.clang() && c.microsoft() && c.refused("MS13"); }},
    // gcc's va_arg of an ms_abi function for Linux reads what is passed by reference from the slot itself.
    {"MS10",
     [](const Call& c) {
       return c.gcc() && c.microsoft() &&
              c.any_variable([](const Type&, const Value& value) { return value.passing == Passing::Reference; });
     },
     true},
    // gcc's va_start counts a struct of padding that its callers do not pass, or the other way round.
    {"VA01",
     [](const Call& c) {
       return c.gcc() && c.variadic() && c.any([&](const Type& t, const Value& value) {
         return t.size > 0 && is_padding(t) && (c.microsoft() || value.passing == Passing::Nothing);
       });
     },
     true},
    // gcc's optimised va_arg reads a 16-aligned aggregate, passed in general registers, with an aligned access where
    // these are saved, which is not aligned.
    {"VA03",
     [](const Call& c) {
       return c.gcc() && !c.microsoft() && c.any_variable([](const Type& t, const Value& value) {
         return ctype::is_aggregate(t) && t.align >= 16 && value.passing == Passing::Direct && value.count == 2;
       });
     },
     true},
    // clang's va_arg of a struct that begins with an eightbyte of padding takes the first piece for the padding.
    {"VA02",
     [](const Call& c) {
       return c.clang() && !c.microsoft() && c.any_variable([&](const Type& t, const Value& value) {
         return t.size > 0 && (value.count == 0 || c.layout->pieces[value.first].offset > 0);
       });
     },
     true},
};

}  // namespace

std::string_view excluded(ctype::TypeTable& table, const Signature& signature, const Configuration& configuration,
                          marshal::Direction direction) {
  const Result<const Type*> type = call_type(table, signature);
  if (!type) return {};
  const auto layout = abi::lay_out_call(**type, signature.convention, configuration.dialect());
  const Call call{signature, configuration, layout};
  const auto found = std::find_if(std::begin(kExclusions), std::end(kExclusions), [&](const Exclusion& exclusion) {
    return !(exclusion.of_va_arg && direction == marshal::Direction::Callback) && exclusion.applies(call);
  });
  return found == std::end(kExclusions) ? "" : found->id;
}

}  // namespace pinion::differential
