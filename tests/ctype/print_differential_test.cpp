// What to_c prints against a compiler's understanding of it.
//
// Each random type is built in steps (pointer, array, function, qualifiers), and so is a chain of typedefs, one per
// step, in which no declarator ever nests. The compiler must find the last typedef compatible with what to_c prints for
// the whole type, as a type name and as a declaration.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <random>
#include <utility>

#include "ctype_test.hpp"
#include "ffi/ctype/print.hpp"
#include "ffi/ctype/type_table.hpp"

namespace pinion::tests {
namespace {

using ctype::Kind;
using ctype::Scalar;
using ctype::Type;

// A type, and the typedef that names it in the C text.
struct Named {
  const Type* type;
  std::string name;
};

class Chain {
 public:
  Chain(ctype::TypeTable& table, std::uint64_t seed, std::string prefix)
      : table_(table), random_(seed), prefix_(std::move(prefix)) {}

  Named make(unsigned steps) {
    static constexpr Scalar kScalars[] = {Scalar::Char, Scalar::UInt, Scalar::Long, Scalar::Double, Scalar::LongDouble};
    const Type* scalar = table_.scalar(kScalars[random_() % std::size(kScalars)]);
    Named current = define(scalar, fmt::format("{} {{}}", ctype::to_c(*scalar)));
    while (steps-- > 0) current = step(current, steps);
    return current;
  }

  const std::string& text() const { return text_; }

 private:
  // `shape`: the typedef's declaration with {} for the new name.
  Named define(const Type* type, std::string_view shape) {
    const std::string name = fmt::format("{}_{}", prefix_, count_++);
    const std::size_t at = shape.find("{}");
    text_ += fmt::format("typedef {}{}{};\n", shape.substr(0, at), name, shape.substr(at + 2));
    return {type, name};
  }

  Named step(const Named& from, unsigned depth) {
    const bool is_function = from.type->kind == Kind::Function;
    const bool is_array = from.type->kind == Kind::Array;
    switch (random_() % 5) {
      case 0: return is_function ? pointer(from) : array(from);
      case 1: return is_function || is_array ? pointer(from) : function(from, depth);
      case 2: return is_function ? pointer(from) : constant(from);
      default: return pointer(from);
    }
  }

  Named pointer(const Named& to) { return define(table_.pointer_to(to.type), fmt::format("{} *{{}}", to.name)); }

  Named constant(const Named& of) {
    return define(table_.qualified(of.type, ctype::Const), fmt::format("const {} {{}}", of.name));
  }

  Named array(const Named& of) {
    const std::uint64_t count = 1 + random_() % 4;
    return define(*table_.array_of(of.type, count), fmt::format("{} {{}}[{}]", of.name, count));
  }

  Named function(const Named& result, unsigned depth) {
    static constexpr std::pair<ctype::Convention, std::string_view> kConventions[] = {
        {ctype::Convention::Default, ""},
        {ctype::Convention::SysV, "__attribute__((sysv_abi))"},
        {ctype::Convention::Microsoft, "__attribute__((ms_abi))"}};
    const auto& [convention, attribute] = kConventions[random_() % std::size(kConventions)];
    std::vector<ctype::Parameter> parameters;
    std::string list;
    for (std::uint64_t i = 0, count = random_() % 3; i < count; ++i) {
      const Named parameter = make(depth / 2);
      parameters.push_back({{}, parameter.type});
      list += fmt::format("{}{}", list.empty() ? "" : ", ", parameter.name);
    }
    const bool variadic = !parameters.empty() && random_() % 4 == 0;
    const bool prototyped = !parameters.empty() || random_() % 4 != 0;
    if (variadic) list += ", ...";
    if (parameters.empty() && prototyped) list = "void";
    const Result<const Type*> type = table_.function({.result = result.type,
                                                      .parameters = parameters,
                                                      .variadic = variadic,
                                                      .prototyped = prototyped,
                                                      .convention = convention});
    return define(*type, fmt::format("{} {{}}({}) {}", result.name, list, attribute));
  }

  ctype::TypeTable& table_;
  std::mt19937_64 random_;
  std::string prefix_;
  unsigned count_ = 0;
  std::string text_;
};

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
    Chain chain(table_, options().seed_of(index), fmt::format("t{}", index));
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
