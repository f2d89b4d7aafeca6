// Marshaling instructions as SistaV1 bytecodes.
//
// An instruction is bytecode 248 (call primitive) with the inlined bit set and operation set 10, one of the two that
// SistaV1 leaves unassigned: `248 iiiiiiii 1 10 jjjjj`, where jjjjjiiiiiiii is the opcode (reference spur-sista 6.7).
// The fields ride on the extension bytecodes in front of it, as few bytes as the value needs:
//   extension A (224, unsigned)  argument + offset*2^8 + extent*2^16
//   extension B (225, signed)    place + frame*2^21
// A field of 0 costs nothing, so most instructions take 5 to 7 bytes. place and frame stay below 2^21 because a call's
// stack does (abi::kMaxStackBytes).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "ffi/base/result.hpp"
#include "ffi/marshal/code.hpp"

namespace pinion::marshal {

// For verified code, whose operands fit.
std::vector<std::uint8_t> to_sista(std::span<const Instruction>);

// Error: the byte offset at which the bytes are not a marshaling instruction.
Result<std::vector<Instruction>> from_sista(std::span<const std::uint8_t>);

}  // namespace pinion::marshal
