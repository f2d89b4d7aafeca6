#include "ffi/callback/callback.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstring>
#include <fstream>
#include <stdexcept>
#include <thread>

#include "ffi/callback/active_calls.hpp"
#include "ffi/codegen/machine_code.hpp"
#include "ffi/ctype/parser.hpp"
#include "ffi/marshal/callback_compiler.hpp"
#include "ffi/marshal/varargs.hpp"

namespace pinion::callback {
namespace {

// Callbacks of one declaration, both interpreted and as machine code.
struct CallbackTest : testing::TestWithParam<bool> {
  ctype::TypeTable types{ctype::DataModel::Lp64};
  codegen::CodeArena arena;
  std::vector<std::shared_ptr<const marshal::Code>> codes;
  std::vector<codegen::MachineCode> machines;
  std::vector<std::string> reports;
  Callbacks callbacks{[this](const std::string& report) { reports.push_back(report); }};

  Descriptor* make(const char* declaration, Handler handler, void* data = nullptr,
                   std::span<const std::byte> default_result = {}, abi::Dialect dialect = {}) {
    ctype::Declarations declared;
    auto parsed = ctype::parse_into(types, declaration, declared);
    EXPECT_TRUE(parsed.ok()) << parsed.error().message;
    auto layout = abi::lay_out_call(*declared.last_function()->type, abi::Convention::SysV, dialect);
    EXPECT_TRUE(layout.ok()) << layout.error().message;
    auto code = marshal::compile_callback(std::make_shared<const abi::CallLayout>(*std::move(layout)));
    EXPECT_TRUE(code.ok()) << code.error().message;
    codes.push_back(std::make_shared<const marshal::Code>(*std::move(code)));
    auto made = callbacks.make(entry_of(*codes.back()), *codes.back(),
                               {.name = "test", .handler = handler, .data = data, .default_result = default_result});
    EXPECT_TRUE(made.ok()) << made.error().message;
    return *made;
  }

