// The words the parser of declarations knows: C's keywords, their spellings in gcc, clang and MSVC, and words of
// headers that say nothing about a type.
#pragma once

#include <cstdint>
#include <string_view>

namespace pinion::ctype {

enum class Word : std::uint8_t {
  None,  // a plain identifier
  // Storage classes and function specifiers (C11 6.7.1, 6.7.4).
  Typedef,
  Extern,
  Static,
  Inline,
  Noreturn,
  Register,
  Auto,
  ThreadLocal,
  // Type qualifiers (C11 6.7.3).
  Const,
  Volatile,
  Restrict,
  Atomic,
  // Type specifiers (C11 6.7.2) that combine with each other.
  Void,
  Bool,
  Char,
  Short,
  Int,
  Long,
  LongLong,  // MSVC's __int64
  Float,
  Double,
  Signed,
  Unsigned,
  Complex,
  Int128,
  Float16,
  Float128,
  // Type specifiers with a grammar of their own.
  Struct,
  Union,
  Enum,
  Typeof,
  // What may stand beside them.
  Attribute,
  Declspec,
  Alignas,
  Extension,
  Ignored,                // calling conventions that are one and the same on x86-64, glibc's __THROW
  IgnoredWithArguments,   // glibc's __nonnull ((1, 2))
  UnsupportedConvention,  // __vectorcall: passes arguments in ways of its own
  // The rest.
  Asm,
  StaticAssert,
  Sizeof,
  Alignof,
  Offsetof,
  Generic,
};

// The word spelled `text`, or None.
Word word_of(std::string_view text);

// Words worth proposing to somebody who misspelt one: calls `visit` with the spelling of every type word.
template <class Visit>
void for_each_type_word(Visit visit) {
  for (std::string_view w : {"void",     "char",   "short",   "int",   "long",     "float",    "double",   "signed",
                             "unsigned", "struct", "union",   "enum",  "const",    "volatile", "restrict", "static",
                             "extern",   "inline", "typedef", "_Bool", "_Complex", "_Atomic"}) {
    visit(w);
  }
}

}  // namespace pinion::ctype
