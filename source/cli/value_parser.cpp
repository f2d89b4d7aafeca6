#include "cli/value_parser.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cctype>
#include <cstring>

#include "cli/text.hpp"
#include "ffi/ctype/print.hpp"

namespace pinion::cli {

using ctype::Kind;
using ctype::Scalar;
using ctype::Type;

namespace {

constexpr std::uint64_t kMostBytes = std::uint64_t{1} << 30;  // of what one `&[N]` may ask for

bool is_null(std::string_view text) {
  return text == "null" || text == "NULL" || text == "nullptr";
}

bool is_identifier(std::string_view text) {
  const auto is_word = [](char c) { return c == '_' || std::isalnum(static_cast<unsigned char>(c)) != 0; };
  return !text.empty() && std::isdigit(static_cast<unsigned char>(text[0])) == 0 &&
         std::all_of(text.begin(), text.end(), is_word);
}

void store(std::byte* to, UnsignedWide bits, std::uint64_t size) {
  std::memcpy(to, &bits, size);  // little-endian, as all of x86-64
}

bool has_member(const Type& record, std::string_view name) {
  return std::any_of(record.members.begin(), record.members.end(), [&](const ctype::Member& m) {
    return m.name.empty() ? !m.bit_field && has_member(ctype::resolve(*m.type), name) : m.name == name;
  });
}

// The type of a floating literal by its suffix.
std::optional<Scalar> literal_type(std::string_view suffix) {
  if (suffix.empty()) return Scalar::Double;
  if (suffix == "f" || suffix == "F") return Scalar::Float;
  if (suffix == "l" || suffix == "L") return Scalar::LongDouble;
  if (suffix == "q" || suffix == "Q") return Scalar::Float128;
  return std::nullopt;
}

}  // namespace

// A step into an aggregate: path_ has it while the Step lives.
class ValueParser::Step {
 public:
  Step(ValueParser& parser, const std::string& step) : path_(parser.path_), length_(path_.size()) { path_ += step; }
  ~Step() { path_.resize(length_); }
  Step(const Step&) = delete;
  Step& operator=(const Step&) = delete;

 private:
  std::string& path_;
  std::size_t length_;
};

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
    store(to, bits, type.size);
    return Unit{};
  }
  const auto length = read_floating(type.scalar, text, to);
  if (!length) return wants(declared, text, length.error().message);
  if (*length > 0 && literal_type(text.substr(*length))) return Unit{};
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
      store(place, *fitting, element.size);
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

// -- aggregates

Status ValueParser::parse_member(const ctype::Member& m, std::string_view text, std::byte* record) {
  const Step step(*this, m.name.empty() ? std::string() : fmt::format(".{}", m.name));
  return m.bit_field ? parse_bit_field(m, text, record) : parse_into(*m.type, text, record + m.offset);
}

Status ValueParser::parse_record(const Type& declared, std::string_view text, std::byte* to) {
  const Type& type = ctype::resolve(declared);
  if (!type.complete) return wants(declared, text, "of which only the name is declared");
  if (!text.starts_with('{') || closing_bracket(text) != text.size() - 1) {
    return wants(declared, text,
                 fmt::format("write it as {}", type.kind == Kind::Union ? "{.member = value}" : "{...}"));
  }
  const auto items = split_items(text.substr(1, text.size() - 2));
  if (!items) return wants(declared, text, items.error().message);
  auto member = type.members.begin();
  for (const std::string_view item : *items) {
    if (item.size() > 1 && item[0] == '.' && is_identifier(item.substr(1, 1))) {
      if (Status parsed = parse_designated(declared, item, to); !parsed) return parsed;
      const auto name = item.substr(1, item.find_first_of(" .[=", 1) - 1);
      member = std::find_if(type.members.begin(), type.members.end(), [&](const auto& m) { return m.name == name; });
      if (member != type.members.end()) ++member;
      continue;
    }
    while (member != type.members.end() && member->bit_field && member->name.empty()) ++member;
    if (member == type.members.end() || (type.kind == Kind::Union && member != type.members.begin())) {
      return wants(declared, text, fmt::format("{} is one too many", named(item)));
    }
    if (Status parsed = parse_member(*member, item, to); !parsed) return parsed;
    ++member;
  }
  return Unit{};
}

