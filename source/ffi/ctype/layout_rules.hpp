// What the layout rules of both data models work with; only for layout*.cpp. Everything here is counted in bits.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace pinion::ctype {

struct Field {
  std::uint64_t bits = 0;        // that it occupies: a bit-field's width, or the size of its type; 0 if flexible
  std::uint64_t type_bits = 0;   // size of its type
  std::uint64_t type_align = 8;  // of its type, an aligned typedef included
  std::uint64_t own_align = 0;   // aligned(n) on the member; 0: none
  bool bit_field = false;
  bool named = false;
  bool packed = false;  // by itself, or because its record is

  bool zero_width() const { return bit_field && bits == 0; }
};

struct Record {
  bool is_union = false;
  std::uint64_t max_align = 0;  // #pragma pack(n); 0: none
  std::vector<Field> fields;
};

struct Placed {
  std::vector<std::uint64_t> positions;  // one per field
  std::uint64_t end = 0;                 // of the last field, before the padding to the alignment
  std::uint64_t align = 8;               // of the record, as its members want it
};

Placed place_sysv(const Record&);
Placed place_microsoft(const Record&);

inline std::uint64_t round_up(std::uint64_t value, std::uint64_t align) {
  return (value + align - 1) / align * align;
}

inline std::uint64_t at_most(std::uint64_t align, std::uint64_t limit) {
  return limit != 0 && limit < align ? limit : align;
}

// gcc treats a bit-field as wide as an integer, and at home there, as that integer, whatever its declared type: seen
// only when that type is a typedef whose alignment is not its size.
bool is_whole_integer(const Field& bit_field, std::uint64_t position);

// The alignment that a field asks of a place at `position`, once `packed` and #pragma pack are heard: `packed` undoes
// what the type wants but not an aligned(n) on the member itself; #pragma pack limits that too. Not for zero-width
// bit-fields.
std::uint64_t wanted_align(const Field&, std::uint64_t position, std::uint64_t max_align);

}  // namespace pinion::ctype
