// The engine's own interpreter of marshaling code, for hosts of raw slots. It needs no executable memory.
//
// Hosts with tagged objects and a Tags policy of their own instantiate execute() (execute.hpp) instead.
#pragma once

#include "ffi/marshal/callable.hpp"

namespace pinion::marshal {

// The Invoke that interprets `code`, which must have passed verify(): nothing is checked again while it runs. C++
// exceptions thrown by the target pass through. Any thread may call; code is only read.
Invoke interpreter_for(const Code& code);

}  // namespace pinion::marshal
