// A function that can be called: marshaling code bound to a target, entered the same way whichever executor runs it.
#pragma once

#include <cstdint>

#include "ffi/marshal/code.hpp"
#include "ffi/marshal/host.hpp"

namespace pinion::marshal {

struct Callable;

// 0 when the call was made, else 1 + the number of the instruction that failed. A failure before the call instruction
// means that nothing was called.
using Outcome = std::uint32_t;

// Makes the call. `slots` has one 64-bit slot for each argument, `result` is as large and aligned as the result.
// `state` may be null unless the code captures errno or has a host. The outcome means something only when
// code->can_fail.
using Invoke = Outcome (*)(const Callable* self, void* result, const std::uint64_t* slots, CallState* state);

// Machine code finds `target` (and, to coerce and box, the rest) through `self`: nothing of it is in the code, so the
// code is shared. The public pn_function (include/pinion/pinion.h) begins with the same two fields.
struct Callable {
  Invoke invoke = nullptr;
  const void* target = nullptr;
  const Code* code = nullptr;
  const Host* host = nullptr;
};

}  // namespace pinion::marshal
