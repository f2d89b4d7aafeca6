// Why the eightbytes of a value have their System V classes, in words.
#pragma once

#include <string>
#include <vector>

#include "ffi/abi/call_layout.hpp"

namespace pinion::cli {

// One line for each eightbyte ("SSE      x (float), y (float)"), or a single one for a value in memory. Empty for a
// value that is not passed.
std::vector<std::string> class_reasons(const ctype::Type&, abi::Dialect);

// "INTEGER, SSE"; "MEMORY" once, however large the value; "(nothing)".
std::string class_names(const ctype::Type&, abi::Dialect);

}  // namespace pinion::cli
