// What callouts do to the stack: exceptions and backtraces pass through every shape of frame, large frames are probed,
// large values are copied whole.
#include <execinfo.h>
#include <gtest/gtest.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <fstream>
#include <numeric>
#include <sstream>

#include "ffi/codegen/debug_info.hpp"
#include "ffi/codegen/machine_code.hpp"
#include "ffi/marshal/interpreter.hpp"
#include "ffi/marshal/test_support.hpp"

namespace pinion::codegen {
namespace {

using marshal::Code;
using marshal::testing::code_of;
using marshal::testing::Convention;

struct Executors {
  explicit Executors(Code compiled) : code(std::move(compiled)) {
    auto assembled = assemble(arena, code);
    EXPECT_TRUE(assembled.ok()) << assembled.error().message;
    machine = *std::move(assembled);
  }

  template <class Run>
  void each(const void* target, Run run) {
    for (const marshal::Invoke invoke : {marshal::interpreter_for(code), machine.invoke()}) {
      SCOPED_TRACE(invoke == machine.invoke() ? "machine code" : "interpreter");
      marshal::Callable callable{invoke, target, &code, nullptr};
      run(callable);
    }
  }

  Code code;
  CodeArena arena;
  MachineCode machine;
};

// A function that takes what `declarations` say, all zero, and a buffer for its result.
struct Shape {
  const char* name;
  const char* declarations;
  Convention convention = Convention::SysV;
};

const Shape kShapes[] = {
    {"NoFrameStorage", "int f(int);"},
    {"StackArguments", "int f(long, long, long, long, long, long, long, long, long);"},
    {"FrameStorage", "struct s { char c[100]; }; int f(struct s, struct s);", Convention::Microsoft},
    {"Aligned32", "struct s { _Alignas(32) char c[65]; }; int f(struct s, int);"},
    {"Aligned64", "struct s { _Alignas(64) char c[65]; }; int f(int, struct s);"},
    {"AlignedFrameStorage", "struct s { _Alignas(64) char c[65]; }; int f(int, struct s);", Convention::Microsoft},
    {"AlignedToPages", "struct s { _Alignas(16384) char c; }; int f(struct s);"},
    {"Probed", "struct s { char c[100000]; }; int f(struct s);"},
    {"ProbedFrameStorage", "struct s { char c[100000]; }; int f(struct s, struct s);", Convention::Microsoft}};

class Frames : public testing::TestWithParam<Shape> {
 public:
  Frames()
      : executors(code_of(GetParam().declarations, GetParam().convention, true)),
        zeros(200000),
        slots(16, reinterpret_cast<std::uint64_t>(zeros.data())) {}

  marshal::Outcome call(const marshal::Callable& callable) {
    std::uint64_t result[4];
    marshal::CallState state;
    return callable.invoke(&callable, result, slots.data(), &state);
  }

