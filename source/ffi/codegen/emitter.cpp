#include "ffi/codegen/emitter.hpp"

#include <cerrno>

#include "ffi/marshal/callable.hpp"

namespace pinion::codegen {

using namespace asmjit::x86;
using marshal::Bank;
using marshal::Destination;
using marshal::Give;
using marshal::Instruction;
using marshal::InstructionInfo;
using marshal::Source;
using marshal::Step;
using marshal::Take;

namespace {

// By abi::Gpr.
const Gp kGpr[] = {rdi, rsi, rdx, rcx, r8, r9, rax};

Gp gpr(std::uint32_t place) {
  return kGpr[place];
}

// Locals, below rbp.
const Mem kResult = qword_ptr(rbp, -8), kSlots = qword_ptr(rbp, -16), kSelf = qword_ptr(rbp, -24),
          kState = qword_ptr(rbp, -32);
constexpr std::uint32_t kLocals = 32;

constexpr std::uint32_t kPage = 4096;
constexpr std::uint32_t kInlineCopy = 128;  // bytes; larger copies use rep movs

// Out-of-line parts of instructions, called from machine code. They find what they need through the Callable.
bool coerce_argument(const marshal::Callable* self, marshal::CallState* state, std::uint64_t instruction,
                     const std::uint64_t* slots, std::byte* storage) {
  const Instruction& i = self->code->instructions[instruction];
  return self->host->coerce(*state, self->code->literals[i.extent], slots[i.argument], storage);
}
bool box_result(const marshal::Callable* self, marshal::CallState* state, std::uint64_t instruction,
                std::uint64_t* result, std::byte* storage) {
  const Instruction& i = self->code->instructions[instruction];
  return self->host->box(*state, self->code->literals[i.extent], storage, result);
}
void set_errno(const marshal::CallState* state) {
  errno = state->error_number;
}
void save_errno(marshal::CallState* state) {
  state->error_number = errno;
}

template <class Function>
const void* address_of(Function* function) {
  return reinterpret_cast<const void*>(function);
}

}  // namespace

Emitter::Emitter(asmjit::CodeHolder& holder, const marshal::Code& code, const TagEmitter* tags)
    : as_(&holder), code_(code), tags_(tags) {
  for (const Instruction& i : code.instructions) {
    if (marshal::is_give(i.op)) needs_result_ |= marshal::destination_of(i.op) != Destination::Frame;
    if (!marshal::is_step(i.op)) continue;
    const Step step = marshal::step_of(i.op);
    needs_result_ |= step == Step::GprResult || step == Step::Box;
    needs_state_ |= step == Step::ErrnoIn || step == Step::ErrnoOut || step == Step::Coerce || step == Step::Box;
    calls_before_ |= step == Step::ErrnoIn || step == Step::Coerce;
  }
  needs_state_ |= code.can_fail;
}

void Emitter::emit_function() {
  as_.endbr64();  // entered by an indirect call (Intel SDM vol. 1, 17.3)
  prologue();
  for (at_ = 0; at_ < code_.instructions.size(); ++at_) {
    const Instruction& i = code_.instructions[at_];
    if (marshal::is_take(i.op)) {
      take(i);
    } else if (marshal::is_give(i.op)) {
      give(i);
    } else {
      step(i);
    }
  }
  emit_cold_part();
}

// -- frame

// Nothing to do after the call and nothing on our stack: the callee can return to our caller.
bool Emitter::ends_in_jump() const {
  return !needs_result_ && !needs_state_ && code_.stack_size == 0 && code_.frame_size == 0 && code_.alignment == 16 &&
         code_.instructions[code_.instructions.size() - 2].op == opcode(Step::Call);
}

void Emitter::prologue() {
  if (ends_in_jump()) {
    as_.mov(r10, rdx);
    as_.mov(r11, qword_ptr(rdi, offsetof(marshal::Callable, target)));
    return;
  }
  as_.push(rbp);
  as_.mov(rbp, rsp);
  lower_stack();
  if (needs_result_) as_.mov(kResult, rsi);
  if (needs_state_) as_.mov(kState, rcx);
  if (calls_before_ || code_.can_fail) {
    as_.mov(kSlots, rdx);
    as_.mov(kSelf, rdi);
  }
  as_.mov(r10, rdx);
  as_.mov(r11, qword_ptr(rdi, offsetof(marshal::Callable, target)));
}

void Emitter::lower_stack() {
  const bool locals = needs_result_ || needs_state_ || calls_before_ || code_.can_fail;
  const std::uint32_t size =
      (code_.frame_size == 0 ? code_.stack_size : code_.frame_base() + code_.frame_size) + (locals ? kLocals : 0);
  if (size == 0 && code_.alignment == 16) return;
  const auto alignment = static_cast<std::int32_t>(code_.alignment);
  if (size + code_.alignment - 16 < kPage) {
    as_.sub(rsp, size);
    if (alignment > 16) as_.and_(rsp, -alignment);
    return;
  }
  // Touch every page on the way, lest a jump over the guard page reach other memory.
  const asmjit::Label next = as_.newLabel();
  as_.lea(rax, ptr(rsp, -static_cast<std::int32_t>(size)));
  if (alignment > 16) as_.and_(rax, -alignment);
  as_.bind(next);
  as_.sub(rsp, kPage);
  as_.or_(dword_ptr(rsp), 0);
  as_.lea(r11, ptr(rsp, -static_cast<std::int32_t>(kPage)));
  as_.cmp(r11, rax);
  as_.jae(next);
  as_.mov(rsp, rax);
}

void Emitter::epilogue() {
  if (code_.can_fail) as_.xor_(eax, eax);
  as_.leave();
  as_.ret();
}

Mem Emitter::argument_area(std::uint32_t offset) const {
  return ptr(rsp, static_cast<std::int32_t>(offset));
}

Mem Emitter::frame_storage(std::uint32_t offset) const {
  return ptr(rsp, static_cast<std::int32_t>(code_.frame_base() + offset));
}

// -- arguments

Mem Emitter::source(const Instruction& i) {
  switch (marshal::source_of(i.op)) {
    case Source::Slot: return ptr(r10, 8 * i.argument + i.offset);
    case Source::Frame: return frame_storage(i.frame + i.offset);
    case Source::Through:
    case Source::Tagged: break;
  }
  if (address_in_rax_ != i.argument) as_.mov(rax, qword_ptr(r10, 8 * i.argument));
  address_in_rax_ = i.argument;
  return ptr(rax, i.offset);
}

void Emitter::take(const Instruction& i) {
  if (marshal::source_of(i.op) == Source::Tagged) return take_tagged(i);
  const InstructionInfo& row = marshal::info(i.op);
  const Mem from = source(i);
  switch (row.bank) {
    case Bank::Gpr: return forget_address_if(arguments_.load(gpr(i.place), from, row));
    case Bank::Xmm: return forget_address_if(arguments_.load_vector(xmm(i.place), from, row.size));
    case Bank::Stack:
      forget_address_if(arguments_.load(rcx, from, row));
      as_.mov(sized(argument_area(i.place), 8), rcx);
      return;
    case Bank::Memory: {
      const bool to_frame = marshal::take_of(i.op) == Take::FrameCopy;
      return copy(to_frame ? frame_storage(i.frame) : argument_area(i.place), from, i.extent);
    }
    case Bank::X87: return;  // carries no arguments
  }
}

void Emitter::forget_address_if(bool rax_changed) {
  if (rax_changed) address_in_rax_.reset();
}

void Emitter::take_tagged(const Instruction& i) {
  const InstructionInfo& row = marshal::info(i.op);
  const Xmm vector = xmm(row.bank == Bank::Xmm ? i.place : 15);
  tags_->untag(as_, marshal::take_of(i.op), code_.literals[i.extent], qword_ptr(r10, 8 * i.argument), vector,
               failure_exit());
  address_in_rax_.reset();
  if (row.bank == Bank::Gpr) as_.mov(gpr(i.place), rax);
  if (row.bank == Bank::Stack) as_.mov(sized(argument_area(i.place), 8), rax);
}

void Emitter::copy(const Mem& to, const Mem& from, std::uint32_t size) {
  if (size > kInlineCopy) return copy_block(to, from, size);
  std::uint32_t done = 0;
  for (; size - done >= 16; done += 16) {
    as_.movups(xmm0, sized(from.cloneAdjusted(done), 16));
    as_.movups(sized(to.cloneAdjusted(done), 16), xmm0);
  }
  for (const std::uint32_t width : {8U, 4U, 2U, 1U}) {
    if (size - done < width) continue;
    const Gp part = part_of(rcx, width);
    as_.mov(part, sized(from.cloneAdjusted(done), width));
    as_.mov(sized(to.cloneAdjusted(done), width), part);
    done += width;
  }
}

void Emitter::copy_block(const Mem& to, const Mem& from, std::uint32_t size) {
  as_.lea(rsi, from);
  as_.lea(rdi, to);
  as_.mov(ecx, size / 8);
  as_.rep().movs(qword_ptr(rdi), qword_ptr(rsi));
  if (size % 8 != 0) {
    as_.mov(ecx, size % 8);
    as_.rep().movs(byte_ptr(rdi), byte_ptr(rsi));
  }
}

// -- result

Mem Emitter::destination(const Instruction& i) {
  if (marshal::destination_of(i.op) == Destination::Frame) return frame_storage(i.frame + i.offset);
  as_.mov(rcx, kResult);
  return ptr(rcx, i.offset);
}

void Emitter::give(const Instruction& i) {
  if (marshal::destination_of(i.op) == Destination::Tagged) return give_tagged(i);
  const InstructionInfo& row = marshal::info(i.op);
  const Mem to = destination(i);
  const bool word = marshal::destination_of(i.op) == Destination::Word;
  if (row.bank == Bank::X87) {
    as_.fstp(sized(to, 10));
  } else if (row.bank == Bank::Xmm) {
    word ? results_.store_vector_word(to, xmm(i.place), row.size) : results_.store_vector(to, xmm(i.place), row.size);
    if (row.size == 32) as_.vzeroupper();
  } else if (word) {
    results_.widen(gpr(i.place), row);
    as_.mov(sized(to, 8), gpr(i.place));
  } else {
    results_.store(to, gpr(i.place), row);
  }
}

void Emitter::give_tagged(const Instruction& i) {
  const InstructionInfo& row = marshal::info(i.op);
  if (row.bank == Bank::Gpr) {
    if (i.place != static_cast<std::uint32_t>(abi::Gpr::Rax)) as_.mov(rax, gpr(i.place));
    results_.widen(rax, row);
  }
  const Xmm vector = xmm(row.bank == Bank::Xmm ? i.place : 0);
  tags_->tag(as_, marshal::give_of(i.op), code_.literals[i.extent], vector, failure_exit());
  as_.mov(rcx, kResult);
  as_.mov(qword_ptr(rcx), rax);
}

// -- steps

void Emitter::step(const Instruction& i) {
  switch (marshal::step_of(i.op)) {
    case Step::ErrnoIn:
      as_.mov(rdi, kState);
      call_helper(address_of(set_errno));
      reload_inputs();
      return;
    case Step::Coerce:
      call_host(address_of(coerce_argument), i);
      reload_inputs();
      return;
    case Step::StackAddress:
      as_.lea(rcx, frame_storage(i.frame));
      as_.mov(sized(argument_area(i.place), 8), rcx);
      return;
    case Step::GprAddress: as_.lea(gpr(i.place), frame_storage(i.frame)); return;
    case Step::GprResult: as_.mov(gpr(i.place), kResult); return;
    case Step::VectorCount:
      as_.mov(eax, i.place);
      address_in_rax_.reset();
      return;
    case Step::Call: ends_in_jump() ? as_.jmp(r11) : as_.call(r11); return;
    case Step::ErrnoOut:
      as_.mov(rdi, kState);
      call_helper(address_of(save_errno));
      return;
    case Step::Box: call_host(address_of(box_result), i); return;
    case Step::StackFetch:
    case Step::Varargs:
    case Step::SlotFrame:
    case Step::SlotStack:
    case Step::SlotPointer:
    case Step::Handle: return;  // callback_emitter.cpp
    case Step::Return:
      if (!ends_in_jump()) epilogue();
      return;
  }
}

// Calls one of our own C++ functions; rsp is aligned as at any call, and everything below it is free.
void Emitter::call_helper(const void* helper) {
  const asmjit::Label label = as_.newLabel();
  constants_.push_back({label, reinterpret_cast<std::uint64_t>(helper)});
  as_.call(ptr(label));
}

void Emitter::call_host(const void* helper, const Instruction& i) {
  const bool coercion = marshal::step_of(i.op) == Step::Coerce;
  as_.mov(rdi, kSelf);
  as_.mov(rsi, kState);
  as_.mov(edx, static_cast<std::uint32_t>(at_));
  as_.mov(rcx, coercion ? kSlots : kResult);
  as_.lea(r8, frame_storage(i.frame));
  call_helper(helper);
  as_.test(al, al);
  as_.jz(failure_exit());
}

void Emitter::reload_inputs() {
  as_.mov(r10, kSlots);
  as_.mov(r11, kSelf);
  as_.mov(r11, qword_ptr(r11, offsetof(marshal::Callable, target)));
  address_in_rax_.reset();
}

asmjit::Label Emitter::failure_exit() {
  exits_.push_back({as_.newLabel(), static_cast<std::uint32_t>(at_ + 1)});
  return exits_.back().label;
}

void Emitter::emit_cold_part() {
  for (const Exit& exit : exits_) {
    as_.bind(exit.label);
    as_.mov(eax, exit.outcome);
    as_.leave();
    as_.ret();
  }
  if (constants_.empty()) return;
  as_.align(asmjit::AlignMode::kData, 8);
  for (const Constant& constant : constants_) {
    as_.bind(constant.label);
    as_.embedUInt64(constant.value);
  }
}

}  // namespace pinion::codegen
