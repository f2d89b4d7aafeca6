#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <optional>

#include "ffi/ctype/parsing.hpp"
#include "ffi/ctype/print.hpp"

namespace pinion::ctype {

namespace {

// C11 6.5.5 to 6.5.14: the higher the number, the tighter the operator binds.
struct Operator {
  std::string_view text;
  int precedence;
};
constexpr std::array kOperators{
    Operator{"||", 1}, Operator{"&&", 2}, Operator{"|", 3}, Operator{"^", 4},  Operator{"&", 5},  Operator{"==", 6},
    Operator{"!=", 6}, Operator{"<", 7},  Operator{">", 7}, Operator{"<=", 7}, Operator{">=", 7}, Operator{"<<", 8},
    Operator{">>", 8}, Operator{"+", 9},  Operator{"-", 9}, Operator{"*", 10}, Operator{"/", 10}, Operator{"%", 10}};

int precedence(const Token& token) {
  if (token.kind != Token::Kind::Punctuator) return 0;
  for (const Operator& op : kOperators) {
    if (token.text == op.text) return op.precedence;
  }
  return 0;
}

// The integer type a cast to `type` gives, or Void.
Scalar integer_of(const Type& type) {
  const Type& t = resolve(type);
  if (t.kind == Kind::Enum) return t.complete ? resolve(*t.target).scalar : Scalar::Void;
  return t.kind == Kind::Integer || t.kind == Kind::Bool ? t.scalar : Scalar::Void;
}

// The member of that name, through anonymous structs and unions; its offset is from the start of `type`.
std::optional<Member> find_member(const Type& type, std::string_view name) {
  if (type.kind != Kind::Struct && type.kind != Kind::Union) return std::nullopt;
  for (const Member& m : type.members) {
    if (m.name == name) return m;
    if (!m.name.empty() || m.bit_field) continue;
    if (auto inner = find_member(resolve(*m.type), name)) {
      inner->offset += m.offset;
      return inner;
    }
  }
  return std::nullopt;
}

}  // namespace

// A conditional expression (C11 6.6, 6.5.15): what is not chosen is not evaluated, so that `0 ? 1 / 0 : 2` is 2.
Constant Parser::constant_expression() {
  Nesting nesting(*this);
  Constant condition = binary_expression(1);
  if (!accept("?")) return condition;
  bool chosen = !condition.is_zero();
  Constant yes = condition;
  if (!at(":")) {  // gcc's `a ?: b`
    unevaluated_ += chosen ? 0 : 1;
    yes = constant_expression();
    unevaluated_ -= chosen ? 0 : 1;
  }
  expect(":", "after the second operand of '?'");
  unevaluated_ += chosen ? 1 : 0;
  Constant no = constant_expression();
  unevaluated_ -= chosen ? 1 : 0;
  Scalar type = math_.common_type(math_.promote(yes).scalar, math_.promote(no).scalar);
  return math_.convert(chosen ? yes : no, type);
}

Constant Parser::binary_expression(int least) {
  Constant left = unary_expression();
  while (int p = precedence(peek())) {
    if (p < least) break;
    Token op = take();
    bool decided = (op.text == "&&" && left.is_zero()) || (op.text == "||" && !left.is_zero());
    unevaluated_ += decided ? 1 : 0;
    Constant right = binary_expression(p + 1);
    unevaluated_ -= decided ? 1 : 0;
    if (failed_) return left;
    auto result = math_.binary(op.text, left, right);
    if (!result.ok() && unevaluated_ == 0) fail(op, result.error().message);
    if (result.ok()) {
      left = *result;
    } else {  // not evaluated: only its type matters
      left = {0, math_.common_type(math_.promote(left).scalar, math_.promote(right).scalar)};
    }
  }
  return left;
}

Constant Parser::unary_expression() {
  Nesting nesting(*this);
  if (failed_) return {};
  Token token = peek();
  if (at("+") || at("-") || at("~") || at("!")) {
    take();
    Constant operand = unary_expression();
    if (failed_) return {};
    auto result = math_.unary(token.text, operand);
    if (result.ok()) return *result;
    if (unevaluated_ == 0) fail(token, result.error().message);
    return math_.promote(operand);
  }
  if (at("&") || at("*")) {
    fail(token, fmt::format("'{}' has no place in an integer constant expression", token.text));
    return {};
  }
  if (accept(Word::Extension)) return unary_expression();
  if (accept(Word::Sizeof)) return size_of();
  if (accept(Word::Alignof)) return align_of();
  if (accept(Word::Offsetof)) return offset_of();
  if (at("(") && starts_type(peek(1))) return cast();
  return primary_expression();
}

// ( type-name ) operand
Constant Parser::cast() {
  take();
  Token at_type = peek();
  const Type* type = type_name();
  expect(")", "after the type of the cast");
  if (at("{")) fail(peek(), "a compound literal is not an integer constant");
  if (integer_of(*type) == Scalar::Void) {
    fail(at_type, fmt::format("a cast to '{}': expected an integer type", to_c(*type)));
    return {};
  }
  if (peek().kind == Token::Kind::Floating) return floating_to(*type);
  Constant operand = unary_expression();
  return math_.convert(operand, integer_of(*type));
}

// A floating constant may be the operand of a cast (C11 6.6 paragraph 6).
Constant Parser::floating_to(const Type& type) {
  Token token = take();
  std::string text(token.text);
  char* end = nullptr;
  double value = std::trunc(std::strtod(text.c_str(), &end));
  Scalar scalar = integer_of(type);
  std::string_view suffix = end;
  bool known = suffix.empty() || (suffix.size() == 1 && std::string_view("fFlL").find(suffix[0]) != suffix.npos);
  if (!known) fail(token, fmt::format("{} is not a number", quoted(token.text)));
  if (scalar == Scalar::Bool) return {std::strtod(text.c_str(), nullptr) != 0 ? 1u : 0u, scalar};
  bool in_range = std::fabs(value) < 0x1p63;
  Constant result =
      math_.convert({static_cast<UnsignedWide>(in_range ? static_cast<Wide>(value) : 0), Scalar::Int128}, scalar);
  if (!in_range || static_cast<Wide>(result.bits) != static_cast<Wide>(value)) {
    fail(token, fmt::format("{} does not fit in '{}'", quoted(token.text), to_c(type)));
  }
  return result;
}

Constant Parser::primary_expression() {
  Token token = peek();
  switch (token.kind) {
    case Token::Kind::Integer:
      take();
      return check(token, integer_literal(math_, table_.model(), token.text), Constant{});
    case Token::Kind::Character:
      take();
      return check(token, character_literal(math_, table_.model(), token.text), Constant{});
    case Token::Kind::Floating:
      fail(token, fmt::format("expected an integer constant, got the floating one {}", quoted(token.text)));
      return {};
    case Token::Kind::Identifier:
      if (token.word == Word::None) return name_expression();
      break;
    default: break;
  }
  if (accept("(")) {
    Constant inner = constant_expression();
    expect(")", "after the expression");
    return inner;
  }
  fail_expected("an integer constant");
  return {};
}

Constant Parser::name_expression() {
  Token token = take();
  if (auto constant = find_constant(token.text)) return *constant;
  if (token.text == "true") return Arithmetic::of_int(1);
  if (token.text == "false") return Arithmetic::of_int(0);
  if (const Declaration* variable = find_declaration(token.text)) {
    Scalar scalar = integer_of(*variable->type);
    if (unevaluated_ != 0 && scalar != Scalar::Void) return {0, scalar};
    fail(token, fmt::format("'{}' is not a constant", token.text));
    return {};
  }
  if (names_type(token)) {
    fail(token, fmt::format("expected an integer constant, got the type '{}'", token.text));
    return {};
  }
  Suggestion suggestion(token.text);
  for (const auto& [name, value] : block_.constants) suggestion.consider(name);
  if (known_) {
    for (const auto& [name, value] : known_->constants) suggestion.consider(name);
  }
  fail(token, fmt::format("unknown constant {}{}", quoted(token.text), suggestion.text()));
  return {};
}

std::uint64_t Parser::string_size() {
  std::uint64_t units = 1, unit_bytes = 1;
  while (peek().kind == Token::Kind::String) {
    Token token = take();
    StringLiteral literal = check(token, string_literal(table_.model(), token.text), StringLiteral{});
    units += literal.units;
    unit_bytes = std::max(unit_bytes, literal.unit_bytes);
  }
  return units * unit_bytes;
}

// sizeof ( type-name ), sizeof of a string, of a variable, of an expression (whose value does not matter).
Constant Parser::size_of() {
  Token token = peek();
  if (at("(") && starts_type(peek(1))) {
    take();
    Token at_type = peek();
    const Type* type = type_name();
    expect(")", "after the type");
    if (!resolve(*type).complete || resolve(*type).kind == Kind::Function) {
      fail(at_type, fmt::format("sizeof of the incomplete type '{}'", to_c(*type)));
    }
    return math_.of_size(resolve(*type).size);
  }
  bool parenthesised = at("(");
  const Token& operand = peek(parenthesised ? 1 : 0);
  const Token& after = peek(parenthesised ? 2 : 1);
  bool alone = !parenthesised || after.is(")");
  if (operand.kind == Token::Kind::String) {
    if (parenthesised) take();
    Constant size = math_.of_size(string_size());
    if (parenthesised) expect(")", "after the string");
    return size;
  }
  const Declaration* variable = operand.kind == Token::Kind::Identifier ? find_declaration(operand.text) : nullptr;
  if (variable && alone && !find_constant(operand.text)) {
    const Type& type = resolve(*variable->type);
    if (!type.complete || type.kind == Kind::Function) {
      fail(operand, fmt::format("sizeof of '{}', which has no size", operand.text));
    }
    for (int i = parenthesised ? 3 : 1; i > 0; --i) take();
    return math_.of_size(type.size);
  }
  ++unevaluated_;
  Constant value = unary_expression();
  --unevaluated_;
  if (at("[") || at(".") || at("->")) fail(token, "sizeof of such an expression is not understood: name its type");
  return math_.of_size(table_.scalar(value.scalar)->size);
}

Constant Parser::align_of() {
  expect("(", "after _Alignof");
  Token at_type = peek();
  const Type* type = type_name();
  expect(")", "after the type");
  if (!resolve(*type).complete && resolve(*type).kind != Kind::Array) {
    fail(at_type, fmt::format("_Alignof of the incomplete type '{}'", to_c(*type)));
  }
  return math_.of_size(type->align);
}

// offsetof ( type-name , member ( . member | [ index ] )* )
Constant Parser::offset_of() {
  Nesting nesting(*this);
  expect("(", "after offsetof");
  const Type* type = &resolve(*type_name());
  expect(",", "after the type");
  std::uint64_t offset = 0;
  bool first = true;
  while (!failed_ && (first || !at(")"))) {
    Token token = peek();
    if (!first && accept("[")) {
      Constant index = constant_expression();
      expect("]", "after the index");
      if (type->kind != Kind::Array) {
        fail(token, fmt::format("an index into '{}': expected an array", to_c(*type)));
        break;
      }
      type = &resolve(*type->target);
      if (math_.is_negative(index) ||
          index.bits > (type->size == 0 ? ~std::uint64_t{0} : (~offset >> 1) / type->size)) {
        fail(token, "an index out of bounds");
        break;
      }
      offset += static_cast<std::uint64_t>(index.bits) * type->size;
      continue;
    }
    if (!first) expect(".", "or '[' or ')' in offsetof");
    first = false;
    if (peek().kind != Token::Kind::Identifier) return fail_expected("the name of a member"), Constant{};
    Token name = take();
    auto found = find_member(*type, name.text);
    if (!found) {
      fail(name, fmt::format("'{}' has no member '{}'", to_c(*type), name.text));
      break;
    }
    if (found->bit_field) fail(name, fmt::format("offsetof of the bit-field '{}'", name.text));
    offset += found->offset;
    type = &resolve(*found->type);
  }
  expect(")", "after offsetof");
  return math_.of_size(offset);
}

}  // namespace pinion::ctype
