// The emitter for callbacks: C has jumped here through a thunk, with the marshal::CallbackHead in r10.
//
// The frame, from rbp down: the head; what a Microsoft callee must preserve and our handler may not; the slots; the
// frame storage at rsp. r11 is scratch throughout; rax (AL of a variadic call) is not needed, since all vector
// registers are kept.
#pragma once

#include <asmjit/x86.h>

#include "ffi/codegen/moves.hpp"
#include "ffi/marshal/callback_head.hpp"

namespace pinion::codegen {

class CallbackEmitter {
 public:
  CallbackEmitter(asmjit::CodeHolder& holder, const marshal::Code& code);
  void emit_function();

 private:
  using Mem = asmjit::x86::Mem;

  void prologue();
  void epilogue();
  void preserve(bool save);
  void touch_pages();
  Mem storage(std::uint32_t offset) const;
  Mem slot(std::uint32_t argument) const;
  Mem incoming(std::uint32_t offset) const;

  void store(const marshal::Instruction&);
  void load(const marshal::Instruction&);
  void step(const marshal::Instruction&);
  void fetch(const marshal::Instruction&);
  void keep_varargs(const marshal::Instruction&);
  void handle(const marshal::Instruction&);

  asmjit::x86::Assembler as_;
  const marshal::Code& code_;
  Moves moves_;
  bool microsoft_;
  std::uint32_t locals_;  // bytes between rbp and the slots
  std::uint32_t size_;    // of the frame
};

}  // namespace pinion::codegen
