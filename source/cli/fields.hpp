// What an aggregate is made of, flattened: its scalars (and arrays of scalars) with their places.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ffi/ctype/type.hpp"

namespace pinion::cli {

struct Field {
  std::string path;                   // "x", "in.y", "v[2].z"; empty for an unnamed bit-field
  const ctype::Type* type = nullptr;  // of the member; of a whole array of scalars the array
  std::uint64_t begin = 0;            // bits
  std::uint64_t end = 0;
  bool bit_field = false;

  bool touches(std::uint64_t from_bit, std::uint64_t to_bit) const { return begin < to_bit && end > from_bit; }
};

// In the order of declaration; a scalar is one field without a path. Zero-width bit-fields and flexible array members
// are left out. An array of many aggregates is one field, not one for each element's scalars.
std::vector<Field> fields_of(const ctype::Type&);

// "x, y": the names of the fields that have bytes in [offset, offset + size).
std::string names_in(const std::vector<Field>&, std::uint64_t offset, std::uint64_t size);

}  // namespace pinion::cli
