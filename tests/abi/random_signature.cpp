#include "random_signature.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "options.hpp"
#include "random_types.hpp"

namespace pinion::differential {

using ctype::Kind;
using ctype::MemberSpec;
using ctype::Scalar;
using ctype::Type;
using tests::RandomTypes;
using tests::TypeKnobs;

namespace {

constexpr std::uint64_t kSmall = 16;  // what still fits in registers

// What the aggregates of a signature are like. Most are small, since large ones all travel alike.
TypeKnobs plain() {
  TypeKnobs knobs;
  knobs.max_members = 3;
  knobs.max_depth = 1;
  knobs.max_count = 3;
  knobs.anonymous = 2;
  knobs.flexible = knobs.empty_arrays = knobs.bit_fields = knobs.aligned_bit_fields = 0;
  knobs.packed = knobs.packed_members = knobs.aligned = knobs.aligned_members = 0;
  knobs.aligned_typedefs = knobs.pragma_pack = 0;
  knobs.int128 = knobs.long_double = knobs.complex = knobs.vectors = knobs.float128 = knobs.float16 = 0;
  knobs.floats = 35;
  return knobs;
}

TypeKnobs with_bit_fields() {
  TypeKnobs knobs = plain();
  knobs.max_members = 5;
  knobs.bit_fields = 40;
  knobs.zero_width = 10;
  knobs.unnamed = 15;
  knobs.int128_bit_fields = 3;
  knobs.nested = 15;
  return knobs;
}

TypeKnobs with_alignments() {
  TypeKnobs knobs = plain();
  knobs.packed = 30;
  knobs.packed_members = knobs.aligned = knobs.aligned_members = knobs.aligned_typedefs = 10;
  knobs.pragma_pack = 15;
  knobs.bit_fields = 10;
  return knobs;
}

TypeKnobs with_rare_scalars() {
  TypeKnobs knobs = plain();
  knobs.int128 = knobs.long_double = knobs.complex = knobs.vectors = 12;
  knobs.float128 = 8;
  knobs.float16 = 4;
  knobs.unions = 35;
  return knobs;
}

TypeKnobs with_everything() {
  TypeKnobs knobs;
  knobs.max_members = 4;
  knobs.flexible = 3;
  return knobs;
}

class Generator {
 public:
  Generator(Case& made, const TypeKnobs& knobs)
      : table_(*made.table), types_(table_, made.seed, knobs, fmt::format("c{}_", made.number)), number_(made.number) {}

  bool chance(unsigned percent) { return types_.chance(percent); }
  std::uint64_t below(std::uint64_t limit) { return types_.below(limit); }

  std::vector<const Type*> arguments() {
    std::vector<const Type*> made;
    if (chance(30)) add_fillers(made);
    const std::uint64_t more = chance(1) ? below(250) : chance(10) ? 8 + below(14) : below(7);
    const bool many = more > 30;
    for (std::uint64_t i = 0; i < more; ++i) made.push_back(many && chance(80) ? types_.scalar() : argument());
    return made;
  }

  const Type* result() {
    if (chance(12)) return table_.scalar(Scalar::Void);
    return value();
  }

  const Type* argument() { return value(); }

 private:
  // Register exhaustion: what comes after these meets the end of one register file, or of both.
  void add_fillers(std::vector<const Type*>& made) {
    const std::uint64_t gprs = below(8);
    const std::uint64_t xmms = chance(50) ? below(10) : 0;
    for (std::uint64_t i = 0; i < gprs; ++i) made.push_back(table_.scalar(Scalar::Long));
    for (std::uint64_t i = 0; i < xmms; ++i) made.push_back(table_.scalar(chance(30) ? Scalar::Float : Scalar::Double));
    // Not types_: std::shuffle's results are the library's own.
    for (std::size_t i = made.size(); i > 1; --i) std::swap(made[i - 1], made[below(i)]);
  }

  const Type* value() {
    const std::uint64_t dice = below(1000);
    if (dice < 3) return sized(64 << below(11), Scalar::Char);  // up to 64 KiB
    if (dice < 10) return empty();
    if (dice < 180) return sized(1 + below(33), kElements[below(std::size(kElements))]);
    if (dice < 600) return aggregate();
    if (dice < 760) return table_.scalar(kNarrow[below(std::size(kNarrow))]);
    if (dice < 860) return table_.scalar(kRare[below(std::size(kRare))]);
    return types_.scalar();
  }

  const Type* aggregate() {
    const Type* type = types_.aggregate();
    for (int i = 0; i < 3 && type->size > kSmall; ++i) type = types_.aggregate();
    return type;
  }

  // A struct of one array, of about so many bytes: every size and every class.
  const Type* sized(std::uint64_t bytes, Scalar element) {
    const Type* scalar = table_.scalar(element);
    const Type* array = *table_.array_of(scalar, std::max<std::uint64_t>(1, bytes / scalar->size));
    return record({{.name = "a", .type = array}});
  }

  const Type* empty() { return record({}); }

  const Type* record(const std::vector<MemberSpec>& members) {
    Type* made = table_.declare_record(Kind::Struct, fmt::format("c{}_Z{}", number_, names_++));
    if (!table_.define_record(made, {.members = members})) return table_.scalar(Scalar::Int);
    return made;
  }

  static constexpr Scalar kElements[] = {Scalar::Char, Scalar::Short, Scalar::Int, Scalar::Float, Scalar::Double};
  static constexpr Scalar kNarrow[] = {Scalar::Bool,   Scalar::SChar, Scalar::UChar, Scalar::Short,
                                       Scalar::UShort, Scalar::Int,   Scalar::UInt};
  static constexpr Scalar kRare[] = {Scalar::LongDouble, Scalar::Int128, Scalar::UInt128, Scalar::Float,
                                     Scalar::Double};

  ctype::TypeTable& table_;
  RandomTypes types_;
  std::uint64_t number_;
  unsigned names_ = 0;
};

}  // namespace

Case random_case(std::uint64_t run_seed, std::uint64_t number, std::optional<abi::Convention> only) {
  static constexpr TypeKnobs (*kFamilies[])() = {plain, with_bit_fields, with_alignments, with_rare_scalars,
                                                 with_everything};
  Case made{.number = number, .table = std::make_unique<ctype::TypeTable>(ctype::DataModel::Lp64)};
  tests::Options options;
  options.seed = run_seed;
  made.seed = options.seed_of(number);
  made.avx = number / 8 % 4 == 3;
  Generator generator(made, kFamilies[number % std::size(kFamilies)]());
  Signature& signature = made.signature;
  signature.convention = generator.chance(60) ? abi::Convention::SysV : abi::Convention::Microsoft;
  signature.arguments = generator.arguments();
  signature.result = generator.result();
  if (only) signature.convention = *only;
  const bool has_arguments = !signature.arguments.empty();
  if (has_arguments && generator.chance(15)) {
    signature.style = Style::Variadic;
    signature.fixed = static_cast<std::uint32_t>(1 + generator.below(signature.arguments.size()));
  } else if (has_arguments && generator.chance(5)) {
    signature.style = Style::Unprototyped;
  }
  signature = promoted(*made.table, signature);
  return made;
}

}  // namespace pinion::differential
