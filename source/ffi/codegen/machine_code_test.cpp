#include "ffi/codegen/machine_code.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdarg>
#include <cstring>

#include "ffi/ctype/parser.hpp"
#include "ffi/marshal/compiler.hpp"
#include "ffi/marshal/interpreter.hpp"

namespace pinion::codegen {
namespace {

// Compiles one declaration for both executors.
struct Fixture : testing::Test {
  ctype::TypeTable types{ctype::DataModel::Lp64};
  CodeArena arena;

  std::shared_ptr<marshal::Code> compile(const char* declaration, bool words = false, bool capture_errno = false) {
    ctype::Declarations declarations;
    auto parsed = ctype::parse_into(types, declaration, declarations);
    EXPECT_TRUE(parsed.ok()) << parsed.error().message;
    auto layout = abi::lay_out_call(*declarations.last_function()->type, abi::Convention::SysV, {});
    EXPECT_TRUE(layout.ok()) << layout.error().message;
    auto shared = std::make_shared<const abi::CallLayout>(*std::move(layout));
    auto code = marshal::compile(shared, words ? marshal::plan_for_words(*shared, capture_errno)
                                               : marshal::plan_for_addresses(*shared, capture_errno));
    EXPECT_TRUE(code.ok()) << code.error().message;
    return std::make_shared<marshal::Code>(*std::move(code));
  }

  MachineCode assemble(const marshal::Code& code) {
    auto machine = codegen::assemble(arena, code);
    EXPECT_TRUE(machine.ok()) << machine.error().message;
    return *std::move(machine);
  }
};

template <class R, class... A>
std::pair<R, R> call_both(const marshal::Code& code, const MachineCode& machine, const void* target, A&... arguments) {
  const std::uint64_t slots[] = {reinterpret_cast<std::uint64_t>(&arguments)..., 0};
  R results[2];
  marshal::Callable callable{marshal::interpreter_for(code), target, &code, nullptr};
  callable.invoke(&callable, &results[0], slots, nullptr);
  callable.invoke = machine.invoke();
  callable.invoke(&callable, &results[1], slots, nullptr);
  return {results[0], results[1]};
}

int add(int a, int b) {
  return a + b;
}
double mixed(int a, double b, short c, float d) {
  return a + b * c - static_cast<double>(d);
}
long many(long a, long b, long c, long d, long e, long f, long g, int h, signed char i) {
  return a + 2 * b + 3 * c + 4 * d + 5 * e + 6 * f + 7 * g + 8 * h + 9 * i;
}
long double extended(long double a, int b) {
  return a * b;
}

TEST_F(Fixture, TwoInts) {
  auto code = compile("int add(int a, int b)");
  auto machine = assemble(*code);
  int a = 40, b = -82;
  EXPECT_EQ(call_both<int>(*code, machine, reinterpret_cast<void*>(add), a, b), std::pair(-42, -42));
}

TEST_F(Fixture, MixedScalars) {
  auto code = compile("double mixed(int, double, short, float)");
  auto machine = assemble(*code);
  int a = 1;
  double b = 2.5;
  short c = -3;
  float d = 0.5F;
  EXPECT_EQ(call_both<double>(*code, machine, reinterpret_cast<void*>(mixed), a, b, c, d), std::pair(-7.0, -7.0));
}

TEST_F(Fixture, ArgumentsOnTheStack) {
  auto code = compile("long many(long, long, long, long, long, long, long, int, signed char)");
  auto machine = assemble(*code);
  long v[7] = {1, 2, 3, 4, 5, 6, 7};
  int h = -8;
  signed char i = -9;
  const long expected = many(1, 2, 3, 4, 5, 6, 7, h, i);
  EXPECT_EQ(
      call_both<long>(*code, machine, reinterpret_cast<void*>(many), v[0], v[1], v[2], v[3], v[4], v[5], v[6], h, i),
      std::pair(expected, expected));
}

TEST_F(Fixture, LongDouble) {
  auto code = compile("long double extended(long double, int)");
  auto machine = assemble(*code);
  long double a = 1.5L;
  int b = 3;
  const auto both = call_both<long double>(*code, machine, reinterpret_cast<void*>(extended), a, b);
  EXPECT_EQ(both.first, 4.5L);
  EXPECT_EQ(both.second, 4.5L);
}

int fails(int with) {
  errno = with;
  return -1;
}

TEST_F(Fixture, ErrnoIsSetBeforeAndSavedAfterTheCall) {
  auto code = compile("int fails(int)", false, true);
  auto machine = assemble(*code);
  for (const marshal::Invoke invoke : {marshal::interpreter_for(*code), machine.invoke()}) {
    marshal::Callable callable{invoke, reinterpret_cast<void*>(fails), code.get(), nullptr};
    int with = ENOENT, result = 0;
    const std::uint64_t slots[] = {reinterpret_cast<std::uint64_t>(&with)};
    marshal::CallState state{.error_number = EINTR, .host = nullptr};
    invoke(&callable, &result, slots, &state);
    EXPECT_EQ(result, -1);
    EXPECT_EQ(state.error_number, ENOENT);
  }
}

TEST_F(Fixture, DirectEntryIsTheFunctionItself) {
  auto code = compile("double pow(double, double)");
  auto direct =
      assemble_direct(arena, *code, reinterpret_cast<void*>(static_cast<double (*)(double, double)>(std::pow)));
  ASSERT_TRUE(direct.ok());
  ASSERT_TRUE(static_cast<bool>(*direct));
  auto function = reinterpret_cast<double (*)(double, double)>(const_cast<void*>(direct->entry()));
  EXPECT_EQ(function(2, 10), 1024);
}

TEST_F(Fixture, FreedCodeIsReused) {
  auto code = compile("int add(int a, int b)");
  const void* first = assemble(*code).entry();
  EXPECT_EQ(arena.bytes_in_use(), 0U);
  EXPECT_EQ(assemble(*code).entry(), first);
}

void throws() {
  throw 42;
}

TEST_F(Fixture, ExceptionsOfCppCalleesPassThrough) {
  auto code = compile("void throws(void)", false, true);  // errno: so that there is a frame
  auto machine = assemble(*code);
  for (const marshal::Invoke invoke : {marshal::interpreter_for(*code), machine.invoke()}) {
    marshal::Callable callable{invoke, reinterpret_cast<void*>(throws), code.get(), nullptr};
    marshal::CallState state;
    EXPECT_THROW(invoke(&callable, nullptr, nullptr, &state), int);
  }
}

}  // namespace
}  // namespace pinion::codegen
