// C declarations, as people paste them from manual pages and headers, into types.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "ffi/base/result.hpp"
#include "ffi/ctype/type_table.hpp"

namespace pinion::ctype {

struct Declaration {
  enum class Kind : std::uint8_t { Function, Variable, Typedef };
  Kind kind = Kind::Function;
  std::string_view name;
  const Type* type = nullptr;
  std::string_view symbol;  // the asm label, or the name
};

// What one block of declarations says, in order. Later blocks may be parsed on top of earlier ones (see parse_into).
// Not thread-safe while it is being added to; safe to read from many threads afterwards.
struct Declarations {
  std::vector<Declaration> declarations;  // functions, variables and typedefs, in order
  std::map<std::string, const Type*, std::less<>> typedefs;
  std::map<std::string, Type*, std::less<>> tags;  // structs, unions and enums, one name space as in C
  // Enum constants, `#define NAME 5` and `static const int NAME = 5;`: values, and the types C gives them.
  std::map<std::string, __int128, std::less<>> constants;
  std::map<std::string, const Type*, std::less<>> constant_types;
  // Where in `declarations` the last function or variable of each name is.
  std::map<std::string_view, std::size_t> index;
  std::vector<std::string> texts;  // what was parsed to get here

  const Declaration* find(std::string_view name) const;  // the last function or variable of that name, or null
  const Declaration* last_function() const;              // or null
};

// Where and why a text is not C that we understand. `message` is the whole report: a sentence with line and column
// and what was expected, the line of source, and a caret under the place.
struct ParseError : Error {
  unsigned line = 0;    // from 1
  unsigned column = 0;  // from 1, in characters
};

// What is read: all declarations of C11 without initial values; C23's [[attributes]], `enum e : type` and repeated
// definitions; gcc's, clang's and MSVC's extensions (words.cpp, attributes.cpp, standard_names.cpp have the tables);
// extern "C"; line markers, #include (skipped), #pragma pack, and #define of an integer constant. Bodies of inline
// functions are skipped. A tag first named in a parameter list is known outside of it too, unlike in C.
//
// Parses `text` and adds what it declares to `into`; on error `into` is as it was. Bounds: 1 MiB of text, nesting 200
// deep. The standard names (size_t, int32_t, FILE: see standard_names.cpp) are known without a declaration. A
// function's Declaration has a type of Kind::Function, even when a typedef declared it. Repeating a declaration is
// fine.
Result<Unit> parse_into(TypeTable&, std::string_view text, Declarations& into, ParseError* detail = nullptr);

// Parses a type name, as in a cast: `const struct point *`.
Result<const Type*> parse_type(TypeTable&, std::string_view text, const Declarations* known = nullptr,
                               ParseError* detail = nullptr);

}  // namespace pinion::ctype
