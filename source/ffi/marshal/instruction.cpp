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
#define X(name, mnemonic, phase, fields, summary) \
  {mnemonic, Phase::phase, Bank::Memory, 0, abi::Extension::None, summary},
    PINION_STEPS(X)
#undef X
};

constexpr std::uint8_t kStepFields[] = {
#define X(name, mnemonic, phase, fields, summary) fields,
    PINION_STEPS(X)
#undef X
};

}  // namespace

const InstructionInfo& info(Opcode op) {
  if (is_take(op)) return kTakeInfo[op / kModes];
  if (is_give(op)) return kGiveInfo[(op - kFirstGive) / kModes];
  return kStepInfo[op - kFirstStep];
}

std::uint8_t fields_of(Opcode op) {
  if (is_step(op)) return kStepFields[op - kFirstStep];
  if (is_give(op)) {
    const Destination to = destination_of(op);
    return static_cast<std::uint8_t>(kOffset | kPlace | (to == Destination::Frame ? kFrame : 0) |
                                     (to == Destination::Tagged ? kExtent : 0));
  }
  const Source from = source_of(op);
  const bool frame_copy = take_of(op) == Take::FrameCopy;
  const bool extent = info(op).bank == Bank::Memory || from == Source::Tagged;
  return static_cast<std::uint8_t>(kArgument | kOffset | (extent ? kExtent : 0) |
                                   (from == Source::Frame || frame_copy ? kFrame : 0) | (frame_copy ? 0 : kPlace));
}

bool keeps_promise(const InstructionInfo& row, abi::Extension promised) {
  if (row.extension == promised) return true;
  if (promised == abi::Extension::None) return row.extension == abi::Extension::Zero;
  return row.size >= 8;  // fills its place: there is nothing above it
}

}  // namespace pinion::marshal
