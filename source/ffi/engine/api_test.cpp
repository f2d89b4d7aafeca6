// The public API as its users see it, in C++; tests/install has a C program.
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <thread>
#include <vector>

#include "pinion/pinion.hpp"

namespace {

struct Api : testing::Test {
  pinion::engine engine;
  pinion::library libm = pinion::library::open("libm.so.6").value();
  pinion::library libc = pinion::library::open("libc.so.6").value();
  pn_error why{};

  pn_signature* compile(const char* text, const pn_signature_options& options = {}) {
    auto declared = pinion::declarations::parse(engine, text);
    EXPECT_TRUE(declared) << declared.why().what();
    pn_signature* signature = pn_signature_new(engine.get(), declared.value().last_function().type, &options, &why);
    EXPECT_NE(signature, nullptr) << why.message;
    return signature;
  }
};

TEST_F(Api, LoadAndCall) {
  pn_function* pow = pn_load(engine.get(), libm.get(), "double pow(double, double)", &why);
  ASSERT_NE(pow, nullptr) << why.message;
  double x = 2, y = 10, result = 0;
  void* arguments[] = {&x, &y};
  pn_call(pow, &result, arguments);
  EXPECT_EQ(result, 1024);
  pn_function_free(pow);
}

TEST_F(Api, TypedFunctions) {
  auto pow = pinion::function<double(double, double)>::load(engine, libm, "double pow(double x, double y);").value();
  EXPECT_EQ(pow(2, 10), 1024);
  EXPECT_NE(pn_function_direct(pow.get()), nullptr);
  auto length = pinion::function<std::size_t(const char*)>::load(engine, libc, "size_t strlen(const char *)").value();
  EXPECT_EQ(length("pinion"), 6U);
  struct Division {
    int quotient, remainder;
  };
  auto divide = pinion::function<Division(int, int)>::load(
                    engine, libc, "typedef struct { int quot, rem; } div_t; div_t div(int, int);")
                    .value();
  EXPECT_EQ(divide(17, 5).quotient, 3);
  EXPECT_EQ(divide(17, 5).remainder, 2);
}

TEST_F(Api, TypedVariadicFunction) {
  auto print = pinion::function<int(char*, std::size_t, const char*, int, double)>::load(
                   engine, libc, "int snprintf(char *, size_t, const char *, ...)")
                   .value();
  char text[32];
  EXPECT_EQ(print(text, sizeof text, "%d %.2f", 7, 2.5), 6);
  EXPECT_STREQ(text, "7 2.50");
}

TEST_F(Api, TypedFunctionsAreCheckedAgainstTheDeclaration) {
  auto wrong = pinion::function<float(double, double)>::load(engine, libm, "double pow(double, double)");
  ASSERT_FALSE(wrong);
  EXPECT_NE(std::string(wrong.why().what()).find("the result of 'pow' is 'double' in C"), std::string::npos)
      << wrong.why().what();
  auto few = pinion::function<double(double)>::load(engine, libm, "double pow(double, double)");
  ASSERT_FALSE(few);
  EXPECT_STREQ(few.why().what(), "'pow' takes 2 arguments, the C++ type has 1");
  auto sign = pinion::function<double(double, unsigned)>::load(engine, libm, "double ldexp(double, int)");
  ASSERT_FALSE(sign);
  EXPECT_NE(std::string(sign.why().what()).find("argument 2 of 'ldexp' is 'int'"), std::string::npos);
}

TEST_F(Api, TypedFunctionsWorkInterpreted) {
  pinion::engine interpreting(
      {.model = PN_LP64, .no_machine_code = 1, .perf_map = 0, .report = nullptr, .report_data = nullptr});
  EXPECT_STREQ(interpreting.interprets(), "machine code is turned off");
  auto pow = pinion::function<double(double, double)>::load(interpreting, libm, "double pow(double, double)").value();
  EXPECT_EQ(pn_function_direct(pow.get()), nullptr);
  EXPECT_EQ(pow(3, 2), 9);
}

TEST_F(Api, Words) {
  pn_signature* signature = compile("int toupper(int)", {.slots = PN_WORDS});
  pn_function* upper = pn_function_new(signature, pn_library_symbol(libc.get(), "toupper", &why), &why);
  pn_signature_free(signature);  // the function keeps what it needs
  const std::uint64_t word = 'q';
  std::uint64_t result = ~0ULL;
  pn_call_words(upper, &result, &word);
  EXPECT_EQ(result, std::uint64_t{'Q'});
  pn_function_free(upper);
}

TEST_F(Api, ErrnoIsTheCallsOwn) {
  pn_signature* signature = compile("int close(int)", {.capture_errno = 1});
  pn_function* close = pn_function_new(signature, pn_library_symbol(libc.get(), "close", &why), &why);
  pn_signature_free(signature);
  int descriptor = -1, result = 0;
  void* arguments[] = {&descriptor};
  pn_call_state state{.error_number = 0, .reserved = nullptr};
  pn_call_errno(close, &result, arguments, &state);
  errno = 0;
  EXPECT_EQ(result, -1);
  EXPECT_EQ(state.error_number, EBADF);
  pn_function_free(close);
}

TEST_F(Api, EqualSignaturesAreCompiledOnce) {
  pn_signature* first = compile("int f(struct { double x, y; } p, char *s)");
  pn_signature* second = compile("int g(struct { double a, b; } q, void *s)");
  std::size_t size = 0;
  const void* code = pn_signature_machine_code(first, &size);
  EXPECT_NE(code, nullptr);
  EXPECT_EQ(pn_signature_machine_code(second, &size), code) << "the same placement shares its machine code";
  pn_signature_free(first);
  pn_signature_free(second);
}

TEST_F(Api, MicrosoftFunctionsAreCalledNatively) {
  struct Local {
    __attribute__((ms_abi)) static double mix(int a, double b, long c, float d, int e, double f) {
      return a + 10 * b + 100 * static_cast<double>(c) + 1000 * static_cast<double>(d) + 10000 * e + 100000 * f;
    }
  };
  auto declared =
      pinion::declarations::parse(engine, "double mix(int, double, long, float, int, double) __attribute__((ms_abi))");
  auto mix = pinion::function<double(int, double, long, float, int, double)>::bind(
                 engine, declared.value().last_function().type, reinterpret_cast<void*>(&Local::mix))
                 .value();
  EXPECT_EQ(mix(1, 2, 3, 4, 5, 6), 654321);
  EXPECT_EQ(pn_function_direct(mix.get()), nullptr);
}

TEST_F(Api, CallbacksSort) {
  auto declared = pinion::declarations::parse(engine, "int compare(const int *, const int *)").value();
  const auto compare = [](void* data, void* const* arguments, void* result) {
    ++*static_cast<int*>(data);
    const int a = **static_cast<const int*const*>(arguments[0]), b = **static_cast<const int*const*>(arguments[1]);
    *static_cast<int*>(result) = a < b ? -1 : a > b;
    return 0;
  };
  int calls = 0;
  pn_callback* callback = pn_callback_new(engine.get(), declared.last_function().type, compare, &calls, nullptr, &why);
  ASSERT_NE(callback, nullptr) << why.message;
  auto sort = pinion::function<void(void*, std::size_t, std::size_t, const void*)>::load(
                  engine, libc, "void qsort(void *, size_t, size_t, int (*)(const void *, const void *))")
                  .value();
  int numbers[] = {5, 3, 9, 1, 7};
  sort(numbers, 5, sizeof(int), pn_callback_address(callback));
  EXPECT_TRUE(std::is_sorted(std::begin(numbers), std::end(numbers)));
  EXPECT_GE(calls, 4);
  pn_callback_free(callback);
}

TEST_F(Api, AFailureInACallbackIsKeptForTheHost) {
  auto declared = pinion::declarations::parse(engine, "int f(void)").value();
  const int fallback = 5;
  pn_callback_options options{};
  options.name = "fails";
  options.default_result = &fallback;
  pn_callback* callback = pn_callback_new(
      engine.get(), declared.last_function().type, [](void*, void* const*, void*) { return 42; }, nullptr, &options,
      &why);
  ASSERT_NE(callback, nullptr) << why.message;
  EXPECT_EQ(reinterpret_cast<int (*)()>(const_cast<void*>(pn_callback_address(callback)))(), 5);
  pn_failure failure{};
  ASSERT_EQ(pn_take_failure(&failure), 1);
  EXPECT_STREQ(failure.callback, "fails");
  EXPECT_EQ(failure.status, 42);
  EXPECT_EQ(pn_take_failure(&failure), 0);
  pn_callback_free(callback);
}

TEST_F(Api, ErrorsSayWhatAndWhere) {
  EXPECT_EQ(pn_parse(engine.get(), "double pow(doble x)", &why), nullptr);
  EXPECT_EQ(why.line, 1U);
  EXPECT_EQ(why.column, 12U);
  EXPECT_NE(std::strstr(why.message, "doble"), nullptr);
  EXPECT_EQ(pn_load(engine.get(), libm.get(), "double powr(double, double)", &why), nullptr);
  EXPECT_NE(std::strstr(why.message, "powr"), nullptr);
  EXPECT_EQ(pn_load(engine.get(), libm.get(), "int x;", &why), nullptr);
  EXPECT_STREQ(why.message, "the declarations declare no function");
  const pn_type* number = pn_type_parse(engine.get(), nullptr, "int", &why);
  EXPECT_EQ(pn_signature_new(engine.get(), number, nullptr, &why), nullptr);
  EXPECT_STREQ(why.message, "a signature is made of a function type, not of 'int'");
  EXPECT_EQ(pn_library_open("no-such-library", nullptr), nullptr) << "a null pn_error is allowed";
}

TEST_F(Api, Inspection) {
  auto declared =
      pinion::declarations::parse(
          engine, "enum { LIMIT = 1 << 5 }; struct point { double x; int flags : 3; }; struct point origin(void);")
          .value();
  std::int64_t limit = 0;
  EXPECT_EQ(pn_constant(declared.get(), "LIMIT", &limit), 1);
  EXPECT_EQ(limit, 32);
  const pn_type* point = pn_type_target(declared.last_function().type);
  EXPECT_EQ(pn_type_kind(point), PN_STRUCT);
  EXPECT_EQ(pn_type_size(point), 16U);
  ASSERT_EQ(pn_type_count(point), 2U);
  pn_member member{};
  ASSERT_EQ(pn_type_member(point, 1, &member), 1);
  EXPECT_STREQ(member.name, "flags");
  EXPECT_EQ(member.bit_position, 64U);
  EXPECT_EQ(member.bit_width, 3U);
  char text[8];
  EXPECT_EQ(pn_type_to_c(point, nullptr, text, sizeof text), std::strlen("struct point"));
  EXPECT_STREQ(text, "struct ");
}

TEST_F(Api, ManyThreadsCompileAndCall) {
  std::vector<std::thread> threads;
  std::atomic<int> wrong = 0;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (int round = 0; round < 50; ++round) {
        // A few shared signatures and some of each thread's own.
        const std::string text = "struct s" + std::to_string(round % 5 + (round % 2) * 10 * t) + " { long a[" +
                                 std::to_string(round % 3 + 1) + "]; }; long labs(long);";
        pn_function* function = pn_load(engine.get(), libc.get(), text.c_str(), nullptr);
        long argument = -round, result = 0;
        void* arguments[] = {&argument};
        pn_call(function, &result, arguments);
        if (result != round) ++wrong;
        pn_function_free(function);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

}  // namespace
