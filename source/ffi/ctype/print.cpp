#include "ffi/ctype/print.hpp"

#include <fmt/format.h>

#include <iterator>
#include <limits>

#include "ffi/ctype/enum_type.hpp"

namespace pinion::ctype {

namespace {

constexpr std::string_view kSpellings[] = {
#define X(name, spelling, ...) spelling,
    PINION_SCALARS(X)
#undef X
};

std::string qualifier_words(std::uint8_t qualifiers) {
  static constexpr std::pair<Qualifiers, std::string_view> kWords[] = {
      {Const, "const"}, {Volatile, "volatile"}, {Restrict, "restrict"}, {Atomic, "_Atomic"}};
  std::string words;
  for (const auto& [bit, word] : kWords) {
    if ((qualifiers & bit) != 0) words += fmt::format("{}{}", words.empty() ? "" : " ", word);
  }
  return words;
}

// Two parts of a declaration side by side, with a space where C or the eye needs one.
std::string join(std::string_view left, std::string_view right) {
  const bool space = !left.empty() && !right.empty();
  return fmt::format("{}{}{}", left, space ? " " : "", right);
}

std::string aligned_attribute(std::uint32_t align) {
  return fmt::format("__attribute__((aligned({})))", align);
}

bool has_own_align(const Type& type) {
  return type.natural != nullptr && type.natural != &type;
}

std::string convention_attribute(const Type& function) {
  switch (function.convention) {
    case Convention::Default: return {};
    case Convention::SysV: return "__attribute__((sysv_abi))";
    case Convention::Microsoft: return "__attribute__((ms_abi))";
  }
  return {};
}

// What a declaration begins with, for the types that are not spelled around the name.
std::string specifier(const Type& type) {
  switch (type.kind) {
    case Kind::Complex:
      // gcc has no `_Complex __float128`.
      return fmt::format("_Complex {}",
                         type.target->scalar == Scalar::Float128 ? "_Float128" : specifier(*type.target));
    case Kind::Vector: return fmt::format("{} __attribute__((vector_size({})))", specifier(*type.target), type.size);
    case Kind::Alias: return std::string(type.name);
    case Kind::Struct:
    case Kind::Union:
    case Kind::Enum: {
      const std::string_view word = type.kind == Kind::Struct ? "struct" : type.kind == Kind::Union ? "union" : "enum";
      return type.name.empty() ? definition(*type.natural) : join(word, type.name);
    }
    default: return std::string(kSpellings[static_cast<std::size_t>(type.scalar)]);
  }
}

std::string parameter_list(const Type& function) {
  if (!function.prototyped) return "()";
  std::string list;
  for (const Parameter& parameter : function.parameters.first(function.fixed_count)) {
    list += fmt::format("{}{}", list.empty() ? "" : ", ", to_c(*parameter.type, parameter.name));
  }
  if (function.variadic) list += list.empty() ? "..." : ", ...";
  return fmt::format("({})", list.empty() ? "void" : list);
}

// C's declarators are written inside out: `declarator` is what the name has grown to on the way from the declared type
// to its innermost specifier.
std::string declare(const Type& type, std::string declarator, std::uint8_t qualifiers);

// Around `*...`, where the pointer points to an array or a function, whose own part follows the pointer's. That is also
// the place for a convention: it belongs to this function type, whatever other functions the declaration has.
std::string in_parentheses(const Type& target, std::string pointer) {
  if (target.kind == Kind::Array) return fmt::format("({})", pointer);
  if (target.kind == Kind::Function) return fmt::format("({})", join(convention_attribute(target), pointer));
  return pointer;
}

std::string declare_pointer(const Type& type, std::string_view declarator, std::uint8_t qualifiers) {
  std::string words = qualifier_words(qualifiers);
  if (has_own_align(type)) words = join(aligned_attribute(type.align), words);
  return declare(*type.target, in_parentheses(*type.target, "*" + join(words, declarator)), 0);
}

std::string declare(const Type& type, std::string declarator, std::uint8_t qualifiers) {
  switch (type.kind) {
    case Kind::Qualified: return declare(*type.target, std::move(declarator), qualifiers | type.qualifiers);
    case Kind::Pointer: return declare_pointer(type, declarator, qualifiers);
    case Kind::Array: {
      const std::string bound = type.complete ? fmt::format("[{}]", type.count) : "[]";
      return declare(*type.target, declarator + bound, qualifiers);
    }
    case Kind::Function: return declare(*type.target, declarator + parameter_list(type), 0);
    default: break;
  }
  std::string words = join(qualifier_words(qualifiers), specifier(type));
  if (has_own_align(type)) words = join(words, aligned_attribute(type.align));
  return join(words, declarator);
}

std::string attributes(bool packed, std::uint32_t align) {
  if (!packed && align == 0) return {};
  const std::string aligned = align == 0 ? "" : fmt::format("aligned({})", align);
  return fmt::format("__attribute__(({}{}{}))", packed ? "packed" : "", packed && align != 0 ? ", " : "", aligned);
}

std::string member_text(const Member& member) {
  std::string text = to_c(*member.type, member.name);
  if (member.bit_field) text += fmt::format(" : {}", member.bit_width);
  return join(text, attributes(member.packed, member.own_align)) + ";";
}

std::string value_text(__int128 value) {
  if (value == std::numeric_limits<std::int64_t>::min()) return "-9223372036854775807 - 1";  // C has no such literal
  if (value > std::numeric_limits<std::int64_t>::max()) return fmt::format("{}U", static_cast<std::uint64_t>(value));
  return fmt::format("{}", static_cast<std::int64_t>(value));
}

// `: type`, where the underlying type is not the one that the values alone would get.
std::string fixed_type(const Type& type) {
  const Scalar scalar = type.target->scalar;
  const bool lp64 = scalar == Scalar::Long || scalar == Scalar::ULong;
  const Result<Scalar> chosen = enum_scalar(type.enumerators, type.packed, lp64 ? DataModel::Lp64 : DataModel::Llp64);
  return chosen && *chosen == scalar ? "" : fmt::format(" : {}", specifier(*type.target));
}

std::string body(const Type& type) {
  std::string text;
  if (type.kind != Kind::Enum) {
    for (const Member& member : type.members) text += member_text(member) + " ";
    return fmt::format("{{ {}}}", text);
  }
  for (const Enumerator& enumerator : type.enumerators) {
    text += fmt::format("{}{} = {}", text.empty() ? "" : ", ", enumerator.name, value_text(enumerator.value));
  }
  return fmt::format("{{ {} }}", text);
}

}  // namespace

std::string to_c(const Type& type, std::string_view name) {
  // What C attaches to a whole declarator comes last; but gcc forgets it there when it makes a vector afterwards.
  if (has_own_align(type) && type.kind != Kind::Vector)
    return join(to_c(*type.natural, name), aligned_attribute(type.align));
  const std::string text = declare(type, std::string(name), 0);
  return type.kind == Kind::Function ? join(text, convention_attribute(type)) : text;
}

std::string definition(const Type& type) {
  const std::string_view word = type.kind == Kind::Struct ? "struct" : type.kind == Kind::Union ? "union" : "enum";
  const Type& natural = *type.natural;
  const std::string head = join(join(word, attributes(natural.packed, natural.own_align)), natural.name);
  if (!natural.complete) return join(word, natural.name);
  return fmt::format("{}{} {}", head, natural.kind == Kind::Enum ? fixed_type(natural) : "", body(natural));
}

std::string declaration(const Type& type) {
  const std::string text = definition(type) + ";\n";
  if (type.natural->pack == 0) return text;
  return fmt::format("#pragma pack(push, {})\n{}#pragma pack(pop)\n", type.natural->pack, text);
}

}  // namespace pinion::ctype
