// What holds for both conventions: dispatch, limits, errors, printing.
#include "ffi/abi/call_layout.hpp"

#include "ffi/abi/classify.hpp"
#include "ffi/abi/test_support.hpp"

namespace pinion::abi::testing {
namespace {

TEST(CallLayout, AnAttributeChoosesTheConvention) {
  EXPECT_EQ(place("int f(int);", Convention::SysV), "rdi 0..3 sign -> rax 0..3 sign");
  EXPECT_EQ(place("int f(int);", Convention::Microsoft), "rcx 0..3 sign -> rax 0..3 sign");
  EXPECT_EQ(place("__attribute__((ms_abi)) int f(int);", Convention::SysV), "rcx 0..3 sign -> rax 0..3 sign");
  EXPECT_EQ(place("__attribute__((sysv_abi)) int f(int);", Convention::Microsoft), "rdi 0..3 sign -> rax 0..3 sign");
}

TEST(CallLayout, TypedefsAndQualifiersDoNotMatter) {
  EXPECT_EQ(layout_of("typedef const short S; typedef S U; void f(volatile U);", Convention::SysV),
            layout_of("void f(short);", Convention::SysV));
}

TEST(CallLayout, ManyArguments) {
  const auto function_of = [](unsigned count) {
    std::string text = "void f(";
    for (unsigned i = 0; i < count; ++i) text += i == 0 ? "long" : ", long";
    return text + ");";
  };
  const CallLayout sysv = layout_of(function_of(255), Convention::SysV);
  EXPECT_EQ(brief(sysv, sysv.arguments[254]), "[rsp+1984] 0..7");
  EXPECT_EQ(sysv.stack_size, 249U * 8 + 8);
  const CallLayout microsoft = layout_of(function_of(255), Convention::Microsoft);
  EXPECT_EQ(brief(microsoft, microsoft.arguments[254]), "[rsp+2032] 0..7");
  EXPECT_EQ(microsoft.stack_size, 255U * 8 + 8);
  EXPECT_EQ(place(function_of(256), Convention::SysV), "a call has at most 255 arguments, not 256");
}

TEST(CallLayout, LargeArguments) {
  EXPECT_EQ(place("struct s {char c[65536];}; void f(struct s, struct s);", Convention::SysV),
            "[rsp] 0..65535 | [rsp+65536] 0..65535 -> nothing");
  constexpr std::string_view kTooLarge = "struct s {char c[524289];}; void f(struct s, struct s);";
  EXPECT_EQ(place(kTooLarge, Convention::SysV),
            "the arguments of a call take at most 1048576 bytes of stack, not 1048592");
  EXPECT_EQ(place(kTooLarge, Convention::Microsoft),
            "the arguments of a call take at most 1048576 bytes of stack, not 1048640");
  EXPECT_EQ(place("struct s {char c[5000000000];}; void f(struct s);", Convention::SysV),
            "the arguments of a call take at most 1048576 bytes of stack, not 5000000000");
}

TEST(CallLayout, WhatIsNoFunctionIsRefused) {
  Source source;
  const auto layout = lay_out_call(*source.table().scalar(ctype::Scalar::Int), Convention::SysV, kGcc);
  ASSERT_FALSE(layout.ok());
  EXPECT_EQ(layout.error().message, "a call needs a function type, not int");
}

TEST(CallLayout, AnIncompleteResultIsRefused) {
  EXPECT_EQ(place("struct opaque; struct opaque f(void);", Convention::SysV),
            "the result of a call must be a complete type or void, not struct opaque");
}

TEST(Print, LocationsHaveTheirUsualNames) {
  EXPECT_EQ(name_of({Location::Kind::Gpr, static_cast<std::uint32_t>(Gpr::R9)}), "r9");
  EXPECT_EQ(name_of({Location::Kind::Xmm, 3}, 16), "xmm3");
  EXPECT_EQ(name_of({Location::Kind::Xmm, 3}, 32), "ymm3");
  EXPECT_EQ(name_of({Location::Kind::X87, 1}, 10), "st1");
  EXPECT_EQ(name_of({Location::Kind::Stack, 0}), "[rsp]");
  EXPECT_EQ(name_of({Location::Kind::Stack, 16}), "[rsp+16]");
}

TEST(Print, SysV) {
  EXPECT_EQ(
      to_string(layout_of("struct {double d; char c;} f(struct {}, signed char, struct {float x, y, z;}, long double);",
                          Convention::SysV)),
      "arg 0      0 bytes  nothing\n"
      "arg 1      1 byte   direct  byte 0 in rdi, sign-extended\n"
      "arg 2     12 bytes  direct  bytes 0..7 in xmm0; bytes 8..11 in xmm1\n"
      "arg 3     16 bytes  direct  bytes 0..15 in [rsp]\n"
      "result    16 bytes  direct  bytes 0..7 in xmm0; bytes 8..15 in rax\n"
      "stack     16 bytes, 16-aligned\n");
  EXPECT_EQ(to_string(variadic_layout("int printf(const char *, ...);", "void x(double);", Convention::SysV)),
            "arg 0      8 bytes  direct  bytes 0..7 in rdi\n"
            "arg 1      8 bytes  direct  bytes 0..7 in xmm0\n"
            "result     4 bytes  direct  bytes 0..3 in rax, sign-extended\n"
            "stack      0 bytes, 16-aligned\n"
            "al         1\n");
}

TEST(Print, Microsoft) {
  EXPECT_EQ(to_string(layout_of("struct {char c[3];} f(struct {int a[4];}, double);", Convention::Microsoft)),
            "arg 0     16 bytes  reference  pointer to a 16-aligned copy in rdx\n"
            "arg 1      8 bytes  direct  bytes 0..7 in xmm2\n"
            "result     3 bytes  hidden  1-aligned buffer, its address in rcx and then in rax\n"
            "stack     32 bytes, 16-aligned\n");
}

TEST(Classify, ClassesOfEightbytes) {
  const auto classes = [](std::string_view type, Dialect dialect = kGcc) {
    Source source;
    std::string text;
    for (const Class c : classify(*source.type_t(type), dialect)) text += std::string(name_of(c)) + " ";
    return text;
  };
  EXPECT_EQ(classes("struct {} T"), "");
  EXPECT_EQ(classes("char T"), "INTEGER ");
  EXPECT_EQ(classes("long double T"), "X87 X87UP ");
  EXPECT_EQ(classes("_Complex long double T"), "COMPLEX_X87 ");
  EXPECT_EQ(classes("struct {long double x;} T"), "X87 X87UP ");
  EXPECT_EQ(classes("__float128 T"), "SSE SSEUP ");
  EXPECT_EQ(classes("struct {float f, g; int i;} T"), "SSE INTEGER ");
  EXPECT_EQ(classes("struct {char c[17];} T"), "MEMORY MEMORY MEMORY ");
  EXPECT_EQ(classes("struct S {double d;} __attribute__((aligned(16))); typedef struct S T"), "SSE NO_CLASS ");
  EXPECT_EQ(classes("float T __attribute__((vector_size(32)))", kGccAvx), "SSE SSEUP SSEUP SSEUP ");
  EXPECT_EQ(classes("float T __attribute__((vector_size(32)))"), "MEMORY MEMORY MEMORY MEMORY ");
}

}  // namespace
}  // namespace pinion::abi::testing
