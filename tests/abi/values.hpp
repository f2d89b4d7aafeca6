// Values of C types as bytes: random ones, and which of their bits mean something.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "ffi/ctype/type.hpp"

namespace pinion::differential {

using Bytes = std::vector<unsigned char>;

// A bit is set where a value of the type has a bit of a member; padding is clear. As large as the type.
Bytes significant_bits(const ctype::Type&);

// Random bytes, padding too; often a number at the edge: all ones, the sign bit alone, the largest, -1, 0. Truth values
// inside aggregates are 0 or 1; a _Bool by itself is any byte.
Bytes random_value(const ctype::Type&, std::mt19937_64&);

// What a callee must see of a value that a caller has in memory: a _Bool's 0 or 1.
Bytes as_seen(const ctype::Type&, Bytes);

// The 64 bits that C's conversion to long makes of an integer, enum or bool.
std::int64_t widened(const ctype::Type&, const Bytes&);

// Where `seen` differs from `expected` in a significant bit, as a text for people; none when it does not.
std::optional<std::string> difference(const ctype::Type&, const Bytes& expected, const unsigned char* seen);

std::string hex(const unsigned char*, std::size_t size);

}  // namespace pinion::differential
