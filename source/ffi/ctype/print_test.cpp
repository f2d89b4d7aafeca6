#include "ffi/ctype/print.hpp"

#include <gtest/gtest.h>

#include "ffi/ctype/type_table.hpp"

namespace pinion::ctype {
namespace {

class PrintTest : public testing::Test {
 protected:
  TypeTable table{DataModel::Lp64};
  const Type* int_ = table.scalar(Scalar::Int);
  const Type* char_ = table.scalar(Scalar::Char);
  const Type* void_ = table.scalar(Scalar::Void);

  const Type* array(const Type* element, std::uint64_t count) { return *table.array_of(element, count); }
  const Type* function(const Type* result, std::vector<Parameter> parameters, Convention convention = {},
                       bool variadic = false) {
    return *table.function(
        {.result = result, .parameters = parameters, .variadic = variadic, .convention = convention});
  }
  const Type* record(std::string_view tag, const std::vector<MemberSpec>& members, RecordSpec spec = {}) {
    Type* type = table.declare_record(Kind::Struct, tag);
    spec.members = members;
    EXPECT_TRUE(table.define_record(type, spec).ok());
    return type;
  }
};

TEST_F(PrintTest, DeclaratorsAreInsideOut) {
  const Type* callback = table.pointer_to(function(int_, {{"", char_}}));
  EXPECT_EQ(to_c(*int_), "int");
  EXPECT_EQ(to_c(*int_, "x"), "int x");
  EXPECT_EQ(to_c(*table.pointer_to(int_), "p"), "int *p");
  EXPECT_EQ(to_c(*array(table.pointer_to(int_), 3), "a"), "int *a[3]");
  EXPECT_EQ(to_c(*table.pointer_to(array(int_, 3)), "p"), "int (*p)[3]");
  EXPECT_EQ(to_c(*array(array(int_, 3), 2), "a"), "int a[2][3]");
  EXPECT_EQ(to_c(**table.array_without_bound(int_), "a"), "int a[]");
  EXPECT_EQ(to_c(*callback), "int (*)(char)");
  EXPECT_EQ(to_c(*function(callback, {{"n", int_}, {"f", callback}}), "g"), "int (*g(int n, int (*f)(char)))(char)");
  EXPECT_EQ(to_c(*array(callback, 4), "handlers"), "int (*handlers[4])(char)");
}

TEST_F(PrintTest, Functions) {
  const Type* text = table.pointer_to(table.qualified(char_, Const));
  EXPECT_EQ(to_c(*function(int_, {}), "f"), "int f(void)");
  EXPECT_EQ(to_c(**table.function({.result = int_, .prototyped = false}), "f"), "int f()");
  const Type* print = function(int_, {{"format", text}}, Convention::Default, true);
  EXPECT_EQ(to_c(*print, "printf"), "int printf(const char *format, ...)");
  const Type* extra[] = {int_};
  EXPECT_EQ(to_c(**table.variadic_call(print, extra), "printf"), "int printf(const char *format, ...)");
}

TEST_F(PrintTest, ConventionsStayWithTheirFunction) {
  const Type* inner = table.pointer_to(function(void_, {}, Convention::SysV));
  const Type* outer = function(inner, {{"", int_}}, Convention::Microsoft);
  EXPECT_EQ(to_c(*outer, "f"), "void (__attribute__((sysv_abi)) *f(int))(void) __attribute__((ms_abi))");
  EXPECT_EQ(to_c(*table.pointer_to(outer)), "void (__attribute__((sysv_abi)) *(__attribute__((ms_abi)) *)(int))(void)");
}

TEST_F(PrintTest, Qualifiers) {
  const Type* constant = table.qualified(int_, Const);
  EXPECT_EQ(to_c(*constant, "x"), "const int x");
  EXPECT_EQ(to_c(*table.pointer_to(constant), "p"), "const int *p");
  EXPECT_EQ(to_c(*table.qualified(table.pointer_to(int_), Const | Restrict), "p"), "int *const restrict p");
  EXPECT_EQ(to_c(*table.qualified(array(int_, 2), Volatile), "a"), "volatile int a[2]");
  EXPECT_EQ(to_c(*table.qualified(int_, Atomic), "x"), "_Atomic int x");
}

TEST_F(PrintTest, NamesOfTypes) {
  const Type* number = table.alias("number", table.scalar(Scalar::ULongLong));
  EXPECT_EQ(to_c(*table.pointer_to(number), "p"), "number *p");
  EXPECT_EQ(to_c(**table.complex_of(table.scalar(Scalar::LongDouble)), "z"), "_Complex long double z");
  EXPECT_EQ(to_c(**table.vector_of(table.scalar(Scalar::Float), 16), "v"), "float __attribute__((vector_size(16))) v");
  EXPECT_EQ(to_c(*table.aligned(int_, 16), "t"), "int t __attribute__((aligned(16)))");
  EXPECT_EQ(to_c(*table.aligned(table.pointer_to(int_), 16), "t"), "int *t __attribute__((aligned(16)))");
  EXPECT_EQ(to_c(*table.pointer_to(table.aligned(int_, 16)), "p"), "int __attribute__((aligned(16))) *p");
  EXPECT_EQ(to_c(*table.aligned(array(int_, 4), 16), "t"), "int t[4] __attribute__((aligned(16)))");
  EXPECT_EQ(to_c(*table.declare_record(Kind::Union, "u"), "x"), "union u x");
}

TEST_F(PrintTest, Definitions) {
  const Type* anonymous = record("", {{.name = "x", .type = int_}});
  const Type* point = record("point",
                             {{.name = "d", .type = table.scalar(Scalar::Double), .align = 16},
                              {.name = "b", .type = int_, .bit_width = 3, .packed = true},
                              {.type = int_, .bit_width = 0},
                              {.type = anonymous},
                              {.name = "rest", .type = *table.array_without_bound(char_)}},
                             {.packed = true, .align = 32, .max_align = 4});
  const std::string text =
      "struct __attribute__((packed, aligned(32))) point { double d __attribute__((aligned(16))); "
      "int b : 3 __attribute__((packed)); int : 0; struct { int x; }; char rest[]; }";
  EXPECT_EQ(definition(*point), text);
  EXPECT_EQ(declaration(*point), "#pragma pack(push, 4)\n" + text + ";\n#pragma pack(pop)\n");
  EXPECT_EQ(to_c(*point, "p"), "struct point p");
  EXPECT_EQ(to_c(*anonymous, "s"), "struct { int x; } s");
  EXPECT_EQ(definition(*table.aligned(point, 64)), text);
  EXPECT_EQ(definition(*table.declare_record(Kind::Struct, "opaque")), "struct opaque");
  EXPECT_EQ(definition(*record("empty", {})), "struct empty { }");
}

TEST_F(PrintTest, Enums) {
  const Enumerator enumerators[] = {{"low", static_cast<__int128>(-9223372036854775807 - 1)}, {"high", 7}};
  Type* wide = table.declare_enum("wide");
  ASSERT_TRUE(table.define_enum(wide, enumerators).ok());
  EXPECT_EQ(definition(*wide), "enum wide { low = -9223372036854775807 - 1, high = 7 }");
  const Enumerator big[] = {{"all", static_cast<__int128>(18446744073709551615U)}};
  Type* all = table.declare_enum("bits");
  ASSERT_TRUE(table.define_enum(all, big).ok());
  EXPECT_EQ(definition(*all), "enum bits { all = 18446744073709551615U }");
  const Enumerator one[] = {{"one", 1}};
  Type* packed = table.declare_enum("");
  ASSERT_TRUE(table.define_enum(packed, one, true).ok());
  EXPECT_EQ(to_c(*packed, "x"), "enum __attribute__((packed)) { one = 1 } x");
  Type* fixed = table.declare_enum("fixed");
  ASSERT_TRUE(table.define_enum(fixed, one, false, table.scalar(Scalar::Short)).ok());
  EXPECT_EQ(definition(*fixed), "enum fixed : short { one = 1 }");
  Type* usual = table.declare_enum("usual");
  ASSERT_TRUE(table.define_enum(usual, one, false, table.scalar(Scalar::UInt)).ok());
  EXPECT_EQ(definition(*usual), "enum usual { one = 1 }");
}

}  // namespace
}  // namespace pinion::ctype
