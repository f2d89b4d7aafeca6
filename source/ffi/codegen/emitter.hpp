// The emitter: for each marshaling instruction the machine instructions that do it.
//
// Registers while arguments are placed: r10 the host's slots, r11 the target, rax scratch (the address of the value
// that the last Through mode read). In the Stack phase and before, every argument register is scratch too; in the
// Vectors phase the general ones still are; so nothing is ever saved and restored. After the call
// rcx, rsi, rdi and r8 to r11 are scratch, and rax, rdx, xmm0, xmm1 and st0, st1 hold the result in either convention.
#pragma once

#include <asmjit/x86.h>

#include <optional>
#include <vector>

#include "ffi/codegen/moves.hpp"
#include "ffi/codegen/tag_emitter.hpp"
#include "ffi/marshal/code.hpp"

namespace pinion::codegen {

class Emitter {
 public:
  Emitter(asmjit::CodeHolder& holder, const marshal::Code& code, const TagEmitter* tags);

  void emit_function();

 private:
  using Mem = asmjit::x86::Mem;

  // Frame
  bool ends_in_jump() const;
  void prologue();
  void lower_stack();
  void epilogue();
  Mem frame_storage(std::uint32_t offset) const;
  Mem argument_area(std::uint32_t offset) const;

  // Arguments
  void take(const marshal::Instruction&);
  Mem source(const marshal::Instruction&);
  void forget_address_if(bool rax_changed);
  void take_tagged(const marshal::Instruction&);
  void copy(const Mem& to, const Mem& from, std::uint32_t size);
  void copy_block(const Mem& to, const Mem& from, std::uint32_t size);

  // Result
  void give(const marshal::Instruction&);
  Mem destination(const marshal::Instruction&);
  void give_tagged(const marshal::Instruction&);

  // The rest
  void step(const marshal::Instruction&);
  void call_helper(const void* helper);
  void call_host(const void* helper, const marshal::Instruction&);
  void reload_inputs();
  asmjit::Label failure_exit();
  void emit_cold_part();

  asmjit::x86::Assembler as_;
  Moves arguments_{as_, asmjit::x86::rax};
  Moves results_{as_, asmjit::x86::r8};
  const marshal::Code& code_;
  const TagEmitter* tags_;
  std::size_t at_ = 0;  // number of the current instruction
  bool calls_before_ = false, needs_result_ = false, needs_state_ = false;
  std::optional<int> address_in_rax_;  // the argument whose value's address rax holds

  struct Exit {
    asmjit::Label label;
    std::uint32_t outcome;
  };
  std::vector<Exit> exits_;
  struct Constant {
    asmjit::Label label;
    std::uint64_t value;
  };
  std::vector<Constant> constants_;
};

}  // namespace pinion::codegen