  const void* entry_of(const marshal::Code& code) {
    if (!GetParam()) {
      return reinterpret_cast<const void*>(code.layout->convention == abi::Convention::Microsoft
                                               ? &marshal::pinion_callback_microsoft
                                               : &marshal::pinion_callback_sysv);
    }
    auto machine = codegen::assemble_callback(arena, code);
    EXPECT_TRUE(machine.ok()) << machine.error().message;
    machines.push_back(*std::move(machine));
    return machines.back().entry();
  }
};

template <class F>
F* as_function(const Descriptor* callback) {
  return reinterpret_cast<F*>(const_cast<void*>(Callbacks::address(callback)));
}

template <class T>
const T& argument(void* const* arguments, int k) {
  return *static_cast<const T*>(arguments[k]);
}

TEST_P(CallbackTest, Scalars) {
  int calls = 0;
  auto* callback = make(
      "double f(signed char, unsigned short, int, float, double, long, char, char, char, double)",
      [](void* data, void* const* a, void* result) {
        *static_cast<int*>(data) += 1;
        *static_cast<double*>(result) = argument<signed char>(a, 0) + argument<unsigned short>(a, 1) +
                                        argument<int>(a, 2) + static_cast<double>(argument<float>(a, 3)) +
                                        argument<double>(a, 4) + static_cast<double>(argument<long>(a, 5)) +
                                        argument<char>(a, 6) + argument<char>(a, 7) + argument<char>(a, 8) +
                                        argument<double>(a, 9);
        return 0;
      },
      &calls);
  auto* f =
      as_function<double(signed char, unsigned short, int, float, double, long, char, char, char, double)>(callback);
  EXPECT_EQ(f(-1, 65535, -100000, 0.5F, 0.25, 1L << 40, -3, 4, -5, 1024), static_cast<double>(1L << 40) - 33446 + 0.75);
  EXPECT_EQ(calls, 1);
}

struct Small {
  char c;
  float f;
  short s[3];
};
struct Mixed {
  long l;
  double d;
};
struct Big {
  long a[5];
};

TEST_P(CallbackTest, StructsInAndOut) {
  auto* callback = make(
      "struct small { char c; float f; short s[3]; }; struct mixed { long l; double d; }; struct big { long a[5]; };"
      "struct mixed f(struct small, struct big, struct mixed)",
      [](void*, void* const* a, void* result) {
        const auto& small = argument<Small>(a, 0);
        const auto& big = argument<Big>(a, 1);
        const auto& mixed = argument<Mixed>(a, 2);
        *static_cast<Mixed*>(result) = {small.c + small.s[2] + big.a[4] + mixed.l,
                                        static_cast<double>(small.f) + mixed.d};
        return 0;
      });
  const Mixed out =
      as_function<Mixed(Small, Big, Mixed)>(callback)({1, 2.5F, {3, 4, 5}}, {{6, 7, 8, 9, 10}}, {11, 0.5});
  EXPECT_EQ(out.l, 27);
  EXPECT_EQ(out.d, 3);
}

TEST_P(CallbackTest, HiddenResult) {
  auto* callback = make("struct big { long a[5]; }; struct big f(long)", [](void*, void* const* a, void* result) {
    for (int k = 0; k < 5; ++k) static_cast<Big*>(result)->a[k] = argument<long>(a, 0) + k;
    return 0;
  });
  const Big out = as_function<Big(long)>(callback)(40);
  EXPECT_EQ(out.a[0], 40);
  EXPECT_EQ(out.a[4], 44);
}

TEST_P(CallbackTest, LongDoubleAndComplex) {
  auto* product = make("long double f(long double, long double)", [](void*, void* const* a, void* result) {
    *static_cast<long double*>(result) = argument<long double>(a, 0) * argument<long double>(a, 1);
    return 0;
  });
  EXPECT_EQ(as_function<long double(long double, long double)>(product)(1.5L, 3), 4.5L);
  auto* pair = make("_Complex long double f(long double)", [](void*, void* const* a, void* result) {
    static_cast<long double*>(result)[0] = argument<long double>(a, 0);
    static_cast<long double*>(result)[1] = -argument<long double>(a, 0);
    return 0;
  });
  const auto out = as_function<__complex__ long double(long double)>(pair)(2.25L);
  EXPECT_EQ(__real__ out, 2.25L);
  EXPECT_EQ(__imag__ out, -2.25L);
}

// clang 14 puts an __int128 at any eightbyte of the stack, as gcc does with a struct of two longs (SV12): the handler
// gets it where it may be read as one.
TEST_P(CallbackTest, MisalignedStackArgumentsAreCopied) {
  struct Halves {
    unsigned long low, high;
  };
  auto* callback = make("long f(long, long, long, long, long, long, long, __int128)",
                        [](void*, void* const* a, void* result) {
                          Halves halves{};
                          std::memcpy(&halves, a[7], sizeof halves);
                          const bool aligned = reinterpret_cast<std::uintptr_t>(a[7]) % alignof(__int128) == 0;
                          *static_cast<long*>(result) =
                              aligned && halves.high == 9 ? static_cast<long>(halves.low) : -1;
                          return 0;
                        },
                        nullptr, {}, {.compiler = abi::Compiler::Clang14});
  auto* f = as_function<long(long, long, long, long, long, long, long, Halves)>(callback);
  EXPECT_EQ(f(0, 1, 2, 3, 4, 5, 6, {8, 9}), 8);
}

TEST_P(CallbackTest, MicrosoftConvention) {
  struct Odd {
    char c[3];
  };
  auto* callback = make(
      "struct odd { char c[3]; };"
      "double f(int, double, struct odd, float, short, double, long double) __attribute__((ms_abi))",
      [](void*, void* const* a, void* result) {
        *static_cast<double*>(result) = argument<int>(a, 0) + argument<double>(a, 1) + argument<Odd>(a, 2).c[2] +
                                        static_cast<double>(argument<float>(a, 3)) + argument<short>(a, 4) +
                                        argument<double>(a, 5) + static_cast<double>(argument<long double>(a, 6));
        // What belongs to a Microsoft caller is used here.
        asm volatile("pcmpeqd %%xmm6, %%xmm6\n pcmpeqd %%xmm15, %%xmm15\n mov $-1, %%rdi\n mov $-1, %%rsi" ::
                         : "xmm6", "xmm15", "rdi", "rsi");
        return 0;
      });
  using F = double __attribute__((ms_abi)) (int, double, Odd, float, short, double, long double);
  auto* f = as_function<F>(callback);
  double kept = 0.125;
  asm volatile("" : "+x"(kept));
  EXPECT_EQ(f(1, 2, {{0, 0, 3}}, 4, -5, 6, 7) + kept, 18.125);
}

TEST_P(CallbackTest, VariableArgumentsAreTakenApartByTheHost) {
  auto* callback = make(
      "double f(const char *, ...)",
      [](void* data, void* const* a, void* result) {
        auto* self = static_cast<CallbackTest*>(data);
        auto& rest = *static_cast<marshal::Varargs*>(a[1]);
        double sum = 0;
        for (const char* kind = argument<const char*>(a, 0); *kind != '\0'; ++kind) {
          double d = 0;
          int i = 0;
          long double l = 0;
          if (*kind == 'd') {
            EXPECT_TRUE(marshal::next_argument(rest, *self->types.scalar(ctype::Scalar::Double), {}, &d).ok());
          }
          if (*kind == 'i') {
            EXPECT_TRUE(marshal::next_argument(rest, *self->types.scalar(ctype::Scalar::Int), {}, &i).ok());
          }
          if (*kind == 'l') {
            EXPECT_TRUE(marshal::next_argument(rest, *self->types.scalar(ctype::Scalar::LongDouble), {}, &l).ok());
          }
          sum = 10 * sum + d + i + static_cast<double>(l);
        }
        *static_cast<double*>(result) = sum;
        return 0;
      },
      this);
  using F = double(const char*, ...);
  EXPECT_EQ(as_function<F>(callback)("didlidididiiddddddd", 1.0, 2, 3.0, 4.0L, 5, 6.0, 7, 8.0, 9, 1.0, 2, 3, 4.0, 5.0,
                                     6.0, 7.0, 8.0, 9.0, 1.0),
            1234567891234567891.0);
}

TEST_P(CallbackTest, FailuresAnswerTheDefaultAndAreKept) {
  const int fallback = -7;
  auto* answers = make(
      "int f(void)", [](void*, void* const*, void*) { return 3; }, nullptr, std::as_bytes(std::span(&fallback, 1)));
  auto* throws = make("int f(void)", [](void*, void* const*, void*) -> int { throw std::runtime_error("no"); });
  EXPECT_EQ(as_function<int()>(answers)(), -7);
  EXPECT_EQ(as_function<int()>(throws)(), 0);
  auto& failures = this_thread().failures;
  ASSERT_EQ(failures.size(), 2U);
  EXPECT_EQ(failures[0].status, 3);
  EXPECT_EQ(failures[1].message, "no");
  EXPECT_THROW(std::rethrow_exception(failures[1].exception), std::runtime_error);
  failures.clear();
}

TEST_P(CallbackTest, FreedCallbacksAreReportedByName) {
  auto* callback = make("int f(void)", [](void*, void* const*, void* result) {
    *static_cast<int*>(result) = 1;
    return 0;
  });
  auto* f = as_function<int()>(callback);
  EXPECT_EQ(f(), 1);
  callbacks.free(callback);
  EXPECT_EQ(f(), 0);
  ASSERT_EQ(reports.size(), 1U);
  EXPECT_EQ(reports[0], "the callback 'test' was called after it had been freed");
}

TEST_P(CallbackTest, ARunningCallbackOutlivesItsFreeing) {
  struct Scene {
    CallbackTest* test;
    Descriptor* self;
  } scene{this, nullptr};
  const int fallback = 99;
  scene.self = make(
      "int f(void)",
      [](void* data, void* const*, void*) {
        auto& s = *static_cast<Scene*>(data);
        s.test->callbacks.free(s.self);
        // As many others as quarantine holds, and more: all but the running one are used again.
        for (std::size_t k = 0; k < 3 * (kQuarantine + kBatch); ++k) {
          auto other =
              s.test->callbacks.make(s.test->entry_of(*s.test->codes[0]), *s.test->codes[0],
                                     {.name = "other", .handler = [](void*, void* const*, void*) { return 0; }});
          EXPECT_TRUE(other.ok());
          EXPECT_NE(*other, s.self);
          s.test->callbacks.free(*other);
          s.test->machines.clear();
        }
        return 1;  // fails: the default is still its own
      },
      &scene, std::as_bytes(std::span(&fallback, 1)));
  auto keep = std::move(machines);
  EXPECT_EQ(as_function<int()>(scene.self)(), 99);
  ASSERT_EQ(this_thread().failures.size(), 1U);
  EXPECT_EQ(this_thread().failures[0].callback, "test");
  this_thread().failures.clear();
  machines = std::move(keep);
}

TEST_P(CallbackTest, NestsDeeply) {
  struct Scene {
    int (*f)(int);
  } scene{nullptr};
  auto* callback = make(
      "int f(int)",
      [](void* data, void* const* a, void* result) {
        const int depth = argument<int>(a, 0);
        *static_cast<int*>(result) = depth == 0 ? 0 : 1 + static_cast<Scene*>(data)->f(depth - 1);
        return 0;
      },
      &scene);
  scene.f = as_function<int(int)>(callback);
  EXPECT_EQ(scene.f(1000), 1000);
  EXPECT_TRUE(running_callbacks().empty());
}

TEST_P(CallbackTest, ManyThreadsCallOne) {
  auto* callback = make("long f(long)", [](void*, void* const* a, void* result) {
    *static_cast<long*>(result) = argument<long>(a, 0) * 2;
    return 0;
  });
  auto* f = as_function<long(long)>(callback);
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  for (long t = 0; t < 16; ++t) {
    threads.emplace_back([&, t] {
      for (long k = 0; k < 2000; ++k) wrong += f(t * k) != 2 * t * k;
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

TEST_P(CallbackTest, NoMemoryIsWritableAndExecutable) {
  make("int f(int)", [](void*, void* const*, void*) { return 0; });
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    EXPECT_EQ(line.find("rwx"), std::string::npos) << line;
  }
}

TEST_P(CallbackTest, ManyCanLive) {
  auto* first = make("int f(int)", [](void*, void* const*, void*) { return 0; });
  const auto& code = *codes[0];
  const void* entry = first == nullptr ? nullptr : entry_of(code);
  std::vector<Descriptor*> all;
  for (int k = 0; k < 20000; ++k) {
    auto made = callbacks.make(entry, code,
                               {.name = "many",
                                .handler =
                                    [](void* data, void* const*, void* result) {
                                      *static_cast<int*>(result) = *static_cast<int*>(data);
                                      return 0;
                                    },
                                .data = &k});
    ASSERT_TRUE(made.ok());
    EXPECT_EQ(as_function<int(int)>(*made)(0), k);
    all.push_back(*made);
  }
  EXPECT_EQ(callbacks.live(), 20001U);
  for (Descriptor* callback : all) callbacks.free(callback);
  EXPECT_EQ(callbacks.live(), 1U);
  EXPECT_LT(callbacks.resting(), kQuarantine + kBatch);
}

INSTANTIATE_TEST_SUITE_P(Executors, CallbackTest, testing::Bool(),
                         [](const auto& executor) { return executor.param ? "MachineCode" : "Interpreter"; });

}  // namespace
}  // namespace pinion::callback
