#include "ffi/marshal/instruction.hpp"

namespace pinion::marshal {
namespace {

constexpr Phase phase_of_take(Bank bank, std::string_view mnemonic) {
  if (bank == Bank::Memory) return mnemonic == "frame.copy" ? Phase::Storage : Phase::Stack;
  if (bank == Bank::Stack) return Phase::Stack;
  return bank == Bank::Xmm ? Phase::Vectors : Phase::Registers;
}

constexpr InstructionInfo kTakeInfo[] = {
#define X(name, mnemonic, bank, type, size, extension, summary) \
  {mnemonic, phase_of_take(Bank::bank, mnemonic), Bank::bank, size, abi::Extension::extension, summary},
    PINION_TAKES(X)
#undef X
};

constexpr InstructionInfo kGiveInfo[] = {
#define X(name, mnemonic, bank, type, size, extension, summary) \
  {mnemonic, Phase::Results, Bank::bank, size, abi::Extension::extension, summary},
    PINION_GIVES(X)
#undef X
};

constexpr InstructionInfo kStepInfo[] = {
#define X(name, mnemonic, phase, summary) {mnemonic, Phase::phase, Bank::Memory, 0, abi::Extension::None, summary},
    PINION_STEPS(X)
#undef X
};

}  // namespace

const InstructionInfo& info(Opcode op) {
  if (is_take(op)) return kTakeInfo[op / kModes];
  if (is_give(op)) return kGiveInfo[(op - kFirstGive) / kModes];
  return kStepInfo[op - kFirstStep];
}

}  // namespace pinion::marshal
