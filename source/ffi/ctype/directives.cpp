#include <fmt/format.h>

#include "ffi/ctype/parsing.hpp"

namespace pinion::ctype {

namespace {

constexpr std::string_view kAdvice = "run the preprocessor first (cc -E)";

Token as_token(std::string_view text) {
  return {Token::Kind::Punctuator, Word::None, text};
}

}  // namespace

// Directives take effect when the token after them becomes the current one.
void Parser::run_directives() {
  while (!failed_ && next_directive_ < main_.directives.size() &&
         main_.directives[next_directive_].before <= position_) {
    directive(main_.directives[next_directive_++]);
  }
}

void Parser::directive(const Directive& line) {
  // Line numbers of a preprocessor, and the #include lines of manual pages.
  if (line.name.empty() || line.name == "line" || line.name == "include" || line.name == "ident") return;
  if (line.name == "pragma") return pragma(line);
  if (line.name == "define") return define(line);
  fail(as_token(line.hash), fmt::format("'#{}' is not understood here; {}", line.name, kAdvice));
}

// Runs `action` with the tokens of the directive's line as the current ones.
template <class Action>
void Parser::in_line(const Directive& line, Action action) {
  TokenList tokens = lex_line(line.body);
  std::size_t position = position_;
  unsigned unevaluated = unevaluated_;
  list_ = &tokens;
  position_ = 0;
  unevaluated_ = 0;
  action();
  unevaluated_ = unevaluated;
  list_ = &main_;
  position_ = position;
}

void Parser::pragma(const Directive& line) {
  in_line(line, [&] {
    const Token& name = peek();
    if (name.text == "pack") {
      take();
      return pragma_pack();
    }
    if (name.text == "ms_struct" || name.text == "scalar_storage_order") {
      fail(name, fmt::format("#pragma {} is not understood: it changes the layout of structs", name.text));
    }
  });
}

// #pragma pack as gcc and MSVC have it: (), (n), (push), (push, n), (push, name, n), (pop), (pop, name).
void Parser::pragma_pack() {
  expect("(", "after #pragma pack");
  bool push = peek().text == "push", pop = peek().text == "pop";
  if (push) pack_.push_back(pack_.back());
  if (pop && pack_.size() == 1) return fail(peek(), "#pragma pack(pop) without a push before it");
  if (pop) pack_.pop_back();
  if (push || pop) {
    take();
    if (!at(")")) expect(",", "or ')' after 'push' or 'pop'");
    if (peek().kind == Token::Kind::Identifier) {
      take();
      if (!at(")")) expect(",", "or ')' after the name");
    }
  } else if (at(")")) {
    pack_.back() = 0;
  }
  if (!at(")")) {
    Token at = peek();
    Constant n = constant_expression();
    if (n.bits > 16 || (n.bits & (n.bits - 1)) != 0) {
      fail(at, fmt::format("#pragma pack of {}: expected 1, 2, 4, 8 or 16", math_.print(n)));
    }
    pack_.back() = static_cast<std::uint32_t>(n.bits);
  }
  expect(")", "after #pragma pack");
}

// #define NAME with nothing after it (feature test macros) is skipped; with an integer constant expression it makes a
// constant.
void Parser::define(const Directive& line) {
  in_line(line, [&] {
    if (peek().kind != Token::Kind::Identifier) return fail_expected("a name after #define");
    Token name = take();
    if (at_end() && peek().kind == Token::Kind::End) return;
    Token next = peek();
    bool function_like = next.is("(") && next.text.data() == name.text.data() + name.text.size();
    bool operand = next.kind != Token::Kind::Identifier || find_constant(next.text) || next.is(Word::Sizeof) ||
                   next.is(Word::Alignof) || next.is(Word::Offsetof) || next.is(Word::Extension);
    bool evaluable = !function_like && operand && next.kind != Token::Kind::String;
    if (!evaluable) {
      return fail(name, fmt::format("#define {} is not an integer constant; {}", name.text, kAdvice));
    }
    Constant value = constant_expression();
    if (!at_end()) fail_expected("the end of the line after the constant");
    declare_constant(name, value);
  });
}

}  // namespace pinion::ctype
