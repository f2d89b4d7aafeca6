// The variable arguments of a callback: what the `varargs` instruction keeps, and how the host takes them apart.
//
// A C function with `...` learns the types of its variable arguments only while it runs (from a format, say). So does a
// callback: its handler gets one more slot, the address of a Varargs, and asks it for one argument after another.
// System V: reference marshaling 1.9 (va_list as the psABI defines it); Microsoft: 2.4.
#pragma once

#include <cstddef>
#include <cstdint>

#include "ffi/abi/call_layout.hpp"
#include "ffi/base/result.hpp"

namespace pinion::marshal {

struct alignas(16) Varargs {
  std::uint64_t gpr[6];  // System V: rdi, rsi, rdx, rcx, r8, r9 (Microsoft: in their home area on the stack)
  alignas(16) std::byte xmm[8][16];
  const std::byte* stack;                        // the incoming argument area
  const abi::CallLayout* layout;                 // of the named arguments
  std::uint32_t gpr_used, xmm_used, stack_used;  // by the arguments taken so far; the last in bytes
  bool started;                                  // what the named arguments use is counted
};
static_assert(offsetof(Varargs, xmm) == 48 && offsetof(Varargs, stack) == 176);

// Takes the next argument, which must be of `type` (after C's default promotions), and writes it to `value`, as large
// and aligned as the type. Error: a type that cannot be passed so.
Status next_argument(Varargs&, const ctype::Type& type, abi::Dialect, void* value);

}  // namespace pinion::marshal
