// Bugs that other engines had, each by its id in the marshaling reference, section 4.2: here those that show only when
// a call is made. Each runs with callees compiled by gcc and clang, -O0 and -O2, in both conventions, by both
// executors.
//
// Without a test here:
//   LF09, LF13                  i386 conventions
//   LF11                        big-endian machines
//   LF14, CT03, LJ06            types and their layout: source/ffi/ctype, tests/ctype
//   LJ03                        speed: bench/
//   LJ04, SQ02, part of LF10    callbacks
//   LJ05                        where the pieces go: source/ffi/abi/sysv_test.cpp
//   SQ03, LC04                  ways to make calls that we do not have
//   SQ05, DN01, RE01, LF08      Apple's arm64; LF07 and CT05, LJ02 are of arm64 too, but their signatures run here
//   WT01                        what it is about is RS01
#include <dlfcn.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstring>
#include <memory>

#include "ffi/abi/call_layout.hpp"
#include "ffi/codegen/machine_code.hpp"
#include "ffi/ctype/parser.hpp"
#include "ffi/marshal/compiler.hpp"
#include "ffi/marshal/interpreter.hpp"
#include "guarded_call.hpp"
#include "guarded_memory.hpp"

namespace pinion::differential {
namespace {

struct Setting {
  abi::Compiler compiler;
  int optimisation;
  abi::Convention convention;
  bool machine_code;

  std::string library() const {
    return fmt::format("{}-O{}-{}", compiler == abi::Compiler::Gcc ? "gcc" : "clang", optimisation,
                       convention == abi::Convention::SysV ? "sysv" : "ms");
  }
};

std::vector<Setting> settings() {
  std::vector<Setting> all;
  for (const auto compiler : {abi::Compiler::Gcc, abi::Compiler::Clang14}) {
    for (const int optimisation : {0, 2}) {
      for (const auto convention : {abi::Convention::SysV, abi::Convention::Microsoft}) {
        for (const bool machine_code : {false, true}) all.push_back({compiler, optimisation, convention, machine_code});
      }
    }
  }
  return all;
}

class KnownBugs : public testing::TestWithParam<Setting> {
 protected:
  void SetUp() override {
    library_ = dlopen(fmt::format("{}/{}.so", KNOWN_BUGS_CALLEES, GetParam().library()).c_str(), RTLD_NOW);
    ASSERT_NE(library_, nullptr) << dlerror();
  }
  void TearDown() override {
    if (library_ != nullptr) dlclose(library_);
  }

  // Calls the last function of `declarations`; `extra` are the types of variable arguments. True unless it failed.
  bool invoke(std::string_view declarations, std::span<const std::string_view> extra, void* result,
              std::vector<std::uint64_t>& slots, bool words = false) {
    ctype::TypeTable table(ctype::DataModel::Lp64);
    ctype::Declarations parsed;
    if (const Status status = ctype::parse_into(table, declarations, parsed); !status) {
      ADD_FAILURE() << status.error().message;
      return false;
    }
    const ctype::Declaration& function = *parsed.last_function();
    std::vector<const ctype::Type*> types;
    for (const std::string_view type : extra) types.push_back(*ctype::parse_type(table, type, &parsed));
    const auto call = table.variadic_call(function.type, types);
    auto layout = abi::lay_out_call(**call, GetParam().convention, {.compiler = GetParam().compiler});
    if (!layout) {
      ADD_FAILURE() << layout.error().message;
      return false;
    }
    const auto shared = std::make_shared<const abi::CallLayout>(std::move(*layout));
    const auto code = marshal::compile(
        shared, words ? marshal::plan_for_words(*shared, false) : marshal::plan_for_addresses(*shared, false));
    const void* target = dlsym(library_, std::string(function.symbol).c_str());
    if (!code || target == nullptr) {
      ADD_FAILURE() << (code ? "no such callee" : code.error().message);
      return false;
    }
    marshal::Callable callable{.invoke = marshal::interpreter_for(*code), .target = target, .code = &*code};
    const auto machine = codegen::assemble(arena_, *code);
    if (!machine) {
      ADD_FAILURE() << machine.error().message;
      return false;
    }
    if (GetParam().machine_code) callable.invoke = machine->invoke();
    marshal::Outcome outcome = 0;
    const std::vector<std::uint64_t> before = slots;
    const auto problem = guarded_call(callable, result, slots.data(), nullptr, outcome);
    EXPECT_EQ(problem.value_or(""), "");
    EXPECT_EQ(slots, before);  // LF06
    return true;
  }

