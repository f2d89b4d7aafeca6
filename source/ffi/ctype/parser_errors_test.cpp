// What the parser says about texts that are not C, word for word.
#include <gtest/gtest.h>

#include <string>

#include "ffi/ctype/parser.hpp"

namespace pinion::ctype {
namespace {

class ParserErrorTest : public testing::Test {
 protected:
  TypeTable table{DataModel::Lp64};
  ParseError detail;

  // The whole report.
  std::string report(std::string_view text) {
    Declarations block;
    detail = {};
    auto result = parse_into(table, text, block, &detail);
    if (result.ok()) return "no error";
    EXPECT_EQ(result.error().message, detail.message);
    EXPECT_TRUE(block.declarations.empty());
    EXPECT_TRUE(block.tags.empty());
    return detail.message;
  }

  // Only the sentence, of a text of one line; `column` says where the caret has to be.
  std::string sentence(std::string_view text) {
    std::string whole = report(text);
    std::size_t start = whole.find(": ");
    return start == whole.npos ? whole : whole.substr(start + 2, whole.find('\n') - start - 2);
  }
};

TEST_F(ParserErrorTest, AReportHasLineColumnSourceAndCaret) {
  EXPECT_EQ(report("double pow(doble x, double y)"),
            "line 1, column 12: unknown type name 'doble'; did you mean 'double'?\n"
            "    double pow(doble x, double y)\n"
            "               ^");
  EXPECT_EQ(detail.line, 1u);
  EXPECT_EQ(detail.column, 12u);
  EXPECT_EQ(report("int f(int a;\nint g(void);"),
            "line 1, column 12: expected ')' or ',' after the parameter, got ';'\n"
            "    int f(int a;\n"
            "               ^");
}

TEST_F(ParserErrorTest, TabsAndUtf8) {
  EXPECT_EQ(report("int a;\n\tint /* \xC3\xA9\xE2\x82\xAC */ \xE2\x80\x99x;"),
            "line 2, column 15: unexpected character '\xE2\x80\x99' (U+2019)\n"
            "    \tint /* \xC3\xA9\xE2\x82\xAC */ \xE2\x80\x99x;\n"
            "    \t             ^");
}

TEST_F(ParserErrorTest, LongLinesAreCut) {
  std::string text = "int " + std::string(500, 'a') + ", 5" + std::string(500, '6') + ";";
  EXPECT_EQ(report(text), "line 1, column 507: expected a name, got '5" + std::string(56, '6') + "...'\n    ..." +
                              std::string(78, 'a') + ", 5" + std::string(59, '6') + "...\n" + std::string(87, ' ') +
                              "^");
}

TEST_F(ParserErrorTest, ContinuedLinesKeepTheirPlaces) {
  report("int f(int a,\\\n  oops b);");
  EXPECT_EQ(detail.line, 2u);
  EXPECT_EQ(detail.column, 3u);
}

TEST_F(ParserErrorTest, AtTheEnd) {
  EXPECT_EQ(report("int f("),
            "line 1, column 7: expected a parameter's type, got the end of the text\n"
            "    int f(\n"
            "          ^");
}

struct Case {
  std::string_view text, sentence;
  unsigned column;
};

TEST_F(ParserErrorTest, Sentences) {
  const Case cases[] = {
      // Names and types.
      {"size_tt f(void);", "unknown type name 'size_tt'; did you mean 'size_t'?", 1},
      {"foo f(void);", "unknown type name 'foo'", 1},
      {"struct point { int x; }; point f(void);", "unknown type name 'point'; did you mean 'struct point'?", 26},
      {"ZEXTERN int f(void);", "unknown type name 'ZEXTERN'; if it is a macro, run the preprocessor first (cc -E)", 1},
      {"int f(int x y);", "expected ')' or ',' after the parameter, got 'y'", 13},
      {"int f(void) g", "expected ';' or ',' after the declaration, got 'g'", 13},
      {"int;", "expected a name after the type, got ';'", 4},
      {"5 f(void);", "expected a declaration, got '5'", 1},
      {"short double x;", "'short double' is not a type: these words do not go together", 1},
      {"long long long x;", "one 'long' too many in this type", 11},
      {"int int x;", "one 'int' too many in this type", 5},
      {"size_t int x;", "'int' after a type that is complete", 8},
      {"int struct s x;", "'struct' after another type", 5},
      {"typeof(int) x;", "'typeof' is not understood: write the type itself", 1},
      {"auto x;", "'auto' is not understood here: expected a type", 1},
      {"extern typedef int x;", "'typedef' after 'extern': expected one storage class", 8},
      {"int f(static int x);", "'static' in a parameter: expected 'register' or nothing", 7},
      {"int f(int, void);", "a parameter of type 'void'", 12},
      {"int f(int x = 5);", "a parameter with a default value: that is C++", 13},
      {"void v;", "the variable 'v' is of type 'void'", 6},
      // Declarators.
      {"int *;", "expected a name, got ';'", 6},
      {"int (*f(void);", "expected ')' after the declarator, got ';'", 14},
      {"int f(void)[3];", "a function that returns an array: expected it to return a pointer", 6},
      {"int f(void)(void);", "a function that returns a function: expected it to return a pointer", 6},
      {"int f[3](void);", "an array of functions: expected an object type", 6},
      {"void a[3];", "an array of an incomplete type", 7},
      {"struct s a[3];", "an array of an incomplete type", 11},
      {"int a[-1];", "an array of -1 elements", 7},
      {"int a[n];", "unknown constant 'n'", 7},
      {"int a[3;", "expected ']' after the array's bound, got ';'", 8},
      {"int a[*];", "'[*]' stands for a length only known at run time: expected a constant", 7},
      {"int f(int (*a)[n]);", "unknown constant 'n'", 16},
      {"int a[0xFFFFFFFFFFFFFFFF];", "an array of 18446744073709551615 elements is too large", 7},
      {"int f(int a[3);", "expected ']', got ')'", 14},
      {"int f(int a[3", "this '[' is never closed", 12},
      // Initialisers.
      {"int x = 5;", "'x' with an initial value: expected ';' (only 'static const int NAME = 5;' is understood)", 7},
      {"static const double x = 5;",
       "'x' with an initial value: expected ';' (only 'static const int NAME = 5;' is understood)", 23},
      // Structs and enums.
      {"struct { int x }; struct;", "expected a tag or '{' after 'struct', got ';'", 25},
      {"struct s { int x; int x; };", "there is a member 'x' already", 23},
      {"struct s { int x; struct { int x; }; };", "there is a member 'x' already", 19},
      {"struct s { struct s x; };", "the member 'x' is of the incomplete type 'struct s'", 21},
      {"struct s { int f(void); };", "the member 'f' is a function", 16},
      {"struct s { char a[]; int b; };", "a member after the flexible array 'a': expected '}'", 26},
      {"union u { char a[]; };", "the flexible array 'a' in a union: expected a bound", 16},
      {"struct s { int x = 1; };", "a member with an initial value: expected ';'", 18},
      {"struct s { static int x; };", "'static' in a struct or union", 12},
      {"struct s { int; };", "expected a name for the member, got ';'", 15},
      {"struct s { int x, };", "expected a name, got '}'", 19},
      {"struct s { int x; ", "expected '}' after the members, got the end of the text", 19},
      {"struct s { int b : 33; };", "a bit-field of 33 bits: 'int' has 32", 20},
      {"struct s { float b : 3; };", "a bit-field of type 'float': expected an integer type", 20},
      {"struct s { int b : 0; };", "a bit-field of no bits cannot have a name", 20},
      {"struct s { int x; }; struct s { char y; };", "'struct s' was defined before with other members", 29},
      {"struct s { struct s { int x; } y; };", "'struct s' is defined inside itself", 8},
      {"struct s; union s *p;", "'union s' was declared as 'struct s' before", 17},
      {"enum e { };", "an enum without enumerators: expected a name", 10},
      {"enum e { A B };", "expected ',' or '}' after the enumerator, got 'B'", 12},
      {"enum e { A = 1.5 };", "expected an integer constant, got the floating one '1.5'", 14},
      {"enum { A }; enum { A = 2 };", "the constant 'A' was 0 before, and is 2 now", 20},
      {"enum e { A }; enum e { B };", "'enum e' was defined before with other enumerators", 20},
      {"enum e : float { A };", "an enum of 'float': expected an integer type", 10},
      // Redeclarations.
      {"typedef int t; typedef char t;", "'t' was declared as 'int' before, and now as 'char'", 29},
      {"int f(int); int f(char);", "'f' was declared as 'int f(int)' before, and now as 'int f(char)'", 17},
      {"typedef int t; int t;", "'t' was declared as a type before", 20},
      {"enum { A }; int A;", "'A' was declared as a constant before", 17},
      {"int A; enum { A };", "'A' was declared as a function or variable before", 15},
      // Attributes.
      {"int f(void) __attribute__((vectorcall));", "the calling convention 'vectorcall' is not supported", 28},
      {"int __vectorcall f(void);", "the calling convention '__vectorcall' is not supported", 5},
      {"union __attribute__((transparent_union)) u { int a; };",
       "transparent_union on a union itself: expected a typedef", 22},
      {"int x __attribute__((aligned(3)));", "an alignment of 3: expected a power of two, at most 268435456", 30},
      {"int x __attribute__((packed);", "expected ')' after the attributes, got ';'", 29},
      {"int x __attribute__(packed);", "expected '(' after '__attribute__(', got 'packed'", 21},
      {"int f(void) __asm__(5);", "expected a string: the name of the symbol, got '5'", 21},
      // Constant expressions.
      {"enum { A = 1 / 0 };", "a division by zero", 14},
      {"enum { A = 2147483647 + 1 };", "the result of '+' does not fit in 'int'", 23},
      {"enum { A = 1 << 32 };", "a shift by 32: expected 0 to 31", 14},
      {"enum { A = 99999999999999999999 };", "the number '99999999999999999999' is too large: it needs over 64 bits",
       12},
      {"enum { A = 12abc };", "'12abc' is not a number: 'abc' was not expected there", 12},
      {"enum { A = 08 };", "'08' is not a number: '8' was not expected there", 12},
      {"enum { A = (int *) 0 };", "a cast to 'int *': expected an integer type", 13},
      {"enum { A = sizeof(struct s) };", "sizeof of the incomplete type 'struct s'", 19},
      {"enum { ABCDE, B = ABCDF };", "unknown constant 'ABCDF'; did you mean 'ABCDE'?", 19},
      {"enum { A = int };", "expected an integer constant, got 'int'", 12},
      {"enum { A = size_t };", "expected an integer constant, got the type 'size_t'", 12},
      {"enum { A = (1 };", "expected ')' after the expression, got '}'", 15},
      {"enum { A = 1 ? 2 };", "expected ':' after the second operand of '?', got '}'", 18},
      {"enum { A = '' };", "an empty character constant: expected a character between the quotes", 12},
      {"enum { A = '\\q' };", "unknown escape '\\q'", 12},
      {"struct s { int a : 3; }; enum { A = offsetof(struct s, a) };", "offsetof of the bit-field 'a'", 56},
      {"struct s { int a; }; enum { A = offsetof(struct s, b) };", "'struct s' has no member 'b'", 52},
      {"_Static_assert(1 > 2, \"order\");", "the assertion is false: order", 16},
      {"_Static_assert(sizeof(long) == 4);", "the assertion is false", 16},
      // Lexical.
      {"int x; /* for ever", "this comment has no end: expected '*/'", 8},
      {"int f(void) __asm__(\"x);", "this string has no end: expected \" before the end of the line", 21},
      {"int x@;", "unexpected character '@'", 6},
      {"int x\x01;", "unexpected byte 0x01", 6},
      {"int x\xFF;", "unexpected byte 0xFF", 6},
      // The preprocessor.
      {"#ifdef X", "'#ifdef' is not understood here; run the preprocessor first (cc -E)", 1},
      {"#define F(x) x", "#define F is not an integer constant; run the preprocessor first (cc -E)", 9},
      {"#define F \"abc\"", "#define F is not an integer constant; run the preprocessor first (cc -E)", 9},
      {"#define F other", "#define F is not an integer constant; run the preprocessor first (cc -E)", 9},
      {"#define F (1", "expected ')' after the expression, got the end of the line", 13},
      {"#define F 1 2", "expected the end of the line after the constant, got '2'", 13},
      {"#pragma pack(3)", "#pragma pack of 3: expected 1, 2, 4, 8 or 16", 14},
      {"#pragma pack(pop)", "#pragma pack(pop) without a push before it", 14},
      // C++.
      {"extern \"C\" { int x;", "expected '}' for the '{' after extern \"C\", got the end of the text", 20},
      {"extern \"C++\" int x;", "extern \"C++\": only C functions can be called", 8},
      {"class x;", "unknown type name 'class'", 1},
      {"}", "expected a declaration, got '}'", 1},
      {"int &x;", "expected a name, got '&'", 5},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(sentence(c.text), c.sentence) << c.text;
    EXPECT_EQ(detail.line, 1u) << c.text;
    EXPECT_EQ(detail.column, c.column) << c.text;
  }
}

TEST_F(ParserErrorTest, ATypeThatContradictsItself) {
  EXPECT_EQ(sentence("int f(void __attribute__((aligned(8))) *p, struct s __attribute__((aligned(8))) q);"),
            "the type 'void' has no size and cannot be aligned");
}

std::string repeat(std::string_view text, std::size_t times) {
  std::string result;
  for (std::size_t i = 0; i < times; ++i) result += text;
  return result;
}

TEST_F(ParserErrorTest, NestingIsBounded) {
  constexpr std::string_view kTooDeep = "this is nested too deeply: at most 200 levels";
  const std::size_t many = 20'000;
  for (const std::string& text :
       {"int " + repeat("*", many) + "x;", "int " + repeat("(", many) + "x;", "int x" + repeat("[1]", many) + ";",
        "int x[" + repeat("(", many) + "1];", "int x[" + repeat("-", many) + "1];",
        "int x[" + repeat("1?", many) + "1];", "int x[" + repeat("1?1:", many) + "1];",
        repeat("struct{", many) + "int x;", "int f" + repeat("(int(*)", many) + ");",
        repeat("_Atomic(", many) + "int x;", "int x[" + repeat("sizeof(int[", many) + "1];",
        "int x[" + repeat("sizeof ", many) + "1];", "int x[" + repeat("(int)", many) + "1];",
        "enum e {" + repeat("A = sizeof(enum {", many), "int x " + repeat("__attribute__((aligned(_Alignof(int ", many),
        "int x[" + repeat("__extension__ ", many) + "1];"}) {
    EXPECT_EQ(sentence(text), kTooDeep) << text.substr(0, 40);
  }
  EXPECT_EQ(sentence("int " + repeat("*", 150) + "x;"), "no error");
  EXPECT_EQ(sentence("int x[" + repeat("(", 90) + "1" + repeat(")", 90) + "];"), "no error");
}

TEST_F(ParserErrorTest, NestingByTypedefsIsBounded) {
  std::string arrays = "typedef int t0[1];", structs = "struct s0 { int x; };";
  for (int i = 1; i < 300; ++i) {
    arrays += "typedef t" + std::to_string(i - 1) + " t" + std::to_string(i) + "[1];";
    structs += "struct s" + std::to_string(i) + " { struct s" + std::to_string(i - 1) + " x; };";
  }
  EXPECT_EQ(sentence(arrays), "this array is nested too deeply");
  EXPECT_EQ(sentence(structs), "this struct is nested too deeply");
}

TEST_F(ParserErrorTest, CountsAreBounded) {
  EXPECT_EQ(sentence("int f(" + repeat("int,", 5000) + "int);"), "too many parameters: at most 4096");
  std::string members = "struct s {";
  for (int i = 0; i < 20000; ++i) members += "int m" + std::to_string(i) + ";";
  EXPECT_EQ(sentence(members + "};"), "too many members: at most 16384");
  std::string text(std::size_t{1} << 20, ' ');
  EXPECT_EQ(sentence(text), "no error");
  EXPECT_EQ(report(text + " "), "a text of 1048577 bytes: expected at most 1048576");
}

// Long texts of anything take a moment, not minutes: the test's own time limit is the check.
TEST_F(ParserErrorTest, LongTextsAreLinear) {
  const std::size_t room = std::size_t{1} << 18;
  for (std::string_view piece :
       {"int f(int);", "typedef int t;", "/**/", "int a[(1+1)*2];", ";", "#define A 1\n", "struct s;", "enum { A };",
        "struct s *f(struct s *);", "\\\n", "#pragma pack(1)\n", "int f(void) {}"}) {
    EXPECT_EQ(sentence(repeat(piece, room / piece.size())), "no error") << piece;
  }
  EXPECT_EQ(sentence("enum { A = 1" + repeat("+1", 100'000) + "};"), "no error");
  EXPECT_EQ(sentence("int f(void)" + repeat("__attribute__((x))", 10'000)), "no error");
  EXPECT_EQ(sentence(repeat("(", room)), "expected a declaration, got '('");
  EXPECT_EQ(sentence("int f(int x[" + repeat("(", room - 20)), "this '[' is never closed");
}

}  // namespace
}  // namespace pinion::ctype
