// `pinion explain` from outside. What it explains is proved elsewhere (tests/abi, the modules' tests); here it is that
// it says so.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "run_pinion.hpp"

namespace pinion::cli {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

Outcome explain(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "explain");
  return run_pinion(arguments);
}

std::string explained(const std::vector<std::string>& arguments) {
  const Outcome outcome = explain(arguments);
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_THAT(outcome.err, IsEmpty());
  return outcome.out;
}

TEST(Explain, TypesCallAndCode) {
  const std::string text =
      explained({"struct point { float x, y; }; struct point mid(struct point a, struct point b);"});
  EXPECT_THAT(text, AllOf(HasSubstr("struct point mid(struct point a, struct point b);"),
                          HasSubstr("struct point: 8 bytes, aligned to 4"), HasSubstr("         4       4  float y\n"),
                          HasSubstr("        0 | x                         | y                         |\n"),
                          HasSubstr("eightbyte 0: SSE      x (float) and y (float)\n")));
  EXPECT_THAT(text, AllOf(HasSubstr("arg 0 a: struct point  SSE\n      xmm0"),
                          HasSubstr("arg 1 b: struct point  SSE\n      xmm1"),
                          HasSubstr("result: struct point  SSE\n      xmm0")));
  EXPECT_THAT(text, AllOf(HasSubstr("xmm.8         xmm0 <- *(arg 0)"), HasSubstr("call          target"),
                          HasSubstr("movsd     xmm0, qword ptr [rax]"), HasSubstr("ret")));
  EXPECT_THAT(text, Not(HasSubstr("\x1B"))) << "colours are for terminals";
}

TEST(Explain, MixedEightbytesAndPadding) {
  const std::string text = explained({"struct m { float x; int y; char c; }; void f(struct m);", "--no-machine-code"});
  EXPECT_THAT(text,
              AllOf(HasSubstr("x (float) and y (int) share it: INTEGER wins"), HasSubstr("eightbyte 1: INTEGER  c"),
                    HasSubstr("         9       3  (padding)\n"), Not(HasSubstr("Machine code"))));
}

TEST(Explain, ValuesInMemory) {
  const std::string text = explained({"struct big { long a[4]; double d; }; struct big f(struct big v, int n);"});
  EXPECT_THAT(text, AllOf(HasSubstr("MEMORY: 40 bytes are 5 eightbytes"), HasSubstr("[rsp+0..39]"),
                          HasSubstr("The stack at the call: 48 bytes"), HasSubstr("       rsp+40 | (padding) "),
                          HasSubstr("       rsp+32 | arg 0 v, bytes 32..39: d "), HasSubstr("hidden first argument")));
  EXPECT_THAT(explained({"struct u { char c; int i; } __attribute__((packed)); void f(struct u);"}),
              HasSubstr("i is not aligned: offset 1, and int wants 4 (rule 1)"));
}

TEST(Explain, X87) {
  const std::string text = explained({"long double f(long double x);"});
  EXPECT_THAT(text, AllOf(HasSubstr("X87, X87UP; x87 values are passed on the stack"), HasSubstr("st0")));
}

TEST(Explain, VariadicCalls) {
  const std::string decl = "int printf(const char *format, ...);";
  EXPECT_THAT(explained({decl, "--extra", "float", "--extra", "short"}),
              AllOf(HasSubstr("arg 1: double  SSE"), HasSubstr("arg 2: int  INTEGER"), HasSubstr("al          1\n")));
  EXPECT_THAT(explained({decl}), AllOf(HasSubstr("--extra TYPE"), HasSubstr("al          0\n")));
  EXPECT_THAT(explained({decl, "--abi", "win64", "--extra", "double"}),
              AllOf(HasSubstr("in both registers"), HasSubstr("xmm1"), HasSubstr("rdx")));
}

