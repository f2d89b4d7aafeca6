// LP64 layout: the System V psABI (section 3.1.2, aggregates, unions, bit-fields), and gcc where it says nothing
// (packed, aligned, #pragma pack). Every rule here is checked against gcc by layout_differential_test.cpp.
#include <algorithm>

#include "ffi/ctype/layout_rules.hpp"

namespace pinion::ctype {

namespace {

// A bit-field must not touch more units of its type's alignment than its type has. That is the psABI's "must not cross
// its storage unit", said so that it covers typedefs whose alignment is not their size: one that is larger than the
// size gives each bit-field a unit of its own.
bool crosses_unit(const Field& field, std::uint64_t position) {
  const std::uint64_t into = position % field.type_align;
  return round_up(into + field.bits, field.type_align) / field.type_align > field.type_bits / field.type_align;
}

std::uint64_t place(const Field& field, std::uint64_t position, std::uint64_t max_align) {
  // A zero-width bit-field moves to the next unit of its type, whatever is packed.
  if (field.zero_width()) return round_up(position, std::max(field.type_align, field.own_align));
  const bool whole = is_whole_integer(field, position);
  position = round_up(position, wanted_align(field, position, max_align));
  // Packing of either kind lets bit-fields cross units.
  if (field.bit_field && !whole && !field.packed && max_align == 0 && crosses_unit(field, position)) {
    position = round_up(position, field.type_align);
  }
  return position;
}

// What the field adds to the record's alignment. Unnamed bit-fields do not matter.
std::uint64_t contributed_align(const Field& field, std::uint64_t position, std::uint64_t max_align) {
  if (!field.bit_field) return wanted_align(field, position, max_align);
  if (!field.named) return 8;
  const std::uint64_t limit = max_align != 0 ? max_align : field.packed ? 8 : 0;
  return std::max(at_most(field.type_align, limit), wanted_align(field, position, max_align));
}

}  // namespace

Placed place_sysv(const Record& record) {
  Placed result;
  for (const Field& field : record.fields) {
    const std::uint64_t from = record.is_union ? 0 : result.end;
    const std::uint64_t position = place(field, from, record.max_align);
    result.align = std::max(result.align, contributed_align(field, from, record.max_align));
    result.positions.push_back(position);
    result.end = std::max(result.end, position + field.bits);
  }
  return result;
}

}  // namespace pinion::ctype