  Executors executors;
  std::vector<std::byte> zeros;
  std::vector<std::uint64_t> slots;
};

std::string name_of_shape(const testing::TestParamInfo<Shape>& test) {
  return test.param.name;
}
INSTANTIATE_TEST_SUITE_P(Stack, Frames, testing::ValuesIn(kShapes), name_of_shape);

int destroyed = 0;
struct Local {
  ~Local() { ++destroyed; }
};

[[noreturn]] int throws() {
  const Local local;
  throw std::string("out of C++");
}

TEST_P(Frames, ExceptionsPassThrough) {
  executors.each(reinterpret_cast<const void*>(throws), [&](const marshal::Callable& callable) {
    destroyed = 0;
    for (int i = 0; i < 3; ++i) {
      const Local outer;
      EXPECT_THROW(call(callable), std::string);
    }
    EXPECT_EQ(destroyed, 6);
  });
}

// Callee-saved registers are what they were, whichever way the call ends.
TEST_P(Frames, CalleeSavedRegistersAreRestoredByUnwinding) {
  executors.each(reinterpret_cast<const void*>(throws), [&](const marshal::Callable& callable) {
    register std::uint64_t in_rbx asm("rbx") = 0x1111;
    register std::uint64_t in_r15 asm("r15") = 0x2222;
    asm volatile("" : "+r"(in_rbx), "+r"(in_r15));
    const std::uint64_t before[] = {in_rbx, in_r15};
    EXPECT_THROW(call(callable), std::string);
    EXPECT_EQ(before[0], 0x1111U);
    EXPECT_EQ(before[1], 0x2222U);
  });
}

std::vector<void*> trace;
int traces() {
  trace.resize(100);
  trace.resize(static_cast<std::size_t>(backtrace(trace.data(), 100)));
  return 0;
}

TEST_P(Frames, BacktracesReachTheCaller) {
  trace.resize(100);
  std::vector<void*> here(100);
  here.resize(static_cast<std::size_t>(backtrace(here.data(), 100)));
  executors.each(reinterpret_cast<const void*>(traces), [&](const marshal::Callable& callable) {
    call(callable);
    ASSERT_GT(trace.size(), here.size());
    // All but this function's own frame (another line of it; a sanitizer's comes before it) are the same, to the
    // outermost.
    const auto outer = static_cast<std::ptrdiff_t>(here.size() - 2);
    EXPECT_TRUE(std::equal(here.end() - outer, here.end(), trace.end() - outer));
    const auto code = executors.machine.bytes();
    const bool seen = std::any_of(trace.begin(), trace.end(), [&](void* at) {
      const auto* byte = static_cast<const std::byte*>(at);
      return byte > code.data() && byte < code.data() + code.size();
    });
    EXPECT_EQ(seen, callable.invoke == executors.machine.invoke());
  });
}

// -- guard pages

struct Large {
  unsigned char bytes[65536];
};
int sum_of(Large large) {
  return std::accumulate(std::begin(large.bytes), std::end(large.bytes), 0);
}

struct Near {
  const marshal::Callable* callable = nullptr;
  const std::uint64_t* slots = nullptr;
  std::size_t leave = 0;  // bytes of stack left at the call
  std::byte* bottom = nullptr;
};

// Goes down to where `leave` bytes are left, and calls.
[[gnu::noinline]] int call_near_the_end(const Near& near) {
  char here;
  const auto left = static_cast<std::size_t>(reinterpret_cast<std::byte*>(&here) - near.bottom);
  if (left < near.leave + 8192) {
    int result = 0;
    marshal::CallState state;
    near.callable->invoke(near.callable, &result, near.slots, &state);
    return result;
  }
  volatile char room[1024];
  room[0] = 1;
  return call_near_the_end(near) + room[0] - 1;
}

void* run_near(void* near) {
  return reinterpret_cast<void*>(static_cast<std::intptr_t>(call_near_the_end(*static_cast<Near*>(near))));
}

// Runs on a stack with one guard page, and below it memory that says whether it was written.
int call_on_small_stack(Near near, bool* harmed) {
  constexpr std::size_t kPage = 4096, kBelow = 1 << 20, kStack = 512 << 10;
  auto* const memory = static_cast<std::byte*>(
      mmap(nullptr, kBelow + kPage + kStack, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  mprotect(memory + kBelow, kPage, PROT_NONE);
  near.bottom = memory + kBelow + kPage;
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstack(&attributes, near.bottom, kStack);
  pthread_t thread;
  void* result = nullptr;
  EXPECT_EQ(pthread_create(&thread, &attributes, run_near, &near), 0);
  pthread_join(thread, &result);
  pthread_attr_destroy(&attributes);
  *harmed = std::any_of(memory, memory + kBelow, [](std::byte b) { return b != std::byte{0}; });
  munmap(memory, kBelow + kPage + kStack);
  return static_cast<int>(reinterpret_cast<std::intptr_t>(result));
}

TEST(Probing, LargeValuesNearTheEndOfAStack) {
#if defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "ThreadSanitizer refuses to make threads with stacks this small";
#endif
  Executors executors(code_of("struct s { unsigned char c[65536]; }; int f(struct s);"));
  Large large;
  std::memset(large.bytes, 3, sizeof large.bytes);
  const std::uint64_t slots[] = {reinterpret_cast<std::uint64_t>(&large)};
  executors.each(reinterpret_cast<const void*>(sum_of), [&](const marshal::Callable& callable) {
    bool harmed = true;
    EXPECT_EQ(call_on_small_stack({&callable, slots, 200000}, &harmed), 3 * 65536);
    EXPECT_FALSE(harmed);
  });
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
// The process that runs out of stack dies of the guard page, and writes nothing below it before it does.
TEST(Probing, TheGuardPageIsHit) {
  Executors executors(code_of("struct s { unsigned char c[65536]; }; int f(struct s);"));
  constexpr std::size_t kBelow = 1 << 20;
  static Large large;
  std::memset(large.bytes, 3, sizeof large.bytes);
  const std::uint64_t slots[] = {reinterpret_cast<std::uint64_t>(&large)};
  executors.each(reinterpret_cast<const void*>(sum_of), [&](const marshal::Callable& callable) {
    for (const std::size_t leave : {std::size_t{0}, std::size_t{20000}, std::size_t{50000}}) {
      const pid_t child = fork();
      if (child == 0) {
        // Reached on a stack of its own: was the fault in the guard page?
        static std::byte alternate[65536];
        const stack_t stack = {alternate, 0, sizeof alternate};
        sigaltstack(&stack, nullptr);
        static std::byte* guard;
        struct sigaction action = {};
        action.sa_flags = SA_SIGINFO | SA_ONSTACK;
        action.sa_sigaction = [](int, siginfo_t* info, void*) {
          const auto* at = static_cast<std::byte*>(info->si_addr);
          const bool harmed = std::any_of(guard - kBelow, guard, [](std::byte b) { return b != std::byte{0}; });
          _exit(harmed ? 45 : at >= guard && at < guard + 4096 ? 42 : 43);
        };
        sigaction(SIGSEGV, &action, nullptr);
        constexpr std::size_t kStack = 256 << 10;
        auto* const memory = static_cast<std::byte*>(
            mmap(nullptr, kBelow + 4096 + kStack, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
        guard = memory + kBelow;
        mprotect(guard, 4096, PROT_NONE);
        static Near near;
        near = {&callable, slots, leave, guard + 4096};
        pthread_attr_t attributes;
        pthread_attr_init(&attributes);
        pthread_attr_setstack(&attributes, near.bottom, kStack);
        pthread_t thread;
        const auto run = [](void*) -> void* {
          static std::byte own[65536];
          const stack_t own_stack = {own, 0, sizeof own};
          sigaltstack(&own_stack, nullptr);
          return run_near(&near);
        };
        pthread_create(&thread, &attributes, run, nullptr);
        pthread_join(thread, nullptr);
        _exit(44);
      }
      int status = 0;
      waitpid(child, &status, 0);
      ASSERT_TRUE(WIFEXITED(status));
      EXPECT_EQ(WEXITSTATUS(status), 42) << "with " << leave
                                         << " bytes left (43: a fault elsewhere, 44: none, 45: written below)";
    }
  });
}
#endif

// -- large copies

template <std::size_t N>
struct Block {
  unsigned char bytes[N];
};
template <std::size_t N>
std::uint64_t checksum(Block<N> block, int factor) {
  std::uint64_t sum = 0;
  for (const unsigned char byte : block.bytes) sum = sum * 31 + byte;
  std::memset(block.bytes, 0, N);  // the callee's own copy
  return sum * static_cast<std::uint64_t>(factor);
}
template <std::size_t N>
__attribute__((ms_abi)) std::uint64_t checksum_ms(Block<N> block, int factor) {
  return checksum(block, factor);
}

template <std::size_t N>
void check_copy() {
  SCOPED_TRACE(N);
  Block<N> block;
  for (std::size_t i = 0; i < N; ++i) block.bytes[i] = static_cast<unsigned char>(i * 7 + 1);
  const Block<N> before = block;
  int factor = 3;
  const std::uint64_t slots[] = {reinterpret_cast<std::uint64_t>(&block), reinterpret_cast<std::uint64_t>(&factor)};
  const std::string text = fmt::format("struct s {{ unsigned char c[{}]; }}; unsigned long long f(struct s, int);", N);
  for (const Convention convention : {Convention::SysV, Convention::Microsoft}) {
    Executors executors(code_of(text, convention));
    const void* target = convention == Convention::SysV ? reinterpret_cast<const void*>(&checksum<N>)
                                                        : reinterpret_cast<const void*>(&checksum_ms<N>);
    executors.each(target, [&](const marshal::Callable& callable) {
      std::uint64_t result = 0;
      callable.invoke(&callable, &result, slots, nullptr);
      EXPECT_EQ(result, checksum(block, factor));
      EXPECT_EQ(std::memcmp(&block, &before, N), 0) << "the caller's value is not the callee's";
    });
  }
}

TEST(Copies, AroundTheLimitsOfEachWay) {
  check_copy<17>();
  check_copy<31>();
  check_copy<127>();
  check_copy<128>();
  check_copy<129>();
  check_copy<135>();
  check_copy<136>();
  check_copy<255>();
  check_copy<256>();
  check_copy<257>();
  check_copy<4095>();
  check_copy<4096>();
  check_copy<65536>();
  check_copy<65543>();
}

// -- perf

TEST(PerfMap, HasALineForTheCode) {
  Executors executors(code_of("int f(int);"));
  const auto code = executors.machine.bytes();
  const std::string path = fmt::format("/tmp/perf-{}.map", getpid());
  add_to_perf_map(code, "pinion: int(int)");
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  const std::string line =
      fmt::format("{:x} {:x} pinion: int(int)\n", reinterpret_cast<std::uintptr_t>(code.data()), code.size());
  EXPECT_NE(text.str().find(line), std::string::npos) << text.str();
  unlink(path.c_str());
}

}  // namespace
}  // namespace pinion::codegen
