#include "cli/value_parser.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "cli/text.hpp"
#include "ffi/ctype/print.hpp"

namespace pinion::cli {

using ctype::Kind;
using ctype::Scalar;
using ctype::Type;

std::byte* Storage::allocate(std::uint64_t size, std::uint32_t align) {
  size = std::max<std::uint64_t>(size, 1);
  // At least 16: what is passed to C as memory is aligned as malloc's would be.
  auto* memory = static_cast<std::byte*>(memory_.allocate(size, std::max<std::size_t>(align, 16)));
  std::memset(memory, 0, size);
  return memory;
}

unsigned text_unit(const Type& element) {
  for (const Type* t = &element; t->kind == Kind::Alias || t->kind == Kind::Qualified; t = t->target) {
    if (t->kind != Kind::Alias) continue;
    if (t->name == "wchar_t" || t->name == "char16_t" || t->name == "char32_t") {
      return static_cast<unsigned>(ctype::resolve(element).size);
    }
  }
  const Type& type = ctype::resolve(element);
  return type.kind == Kind::Integer && type.size == 1 ? 1 : 0;
}

bool is_const(const Type& type) {
  const Type* t = &type;
  for (; t->kind == Kind::Alias || t->kind == Kind::Qualified; t = t->target) {
    if ((t->qualifiers & ctype::Const) != 0) return true;
  }
  return t->kind == Kind::Array && is_const(*t->target);
}

// -- the entries

Result<TypedValue> ValueParser::parse(const Type& type, std::string_view text) {
  pointed_.clear();
  const TypedValue value = make(type);
  if (Status parsed = parse_into(type, text, value.data); !parsed) return parsed.error();
  return value;
}

Result<TypedValue> ValueParser::parse_variadic(std::string_view text) {
  pointed_.clear();
  auto value = infer(text);
  if (!value) return value;
  return promote(*value);
}

// -- values of a known type

Status ValueParser::parse_into(const Type& declared, std::string_view given, std::byte* to) {
  const Type& type = ctype::resolve(declared);
  const std::string_view text = trim(given);
  switch (type.kind) {
    // A string on the command line is taken as it is, spaces included.
    case Kind::Pointer: return parse_pointer(declared, path_.empty() ? given : text, to);
    case Kind::Complex: return parse_complex(declared, text, to);
    case Kind::Struct:
    case Kind::Union: return parse_record(declared, text, to);
    case Kind::Array:
    case Kind::Vector: return parse_array(declared, text, to);
    default: return parse_scalar(declared, text, to);
  }
}

Status ValueParser::parse_scalar(const Type& declared, std::string_view text, std::byte* to) {
  const Type& type = ctype::resolve(declared);
  if (type.kind != Kind::Floating) {
    UnsignedWide bits = 0;
    const unsigned width = type.kind == Kind::Bool ? 1 : static_cast<unsigned>(type.size) * 8;
    if (Status parsed = parse_integer(declared, text, width, type.is_signed, bits); !parsed) return parsed;
    store_integer(to, bits, type.size);
    return Unit{};
  }
  const auto length = read_floating(type.scalar, text, to);
  if (!length) return wants(declared, text, length.error().message);
  if (*length > 0 && floating_literal_type(text.substr(*length))) return Unit{};
  const auto n = integer(text);  // a character, a constant
  if (!n) return wants(declared, text);
  const std::string digits = fmt::format("{}{}", n->negative ? "-" : "", n->magnitude);
  if (const auto read = read_floating(type.scalar, digits, to); !read)
    return wants(declared, text, read.error().message);
  return Unit{};
}

Status ValueParser::parse_integer(const Type& declared, std::string_view text, unsigned bits, bool is_signed,
                                  UnsignedWide& out) {
  const Type& type = ctype::resolve(declared);
  if (type.kind == Kind::Bool && (text == "true" || text == "false")) {
    out = text == "true" ? 1 : 0;
    return Unit{};
  }
  auto n = integer(text);
  // One character that is no digit needs no quotes: a shell would have taken them anyway.
  if (!n && text.size() == 1 && type.scalar == Scalar::Char) n = Integer::of(static_cast<signed char>(text[0]));
  if (!n) {
    if (type.kind != Kind::Enum) return wants(declared, text);
    std::string names;
    for (const ctype::Enumerator& e : type.enumerators.first(std::min<std::size_t>(type.enumerators.size(), 8))) {
      names += fmt::format("{}{}", names.empty() ? "one of " : ", ", e.name);
    }
    return wants(declared, text, names);
  }
  const bool whole = type.kind == Kind::Bool || bits == type.size * 8;
  const std::string name = whole ? to_c(declared) : fmt::format("{} of {} bits", to_c(declared), bits);
  const auto fitting = fit(*n, bits, is_signed);
  if (!fitting) return wants(fmt::format("{} ({})", name, range_of(bits, is_signed)), text);
  out = *fitting;
  return Unit{};
}

// A number, a character, the name of a constant, or several of them with | between.
Result<Integer> ValueParser::integer(std::string_view text) const {
  if (const auto n = read_integer(text)) return *n;
  if (const auto constant = known_.constants.find(text); constant != known_.constants.end()) {
    return Integer::of(constant->second);
  }
  const auto bar = text.find('|');
  if (bar == std::string_view::npos) return Error{"no integer"};
  const auto left = integer(trim(text.substr(0, bar)));
  const auto right = integer(trim(text.substr(bar + 1)));
  if (!left || !right || left->negative || right->negative) return Error{"no integer"};
  Integer both = *left;
  both.magnitude |= right->magnitude;
  return both;
}

// `1+2i`, `3`, `2i`
Status ValueParser::parse_complex(const Type& declared, std::string_view text, std::byte* to) {
  const Type& element = ctype::resolve(*ctype::resolve(declared).target);
  std::byte* const parts[] = {to, to + element.size};
  std::string_view rest = text;
  for (int part = 0; part < 2; ++part) {
    alignas(16) std::byte number[16]{};
    const Scalar scalar = element.kind == Kind::Floating ? element.scalar : Scalar::LongDouble;
    auto length = read_floating(scalar, rest, number);
    if (!length) return wants(declared, text, length.error().message);
    if (*length == 0) return wants(declared, text, "as in 1+2i");
    rest.remove_prefix(*length);
    const bool imaginary = rest == "i" || rest == "j";
    if (part == 1 && !imaginary) return wants(declared, text, "as in 1+2i");
    std::byte* const place = parts[imaginary ? 1 : 0];
    if (element.kind == Kind::Floating) {
      std::memcpy(place, number, element.size);
    } else {
      long double value = 0;
      std::memcpy(&value, number, 10);
      const auto whole = static_cast<Wide>(value);
      const auto fitting = fit(Integer::of(whole), static_cast<unsigned>(element.size) * 8, element.is_signed);
      if (static_cast<long double>(whole) != value || !fitting) return wants(declared, text);
      store_integer(place, *fitting, element.size);
    }
    if (imaginary || rest.empty()) return Unit{};
  }
  return Unit{};
}

Status ValueParser::parse_bit_field(const ctype::Member& m, std::string_view text, std::byte* record) {
  UnsignedWide bits = 0;
  const bool is_signed = ctype::resolve(*m.type).is_signed && m.bit_width > 0;
  if (Status parsed = parse_integer(*m.type, text, m.bit_width, is_signed, bits); !parsed) return parsed;
  for (std::uint32_t i = 0; i < m.bit_width; ++i) {
    const std::uint64_t at = m.bit_position + i;
    const auto mask = static_cast<std::byte>(1U << at % 8);
    std::byte& byte = record[at / 8];
    byte = (bits >> i & 1) != 0 ? byte | mask : byte & ~mask;
  }
  return Unit{};
}

// -- the rest

TypedValue ValueParser::make(const Type& type) {
  return {&type, storage_.allocate(type.size, type.align)};
}

TypedValue ValueParser::pointer(const Type& target, std::byte* address) {
  const TypedValue value = make(*types_.pointer_to(&target));
  std::memcpy(value.data, &address, sizeof address);
  return value;
}

Result<const Type*> ValueParser::array_of(const Type& element, std::uint64_t count) {
  if (const std::uint64_t size = ctype::resolve(element).size; size != 0 && count > kMostBytes / size) {
    return Error{fmt::format("it would have over {} bytes", kMostBytes)};
  }
  return types_.array_of(&element, count);
}

Error ValueParser::wants(const Type& declared, std::string_view text, std::string_view detail) const {
  return wants(ctype::to_c(declared), text, detail);
}

Error ValueParser::wants(std::string_view what, std::string_view text, std::string_view detail) const {
  const std::string at = path_.empty() ? "" : fmt::format(", at {},", path_);
  return Error{
      fmt::format("{} wants {}, got {}{}", at, what, named(text), detail.empty() ? "" : fmt::format(" ({})", detail))};
}

}  // namespace pinion::cli
