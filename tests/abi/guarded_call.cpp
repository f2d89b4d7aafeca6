#include "guarded_call.hpp"

#include <fmt/format.h>

#include <iterator>

namespace pinion::differential {

namespace {

// Offsets are known to poisoned_call.S.
struct PoisonedCall {
  marshal::Invoke invoke;
  const marshal::Callable* self;
  void* result;
  const std::uint64_t* slots;
  marshal::CallState* state;
  std::uint64_t outcome;
  std::uint64_t rsp;  // before the call
  std::uint64_t rsp_after;
  std::uint64_t preserved[6];  // rbx rbp r12 r13 r14 r15 after the call
  std::uint64_t flags;
  std::uint32_t mxcsr;
  std::uint32_t has_avx;
  std::uint32_t x87[7];  // the environment that fnstenv stores: control word, status word, tag word, ...
};
static_assert(offsetof(PoisonedCall, outcome) == 40);
static_assert(offsetof(PoisonedCall, rsp) == 48);
static_assert(offsetof(PoisonedCall, rsp_after) == 56);
static_assert(offsetof(PoisonedCall, preserved) == 64);
static_assert(offsetof(PoisonedCall, flags) == 112);
static_assert(offsetof(PoisonedCall, mxcsr) == 120);
static_assert(offsetof(PoisonedCall, has_avx) == 124);
static_assert(offsetof(PoisonedCall, x87) == 128);

extern "C" void pinion_poisoned_call(PoisonedCall*);

// What poisoned_call.S puts in.
constexpr std::uint64_t kPreserved = 0x5eed5eed5eed0000;
constexpr std::uint32_t kMxcsr = 0x7f80;       // round toward zero, all exceptions masked
constexpr std::uint32_t kX87Control = 0x0f7f;  // likewise
constexpr std::uint32_t kMxcsrControlBits = 0xffc0;
constexpr std::uint64_t kDirectionFlag = 1 << 10;

}  // namespace

std::optional<std::string> guarded_call(const marshal::Callable& callable, void* result, const std::uint64_t* slots,
                                        marshal::CallState* state, marshal::Outcome& outcome) {
  static constexpr const char* kNames[] = {"rbx", "rbp", "r12", "r13", "r14", "r15"};
  PoisonedCall call{.invoke = callable.invoke, .self = &callable, .result = result, .slots = slots, .state = state};
  call.has_avx = __builtin_cpu_supports("avx") != 0;
  pinion_poisoned_call(&call);
  outcome = static_cast<marshal::Outcome>(call.outcome);
  for (std::size_t i = 0; i < std::size(kNames); ++i) {
    if (call.preserved[i] != kPreserved + i) return fmt::format("{} is not preserved", kNames[i]);
  }
  if (call.rsp != call.rsp_after)
    return fmt::format("rsp is off by {}", static_cast<std::int64_t>(call.rsp_after - call.rsp));
  if (((call.mxcsr ^ kMxcsr) & kMxcsrControlBits) != 0)
    return fmt::format("MXCSR's control bits became {:#x}", call.mxcsr);
  if ((call.x87[0] & 0xffff) != kX87Control)
    return fmt::format("the x87 control word became {:#x}", call.x87[0] & 0xffff);
  if ((call.x87[2] & 0xffff) != 0xffff)
    return fmt::format("the x87 stack is not empty: tags {:#x}", call.x87[2] & 0xffff);
  if ((call.flags & kDirectionFlag) != 0) return "the direction flag is set";
  return std::nullopt;
}

}  // namespace pinion::differential
