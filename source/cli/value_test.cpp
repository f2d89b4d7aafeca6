// Values from text and back: the parser and the printer against each other, and against C's own layout.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>

#include "cli/value_parser.hpp"
#include "cli/value_printer.hpp"
#include "ffi/ctype/print.hpp"

namespace pinion::cli {
namespace {

using testing::HasSubstr;

class Values : public testing::Test {
 protected:
  Values()
      : parser_(types_, known_, storage_, [](std::string_view name) -> const void* {
          return name == "abs" ? reinterpret_cast<const void*>(static_cast<int (*)(int)>(std::abs)) : nullptr;
        }) {}

  void declare(std::string_view text) {
    const auto parsed = ctype::parse_into(types_, text, known_);
    ASSERT_TRUE(parsed) << parsed.error().message;
  }

  Result<TypedValue> parse(std::string_view type, std::string_view text) {
    const auto parsed = ctype::parse_type(types_, type, &known_);
    if (!parsed) return parsed.error();
    return parser_.parse(**parsed, text);
  }

  // As the command prints it, or the error.
  std::string print(const Result<TypedValue>& value) {
    return value ? ValuePrinter().print(*value->type, value->data) : "argument 1" + value.error().message;
  }
  std::string round(std::string_view type, std::string_view text) { return print(parse(type, text)); }
  std::string infer(std::string_view text) {
    const auto value = parser_.parse_variadic(text);
    return value ? ctype::to_c(*value->type) + " " + print(value) : "argument 1" + value.error().message;
  }

