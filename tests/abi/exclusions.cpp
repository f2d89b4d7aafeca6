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

// Whether a struct consists of padding alone: nothing in it, or bit-fields without a name.
bool is_padding(const Type& declared) {
  const Type& type = ctype::resolve(declared);
  if (type.kind == Kind::Array) return type.count == 0 || is_padding(*type.target);
  if (type.kind != Kind::Struct && type.kind != Kind::Union) return false;
  return std::all_of(type.members.begin(), type.members.end(), [](const ctype::Member& member) {
    return member.bit_field ? member.name.empty() : is_padding(*member.type);
  });
}

// Whether a record has a bit-field for which gcc and clang agree on no layout: its type is a typedef with an alignment
// of its own, or it has one itself.
bool has_aligned_bit_field(const Type& type) {
  return std::any_of(type.members.begin(), type.members.end(), [](const ctype::Member& member) {
    return member.bit_field &&
           (member.own_align != 0 || member.type->align != ctype::resolve(*member.type).natural->align);
  });
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
    // clang rejects _Complex __int128 and _Complex __float128.
    {"SV26",
     [](const Signature& s, const Configuration& c) {
       return clang(c) && anywhere(s, [](const Type& t) {
                return t.kind == Kind::Complex && t.size == 32 && !is_scalar(*t.target, Scalar::LongDouble);
              });
     }},
    // clang lays bit-fields out otherwise when they, or their types, have an alignment of their own; we follow gcc.
    {"CT03", [](const Signature& s, const Configuration& c) { return clang(c) && anywhere(s, has_aligned_bit_field); }},
    // gcc's va_arg of an ms_abi function for Linux reads what is passed by reference from the slot itself.
    {"MS10",
     [](const Signature& s, const Configuration& c) {
       return !clang(c) && microsoft(s) &&
              any_argument(
                  s, [](const Type& t) { return !register_sized(t); }, true);
     }},
    // The variadic callee of gcc gives a struct of padding no place among the arguments, which its callers do.
    {"VA01",
     [](const Signature& s, const Configuration& c) {
       return !clang(c) && microsoft(s) && s.style == Style::Variadic &&
              any_argument(
                  s, [](const Type& t) { return t.size > 0 && is_padding(t); }, false);
     }},
    // clang's va_arg of a struct of padding takes a place in memory; its callers pass nothing.
    {"VA02",
     [](const Signature& s, const Configuration& c) {
       return clang(c) && !microsoft(s) &&
              any_argument(
                  s, [](const Type& t) { return t.size > 0 && is_padding(t); }, true);
     }},
    // clang 14's va_arg looks for a __float128 in memory, its callers pass it in a register.
    {"SV15",
     [](const Signature& s, const Configuration& c) {
       return clang(c) && !microsoft(s) &&
              any_argument(
                  s, [](const Type& t) { return is_scalar(t, Scalar::Float128); }, true);
     }},
    // clang passes a __float128 in the next free vector register, without the general register of its position: all
    // arguments after it move. (And its va_arg reads through a pointer that no caller passes.)
    {"MS02",
     [](const Signature& s, const Configuration& c) {
       if (!clang(c) || !microsoft(s)) return false;
       for (std::size_t i = 0; i < s.arguments.size(); ++i) {
         if (!is_scalar(ctype::resolve(*s.arguments[i]), Scalar::Float128)) continue;
         if (i + 1 < s.arguments.size() || i >= 3 || (s.style == Style::Variadic && i >= s.fixed)) return true;
       }
       return false;
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

// clang 14's va_arg looks for an __int128 in memory, 16-aligned, unless both halves are in registers; its callers pass
// the halves like two longs.
bool has_int128_apart(const Signature& signature, const abi::CallLayout& layout) {
  for (std::size_t i = signature.fixed; i < signature.arguments.size(); ++i) {
    const Type& type = ctype::resolve(*signature.arguments[i]);
    if (type.kind != Kind::Integer || type.size != 16) continue;
    const auto pieces = layout.pieces_of(layout.arguments[i]);
    if (std::any_of(pieces.begin(), pieces.end(),
                    [](const abi::Piece& piece) { return piece.location.kind == abi::Location::Kind::Stack; })) {
      return true;
    }
  }
  return false;
}

}  // namespace

std::string_view excluded(ctype::TypeTable& table, const Signature& signature, const Configuration& configuration) {
  for (const Exclusion& exclusion : kExclusions) {
    if (exclusion.applies(signature, configuration)) return exclusion.id;
  }
  if (!clang(configuration)) return {};
  const auto type = call_type(table, signature);
  if (!type) return {};
  const auto layout = abi::lay_out_call(**type, signature.convention, configuration.dialect());
  // clang 14 passes only half of a scalar that lies across two eightbytes. Which those are, the engine knows best.
  if (!layout) return layout.error().message.ends_with("(SV21)") ? "SV21" : "";
  const bool variadic = signature.style == Style::Variadic && !microsoft(signature);
  return variadic && has_int128_apart(signature, *layout) ? "SV12 SV13" : "";
}

}  // namespace pinion::differential
