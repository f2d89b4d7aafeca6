#include "ffi/marshal/rows.hpp"

namespace pinion::marshal {

using abi::Extension;
using abi::Location;

Bank bank_of(Location::Kind kind) {
  switch (kind) {
    case Location::Kind::Gpr: return Bank::Gpr;
    case Location::Kind::Xmm: return Bank::Xmm;
    case Location::Kind::X87: return Bank::X87;
    case Location::Kind::Stack: return Bank::Stack;
  }
  return Bank::Memory;
}

Location::Kind kind_of(Bank bank) {
  switch (bank) {
    case Bank::Gpr: return Location::Kind::Gpr;
    case Bank::Xmm: return Location::Kind::Xmm;
    case Bank::X87: return Location::Kind::X87;
    default: return Location::Kind::Stack;
  }
}

namespace {

bool fits(const InstructionInfo& row, Bank bank, std::uint32_t size, Extension extension) {
  return row.bank == bank && row.size == size && keeps_promise(row, extension);
}

}  // namespace

std::optional<Take> take_for(Bank bank, std::uint32_t size, Extension extension) {
  for (int i = 0; i < kTakes; ++i) {
    if (fits(info(opcode(static_cast<Take>(i), Source::Slot)), bank, size, extension)) return static_cast<Take>(i);
  }
  return std::nullopt;
}

std::optional<Give> give_for(Bank bank, std::uint32_t size, Extension extension) {
  for (int i = 0; i < kGives; ++i) {
    if (fits(info(opcode(static_cast<Give>(i), Destination::Buffer)), bank, size, extension))
      return static_cast<Give>(i);
  }
  return std::nullopt;
}

}  // namespace pinion::marshal
