// System V placements that all compilers agree on. Tables follow the marshaling reference, sections 1.1 to 1.10, whose
// values were measured on gcc 12, clang 14 and clang 19; the others were read off gcc 12's and clang 14's assembly.
#include "ffi/abi/test_support.hpp"

namespace pinion::abi::testing {
namespace {

std::string sysv(std::string_view declarations, Dialect dialect = kGcc) {
  return place(declarations, Convention::SysV, dialect);
}

// In every dialect.
void expect_sysv(std::initializer_list<Row> rows) {
  for (const Dialect dialect : {kGcc, kClang, kClang14, kGccAvx, kClangAvx}) {
    expect_rows(rows, Convention::SysV, dialect);
  }
}

TEST(SysV, Scalars) {
  expect_sysv({
      {"_Bool T", "rdi 0..0 bool", "rax 0..0 bool"},
      {"char T", "rdi 0..0 sign", "rax 0..0 sign"},
      {"unsigned char T", "rdi 0..0 zero", "rax 0..0 zero"},
      {"short T", "rdi 0..1 sign", "rax 0..1 sign"},
      {"unsigned short T", "rdi 0..1 zero", "rax 0..1 zero"},
      {"int T", "rdi 0..3 sign", "rax 0..3 sign"},
      {"unsigned T", "rdi 0..3 zero", "rax 0..3 zero"},
      {"long T", "rdi 0..7", "rax 0..7"},
      {"const void *T", "rdi 0..7", "rax 0..7"},
      {"enum {A} T", "rdi 0..3 zero", "rax 0..3 zero"},
      {"enum {B = -1} T", "rdi 0..3 sign", "rax 0..3 sign"},
      {"enum {C = 1L << 40} T", "rdi 0..7", "rax 0..7"},
      {"__int128 T", "rdi 0..7, rsi 8..15", "rax 0..7, rdx 8..15"},
      {"float T", "xmm0 0..3", "xmm0 0..3"},
      {"double T", "xmm0 0..7", "xmm0 0..7"},
      {"__float128 T", "xmm0 0..15", "xmm0 0..15"},
      {"long double T", "[rsp] 0..15", "st0 0..9"},
      {"_Complex float T", "xmm0 0..7", "xmm0 0..7"},
      {"_Complex double T", "xmm0 0..7, xmm1 8..15", "xmm0 0..7, xmm1 8..15"},
      {"_Complex long double T", "[rsp] 0..31", "st0 0..9, st1 16..25"},
      {"_Complex char T", "rdi 0..1", "rax 0..1"},
      {"_Complex short T", "rdi 0..3", "rax 0..3"},
      {"_Complex int T", "rdi 0..7", "rax 0..7"},
      {"_Complex long T", "rdi 0..7, rsi 8..15", "rax 0..7, rdx 8..15"},
      {"long T __attribute__((aligned(32)))", "rdi 0..7", "rax 0..7"},
  });
}

TEST(SysV, Vectors) {
  expect_sysv({
      {"char T __attribute__((vector_size(2)))", "rdi 0..1", "rax 0..1"},
      {"short T __attribute__((vector_size(4)))", "rdi 0..3", "rax 0..3"},
      {"int T __attribute__((vector_size(4)))", "rdi 0..3", "rax 0..3"},
      {"int T __attribute__((vector_size(8)))", "xmm0 0..7", "xmm0 0..7"},
      {"long T __attribute__((vector_size(8)))", "xmm0 0..7", "xmm0 0..7"},
      {"float T __attribute__((vector_size(8)))", "xmm0 0..7", "xmm0 0..7"},
      {"double T __attribute__((vector_size(16)))", "xmm0 0..15", "xmm0 0..15"},
      {"char T __attribute__((vector_size(16)))", "xmm0 0..15", "xmm0 0..15"},
      {"__int128 T __attribute__((vector_size(16)))", "xmm0 0..15", "xmm0 0..15"},
      {"__int128 T __attribute__((vector_size(32)))", "[rsp] 0..31", "hidden rdi"},
  });
}

TEST(SysV, WideVectorsTakeTheirRegistersWithAvx) {
  constexpr std::string_view kWide = "float T __attribute__((vector_size(32)))";
  for (const Dialect dialect : {kGccAvx, kClangAvx}) {
    expect_rows({{kWide, "ymm0 0..31", "ymm0 0..31"}}, Convention::SysV, dialect);
    expect_rows(
        {{"typedef float V __attribute__((vector_size(32))); typedef struct {V v;} T", "ymm0 0..31", "ymm0 0..31"},
         {"typedef float V __attribute__((vector_size(32))); typedef union {V v; float f[2];} T", "ymm0 0..31",
          "ymm0 0..31"},
         {"typedef float V __attribute__((vector_size(32))); typedef union {V v; float f[4];} T", "[rsp] 0..31",
          "hidden rdi"},
         {"typedef float V __attribute__((vector_size(32))); typedef union {V v; char c;} T", "[rsp] 0..31",
          "hidden rdi"},
         {"struct {float f[8];} T __attribute__((aligned(32)))", "[rsp] 0..31", "hidden rdi"}},
        Convention::SysV, dialect);
    const CallLayout layout = layout_of(Source::typedef_t(kWide) + " void f(T, float);", Convention::SysV, dialect);
    EXPECT_TRUE(layout.uses_ymm);
    EXPECT_EQ(layout.vector_registers, 2);
  }
  EXPECT_EQ(sysv(Source::typedef_t(kWide) + " void f(T, long);"), "[rsp] 0..31 | rdi 0..7 -> nothing");
  EXPECT_EQ(layout_of(Source::typedef_t(kWide) + " void f(T);", Convention::SysV).stack_align, 32U);
}

TEST(SysV, Aggregates) {
  constexpr std::string_view kTwoGprs = "rdi 0..7, rsi 8..15";
  constexpr std::string_view kTwoGprsBack = "rax 0..7, rdx 8..15";
  constexpr std::string_view kTwoXmms = "xmm0 0..7, xmm1 8..15";
  expect_sysv({
      {"struct {char c[9];} T", "rdi 0..7, rsi 8..8", "rax 0..7, rdx 8..8"},
      {"struct {char c[16];} T", kTwoGprs, kTwoGprsBack},
      {"struct {char c[17];} T", "[rsp] 0..16", "hidden rdi"},
      {"struct {float f[5];} T", "[rsp] 0..19", "hidden rdi"},
      {"struct {float x, y;} T", "xmm0 0..7", "xmm0 0..7"},
      {"struct {float x, y, z;} T", "xmm0 0..7, xmm1 8..11", "xmm0 0..7, xmm1 8..11"},
      {"struct {float f[4];} T", kTwoXmms, kTwoXmms},
      {"struct {float f; int i;} T", "rdi 0..7", "rax 0..7"},
      {"struct {int i; float f; int j; float g;} T", kTwoGprs, kTwoGprsBack},
      {"struct {long l; float f, g;} T", "rdi 0..7, xmm0 8..15", "rax 0..7, xmm0 8..15"},
      {"struct {float f, g; long l;} T", "xmm0 0..7, rdi 8..15", "xmm0 0..7, rax 8..15"},
      {"struct {double d; int i : 32; float f;} T", "xmm0 0..7, rdi 8..15", "xmm0 0..7, rax 8..15"},
      {"struct {double d; int i;} T", "xmm0 0..7, rdi 8..15", "xmm0 0..7, rax 8..15"},
      {"struct {float f; _Complex float c;} T", "xmm0 0..7, xmm1 8..11", "xmm0 0..7, xmm1 8..11"},
      {"struct {short a, b, c; _Complex short d;} T", "rdi 0..7, rsi 8..9", "rax 0..7, rdx 8..9"},
      {"struct {double d; int z[0]; float f;} T", kTwoXmms, kTwoXmms},
      {"struct {float f; int : 0; float g;} T", "xmm0 0..7", "xmm0 0..7"},
      {"struct {_Bool b;} T", "rdi 0..0", "rax 0..0"},
      {"struct {long l;} T __attribute__((aligned(16)))", "rdi 0..7", "rax 0..7"},
      {"struct S {long l;} __attribute__((aligned(16))); typedef struct S T", "rdi 0..7", "rax 0..7"},
      {"struct S {double d;} __attribute__((aligned(16))); typedef struct S T", "xmm0 0..7", "xmm0 0..7"},
      {"struct {struct {int a; struct {float b;} c;} d; double e;} T", "rdi 0..7, xmm0 8..15", "rax 0..7, xmm0 8..15"},
      {"struct {long double x;} T", "[rsp] 0..15", "st0 0..9"},
      {"struct {long double x; int i;} T", "[rsp] 0..31", "hidden rdi"},
      {"struct {_Complex long double x;} T", "[rsp] 0..31", "hidden rdi"},
      {"struct {char c[65];} T", "[rsp] 0..64", "hidden rdi"},
  });
}

TEST(SysV, AggregatesOfVectors) {
  expect_sysv({
      {"typedef float V __attribute__((vector_size(16))); typedef struct {V v;} T", "xmm0 0..15", "xmm0 0..15"},
      {"typedef float V __attribute__((vector_size(16))); typedef struct {V v, w;} T", "[rsp] 0..31", "hidden rdi"},
      {"typedef float V __attribute__((vector_size(16))); typedef union {V v; float f[4];} T", "xmm0 0..7, xmm1 8..15",
       "xmm0 0..7, xmm1 8..15"},
      {"typedef float V __attribute__((vector_size(16))); typedef union {V v; int i;} T", "rdi 0..7, xmm0 8..15",
       "rax 0..7, xmm0 8..15"},
      {"typedef int V __attribute__((vector_size(4))); typedef struct {float f; V v;} T", "rdi 0..7", "rax 0..7"},
  });
}

TEST(SysV, Unions) {
  expect_sysv({
      {"union {double d; long l;} T", "rdi 0..7", "rax 0..7"},
      {"union {float f; struct {float g; int i;} s;} T", "rdi 0..7", "rax 0..7"},
      {"union {char c[12]; double d;} T", "rdi 0..7, rsi 8..15", "rax 0..7, rdx 8..15"},
      {"union {float f[4]; double d;} T", "xmm0 0..7, xmm1 8..15", "xmm0 0..7, xmm1 8..15"},
      {"union {long double x; int i;} T", "[rsp] 0..15", "hidden rdi"},
      {"union {long double x; double d;} T", "[rsp] 0..15", "hidden rdi"},
      {"union {long double x; struct {int a, b; float f; int c;} s;} T", "rdi 0..7, rsi 8..15", "rax 0..7, rdx 8..15"},
      {"union {long double x; struct {int a, b; float f, g;} s;} T", "[rsp] 0..15", "hidden rdi"},
  });
}

TEST(SysV, PackedAndBitFields) {
  const auto packed = [](std::string_view members) {
    return fmt::format("struct __attribute__((packed)) {{{}}} T", members);
  };
  expect_sysv({
      {packed("char c; int i;"), "[rsp] 0..4", "hidden rdi"},
      {packed("char c; double d;"), "[rsp] 0..8", "hidden rdi"},
      {packed("int i; double d;"), "[rsp] 0..11", "hidden rdi"},
      {packed("short a; char b; short c;"), "[rsp] 0..4", "hidden rdi"},
      {packed("float a, b, c;"), "xmm0 0..7, xmm1 8..11", "xmm0 0..7, xmm1 8..11"},
      {packed("double a; float b;"), "xmm0 0..7, xmm1 8..11", "xmm0 0..7, xmm1 8..11"},
      {packed("short a; char b;"), "rdi 0..2", "rax 0..2"},
      {packed("long double a;"), "[rsp] 0..15", "st0 0..9"},
      {packed("int a : 7; long b : 60; int c : 20;"), "rdi 0..7, rsi 8..10", "rax 0..7, rdx 8..10"},
      {packed("char c; struct {int i;} s;"), "[rsp] 0..4", "hidden rdi"},
      {"struct {char c; struct __attribute__((packed)) {char d; char e[3];} s;} T", "rdi 0..4", "rax 0..4"},
      {"struct {int a : 3; unsigned b : 30; float f;} T", "rdi 0..7, xmm0 8..11", "rax 0..7, xmm0 8..11"},
  });
}

// Section 1.6: an empty value takes neither register nor slot, and the next argument moves up.
TEST(SysV, EmptyValues) {
  expect_sysv({
      {"struct {} T", "nothing", "nothing"},
      {"struct {struct {} a; struct {} b[4];} T", "nothing", "nothing"},
      {"struct {double z[0];} T", "nothing", "nothing"},
  });
  EXPECT_EQ(sysv("void f(int, struct {}, int, double);"),
            "rdi 0..3 sign | nothing | rsi 0..3 sign | xmm0 0..7 -> nothing");
}

TEST(SysV, RegisterFilesCountSeparately) {
  EXPECT_EQ(sysv("double f(int, double, long, float, char *, short);"),
            "rdi 0..3 sign | xmm0 0..7 | rsi 0..7 | xmm1 0..3 | rdx 0..7 | rcx 0..1 sign -> xmm0 0..7");
}

// Section 1.7: no partial split, and the registers remain for later arguments.
TEST(SysV, AValueThatDoesNotFitGoesToTheStackWhole) {
  EXPECT_EQ(sysv("void f(long, long, long, long, long, struct {long a, b;}, long, long);"),
            "rdi 0..7 | rsi 0..7 | rdx 0..7 | rcx 0..7 | r8 0..7 | [rsp] 0..15 | r9 0..7 | [rsp+16] 0..7 -> nothing");
  EXPECT_EQ(sysv("void f(double, double, double, double, double, double, double, struct {double a, b;}, double);"),
            "xmm0 0..7 | xmm1 0..7 | xmm2 0..7 | xmm3 0..7 | xmm4 0..7 | xmm5 0..7 | xmm6 0..7 | [rsp] 0..15 | "
            "xmm7 0..7 -> nothing");
  // Enough vector registers, but no general one: the double does not stay in a register either.
  EXPECT_EQ(sysv("void f(long, long, long, long, long, long, struct {double d; long l;}, double);"),
            "rdi 0..7 | rsi 0..7 | rdx 0..7 | rcx 0..7 | r8 0..7 | r9 0..7 | [rsp] 0..15 | xmm0 0..7 -> nothing");
}

TEST(SysV, NarrowStackArgumentsAreExtended) {
  EXPECT_EQ(sysv("void f(long, long, long, long, long, long, signed char, unsigned short, _Bool, float);"),
            "rdi 0..7 | rsi 0..7 | rdx 0..7 | rcx 0..7 | r8 0..7 | r9 0..7 | [rsp] 0..0 sign | [rsp+8] 0..1 zero | "
            "[rsp+16] 0..0 bool | xmm0 0..3 -> nothing");
}

TEST(SysV, StackSlotsAreAligned) {
  const std::string six = "void f(long, long, long, long, long, long, long, ";
  const auto last = [&](std::string_view prelude, std::string_view type) {
    const CallLayout l = layout_of(fmt::format("{} {} {});", prelude, six, type), Convention::SysV);
    return fmt::format("{}, {} bytes, {}-aligned", brief(l, l.arguments.back()), l.stack_size, l.stack_align);
  };
  EXPECT_EQ(last("", "long double"), "[rsp+16] 0..15, 32 bytes, 16-aligned");
  EXPECT_EQ(last("", "_Complex long double"), "[rsp+16] 0..31, 48 bytes, 16-aligned");
  EXPECT_EQ(last("", "__int128"), "[rsp+16] 0..15, 32 bytes, 16-aligned");
  EXPECT_EQ(last("", "struct {__int128 i;}"), "[rsp+16] 0..15, 32 bytes, 16-aligned");
  EXPECT_EQ(last("", "struct {long a, b;}"), "[rsp+8] 0..15, 32 bytes, 16-aligned");
  EXPECT_EQ(last("struct S {char c[40];} __attribute__((aligned(32)));", "struct S"),
            "[rsp+32] 0..63, 96 bytes, 32-aligned");
  EXPECT_EQ(last("struct S {char c[40];} __attribute__((aligned(64)));", "struct S"),
            "[rsp+64] 0..63, 128 bytes, 64-aligned");
  // An alignment that only a typedef adds does not count, of scalars and structs alike.
  EXPECT_EQ(last("typedef long L __attribute__((aligned(32)));", "L"), "[rsp+8] 0..7, 16 bytes, 16-aligned");
  EXPECT_EQ(last("typedef struct {char c[40];} S __attribute__((aligned(32)));", "S"),
            "[rsp+8] 0..39, 48 bytes, 16-aligned");
  EXPECT_EQ(last("", "struct __attribute__((packed)) {long double x;}"), "[rsp+8] 0..15, 32 bytes, 16-aligned");
}

TEST(SysV, HiddenResultPointerTakesTheFirstRegister) {
  EXPECT_EQ(sysv("struct {char c[24];} f(int, double);"), "rsi 0..3 sign | xmm0 0..7 -> hidden rdi");
}

TEST(SysV, X87ResultsAreCounted) {
  EXPECT_EQ(layout_of("long double f(void);", Convention::SysV).x87_results, 1);
  EXPECT_EQ(layout_of("_Complex long double f(void);", Convention::SysV).x87_results, 2);
  EXPECT_EQ(layout_of("double f(long double);", Convention::SysV).x87_results, 0);
}

// Section 1.9: al is the number of vector registers, the named and the variable arguments are alike.
TEST(SysV, VariadicCallsCountVectorRegisters) {
  const CallLayout l =
      variadic_layout("int printf(const char *, ...);",
                      "void extra(double, int, struct {double a, b;}, long double, float, char);", Convention::SysV);
  EXPECT_EQ(brief(l),
            "rdi 0..7 | xmm0 0..7 | rsi 0..3 sign | xmm1 0..7, xmm2 8..15 | [rsp] 0..15 | xmm3 0..7 | rdx 0..3 sign -> "
            "rax 0..3 sign");
  EXPECT_TRUE(l.variadic);
  EXPECT_EQ(l.vector_registers, 4);
  EXPECT_FALSE(layout_of("int f(double);", Convention::SysV).variadic);
  EXPECT_TRUE(variadic_layout("int f();", "void extra(double);", Convention::SysV).variadic);
  const CallLayout ten = variadic_layout("int f(int, ...);",
                                         "void x(double, double, double, double, double, double, double, double, "
                                         "double, double);",
                                         Convention::SysV);
  EXPECT_EQ(ten.vector_registers, 8);
}

// psABI 3.5.7: a 32-byte vector is in memory when it matches the ellipsis.
TEST(SysV, UnnamedWideVectorsAreInMemory) {
  const CallLayout l = variadic_layout("typedef float V __attribute__((vector_size(32))); void f(V, ...);",
                                       "typedef float V __attribute__((vector_size(32))); void x(V, struct {V v;});",
                                       Convention::SysV, kGccAvx);
  EXPECT_EQ(brief(l), "ymm0 0..31 | [rsp] 0..31 | [rsp+32] 0..31 -> nothing");
}

// The bugs of other engines (marshaling reference, section 4.2) that a placement can have.
TEST(SysVKnownBugs, LF01_StructInTheLastGprAndAVectorRegister) {
  EXPECT_EQ(sysv("void f(char, char, char, char, char, float, struct {char c; double d;});"),
            "rdi 0..0 sign | rsi 0..0 sign | rdx 0..0 sign | rcx 0..0 sign | r8 0..0 sign | xmm0 0..3 | "
            "r9 0..7, xmm1 8..15 -> nothing");
}

TEST(SysVKnownBugs, LF02_PA01_NoPieceReachesPastTheValue) {
  for (unsigned size = 1; size <= 33; ++size) {
    const std::string declared = fmt::format("struct s {{char c[{}];}}; struct s f(struct s);", size);
    const CallLayout l = layout_of(declared, Convention::SysV);
    std::uint64_t covered = 0;
    for (const Piece& p : l.pieces_of(l.arguments[0])) {
      EXPECT_EQ(p.offset, covered) << size;
      covered += p.size;
    }
    EXPECT_EQ(covered, size);
    EXPECT_EQ(l.result.passing, size > 16 ? Passing::Hidden : Passing::Direct) << size;
  }
}

TEST(SysVKnownBugs, CT01_ArraysInSmallStructs) {
  expect_sysv({{"struct {float f[2];} T", "xmm0 0..7", "xmm0 0..7"},
               {"struct {double d[2];} T", "xmm0 0..7, xmm1 8..15", "xmm0 0..7, xmm1 8..15"},
               {"struct {char c[16];} T", "rdi 0..7, rsi 8..15", "rax 0..7, rdx 8..15"}});
}

TEST(SysVKnownBugs, CT02_PA03_UnionsAndBitFields) {
  expect_sysv({{"union {double d; long l;} T", "rdi 0..7", "rax 0..7"},
               {"union {double d; float f;} T", "xmm0 0..7", "xmm0 0..7"},
               {"struct {int i : 4;} T", "rdi 0..3", "rax 0..3"}});
}

TEST(SysVKnownBugs, CT02b_AUnionIsNotItsLargestMember) {
  expect_sysv(
      {{"union {int i; double d;} T", "rdi 0..7", "rax 0..7"},
       {"union {float f; float g[2];} T", "xmm0 0..7", "xmm0 0..7"},
       {"struct {float a; union {int i; float f;} u;} T", "rdi 0..7", "rax 0..7"},
       {"struct {float a, b; float c; union {int i; float f;} u;} T", "xmm0 0..7, rdi 8..15", "xmm0 0..7, rax 8..15"}});
}

TEST(SysVKnownBugs, CT05_ArrayOfDoublesAsResult) {
  expect_sysv({{"struct {double d[3];} T", "[rsp] 0..23", "hidden rdi"}});
}

TEST(SysVKnownBugs, LJ01_SmallAlignedStructOnTheStack) {
  const CallLayout l = layout_of(
      "struct S {long l;} __attribute__((aligned(16)));"
      "void f(int, int, int, int, int, int, int, struct S);",
      Convention::SysV);
  EXPECT_EQ(brief(l, l.arguments.back()), "[rsp+16] 0..15");
}

TEST(SysVKnownBugs, PA02_MisalignedMembersAreInMemory) {
  expect_sysv({{"struct __attribute__((packed)) {char c; long l;} T", "[rsp] 0..8", "hidden rdi"},
               {"struct __attribute__((packed)) {long l; char c; short s;} T", "[rsp] 0..10", "hidden rdi"}});
}

TEST(SysVKnownBugs, SQ01_SQ06_StructsAreNotJudgedByTheirFirstMember) {
  expect_sysv({{"struct {float a, b, c;} T", "xmm0 0..7, xmm1 8..11", "xmm0 0..7, xmm1 8..11"},
               {"struct {double a, b;} T", "xmm0 0..7, xmm1 8..15", "xmm0 0..7, xmm1 8..15"},
               {"struct {float a; int b;} T", "rdi 0..7", "rax 0..7"},
               {"struct {double a; long b; } T", "xmm0 0..7, rdi 8..15", "xmm0 0..7, rax 8..15"},
               {"struct {double a, b, c;} T", "[rsp] 0..23", "hidden rdi"}});
}

TEST(SysVKnownBugs, LC01_NinthDoubleIsAWholeDouble) {
  const CallLayout l = layout_of(
      "void f(double, double, double, double, double, double, double, double, double, float);", Convention::SysV);
  EXPECT_EQ(brief(l, l.arguments[8]), "[rsp] 0..7");
  EXPECT_EQ(brief(l, l.arguments[9]), "[rsp+8] 0..3");
}

TEST(SysVKnownBugs, LC02_SmallStructsAreNotReturnedThroughAPointer) {
  expect_sysv({{"struct {long a, b;} T", "rdi 0..7, rsi 8..15", "rax 0..7, rdx 8..15"}});
}

TEST(SysVKnownBugs, SQ04_VariadicDoubleIsCountedInAl) {
  EXPECT_EQ(variadic_layout("int f(char *, ...);", "void x(double);", Convention::SysV).vector_registers, 1);
}

}  // namespace
}  // namespace pinion::abi::testing
