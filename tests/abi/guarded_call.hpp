// A call with everything around it poisoned before, and what a callee must preserve checked after.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "ffi/marshal/callable.hpp"

namespace pinion::differential {

// Makes the call with garbage in every register that carries nothing, in the stack below, and (when the processor has
// AVX) in the upper halves of the vector registers. Answers what was not preserved: rbx rbp r12..r15 rsp (psABI figure
// 3.4), the control bits of MXCSR, the x87 control word, an empty x87 stack, a clear direction flag.
std::optional<std::string> guarded_call(const marshal::Callable&, void* result, const std::uint64_t* slots,
                                        marshal::CallState*, marshal::Outcome& outcome);

}  // namespace pinion::differential
