#include <algorithm>
#include <vector>

#include "ffi/marshal/callback_compiler.hpp"
#include "ffi/marshal/rows.hpp"
#include "ffi/marshal/varargs.hpp"
#include "fmt/format.h"

namespace pinion::marshal {
namespace {

using abi::Location;
using abi::Passing;
using abi::Piece;

constexpr std::uint32_t kNone = UINT32_MAX;

class CallbackVerifier {
 public:
  explicit CallbackVerifier(const Code& code)
      : code_(code),
        layout_(*code.layout),
        slots_(layout_.arguments.size() + layout_.variadic, false),
        storage_(layout_.arguments.size(), kNone),
        stored_(layout_.pieces.size(), false),
        loaded_(layout_.result.count, false) {}

  Status verify() {
    if (code_.direction != Direction::Callback) return Error{"callback code refused: it is a callout's"};
    if (code_.frame_size % 16 != 0 || code_.frame_size > abi::kMaxStackBytes + 16 || code_.stack_size != 0 ||
        code_.alignment < 16 || (code_.alignment & (code_.alignment - 1)) != 0) {
      return Error{"callback code refused: its frame is malformed"};
    }
    for (at_ = 0; at_ < code_.instructions.size(); ++at_) {
      const Instruction& i = code_.instructions[at_];
      if (returned_) return fail("it returned before");
      if (i.op >= kOpcodes) return fail("there is no such opcode");
      if (Status step = is_give(i.op) ? check_store(i) : is_take(i.op) ? check_load(i) : check_step(i); !step)
        return step;
    }
    if (!returned_) return fail("it does not return");
    return Unit{};
  }

 private:
  Error fail(std::string_view rule) const {
    return Error{fmt::format("callback code refused: instruction {}: {}", at_, rule)};
  }

  Status in_frame(std::uint64_t offset, std::uint64_t size) const {
    if (offset + size > code_.frame_size) return fail("it reaches outside the frame storage");
    return Unit{};
  }

  // One storage for each value; two values never overlap.
  Status claim(std::uint32_t frame, std::uint64_t size, std::uint32_t align, std::uint32_t& mine) {
    if (mine == frame) return Unit{};
    if (mine != kNone) return fail("the value's storage is elsewhere");
    if (frame % align != 0 || align > code_.alignment) return fail("the storage is not aligned for the value");
    size = std::max<std::uint64_t>(size, 8);
    for (const auto& [other, length] : claimed_) {
      if (frame < other + length && other < frame + size) return fail("the storage is in use for another value");
    }
    claimed_.emplace_back(frame, size);
    mine = frame;
    return in_frame(frame, size);
  }

  Status claim_argument(const Instruction& i) {
    const abi::Value& value = layout_.arguments[i.argument];
    return claim(i.frame, value.size, value.align, storage_[i.argument]);
  }

  Status claim_result(std::uint32_t frame) {
    const bool hidden = layout_.result.passing == Passing::Hidden;
    return claim(frame, hidden ? 8 : layout_.result.size, hidden ? 8 : std::max(8U, layout_.result.align), result_);
  }

  Status fill(std::size_t slot) {
    if (handled_) return fail("the handler was called already");
    if (slot >= slots_.size()) return fail("there is no such argument");
    if (slots_[slot]) return fail("the argument's slot is filled already");
    slots_[slot] = true;
    return Unit{};
  }

  // The piece of argument `i.argument` at its offset and the location; null when the layout has none.
  const Piece* find_piece(const Instruction& i, Location location) const {
    if (i.argument >= layout_.arguments.size()) return nullptr;
    for (const Piece& piece : layout_.pieces_of(layout_.arguments[i.argument])) {
      if (piece.location == location && piece.offset == i.offset) return &piece;
    }
    return nullptr;
  }

  Status check_store(const Instruction& i) {
    if (handled_) return fail("the arguments are gone once the handler was called");
    const InstructionInfo& row = info(i.op);
    const Location location{kind_of(row.bank), i.place};
    if (destination_of(i.op) == Destination::Frame && layout_.result.passing == Passing::Hidden &&
        location == layout_.hidden && row.size == 8 && i.offset == 0 && result_ == kNone) {
      return claim_result(i.frame);
    }
    const Piece* piece = find_piece(i, location);
    if (piece == nullptr) return fail("the layout has no such piece there");
    if (piece->size != row.size) return fail("the piece has another size");
    const auto index = static_cast<std::size_t>(piece - layout_.pieces.data());
    if (stored_[index]) return fail("the piece is stored already");
    stored_[index] = true;
    const bool reference = layout_.arguments[i.argument].passing == Passing::Reference;
    if (reference != (destination_of(i.op) == Destination::Word)) return fail("only addresses go straight into slots");
    if (reference) return fill(i.argument);
    if (destination_of(i.op) != Destination::Frame) return fail("values go to frame storage");
    return claim_argument(i);
  }

