// The interpreter of callback code, called by callback_entry.S.
#include <alloca.h>

#include <cstring>

#include "ffi/marshal/callback_head.hpp"
#include "ffi/marshal/execute.hpp"
#include "ffi/marshal/varargs.hpp"

namespace pinion::marshal {

// Offsets that callback_entry.S repeats.
static_assert(offsetof(Code, uses_ymm) == 0 && offsetof(CallbackHead, code) == 16 && sizeof(Registers) == 400);

namespace {

// Where an argument register's bytes were put by callback_entry.S.
const std::byte* argument_register(const Registers& registers, Bank bank, std::uint32_t place) {
  return bank == Bank::Gpr ? reinterpret_cast<const std::byte*>(&registers.gpr[place]) : registers.vector[place];
}

// Stores an argument register as its row says: exactly the value's bytes.
void store(const Registers& registers, const Instruction& i, std::byte* to) {
  const std::byte* from = argument_register(registers, info(i.op).bank, i.place);
  switch (give_of(i.op)) {
#define X(name, mnemonic, bank, type, ...) \
  case Give::name: return detail::write<type>(to, detail::read<type>(from));
    PINION_GIVES(X)
#undef X
  }
}

template <Bank bank, class V>
void put_result(Registers& registers, std::uint32_t place, const V& value) {
  if constexpr (bank == Bank::Gpr) {
    const bool rax = place == static_cast<std::uint32_t>(abi::Gpr::Rax);
    (rax ? registers.rax : registers.rdx) = detail::widen(value);
  } else if constexpr (bank == Bank::Xmm) {
    std::memcpy(registers.vector[place], &value, sizeof value);
  } else if constexpr (bank == Bank::X87) {
    std::memcpy(registers.st[place], &value, sizeof value);
  }
}

// Loads a result register as its row says.
void load(Registers& registers, const Instruction& i, const std::byte* from) {
  switch (take_of(i.op)) {
#define X(name, mnemonic, bank, type, ...) \
  case Take::name: return put_result<Bank::bank>(registers, i.place, detail::read<type>(from));
    PINION_TAKES(X)
#undef X
  }
}

void save_varargs(Varargs& varargs, const Registers& registers, const Code& code, std::byte* incoming) {
  std::memcpy(varargs.gpr, registers.gpr, sizeof varargs.gpr);
  for (int k = 0; k < 8; ++k) std::memcpy(varargs.xmm[k], registers.vector[k], 16);
  if (code.layout->convention == abi::Convention::Microsoft) {  // the home area is the callee's to fill
    static constexpr abi::Gpr kPositions[] = {abi::Gpr::Rcx, abi::Gpr::Rdx, abi::Gpr::R8, abi::Gpr::R9};
    for (int k = 0; k < 4; ++k) std::memcpy(incoming + 8 * k, &registers.gpr[static_cast<int>(kPositions[k])], 8);
  }
  varargs.stack = incoming;
  varargs.layout = code.layout.get();
  varargs.gpr_used = varargs.xmm_used = varargs.stack_used = 0;
  varargs.started = false;
}

struct Execution {
  CallbackHead* head;
  Registers& registers;
  std::byte* incoming;
  std::byte* frame;
  void** slots;

  void step(const Instruction& i) const {
    switch (step_of(i.op)) {
      case Step::StackFetch: std::memcpy(frame + i.frame + i.offset, incoming + i.place, i.extent); return;
      case Step::Varargs:
        save_varargs(*reinterpret_cast<Varargs*>(frame + i.frame), registers, *head->code, incoming);
        slots[i.argument] = frame + i.frame;
        return;
      case Step::SlotFrame: slots[i.argument] = frame + i.frame; return;
      case Step::SlotStack: slots[i.argument] = incoming + i.place; return;
      case Step::SlotPointer: std::memcpy(&slots[i.argument], incoming + i.place, sizeof(void*)); return;
      case Step::Handle: {
        void* result = frame + i.frame;
        if (i.extent != 0) std::memcpy(&result, frame + i.frame, sizeof result);
        head->dispatch(head, slots, result);
        return;
      }
      default: return;
    }
  }
};

}  // namespace

extern "C" __attribute__((visibility("hidden"))) void pinion_interpret_callback(CallbackHead* head,
                                                                                Registers* registers,
                                                                                std::byte* incoming) {
  const Code& code = *head->code;
  const std::size_t room = std::size_t{code.frame_size} + code.alignment;
  auto* frame = static_cast<std::byte*>(alloca(room));
  detail::probe(frame, room);
  frame = detail::align_up(frame, code.alignment);
  auto** slots = static_cast<void**>(alloca((code.layout->arguments.size() + 1) * sizeof(void*)));
  registers->ymm = code.layout->uses_ymm;
  registers->x87_results = code.layout->x87_results;
  const Execution run{head, *registers, incoming, frame, slots};
  for (const Instruction& i : code.instructions) {
    if (is_give(i.op)) {
      const bool to_slot = destination_of(i.op) == Destination::Word;
      store(*registers, i, to_slot ? reinterpret_cast<std::byte*>(slots + i.argument) : frame + i.frame + i.offset);
    } else if (is_take(i.op)) {
      load(*registers, i, frame + i.frame + i.offset);
    } else {
      run.step(i);
    }
  }
}

}  // namespace pinion::marshal
