// Numbers of every C type as text: read with a check of their range, printed as the shortest text that reads back.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "ffi/base/result.hpp"
#include "ffi/ctype/type.hpp"

namespace pinion::cli {

using Wide = __int128;
using UnsignedWide = unsigned __int128;

// An integer as written, sign apart: it covers every C integer type.
struct Integer {
  bool negative = false;
  UnsignedWide magnitude = 0;
  ctype::Scalar type = ctype::Scalar::Int;  // what C gives a literal of this value and suffix (LP64)

  static Integer of(Wide value);
};

// `-12`, `0x1F`, `0b101`, `017`, `5UL`, `'a'`. Nothing when `text` is something else, or beyond 128 bits.
std::optional<Integer> read_integer(std::string_view text);

// The value in two's complement, when it fits that many bits.
std::optional<UnsignedWide> fit(const Integer&, unsigned bits, bool is_signed);

// Writes the low `size` bytes.
void store_integer(std::byte* to, UnsignedWide bits, std::uint64_t size);

std::string print_integer(UnsignedWide bits, unsigned width, bool is_signed);
// "-128 to 127"
std::string range_of(unsigned bits, bool is_signed);

// Reads a floating-point number of one of C's types from the front of `text` (decimal, hexadecimal, inf, nan) into
// `to`, correctly rounded. How many characters it took; 0 when there is no number. Error, a clause: it is out of range.
Result<std::size_t> read_floating(ctype::Scalar, std::string_view text, std::byte* to);
// The type of a floating literal by its suffix: double without one, float for F, long double for L, __float128 for Q.
std::optional<ctype::Scalar> floating_literal_type(std::string_view suffix);
std::string print_floating(ctype::Scalar, const std::byte* from);

}  // namespace pinion::cli
