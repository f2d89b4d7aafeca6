// Sizes, alignments and signs of the types that are not made of members, against the compilers': the table of scalars,
// complex and vector types, the type behind an enum, the alignment of _Atomic types.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <limits>

#include "ctype_test.hpp"
#include "ffi/ctype/print.hpp"
#include "ffi/ctype/type_table.hpp"

namespace pinion::tests {
namespace {

using ctype::Kind;
using ctype::Scalar;
using ctype::Type;
using ctype::TypeTable;

constexpr std::size_t kScalarCount = static_cast<std::size_t>(Scalar::Float128) + 1;

// Collects C expressions with the values we say they have, and asks a compiler for its own.
class Questions {
 public:
  void declare(std::string_view text) { declarations_ += text; }
  void ask(std::string expression, std::uint64_t ours) {
    expressions_.push_back(std::move(expression));
    ours_.push_back(ours);
  }
  void ask_layout(const Type& type) {
    const std::string name = ctype::to_c(type);
    ask(fmt::format("sizeof({})", name), type.size);
    ask(fmt::format("__builtin_offsetof(struct {{ char c; {}; }}, r)", ctype::to_c(type, "r")), type.align);
  }
  void ask_sign(const Type& type) { ask(fmt::format("({})-1 < 0", ctype::to_c(type)), type.is_signed ? 1 : 0); }

  void check(const Compiler& compiler) const {
    std::string text = declarations_ + "const unsigned long long table[] = {\n";
    for (const std::string& expression : expressions_) text += expression + ",\n";
    const Result<Objects> objects = compile_data(compiler, text + "};\n");
    ASSERT_TRUE(objects.ok()) << objects.error().message;
    const std::vector<std::uint64_t> theirs = words_of(objects->at("table"));
    ASSERT_EQ(theirs.size(), ours_.size());
    for (std::size_t i = 0; i < ours_.size(); ++i) {
      EXPECT_EQ(theirs[i], ours_[i]) << compiler.command << ": " << expressions_[i];
    }
  }

 private:
  std::string declarations_;
  std::vector<std::string> expressions_;
  std::vector<std::uint64_t> ours_;
};

class ScalarDifferential : public testing::TestWithParam<Target> {
 protected:
  void SetUp() override {
    if (!GetParam().compiler.installed()) GTEST_SKIP() << GetParam().compiler.missing();
  }
  bool is_clang() const { return GetParam().compiler.command == "clang"; }

  // clang 14 has no _Float16 on x86-64, and neither spelling of a complex __float128 (reference SV24, SV26).
  bool has(Scalar scalar) const { return !is_clang() || scalar != Scalar::Float16; }
  bool has_complex(Scalar scalar) const {
    return has(scalar) &&
           (!is_clang() || (scalar != Scalar::Float128 && scalar != Scalar::Int128 && scalar != Scalar::UInt128));
  }

  TypeTable table_{GetParam().model};
  Questions questions_;
};

TEST_P(ScalarDifferential, ScalarsAndComplexTypes) {
  for (std::size_t i = 1; i < kScalarCount; ++i) {
    const auto scalar = static_cast<Scalar>(i);
    if (!has(scalar)) continue;
    const Type* type = table_.scalar(scalar);
    questions_.ask_layout(*type);
    questions_.ask_sign(*type);
    const Result<const Type*> complex = table_.complex_of(type);
    if (complex.ok() && has_complex(scalar)) questions_.ask_layout(**complex);
  }
  questions_.ask_layout(*table_.pointer_to(table_.scalar(Scalar::Void)));
  questions_.check(GetParam().compiler);
}

TEST_P(ScalarDifferential, Vectors) {
  for (std::size_t i = 1; i < kScalarCount; ++i) {
    const auto scalar = static_cast<Scalar>(i);
    const Type* element = table_.scalar(scalar);
    if (!has(scalar)) continue;
    for (std::uint64_t bytes = element->size; bytes <= 128; bytes *= 2) {
      const Result<const Type*> vector = table_.vector_of(element, bytes);
      if (vector.ok()) questions_.ask_layout(**vector);
    }
  }
  questions_.check(GetParam().compiler);
}

TEST_P(ScalarDifferential, EnumsTakeTheTypeTheirValuesNeed) {
  constexpr std::int64_t kInt64Min = std::numeric_limits<std::int64_t>::min();
  const __int128 values[] = {0,
                             1,
                             -1,
                             127,
                             128,
                             -128,
                             -129,
                             255,
                             256,
                             32767,
                             32768,
                             -32768,
                             -32769,
                             65535,
                             65536,
                             2147483647,
                             2147483648L,
                             -2147483648L,
                             4294967295,
                             4294967296,
                             -2147483649L,
                             9223372036854775807,
                             kInt64Min,
                             static_cast<__int128>(18446744073709551615U)};
  unsigned made = 0;
  for (const __int128 low : values) {
    for (const __int128 high : values) {
      for (const bool packed : {false, true}) {
        Type* type = table_.declare_enum(fmt::format("e{}", made));
        const std::string names[] = {fmt::format("l{}", made), fmt::format("h{}", made)};
        const ctype::Enumerator enumerators[] = {{names[0], low}, {names[1], high}};
        if (!table_.define_enum(type, enumerators, packed).ok()) continue;  // beyond 64 bits
        ++made;
        questions_.declare(ctype::declaration(*type));
        questions_.ask_layout(*type);
        questions_.ask_sign(*type);
      }
    }
  }
  EXPECT_GT(made, 1000U);
  questions_.check(GetParam().compiler);
}

// Without clang, which rounds the size of an _Atomic type up to a power of two; we follow gcc.
class AtomicTypes : public ScalarDifferential {};

TEST_P(AtomicTypes, HaveAnAlignmentForAtomicAccess) {
  for (std::uint64_t size = 1; size <= 33; ++size) {
    Type* type = table_.declare_record(Kind::Struct, fmt::format("s{}", size));
    const ctype::MemberSpec members[] = {{.name = "c", .type = *table_.array_of(table_.scalar(Scalar::Char), size)}};
    ASSERT_TRUE(table_.define_record(type, {.members = members}).ok());
    questions_.declare(ctype::declaration(*type));
    questions_.ask_layout(*table_.qualified(type, ctype::Atomic));
  }
  for (std::size_t i = 1; i < kScalarCount; ++i) {
    questions_.ask_layout(*table_.qualified(table_.scalar(static_cast<Scalar>(i)), ctype::Atomic));
  }
  questions_.ask_layout(*table_.qualified(*table_.complex_of(table_.scalar(Scalar::Float)), ctype::Atomic));
  questions_.ask_layout(*table_.qualified(*table_.complex_of(table_.scalar(Scalar::Double)), ctype::Atomic));
  questions_.check(GetParam().compiler);
}

INSTANTIATE_TEST_SUITE_P(Compilers, ScalarDifferential, testing::Values(gcc(), clang(), mingw()), name_of);
INSTANTIATE_TEST_SUITE_P(Compilers, AtomicTypes, testing::Values(gcc(), mingw()), name_of);

}  // namespace
}  // namespace pinion::tests
