#include "guarded_callback.hpp"

#include <fmt/format.h>

#include <iterator>

namespace pinion::differential {

namespace {

// Offsets are known to guarded_callback.S.
struct CallbackGuard {
  const void* entry;
  const void* head;
  const void* return_address;
  std::uint64_t rsp;  // before the call
  std::uint64_t rsp_after;
  std::uint64_t own[8];    // rbx rbp r12 r13 r14 r15 rdi rsi of the caller
  std::uint64_t after[8];  // the same after the call
  std::uint64_t rax, rcx;  // before the call
  std::uint64_t rax_after;
  std::uint64_t flags;
  std::uint64_t calls;
  std::uint64_t microsoft;
  std::uint32_t own_mxcsr, mxcsr;
  std::uint32_t own_x87;
  std::uint32_t x87[7];            // the environment that fnstenv stores
  std::uint64_t own_xmm[10][2];    // xmm6 to xmm15
  std::uint64_t after_xmm[10][2];  // the same after the call
};
static_assert(offsetof(CallbackGuard, own) == 40 && offsetof(CallbackGuard, after) == 104);
static_assert(offsetof(CallbackGuard, rax) == 168 && offsetof(CallbackGuard, rax_after) == 184);
static_assert(offsetof(CallbackGuard, flags) == 192 && offsetof(CallbackGuard, calls) == 200);
static_assert(offsetof(CallbackGuard, microsoft) == 208 && offsetof(CallbackGuard, own_mxcsr) == 216);
static_assert(offsetof(CallbackGuard, own_x87) == 224 && offsetof(CallbackGuard, x87) == 228);
static_assert(offsetof(CallbackGuard, own_xmm) == 256 && offsetof(CallbackGuard, after_xmm) == 416);
static_assert(sizeof(CallbackGuard) == 576);

extern "C" CallbackGuard pinion_callback_guard;
extern "C" void pinion_guarded_callback();

// What guarded_callback.S puts in.
constexpr std::uint64_t kPreserved = 0x5eed5eed5eed0000;
constexpr std::uint64_t kPreservedXmm = 0x0badc0de00000000;
constexpr std::uint32_t kMxcsr = 0x7f80;
constexpr std::uint32_t kX87Control = 0x0f7f;
constexpr std::uint32_t kMxcsrControlBits = 0xffc0;
constexpr std::uint64_t kDirectionFlag = 1 << 10;

// Two tag bits each, 3 when empty.
unsigned x87_registers_in_use(std::uint32_t tags) {
  unsigned used = 0;
  for (int k = 0; k < 8; ++k) used += (tags >> 2 * k & 3) != 3;
  return used;
}

}  // namespace

const void* guard_callback(const marshal::CallbackHead& head, abi::Convention convention) {
  pinion_callback_guard = {};
  pinion_callback_guard.entry = head.entry;
  pinion_callback_guard.head = &head;
  pinion_callback_guard.microsoft = convention == abi::Convention::Microsoft;
  return reinterpret_cast<const void*>(&pinion_guarded_callback);
}

CallbackReturn callback_return() {
  return {.calls = pinion_callback_guard.calls, .rax = pinion_callback_guard.rax_after};
}

std::optional<std::string> not_preserved(unsigned x87_results) {
  static constexpr const char* kNames[] = {"rbx", "rbp", "r12", "r13", "r14", "r15", "rdi", "rsi"};
  const CallbackGuard& guard = pinion_callback_guard;
  for (std::size_t i = 0; i < (guard.microsoft != 0 ? 8 : 6); ++i) {
    if (guard.after[i] != kPreserved + i) return fmt::format("{} is not preserved", kNames[i]);
  }
  for (std::size_t i = 0; guard.microsoft != 0 && i < std::size(guard.after_xmm); ++i) {
    const std::uint64_t poison = kPreservedXmm + i + 6;
    if (guard.after_xmm[i][0] != poison || guard.after_xmm[i][1] != poison) {
      return fmt::format("xmm{} is not preserved", i + 6);
    }
  }
  if (guard.rsp != guard.rsp_after) {
    return fmt::format("rsp is off by {}", static_cast<std::int64_t>(guard.rsp_after - guard.rsp));
  }
  if (((guard.mxcsr ^ kMxcsr) & kMxcsrControlBits) != 0) {
    return fmt::format("MXCSR's control bits became {:#x}", guard.mxcsr);
  }
  if ((guard.x87[0] & 0xffff) != kX87Control) {
    return fmt::format("the x87 control word became {:#x}", guard.x87[0] & 0xffff);
  }
  if (const unsigned used = x87_registers_in_use(guard.x87[2]); used != x87_results) {
    return fmt::format("{} x87 registers are in use, not {}", used, x87_results);
  }
  if ((guard.flags & kDirectionFlag) != 0) return "the direction flag is set";
  return std::nullopt;
}

}  // namespace pinion::differential
