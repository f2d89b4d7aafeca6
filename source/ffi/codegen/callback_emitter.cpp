#include "ffi/codegen/callback_emitter.hpp"

#include "ffi/marshal/varargs.hpp"

namespace pinion::codegen {

using namespace asmjit::x86;
using marshal::Bank;
using marshal::Instruction;
using marshal::InstructionInfo;
using marshal::Step;

namespace {

const Gp kGpr[] = {rdi, rsi, rdx, rcx, r8, r9, rax};  // by abi::Gpr
const Mem kHead = qword_ptr(rbp, -8), kRdi = qword_ptr(rbp, -16), kRsi = qword_ptr(rbp, -24);
constexpr std::uint32_t kLocals = 16, kMicrosoftLocals = 32 + 160;
constexpr int kFirstPreserved = 6, kLastPreserved = 15;  // xmm6 to xmm15
constexpr std::uint32_t kPage = 4096;

std::uint32_t round_up(std::uint32_t size, std::uint32_t to) {
  return (size + to - 1) / to * to;
}

}  // namespace

CallbackEmitter::CallbackEmitter(asmjit::CodeHolder& holder, const marshal::Code& code)
    : as_(&holder), code_(code), moves_(as_, r11), microsoft_(code.layout->convention == abi::Convention::Microsoft) {
  const auto slots = static_cast<std::uint32_t>(code.layout->arguments.size() + code.layout->variadic);
  locals_ = microsoft_ ? kMicrosoftLocals : kLocals;
  size_ = code.frame_size + round_up(8 * slots, 16) + locals_;
}

void CallbackEmitter::emit_function() {
  as_.endbr64();
  prologue();
  for (const Instruction& i : code_.instructions) {
    if (marshal::is_give(i.op)) {
      store(i);
    } else if (marshal::is_take(i.op)) {
      load(i);
    } else {
      step(i);
    }
  }
}

// -- frame

void CallbackEmitter::prologue() {
  as_.push(rbp);
  as_.mov(rbp, rsp);
  if (size_ < kPage) {
    as_.sub(rsp, size_);
  } else {
    touch_pages();
  }
  if (code_.alignment > 16) as_.and_(rsp, -static_cast<std::int32_t>(code_.alignment));
  as_.mov(kHead, r10);
  preserve(true);
}

// Goes down a page at a time, so that a guard page is met rather than jumped over.
void CallbackEmitter::touch_pages() {
  const asmjit::Label next = as_.newLabel();
  as_.lea(r11, ptr(rsp, -static_cast<std::int32_t>(size_)));
  as_.bind(next);
  as_.sub(rsp, kPage);
  as_.or_(dword_ptr(rsp), 0);
  as_.lea(rax, ptr(rsp, -static_cast<std::int32_t>(kPage)));
  as_.cmp(rax, r11);
  as_.ja(next);
  as_.mov(rsp, r11);
}

// rdi, rsi and xmm6 to xmm15 belong to a Microsoft caller (Microsoft Learn, "x64 ABI conventions"), but not to a
// handler compiled for System V.
void CallbackEmitter::preserve(bool save) {
  if (!microsoft_) return;
  save ? as_.mov(kRdi, rdi) : as_.mov(rdi, kRdi);
  save ? as_.mov(kRsi, rsi) : as_.mov(rsi, kRsi);
  for (int k = kFirstPreserved; k <= kLastPreserved; ++k) {
    const Mem place = xmmword_ptr(rbp, -48 - 16 * (k - kFirstPreserved));
    save ? as_.movaps(place, xmm(static_cast<std::uint32_t>(k)))
         : as_.movaps(xmm(static_cast<std::uint32_t>(k)), place);
  }
}

void CallbackEmitter::epilogue() {
  preserve(false);
  as_.leave();
  as_.ret();
}

Mem CallbackEmitter::storage(std::uint32_t offset) const {
  return ptr(rsp, static_cast<std::int32_t>(offset));
}

Mem CallbackEmitter::slot(std::uint32_t argument) const {
  return qword_ptr(rsp, static_cast<std::int32_t>(code_.frame_size + 8 * argument));
}

Mem CallbackEmitter::incoming(std::uint32_t offset) const {
  return ptr(rbp, static_cast<std::int32_t>(16 + offset));
}

// -- pieces

void CallbackEmitter::store(const Instruction& i) {
  const InstructionInfo& row = marshal::info(i.op);
  const bool to_slot = marshal::destination_of(i.op) == marshal::Destination::Word;
  const Mem to = to_slot ? slot(i.argument) : storage(i.frame + i.offset);
  if (row.bank == Bank::Gpr) {
    moves_.store(to, kGpr[i.place], row);
  } else {
    moves_.store_vector(to, xmm(i.place), row.size);
  }
}

void CallbackEmitter::load(const Instruction& i) {
  const InstructionInfo& row = marshal::info(i.op);
  const Mem from = storage(i.frame + i.offset);
  switch (row.bank) {
    case Bank::Gpr: moves_.load(kGpr[i.place], from, row); return;
    case Bank::Xmm: moves_.load_vector(xmm(i.place), from, row.size); return;
    default: as_.fld(sized(from, 10)); return;
  }
}

// -- steps

void CallbackEmitter::step(const Instruction& i) {
  switch (marshal::step_of(i.op)) {
    case Step::StackFetch: fetch(i); return;
    case Step::Varargs: keep_varargs(i); return;
    case Step::SlotFrame:
      as_.lea(r11, storage(i.frame));
      as_.mov(slot(i.argument), r11);
      return;
    case Step::SlotStack:
      as_.lea(r11, incoming(i.place));
      as_.mov(slot(i.argument), r11);
      return;
    case Step::SlotPointer:
      as_.mov(r11, sized(incoming(i.place), 8));
      as_.mov(slot(i.argument), r11);
      return;
    case Step::Handle: handle(i); return;
    default: epilogue(); return;  // Return: the verifier lets nothing else through
  }
}

// A part of a value that arrived on the stack: at most a few words, in whole bytes.
void CallbackEmitter::fetch(const Instruction& i) {
  std::uint32_t done = 0;
  for (const std::uint32_t width : {8U, 4U, 2U, 1U}) {
    for (; i.extent - done >= width; done += width) {
      as_.mov(part_of(r11, width), sized(incoming(i.place + done), width));
      as_.mov(sized(storage(i.frame + i.offset + done), width), part_of(r11, width));
    }
  }
}

void CallbackEmitter::keep_varargs(const Instruction& i) {
  using marshal::Varargs;
  const auto field = [&](std::size_t offset) { return storage(i.frame + static_cast<std::uint32_t>(offset)); };
  if (microsoft_) {  // the home area is the callee's to fill
    const Gp positions[] = {rcx, rdx, r8, r9};
    for (std::uint32_t k = 0; k < 4; ++k) as_.mov(sized(incoming(8 * k), 8), positions[k]);
  } else {
    for (std::uint32_t k = 0; k < 6; ++k) as_.mov(sized(field(offsetof(Varargs, gpr) + 8 * k), 8), kGpr[k]);
    for (std::uint32_t k = 0; k < 8; ++k) as_.movaps(sized(field(offsetof(Varargs, xmm) + 16 * k), 16), xmm(k));
  }
  as_.lea(r11, incoming(0));
  as_.mov(sized(field(offsetof(Varargs, stack)), 8), r11);
  as_.mov(r11, qword_ptr(r10, offsetof(marshal::CallbackHead, code)));
  as_.mov(r11, qword_ptr(r11, offsetof(marshal::Code, layout)));  // a shared_ptr begins with the pointer
  as_.mov(sized(field(offsetof(Varargs, layout)), 8), r11);
  as_.xor_(r11d, r11d);
  as_.mov(sized(field(offsetof(Varargs, gpr_used)), 8), r11);    // and xmm_used
  as_.mov(sized(field(offsetof(Varargs, stack_used)), 8), r11);  // and started
  as_.lea(r11, storage(i.frame));
  as_.mov(slot(i.argument), r11);
}

void CallbackEmitter::handle(const Instruction& i) {
  as_.mov(rdi, kHead);
  as_.lea(rsi, slot(0));
  if (i.extent != 0) {
    as_.mov(rdx, sized(storage(i.frame), 8));
  } else {
    as_.lea(rdx, storage(i.frame));
  }
  as_.call(qword_ptr(rdi, offsetof(marshal::CallbackHead, dispatch)));
}

}  // namespace pinion::codegen
