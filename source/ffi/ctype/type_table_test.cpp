#include "ffi/ctype/type_table.hpp"

#include <gtest/gtest.h>

#include <thread>

#include "ffi/ctype/print.hpp"

namespace pinion::ctype {
namespace {

class TypeTableTest : public testing::Test {
 protected:
  TypeTable table{DataModel::Lp64};
  const Type* int_ = table.scalar(Scalar::Int);
  const Type* char_ = table.scalar(Scalar::Char);
  const Type* void_ = table.scalar(Scalar::Void);

  const Type* record(Kind kind, std::vector<MemberSpec> members, RecordSpec spec = {}) {
    Type* type = table.declare_record(kind, "s");
    spec.members = members;
    const Status status = table.define_record(type, spec);
    EXPECT_TRUE(status.ok()) << (status.ok() ? "" : status.error().message);
    return type;
  }

  std::string record_error(Kind kind, std::vector<MemberSpec> members, RecordSpec spec = {}) {
    spec.members = members;
    const Status status = table.define_record(table.declare_record(kind, "s"), spec);
    return status.ok() ? "no error" : status.error().message;
  }
};

TEST_F(TypeTableTest, EqualDerivedTypesAreOne) {
  EXPECT_EQ(table.pointer_to(int_), table.pointer_to(int_));
  EXPECT_NE(table.pointer_to(int_), table.pointer_to(char_));
  EXPECT_EQ(*table.array_of(int_, 3), *table.array_of(int_, 3));
  EXPECT_NE(*table.array_of(int_, 3), *table.array_of(int_, 4));
  EXPECT_NE(*table.array_of(int_, 0), *table.array_without_bound(int_));
  EXPECT_EQ(table.aligned(int_, 16), table.aligned(int_, 16));
  EXPECT_EQ(table.aligned(table.aligned(int_, 16), 4), int_);
  EXPECT_EQ(table.alias("word", int_), table.alias(std::string("word"), int_));
  EXPECT_NE(table.declare_record(Kind::Struct, "s"), table.declare_record(Kind::Struct, "s"));
}

TEST_F(TypeTableTest, QualifiersMergeAndGoToTheElementsOfAnArray) {
  EXPECT_EQ(table.qualified(table.qualified(int_, Const), Volatile), table.qualified(int_, Const | Volatile));
  EXPECT_EQ(table.qualified(int_, 0), int_);
  EXPECT_EQ(table.qualified(*table.array_of(int_, 2), Const), *table.array_of(table.qualified(int_, Const), 2));
}

TEST_F(TypeTableTest, FunctionParametersAreAdjusted) {
  const Type* array = *table.array_of(int_, 3);
  const Parameter parameters[] = {{"a", array}, {"f", *table.function({.result = void_})}};
  const Result<const Type*> function = table.function({.result = int_, .parameters = parameters});
  ASSERT_TRUE(function.ok());
  EXPECT_EQ((*function)->parameters[0].type, table.pointer_to(int_));
  EXPECT_EQ((*function)->parameters[1].type->kind, Kind::Pointer);
  EXPECT_EQ(*function, *table.function({.result = int_, .parameters = parameters}));
}

TEST_F(TypeTableTest, ACallOfAVariadicFunctionPromotesItsArguments) {
  const Parameter parameters[] = {{"format", table.pointer_to(char_)}};
  const Type* printf_ = *table.function({.result = int_, .parameters = parameters, .variadic = true});
  const Type* extra[] = {table.scalar(Scalar::Float), char_, table.scalar(Scalar::Bool), table.scalar(Scalar::ULong),
                         *table.array_of(char_, 4)};
  const Type* call = *table.variadic_call(printf_, extra);
  ASSERT_EQ(call->parameters.size(), 6U);
  EXPECT_EQ(call->fixed_count, 1U);
  EXPECT_EQ(call->parameters[1].type, table.scalar(Scalar::Double));
  EXPECT_EQ(call->parameters[2].type, int_);
  EXPECT_EQ(call->parameters[3].type, int_);
  EXPECT_EQ(call->parameters[4].type, table.scalar(Scalar::ULong));
  EXPECT_EQ(call->parameters[5].type, table.pointer_to(char_));
  EXPECT_EQ(call, *table.variadic_call(printf_, extra));
  const Type* fixed = *table.function({.result = int_});
  EXPECT_FALSE(table.variadic_call(fixed, extra).ok());
  EXPECT_EQ(*table.variadic_call(fixed, {}), fixed);
}

TEST_F(TypeTableTest, TypesMadeFromAnOpaqueStructAreCompletedWithIt) {
  Type* node = table.declare_record(Kind::Struct, "node");
  const Type* alias = table.alias("node_t", node);
  const Type* constant = table.qualified(alias, Const);
  const Type* wide = table.aligned(alias, 32);
  EXPECT_FALSE(constant->complete);
  EXPECT_FALSE(table.array_of(alias, 2).ok());
  const MemberSpec members[] = {{.name = "next", .type = table.pointer_to(alias)}, {.name = "value", .type = int_}};
  ASSERT_TRUE(table.define_record(node, {.members = members}).ok());
  for (const Type* type : {static_cast<const Type*>(node), alias, constant}) {
    EXPECT_TRUE(type->complete);
    EXPECT_EQ(type->size, 16U);
    EXPECT_EQ(type->align, 8U);
  }
  EXPECT_EQ(wide->size, 16U);
  EXPECT_EQ(wide->align, 32U);
  EXPECT_EQ(wide->members.size(), 2U);
  EXPECT_EQ(wide->natural, node);
  EXPECT_FALSE(table.define_record(node, {.members = members}).ok());
}

TEST_F(TypeTableTest, MembersAreLaidOut) {
  const Type* s = record(Kind::Struct, {{.name = "c", .type = char_},
                                        {.name = "d", .type = table.scalar(Scalar::Double)},
                                        {.name = "f", .type = int_, .bit_width = 5},
                                        {.name = "g", .type = int_, .bit_width = 28}});
  EXPECT_EQ(s->size, 24U);
  EXPECT_EQ(s->members[1].offset, 8U);
  EXPECT_EQ(s->members[2].bit_position, 128U);
  EXPECT_EQ(s->members[3].bit_position, 160U);
  const Type* u = record(Kind::Union, {{.name = "c", .type = *table.array_of(char_, 5)}, {.name = "i", .type = int_}});
  EXPECT_EQ(u->size, 8U);
  const Type* flexible =
      record(Kind::Struct, {{.name = "n", .type = int_}, {.name = "data", .type = *table.array_without_bound(char_)}});
  EXPECT_TRUE(flexible->flexible);
  EXPECT_EQ(flexible->size, 4U);
  EXPECT_EQ(flexible->members[1].offset, 4U);
  EXPECT_EQ(record(Kind::Struct, {})->size, 0U);
}

TEST_F(TypeTableTest, BadMembersAreRefused) {
  const Type* opaque = table.declare_record(Kind::Struct, "opaque");
  const Type* open_array = *table.array_without_bound(int_);
  using Members = std::vector<MemberSpec>;
  const struct {
    Kind kind;
    Members members;
    std::string_view says;
  } cases[] = {
      {Kind::Struct, {{.name = "a", .type = opaque}}, "incomplete"},
      {Kind::Struct, {{.name = "a", .type = void_}}, "incomplete"},
      {Kind::Struct, {{.name = "a", .type = *table.function({.result = int_})}}, "function"},
      {Kind::Struct, {{.name = "a", .type = int_}, {.name = "a", .type = char_}}, "two members are named 'a'"},
      {Kind::Struct, {{.name = "a", .type = int_, .bit_width = 33}}, "33 bits wide, more than the 32"},
      {Kind::Struct, {{.name = "a", .type = table.scalar(Scalar::Bool), .bit_width = 2}}, "more than the 1"},
      {Kind::Struct, {{.name = "a", .type = int_, .bit_width = 0}}, "width 0"},
      {Kind::Struct, {{.name = "a", .type = table.scalar(Scalar::Float), .bit_width = 3}}, "must be an integer"},
      {Kind::Struct, {{.name = "a", .type = table.qualified(int_, Atomic), .bit_width = 3}}, "_Atomic"},
      {Kind::Struct, {{.name = "a", .type = open_array}, {.name = "b", .type = int_}}, "only the last member"},
      {Kind::Struct, {{.name = "a", .type = open_array}}, "no other named member"},
      {Kind::Struct, {{.type = int_, .bit_width = 3}, {.name = "a", .type = open_array}}, "no other named member"},
      {Kind::Union, {{.name = "b", .type = int_}, {.name = "a", .type = open_array}}, "union cannot have"},
      {Kind::Struct, {{.type = int_}}, "needs a name"},
      {Kind::Struct, {{.name = "a", .type = int_, .align = 3}}, "not a power of two"},
  };
  for (const auto& bad : cases) {
    const std::string message = record_error(bad.kind, bad.members);
    EXPECT_NE(message.find(bad.says), std::string::npos) << message << "\nshould say: " << bad.says;
  }
  EXPECT_NE(record_error(Kind::Struct, {}, {.align = 24}).find("power of two"), std::string::npos);
  EXPECT_NE(record_error(Kind::Struct, {}, {.max_align = 3}).find("#pragma pack"), std::string::npos);
}

TEST_F(TypeTableTest, NamesInsideAnonymousMembersCount) {
  Type* inner = table.declare_record(Kind::Union, "");
  const MemberSpec members[] = {{.name = "a", .type = int_}};
  ASSERT_TRUE(table.define_record(inner, {.members = members}).ok());
  EXPECT_NE(record_error(Kind::Struct, {{.name = "a", .type = char_}, {.type = inner}}).find("two members"),
            std::string::npos);
  const Type* good = record(Kind::Struct, {{.name = "b", .type = char_}, {.type = inner}});
  EXPECT_EQ(good->members[1].offset, 4U);
}

TEST_F(TypeTableTest, SizesAreBounded) {
  const std::uint64_t most = std::uint64_t{1} << 47;
  EXPECT_FALSE(table.array_of(int_, most / 4 + 1).ok());
  EXPECT_FALSE(table.array_of(int_, ~std::uint64_t{0}).ok());
  const Type* huge = *table.array_of(char_, most);
  EXPECT_EQ(huge->size, most);
  EXPECT_NE(record_error(Kind::Struct, {{.name = "a", .type = huge}, {.name = "b", .type = char_}}), "no error");
  std::vector<MemberSpec> many;
  std::vector<std::string> names;
  for (int i = 0; i < 100000; ++i) names.push_back("m" + std::to_string(i));
  for (const std::string& name : names) many.push_back({.name = name, .type = huge});
  EXPECT_NE(record_error(Kind::Struct, many), "no error");
  EXPECT_EQ(record_error(Kind::Union, many), "no error");
}

TEST_F(TypeTableTest, ElementsOfArraysAndVectorsAreChecked) {
  EXPECT_FALSE(table.array_of(void_, 1).ok());
  EXPECT_FALSE(table.array_of(*table.array_without_bound(int_), 1).ok());
  EXPECT_FALSE(table.array_of(table.aligned(int_, 8), 2).ok());
  EXPECT_FALSE(table.vector_of(int_, 12).ok());
  EXPECT_FALSE(table.vector_of(int_, 2).ok());
  EXPECT_FALSE(table.vector_of(table.pointer_to(int_), 16).ok());
  EXPECT_FALSE(table.complex_of(table.scalar(Scalar::Bool)).ok());
  const Type* vector = *table.vector_of(table.scalar(Scalar::Float), 16);
  EXPECT_EQ(vector->count, 4U);
  EXPECT_EQ(vector->align, 16U);
  EXPECT_EQ((*table.complex_of(table.scalar(Scalar::Double)))->align, 8U);
}

// The values' ranges and what gcc 12 makes of them (checked again against the compilers in the differential test).
TEST(EnumTest, UnderlyingTypes) {
  const __int128 one = 1;
  const struct {
    __int128 low, high;
    bool packed;
    Scalar lp64, llp64;
  } cases[] = {
      {0, 1, false, Scalar::UInt, Scalar::UInt},
      {-1, 1, false, Scalar::Int, Scalar::Int},
      {0, (one << 32) - 1, false, Scalar::UInt, Scalar::UInt},
      {0, one << 32, false, Scalar::ULong, Scalar::ULongLong},
      {-1, one << 31, false, Scalar::Long, Scalar::LongLong},
      {0, 255, true, Scalar::UChar, Scalar::UChar},
      {-1, 128, true, Scalar::Short, Scalar::Short},
      {0, 65536, true, Scalar::UInt, Scalar::UInt},
  };
  for (const auto& expected : cases) {
    for (const DataModel model : {DataModel::Lp64, DataModel::Llp64}) {
      TypeTable table(model);
      Type* type = table.declare_enum("e");
      const Enumerator enumerators[] = {{"low", expected.low}, {"high", expected.high}};
      ASSERT_TRUE(table.define_enum(type, enumerators, expected.packed).ok());
      EXPECT_EQ(type->target->scalar, model == DataModel::Lp64 ? expected.lp64 : expected.llp64) << definition(*type);
    }
  }
}

TEST(EnumTest, BadEnumsAreRefused) {
  TypeTable table(DataModel::Lp64);
  const __int128 one = 1;
  const Enumerator twice[] = {{"a", 0}, {"a", 1}};
  const Enumerator wide[] = {{"a", -1}, {"b", one << 63}};
  const Enumerator big[] = {{"a", 256}};
  EXPECT_FALSE(table.define_enum(table.declare_enum("e"), twice).ok());
  EXPECT_FALSE(table.define_enum(table.declare_enum("e"), wide).ok());
  EXPECT_FALSE(table.define_enum(table.declare_enum("e"), {}).ok());
  EXPECT_FALSE(table.define_enum(table.declare_enum("e"), big, false, table.scalar(Scalar::UChar)).ok());
  Type* good = table.declare_enum("e");
  EXPECT_TRUE(table.define_enum(good, big, false, table.scalar(Scalar::Short)).ok());
  EXPECT_EQ(good->size, 2U);
}

TEST(TypeTableThreads, InternToTheSameTypes) {
  TypeTable table(DataModel::Lp64);
  constexpr int kThreads = 4, kTypes = 500;
  std::vector<std::vector<const Type*>> made(kThreads);
  {
    std::vector<std::jthread> threads;
    for (auto& mine : made) {
      threads.emplace_back([&table, &mine] {
        const Type* type = table.scalar(Scalar::Int);
        for (int i = 0; i < kTypes; ++i) {
          type = i % 2 == 0 ? table.pointer_to(type) : table.qualified(type, Const);
          const Parameter parameters[] = {{"x", type}};
          mine.push_back(*table.function({.result = type, .parameters = parameters}));
        }
      });
    }
  }
  for (const auto& mine : made) EXPECT_EQ(mine, made[0]);
}

}  // namespace
}  // namespace pinion::ctype