// `.name = value`, `.a.b[2] = value`, `[2] = value`; what is left of the item when the path is walked begins with `=`.
Status ValueParser::parse_designated(const Type& declared, std::string_view item, std::byte* to) {
  const Type& type = ctype::resolve(declared);
  item = trim(item);
  if (item.starts_with('=')) return parse_into(declared, item.substr(1), to);
  if (item.starts_with('.') && (type.kind == Kind::Struct || type.kind == Kind::Union)) {
    const auto end = std::min(item.find_first_of(" .[=", 1), item.size());
    return parse_named(declared, item.substr(1, end - 1), trim(item.substr(end)), to);
  }
  const auto close = item.starts_with('[') ? closing_bracket(item) : std::string_view::npos;
  if (close == std::string_view::npos || (type.kind != Kind::Array && type.kind != Kind::Vector)) {
    return wants(declared, item, "expected '=' and a value there");
  }
  const auto index = integer(trim(item.substr(1, close - 1)));
  if (!index || index->negative || index->magnitude >= type.count) {
    return wants(declared, item, fmt::format("it has {} elements", type.count));
  }
  const auto at = static_cast<std::uint64_t>(index->magnitude);
  const Step step(*this, fmt::format("[{}]", at));
  return parse_designated(*type.target, item.substr(close + 1), to + at * ctype::resolve(*type.target).size);
}

Status ValueParser::parse_named(const Type& declared, std::string_view name, std::string_view rest, std::byte* to) {
  for (const ctype::Member& m : ctype::resolve(declared).members) {
    if (m.name.empty()) {
      if (m.bit_field || !has_member(ctype::resolve(*m.type), name)) continue;
      return parse_named(*m.type, name, rest, to + m.offset);
    }
    if (m.name != name) continue;
    const Step step(*this, fmt::format(".{}", name));
    if (!m.bit_field) return parse_designated(*m.type, rest, to + m.offset);
    if (!rest.starts_with('=')) return wants(*m.type, rest, "expected '=' and a value there");
    return parse_bit_field(m, trim(rest.substr(1)), to);
  }
  return wants(declared, fmt::format(".{}", name), "it has no member of that name");
}

Status ValueParser::parse_array(const Type& declared, std::string_view text, std::byte* to) {
  const Type& type = ctype::resolve(declared);
  if (const auto inside = inside_quotes(text); inside && text_unit(*type.target) != 0) {
    return parse_text_array(declared, *inside, to);
  }
  if (!text.starts_with('{') || closing_bracket(text) != text.size() - 1) {
    return wants(declared, text, "write it as {...}");
  }
  const auto items = split_items(text.substr(1, text.size() - 2));
  if (!items) return wants(declared, text, items.error().message);
  const std::uint64_t element_size = ctype::resolve(*type.target).size;
  std::uint64_t at = 0;
  for (const std::string_view item : *items) {
    if (item.starts_with('[')) {
      if (Status parsed = parse_designated(declared, item, to); !parsed) return parsed;
      at = static_cast<std::uint64_t>(integer(trim(item.substr(1, closing_bracket(item) - 1)))->magnitude) + 1;
      continue;
    }
    if (at >= type.count) return wants(declared, text, fmt::format("{} is one too many", named(item)));
    const Step step(*this, fmt::format("[{}]", at));
    if (Status parsed = parse_into(*type.target, item, to + at * element_size); !parsed) return parsed;
    ++at;
  }
  return Unit{};
}

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
    store(to, *address, sizeof(void*));
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

// -- values whose type is that of the literal

