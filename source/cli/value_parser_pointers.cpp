// The part of ValueParser that reads text and &VALUE: memory that an argument points to.
#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "cli/text.hpp"
#include "cli/value_parser.hpp"

namespace pinion::cli {

using ctype::Kind;
using ctype::Scalar;
using ctype::Type;

// -- text

namespace {

// The elements of a string, without a terminating zero. Units of 2 bytes: UTF-16.
std::string encode(std::string_view bytes, unsigned unit) {
  if (unit == 1) return std::string(bytes);
  std::string out;
  const auto append = [&](std::uint32_t value) {
    for (unsigned i = 0; i < unit; ++i) out += static_cast<char>(value >> (8 * i));
  };
  for (const char32_t c : from_utf8(bytes)) {
    const auto code = static_cast<std::uint32_t>(c);
    if (unit == 2 && code > 0xFFFF) {
      append(0xD800 + ((code - 0x10000) >> 10));
      append(0xDC00 + ((code - 0x10000) & 0x3FF));
    } else {
      append(code);
    }
  }
  return out;
}

}  // namespace

Status ValueParser::parse_text_array(const Type& declared, std::string_view inside, std::byte* to) {
  const Type& type = ctype::resolve(declared);
  const auto bytes = unescape(inside);
  if (!bytes) return wants(declared, inside, bytes.error().message);
  const std::string units = encode(*bytes, text_unit(*type.target));
  if (units.size() > type.size) return wants(declared, inside, "the text is too long");
  std::memcpy(to, units.data(), units.size());
  return Unit{};
}

Result<std::byte*> ValueParser::make_text(const Type& declared, unsigned unit, std::string_view inside) {
  const auto bytes = unescape(inside);
  if (!bytes) return wants(declared, inside, bytes.error().message);
  const std::string units = encode(*bytes, unit);
  std::byte* memory = storage_.allocate(units.size() + unit, unit);
  std::memcpy(memory, units.data(), units.size());
  return memory;
}

// -- pointers

Status ValueParser::parse_pointer(const Type& declared, std::string_view given, std::byte* to) {
  const Type& target = *ctype::resolve(declared).target;
  const Type& pointee = ctype::resolve(target);
  const std::string_view text = trim(given);
  const auto point_to = [&](const std::byte* address) -> Status {
    return std::memcpy(to, &address, sizeof address), Unit{};
  };
  if (is_null(text)) return point_to(nullptr);
  const auto number = read_integer(text);
  const unsigned unit = pointee.kind == Kind::Void ? 1 : text_unit(target);
  if (number && (text.starts_with("0x") || (text == "0" && unit == 0))) {
    const auto address = fit(*number, 64, false);
    if (!address) return wants(declared, text, "an address has 64 bits");
    store_integer(to, *address, sizeof(void*));
    return Unit{};
  }
  if (pointee.kind == Kind::Function) return parse_function_pointer(declared, text, to);
  if (text.starts_with('&')) {
    auto value = parse_pointed(declared, trim(text.substr(1)));
    if (!value) return value.error();
    if (!is_const(target)) pointed_.push_back({path_, *value});
    return point_to(value->data);
  }
  if (unit == 0) return wants(declared, text, "write null, an address 0x..., or & and the value to point to");
  if (text.starts_with('"') && !inside_quotes(text))
    return wants(declared, text, "the text does not end with its quote");
  auto memory = make_text(declared, unit, inside_quotes(text).value_or(given));
  return memory ? point_to(*memory) : Status(memory.error());
}

Status ValueParser::parse_function_pointer(const Type& declared, std::string_view text, std::byte* to) {
  const std::string_view name = trim(text.starts_with('&') ? text.substr(1) : text);
  const void* address = is_identifier(name) && find_symbol_ ? find_symbol_(name) : nullptr;
  if (address == nullptr) return wants(declared, text, "write null, an address 0x..., or the name of a function");
  std::memcpy(to, &address, sizeof address);
  return Unit{};
}

Result<TypedValue> ValueParser::parse_pointed(const Type& declared, std::string_view text) {
  const Type& target = *ctype::resolve(declared).target;
  const bool is_void = ctype::resolve(target).kind == Kind::Void;
  const auto inside = inside_quotes(text);
  if (text.starts_with('[')) return parse_pointed_array(is_void ? nullptr : &target, text);
  if (is_void) return inside ? parse_pointed_array(nullptr, fmt::format("[]{}", text)) : infer(text);
  if (inside && text_unit(target) != 0) return parse_pointed_array(&target, fmt::format("[]{}", text));
  if (!ctype::resolve(target).complete) return wants(declared, fmt::format("&{}", text), "what it points to is opaque");
  if (text.starts_with('{') && !ctype::is_aggregate(ctype::resolve(target)) &&
      ctype::resolve(target).kind != Kind::Vector) {
    return wants(declared, fmt::format("&{}", text), fmt::format("write an array as &[]{}", text));
  }
  const TypedValue value = make(target);
  if (Status parsed = parse_into(target, text, value.data); !parsed) return parsed.error();
  return value;
}

// `[64]`, `[]{1, 2, 3}`, `[16]"text"`. Without an element type it is that of the first element, or char.
Result<TypedValue> ValueParser::parse_pointed_array(const Type* element, std::string_view text) {
  const auto close = closing_bracket(text);
  if (close == std::string_view::npos) return wants("an array &[COUNT]{...}", text);
  const std::string_view bound = trim(text.substr(1, close - 1));
  const std::string_view initializer = trim(text.substr(close + 1));
  if (element == nullptr && initializer.starts_with('{')) {
    const auto items = split_items(initializer.substr(1, initializer.size() - 2));
    auto first = items && !items->empty() ? infer(items->front()) : Result<TypedValue>(Error{});
    if (!first) return wants("an array &[COUNT]{...}", text, "the elements' type is not clear");
    element = first->type;
  }
  if (element == nullptr) element = types_.scalar(Scalar::Char);
  auto count = bound.empty() ? count_of(initializer) : Result<std::uint64_t>(std::uint64_t{0});
  if (!count) return wants("an array &[COUNT]{...}", text, count.error().message);
  if (!bound.empty()) {
    const auto n = integer(bound);
    const auto fitting = n ? fit(*n, 64, false) : std::nullopt;
    if (!fitting) return wants("a count of elements", bound);
    count = static_cast<std::uint64_t>(*fitting);
  }
  auto type = array_of(*element, *count);
  if (!type) return wants("an array &[COUNT]{...}", text, type.error().message);
  const TypedValue value = make(**type);
  if (!initializer.empty()) {
    if (Status parsed = parse_into(**type, initializer, value.data); !parsed) return parsed.error();
  }
  return value;
}

Result<std::uint64_t> ValueParser::count_of(std::string_view initializer) {
  if (const auto inside = inside_quotes(initializer)) {
    const auto bytes = unescape(*inside);
    if (!bytes) return bytes.error();
    return std::uint64_t{bytes->size()} + 1;
  }
  const auto items = split_items(initializer.starts_with('{') ? initializer.substr(1, initializer.size() - 2) : "");
  if (!items) return items.error();
  if (items->empty()) return Error{"the count is missing"};
  std::uint64_t at = 0;
  std::uint64_t count = 0;
  for (const std::string_view item : *items) {
    if (item.starts_with('[')) {
      const auto index = integer(trim(item.substr(1, item.find(']') - 1)));
      if (!index || index->negative || index->magnitude > kMostBytes) return Error{"an index is no number"};
      at = static_cast<std::uint64_t>(index->magnitude);
    }
    count = std::max(count, ++at);
  }
  return count;
}

}  // namespace pinion::cli