  template <class R, class... A>
  R call_variadic(std::string_view declarations, std::initializer_list<std::string_view> extra, const A&... arguments) {
    std::vector<std::uint64_t> slots{reinterpret_cast<std::uint64_t>(&arguments)...};
    alignas(64) R result{};
    invoke(declarations, {extra.begin(), extra.size()}, &result, slots);
    return result;
  }

  template <class R, class... A>
  R call(std::string_view declarations, const A&... arguments) {
    return call_variadic<R>(declarations, {}, arguments...);
  }

  GuardedMemory memory_;

 private:
  void* library_ = nullptr;
  codegen::CodeArena arena_;
};

std::string name_of(const testing::TestParamInfo<Setting>& info) {
  std::string name = info.param.library() + (info.param.machine_code ? "-machine" : "-interpreter");
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Everywhere, KnownBugs, testing::ValuesIn(settings()), name_of);

struct Doubles2 {
  double v[2];
};
struct Longs3 {
  long a, b, c;
};

TEST_P(KnownBugs, LF01_StructUsesTheSixthRegisterAfterAFloat) {
  const char a = 1, b = 2, c = 3, d = 4, e = 5;
  const float f = 6.5F;
  const struct {
    char c;
    double d;
  } s{7, 8.25};
  EXPECT_EQ(call<int>("struct s { char c; double d; }; int lf01(char, char, char, char, char, float, struct s);", a, b,
                      c, d, e, f, s),
            1);
}

// LF02: arguments and results at the end of mapped memory. LF04, LF10, PA01: all sizes, in and out. LF03: the caller's
// object stays as it was.
TEST_P(KnownBugs, LF02_LF04_LF10_PA01_EverySizeAtTheEndOfAPage) {
  for (std::size_t size = 1; size <= 33; ++size) {
    memory_.reset();
    unsigned char* object = memory_.place(size);
    unsigned char* result = memory_.place(size);
    for (std::size_t i = 0; i < size; ++i) object[i] = static_cast<unsigned char>(100 + 7 * i);
    std::vector<std::uint64_t> slots{reinterpret_cast<std::uint64_t>(object)};
    const std::string text =
        fmt::format("struct s {{ unsigned char c[{0}]; }}; struct s plus_one_{0}(struct s);", size);
    ASSERT_TRUE(invoke(text, {}, result, slots));
    for (std::size_t i = 0; i < size; ++i) {
      EXPECT_EQ(object[i], static_cast<unsigned char>(100 + 7 * i)) << "byte " << i << " of " << size;
      EXPECT_EQ(result[i], static_cast<unsigned char>(101 + 7 * i)) << "byte " << i << " of " << size;
    }
  }
}

TEST_P(KnownBugs, LF03_LF06_CalleesOwnTheirCopyAndTheCallCanBeRepeated) {
  const long values[5] = {1, 20, 300, 4000, 50000};
  constexpr std::string_view kText = "struct s { long v[5]; }; long lf03(struct s);";
  EXPECT_EQ(call<long>(kText, values), 54321);
  EXPECT_EQ(call<long>(kText, values), 54321);
}

TEST_P(KnownBugs, LF05_ML01_NarrowArgumentsAreExtended) {
  const int table[7] = {10, 11, 12, 13, 14, 15, 16};
  const int* middle = table + 3;
  const signed char sc = -3;
  EXPECT_EQ(call<int>("int lf05(signed char, const int *);", sc, middle), 10);
  const unsigned char uc = 253;
  const short ss = -3;
  const unsigned short us = 65533;
  EXPECT_EQ(
      call<long>("long lf05_all(signed char, unsigned char, short, unsigned short, signed char, short, signed char,"
                 "unsigned short);",
                 sc, uc, ss, us, sc, ss, sc, us),
      1);
  const unsigned char truth = 200, falsehood = 0;  // any byte but 0 is true
  EXPECT_EQ(call<int>("int ml01(_Bool, _Bool);", truth, falsehood), 10);
}

TEST_P(KnownBugs, LF07_ManyLargeStructsThenAPointer) {
  const Longs3 s{1, 20, 300};
  const long value = 5000;
  const long* p = &value;
  EXPECT_EQ(
      call<long>("struct s { long a, b, c; }; long lf07(struct s, struct s, struct s, struct s, struct s, struct s,"
                 "struct s, struct s, struct s, const long *);",
                 s, s, s, s, s, s, s, s, s, p),
      5963);
}

TEST_P(KnownBugs, LF12_NarrowResultsFillTheirWord) {
  const int value = 0x1234fd;
  std::vector<std::uint64_t> slots{static_cast<std::uint64_t>(value)};
  std::int64_t word = 0x5555555555555555;
  ASSERT_TRUE(invoke("signed char lf12(int);", {}, &word, slots, true));
  EXPECT_EQ(word, -3);
}

TEST_P(KnownBugs, CT01_ArraysInStructsAreNotPointers) {
  const float a[2] = {1.5F, 2.5F};
  const double b[2] = {3.5, 4.5};
  const char c[16] = {5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 6};
  EXPECT_EQ(call<int>("struct a { float v[2]; }; struct b { double v[2]; }; struct c { char v[16]; };"
                      "int ct01(struct a, struct b, struct c);",
                      a, b, c),
            1);
}

TEST_P(KnownBugs, CT02_UnionsAndBitFieldsByValue) {
  const long u = -77;
  const int bits = 11;  // -5 in four bits
  const double d = 0.5;
  EXPECT_EQ(call<int>("union u { double d; long l; }; struct b { int b : 4; }; int ct02(union u, struct b, double);", u,
                      bits, d),
            1);
}

TEST_P(KnownBugs, CT02b_UnionsOfIntegersAndFloats) {
  const double a = 1.5;
  const float b[2] = {2.5F, 3.5F};
  const struct {
    float f;
    int i;
  } c{4.5F, 5};
  const float last = 6.5F;
  EXPECT_EQ(
      call<int>("union a { int i; double d; }; union b { float f; float v[2]; };"
                "struct c { float f; union { int i; float g; } u; }; int ct02b(union a, union b, struct c, float);",
                a, b, c, last),
      1);
}

TEST_P(KnownBugs, CT04_BitFieldsAtTheEndOfAPage) {
  const std::uint32_t bits = 21 | 1500 << 5 | 9 << 16;
  unsigned char* object = memory_.place(3);
  std::memcpy(object, &bits, 3);
  std::vector<std::uint64_t> slots{reinterpret_cast<std::uint64_t>(object)};
  int result = 0;
  ASSERT_TRUE(invoke("struct __attribute__((packed)) s { unsigned a : 5, b : 11, c : 4; }; int ct04(struct s);", {},
                     &result, slots));
  EXPECT_EQ(result, 1);
}

TEST_P(KnownBugs, CT05_CT06_ResultsOfArraysAndOfFewBytes) {
  struct Doubles3 {
    double v[3];
  };
  const double x = 1.5;
  const auto doubles = call<Doubles3>("struct s { double v[3]; }; struct s ct05(double);", x);
  EXPECT_EQ(doubles.v[0], 1.5);
  EXPECT_EQ(doubles.v[2], 3.5);
  struct Chars2 {
    signed char a, b;
  };
  const int a = 100;
  const auto chars = call<Chars2>("struct s { signed char a, b; }; struct s ct06(int);", a);
  EXPECT_EQ(chars.a, 100);
  EXPECT_EQ(chars.b, -100);
}

TEST_P(KnownBugs, LJ01_AlignedStructAfterSevenInts) {
  struct alignas(16) Aligned {
    long a;
    int b;
  };
  const int a = 1, b = 2, c = 3, d = 4, e = 5, f = 6, g = 7, h = 10;
  const Aligned s{8, 9};
  EXPECT_EQ(call<int>("struct __attribute__((aligned(16))) s { long a; int b; };"
                      "int lj01(int, int, int, int, int, int, int, struct s, int);",
                      a, b, c, d, e, f, g, s, h),
            1);
}

TEST_P(KnownBugs, LJ02_FourDoublesThenAPointer) {
  const double s[4] = {1, 2, 4, 8};
  const double value = 16;
  const double* p = &value;
  EXPECT_EQ(call<double>("struct s { double v[4]; }; double lj02(struct s, const double *);", s, p), 31);
}

TEST_P(KnownBugs, PA02_PackedStructs) {
  struct [[gnu::packed]] CharInt {
    char c;
    int i;
  };
  struct [[gnu::packed]] IntDouble {
    int i;
    double d;
  };
  const CharInt a{1, 2};
  const int b = 3;
  const IntDouble c{4, 5.5};
  EXPECT_EQ(call<int>("struct __attribute__((packed)) a { char c; int i; };"
                      "struct __attribute__((packed)) b { int i; double d; }; int pa02(struct a, int, struct b);",
                      a, b, c),
            1);
}

TEST_P(KnownBugs, PA03_UnionOfFloatingTypes) {
  const double u = 41.5;
  EXPECT_EQ(call<double>("union u { double d; float f; }; union u pa03(union u);", u), 42.5);
}

TEST_P(KnownBugs, SQ01_SQ06_StructsOfFloatsBothWays) {
  struct Floats3 {
    float a, b, c;
  };
  struct FloatInt {
    float f;
    int i;
  };
  const Floats3 s{1, 2, 3};
  const FloatInt t{0.5F, 40};
  const auto sum = call<Floats3>(
      "struct s { float a, b, c; }; struct t { float f; int i; }; struct s sq01(struct s, struct t);", s, t);
  EXPECT_EQ(sum.a, 1.5F);
  EXPECT_EQ(sum.b, 42.F);
  EXPECT_EQ(sum.c, 3.F);
  const Doubles2 pair{{1.5, 2.5}};
  const auto swapped = call<Doubles2>("struct s { double v[2]; }; struct s sq06(struct s);", pair);
  EXPECT_EQ(swapped.v[0], 2.5);
  EXPECT_EQ(swapped.v[1], 1.5);
}

TEST_P(KnownBugs, SQ04_VariadicCalleesAreToldOfVectorRegisters) {
  const int none = 0, two = 2;
  const double a = 1.5, b = 40.5;
  EXPECT_EQ(call_variadic<double>("double sq04(int, ...);", {"double", "double"}, two, a, b), 42);
  EXPECT_EQ(call_variadic<double>("double sq04(int, ...);", {}, none), 0);
}

TEST_P(KnownBugs, LC01_TenDoubles) {
  const double v[10] = {1.25, 2, 3, 4, 5, 6, 7, 8, 9.0625, 10.1};
  const double expected = 1.25 + 2 * 2 + 3 * 4 + 4 * 8 + 5 * 16 + 6 * 32 + 7 * 64 + 8 * 128 + 9.0625 * 256 + 10.1 * 512;
  EXPECT_DOUBLE_EQ(call<double>("double lc01(double, double, double, double, double, double, double, double, double,"
                                "double);",
                                v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7], v[8], v[9]),
                   expected);
}

TEST_P(KnownBugs, LC02_SmallStructsComeBackInRegisters) {
  struct LongDouble2 {
    long l;
    double d;
  };
  const double d = 2.5;
  const long l = 42;
  const auto pair = call<LongDouble2>("struct s { long l; double d; }; struct s lc02(double, long);", d, l);
  EXPECT_EQ(pair.l, 42);
  EXPECT_EQ(pair.d, 2.5);
}

TEST_P(KnownBugs, LC03_TheStackIsBalancedAfterRegisterCalls) {
  const int a = 50, b = 8;
  EXPECT_EQ(call<int>("int lc03(int, int);", a, b), 42);  // guarded_call compares rsp
}

TEST_P(KnownBugs, JN01_TheHomeAreaIsTheCallees) {
  const Longs3 s{1, 2, 3};
  const long b = 10, c = 100, d = 1000;
  EXPECT_EQ(call<long>("struct s { long a, b, c; }; long jn01(struct s, long, long, long);", s, b, c, d), 5326);
  EXPECT_EQ(s.a, 1);
}

TEST_P(KnownBugs, RS01_Int128WithOneRegisterLeftAndAtAnOddSlot) {
  const long a = 1, b = 2, c = 3, d = 4, e = 5, f = 6;
  const __int128 x = static_cast<__int128>(8) << 64 | static_cast<unsigned long>(-7L);
  const __int128 y = static_cast<__int128>(-10) * (static_cast<__int128>(1) << 64) + 9;
  EXPECT_EQ(call<int>("int rs01(long, long, long, long, long, __int128, long, __int128);", a, b, c, d, e, x, f, y), 1);
}

}  // namespace
}  // namespace pinion::differential
