// Machine code for one movement: a piece between memory and a register, in the ways that the instruction table has.
//
// Memory is accessed at exactly the piece's bytes, never past them (reference marshaling LF02). What a movement may
// change beside its goal is the scratch register and, where it says so, its source register.
#pragma once

#include <asmjit/x86.h>

#include "ffi/marshal/instruction.hpp"

namespace pinion::codegen {

class Moves {
 public:
  using Mem = asmjit::x86::Mem;
  using Gp = asmjit::x86::Gp;
  using Xmm = asmjit::x86::Xmm;

  Moves(asmjit::x86::Assembler& as, Gp scratch) : as_(as), scratch_(scratch) {}

  // The row's bytes to a general register, extended to 64 bits as the row says. `to` is not the scratch register, which
  // may hold the address in `from`. True: the scratch register has changed.
  bool load(Gp to, Mem from, const marshal::InstructionInfo& row);
  // `size` bytes to the bottom of a vector register. True: the scratch register has changed.
  bool load_vector(Xmm to, Mem from, std::uint32_t size);
  // The row's bytes from a general register; changes it when they are a tail or a truth value.
  void store(Mem to, Gp from, const marshal::InstructionInfo& row);
  // `size` bytes from the bottom of a vector register.
  void store_vector(Mem to, Xmm from, std::uint32_t size);
  // Extends what the row finds in a general register to the whole of it.
  void widen(Gp in, const marshal::InstructionInfo& row);
  // `size` bytes from the bottom of a vector register, 8 at most, zero-extended.
  void store_vector_word(Mem to, Xmm from, std::uint32_t size);

 private:
  void make_truth(Gp in);
  void load_tail(Gp to, Mem from, std::uint32_t size);
  void store_tail(Mem to, Gp from, std::uint32_t size);

  asmjit::x86::Assembler& as_;
  Gp scratch_;
};

// The same memory operand with an access size; the low bytes of a register: 1, 2, 4 or 8.
asmjit::x86::Mem sized(asmjit::x86::Mem, std::uint32_t size);
asmjit::x86::Gp part_of(const asmjit::x86::Gp& whole, std::uint32_t size);

}  // namespace pinion::codegen
