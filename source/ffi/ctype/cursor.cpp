#include <fmt/format.h>

#include <algorithm>

#include "ffi/ctype/parsing.hpp"

namespace pinion::ctype {

std::string quoted(std::string_view text) {
  return text.size() <= 60 ? fmt::format("'{}'", text) : fmt::format("'{}...'", text.substr(0, 57));
}

Parser::Parser(TypeTable& table, const SourceText& source, const Declarations* known, bool may_complete)
    : table_(table),
      source_(source),
      known_(known),
      may_complete_(may_complete),
      math_(table),
      main_(lex(source.text())),
      end_{Token::Kind::End, Word::None, source.text().substr(source.text().size())} {
  run_directives();
}

const Token& Parser::peek(std::size_t ahead) const {
  if (failed_) return end_;
  return list_->tokens[std::min(position_ + ahead, list_->tokens.size() - 1)];
}

Token Parser::take() {
  Token token = peek();
  if (!at_end()) ++position_;
  if (list_ == &main_) run_directives();
  return token;
}

bool Parser::accept(std::string_view punctuator) {
  if (!at(punctuator)) return false;
  take();
  return true;
}

bool Parser::accept(Word word) {
  if (!at(word)) return false;
  take();
  return true;
}

void Parser::expect(std::string_view punctuator, std::string_view where) {
  if (!accept(punctuator)) fail_expected(fmt::format("'{}' {}", punctuator, where));
}

void Parser::skip_brackets() {
  Token open = peek();
  std::string closers;  // those still to come, the innermost last
  do {
    Token token = peek();
    if (token.is("(")) closers += ')';
    if (token.is("[")) closers += ']';
    if (token.is("{")) closers += '}';
    bool closes = token.is(")") || token.is("]") || token.is("}");
    if (token.kind == Token::Kind::Bad || (closes && token.text[0] != closers.back())) {
      return fail_expected(fmt::format("'{}'", closers.back()));
    }
    if (at_end()) return fail(open, fmt::format("this '{}' is never closed", open.text));
    if (closes) closers.pop_back();
    take();
  } while (!closers.empty());
}

void Parser::fail(const Token& token, std::string_view message) {
  if (failed_) return;
  error_ = source_.report(token.text.data(), message);
  failed_ = true;
}

void Parser::fail_expected(std::string_view what) {
  if (failed_) return;
  const Token& token = peek();
  switch (token.kind) {
    case Token::Kind::Bad: return fail(token, list_->complaint);
    case Token::Kind::End:
      return fail(token, fmt::format("expected {}, got the end of the {}", what, list_ == &main_ ? "text" : "line"));
    default: return fail(token, fmt::format("expected {}, got {}", what, quoted(token.text)));
  }
}

void Parser::deepen(unsigned levels) {
  depth_ += levels;
  if (depth_ > kMaxNesting) fail(peek(), fmt::format("this is nested too deeply: at most {} levels", kMaxNesting));
}

std::string Parser::string_literals() {
  std::string text;
  while (peek().kind == Token::Kind::String) {
    Token token = take();
    text += check(token, string_literal(table_.model(), token.text), StringLiteral{}).bytes;
  }
  return text;
}

}  // namespace pinion::ctype