TEST(Explain, Windows) {
  const std::string text =
      explained({"--abi", "win64", "struct rgb { char r, g, b; }; long f(struct rgb c, int, int, int, long last);"});
  EXPECT_THAT(text, AllOf(HasSubstr("Microsoft x64 convention; LLP64"),
                          HasSubstr("by reference: 3 bytes are not 1, 2, 4 or 8"), HasSubstr("home area for rcx"),
                          HasSubstr("       rsp+32 | arg 4 last, extended"), HasSubstr("ms_abi")));
  EXPECT_THAT(explained({"--abi", "win64", "--model", "lp64", "long f(void);"}),
              HasSubstr("LP64, as ms_abi functions"));
  EXPECT_THAT(explained({"__attribute__((ms_abi)) void f(int);"}),
              AllOf(HasSubstr("by its attribute"), HasSubstr("rcx")));
}

TEST(Explain, Dialects) {
  const std::string decl = "__int128 f(int, int, int, int, int, __int128 n);";
  EXPECT_THAT(explained({decl}), HasSubstr("too few registers are left"));
  EXPECT_THAT(explained({"--dialect", "clang17", decl}), HasSubstr("compiled by clang 17 and earlier"));
  const std::string vectors = "typedef float v8 __attribute__((vector_size(32))); void f(v8);";
  EXPECT_THAT(explained({"--no-machine-code", vectors}), HasSubstr("v8  MEMORY"));
  EXPECT_THAT(explained({"--no-machine-code", "--avx", vectors}), HasSubstr("ymm0"));
}

// SV01: to gcc an unnamed bit-field makes its eightbyte INTEGER, to clang it is padding.
TEST(Explain, UnnamedBitFields) {
  const std::string decl = "struct s { float f; int : 32; };";
  EXPECT_THAT(explained({decl}), HasSubstr("f (float) and an unnamed bit-field (32 bits) share it: INTEGER wins"));
  EXPECT_THAT(explained({"--dialect", "clang", decl}), HasSubstr("eightbyte 0: SSE      f (float)\n"));
}

TEST(Explain, TypesAlone) {
  const std::string text =
      explained({"struct b { unsigned a : 3; int : 4; int b : 7; }; union u { int i; double d; }; enum e { A, B = 5 };"
                 "typedef struct { char c; } t; typedef int (*compare)(const void *, const void *); struct empty {};"});
  EXPECT_THAT(text, AllOf(HasSubstr("       0:7  7 bits  int b : 7"), HasSubstr("union u: 8 bytes"),
                          HasSubstr("| i|d "), HasSubstr("A = 0, B = 5"), HasSubstr("\nt: 1 byte,"),
                          HasSubstr("int (*compare)(const void *, const void *)\n    8 bytes"),
                          HasSubstr("nothing is passed for it")));
}

TEST(Explain, EveryFunction) {
  const std::string text = explained({"int f(int); double g(double);"});
  EXPECT_THAT(text, AllOf(HasSubstr("\nint f(int);\n"), HasSubstr("\ndouble g(double);\n")));
}

TEST(Explain, Bytecodes) {
  EXPECT_THAT(explained({"--bytecodes", "void f(int);"}), HasSubstr("SistaV1: f8 "));
}

// A large argument is copied by a helper or a loop; either way the listing ends with what the code holds.
TEST(Explain, LargeArguments) {
  EXPECT_THAT(explained({"struct s { char x[5000]; }; void f(struct s a);"}),
              AllOf(HasSubstr("and 613 more eightbytes"), HasSubstr("          rsp | arg 0 a, bytes 0..7: x"),
                    HasSubstr("...")));
}

TEST(Explain, Failures) {
  const Outcome parse = explain({"int f(it)"});
  EXPECT_EQ(parse.status, 1);
  EXPECT_THAT(parse.err, AllOf(StartsWith("pinion: line 1, column 7"), HasSubstr("^")));
  const Outcome opaque = explain({"struct s; void f(struct s);"});
  EXPECT_EQ(opaque.status, 1);
  EXPECT_THAT(opaque.err, HasSubstr("struct s"));
}

TEST(Explain, Usage) {
  EXPECT_EQ(explain({}).status, 2);
  EXPECT_EQ(explain({"--abi", "arm", "int f(void);"}).status, 2);
  EXPECT_EQ(explain({"int f(void);", "int g(void);"}).status, 2);
  EXPECT_EQ(explain({"int f(void);", "--", "x"}).status, 2);
  EXPECT_THAT(explained({"--help"}), HasSubstr("pinion explain 'struct point"));
}

}  // namespace
}  // namespace pinion::cli
