// Types as C text. What these print, the parser reads back to an equal type.
#pragma once

#include <string>
#include <string_view>

#include "ffi/ctype/type.hpp"

namespace pinion::ctype {

// `int (*)(const char *, ...)`; with a name, a declaration without the semicolon: `int (*name)(const char *, ...)`.
// Structs, unions and enums appear by their tag; without a tag their body is written out. Arguments that a
// TypeTable::variadic_call added are not printed: C has no words for them.
std::string to_c(const Type&, std::string_view name = {});

// The definition of a struct, union or enum: `struct point { double x; double y; }`; one that is opaque is only
// declared, `struct point`. #pragma pack is not part of it.
std::string definition(const Type&);

// The definition as a declaration of its own, with its semicolon, inside #pragma pack lines when it has a pack.
std::string declaration(const Type&);

}  // namespace pinion::ctype
