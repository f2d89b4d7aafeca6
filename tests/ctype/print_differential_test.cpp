// What to_c prints against a compiler's understanding of it.
//
// Each random type is a chain of typedefs too (derived_types.hpp). The compiler must find the last typedef compatible
// with what to_c prints for the whole type, as a type name and as a declaration.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "ctype_test.hpp"
#include "derived_types.hpp"
#include "ffi/ctype/print.hpp"
#include "ffi/ctype/type_table.hpp"

namespace pinion::tests {
namespace {

class PrintDifferential : public testing::TestWithParam<Target> {
 protected:
  void SetUp() override {
    if (!GetParam().compiler.installed()) GTEST_SKIP() << GetParam().compiler.missing();
  }
  ctype::TypeTable table_{GetParam().model};
};

// Pointers are compared, because the compiler ignores qualifiers on the top level, and because a bare function type
// with a convention has no type name.
std::string compatible(const Named& type, ctype::TypeTable& table) {
  const std::string by_name = ctype::to_c(*table.pointer_to(type.type));
  return fmt::format("__builtin_types_compatible_p({} *, {})", type.name, by_name);
}

TEST_P(PrintDifferential, TheCompilerReadsTheSameType) {
  const std::uint64_t count = options().count.value_or(1500);
  const std::uint64_t first = options().only.value_or(0);
  const std::uint64_t last = options().only ? first + 1 : count;
  std::string text, table = "const unsigned long long table[] = {\n";
  std::vector<Named> types;
  for (std::uint64_t index = first; index < last; ++index) {
    DerivedTypes chain(table_, options().seed_of(index), fmt::format("t{}", index));
    const Named type = chain.make(1 + index % 7);
    const std::string declared = fmt::format("declared{}", index);
    text += chain.text() + fmt::format("typedef {};\n", ctype::to_c(*type.type, declared));
    table +=
        fmt::format("{},\n__builtin_types_compatible_p({} *, {} *),\n", compatible(type, table_), type.name, declared);
    types.push_back(type);
  }
  const Result<Objects> objects = compile_data(GetParam().compiler, text + table + "};\n");
  ASSERT_TRUE(objects.ok()) << objects.error().message;
  const std::vector<std::uint64_t> answers = words_of(objects->at("table"));
  ASSERT_EQ(answers.size(), 2 * types.size());
  for (std::size_t i = 0; i < answers.size(); ++i) {
    EXPECT_EQ(answers[i], 1U) << options().repeat(first + i / 2) << ": " << ctype::to_c(*types[i / 2].type);
  }
}

// The test above would prove nothing if the compiler called everything compatible.
TEST_P(PrintDifferential, TheCompilerTellsTypesApart) {
  const Result<Objects> objects = compile_data(
      GetParam().compiler,
      "const unsigned long long table[] = {"
      "__builtin_types_compatible_p(int (__attribute__((ms_abi)) *)(int), int (__attribute__((sysv_abi)) *)(int)),"
      "__builtin_types_compatible_p(int (*)[3], int (*)[4]), __builtin_types_compatible_p(int *, const int *),"
      "__builtin_types_compatible_p(void (*)(int, ...), void (*)(int)) };");
  ASSERT_TRUE(objects.ok()) << objects.error().message;
  EXPECT_EQ(words_of(objects->at("table")), (std::vector<std::uint64_t>{0, 0, 0, 0}));
}

INSTANTIATE_TEST_SUITE_P(Compilers, PrintDifferential, testing::Values(gcc(), clang(), mingw()), name_of);

}  // namespace
}  // namespace pinion::tests
