// LLP64 layout: Microsoft's rules for bit-fields ("C bit fields", Microsoft Learn) as mingw's gcc has them, where they
// are the default (-mms-bitfields). Every rule here is checked against that compiler by layout_differential_test.cpp.
//
// Bit-fields share a unit (of their type's size) with the ones before them only if the types are equally large; a unit
// once begun is used up whole, so what follows it starts behind it. `packed` keeps units but does not align them (gcc;
// clang keeps the unit's alignment: reference MS16). In a union gcc aligns for a bit-field's type (clang and MSVC do
// not: MS14).
#include <algorithm>

#include "ffi/ctype/layout_rules.hpp"

namespace pinion::ctype {

namespace {

// The bit-field before the field at hand, if that is what was there.
struct Run {
  bool open = false;
  bool zero_width = false;
  std::uint64_t type_bits = 0;
  std::uint64_t remaining = 0;  // bits of the unit not yet used
};

std::uint64_t type_align(const Field& field, std::uint64_t max_align) {
  return at_most(field.packed ? 8 : field.type_align, max_align);
}

std::uint64_t place(const Field& field, std::uint64_t position, Run& run, std::uint64_t max_align) {
  const bool in_unit = run.open && !run.zero_width;
  const bool same_size = run.type_bits == field.type_bits;
  const bool continues = in_unit && same_size && field.bit_field && !field.zero_width();
  if (continues && run.remaining >= field.bits) {  // even when it has an alignment of its own
    run.remaining -= field.bits;
    return position;
  }

  // Whether an aligned(n) moves the field is decided before the unit is closed (gcc; seen where the unit is
  // misaligned).
  const std::uint64_t wanted = field.zero_width() ? at_most(std::max<std::uint64_t>(field.own_align, 1), max_align)
                                                  : wanted_align(field, position, max_align);
  const bool moves = position % wanted != 0;
  if (in_unit) position += run.remaining;
  // A zero-width bit-field aligns for its type only right after another bit-field, of a type of another size.
  const bool aligns = field.zero_width() ? in_unit && !same_size : !continues;
  if (aligns) position = round_up(position, type_align(field, max_align));
  if (moves) position = round_up(position, wanted);
  run = {.open = field.bit_field,
         .zero_width = field.zero_width(),
         .type_bits = field.type_bits,
         .remaining = field.bit_field && !field.zero_width() ? field.type_bits - field.bits : 0};
  return position;
}

std::uint64_t contributed_align(const Field& field, std::uint64_t position, const Run& run, std::uint64_t max_align) {
  if (!field.bit_field) return wanted_align(field, position, max_align);
  const bool counts = field.zero_width() ? run.open && !run.zero_width : !field.packed;
  if (!counts) return 8;
  const std::uint64_t wanted = field.zero_width() ? field.own_align : wanted_align(field, position, max_align);
  return at_most(std::max(field.type_align, wanted), max_align);
}

}  // namespace

Placed place_microsoft(const Record& record) {
  Placed result;
  Run run;
  for (const Field& field : record.fields) {
    const std::uint64_t from = record.is_union ? 0 : result.end;
    if (record.is_union) run = {};
    result.align = std::max(result.align, contributed_align(field, from, run, record.max_align));
    const std::uint64_t position = record.is_union ? 0 : place(field, from, run, record.max_align);
    result.positions.push_back(position);
    result.end = std::max(result.end, position + field.bits);
  }
  result.end += run.remaining;
  return result;
}

}  // namespace pinion::ctype
