// The part of ValueParser that reads arguments for `...`, whose types are those of C's literals.
#include <fmt/format.h>

#include <cstring>
#include <optional>

#include "cli/text.hpp"
#include "cli/value_parser.hpp"

namespace pinion::cli {

using ctype::Kind;
using ctype::Scalar;
using ctype::Type;

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
  if (const auto scalar = floating_literal_type(suffix)) return store_as(types_.scalar(*scalar));
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

}  // namespace pinion::cli
