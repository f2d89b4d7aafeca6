// The verifier: proves marshaling code safe to execute before it first runs, whoever made it.
#pragma once

#include "ffi/base/result.hpp"
#include "ffi/marshal/code.hpp"

namespace pinion::marshal {

// Proves that
//  * every opcode exists and its operands are in range, and the instructions come in the order of their phases;
//  * every location that the layout needs (argument pieces, hidden result pointer, AL) is written exactly once, with
//    the right bytes of the right argument and the right extension, and nothing else is written;
//  * every read of an argument stays inside its value, every access to frame storage and argument area inside those,
//    and frame storage is filled before it is read or its address is passed;
//  * there is exactly one call, it pops the x87 registers the layout says, and every result piece is taken once;
//  * the sizes in the header are the layout's, and the last instruction, and no other, returns.
// Error: the number of the first offending instruction and the rule it breaks.
Status verify(const Code&);

}  // namespace pinion::marshal
