// A callback with everything around it poisoned by the one who calls it, and what it must preserve checked after.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "ffi/abi/call_layout.hpp"
#include "ffi/marshal/callback_head.hpp"

namespace pinion::differential {

// What C is given to call: it poisons what carries nothing (the registers that a callee preserves, rax but al, r11, the
// stack below), goes on to the callback's entry with the arguments as they are and the head in r10 as a thunk would,
// and notes what it finds when that returns. One call at a time.
const void* guard_callback(const marshal::CallbackHead&, abi::Convention);

struct CallbackReturn {
  std::uint64_t calls = 0;  // since guard_callback()
  std::uint64_t rax = 0;
};
CallbackReturn callback_return();

// What the callback did not leave as its convention wants: rbx rbp r12..r15 rsp; Microsoft: rdi rsi xmm6..xmm15; the
// control bits of MXCSR, the x87 control word, an x87 stack of the result's registers alone, a clear direction flag.
std::optional<std::string> not_preserved(unsigned x87_results);

}  // namespace pinion::differential
