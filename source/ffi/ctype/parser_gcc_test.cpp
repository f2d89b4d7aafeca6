// The parser against gcc: sizes, alignments and values of trickier declarations and constant expressions.
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <string>
#include <vector>

#include "ffi/ctype/constant.hpp"
#include "ffi/ctype/parser.hpp"

namespace pinion::ctype {
namespace {

// What a C program prints, compiled by gcc. (Without AVX it aligns vectors of 32 bytes to 16.)
std::string run_c(const std::string& program) {
  std::string base = testing::TempDir() + "pinion_parser_" + std::to_string(getpid());
  if (std::FILE* file = std::fopen((base + ".c").c_str(), "w")) {
    std::fwrite(program.data(), 1, program.size(), file);
    std::fclose(file);
  }
  std::string output;
  std::string command = "gcc -std=gnu11 -mavx -w -o " + base + " " + base + ".c && " + base;
  if (std::FILE* pipe = popen(command.c_str(), "r")) {
    std::array<char, 4096> part{};
    while (std::size_t n = std::fread(part.data(), 1, part.size(), pipe)) output.append(part.data(), n);
    EXPECT_EQ(pclose(pipe), 0) << program;
  }
  std::remove((base + ".c").c_str());
  std::remove(base.c_str());
  return output;
}

constexpr std::string_view kHeaders =
    "#include <stddef.h>\n#include <stdint.h>\n#include <stdio.h>\n#include <sys/types.h>\n#include <stdarg.h>\n"
    "#include <wchar.h>\n#include <uchar.h>\n#include <sys/socket.h>\n#include <stdbool.h>\n#include "
    "<immintrin.h>\n#include <time.h>\n";

TEST(ParserAgainstGcc, SizesAndAlignments) {
  const std::string declarations = R"(
    struct node; typedef struct node *link; struct node { link next; struct { int a; char b; } in[3]; char tail; };
    typedef int aligned_int __attribute__((aligned(32)));
    typedef int low_int __attribute__((aligned(2)));
    typedef float float4 __attribute__((vector_size(4 * sizeof(float))));
    typedef __attribute__((vector_size(32))) long long longs;
    typedef int mode_di __attribute__((mode(DI))); typedef unsigned mode_qi __attribute__((__mode__(__QI__)));
    typedef float mode_tf __attribute__((mode(TF))); typedef unsigned mode_word __attribute__((mode(word)));
    typedef int (*functions[4])(int (*)(void), char [3]);
    typedef char (*pointer_to_rows)[5][7]; typedef char rows[5][7];
    enum plain { P0, P1 }; enum negative { N0 = -1 }; enum large { L0 = 1ull << 40 }; enum unsigned_ { U0 = 0xFFFFFFFF };
    enum __attribute__((packed)) small { S0 = 255 }; enum both { B0 = -1, B1 = 0x80000000u };
    struct bits { unsigned a : 3; long b : 33; _Bool c : 1; int : 0; char d : 2; enum plain e : 2; };
    struct __attribute__((packed)) tight { char c; double d; short s : 9; };
    struct after { char c; double d; } __attribute__((packed, aligned(4)));
    struct member { char c; int i __attribute__((aligned(8))); char d __attribute__((packed)); double e __attribute__((packed)); };
    struct specifier { char c; __attribute__((aligned(16))) char d; _Alignas(double) char e; _Alignas(0) int f; };
#pragma pack(push, 2)
    struct packed2 { char c; double d; int i; };
#pragma pack(1)
    struct packed1 { char c; long double d; };
#pragma pack(pop)
    struct unpacked { char c; long double d; };
    union mixed { char c[9]; long l; struct { char x; _Complex float z; } s; };
    struct flexible { size_t n; char c; short data[]; };
    struct zero { int a[0]; char b; }; struct empty { };
    struct several { int *p, q, (*r)[2], s[2][3]; };
    struct anonymous { int a; union { long b; struct { char c, d; }; }; char e; };
    extern int table[(sizeof(int) << 2) / 3 + 'A' - 0x40]; extern char text[sizeof("abc" "de")];
    extern const volatile unsigned long long int long_words; extern double _Complex long long_complex;)";
  const std::vector<std::string> types = {"struct node",
                                          "link",
                                          "aligned_int",
                                          "low_int",
                                          "float4",
                                          "longs",
                                          "mode_di",
                                          "mode_qi",
                                          "mode_tf",
                                          "mode_word",
                                          "functions",
                                          "pointer_to_rows",
                                          "rows",
                                          "enum plain",
                                          "enum negative",
                                          "enum large",
                                          "enum unsigned_",
                                          "enum small",
                                          "enum both",
                                          "struct bits",
                                          "struct tight",
                                          "struct after",
                                          "struct member",
                                          "struct specifier",
                                          "struct packed2",
                                          "struct packed1",
                                          "struct unpacked",
                                          "union mixed",
                                          "struct flexible",
                                          "struct zero",
                                          "struct empty",
                                          "struct several",
                                          "struct anonymous",
                                          "int *(*[3])(void)",
                                          "char *(*)(int)",
                                          "char [3][sizeof(int)]",
                                          "_Complex long double",
                                          "unsigned __int128",
                                          "__float128",
                                          "_Float64x",
                                          "_Float32x",
                                          "size_t",
                                          "ptrdiff_t",
                                          "wchar_t",
                                          "wint_t",
                                          "char16_t",
                                          "char32_t",
                                          "bool",
                                          "int_fast8_t",
                                          "int_fast16_t",
                                          "uint_fast32_t",
                                          "uint_least64_t",
                                          "intmax_t",
                                          "off_t",
                                          "time_t",
                                          "pid_t",
                                          "mode_t",
                                          "uid_t",
                                          "dev_t",
                                          "nlink_t",
                                          "blksize_t",
                                          "socklen_t",
                                          "va_list",
                                          "__m64",
                                          "__m128",
                                          "__m128i",
                                          "__m256d",
                                          "long int unsigned long",
                                          "clock_t"};
  TypeTable table(DataModel::Lp64);
  Declarations block;
  auto parsed = parse_into(table, declarations, block);
  ASSERT_TRUE(parsed.ok()) << parsed.error().message;

