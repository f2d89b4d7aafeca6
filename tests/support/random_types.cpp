#include "random_types.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <iterator>

#include "ffi/ctype/print.hpp"

namespace pinion::tests {

using ctype::Kind;
using ctype::MemberSpec;
using ctype::Scalar;
using ctype::Type;

struct RandomTypes::Surroundings {
  unsigned depth = 0;      // that is still allowed
  std::uint32_t pack = 0;  // the #pragma pack around it
  bool bit_fields = false;
};

namespace {

// The generator makes only what C allows, so a refusal is an error of ours: say it and stop.
template <class T>
T must(Result<T> result) {
  if (!result) {
    fmt::print(stderr, "random_types made what the table refuses: {}\n", result.error().message);
    std::abort();
  }
  return *result;
}

constexpr Scalar kIntegers[] = {Scalar::Bool,  Scalar::Char,   Scalar::SChar,    Scalar::UChar,
                                Scalar::Short, Scalar::UShort, Scalar::Int,      Scalar::UInt,
                                Scalar::Long,  Scalar::ULong,  Scalar::LongLong, Scalar::ULongLong};

}  // namespace

RandomTypes::RandomTypes(ctype::TypeTable& table, std::uint64_t seed, const TypeKnobs& knobs, std::string prefix)
    : table_(table), random_(seed), knobs_(knobs), prefix_(std::move(prefix)) {}

// Not std::uniform_int_distribution, whose results are the library's own.
std::uint64_t RandomTypes::below(std::uint64_t limit) {
  return random_() % limit;
}

std::string RandomTypes::new_name(std::string_view what) {
  return fmt::format("{}{}{}", prefix_, what, names_++);
}

std::uint32_t RandomTypes::alignment() {
  std::uint32_t align = 1;
  while (align < knobs_.max_align && chance(70)) align *= 2;
  return align;
}

const Type* RandomTypes::type() {
  return chance(50) ? aggregate() : scalar();
}

const Type* RandomTypes::aggregate() {
  const bool packed = chance(knobs_.pragma_pack);
  const std::uint32_t pack = packed ? 1U << below(5) : 0;
  if (packed) text_ += fmt::format("#pragma pack(push, {})\n", pack);
  const Type* made = record(true, knobs_.max_depth, pack, chance(50));
  if (packed) text_ += "#pragma pack(pop)\n";
  return made;
}

const Type* RandomTypes::record(bool tagged, unsigned depth, std::uint32_t pack, bool bit_fields) {
  const Kind kind = chance(knobs_.unions) ? Kind::Union : Kind::Struct;
  const Surroundings inside{.depth = depth == 0 ? 0 : depth - 1, .pack = pack, .bit_fields = bit_fields};
  std::vector<MemberSpec> members;
  const std::uint64_t count = chance(knobs_.empty) ? 0 : 1 + below(knobs_.max_members);
  for (std::uint64_t i = 0; i < count; ++i) members.push_back(member(inside));
  const bool has_name = std::any_of(members.begin(), members.end(), [](const auto& m) { return !m.name.empty(); });
  if (kind == Kind::Struct && tagged && has_name && chance(knobs_.flexible)) {
    const Type* element = array(member_type(inside))->target;
    members.push_back({.name = table_.intern(new_name("m")), .type = must(table_.array_without_bound(element))});
  }
  Type* made = table_.declare_record(kind, tagged ? new_name("S") : "");
  must(table_.define_record(made, {.members = members,
                                   .packed = chance(knobs_.packed),
                                   .align = chance(knobs_.aligned) ? alignment() : 0,
                                   .max_align = pack}));
  if (!tagged) return made;
  text_ += ctype::definition(*made) + ";\n";
  aggregates_.push_back(made);
  return made;
}

MemberSpec RandomTypes::member(const Surroundings& around) {
  MemberSpec made;
  if (around.bit_fields && chance(knobs_.bit_fields * 2)) {
    made = bit_field();
  } else if (around.depth > 0 && chance(knobs_.anonymous)) {
    made.type = record(false, around.depth, around.pack, around.bit_fields);
    return made;  // C has no place for attributes of the member: they would be the struct's
  } else {
    made = {.name = table_.intern(new_name("m")), .type = member_type(around)};
  }
  if (chance(knobs_.packed_members)) made.packed = true;
  if (chance(knobs_.aligned_members)) made.align = alignment();
  const bool clang_agrees = !made.bit_width || (around.pack == 0 && made.align >= made.type->align);
  if (!clang_agrees && !knobs_.gcc_aligned_bit_fields) made.align = 0;
  return made;
}

MemberSpec RandomTypes::bit_field() {
  MemberSpec made{.name = {}, .type = bit_field_type()};
  const Type& type = ctype::resolve(*made.type);
  const std::uint64_t most = type.kind == Kind::Bool ? 1 : type.size * 8;
  if (chance(knobs_.zero_width)) {
    made.bit_width = 0;
    return made;
  }
  // Half of them narrow, so that several share a unit; the full width is a case of its own.
  const std::uint64_t limit = chance(50) ? std::min<std::uint64_t>(most, 9) : most;
  made.bit_width = static_cast<std::uint32_t>(chance(10) ? most : 1 + below(limit));
  if (!chance(knobs_.unnamed)) made.name = table_.intern(new_name("m"));
  return made;
}

const Type* RandomTypes::bit_field_type() {
  const Type* type = chance(10) ? enumeration() : table_.scalar(kIntegers[below(std::size(kIntegers))]);
  if (chance(knobs_.int128_bit_fields)) type = table_.scalar(chance(50) ? Scalar::Int128 : Scalar::UInt128);
  // Above 16 gcc's layout depends on -mavx: it measures such a bit-field's place from the last multiple of the largest
  // vector, not from the record's beginning.
  return chance(knobs_.aligned_bit_fields) ? aligned_typedef(type, 16) : type;
}

const Type* RandomTypes::member_type(const Surroundings& around) {
  const Type* type = nullptr;
  if (around.depth > 0 && chance(knobs_.nested)) {
    type = record(true, around.depth, around.pack, around.bit_fields);
  } else {
    type = scalar();
  }
  if (chance(knobs_.arrays)) type = array(type);
  if (chance(knobs_.aligned_typedefs)) type = aligned_typedef(type, knobs_.max_align);
  // gcc forgets the alignment of an aligned array of qualified elements when it is qualified again.
  if (ctype::resolve(*type).kind == Kind::Array) return type;
  return chance(5) ? table_.qualified(type, chance(50) ? ctype::Const : ctype::Volatile) : type;
}

const Type* RandomTypes::array(const Type* element) {
  // C has no arrays of elements that would not be aligned.
  if (element->size % element->align != 0) element = ctype::resolve(*element).natural;
  const std::uint64_t count = chance(knobs_.empty_arrays) ? 0 : 1 + below(knobs_.max_count);
  const Type* made = must(table_.array_of(element, count));
  return chance(15) ? must(table_.array_of(made, 1 + below(3))) : made;
}

const Type* RandomTypes::aligned_typedef(const Type* type, std::uint32_t most) {
  const std::string name = new_name("T");
  const Type* made = table_.aligned(type, std::min(alignment(), most));
  text_ += fmt::format("typedef {};\n", ctype::to_c(*made, name));
  return table_.alias(name, made);
}

const Type* RandomTypes::scalar() {
  const struct {
    unsigned weight;
    const Type* (*make)(RandomTypes&);
  } choices[] = {
      {knobs_.integers, [](RandomTypes& r) { return r.table_.scalar(kIntegers[r.below(std::size(kIntegers))]); }},
      {knobs_.floats, [](RandomTypes& r) { return r.table_.scalar(r.chance(50) ? Scalar::Float : Scalar::Double); }},
      {knobs_.pointers, [](RandomTypes& r) { return r.pointer(2); }},
      {knobs_.enums, [](RandomTypes& r) { return r.enumeration(); }},
      {knobs_.int128, [](RandomTypes& r) { return r.table_.scalar(r.chance(50) ? Scalar::Int128 : Scalar::UInt128); }},
      {knobs_.long_double, [](RandomTypes& r) { return r.table_.scalar(Scalar::LongDouble); }},
      {knobs_.complex, [](RandomTypes& r) { return r.complex(); }},
      {knobs_.vectors, [](RandomTypes& r) { return r.vector(); }},
      {knobs_.float128, [](RandomTypes& r) { return r.table_.scalar(Scalar::Float128); }},
      {knobs_.float16, [](RandomTypes& r) { return r.table_.scalar(Scalar::Float16); }},
  };
  unsigned total = 0;
  for (const auto& choice : choices) total += choice.weight;
  std::uint64_t at = below(total);
  for (const auto& choice : choices) {
    if (at < choice.weight) return choice.make(*this);
    at -= choice.weight;
  }
  return table_.scalar(Scalar::Int);
}

const Type* RandomTypes::enumeration() {
  static constexpr std::int64_t kValues[] = {
      0,      1,      -1,    127,   128,        -128,        -129,         255,         256,         32767,       32768,
      -32768, -32769, 65535, 65536, 2147483647, 2147483648L, -2147483648L, 4294967295L, 4294967296L, -2147483649L};
  const std::string tag = new_name("E");
  std::vector<std::string> names;
  for (std::uint64_t i = 0, count = 1 + below(3); i < count; ++i) names.push_back(fmt::format("{}_{}", tag, i));
  std::vector<ctype::Enumerator> enumerators;
  for (const std::string& name : names) {
    // Mostly small values, as in life.
    enumerators.push_back({name, kValues[below(chance(60) ? 4 : std::size(kValues))]});
  }
  Type* made = table_.declare_enum(tag);
  must(table_.define_enum(made, enumerators, chance(knobs_.packed)));
  text_ += ctype::definition(*made) + ";\n";
  return made;
}

const Type* RandomTypes::pointer(unsigned depth) {
  switch (below(depth == 0 ? 2 : 5)) {
    case 0: return table_.pointer_to(table_.scalar(Scalar::Void));
    case 1: return table_.pointer_to(table_.qualified(table_.scalar(Scalar::Char), ctype::Const));
    case 2: return table_.qualified(table_.pointer_to(pointer(depth - 1)), chance(30) ? ctype::Volatile : 0);
    case 3: return table_.pointer_to(must(table_.array_of(pointer(depth - 1), 1 + below(4))));
    default: return table_.pointer_to(function(depth - 1));
  }
}

const Type* RandomTypes::function(unsigned depth) {
  static constexpr ctype::Convention kConventions[] = {ctype::Convention::Default, ctype::Convention::Default,
                                                       ctype::Convention::SysV, ctype::Convention::Microsoft};
  std::vector<ctype::Parameter> parameters;
  for (std::uint64_t i = 0, count = below(4); i < count; ++i) {
    const Type* type = chance(70) ? table_.scalar(kIntegers[below(std::size(kIntegers))]) : pointer(depth);
    parameters.push_back({{}, type});
  }
  return must(table_.function({.result = chance(50) ? table_.scalar(Scalar::Void) : pointer(depth),
                               .parameters = parameters,
                               .variadic = !parameters.empty() && chance(20),
                               .convention = kConventions[below(std::size(kConventions))]}));
}

const Type* RandomTypes::complex() {
  static constexpr Scalar kElements[] = {Scalar::Float, Scalar::Double, Scalar::LongDouble};
  static constexpr Scalar kIntegerElements[] = {Scalar::Char, Scalar::Short, Scalar::UInt, Scalar::Long};
  Scalar element = kElements[below(std::size(kElements))];
  if (knobs_.complex_integers && chance(30)) element = kIntegerElements[below(std::size(kIntegerElements))];
  if (knobs_.complex_float128 && chance(10)) element = Scalar::Float128;
  if (knobs_.complex_int128 && chance(5)) element = Scalar::Int128;
  return must(table_.complex_of(table_.scalar(element)));
}

const Type* RandomTypes::vector() {
  static constexpr Scalar kElements[] = {Scalar::SChar,     Scalar::UShort, Scalar::Int,
                                         Scalar::ULongLong, Scalar::Float,  Scalar::Double};
  const Type* element = table_.scalar(kElements[below(std::size(kElements))]);
  std::uint64_t bytes = element->size;
  while (bytes < knobs_.max_vector && chance(60)) bytes *= 2;
  const std::string name = new_name("V");
  const Type* made = must(table_.vector_of(element, bytes));
  // By a typedef, because gcc hears vector_size after the other attributes of a declaration: it would refuse `packed`
  // on a member that is a vector of chars, and forget the alignment of an array of vectors.
  text_ += fmt::format("typedef {};\n", ctype::to_c(*made, name));
  return table_.alias(name, made);
}

}  // namespace pinion::tests
