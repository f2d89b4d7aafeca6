// The layout of a type for people: a table of its members with offsets, sizes and padding, and a drawing of its bytes,
// one eightbyte a line.
#pragma once

#include <string>

#include "cli/style.hpp"
#include "ffi/ctype/type.hpp"

namespace pinion::cli {

// Of a complete struct or union.
std::string member_table(const ctype::Type&, const Style&);
std::string byte_diagram(const ctype::Type&, const Style&);

}  // namespace pinion::cli
