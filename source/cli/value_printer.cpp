#include "cli/value_printer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "cli/numbers.hpp"
#include "cli/platform.hpp"
#include "cli/text.hpp"
#include "cli/value_parser.hpp"

namespace pinion::cli {

using ctype::Kind;
using ctype::Scalar;
using ctype::Type;

namespace {

constexpr std::uint64_t kMostElements = 256;  // of an array that are printed
constexpr std::size_t kLongestText = 4096;    // bytes of a string that are printed

UnsignedWide load(const std::byte* data, std::uint64_t size) {
  UnsignedWide bits = 0;
  std::memcpy(&bits, data, size);
  return bits;
}

// What a function means that returns a pointer to this, or fills an array of it. uint8_t and int8_t are numbers.
unsigned text_unit_of_result(const Type& element) {
  const Type& type = ctype::resolve(element);
  if (type.size != 1) return text_unit(element);
  if (type.kind != Kind::Integer) return 0;
  const Type* t = &element;
  while (t->kind == Kind::Qualified) t = t->target;
  return type.scalar == Scalar::Char || (type.scalar == Scalar::UChar && t->kind != Kind::Alias) ? 1 : 0;
}

std::string print_enum(const Type& type, const std::byte* data) {
  const UnsignedWide bits = load(data, type.size);
  for (const ctype::Enumerator& e : type.enumerators) {
    const auto fitting = fit(Integer::of(e.value), static_cast<unsigned>(type.size) * 8, type.is_signed);
    if (fitting == bits) return std::string(e.name);
  }
  return print_integer(bits, static_cast<unsigned>(type.size) * 8, type.is_signed);
}

std::string print_scalar(const Type& type, const std::byte* data) {
  switch (type.kind) {
    case Kind::Bool: return load(data, 1) != 0 ? "true" : "false";
    case Kind::Floating: return print_floating(type.scalar, data);
    case Kind::Enum: return print_enum(type, data);
    default: break;
  }
  if (type.scalar == Scalar::Char) return quote_character(std::to_integer<unsigned char>(*data));
  return print_integer(load(data, type.size), static_cast<unsigned>(type.size) * 8, type.is_signed);
}

std::string print_complex(const Type& type, const std::byte* data) {
  const Type& element = ctype::resolve(*type.target);
  const std::string imaginary = print_scalar(element, data + element.size);
  return fmt::format("{}{}{}i", print_scalar(element, data), imaginary.starts_with('-') ? "" : "+", imaginary);
}

std::string print_bit_field(const ctype::Member& m, const std::byte* record) {
  const Type& type = ctype::resolve(*m.type);
  UnsignedWide bits = 0;
  for (std::uint32_t i = 0; i < m.bit_width; ++i) {
    const std::uint64_t at = m.bit_position + i;
    bits |= UnsignedWide{std::to_integer<unsigned>(record[at / 8]) >> at % 8 & 1} << i;
  }
  if (type.kind == Kind::Bool) return bits != 0 ? "true" : "false";
  if (type.kind != Kind::Enum) return print_integer(bits, m.bit_width, type.is_signed);
  const auto fitting = [&] {  // sign-extended, to compare it with the constants
    const bool negative = type.is_signed && (bits >> (m.bit_width - 1) & 1) != 0;
    return negative ? bits | ~UnsignedWide{0} << m.bit_width : bits;
  }();
  std::array<std::byte, 16> whole{};
  std::memcpy(whole.data(), &fitting, whole.size());
  return print_enum(type, whole.data());
}

// Text of units of 1, 2 or 4 bytes as UTF-8.
std::string decode(std::string_view units, unsigned unit) {
  if (unit == 1) return std::string(units);
  std::u32string out;
  for (std::size_t at = 0; at + unit <= units.size(); at += unit) {
    std::uint32_t value = 0;
    std::memcpy(&value, units.data() + at, unit);
    const bool low = unit == 2 && (value & 0xFC00) == 0xDC00 && !out.empty() && (out.back() & 0xFC00U) == 0xD800;
    if (low) {
      out.back() = 0x10000 + ((out.back() & 0x3FFU) << 10) + (value & 0x3FF);
    } else {
      out += static_cast<char32_t>(value);
    }
  }
  return to_utf8(out);
}

// The bytes in front of the first unit that is zero; npos when there is none.
std::size_t terminated_length(std::string_view units, unsigned unit) {
  for (std::size_t at = 0; at + unit <= units.size(); at += unit) {
    if (units.substr(at, unit).find_first_not_of('\0') == std::string_view::npos) return at;
  }
  return std::string_view::npos;
}

// An array's text: up to its terminator when nothing follows it but zeros, otherwise all of it.
std::string print_text(std::string_view units, unsigned unit) {
  const std::size_t last = units.find_last_not_of('\0');
  const std::size_t used = last == std::string_view::npos ? 0 : (last / unit + 1) * unit;
  return quote(decode(units.substr(0, used), unit));
}

}  // namespace

std::string ValuePrinter::print(const Type& declared, const std::byte* data) const {
  const Type& type = ctype::resolve(declared);
  switch (type.kind) {
    case Kind::Void:
    case Kind::Function: return {};
    case Kind::Complex: return print_complex(type, data);
    case Kind::Pointer: return print_pointer(type, data);
    case Kind::Array:
    case Kind::Vector: return print_elements(type, data);
    case Kind::Struct:
    case Kind::Union: return print_record(type, data);
    default: return print_scalar(type, data);
  }
}

std::string ValuePrinter::print_pointer(const Type& type, const std::byte* data) const {
  const auto address = static_cast<std::uint64_t>(load(data, sizeof(void*)));
  if (address == 0) return "null";
  std::string number = fmt::format("{:#x}", address);
  const unsigned unit = addresses_ ? 0 : text_unit_of_result(*type.target);
  if (unit == 0) return number;
  std::string text(kLongestText, '\0');
  text.resize(read_memory(address, std::as_writable_bytes(std::span(text))));
  if (text.empty()) return fmt::format("{} (not readable)", number);
  const std::size_t length = terminated_length(text, unit);
  if (length != std::string_view::npos) return quote(decode(text.substr(0, length), unit));
  return quote(decode(text, unit)) + "...";
}

std::string ValuePrinter::print_elements(const Type& type, const std::byte* data) const {
  const unsigned unit = text_unit_of_result(*type.target);
  if (unit != 0 && type.kind == Kind::Array) {
    return print_text({reinterpret_cast<const char*>(data), type.size}, unit);
  }
  std::string out;
  const std::uint64_t element_size = ctype::resolve(*type.target).size;
  for (std::uint64_t i = 0; i < std::min(type.count, kMostElements); ++i) {
    if (i > 0) out += ", ";
    out += print(*type.target, data + i * element_size);
  }
  if (type.count > kMostElements) out += fmt::format(", ... {} more", type.count - kMostElements);
  return "{" + out + "}";
}

std::string ValuePrinter::print_record(const Type& type, const std::byte* data) const {
  if (!type.complete) return "{...}";
  std::string out;
  append_members(out, type, data);
  return "{" + out + "}";
}

// Members of anonymous members are printed as those of the record around, which is how C names them.
void ValuePrinter::append_members(std::string& out, const Type& record, const std::byte* data) const {
  for (const ctype::Member& m : record.members) {
    const Type& type = ctype::resolve(*m.type);
    if (m.name.empty()) {
      if (!m.bit_field) append_members(out, type, data + m.offset);
      continue;
    }
    const bool flexible = type.kind == Kind::Array && !type.complete;
    if (!out.empty()) out += ", ";
    out += fmt::format("{} = {}", m.name,
                       m.bit_field ? print_bit_field(m, data)
                       : flexible  ? "{...}"
                                   : print(*m.type, data + m.offset));
  }
}

}  // namespace pinion::cli
