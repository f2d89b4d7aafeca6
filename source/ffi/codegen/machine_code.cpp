#include "ffi/codegen/machine_code.hpp"

#include <asmjit/x86.h>

#include <algorithm>

#include "ffi/codegen/callback_emitter.hpp"
#include "ffi/codegen/emitter.hpp"
#include "fmt/format.h"

namespace pinion::codegen {
namespace {

// Turns what `emit` assembles into executable memory. All our code is position-independent, so it is flattened at no
// particular address and then copied into the arena.
template <class Emit>
Result<MachineCode> build(CodeArena& arena, Emit emit) {
  asmjit::CodeHolder holder;
  holder.init(asmjit::Environment(asmjit::Arch::kX64));
  struct Collector : asmjit::ErrorHandler {
    std::string message;
    void handleError(asmjit::Error, const char* text, asmjit::BaseEmitter*) override {
      if (message.empty()) message = text;
    }
  } errors;
  holder.setErrorHandler(&errors);
  emit(holder);
  if (!errors.message.empty()) return Error{fmt::format("cannot assemble machine code: {}", errors.message)};
  const asmjit::CodeBuffer& buffer = holder.textSection()->buffer();
  auto block = arena.install({reinterpret_cast<const std::byte*>(buffer.data()), buffer.size()});
  if (!block) return block.error();
  return MachineCode(std::move(*block));
}

bool has_tagged_modes(const marshal::Code& code) {
  return std::any_of(code.instructions.begin(), code.instructions.end(), [](const marshal::Instruction& i) {
    return (marshal::is_take(i.op) && marshal::source_of(i.op) == marshal::Source::Tagged) ||
           (marshal::is_give(i.op) && marshal::destination_of(i.op) == marshal::Destination::Tagged);
  });
}

// What a C caller does on its own: every argument by value in its place, no help needed after the call.
bool caller_does_it_all(const marshal::Code& code) {
  const abi::CallLayout& layout = *code.layout;
  return layout.convention == abi::Convention::SysV && !code.uses_errno && !code.can_fail && code.frame_size == 0;
}

}  // namespace

bool has_avx() {
  return asmjit::CpuInfo::host().hasFeature(asmjit::CpuFeatures::X86::kAVX);
}

Result<MachineCode> assemble(CodeArena& arena, const marshal::Code& code, const TagEmitter* tags) {
  if (code.layout->uses_ymm && !has_avx()) {
    return Error{"the call passes 32-byte vectors in registers, which need AVX; this processor has none"};
  }
  if (tags == nullptr && has_tagged_modes(code)) {
    return Error{"the code takes or makes tagged objects, which needs the host's TagEmitter; there is none"};
  }
  return build(arena, [&](asmjit::CodeHolder& holder) { Emitter(holder, code, tags).emit_function(); });
}

Result<MachineCode> assemble_direct(CodeArena& arena, const marshal::Code& code, const void* target) {
  if (!caller_does_it_all(code)) return MachineCode();
  return build(arena, [&](asmjit::CodeHolder& holder) {
    asmjit::x86::Assembler as(&holder);
    const asmjit::Label pool = as.newLabel();
    as.endbr64();
    if (code.layout->variadic) as.mov(asmjit::x86::eax, code.layout->vector_registers);
    as.jmp(asmjit::x86::qword_ptr(pool));
    as.align(asmjit::AlignMode::kData, 8);
    as.bind(pool);
    as.embedUInt64(reinterpret_cast<std::uint64_t>(target));
  });
}

Result<MachineCode> assemble_callback(CodeArena& arena, const marshal::Code& code) {
  return build(arena, [&](asmjit::CodeHolder& holder) { CallbackEmitter(holder, code).emit_function(); });
}

}  // namespace pinion::codegen
