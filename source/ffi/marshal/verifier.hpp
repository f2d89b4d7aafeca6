// The verifier: proves marshaling code safe to execute before it first runs, whoever made it.
#pragma once

#include "ffi/base/result.hpp"
#include "ffi/marshal/code.hpp"

namespace pinion::marshal {

// Proves that
//  * every opcode exists, its operands are in range and those it does not use are 0, and the instructions come in the
//    order of their phases;
//  * every location that the layout needs (argument pieces, hidden result pointer, AL) is written exactly once, with
//    the right bytes of the right argument and the right extension, and nothing else is written;
//  * every read of an argument stays inside its value, every access to frame storage and argument area inside those,
//    and frame storage is filled before it is read or its address is passed;
//  * an argument's slot is read in one way: as the value, as its address, or as an object;
//  * there is exactly one call, it pops the x87 registers the layout says, every result piece is taken once, and all go
//    to one destination: what goes to frame storage is boxed, and nothing else is;
//  * nothing that may change errno comes between where it is set, or the call, and where it is saved;
//  * the header says what the layout and the instructions say, and the last instruction, and no other, returns.
// What it cannot know: whether the caller's slots and result buffer are what the modes say. That is between the host
// and its plan.
// Error: the number of the first offending instruction and the rule it breaks.
Status verify(const Code&);

}  // namespace pinion::marshal