  std::string program = std::string(kHeaders) + declarations + "\nint main(void) {\n", expected;
  auto expect = [&](const std::string& name, const Type& type) {
    expected += name + " " + std::to_string(resolve(type).size) + " " + std::to_string(type.align) + "\n";
    program += "printf(\"%s %zu %zu\\n\", \"" + name + "\", sizeof(" + name + "), _Alignof(" + name + "));\n";
  };
  for (const std::string& text : types) {
    auto type = parse_type(table, text, &block);
    ASSERT_TRUE(type.ok()) << type.error().message;
    expect(text, **type);
  }
  for (std::string_view name : {"long_words", "long_complex", "table", "text"}) {
    const Declaration* variable = block.find(name);
    ASSERT_NE(variable, nullptr);
    program += "printf(\"%zu\\n\", sizeof(" + std::string(name) + "));\n";
    expected += std::to_string(variable->type->size) + "\n";
  }
  EXPECT_EQ(run_c(program + "}\n"), expected);
}

TEST(ParserAgainstGcc, ConstantExpressions) {
  const std::vector<std::string> expressions = {"1 + 2 * 3 - 4 / 3 % 2",
                                                "-7 / 2",
                                                "-7 % 2",
                                                "7u / 2 - 4",
                                                "1 ? 2 : 3 ? 4 : 5",
                                                "0 ? 1 / 0 : 2",
                                                "0 && 1 / 0",
                                                "1 || 1 % 0",
                                                "-1 < 1u",
                                                "-1L < 1u",
                                                "~0u",
                                                "~0",
                                                "!5 + !0",
                                                "1 << 4 << 2",
                                                "-16 >> 2",
                                                "0xFFFFFFFF",
                                                "0x7FFFFFFF",
                                                "0x80000000 + 0",
                                                "2147483648",
                                                "0xFFFFFFFFFFFFFFFF",
                                                "1u - 2",
                                                "1ul - 2",
                                                "4294967295u + 1",
                                                "(unsigned char) 300",
                                                "(signed char) 200",
                                                "(_Bool) 256",
                                                "(short) 0x12345",
                                                "(long) -1",
                                                "(unsigned) -1L",
                                                "(int) 2.9",
                                                "(int) -2 + (int) 1e3",
                                                "(char) 0x80 < 0",
                                                "'a'",
                                                "'\\n'",
                                                "'\\377'",
                                                "'\\xff'",
                                                "'\\0'",
                                                "'ab'",
                                                "L'x'",
                                                "u'x'",
                                                "U'x'",
                                                "'\\\\' + '\\''",
                                                "sizeof(int)",
                                                "sizeof(int[3][4])",
                                                "sizeof 1L",
                                                "sizeof(1 + 1u)",
                                                "sizeof \"four\"",
                                                "sizeof L\"ab\"",
                                                "sizeof('a')",
                                                "sizeof(char) - 2",
                                                "_Alignof(double)",
                                                "__alignof__(char)",
                                                "offsetof(struct s, in.b[2])",
                                                "__builtin_offsetof(struct s, z)",
                                                "(1 ? -1 : 1u)",
                                                "1 ? (char) 3 : 2L",
                                                "010 + 0b101",
                                                "10ULL << 33",
                                                "3 > 2 > 1",
                                                "1 == 1 != 0",
                                                "6 & 3 | 8 ^ 12",
                                                "5 & 6 == 6",
                                                "1 + (2, 3) * 0 + 1",
                                                "A + B",
                                                "-B",
                                                "sizeof(A)",
                                                "BIG",
                                                "sizeof(BIG)",
                                                "BIG - 1 > 0",
                                                "(__int128) 1 << 70 >> 68",
                                                "5 ?: 6",
                                                "(enum e) 2",
                                                "__extension__ 3",
                                                "1 - -1",
                                                "- - 1",
                                                "+'a'",
                                                "(unsigned short) -1 + 1",
                                                "sizeof(sizeof(int))",
                                                "0x1p3 > 1 ? 0 : 0"};
  const std::string prelude = R"(
    enum e { A = 5, B = A << 2 }; enum big { BIG = 1ull << 35 };
    struct s { char c; struct { int a; short b[4]; } in; union { char y; long z; }; };)";
  TypeTable table(DataModel::Lp64);
  std::string program = std::string(kHeaders) + prelude + "int main(void) {\n", expected;
  for (const std::string& expression : expressions) {
    Declarations block;
    bool ours = expression.find(", 3)") == std::string::npos && expression.find("0x1p3") == std::string::npos;
    auto parsed = parse_into(table, prelude + "\n#define VALUE " + expression, block);
    ASSERT_EQ(parsed.ok(), ours) << expression << (parsed.ok() ? "" : parsed.error().message);
    if (!ours) continue;  // commas and floating comparisons are no integer constant expressions: gcc agrees for [n]
    program += "printf(\"%s = %lld, %zu\\n\", " + std::string("\"") + std::to_string(&expression - &expressions[0]) +
               "\", (long long)(" + expression + "), sizeof(" + expression + "));\n";
    expected += std::to_string(&expression - &expressions[0]) + " = " +
                std::to_string(static_cast<long long>(block.constants.at("VALUE"))) + ", " +
                std::to_string(block.constant_types.at("VALUE")->size) + "\n";
  }
  EXPECT_EQ(run_c(program + "}\n"), expected);
}

}  // namespace
}  // namespace pinion::ctype
