#include <fmt/format.h>

#include "ffi/ctype/parsing.hpp"
#include "ffi/ctype/print.hpp"
#include "ffi/ctype/standard_names.hpp"

namespace pinion::ctype {

void Parser::parse_block() {
  while (!at_end()) external_declaration();
  if (peek().kind == Token::Kind::Bad) return fail_expected("a declaration");
  if (open_linkage_ != 0) fail_expected("'}' for the '{' after extern \"C\"");
}

const Type* Parser::parse_type_name() {
  const Type* type = type_name();
  if (!at_end()) fail_expected("the end of the type");
  if (peek().kind == Token::Kind::Bad) fail_expected("the end of the type");
  return type;
}

void Parser::external_declaration() {
  if (accept(";")) return;
  if (open_linkage_ != 0 && accept("}")) {
    --open_linkage_;
    return;
  }
  if (at(Word::Extern) && peek(1).kind == Token::Kind::String) return linkage_specification();
  if (at(Word::StaticAssert)) return static_assertion();
  declaration();
}

// C++'s extern "C", in front of one declaration or of a block of them.
void Parser::linkage_specification() {
  take();
  Token language = take();
  if (language.text != "\"C\"" && language.text != "\"C++\"") {
    return fail(language, fmt::format("extern {}: expected extern \"C\"", quoted(language.text)));
  }
  if (language.text == "\"C++\"") return fail(language, "extern \"C++\": only C functions can be called");
  if (accept("{")) {
    ++open_linkage_;
  }
}

void Parser::static_assertion() {
  take();
  expect("(", "after _Static_assert");
  Token condition = peek();
  Constant value = constant_expression();
  std::string message;
  if (accept(",")) {
    if (peek().kind != Token::Kind::String) return fail_expected("a string after the condition");
    message = string_literals();
  }
  expect(")", "after the assertion");
  if (!at_end() || list_ != &main_) expect(";", "after the assertion");
  if (value.is_zero()) {
    fail(condition, message.empty() ? "the assertion is false" : fmt::format("the assertion is false: {}", message));
  }
}

// declaration-specifiers (declarator (= initialiser)?, ...)? ;
void Parser::declaration() {
  Specifiers s = specifiers("a declaration");
  if (failed_) return;
  if (at(";") || at_end()) {
    if (!s.declares_tag || s.is_typedef) return fail_expected("a name after the type");
    accept(";");
    return;
  }
  for (bool first = true;; first = false) {
    Declarator d = declarator(NameRule::Required, false);
    Attributes after;
    Token symbol_at = peek();
    std::string symbol;
    attributes(after);
    if (accept(Word::Asm)) {
      accept(Word::Volatile);
      expect("(", "after __asm__");
      symbol_at = peek();
      if (symbol_at.kind != Token::Kind::String) return fail_expected("a string: the name of the symbol");
      symbol = string_literals();
      if (symbol.empty()) fail(symbol_at, "an empty symbol");
      expect(")", "after the symbol");
      attributes(after);
    }
    const Type* type = apply(s, d, after);
    after.merge(s.attributes);
    after.merge(d.attributes);
    if (failed_) return;
    if (s.is_typedef) {
      declare_typedef(d, after, type);
    } else if (at("=")) {
      initialiser(s, d, type);
    } else {
      declare(s, d, type, symbol_at, std::move(symbol));
      if (at("{") && first && resolve(*type).kind == Kind::Function) return skip_brackets();  // an inline function
    }
    if (!accept(",")) break;
  }
  if (accept(";") || (at_end() && peek().kind == Token::Kind::End)) return;  // the last ';' may be missing
  fail_expected("';' or ',' after the declaration");
}

// `static const int X = 5;` is a constant for us. There is nothing else to be initialised.
void Parser::initialiser(const Specifiers& s, const Declarator& d, const Type* type) {
  bool is_const = type->kind == Kind::Qualified && (type->qualifiers & Const);
  const Type& integer = resolve(*type);
  bool is_integer = integer.kind == Kind::Integer || integer.kind == Kind::Bool;
  if (!s.is_static || !is_const || !is_integer) {
    return fail(peek(), fmt::format("'{}' with an initial value: expected ';' (only 'static const int NAME = 5;' is "
                                    "understood)",
                                    d.name.text));
  }
  take();
  declare_constant(d.name, math_.convert(constant_expression(), integer.scalar));
}

void Parser::declare_typedef(const Declarator& d, const Attributes& attributes, const Type* type) {
  std::string_view name = table_.intern(d.name.text);
  if (attributes.align != 0) type = aligned(d.name, type, attributes.align);
  if (failed_) return;
  if (const Type* before = find_user_typedef(name)) {
    if (!same_.same(*before->target, *type) || before->align != type->align) {
      return fail(d.name, fmt::format("'{}' was declared as '{}' before, and now as '{}'", name, to_c(*before->target),
                                      to_c(*type)));
    }
    if (block_.typedefs.contains(name)) return;
  }
  const Type* alias = table_.alias(name, type);
  block_.typedefs.insert_or_assign(std::string(name), alias);
  block_.declarations.push_back({Declaration::Kind::Typedef, name, alias, name});
}

void Parser::declare(const Specifiers&, const Declarator& d, const Type* type, const Token& symbol_at,
                     std::string symbol) {
  std::string_view name = table_.intern(d.name.text);
  const Type& resolved = resolve(*type);
  Declaration made;
  made.kind = resolved.kind == Kind::Function ? Declaration::Kind::Function : Declaration::Kind::Variable;
  if (made.kind == Declaration::Kind::Function) type = &resolved;
  if (resolved.kind == Kind::Void) return fail(d.name, fmt::format("the variable '{}' is of type 'void'", name));
  if (find_constant(name)) return fail(d.name, fmt::format("'{}' was declared as a constant before", name));
  if (find_user_typedef(name)) return fail(d.name, fmt::format("'{}' was declared as a type before", name));
  made.name = name;
  made.type = type;
  made.symbol = symbol.empty() ? name : table_.intern(symbol);
  if (const Declaration* before = find_declaration(name)) {
    if (!same_.same(*before->type, *type)) {
      return fail(d.name, fmt::format("'{}' was declared as '{}' before, and now as '{}'", name,
                                      to_c(*before->type, name), to_c(*type, name)));
    }
    bool says_less = made.kind == Declaration::Kind::Function ? !type->prototyped : !resolved.complete;
    if (says_less) made.type = before->type;
    if (symbol.empty()) made.symbol = before->symbol;
    if (!symbol.empty() && before->symbol != before->name && before->symbol != symbol) {
      return fail(symbol_at, fmt::format("the symbol of '{}' was '{}' before", name, before->symbol));
    }
  }
  block_.index.insert_or_assign(name, block_.declarations.size());
  block_.declarations.push_back(made);
}

void Parser::declare_constant(const Token& name, const Constant& value) {
  if (failed_) return;
  if (!math_.is_negative(value) && static_cast<Wide>(value.bits) < 0) {
    return fail(name, fmt::format("the value of '{}' is too large", name.text));
  }
  if (find_declaration(name.text)) {
    return fail(name, fmt::format("'{}' was declared as a function or variable before", name.text));
  }
  if (auto before = find_constant(name.text)) {
    if (before->bits != value.bits) {
      fail(name, fmt::format("the constant '{}' was {} before, and is {} now", name.text, math_.print(*before),
                             math_.print(value)));
    }
    return;
  }
  block_.constants.emplace(name.text, static_cast<Wide>(value.bits));
  block_.constant_types.emplace(name.text, table_.scalar(value.scalar));
}

const Declaration* Parser::find_declaration(std::string_view name) const {
  const Declaration* own = block_.find(name);
  return own || !known_ ? own : known_->find(name);
}

std::optional<Constant> Parser::find_constant(std::string_view name) const {
  for (const Declarations* d : {&block_, known_}) {
    if (!d) continue;
    auto value = d->constants.find(name);
    if (value == d->constants.end()) continue;
    auto type = d->constant_types.find(name);
    if (type == d->constant_types.end()) return math_.of_value(value->second);
    return Constant{static_cast<UnsignedWide>(value->second), resolve(*type->second).scalar};
  }
  return std::nullopt;
}

Type* Parser::find_tag(std::string_view name) const {
  for (const Declarations* d : {&block_, known_}) {
    if (!d) continue;
    if (auto found = d->tags.find(name); found != d->tags.end()) return found->second;
  }
  return nullptr;
}

const Type* Parser::find_user_typedef(std::string_view name) const {
  for (const Declarations* d : {&block_, known_}) {
    if (!d) continue;
    if (auto found = d->typedefs.find(name); found != d->typedefs.end()) return found->second;
  }
  return nullptr;
}

const Type* Parser::find_typedef(std::string_view name) {
  if (const Type* user = find_user_typedef(name)) return user;
  const StandardName* standard = find_standard_name(table_.model(), name);
  if (!standard) return nullptr;
  const Type* opaque = nullptr;
  if (standard->shape == StandardName::Shape::Opaque) {
    opaque = find_tag(standard->tag(table_.model()));
    if (!opaque) opaque = declare_tag(Kind::Struct, standard->tag(table_.model()));
  }
  return standard_type(table_, *standard, opaque);
}

bool Parser::names_type(const Token& token) {
  if (token.kind != Token::Kind::Identifier || token.word != Word::None) return false;
  return find_user_typedef(token.text) || find_standard_name(table_.model(), token.text);
}

std::string Parser::suggest_type(const Token& token) {
  Suggestion suggestion(token.text);
  for_each_type_word([&](std::string_view word) { suggestion.consider(word); });
  for (std::size_t i = 0; i < standard_name_count(); ++i) {
    std::string_view name = standard_name(i).name;
    if (find_standard_name(table_.model(), name)) suggestion.consider(name);
  }
  for (const Declarations* d : {static_cast<const Declarations*>(&block_), known_}) {
    if (!d) continue;
    for (const auto& [name, type] : d->typedefs) suggestion.consider(name);
  }
  return suggestion.text();
}

void Parser::fail_unknown_type(const Token& token) {
  if (failed_) return;
  std::string hint = suggest_type(token);
  if (Type* tag = find_tag(token.text)) {
    std::string_view keyword = tag->kind == Kind::Struct ? "struct" : tag->kind == Kind::Union ? "union" : "enum";
    hint = fmt::format("; did you mean '{} {}'?", keyword, token.text);
  } else if (hint.empty()) {
    bool shouts = token.text.size() > 2;
    for (char c : token.text) shouts &= !(c >= 'a' && c <= 'z');
    if (shouts) hint = "; if it is a macro, run the preprocessor first (cc -E)";
  }
  fail(token, fmt::format("unknown type name {}{}", quoted(token.text), hint));
}

}  // namespace pinion::ctype
