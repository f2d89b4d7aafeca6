// Random C types, for tests that compare us with a compiler: as ctype types in a table, and as the C text that defines
// them. The same seed and knobs give the same types on every machine.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "ffi/ctype/type_table.hpp"

namespace pinion::tests {

// What appears, and how often: percentages unless the name says otherwise. The defaults weigh the hard cases heavily.
struct TypeKnobs {
  // Aggregates.
  unsigned max_members = 6;
  unsigned max_depth = 2;  // of structs and unions inside each other
  unsigned unions = 25;
  unsigned nested = 12;    // a member is a struct or union with a tag
  unsigned anonymous = 6;  // a member is an anonymous struct or union
  unsigned arrays = 15;    // a member is an array
  unsigned max_count = 5;  // of an array's elements; arrays of none appear as well
  unsigned empty_arrays = 5;
  unsigned flexible = 5;  // a struct ends in a flexible array
  unsigned empty = 2;     // an aggregate has no members

  // Bit-fields.
  unsigned bit_fields = 30;         // a member is a bit-field; half of the aggregates have none
  unsigned zero_width = 10;         // of bit-fields
  unsigned unnamed = 15;            // of bit-fields
  unsigned int128_bit_fields = 2;   // of bit-fields
  unsigned aligned_bit_fields = 8;  // of bit-fields: the type is a typedef with an alignment of its own

  // Alignment.
  unsigned packed = 15;           // a struct or union is packed
  unsigned packed_members = 8;    // a member is packed
  unsigned aligned = 8;           // a struct or union has aligned(n)
  unsigned aligned_members = 8;   // a member has aligned(n)
  unsigned aligned_typedefs = 5;  // a member's type is a typedef with aligned(n), possibly less than natural
  unsigned pragma_pack = 10;      // an aggregate, with all in it, is under #pragma pack
  // aligned(n) on bit-fields also where clang hears it otherwise: under #pragma pack, or less than the type's own.
  bool gcc_aligned_bit_fields = true;
  std::uint32_t max_align = 64;  // bytes, for all of these

  // Scalars, as weights against each other.
  unsigned integers = 50, floats = 20, pointers = 12, enums = 8;
  unsigned int128 = 4, long_double = 4, complex = 4, vectors = 4, float128 = 2, float16 = 2;
  bool complex_float128 = true, complex_integers = true, complex_int128 = true;  // gcc has all, clang does not
  std::uint32_t max_vector = 32;                                                 // bytes
};

class RandomTypes {
 public:
  // `prefix` begins every tag and typedef, so that the texts of many generators go into one C file.
  RandomTypes(ctype::TypeTable& table, std::uint64_t seed, const TypeKnobs& knobs, std::string prefix);

  // Any type that a variable can have: a scalar, pointer, struct, union (no array).
  const ctype::Type* type();
  const ctype::Type* scalar();
  const ctype::Type* aggregate();  // a new struct or union with a tag

  // The C text that defines everything made so far, in order.
  const std::string& text() const { return text_; }
  // The structs and unions with a tag that were made so far, in order.
  const std::vector<const ctype::Type*>& aggregates() const { return aggregates_; }

  std::uint64_t below(std::uint64_t limit);  // 0 .. limit - 1
  bool chance(unsigned percent) { return below(100) < percent; }

 private:
  struct Surroundings;  // what a record being made hands to those inside it

  const ctype::Type* record(bool tagged, unsigned depth, std::uint32_t pack, bool bit_fields);
  ctype::MemberSpec member(const Surroundings&);
  ctype::MemberSpec bit_field();
  const ctype::Type* bit_field_type();
  const ctype::Type* member_type(const Surroundings&);
  const ctype::Type* array(const ctype::Type* element);
  const ctype::Type* enumeration();
  const ctype::Type* pointer(unsigned depth);
  const ctype::Type* function(unsigned depth);
  const ctype::Type* complex();
  const ctype::Type* vector();
  const ctype::Type* aligned_typedef(const ctype::Type*, std::uint32_t most);
  std::uint32_t alignment();
  std::string new_name(std::string_view what);

  ctype::TypeTable& table_;
  std::mt19937_64 random_;
  TypeKnobs knobs_;
  std::string prefix_;
  unsigned names_ = 0;
  std::string text_;
  std::vector<const ctype::Type*> aggregates_;
};

}  // namespace pinion::tests
