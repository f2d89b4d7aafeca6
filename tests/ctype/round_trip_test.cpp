// What ctype prints, ctype's parser must read back to an equal type.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "ctype_test.hpp"
#include "derived_types.hpp"
#include "ffi/ctype/parser.hpp"
#include "ffi/ctype/print.hpp"
#include "random_types.hpp"

namespace pinion::tests {
namespace {

using ctype::DataModel;
using ctype::Member;
using ctype::Type;

class RoundTrip : public testing::TestWithParam<DataModel> {
 protected:
  std::uint64_t first() const { return options().only.value_or(0); }
  std::uint64_t last() const { return options().only ? first() + 1 : options().count.value_or(2000); }
};

// In one table equal types without a tag are the same object.
TEST_P(RoundTrip, DerivedTypes) {
  ctype::TypeTable table(GetParam());
  for (std::uint64_t index = first(); index < last(); ++index) {
    DerivedTypes chain(table, options().seed_of(index), "t");
    const Type* type = chain.make(1 + index % 7).type;
    // A pointer to it, because a bare function type with a convention has no type name.
    const std::string text = ctype::to_c(*table.pointer_to(type));
    const Result<const Type*> parsed = ctype::parse_type(table, text);
    ASSERT_TRUE(parsed.ok()) << options().repeat(index) << "\n" << parsed.error().message;
    EXPECT_EQ(*parsed, table.pointer_to(type))
        << options().repeat(index) << ": " << text << "\nwas read as " << ctype::to_c(**parsed);

    const std::string declaration = fmt::format("typedef {};", ctype::to_c(*type, "declared"));
    ctype::Declarations declarations;
    const Result<Unit> declared = ctype::parse_into(table, declaration, declarations);
    ASSERT_TRUE(declared.ok()) << options().repeat(index) << "\n" << declared.error().message;
    EXPECT_EQ(ctype::resolve(*declarations.typedefs.at("declared")).natural, ctype::resolve(*type).natural)
        << options().repeat(index) << ": " << declaration;
  }
}

std::string places(const Type& record) {
  std::string text = fmt::format("size {} align {}", record.size, record.align);
  for (const Member& member : record.members) {
    text += fmt::format("\n{} at bit {} width {}", member.name, member.bit_position, member.bit_width);
  }
  return text;
}

TEST_P(RoundTrip, Aggregates) {
  for (std::uint64_t index = first(); index < last(); ++index) {
    ctype::TypeTable ours(GetParam()), read(GetParam());
    RandomTypes types(ours, options().seed_of(index), {}, "r");
    types.aggregate();
    ctype::Declarations declarations;
    const Result<Unit> parsed = ctype::parse_into(read, types.text(), declarations);
    ASSERT_TRUE(parsed.ok()) << options().repeat(index) << "\n" << parsed.error().message;
    for (const Type* record : types.aggregates()) {
      const auto tag = declarations.tags.find(record->name);
      ASSERT_NE(tag, declarations.tags.end()) << options().repeat(index) << ": " << record->name;
      EXPECT_EQ(places(*tag->second), places(*record)) << options().repeat(index) << "\n" << types.text();
      EXPECT_EQ(ctype::declaration(*tag->second), ctype::declaration(*record)) << options().repeat(index);
    }
    if (HasFailure()) return;
  }
}

INSTANTIATE_TEST_SUITE_P(DataModels, RoundTrip, testing::Values(DataModel::Lp64, DataModel::Llp64),
                         [](const testing::TestParamInfo<DataModel>& model) {
                           return std::string(model.param == DataModel::Lp64 ? "Lp64" : "Llp64");
                         });

}  // namespace
}  // namespace pinion::tests
