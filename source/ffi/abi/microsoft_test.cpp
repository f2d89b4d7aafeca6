// Microsoft x64 placements. Tables follow the marshaling reference, sections 2.3 to 2.8, and were checked against gcc
// 12 and clang 14 (ms_abi functions on Linux); what holds for mingw only rests on the reference's reading of its
// assembly.
#include "ffi/abi/test_support.hpp"

namespace pinion::abi::testing {
namespace {

std::string microsoft(std::string_view declarations, Dialect dialect = kGcc) {
  return place(declarations, Convention::Microsoft, dialect);
}

void expect_microsoft(std::initializer_list<Row> rows) {
  for (const Dialect dialect : {kGcc, kClang, kClang14}) expect_rows(rows, Convention::Microsoft, dialect);
}

void expect_gcc_and_clang(std::initializer_list<Row> gcc, std::initializer_list<Row> clang) {
  expect_rows(gcc, Convention::Microsoft, kGcc);
  expect_rows(clang, Convention::Microsoft, kClang);
  expect_rows(clang, Convention::Microsoft, kClang14);
}

TEST(Microsoft, Scalars) {
  expect_microsoft({
      {"_Bool T", "rcx 0..0 bool", "rax 0..0 bool"},
      {"char T", "rcx 0..0 sign", "rax 0..0 sign"},
      {"unsigned short T", "rcx 0..1 zero", "rax 0..1 zero"},
      {"int T", "rcx 0..3 sign", "rax 0..3 sign"},
      {"enum {A} T", "rcx 0..3 zero", "rax 0..3 zero"},
      {"long long T", "rcx 0..7", "rax 0..7"},
      {"void *T", "rcx 0..7", "rax 0..7"},
      {"float T", "xmm0 0..3", "xmm0 0..3"},
      {"double T", "xmm0 0..7", "xmm0 0..7"},
      {"__int128 T", "ref rcx", "xmm0 0..15"},
      {"_Complex char T", "rcx 0..1", "rax 0..1"},
      {"_Complex float T", "rcx 0..7", "rax 0..7"},
      {"_Complex double T", "ref rcx", "hidden rcx"},
      {"_Complex long double T", "ref rcx", "hidden rcx"},
      {"float T __attribute__((vector_size(16)))", "ref rcx", "xmm0 0..15"},
      {"long T __attribute__((vector_size(8)))", "rcx 0..7", "rax 0..7"},
      {"int T __attribute__((vector_size(4)))", "rcx 0..3", "rax 0..3"},
  });
}

TEST(Microsoft, Aggregates) {
  expect_microsoft({
      {"struct {double d;} T", "rcx 0..7", "rax 0..7"},
      {"struct {float x, y;} T", "rcx 0..7", "rax 0..7"},
      {"struct {float x, y, z;} T", "ref rcx", "hidden rcx"},
      {"union {double d; long l;} T", "rcx 0..7", "rax 0..7"},
      {"struct {char c[8];} T", "rcx 0..7", "rax 0..7"},
      {"struct __attribute__((packed)) {char c; int i;} T", "ref rcx", "hidden rcx"},
      {"struct {int n; int x[0];} T", "rcx 0..3", "rax 0..3"},
      {"struct {__int128 i;} T", "ref rcx", "hidden rcx"},
      {"struct {__float128 q;} T", "ref rcx", "hidden rcx"},
      {"typedef float V __attribute__((vector_size(16))); typedef struct {V v;} T", "ref rcx", "hidden rcx"},
  });
}

TEST(Microsoft, LF04_EverySize) {
  for (unsigned size = 1; size <= 33; ++size) {
    const bool integer = size == 1 || size == 2 || size == 4 || size == 8;
    const std::string declared = fmt::format("struct s {{char c[{}];}}; struct s f(struct s);", size);
    EXPECT_EQ(microsoft(declared),
              integer ? fmt::format("rcx 0..{0} -> rax 0..{0}", size - 1) : "ref rdx -> hidden rcx");
  }
}

TEST(Microsoft, PositionsCountAllArguments) {
  EXPECT_EQ(microsoft("void f(int, double, int, float, double, char, struct {int a[4];}, struct {int a;});"),
            "rcx 0..3 sign | xmm1 0..7 | r8 0..3 sign | xmm3 0..3 | [rsp+32] 0..7 | [rsp+40] 0..0 sign | "
            "ref [rsp+48] | [rsp+56] 0..3 -> nothing");
  EXPECT_EQ(microsoft("struct {char c[3];} f(int, double);"), "rdx 0..3 sign | xmm2 0..7 -> hidden rcx");
}

TEST(Microsoft, HomeAreaIsAlwaysThere) {
  EXPECT_EQ(layout_of("void f(void);", Convention::Microsoft).stack_size, 32U);
  EXPECT_EQ(layout_of("void f(int, int, int, int);", Convention::Microsoft).stack_size, 32U);
  EXPECT_EQ(layout_of("void f(int, int, int, int, int);", Convention::Microsoft).stack_size, 48U);
  EXPECT_EQ(layout_of("struct {char c[3];} f(int, int, int, int);", Convention::Microsoft).stack_size, 48U);
}

// LF03, JN01: what is passed by reference is a copy, and it is no part of the home area.
TEST(Microsoft, LF03_JN01_ReferencesAreToAlignedCopies) {
  const CallLayout l = layout_of(
      "struct W {char c;} __attribute__((aligned(32)));"
      "void f(struct {char c[3];}, struct {long double x;}, struct W);",
      Convention::Microsoft);
  EXPECT_EQ(brief(l), "ref rcx | ref rdx | ref r8 -> nothing");
  EXPECT_EQ(l.arguments[0].align, 16U);  // MS11: gcc expects 16, clang gives less
  EXPECT_EQ(l.arguments[0].size, 3U);
  EXPECT_EQ(l.arguments[2].align, 32U);
  EXPECT_EQ(l.stack_size, 32U);
  EXPECT_EQ(l.stack_align, 16U);
}

TEST(Microsoft, VariadicFloatsAreInBothRegisters) {
  const CallLayout l =
      variadic_layout("int f(double, ...);", "void x(int, double, float, double);", Convention::Microsoft);
  EXPECT_EQ(brief(l),
            "xmm0 0..7, rcx 0..7 | rdx 0..3 sign | xmm2 0..7, r8 0..7 | xmm3 0..7, r9 0..7 | [rsp+32] 0..7 -> "
            "rax 0..3 sign");
  EXPECT_TRUE(l.variadic);
  EXPECT_EQ(microsoft("void f(double, float);"), "xmm0 0..7 | xmm1 0..3 -> nothing");
}

TEST(Microsoft, WindowsTargetWithItsOwnDataModel) {
  Source source(ctype::DataModel::Llp64);
  const Dialect mingw{.windows_target = true};
  const auto layout =
      lay_out_call(*source.function("long f(unsigned long, wchar_t, size_t);"), Convention::Microsoft, mingw);
  ASSERT_TRUE(layout.ok());
  EXPECT_EQ(brief(*layout), "rcx 0..3 zero | rdx 0..1 zero | r8 0..7 -> rax 0..3 sign");
}

// Section 2.8. Not here: MS10 (a callee's bug), MS14, MS16, MS17 (layout of types: ctype), MS15 (enum types: ctype).

TEST(MicrosoftCorners, MS01_LongDouble) {
  expect_gcc_and_clang({{"long double T", "ref rcx", "hidden rcx"}}, {{"long double T", "ref rcx", "st0 0..9"}});
  const Dialect mingw_clang{.compiler = Compiler::Clang, .windows_target = true};
  EXPECT_EQ(microsoft("long double f(long double);", mingw_clang), "ref rdx -> hidden rcx");
  EXPECT_EQ(layout_of("long double f(void);", Convention::Microsoft, kClang).x87_results, 1);
}

TEST(MicrosoftCorners, MS02_Float128) {
  expect_gcc_and_clang({{"__float128 T", "ref rcx", "hidden rcx"}}, {{"__float128 T", "xmm0 0..15", "xmm0 0..15"}});
  EXPECT_EQ(microsoft("void f(int, __float128);", kClang), "rcx 0..3 sign | xmm1 0..15 -> nothing");
  // clang 14 has the last int in rdx, not in r8.
  EXPECT_NE(microsoft("void f(int, __float128, int);", kClang).find("argument 3"), std::string::npos);
  EXPECT_NE(microsoft("void f(int, int, int, int, __float128);", kClang).find("register of no position"),
            std::string::npos);
}

TEST(MicrosoftCorners, MS03_EmptyStruct) {
  expect_gcc_and_clang({{"struct {} T", "ref rcx", "nothing"}}, {{"struct {} T", "ref rcx", "hidden rcx"}});
  EXPECT_EQ(microsoft("struct {} f(int);", kGcc), "rcx 0..3 sign -> nothing");
  EXPECT_EQ(microsoft("struct {} f(int);", kClang), "rdx 0..3 sign -> hidden rcx");
  EXPECT_EQ(microsoft("void f(struct {}, int);"), "ref rcx | rdx 0..3 sign -> nothing");
  expect_gcc_and_clang({{"struct {int z[0];} T", "ref rcx", "nothing"}},
                       {{"struct {int z[0];} T", "ref rcx", "hidden rcx"}});
}

TEST(MicrosoftCorners, AB06_StructOfPaddingOnly) {
  expect_gcc_and_clang(
      {{"struct {int : 20;} T", "ref rcx", "nothing"}, {"struct {int : 32;} T", "rcx 0..3", "nothing"}},
      {{"struct {int : 20;} T", "ref rcx", "hidden rcx"}, {"struct {int : 32;} T", "rcx 0..3", "rax 0..3"}});
  constexpr std::string_view kLate = "void f(long, long, long, long, struct {int : 32;}, long);";
  EXPECT_EQ(microsoft(kLate, kGcc), "rcx 0..7 | rdx 0..7 | r8 0..7 | r9 0..7 | nothing | [rsp+32] 0..7 -> nothing");
  EXPECT_EQ(microsoft(kLate, kClang),
            "rcx 0..7 | rdx 0..7 | r8 0..7 | r9 0..7 | [rsp+32] 0..3 | [rsp+40] 0..7 -> nothing");
}

TEST(MicrosoftCorners, MS04_FlexibleArrayMember) {
  expect_gcc_and_clang({{"struct {int n; int x[];} T", "rcx 0..3", "rax 0..3"},
                        {"union {float f; struct {int n; int x[];} s;} T", "rcx 0..3", "rax 0..3"},
                        {"struct {long n; char x[];} T", "rcx 0..7", "rax 0..7"}},
                       {{"struct {int n; int x[];} T", "ref rcx", "hidden rcx"},
                        {"union {float f; struct {int n; int x[];} s;} T", "ref rcx", "hidden rcx"},
                        {"struct {long n; char x[];} T", "ref rcx", "hidden rcx"}});
}

TEST(MicrosoftCorners, MS05_SmallVectors) {
  constexpr std::string_view k8 = "int T __attribute__((vector_size(8)))";
  constexpr std::string_view k4 = "short T __attribute__((vector_size(4)))";
  constexpr std::string_view k2 = "char T __attribute__((vector_size(2)))";
  expect_gcc_and_clang({{k8, "rcx 0..7", "rax 0..7"}, {k4, "rcx 0..3", "rax 0..3"}, {k2, "rcx 0..1", "rax 0..1"}},
                       {{k8, "ref rcx", "xmm0 0..7"}, {k4, "ref rcx", "xmm0 0..3"}, {k2, "ref rcx", "xmm0 0..1"}});
}

TEST(MicrosoftCorners, MS06_VectorsOfOneFloatingElement) {
  constexpr std::string_view kDouble = "double T __attribute__((vector_size(8)))";
  constexpr std::string_view kFloat = "float T __attribute__((vector_size(4)))";
  expect_gcc_and_clang({{kDouble, "ref rcx", "rax 0..7"}, {kFloat, "ref rcx", "rax 0..3"}},
                       {{kDouble, "xmm0 0..7", "xmm0 0..7"}, {kFloat, "xmm0 0..3", "xmm0 0..3"}});
}

TEST(MicrosoftCorners, MS07_MS08_WideVectors) {
  constexpr std::string_view k32 = "float T __attribute__((vector_size(32)))";
  expect_rows({{k32, "ref rcx", "hidden rcx"}}, Convention::Microsoft, kGccAvx);
  expect_rows({{k32, "ref rcx", "ymm0 0..31"}}, Convention::Microsoft, kClangAvx);
  expect_rows({{k32, "ref rcx", "hidden rcx"}}, Convention::Microsoft, kGcc);
  EXPECT_EQ(microsoft(Source::typedef_t(k32) + " T f(void);", kClang), "-> xmm0 0..15, xmm1 16..31");
  EXPECT_NE(microsoft(Source::typedef_t(k32) + " void f(T);", kClang).find("(MS08)"), std::string::npos);
}

TEST(MicrosoftCorners, MS09_Float16) {
  expect_rows({{"_Float16 T", "rcx 0..1", "rax 0..1"}}, Convention::Microsoft, kGcc);
  expect_rows({{"_Float16 T", "xmm0 0..1", "xmm0 0..1"}}, Convention::Microsoft, kClang);
  EXPECT_NE(microsoft("void f(_Float16);", kClang14).find("have no _Float16"), std::string::npos);
  expect_rows({{"struct {_Float16 h;} T", "rcx 0..1", "rax 0..1"}}, Convention::Microsoft, kGcc);
  expect_rows({{"struct {_Float16 h;} T", "rcx 0..1", "rax 0..1"}}, Convention::Microsoft, kClang);
}

// The convention wants both registers, though gcc and clang fill only the vector register here.
TEST(MicrosoftCorners, MS12_UnprototypedDouble) {
  EXPECT_EQ(brief(variadic_layout("void f();", "void x(double);", Convention::Microsoft)),
            "xmm0 0..7, rcx 0..7 -> nothing");
}

TEST(MicrosoftCorners, MS13_VariadicSmallVectorsAndFlexibleStructs) {
  const auto variadic = [](std::string_view type, Dialect dialect) {
    Source source;
    const ctype::Type* argument[] = {source.type_t(type)};
    const auto call = source.table().variadic_call(source.function("void f(int, ...);"), argument);
    const auto layout = lay_out_call(**call, Convention::Microsoft, dialect);
    return layout ? brief(*layout) : layout.error().message;
  };
  for (const std::string_view type : {"int T __attribute__((vector_size(8)))", "struct {int n, m; int x[];} T"}) {
    EXPECT_EQ(variadic(type, kGcc), "rcx 0..3 sign | rdx 0..7 -> nothing");
    EXPECT_NE(variadic(type, kClang).find("(MS13)"), std::string::npos) << type;
  }
  EXPECT_NE(variadic("__float128 T", kClang).find("(MS02)"), std::string::npos);
}

}  // namespace
}  // namespace pinion::abi::testing
