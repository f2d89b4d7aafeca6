// Types as C text. What these print, the parser reads back to an equal type.
#pragma once

#include <string>
#include <string_view>

#include "ffi/ctype/type.hpp"

namespace pinion::ctype {

// `int (*)(const char *, ...)`; with a name, a declaration without the semicolon: `int (*name)(const char *, ...)`.
// Structs, unions and enums appear by their tag; without a tag their body is written out.
std::string to_c(const Type&, std::string_view name = {});

// The definition of a struct, union or enum: `struct point { double x; double y; }`.
std::string definition(const Type&);

}  // namespace pinion::ctype
