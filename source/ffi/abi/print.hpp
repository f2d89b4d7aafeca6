// Layouts as text, for people and for tests.
#pragma once

#include <string>

#include "ffi/abi/call_layout.hpp"

namespace pinion::abi {

std::string name_of(const Location&, std::uint32_t size = 8);  // "rdi", "eax"-less: "xmm0", "ymm0", "st0", "[rsp+16]"

// One line per argument, then the result, then stack size and AL:
//   arg 0  8 bytes  direct     bytes 0..7 in rdi
//   result 16 bytes direct     bytes 0..7 in rax, bytes 8..15 in xmm0
//   stack 0 bytes, 16-aligned
std::string to_string(const CallLayout&);

}  // namespace pinion::abi
