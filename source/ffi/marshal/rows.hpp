// Which row of the instruction table moves a piece: shared by the compilers of both directions.
#pragma once

#include <optional>

#include "ffi/marshal/instruction.hpp"

namespace pinion::marshal {

Bank bank_of(abi::Location::Kind);
abi::Location::Kind kind_of(Bank);  // the kind of location that a bank's pieces are in

// The row that moves `size` bytes with this extension; none when there is no such row. Pieces of aggregates promise
// nothing about the bytes above them; they are zero-extended, so that the same call always leaves the same bits.
std::optional<Take> take_for(Bank bank, std::uint32_t size, abi::Extension extension);
std::optional<Give> give_for(Bank bank, std::uint32_t size, abi::Extension extension);

}  // namespace pinion::marshal
