// The engine's own interpreter of marshaling code, for hosts of raw slots. It needs no executable memory.
//
// Hosts with tagged objects and a Tags policy of their own instantiate execute() (execute.hpp) instead.
#pragma once

#include "ffi/marshal/execute.hpp"

namespace pinion::marshal {

// Executes verified code. `code` must have passed verify(); nothing is checked again here. C++ exceptions thrown by the
// target pass through. Any thread may call; code is only read.
Outcome interpret(const Code& code, const Invocation& call);

}  // namespace pinion::marshal
