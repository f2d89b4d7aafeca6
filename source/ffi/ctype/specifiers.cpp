#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "ffi/ctype/parsing.hpp"

namespace pinion::ctype {

namespace {

// The type words of one declaration as a set of bits.
constexpr std::uint32_t bit(Word word) {
  return 1u << (static_cast<unsigned>(word) - static_cast<unsigned>(Word::Void));
}

template <class... Words>
constexpr std::uint32_t set(Words... words) {
  return (bit(words) | ...);
}

// C11 6.7.2: which words make which type. `int` beside short, long, signed or unsigned says nothing and is left out,
// and so is `signed`, but for char.
struct Combination {
  std::uint32_t words;
  Scalar scalar;
};
constexpr std::array kCombinations{
    Combination{set(Word::Void), Scalar::Void},
    Combination{set(Word::Bool), Scalar::Bool},
    Combination{set(Word::Char), Scalar::Char},
    Combination{set(Word::Signed, Word::Char), Scalar::SChar},
    Combination{set(Word::Unsigned, Word::Char), Scalar::UChar},
    Combination{set(Word::Short), Scalar::Short},
    Combination{set(Word::Unsigned, Word::Short), Scalar::UShort},
    Combination{set(Word::Int), Scalar::Int},
    Combination{set(Word::Unsigned), Scalar::UInt},
    Combination{set(Word::Long), Scalar::Long},
    Combination{set(Word::Unsigned, Word::Long), Scalar::ULong},
    Combination{set(Word::LongLong), Scalar::LongLong},
    Combination{set(Word::Unsigned, Word::LongLong), Scalar::ULongLong},
    Combination{set(Word::Int128), Scalar::Int128},
    Combination{set(Word::Unsigned, Word::Int128), Scalar::UInt128},
    Combination{set(Word::Float16), Scalar::Float16},
    Combination{set(Word::Float), Scalar::Float},
    Combination{set(Word::Double), Scalar::Double},
    Combination{set(Word::Long, Word::Double), Scalar::LongDouble},
    Combination{set(Word::Float128), Scalar::Float128},
};

constexpr std::uint32_t kTakesInt = set(Word::Short, Word::Long, Word::LongLong, Word::Signed, Word::Unsigned);
constexpr std::uint32_t kTakesSigned = set(Word::Short, Word::Int, Word::Long, Word::LongLong, Word::Int128);

std::optional<Scalar> scalar_of(std::uint32_t words) {
  bool with_int = words & bit(Word::Int);
  if (with_int && (words & kTakesInt)) words &= ~bit(Word::Int);
  if (words == bit(Word::Signed)) return Scalar::Int;
  if ((words & kTakesSigned) && !(words & bit(Word::Unsigned))) words &= ~bit(Word::Signed);
  if (with_int && (words & set(Word::Char, Word::Double, Word::Int128))) return std::nullopt;  // `long int double`
  auto row = std::find_if(kCombinations.begin(), kCombinations.end(), [&](auto& c) { return c.words == words; });
  return row == kCombinations.end() ? std::nullopt : std::optional(row->scalar);
}

bool is_type_word(Word word) {
  return word >= Word::Void && word <= Word::Float128;
}

}  // namespace

std::uint8_t qualifier_of(Word word) {
  switch (word) {
    case Word::Const: return Const;
    case Word::Volatile: return Volatile;
    case Word::Restrict: return Restrict;
    case Word::Atomic: return Atomic;
    default: return 0;
  }
}

bool Parser::starts_type(const Token& token) {
  if (token.kind != Token::Kind::Identifier) return false;
  if (token.word == Word::None) return names_type(token);
  return (token.word >= Word::Typedef && token.word <= Word::Typeof) || token.word == Word::Alignas ||
         token.word == Word::Attribute || token.word == Word::Declspec || token.word == Word::Extension;
}

bool Parser::storage_word(Specifiers& s) {
  Token token = peek();
  switch (token.word) {
    case Word::Typedef: s.is_typedef = true; break;
    case Word::Static: s.is_static = true; break;
    case Word::Extern:
    case Word::Register:
    case Word::ThreadLocal: break;
    case Word::Inline:
    case Word::Noreturn: take(); return true;
    case Word::Auto: fail(token, "'auto' is not understood here: expected a type"); return true;
    default: return false;
  }
  if (s.is_typedef && !s.storage.text.empty()) {
    fail(token, fmt::format("'{}' after '{}': expected one storage class", token.text, s.storage.text));
  }
  s.storage = token;
  take();
  return true;
}

// Any number of qualifiers; `_Atomic(` is not one.
std::uint8_t Parser::qualifier_words() {
  std::uint8_t qualifiers = 0;
  while (std::uint8_t one = qualifier_of(peek().word)) {
    if (one == Atomic && peek(1).is("(")) break;
    qualifiers |= one;
    take();
  }
  return qualifiers;
}

// <complex.h> makes `complex` a name of _Complex. It is one beside float or double, unless somebody declared it.
bool Parser::at_complex_macro(std::uint32_t words) {
  if (peek().text != "complex" || find_user_typedef("complex")) return false;
  constexpr std::uint32_t kFloating = set(Word::Float, Word::Double, Word::Float16, Word::Float128);
  Word next = peek(1).word;
  return (words & kFloating) || next == Word::Float || next == Word::Double || next == Word::Long;
}

// Declaration specifiers (C11 6.7) in any order; `wanted` says what was expected when there are none.
Specifiers Parser::specifiers(std::string_view wanted) {
  Specifiers s;
  s.first = peek();
  std::uint32_t words = 0;
  std::uint8_t qualifiers = 0;
  const Type* named = nullptr;  // a struct, union, enum, typedef or _Atomic(...)
  while (!failed_) {
    Token token = peek();
    bool free = named == nullptr && words == 0;
    if (std::uint8_t more = qualifier_words()) {
      qualifiers |= more;
    } else if (attributes(s.attributes) || storage_word(s)) {
      continue;
    } else if (is_type_word(token.word) || at_complex_macro(words)) {
      Word word = token.word == Word::None ? Word::Complex : token.word;
      if (word == Word::Long && (words & bit(Word::Long))) {
        words &= ~bit(Word::Long);
        word = Word::LongLong;
      } else if ((words & bit(word)) || (word == Word::Long && (words & bit(Word::LongLong)))) {
        fail(token, fmt::format("one '{}' too many in this type", token.text));
      }
      if (named && word != Word::Complex) fail(token, fmt::format("'{}' after a type that is complete", token.text));
      words |= bit(word);
      take();
    } else if (token.word == Word::Struct || token.word == Word::Union || token.word == Word::Enum) {
      if (!free) return fail(token, fmt::format("'{}' after another type", token.text)), s.type = int_type(), s;
      named = token.word == Word::Enum ? enumeration(s) : record(s);
    } else if (token.word == Word::Atomic) {
      if (!free) fail(token, "'_Atomic(' after another type");
      named = atomic_type();
    } else if (token.word == Word::Typeof) {
      fail(token, fmt::format("'{}' is not understood: write the type itself", token.text));
    } else if (token.word == Word::None && named == nullptr && (words & ~bit(Word::Complex)) == 0 &&
               (named = find_typedef(token.text)) != nullptr) {
      take();
    } else {
      break;
    }
  }
  s.type = named ? named : int_type();
  if (named && (words & bit(Word::Complex))) {
    s.type = check(s.first, table_.complex_of(named), int_type());
  } else if (words != 0) {
    s.type = combine_words(s.first, words);
  } else if (!named) {
    if (peek().kind == Token::Kind::Identifier && peek().word == Word::None) {
      fail_unknown_type(peek());
    } else {
      fail_expected(wanted);
    }
  }
  if (qualifiers != 0) s.type = table_.qualified(s.type, qualifiers);
  return s;
}

const Type* Parser::combine_words(const Token& first, std::uint32_t words) {
  bool complex = words & bit(Word::Complex);
  words &= ~bit(Word::Complex);
  if (complex && words == 0) words = bit(Word::Double);  // gcc: `_Complex` alone is double
  auto scalar = scalar_of(words);
  if (!scalar) {
    std::string_view text(first.text.data(), static_cast<std::size_t>(peek().text.data() - first.text.data()));
    fail(first, fmt::format("{} is not a type: these words do not go together",
                            quoted(text.substr(0, text.find_last_not_of(" \t\r\n") + 1))));
    return int_type();
  }
  const Type* type = table_.scalar(*scalar);
  return complex ? check(first, table_.complex_of(type), int_type()) : type;
}

// _Atomic ( type-name )
const Type* Parser::atomic_type() {
  Nesting nesting(*this);
  take();
  expect("(", "after _Atomic");
  const Type* type = type_name();
  expect(")", "after the type");
  return table_.qualified(type, Atomic);
}

// A type name (C11 6.7.7): specifiers and an abstract declarator.
const Type* Parser::type_name() {
  Nesting nesting(*this);
  Specifiers s = specifiers("a type");
  if (!s.storage.text.empty()) fail(s.storage, fmt::format("'{}' in a type name", s.storage.text));
  Declarator d = declarator(NameRule::Forbidden, false);
  attributes(d.attributes);
  return apply_with_alignment(std::move(s), d);
}

}  // namespace pinion::ctype
