#include "ffi/ctype/lexer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace pinion::ctype {

namespace {

// Not <cctype>: that depends on the locale.
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$';
}
bool is_word(char c) {
  return is_letter(c) || is_digit(c);
}
bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

constexpr std::array<std::string_view, 11> kLongPunctuators{
    "...", "<<", ">>", "<=", ">=", "==", "!=", "&&", "||", "->", "::"};
constexpr std::string_view kPunctuators = "()[]{}<>,;:.?=*&|^~!+-/%#";

// The name of a character that has no place in C, for a message.
std::string describe(std::string_view text) {
  auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  unsigned lead = byte(0);
  std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
  unsigned code = length == 1 ? lead : lead & (0x7Fu >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return fmt::format("byte 0x{:02X}", lead);  // not UTF-8
    code = code << 6 | (byte(i) & 0x3F);
  }
  if (length == 1 && (lead < 0x20 || lead >= 0x7F)) return fmt::format("byte 0x{:02X}", lead);
  if (length == 1) return fmt::format("character '{}'", text[0]);
  return fmt::format("character '{}' (U+{:04X})", text.substr(0, length), code);
}

class Lexer {
 public:
  Lexer(std::string_view text, bool with_directives) : text_(text), with_directives_(with_directives) {}

  TokenList run() {
    while (result_.complaint.empty() && skip_blanks()) token();
    if (result_.complaint.empty()) push(Token::Kind::End, 0);
    return std::move(result_);
  }

 private:
  char at(std::size_t ahead) const { return here_ + ahead < text_.size() ? text_[here_ + ahead] : '\0'; }

  void push(Token::Kind kind, std::size_t length) {
    std::string_view text = text_.substr(here_, length);
    result_.tokens.push_back({kind, kind == Token::Kind::Identifier ? word_of(text) : Word::None, text});
    here_ += length;
    line_start_ = false;
  }

  void bad(std::string complaint) {
    result_.complaint = std::move(complaint);
    result_.tokens.push_back({Token::Kind::Bad, Word::None, text_.substr(here_, 1)});
  }

  // Past blanks, comments and directives, to a token. False: there is none.
  bool skip_blanks() {
    while (here_ < text_.size()) {
      char c = text_[here_];
      if (c == '\n') {
        line_start_ = true;
        ++here_;
      } else if (is_blank(c)) {
        ++here_;
      } else if (c == '/' && at(1) == '/') {
        here_ = std::min(text_.find('\n', here_), text_.size());
      } else if (c == '/' && at(1) == '*') {
        std::size_t end = text_.find("*/", here_ + 2);
        if (end == std::string_view::npos) {
          bad("this comment has no end: expected '*/'");
          return false;
        }
        here_ = end + 2;
      } else if (c == '#' && line_start_ && with_directives_) {
        directive();
      } else {
        return true;
      }
    }
    return false;
  }

  void directive() {
    Directive found{result_.tokens.size(), text_.substr(here_, 1), {}, {}};
    ++here_;
    while (is_blank(at(0))) ++here_;
    std::size_t name = here_;
    while (is_letter(at(0))) ++here_;
    found.name = text_.substr(name, here_ - name);
    std::size_t body = here_;
    here_ = end_of_directive();
    found.body = text_.substr(body, here_ - body);
    result_.directives.push_back(found);
  }

  // The end of the line, where a comment may hold ends of lines.
  std::size_t end_of_directive() const {
    std::size_t i = here_;
    while (i < text_.size() && text_[i] != '\n') {
      std::string_view rest = text_.substr(i, 2);
      if (rest == "//") return std::min(text_.find('\n', i), text_.size());
      if (rest == "/*") {
        std::size_t end = text_.find("*/", i + 2);
        if (end == std::string_view::npos) return text_.size();
        i = end + 2;
      } else {
        ++i;
      }
    }
    return i;
  }

  void token() {
    char c = text_[here_];
    if (std::size_t prefix = literal_prefix(); at(prefix) == '"' || at(prefix) == '\'') {
      quoted(prefix);
    } else if (is_letter(c)) {
      std::size_t length = 1;
      while (is_word(at(length))) ++length;
      push(Token::Kind::Identifier, length);
    } else if (is_digit(c) || (c == '.' && is_digit(at(1)))) {
      number();
    } else {
      punctuator();
    }
  }

  std::size_t literal_prefix() const {
    if (at(0) == 'u' && at(1) == '8') return 2;
    return at(0) == 'L' || at(0) == 'u' || at(0) == 'U' ? 1 : 0;
  }

  void quoted(std::size_t prefix) {
    char quote = at(prefix);
    std::size_t i = prefix + 1;
    while (here_ + i < text_.size() && at(i) != quote && at(i) != '\n') i += at(i) == '\\' ? 2 : 1;
    if (at(i) != quote) {
      bad(fmt::format("this {} has no end: expected {} before the end of the line",
                      quote == '"' ? "string" : "character constant", quote));
      return;
    }
    push(quote == '"' ? Token::Kind::String : Token::Kind::Character, i + 1);
  }

  // A preprocessing number (C11 6.4.8): its value is looked at where it is used.
  void number() {
    bool hexadecimal = at(0) == '0' && (at(1) == 'x' || at(1) == 'X');
    bool floating = false;
    std::size_t length = 0;
    while (is_word(at(length)) || at(length) == '.') {
      char c = at(length);
      bool exponent = hexadecimal ? c == 'p' || c == 'P' : c == 'e' || c == 'E';
      floating |= c == '.' || exponent;
      ++length;
      if (exponent && (at(length) == '+' || at(length) == '-')) ++length;
    }
    push(floating ? Token::Kind::Floating : Token::Kind::Integer, length);
  }

  void punctuator() {
    std::string_view rest = text_.substr(here_);
    for (std::string_view p : kLongPunctuators) {
      if (rest.starts_with(p)) return push(Token::Kind::Punctuator, p.size());
    }
    if (kPunctuators.find(rest[0]) != std::string_view::npos) return push(Token::Kind::Punctuator, 1);
    bad(fmt::format("unexpected {}", describe(rest)));
  }

  std::string_view text_;
  bool with_directives_;
  std::size_t here_ = 0;
  bool line_start_ = true;
  TokenList result_;
};

}  // namespace

TokenList lex(std::string_view text) {
  return Lexer(text, true).run();
}
TokenList lex_line(std::string_view body) {
  return Lexer(body, false).run();
}

}  // namespace pinion::ctype
