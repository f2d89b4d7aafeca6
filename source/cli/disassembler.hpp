// Machine code as text (Capstone).
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "cli/style.hpp"

namespace pinion::cli {

// Instructions in Intel's syntax with their bytes; then the literal pool, which begins at the lowest address that an
// instruction reads relative to rip. `code` is where it runs.
std::string disassemble(std::span<const std::byte> code, const Style&);

}  // namespace pinion::cli
