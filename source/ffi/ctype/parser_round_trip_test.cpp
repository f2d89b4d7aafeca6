// What print.hpp prints, the parser reads back to the same type: for random types.
#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <random>
#include <vector>

#include "ffi/ctype/parser.hpp"
#include "ffi/ctype/print.hpp"

namespace pinion::ctype {
namespace {

class RandomTypes {
 public:
  RandomTypes(TypeTable& table, const Declarations& known, unsigned seed)
      : table_(table), known_(known), random_(seed) {}

  unsigned below(unsigned n) { return static_cast<unsigned>(random_() % n); }

  // A complete object type.
  const Type* object(unsigned depth) {
    switch (depth == 0 ? below(4) : below(10)) {
      case 0: return scalar();
      case 1: return known_.tags.find(std::array{"s", "u", "e"}[below(3)])->second;
      case 2: return known_.typedefs.find(std::array{"word", "fn_p", "row"}[below(3)])->second;
      case 3: return floating();
      case 4: return table_.qualified(object(depth - 1), static_cast<std::uint8_t>(1 + below(2)));
      case 5: {
        const Type* element = object(depth - 1);
        auto array = table_.array_of(element, 1 + below(4));
        return array.ok() ? *array : element;  // elements with too large an alignment of their own
      }
      default: return table_.qualified(table_.pointer_to(any(depth - 1)), static_cast<std::uint8_t>(below(8)));
    }
  }

  // Functions, void and opaque structs too.
  const Type* any(unsigned depth) {
    switch (below(5)) {
      case 0: return table_.scalar(Scalar::Void);
      case 1: return known_.tags.find("opaque")->second;
      case 2: return depth == 0 ? scalar() : function(depth - 1);
      default: return object(depth);
    }
  }

 private:
  const Type* scalar() {
    const Type* type = table_.scalar(static_cast<Scalar>(1 + below(19)));
    return below(8) == 0 ? table_.aligned(type, 32) : type;
  }

  const Type* floating() {
    if (below(2) == 0) return *table_.vector_of(table_.scalar(Scalar::Float), 8u << below(3));
    return *table_.complex_of(table_.scalar(std::array{Scalar::Float, Scalar::Double, Scalar::LongDouble}[below(3)]));
  }

  const Type* function(unsigned depth) {
    std::vector<Parameter> parameters(below(4));
    for (Parameter& p : parameters) p = {below(2) == 0 ? "" : "p", object(depth)};
    const Type* result = object(depth);
    if (resolve(*result).kind == Kind::Array) result = table_.scalar(Scalar::Void);
    FunctionSpec spec{result, parameters, below(4) == 0, true, static_cast<Convention>(below(3))};
    if (parameters.empty() && !spec.variadic) spec.prototyped = below(2) == 0;
    return *table_.function(spec);
  }

  TypeTable& table_;
  const Declarations& known_;
  std::mt19937 random_;
};

TEST(ParserRoundTrip, RandomTypes) {
  const char* given = std::getenv("PINION_TEST_SEED");
  unsigned seed = given ? static_cast<unsigned>(std::strtoul(given, nullptr, 10)) : std::random_device{}();
  SCOPED_TRACE("repeat with PINION_TEST_SEED=" + std::to_string(seed));
  TypeTable table(DataModel::Lp64);
  Declarations block;
  auto parsed = parse_into(table,
                           "struct s { int a; }; union u { int a; float b; }; enum e { A }; struct opaque;"
                           "typedef long word; typedef int (*fn_p)(char); typedef short row[3];",
                           block);
  ASSERT_TRUE(parsed.ok()) << parsed.error().message;
  RandomTypes random(table, block, seed);
  for (int i = 0; i < 5000; ++i) {
    const Type* type = random.any(5);
    std::string text = to_c(*type);
    auto again = parse_type(table, text, &block);
    ASSERT_TRUE(again.ok()) << again.error().message;
    ASSERT_EQ(*again, type) << text << "\n" << to_c(**again);
  }
}

}  // namespace
}  // namespace pinion::ctype
