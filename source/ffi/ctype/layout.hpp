// Where the members of a struct or union lie: the one entry to the layout rules.
//
// The rules proper are one file per data model: layout_sysv.cpp (LP64) and layout_microsoft.cpp (LLP64). What both
// share, and the checks of what C allows as a member, is in layout.cpp.
#pragma once

#include <cstdint>
#include <vector>

#include "ffi/base/result.hpp"
#include "ffi/ctype/type_table.hpp"

namespace pinion::ctype {

// No type is larger: the addresses of an x86-64 process have 47 bits, and a count of bits still fits a word.
inline constexpr std::uint64_t kMaxTypeBytes = std::uint64_t{1} << 47;

// The largest alignment that gcc accepts.
inline constexpr std::uint64_t kMaxAlign = std::uint64_t{1} << 28;

struct RecordLayout {
  std::uint64_t size = 0;
  std::uint32_t align = 1;
  bool flexible = false;
  std::vector<Member> members;  // names are those of the spec, not yet interned
};

// Checks `spec` (error: what C forbids in a `kind`, Struct or Union) and places its members.
Result<RecordLayout> lay_out_record(Kind kind, const RecordSpec& spec, DataModel model);

}  // namespace pinion::ctype
