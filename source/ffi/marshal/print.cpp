#include "ffi/abi/print.hpp"

#include <string>

#include "ffi/marshal/code.hpp"
#include "fmt/format.h"

namespace pinion::marshal {
namespace {

// Also of places that do not exist: the verifier prints what it refuses.
std::string place_of(Bank bank, std::uint32_t place, std::uint32_t size) {
  switch (bank) {
    case Bank::Gpr:
      if (place > static_cast<std::uint32_t>(abi::Gpr::Rax)) return fmt::format("register {}", place);
      return abi::name_of({abi::Location::Kind::Gpr, place}, 8);
    case Bank::Xmm: return abi::name_of({abi::Location::Kind::Xmm, place}, size);
    case Bank::X87: return abi::name_of({abi::Location::Kind::X87, place}, size);
    case Bank::Stack:
    case Bank::Memory: return abi::name_of({abi::Location::Kind::Stack, place}, 8);
  }
  return {};
}

// "arg 2", "*(arg 2)+8", "frame[16]+8", "object arg 2"
std::string source_operand(const Instruction& i) {
  const std::string plus = i.offset == 0 ? "" : fmt::format("+{}", i.offset);
  switch (source_of(i.op)) {
    case Source::Slot: return fmt::format("arg {}{}", i.argument, plus);
    case Source::Through: return fmt::format("*(arg {}){}", i.argument, plus);
    case Source::Frame: return fmt::format("frame[{}]{} = arg {}", i.frame, plus, i.argument);
    case Source::Tagged: return fmt::format("object arg {}, literal {}", i.argument, i.extent);
  }
  return {};
}

std::string destination_operand(const Instruction& i) {
  switch (destination_of(i.op)) {
    case Destination::Buffer: return fmt::format("result+{}", i.offset);
    case Destination::Word: return "result word";
    case Destination::Frame: return fmt::format("frame[{}]+{}", i.frame, i.offset);
    case Destination::Tagged: return fmt::format("result object, literal {}", i.extent);
  }
  return {};
}

std::string operands(const Instruction& i) {
  const InstructionInfo& row = info(i.op);
  if (is_take(i.op)) {
    const std::string bytes = row.bank == Bank::Memory ? fmt::format(", {} bytes", i.extent) : "";
    const bool to_frame = take_of(i.op) == Take::FrameCopy;
    const std::string to = to_frame ? fmt::format("frame[{}]", i.frame) : place_of(row.bank, i.place, row.size);
    return fmt::format("{} <- {}{}", to, source_operand(i), bytes);
  }
  if (is_give(i.op)) return fmt::format("{} <- {}", destination_operand(i), place_of(row.bank, i.place, row.size));
  switch (step_of(i.op)) {
    case Step::Coerce: return fmt::format("frame[{}] <- object arg {}, literal {}", i.frame, i.argument, i.extent);
    case Step::StackAddress: return fmt::format("{} <- &frame[{}]", place_of(Bank::Stack, i.place, 8), i.frame);
    case Step::GprAddress: return fmt::format("{} <- &frame[{}]", place_of(Bank::Gpr, i.place, 8), i.frame);
    case Step::GprResult: return fmt::format("{} <- &result", place_of(Bank::Gpr, i.place, 8));
    case Step::VectorCount: return fmt::format("al <- {}", i.place);
    case Step::Call:
      return i.place == 0 ? "target" : fmt::format("target, {} x87 result{}", i.place, i.place == 1 ? "" : "s");
    case Step::Box: return fmt::format("result object <- frame[{}], literal {}", i.frame, i.extent);
    case Step::StackFetch:
      return fmt::format("frame[{}]+{} <- {}, {} bytes", i.frame, i.offset, place_of(Bank::Stack, i.place, 8),
                         i.extent);
    case Step::Varargs:
    case Step::SlotFrame: return fmt::format("slot {} <- &frame[{}]", i.argument, i.frame);
    case Step::SlotStack: return fmt::format("slot {} <- &{}", i.argument, place_of(Bank::Stack, i.place, 8));
    case Step::SlotPointer: return fmt::format("slot {} <- {}", i.argument, place_of(Bank::Stack, i.place, 8));
    case Step::Handle: return fmt::format("slots, {}frame[{}]", i.extent != 0 ? "" : "&", i.frame);
    case Step::ErrnoIn:
    case Step::ErrnoOut:
    case Step::Return: return {};
  }
  return {};
}

}  // namespace

std::string to_string(const Instruction& i) {
  const std::string text = operands(i);
  return text.empty() ? std::string(info(i.op).mnemonic) : fmt::format("{:<14}{}", info(i.op).mnemonic, text);
}

std::string to_string(const Code& code) {
  std::string text;
  for (const Instruction& i : code.instructions) text += to_string(i) + "\n";
  return text;
}

}  // namespace pinion::marshal
