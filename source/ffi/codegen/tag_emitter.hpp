// Machine code for the Tagged modes: what a host with tagged objects contributes, beside marshal::Host.
#pragma once

#include <asmjit/x86.h>

#include "ffi/marshal/code.hpp"

namespace pinion::codegen {

class TagEmitter {
 public:
  virtual ~TagEmitter() = default;

  // Emits: check the object in `slot`, convert it as the row `take` and the literal say, and put the value, extended to
  // 64 bits, into rax (general registers and stack slots) or into the bottom of `vector` (vector registers). Jump to
  // `failed` when it does not fit. Free to use: rax, and `vector`.
  virtual void untag(asmjit::x86::Assembler&, marshal::Take take, marshal::Literal literal,
                     const asmjit::x86::Mem& slot, const asmjit::x86::Xmm& vector,
                     const asmjit::Label& failed) const = 0;

  // Emits: make an object of the result that the row `give` names, in rax (already extended) or `vector`, as the
  // literal says, and leave it in rax. Jump to `failed` when it cannot be made. Free to use: rax, rcx, rdx, rsi, rdi,
  // r8 to r11, `vector`. errno is not saved yet: leave it alone.
  virtual void tag(asmjit::x86::Assembler&, marshal::Give give, marshal::Literal literal,
                   const asmjit::x86::Xmm& vector, const asmjit::Label& failed) const = 0;
};

}  // namespace pinion::codegen
