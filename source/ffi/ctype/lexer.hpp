// C text into tokens and preprocessor lines.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "ffi/ctype/words.hpp"

namespace pinion::ctype {

struct Token {
  enum class Kind : std::uint8_t {
    End,
    Identifier,  // keywords too: see `word`
    Integer,
    Floating,
    Character,
    String,
    Punctuator,
    Bad,  // what is no token; the last one, and TokenList::complaint says why
  };
  Kind kind = Kind::End;
  Word word = Word::None;
  std::string_view text;  // a view into the text; at the end, an empty one

  bool is(std::string_view punctuator) const { return kind == Kind::Punctuator && text == punctuator; }
  bool is(Word w) const { return word == w; }
};

// A line that starts with #. It stands before the token of index `before`.
struct Directive {
  std::size_t before = 0;
  std::string_view hash;  // its first character
  std::string_view name;  // `define`; empty for `# 12 "file"`
  std::string_view body;  // what follows the name, up to the end of the line
};

struct TokenList {
  std::vector<Token> tokens;  // ends with an End or a Bad token
  std::vector<Directive> directives;
  std::string complaint;  // about the Bad token
};

// Every view in the result is a view into `text`.
TokenList lex(std::string_view text);
// The tokens of a directive's body.
TokenList lex_line(std::string_view body);

}  // namespace pinion::ctype
