// The whole way from C text to a call in the interpreter, for slots that hold words.
#include "ffi/marshal/interpreter.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <cmath>
#include <cstdarg>
#include <cstdint>
#include <cstring>

#include "ffi/marshal/test_support.hpp"

namespace pinion::marshal {
namespace {

using testing::Convention;
using testing::words_code_of;

template <class F>
const void* address(F* function) {
  return reinterpret_cast<const void*>(function);
}

// A result of one word.
std::uint64_t call(const Code& code, const void* target, std::vector<std::uint64_t> slots) {
  slots.push_back(0);
  const Callable callable{interpreter_for(code), target, &code, nullptr};
  std::uint64_t result = 0x5C5C5C5C5C5C5C5C;
  callable.invoke(&callable, &result, slots.data(), nullptr);
  return result;
}
std::uint64_t call(const char* declarations, const void* target, std::vector<std::uint64_t> slots) {
  return call(words_code_of(declarations), target, std::move(slots));
}

// The low bytes of a word whose others are none of the callee's business.
template <class T>
std::uint64_t word(T value) {
  std::uint64_t bits = 0xD1D1D1D1D1D1D1D1;
  std::memcpy(&bits, &value, sizeof value);
  return bits;
}
template <class T>
T value_of(std::uint64_t bits) {
  T value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

// Narrow results with everything above them set: only the type says what the word becomes.
std::uint64_t dirty() {
  return 0xA5A5A5A5A5A5A581;
}
std::uint64_t zero_byte() {
  return 0xA5A5A5A5A5A5A500;
}

TEST(Words, ResultsAreExtendedAsTheirTypeSays) {
  EXPECT_EQ(call("signed char f(void);", address(dirty), {}), 0xFFFFFFFFFFFFFF81);
  EXPECT_EQ(call("unsigned char f(void);", address(dirty), {}), 0x81U);
  EXPECT_EQ(call("short f(void);", address(dirty), {}), 0xFFFFFFFFFFFFA581);
  EXPECT_EQ(call("unsigned short f(void);", address(dirty), {}), 0xA581U);
  EXPECT_EQ(call("int f(void);", address(dirty), {}), 0xFFFFFFFFA5A5A581);
  EXPECT_EQ(call("unsigned f(void);", address(dirty), {}), 0xA5A5A581U);
  EXPECT_EQ(call("long f(void);", address(dirty), {}), 0xA5A5A5A5A5A5A581);
  EXPECT_EQ(call("_Bool f(void);", address(dirty), {}), 1U);
  EXPECT_EQ(call("_Bool f(void);", address(zero_byte), {}), 0U);
  EXPECT_EQ(call("struct s { char c; }; struct s f(void);", address(dirty), {}), 0x81U) << "not a truth value";
  EXPECT_EQ(call("struct s { char c[3]; }; struct s f(void);", address(dirty), {}), 0xA5A581U);
  EXPECT_EQ(call("struct s { char c[5]; }; struct s f(void);", address(dirty), {}), 0xA5A5A5A581U);
  EXPECT_EQ(call("struct s { char c[6]; }; struct s f(void);", address(dirty), {}), 0xA5A5A5A5A581U);
  EXPECT_EQ(call("struct s { char c[7]; }; struct s f(void);", address(dirty), {}), 0xA5A5A5A5A5A581U);
}

std::uint64_t echo(std::uint64_t x) {
  return x;
}
std::uint64_t seventh(long, long, long, long, long, long, std::uint64_t x) {
  return x;
}

// What the whole register or stack slot holds.
TEST(Words, ArgumentsAreExtendedInRegistersAndOnTheStack) {
  const struct {
    const char* type;
    std::uint64_t slot, arrives;
  } kCases[] = {{"signed char", word<signed char>(-2), 0xFFFFFFFFFFFFFFFE},
                {"unsigned char", word<unsigned char>(0xFE), 0xFE},
                {"short", word<short>(-2), 0xFFFFFFFFFFFFFFFE},
                {"unsigned short", word<unsigned short>(0xFFFE), 0xFFFE},
                {"int", word(-2), 0xFFFFFFFFFFFFFFFE},
                {"unsigned", word(0xFFFFFFFE), 0xFFFFFFFE},
                {"long", word(-2L), 0xFFFFFFFFFFFFFFFE},
                {"_Bool", word<unsigned char>(0), 0},
                {"_Bool", word<unsigned char>(1), 1},
                {"_Bool", word<unsigned char>(0x80), 1},
                {"enum { least = -1 }", word(-1), 0xFFFFFFFFFFFFFFFF}};
  for (const auto& test : kCases) {
    SCOPED_TRACE(test.type);
    const std::string type = test.type;
    EXPECT_EQ(call(("long f(" + type + ");").c_str(), address(echo), {test.slot}), test.arrives);
    EXPECT_EQ(call(("long f(long, long, long, long, long, long, " + type + ");").c_str(), address(seventh),
                   {1, 2, 3, 4, 5, 6, test.slot}),
              test.arrives);
  }
}

struct Three {
  unsigned char c[3];
};
struct Seven {
  unsigned char c[7];
};
struct Floats {
  float x, y;
};
Seven join(Three a, Seven b) {
  for (int i = 0; i < 3; ++i) b.c[i] = static_cast<unsigned char>(b.c[i] + a.c[i]);
  return b;
}
Floats swap(Floats f) {
  return {f.y, f.x};
}

TEST(Words, SmallStructsAreInTheirSlots) {
  const std::uint64_t joined =
      call("struct a { unsigned char c[3]; }; struct b { unsigned char c[7]; }; struct b f(struct a, struct b);",
           address(join), {word(Three{{1, 2, 3}}), word(Seven{{10, 20, 30, 40, 50, 60, 70}})});
  EXPECT_EQ(joined, 0x463C3228211600 + 11U);
  const auto swapped = value_of<Floats>(
      call("struct s { float x, y; }; struct s f(struct s);", address(swap), {word(Floats{1.5F, -2})}));
  EXPECT_EQ(swapped.x, -2);
  EXPECT_EQ(swapped.y, 1.5F);
}

float quarter(float x) {
  return x / 4;
}

TEST(Words, FloatsAreExtendedWithZeros) {
  EXPECT_EQ(call("float f(float);", address(quarter), {word(10.0F)}), value_of<std::uint32_t>(word(2.5F)));
  EXPECT_EQ(value_of<double>(call("double f(double, double);",
                                  address(static_cast<double (*)(double, double)>(std::pow)), {word(2.0), word(10.0)})),
            1024);
}

struct Large {
  long a, b, c;
};
Large shift(Large v, int by) {
  return {v.b + by, v.c + by, v.a + by};
}
__attribute__((ms_abi)) Large shift_ms(Large v, int by) {
  return {v.b + by, v.c + by, v.a + by};
}

TEST(Words, LargeValuesAreThroughTheirSlots) {
  for (const Convention convention : {Convention::SysV, Convention::Microsoft}) {
    const Code code = words_code_of("struct s { long a, b, c; }; struct s f(struct s, int);", convention);
    const Callable callable{interpreter_for(code), convention == Convention::SysV ? address(shift) : address(shift_ms),
                            &code, nullptr};
    const Large value = {1, 2, 3};
    const std::uint64_t slots[] = {reinterpret_cast<std::uint64_t>(&value), word(10)};
    Large result = {};
    callable.invoke(&callable, &result, slots, nullptr);
    EXPECT_EQ(result.a, 12);
    EXPECT_EQ(result.b, 13);
    EXPECT_EQ(result.c, 11);
    EXPECT_EQ(value.a, 1) << "the callee has a copy";
  }
}

__attribute__((ms_abi)) int byte_of(Three t, double d, Three u) {
  return t.c[0] + t.c[2] * u.c[1] + static_cast<int>(d);
}

TEST(Words, MicrosoftCopiesSmallStructsToo) {
  EXPECT_EQ(
      call(words_code_of("struct a { unsigned char c[3]; }; int f(struct a, double, struct a);", Convention::Microsoft),
           address(byte_of), {word(Three{{1, 2, 3}}), word(100.5), word(Three{{4, 5, 6}})}),
      116U);
}

long double cube(long double x) {
  return x * x * x;
}

TEST(Words, LongDoubles) {
  const Code code = words_code_of("long double f(long double);");
  const Callable callable{interpreter_for(code), address(cube), &code, nullptr};
  const long double three = 3;
  const std::uint64_t slots[] = {reinterpret_cast<std::uint64_t>(&three)};
  long double result = 0;
  callable.invoke(&callable, &result, slots, nullptr);
  EXPECT_EQ(result, 27);
}

double sum(int count, ...) {
  va_list arguments;
  va_start(arguments, count);
  double total = 0;
  for (int i = 0; i < count; ++i) total += va_arg(arguments, double) + va_arg(arguments, int);
  va_end(arguments);
  return total;
}

TEST(Words, VariadicCalls) {
  const auto layout = std::make_shared<const abi::CallLayout>(
      abi::testing::variadic_layout("double sum(int, ...);", "void g(double, int, double, int);", Convention::SysV));
  const Code code = testing::compiled(layout, plan_for_words(*layout, false));
  EXPECT_EQ(value_of<double>(call(code, address(sum), {word(2), word(1.5), word(-1), word(2.25), word(3)})), 5.75);
}

int calls = 0;
void count_call() {
  ++calls;
}

TEST(Words, NothingInNothingOut) {
  calls = 0;
  EXPECT_EQ(call("void f(void);", address(count_call), {}), 0x5C5C5C5C5C5C5C5C) << "the buffer is not touched";
  EXPECT_EQ(calls, 1);
}

}  // namespace
}  // namespace pinion::marshal
