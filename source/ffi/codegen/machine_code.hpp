// Machine code for marshaling code: the second executor.
//
// One function per placement and plan. It enters as marshal::Invoke says, loads argument registers and stack directly
// from the host's slots, calls, and stores the result: no loops (but block copies), no type tests, no intermediate
// array.
//
// Every function has the same frame: `push rbp; mov rbp, rsp`, locals below rbp, then frame storage, then the argument
// area at rsp. One piece of unwind information therefore serves a whole arena. A function that has nothing left to do
// after the call has no frame and ends in a jump.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "ffi/base/result.hpp"
#include "ffi/codegen/code_arena.hpp"
#include "ffi/codegen/tag_emitter.hpp"
#include "ffi/marshal/callable.hpp"

namespace pinion::codegen {

// A compiled function. Its memory goes back to the arena with it, so it must outlive every call that is in it. The
// arena must outlive it.
class MachineCode {
 public:
  MachineCode() = default;
  explicit MachineCode(CodeArena::Block block) : block_(std::move(block)) {}

  marshal::Invoke invoke() const { return reinterpret_cast<marshal::Invoke>(const_cast<void*>(entry())); }
  const void* entry() const { return block_.code().data(); }
  std::span<const std::byte> bytes() const { return block_.code(); }  // instructions, then the literal pool
  explicit operator bool() const { return !block_.code().empty(); }

 private:
  CodeArena::Block block_;
};

// Whether this processor has 32-byte vector registers.
bool has_avx();

// Compiles verified code. `tags` is needed only for code with Tagged modes. Error: no memory for code, or the processor
// lacks the vector registers that the code wants.
Result<MachineCode> assemble(CodeArena&, const marshal::Code&, const TagEmitter* tags = nullptr);

// The direct entry: a function of the target's own C type, for callers who know it at compile time (pinion::function).
// It exists when a C caller has every argument already where the marshaling code would put it, and the code does
// nothing after the call: then all its movements vanish, and what remains is the jump to the target. Empty when it does
// not exist.
Result<MachineCode> assemble_direct(CodeArena&, const marshal::Code&, const void* target);

// Compiles verified callback code: the entry that a thunk of this placement jumps to (marshal::CallbackHead::entry).
Result<MachineCode> assemble_callback(CodeArena&, const marshal::Code&);

}  // namespace pinion::codegen