Result<TypedValue> ValueParser::infer(std::string_view given) {
  const std::string_view text = trim(given);
  if (is_null(text)) return pointer(*types_.scalar(Scalar::Void), nullptr);
  if (text.starts_with('&')) return infer_pointed(trim(text.substr(1)));
  if (text.starts_with('{')) return wants("a value that shows its type", text, "write (TYPE){...}");
  if (text.starts_with('(')) {  // a cast: (TYPE)VALUE
    const auto close = closing_bracket(text);
    const auto type = close == std::string_view::npos ? Result<const Type*>(Error{})
                                                      : ctype::parse_type(types_, text.substr(1, close - 1), &known_);
    const bool has_value = type && !trim(text.substr(close + 1)).empty();
    if (has_value && (*type)->complete && ctype::resolve(**type).kind != Kind::Function) {
      const TypedValue value = make(**type);
      if (Status parsed = parse_into(**type, text.substr(close + 1), value.data); !parsed) return parsed.error();
      return value;
    }
  }
  if (const auto number = infer_number(text)) return *number;
  if (const auto constant = known_.constant_types.find(text); constant != known_.constant_types.end()) {
    const TypedValue value = make(*constant->second);
    if (Status parsed = parse_into(*value.type, text, value.data); !parsed) return parsed.error();
    return value;
  }
  const Type& character = *types_.scalar(Scalar::Char);
  const auto memory = make_text(*types_.pointer_to(&character), 1, inside_quotes(text).value_or(given));
  if (!memory) return memory.error();
  return pointer(character, *memory);
}

Result<TypedValue> ValueParser::infer_pointed(std::string_view text) {
  const bool array = text.starts_with('[');
  auto value = array                 ? parse_pointed_array(nullptr, text)
               : inside_quotes(text) ? parse_pointed_array(nullptr, fmt::format("[]{}", text))
                                     : infer(text);
  if (!value) return value;
  pointed_.push_back({path_, *value});
  const Type& type = *value->type;
  return pointer(type.kind == Kind::Array ? *type.target : type, value->data);
}

std::optional<TypedValue> ValueParser::infer_number(std::string_view text) {
  const auto store_as = [&](const Type* type) -> std::optional<TypedValue> {
    const TypedValue value = make(*type);
    return parse_into(*type, text, value.data).ok() ? std::optional(value) : std::nullopt;
  };
  if (const auto n = read_integer(text)) return store_as(types_.scalar(n->type));
  alignas(16) std::byte scratch[16]{};
  const auto length = read_floating(Scalar::LongDouble, text, scratch);
  if (!length || *length == 0) return std::nullopt;
  const std::string_view suffix = text.substr(*length);
  if (const auto scalar = literal_type(suffix)) return store_as(types_.scalar(*scalar));
  const auto complex = types_.complex_of(types_.scalar(Scalar::Double));
  return complex && (suffix.ends_with('i') || suffix.ends_with('j')) ? store_as(*complex) : std::nullopt;
}

// C's default argument promotions (C11 6.5.2.2 paragraph 6), of the value; TypeTable::variadic_call does the type.
TypedValue ValueParser::promote(TypedValue value) {
  const Type& type = ctype::resolve(*value.type);
  if (type.kind == Kind::Floating && type.scalar == Scalar::Float) {
    float narrow = 0;
    std::memcpy(&narrow, value.data, sizeof narrow);
    const double wide = narrow;
    value = make(*types_.scalar(Scalar::Double));
    std::memcpy(value.data, &wide, sizeof wide);
  } else if ((type.kind == Kind::Bool || type.kind == Kind::Integer || type.kind == Kind::Enum) && type.size < 4) {
    std::uint32_t bits = 0;
    std::memcpy(&bits, value.data, type.size);
    const unsigned unused = 32 - static_cast<unsigned>(type.size) * 8;
    if (type.is_signed) bits = static_cast<std::uint32_t>(static_cast<std::int32_t>(bits << unused) >> unused);
    value = make(*types_.scalar(Scalar::Int));
    std::memcpy(value.data, &bits, sizeof bits);
  }
  return value;
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
