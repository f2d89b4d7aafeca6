#include "ffi/marshal/varargs.hpp"

#include <gtest/gtest.h>

#include "ffi/ctype/parser.hpp"

namespace pinion::marshal {
namespace {

// A call as it would have arrived: registers and stack hold their own numbers.
struct VarargsTest : testing::Test {
  ctype::TypeTable types{ctype::DataModel::Lp64};
  abi::CallLayout named;
  std::uint64_t stack[8] = {100, 101, 102, 103, 104, 105, 106, 107};
  Varargs varargs{};

  // The parameters of the last function declared.
  std::span<const ctype::Parameter> parameters(const char* declaration) {
    ctype::Declarations declared;
    const auto parsed = ctype::parse_into(types, declaration, declared);
    EXPECT_TRUE(parsed.ok()) << parsed.error().message;
    function = declared.last_function()->type;
    return function->parameters;
  }

  void arrive(const char* declaration, abi::Convention convention) {
    parameters(declaration);
    auto layout = abi::lay_out_call(*function, convention, {});
    ASSERT_TRUE(layout.ok()) << layout.error().message;
    named = *std::move(layout);
    for (std::uint64_t k = 0; k < 6; ++k) varargs.gpr[k] = k;
    varargs.stack = reinterpret_cast<const std::byte*>(stack);
    varargs.layout = &named;
  }

  std::uint64_t next(const ctype::Type& type) {
    std::uint64_t value = 0;
    const Status taken = next_argument(varargs, type, {}, &value);
    EXPECT_TRUE(taken.ok()) << taken.error().message;
    return value;
  }

  const ctype::Type* function = nullptr;
};

// gcc passes padding in a register while there is one, and not at all when it would be on the stack (AB06).
TEST_F(VarargsTest, PaddingIsNotOnTheStack) {
  const ctype::Type& padding = *parameters("void g(struct padding { int : 32; });")[0].type;
  const ctype::Type& integer = *types.scalar(ctype::Scalar::ULong);
  arrive("void f(long, long, long, long, ...);", abi::Convention::SysV);
  next(padding);
  EXPECT_EQ(next(integer), 5U);
  next(padding);
  EXPECT_EQ(next(integer), 100U);
}

TEST_F(VarargsTest, NamedPaddingOnTheStackIsNoPosition) {
  const ctype::Type& integer = *types.scalar(ctype::Scalar::ULong);
  arrive("void f(long, long, long, long, struct padding { int : 32; }, ...);", abi::Convention::Microsoft);
  EXPECT_EQ(next(integer), 104U);  // after four homes
}

}  // namespace
}  // namespace pinion::marshal