  ctype::TypeTable types_{ctype::DataModel::Lp64};
  ctype::Declarations known_;
  Storage storage_;
  ValueParser parser_;
};

TEST_F(Values, ScalarsOfEveryKind) {
  EXPECT_EQ(round("int", " -5 "), "-5");
  EXPECT_EQ(round("unsigned char", "0xff"), "255");
  EXPECT_EQ(round("char", "'a'"), "'a'");
  EXPECT_EQ(round("char", "a"), "'a'");
  EXPECT_EQ(round("char", "65"), "'A'");
  EXPECT_EQ(round("_Bool", "true"), "true");
  EXPECT_EQ(round("_Bool", "0"), "false");
  EXPECT_EQ(round("__int128", "-0x80000000000000000000000000000000"), "-170141183460469231731687303715884105728");
  EXPECT_EQ(round("double", "2.5"), "2.5");
  EXPECT_EQ(round("double", "2.5L"), "2.5");
  EXPECT_EQ(round("double", "'a'"), "97");
  EXPECT_EQ(round("float _Complex", "1.5-2i"), "1.5-2i");
  EXPECT_EQ(round("double _Complex", "2i"), "0+2i");
  EXPECT_EQ(round("double _Complex", "3"), "3+0i");
  EXPECT_EQ(round("double _Complex", "inf-nani"), "inf-nani");
  EXPECT_EQ(round("int _Complex", "3-4i"), "3-4i");
}

TEST_F(Values, WhatDoesNotFitNamesTypeAndText) {
  EXPECT_EQ(round("double", "ten"), "argument 1 wants double, got 'ten'");
  EXPECT_EQ(round("unsigned char", "256"), "argument 1 wants unsigned char (0 to 255), got '256'");
  EXPECT_EQ(round("unsigned int", "-1"), "argument 1 wants unsigned int (0 to 4294967295), got '-1'");
  EXPECT_EQ(round("float", "1e39"), "argument 1 wants float, got '1e39' (it is too large)");
  EXPECT_EQ(round("_Bool", "2"), "argument 1 wants _Bool (0 to 1), got '2'");
  EXPECT_EQ(round("int", ""), "argument 1 wants int, got ''");
  EXPECT_EQ(round("double _Complex", "1+2"), "argument 1 wants _Complex double, got '1+2' (as in 1+2i)");
}

TEST_F(Values, EnumsAndConstantsByName) {
  declare("enum color { RED, GREEN = 5, BLUE }; enum { A = 1, B = 4 };\n#define LIMIT 100\n");
  EXPECT_EQ(round("enum color", "GREEN"), "GREEN");
  EXPECT_EQ(round("enum color", "6"), "BLUE");
  EXPECT_EQ(round("enum color", "3"), "3");
  EXPECT_EQ(round("int", "A|B | 0x10"), "21");
  EXPECT_EQ(round("long", "LIMIT"), "100");
  EXPECT_EQ(round("enum color", "PINK"), "argument 1 wants enum color, got 'PINK' (one of RED, GREEN, BLUE)");
}

// The members' places are C's: the compiler made this struct.
TEST_F(Values, StructsHaveCsBytes) {
  struct Inner {
    short s;
    double d;
  };
  struct Outer {
    char name[6];
    Inner in[2];
    unsigned a : 3;
    int b : 5;
    float f;
  };
  declare(
      "struct inner { short s; double d; }; struct outer { char name[6]; struct inner in[2]; unsigned a : 3; int b : "
      "5; float f; };");
  Outer expected{};
  std::memcpy(expected.name, "pin", 3);
  expected.in[0].s = 1;
  expected.in[1].d = 2.5;
  expected.a = 5;
  expected.b = -16;
  expected.f = 0.5F;
  for (const char* text : {"{\"pin\", {{1}, {0, 2.5}}, 5, -16, .5}",
                           "{.f = 0.5, .b = -16, .a = 5, .in[1].d = 2.5, .in[0] = {1}, .name = {'p', 'i', 'n'}}",
                           "{\"pin\", .in = {[1] = {.d = 2.5}, [0] = {.s = 1}}, 5, -16, 0.5}"}) {
    const auto value = parse("struct outer", text);
    ASSERT_TRUE(value) << value.error().message;
    EXPECT_EQ(std::memcmp(value->data, &expected, sizeof expected), 0) << text;
    EXPECT_EQ(print(value), "{name = \"pin\", in = {{s = 1, d = 0}, {s = 0, d = 2.5}}, a = 5, b = -16, f = 0.5}");
  }
}

TEST_F(Values, AnonymousMembersUnionsAndVectors) {
  declare(
      "struct v { int tag; union { int i; float f; }; int : 3; int last; };"
      "typedef float v4 __attribute__((vector_size(16)));");
  EXPECT_EQ(round("struct v", "{1, {2}, 3}"), "{tag = 1, i = 2, f = 3e-45, last = 3}");
  EXPECT_EQ(round("struct v", "{.f = 1, .last = 9}"), "{tag = 0, i = 1065353216, f = 1, last = 9}");
  EXPECT_EQ(round("union { char c; int i; }", "{.i = 65}"), "{c = 'A', i = 65}");
  EXPECT_EQ(round("v4", "{1, 2, [3] = 4}"), "{1, 2, 0, 4}");
}

TEST_F(Values, MistakesInAggregatesAreLocated) {
  declare("struct p { int x, y; }; struct s { struct p in; unsigned char c : 2; int v[2]; }; struct opaque;");
  EXPECT_EQ(round("struct s", "{{1, x}}"), "argument 1, at .in.y, wants int, got 'x'");
  EXPECT_EQ(round("struct s", "{.in.z = 1}"),
            "argument 1, at .in, wants struct p, got '.z' (it has no member of that name)");
  EXPECT_EQ(round("struct s", "{{}, 4}"), "argument 1, at .c, wants unsigned char of 2 bits (0 to 3), got '4'");
  EXPECT_EQ(round("struct s", "{{}, 1, {1, 2, 3}}"),
            "argument 1, at .v, wants int [2], got '{1, 2, 3}' ('3' is one too many)");
  EXPECT_EQ(round("struct s", "{.v = {[2] = 1}}"),
            "argument 1, at .v, wants int [2], got '[2] = 1' (it has 2 elements)");
  EXPECT_EQ(round("struct p", "{1, 2, 3}"), "argument 1 wants struct p, got '{1, 2, 3}' ('3' is one too many)");
  EXPECT_EQ(round("struct p", "1"), "argument 1 wants struct p, got '1' (write it as {...})");
  EXPECT_EQ(round("struct p", "{1} {2}"), "argument 1 wants struct p, got '{1} {2}' (write it as {...})");
  EXPECT_THAT(round("struct p", "{1, \"}"), HasSubstr("wants struct p"));
  EXPECT_THAT(round("union { int a; int b; }", "{1, 2}"), HasSubstr("one too many"));
  EXPECT_THAT(round("struct opaque *", "&{1}"), HasSubstr("opaque"));
}

TEST_F(Values, Pointers) {
  EXPECT_EQ(round("int *", "null"), "null");
  EXPECT_EQ(round("int *", "0"), "null");
  EXPECT_EQ(round("void *", "0x1234"), "0x1234");
  EXPECT_EQ(round("char *", "0x1234"), "0x1234 (not readable)");
  EXPECT_EQ(round("char *", "two words"), "\"two words\"");
  EXPECT_EQ(round("const char *", "\"0x1234\\n\""), "\"0x1234\\n\"");
  EXPECT_EQ(round("char *", "0"), "\"0\"");
  EXPECT_EQ(round("wchar_t *", "\xE2\x82\xAC!"), "\"\xE2\x82\xAC!\"");
  EXPECT_EQ(round("const char16_t *", "\xF0\x9F\x98\x80"), "\"\xF0\x9F\x98\x80\"");
  EXPECT_NE(round("int (*)(int)", "abs"), "null");
  EXPECT_EQ(round("int (*)(int)", "nosuch"),
            "argument 1 wants int (*)(int), got 'nosuch' (write null, an address 0x..., or the name of a function)");
  EXPECT_THAT(round("int *", "5"), HasSubstr("& and the value"));
  EXPECT_THAT(round("int *", "&{1, 2}"), HasSubstr("&[]{1, 2}"));
  EXPECT_THAT(round("char *", "\"open"), HasSubstr("quote"));
}

TEST_F(Values, WhatIsPointedToIsRemembered) {
  declare("struct list { int v; struct list *next; };");
  ASSERT_TRUE(parse("struct list *", "&{1, &{2, null}}"));
  ASSERT_EQ(parser_.pointed().size(), 2U);
  EXPECT_EQ(parser_.pointed()[0].path, ".next");
  EXPECT_EQ(print(parser_.pointed()[0].value), "{v = 2, next = null}");
  EXPECT_EQ(parser_.pointed()[1].path, "");

  const std::pair<std::pair<const char*, const char*>, const char*> rows[] = {
      {{"int *", "&7"}, "7"},
      {{"int *", "&[3]"}, "{0, 0, 0}"},
      {{"int *", "&[]{3, [4] = 1, 2}"}, "{3, 0, 0, 0, 1, 2}"},
      {{"int *", "&[2]{3}"}, "{3, 0}"},
      {{"char *", "&\"abc\""}, "\"abc\""},
      {{"char *", "&[8]\"abc\""}, "\"abc\""},
      {{"char **", "&null"}, "null"},
      {{"char **", "&[]{\"a\", b}"}, "{\"a\", \"b\"}"},
      {{"void *", "&[]{1, 2}"}, "{1, 2}"},
      {{"void *", "&2.5"}, "2.5"},
      {{"int (*)[2]", "&{1, 2}"}, "{1, 2}"},
  };
  for (const auto& [given, expected] : rows) {
    const auto value = parse(given.first, given.second);
    ASSERT_TRUE(value) << value.error().message;
    ASSERT_EQ(parser_.pointed().size(), 1U) << given.second;
    EXPECT_EQ(print(parser_.pointed()[0].value), expected) << given.first << " " << given.second;
  }

  ASSERT_TRUE(parse("const int *", "&7"));
  EXPECT_TRUE(parser_.pointed().empty()) << "the callee does not write through a pointer to const";
}

TEST_F(Values, BuffersHaveALimit) {
  EXPECT_THAT(round("int *", "&[99999999999]"), HasSubstr("1073741824 bytes"));
  EXPECT_THAT(round("int *", "&[-1]"), HasSubstr("a count of elements"));
  EXPECT_THAT(round("int *", "&[]"), HasSubstr("the count is missing"));
  EXPECT_THAT(round("char *", "&[2]\"abc\""), HasSubstr("too long"));
  EXPECT_THAT(round("int *", "&[2"), HasSubstr("got '[2'"));
}

TEST_F(Values, VariadicArgumentsHaveTheTypeOfTheirLiteral) {
  declare("struct p { int x; double y; };\n#define LIMIT 100\n");
  EXPECT_EQ(infer("5"), "int 5");
  EXPECT_EQ(infer("5000000000"), "long 5000000000");
  EXPECT_EQ(infer("5ULL"), "unsigned long long 5");
  EXPECT_EQ(infer("'a'"), "int 97");
  EXPECT_EQ(infer("2.5"), "double 2.5");
  EXPECT_EQ(infer("2.5F"), "double 2.5");
  EXPECT_EQ(infer("2.5L"), "long double 2.5");
  EXPECT_EQ(infer("1+2i"), "_Complex double 1+2i");
  EXPECT_EQ(infer("word"), "char * \"word\"");
  EXPECT_EQ(infer("2024-01-01"), "char * \"2024-01-01\"");
  EXPECT_EQ(infer("\"5\""), "char * \"5\"");
  EXPECT_EQ(infer(" a "), "char * \" a \"");
  EXPECT_EQ(infer("null"), "void * null");
  EXPECT_EQ(infer("LIMIT"), "int 100");
  EXPECT_EQ(infer("(short)-5"), "int -5");
  EXPECT_EQ(infer("(unsigned char)200"), "int 200");
  EXPECT_EQ(infer("(float)0.5"), "double 0.5");
  EXPECT_EQ(infer("(struct p){1, 2}"), "struct p {x = 1, y = 2}");
  EXPECT_EQ(infer("(in brackets)"), "char * \"(in brackets)\"");
  EXPECT_THAT(infer("{1, 2}"), HasSubstr("(TYPE){...}"));
}

TEST_F(Values, LongArraysAndTextAreCut) {
  EXPECT_THAT(round("int[300]", "{1}"), HasSubstr("... 44 more}"));
  EXPECT_THAT(round("char *", std::string(5000, 'x')), HasSubstr("xxx\"..."));
  EXPECT_EQ(round("char[4]", "{'a', 0, 'b'}"), "\"a\\0b\"");
  EXPECT_EQ(round("unsigned char[2]", "{1, 2}"), "\"\\1\\2\"");
  EXPECT_EQ(round("uint8_t[2]", "{1, 2}"), "{1, 2}");
}

TEST_F(Values, AddressesOnRequest) {
  const auto value = parse("char *", "text");
  EXPECT_THAT(ValuePrinter(true).print(*value->type, value->data), testing::StartsWith("0x"));
}

}  // namespace
}  // namespace pinion::cli
