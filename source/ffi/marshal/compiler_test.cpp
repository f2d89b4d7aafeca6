// What the compiler makes of signatures: one listing each, written down by hand from the specifications (psABI 3.2.3;
// Microsoft Learn "x64 calling convention") and the table of instruction.hpp.
#include "ffi/marshal/compiler.hpp"

#include <gtest/gtest.h>

#include "ffi/marshal/test_support.hpp"

namespace pinion::marshal {
namespace {

using testing::code_of;
using testing::compiled;
using testing::Convention;
using testing::layout_of;
using testing::words_code_of;

struct Golden {
  const char* name;
  const char* declarations;
  Convention convention;
  bool words;  // the plan: words, or addresses
  bool errno_too;
  const char* listing;  // begins with a line end, for the eye
};

const Golden kGoldens[] = {
    {"NoArguments", "void f(void);", Convention::SysV, false, false, R"(
call          target
return
)"},
    {"NarrowIntegers", "long f(signed char, unsigned char, short, unsigned short, int, unsigned);", Convention::SysV,
     false, false, R"(
gpr.i8        rdi <- *(arg 0)
gpr.u8        rsi <- *(arg 1)
gpr.i16       rdx <- *(arg 2)
gpr.u16       rcx <- *(arg 3)
gpr.i32       r8 <- *(arg 4)
gpr.u32       r9 <- *(arg 5)
call          target
result.64     result+0 <- rax
return
)"},
    {"NarrowIntegersInWords", "long f(signed char, unsigned char, short, unsigned short, int, unsigned);",
     Convention::SysV, true, false, R"(
gpr.i8        rdi <- arg 0
gpr.u8        rsi <- arg 1
gpr.i16       rdx <- arg 2
gpr.u16       rcx <- arg 3
gpr.i32       r8 <- arg 4
gpr.u32       r9 <- arg 5
call          target
result.64     result word <- rax
return
)"},
    {"TruthFloatsAndPointers", "_Bool f(_Bool, float, double, void *, long);", Convention::SysV, true, false, R"(
xmm.4         xmm0 <- arg 1
xmm.8         xmm1 <- arg 2
gpr.bool      rdi <- arg 0
gpr.64        rsi <- arg 3
gpr.64        rdx <- arg 4
call          target
result.bool   result word <- rax
return
)"},
    {"EveryRowOfTheStack",
     "void f(long,long,long,long,long,long, signed char, unsigned char, short, unsigned short, int, unsigned, long, "
     "_Bool, float);",
     Convention::SysV, false, false, R"(
stack.i8      [rsp] <- *(arg 6)
stack.u8      [rsp+8] <- *(arg 7)
stack.i16     [rsp+16] <- *(arg 8)
stack.u16     [rsp+24] <- *(arg 9)
stack.i32     [rsp+32] <- *(arg 10)
stack.u32     [rsp+40] <- *(arg 11)
stack.64      [rsp+48] <- *(arg 12)
stack.bool    [rsp+56] <- *(arg 13)
xmm.4         xmm0 <- *(arg 14)
gpr.64        rdi <- *(arg 0)
gpr.64        rsi <- *(arg 1)
gpr.64        rdx <- *(arg 2)
gpr.64        rcx <- *(arg 3)
gpr.64        r8 <- *(arg 4)
gpr.64        r9 <- *(arg 5)
call          target
return
)"},
    {"ThreeBytes", "struct s{char c[3];}; struct s f(struct s);", Convention::SysV, false, false, R"(
gpr.3         rdi <- *(arg 0)
call          target
result.3      result+0 <- rax
return
)"},
    {"ThreeBytesInAWord", "struct s{char c[3];}; struct s f(struct s);", Convention::SysV, true, false, R"(
gpr.3         rdi <- arg 0
call          target
result.3      result word <- rax
return
)"},
    {"FiveSixAndSevenBytes",
     "struct s{char c[5];}; struct t{char c[6];}; struct u{char c[7];}; struct u f(struct s, struct t, struct u);",
     Convention::SysV, false, false, R"(
gpr.5         rdi <- *(arg 0)
gpr.6         rsi <- *(arg 1)
gpr.7         rdx <- *(arg 2)
call          target
result.7      result+0 <- rax
return
)"},
    {"ThirteenBytes", "struct s{char c[13];}; struct s f(struct s);", Convention::SysV, false, false, R"(
gpr.64        rdi <- *(arg 0)
gpr.5         rsi <- *(arg 0)+8
call          target
result.64     result+0 <- rax
result.5      result+8 <- rdx
return
)"},
    {"DoubleAndInt", "struct s{double d; int i;}; struct s f(struct s);", Convention::SysV, false, false, R"(
xmm.8         xmm0 <- *(arg 0)
gpr.64        rdi <- *(arg 0)+8
call          target
result.xmm.8  result+0 <- xmm0
result.64     result+8 <- rax
return
)"},
    {"ThreeFloats", "struct s{float x,y,z;}; struct s f(struct s, int);", Convention::SysV, true, false, R"(
xmm.8         xmm0 <- *(arg 0)
xmm.4         xmm1 <- *(arg 0)+8
gpr.i32       rdi <- arg 1
call          target
result.xmm.8  result+0 <- xmm0
result.xmm.4  result+8 <- xmm1
return
)"},
    {"TwentyFourBytesInAndOut", "struct s{long a,b,c;}; struct s f(struct s, int);", Convention::SysV, false, false, R"(
stack.copy    [rsp] <- *(arg 0), 24 bytes
gpr.i32       rsi <- *(arg 1)
gpr.result    rdi <- &result
call          target
return
)"},
    {"TwentyFourBytesInAndOutMicrosoft", "struct s{long a,b,c;}; struct s f(struct s, int);", Convention::Microsoft,
     false, false, R"(
frame.copy    frame[0] <- *(arg 0), 24 bytes
gpr.address   rdx <- &frame[0]
gpr.i32       r8 <- *(arg 1)
gpr.result    rcx <- &result
call          target
return
)"},
    {"StructsMicrosoft",
     "struct s{char c[3];}; struct t{int a, b;}; struct t f(struct s, struct t, double, int, struct s, float);",
     Convention::Microsoft, false, false, R"(
frame.copy    frame[0] <- *(arg 0), 3 bytes
frame.copy    frame[16] <- *(arg 4), 3 bytes
stack.address [rsp+32] <- &frame[16]
stack.u32     [rsp+40] <- *(arg 5)
xmm.8         xmm2 <- *(arg 2)
gpr.address   rcx <- &frame[0]
gpr.64        rdx <- *(arg 1)
gpr.i32       r9 <- *(arg 3)
call          target
result.64     result+0 <- rax
return
)"},
    {"LongDouble", "long double f(long double, int);", Convention::SysV, false, false, R"(
stack.copy    [rsp] <- *(arg 0), 16 bytes
gpr.i32       rdi <- *(arg 1)
call          target, 1 x87 result
result.x87    result+0 <- st0
return
)"},
    {"LongDoubleMicrosoft", "long double f(long double, int);", Convention::Microsoft, false, false, R"(
frame.copy    frame[0] <- *(arg 0), 16 bytes
gpr.address   rdx <- &frame[0]
gpr.i32       r8 <- *(arg 1)
gpr.result    rcx <- &result
call          target
return
)"},
    {"Complex", "_Complex double f(_Complex float, _Complex double);", Convention::SysV, false, false, R"(
xmm.8         xmm0 <- *(arg 0)
xmm.8         xmm1 <- *(arg 1)
xmm.8         xmm2 <- *(arg 1)+8
call          target
result.xmm.8  result+0 <- xmm0
result.xmm.8  result+8 <- xmm1
return
)"},
    {"ComplexLongDouble", "_Complex long double f(_Complex long double);", Convention::SysV, false, false, R"(
stack.copy    [rsp] <- *(arg 0), 32 bytes
call          target, 2 x87 results
result.x87    result+0 <- st0
result.x87    result+16 <- st1
return
)"},
    {"ComplexFloatInAWord", "_Complex float f(_Complex float);", Convention::SysV, true, false, R"(
xmm.8         xmm0 <- arg 0
call          target
result.xmm.8  result word <- xmm0
return
)"},
    {"Int128", "__int128 f(__int128, char);", Convention::SysV, false, false, R"(
gpr.64        rdi <- *(arg 0)
gpr.64        rsi <- *(arg 0)+8
gpr.i8        rdx <- *(arg 1)
call          target
result.64     result+0 <- rax
result.64     result+8 <- rdx
return
)"},
    {"Errno", "int f(int);", Convention::SysV, false, true, R"(
errno.in
gpr.i32       rdi <- *(arg 0)
call          target
result.i32    result+0 <- rax
errno.out
return
)"},
    {"ErrnoAfterCopies", "struct s{long a,b,c;}; int f(struct s);", Convention::Microsoft, false, true, R"(
frame.copy    frame[0] <- *(arg 0), 24 bytes
errno.in
gpr.address   rcx <- &frame[0]
call          target
result.i32    result+0 <- rax
errno.out
return
)"},
};

class Listings : public ::testing::TestWithParam<Golden> {};

TEST_P(Listings, AreAsWrittenDown) {
  const Golden& golden = GetParam();
  const Code code = golden.words ? words_code_of(golden.declarations, golden.convention, golden.errno_too)
                                 : code_of(golden.declarations, golden.convention, golden.errno_too);
  EXPECT_EQ("\n" + to_string(code), golden.listing) << golden.declarations;
}

INSTANTIATE_TEST_SUITE_P(Compiler, Listings, ::testing::ValuesIn(kGoldens),
                         [](const auto& test) { return std::string(test.param.name); });

std::string printf_listing(Convention convention) {
  const auto layout = std::make_shared<const abi::CallLayout>(
      abi::testing::variadic_layout("int printf(const char*, ...);", "void g(int, double, long double);", convention));
  return "\n" + to_string(compiled(layout, plan_for_addresses(*layout, false)));
}

TEST(Variadic, SystemVSetsAl) {
  EXPECT_EQ(printf_listing(Convention::SysV), R"(
stack.copy    [rsp] <- *(arg 3), 16 bytes
xmm.8         xmm0 <- *(arg 2)
gpr.64        rdi <- *(arg 0)
gpr.i32       rsi <- *(arg 1)
vector.count  al <- 1
call          target
result.i32    result+0 <- rax
return
)");
}

TEST(Variadic, MicrosoftPassesDoublesTwice) {
  EXPECT_EQ(printf_listing(Convention::Microsoft), R"(
frame.copy    frame[0] <- *(arg 3), 16 bytes
xmm.8         xmm2 <- *(arg 2)
gpr.64        rcx <- *(arg 0)
gpr.i32       rdx <- *(arg 1)
gpr.64        r8 <- *(arg 2)
gpr.address   r9 <- &frame[0]
call          target
result.i32    result+0 <- rax
return
)");
}

TEST(Header, SaysWhatTheCallNeeds) {
  const Code simple = code_of("int f(int);");
  EXPECT_EQ(simple.stack_size, 0U);
  EXPECT_EQ(simple.frame_size, 0U);
  EXPECT_EQ(simple.alignment, 16U);
  EXPECT_EQ(simple.variant, CallVariant::Integers);
  EXPECT_FALSE(simple.uses_errno);
  EXPECT_FALSE(simple.can_fail);
  EXPECT_EQ(code_of("float f(void);").variant, CallVariant::Vectors);
  EXPECT_EQ(code_of("typedef float v __attribute__((vector_size(16))); void f(v);").variant, CallVariant::General);

  const Code aligned = code_of("struct s { _Alignas(64) char c[65]; }; void f(struct s, int);");
  EXPECT_EQ(aligned.stack_size, 128U);
  EXPECT_EQ(aligned.alignment, 64U);
  EXPECT_EQ(aligned.variant, CallVariant::General);

  const Code copies = code_of("struct s { char c[3]; }; int f(struct s, struct s);", Convention::Microsoft, true);
  EXPECT_EQ(copies.stack_size, 32U) << "the home area";
  EXPECT_EQ(copies.frame_size, 32U) << "two copies, each 16-aligned (MS08)";
  EXPECT_TRUE(copies.uses_errno);
}

TEST(TaggedPlan, NamesALiteralForEachObject) {
  const auto layout = layout_of("struct s { long a, b, c; }; double f(int, struct s, double);");
  Plan plan;
  plan.arguments = {{Source::Tagged, {1}}, {Source::Frame, {2}}, {Source::Tagged, {3}}};
  plan.result = Destination::Tagged;
  plan.result_literal = {3};
  plan.capture_errno = true;
  const Code code = compiled(layout, plan);
  EXPECT_EQ("\n" + to_string(code), R"(
coerce        frame[0] <- object arg 1, literal 0
errno.in
stack.copy    [rsp] <- frame[0] = arg 1, 24 bytes
xmm.8         xmm0 <- object arg 2, literal 1
gpr.i32       rdi <- object arg 0, literal 2
call          target
result.xmm.8  result object, literal 1 <- xmm0
errno.out
return
)");
  EXPECT_EQ(code.literals, (std::vector<Literal>{{2}, {3}, {1}})) << "a literal used twice is there once";
  EXPECT_TRUE(code.can_fail);
}

TEST(TaggedPlan, BoxesFromFrameStorage) {
  const auto layout = layout_of("struct s { long a, b, c; }; struct s f(struct s);");
  Plan plan;
  plan.arguments = {{Source::Frame, {1}}};
  plan.result = Destination::Frame;
  plan.result_literal = {2};
  EXPECT_EQ("\n" + to_string(compiled(layout, plan)), R"(
coerce        frame[0] <- object arg 0, literal 0
stack.copy    [rsp] <- frame[0] = arg 0, 24 bytes
gpr.address   rdi <- &frame[24]
call          target
box           result object <- frame[24], literal 1
return
)");
}

std::string refusal(std::string_view declarations, const Plan& plan, Convention convention = Convention::SysV) {
  const Result<Code> code = compile(layout_of(declarations, convention), plan);
  return code ? "compiled" : code.error().message;
}

TEST(PlansThatDoNotFit, AreRefused) {
  EXPECT_EQ(refusal("void f(int, int);", {}), "the plan converts 0 arguments, the call has 2");
  const std::string one_word =
      "the plan wants the result in one word, which only a result of 8 bytes at most in one register fits";
  for (const Destination to : {Destination::Word, Destination::Tagged}) {
    EXPECT_EQ(refusal("struct s { long a, b, c; }; struct s f(void);", {.result = to}), one_word);
    EXPECT_EQ(refusal("__int128 f(void);", {.result = to}), one_word);
    EXPECT_EQ(refusal("void f(void);", {.result = to}), one_word);
  }
  Plan tagged;
  tagged.arguments = {{Source::Tagged, {}}};
  EXPECT_EQ(refusal("struct s { long a, b; }; void f(struct s);", tagged),
            "marshaling code refused: instruction 0 gpr.64        rdi <- object arg 0, literal 0: only a whole scalar "
            "can be taken from a tagged object");
  EXPECT_EQ(refusal("struct s { char c[3]; }; void f(struct s);", tagged, Convention::Microsoft),
            "marshaling code refused: instruction 0 frame.copy    frame[0] <- object arg 0, literal 3, 3 bytes: only a "
            "whole scalar can be taken from a tagged object");
}

// The layout has a limit of its own; frame storage comes on top.
TEST(StackBudget, CountsConvertedArgumentsTwice) {
  Plan plan;
  plan.arguments = {{Source::Frame, {}}};
  EXPECT_EQ(refusal("struct s { char c[600000]; }; void f(struct s);", plan),
            "the call needs 1200000 bytes of stack, more than the 1048576 that a call may use");
}

TEST(StackBudget, CountsWhatAlignmentCosts) {
  const char* text = "struct s { _Alignas(524288) char c; }; struct s f(void);";
  EXPECT_EQ(refusal(text, {.result = Destination::Frame}), "compiled");
  const char* twice = "struct s { _Alignas(524288) char c; }; struct s f(int, struct s);";
  EXPECT_EQ(refusal(twice, {.arguments = {{}, {}}, .result = Destination::Frame}),
            "the call needs 1572848 bytes of stack, more than the 1048576 that a call may use");
}

}  // namespace
}  // namespace pinion::marshal