  Status check_step(const Instruction& i) {
    switch (step_of(i.op)) {
      case Step::StackFetch: return check_fetch(i);
      case Step::Varargs: return check_varargs(i);
      case Step::SlotFrame: return check_slot_frame(i);
      case Step::SlotStack:
      case Step::SlotPointer: {
        const Piece* piece = find_piece(i, {Location::Kind::Stack, i.place});
        if (piece == nullptr || piece->offset != 0) return fail("the argument is not there on the stack");
        const bool reference = layout_.arguments[i.argument].passing == Passing::Reference;
        if (reference != (step_of(i.op) == Step::SlotPointer)) return fail("the argument is passed otherwise");
        if (!reference && piece->size != layout_.arguments[i.argument].size) return fail("only part of it is there");
        return fill(i.argument);
      }
      case Step::Handle: return check_handle(i);
      case Step::Return: return check_return();
      default: return fail("a callback has no use for this step");
    }
  }

  Status check_fetch(const Instruction& i) {
    const Piece* piece = find_piece(i, {Location::Kind::Stack, i.place});
    if (piece == nullptr || piece->size != i.extent) return fail("the layout has no such piece there");
    const auto index = static_cast<std::size_t>(piece - layout_.pieces.data());
    if (stored_[index]) return fail("the piece is stored already");
    stored_[index] = true;
    return claim_argument(i);
  }

  Status check_varargs(const Instruction& i) {
    if (!layout_.variadic || i.argument != layout_.arguments.size()) return fail("the function is not variadic");
    if (at_ != 0) return fail("the registers may have been changed before");
    std::uint32_t mine = kNone;
    if (Status storage = claim(i.frame, sizeof(Varargs), alignof(Varargs), mine); !storage) return storage;
    return fill(i.argument);
  }

  // A Microsoft variadic double has two pieces for the same bytes: one of them is enough.
  Status check_slot_frame(const Instruction& i) {
    if (i.argument >= layout_.arguments.size()) return fail("there is no such argument");
    const abi::Value& value = layout_.arguments[i.argument];
    if (value.passing == Passing::Reference) return fail("the argument is passed by reference");
    for (std::uint32_t k = value.first; k < value.first + value.count; ++k) {
      bool complete = false;
      for (std::uint32_t other = value.first; other < value.first + value.count; ++other) {
        complete |= stored_[other] && layout_.pieces[other].offset == layout_.pieces[k].offset;
      }
      if (!complete) return fail("a piece of the argument is not stored yet");
    }
    if (Status storage = claim_argument(i); !storage) return storage;
    return fill(i.argument);
  }

  Status check_handle(const Instruction& i) {
    if (handled_) return fail("the handler is called twice");
    if (std::find(slots_.begin(), slots_.end(), false) != slots_.end()) return fail("an argument has no slot");
    if ((i.extent != 0) != (layout_.result.passing == Passing::Hidden)) return fail("the result goes elsewhere");
    if (i.extent != 0 && result_ == kNone) return fail("the hidden result's address is not stored");
    handled_ = true;
    return claim_result(i.frame);
  }

  // -- result

  Status check_load(const Instruction& i) {
    if (!handled_) return fail("there is no result before the handler was called");
    if (source_of(i.op) != Source::Frame || i.frame != result_) return fail("results come from their storage");
    const InstructionInfo& row = info(i.op);
    const Location location{kind_of(row.bank), i.place};
    if (layout_.result.passing == Passing::Hidden) {
      const bool rax = location == Location{Location::Kind::Gpr, static_cast<std::uint32_t>(abi::Gpr::Rax)};
      if (!rax || row.size != 8 || i.offset != 0 || address_returned_)
        return fail("a hidden result's address is returned in rax");
      address_returned_ = true;
      return Unit{};
    }
    const auto pieces = layout_.pieces_of(layout_.result);
    for (std::size_t k = 0; k < pieces.size(); ++k) {
      if (!(pieces[k].location == location) || pieces[k].offset != i.offset || pieces[k].size != row.size) continue;
      if (loaded_[k]) return fail("this piece of the result is loaded already");
      loaded_[k] = true;
      if (row.bank == Bank::X87 && i.place + ++pushed_ != layout_.x87_results)
        return fail("x87 results are pushed out of order");
      return Unit{};
    }
    return fail("the layout returns nothing there");
  }

  Status check_return() {
    if (!handled_) return fail("the handler is not called");
    if (layout_.result.passing == Passing::Hidden && !address_returned_)
      return fail("the result's address is not returned");
    const bool direct = layout_.result.passing == Passing::Direct;
    if (direct && std::find(loaded_.begin(), loaded_.end(), false) != loaded_.end())
      return fail("a piece of the result is lost");
    returned_ = true;
    return Unit{};
  }

  const Code& code_;
  const abi::CallLayout& layout_;
  std::vector<bool> slots_;
  std::vector<std::uint32_t> storage_;
  std::vector<bool> stored_;  // by piece of the layout
  std::vector<bool> loaded_;  // by piece of the result
  std::vector<std::pair<std::uint32_t, std::uint64_t>> claimed_;
  std::uint32_t result_ = kNone, pushed_ = 0;
  std::size_t at_ = 0;
  bool handled_ = false, returned_ = false, address_returned_ = false;
};

}  // namespace

Status verify_callback(const Code& code) {
  return CallbackVerifier(code).verify();
}

}  // namespace pinion::marshal
