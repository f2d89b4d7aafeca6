#include "ffi/marshal/verifier.hpp"

#include <algorithm>
#include <vector>

#include "fmt/format.h"

namespace pinion::marshal {
namespace {

using abi::CallLayout;
using abi::Extension;
using abi::Location;
using abi::Passing;
using abi::Piece;

// Something the layout wants written before the call: a piece of an argument, the hidden result pointer, or AL.
struct Need {
  const Piece* piece = nullptr;  // null: the hidden pointer or AL
  std::uint32_t argument = 0;
  Location location;
  bool met = false;
};

// A value in frame storage.
struct Stored {
  std::uint32_t frame = 0;
  std::uint64_t size = 0;
  int argument = kResult;  // which argument's value, or kResult
  static constexpr int kResult = -1;
};

constexpr Location kAl{Location::Kind::Gpr, static_cast<std::uint32_t>(abi::Gpr::Rax)};

Location::Kind kind_of(Bank bank) {
  switch (bank) {
    case Bank::Gpr: return Location::Kind::Gpr;
    case Bank::Xmm: return Location::Kind::Xmm;
    case Bank::X87: return Location::Kind::X87;
    default: return Location::Kind::Stack;
  }
}

class Verifier {
 public:
  explicit Verifier(const Code& code) : code_(code), layout_(*code.layout) {}

  Status verify() {
    if (Status header = check_header(); !header) return header;
    list_needs();
    Phase phase = Phase::Storage;
    for (at_ = 0; at_ < code_.instructions.size(); ++at_) {
      const Instruction& i = code_.instructions[at_];
      if (i.op >= kOpcodes) return fail("there is no such opcode");
      if (info(i.op).phase < phase) return fail("it comes after an instruction of a later phase");
      phase = info(i.op).phase;
      if (Status step = check(i); !step) return step;
    }
    return check_end();
  }

 private:
  Error fail(std::string_view rule) const {
    const bool inside = at_ < code_.instructions.size();
    return Error{fmt::format("marshaling code refused: instruction {}{}{}: {}", at_, inside ? " " : "",
                             inside && code_.instructions[at_].op < kOpcodes ? to_string(code_.instructions[at_]) : "",
                             rule)};
  }
  static Status pass() { return Unit{}; }

  Status check_header() const {
    const auto refuse = [](std::string_view what) -> Status {
      return Error{fmt::format("marshaling code refused: {}", what)};
    };
    if (code_.stack_size != layout_.stack_size) return refuse("its argument area is not the layout's");
    if (code_.stack_size % 16 != 0 || code_.frame_size % 16 != 0)
      return refuse("an area is not a multiple of 16 bytes");
    if (code_.alignment < 16 || (code_.alignment & (code_.alignment - 1)) != 0 ||
        code_.alignment < layout_.stack_align) {
      return refuse("its stack alignment is not a power of two that suffices");
    }
    if (std::uint64_t{code_.stack_size} + code_.frame_size > abi::kMaxStackBytes + 16)
      return refuse("it needs too much stack");
    return pass();
  }

  void list_needs() {
    for (std::size_t i = 0; i < layout_.arguments.size(); ++i) {
      for (const Piece& piece : layout_.pieces_of(layout_.arguments[i])) {
        needs_.push_back({&piece, static_cast<std::uint32_t>(i), piece.location});
      }
    }
    if (layout_.result.passing == Passing::Hidden) needs_.push_back({.location = layout_.hidden});
    if (layout_.variadic && layout_.convention == abi::Convention::SysV) needs_.push_back({.location = kAl});
    taken_.resize(layout_.result.count);
  }

  Status check(const Instruction& i) {
    if (is_take(i.op)) return check_take(i);
    if (is_give(i.op)) return check_give(i);
    switch (step_of(i.op)) {
      case Step::ErrnoIn:
        return code_.uses_errno && !errno_in_ ? (errno_in_ = true, pass()) : fail("errno is not captured here");
      case Step::ErrnoOut:
        return errno_in_ && !errno_out_ ? (errno_out_ = true, pass()) : fail("errno was not prepared");
      case Step::Coerce: return check_coerce(i);
      case Step::StackAddress: return check_address(i, {Location::Kind::Stack, i.place});
      case Step::GprAddress: return check_address(i, {Location::Kind::Gpr, i.place});
      case Step::GprResult: return meet({Location::Kind::Gpr, i.place}, nullptr, 0);
      case Step::VectorCount:
        if (i.place != layout_.vector_registers) return fail("the layout uses another number of vector registers");
        return meet(kAl, nullptr, 0);
      case Step::Call:
        if (called_) return fail("the call was made already");
        if (i.place != layout_.x87_results) return fail("the layout leaves another number of x87 results");
        called_ = true;
        return pass();
      case Step::Box:
        if (boxed_) return fail("the result is boxed already");
        if (i.extent >= code_.literals.size()) return fail("there is no such literal");
        boxed_ = true;
        return in_result_storage(i.frame, 0, layout_.result.size);
      case Step::Return:
        if (at_ + 1 != code_.instructions.size()) return fail("it returns before the end");
        return pass();
    }
    return fail("there is no such step");
  }

  // -- arguments

  Status check_take(const Instruction& i) {
    const InstructionInfo& row = info(i.op);
    if (i.argument >= layout_.arguments.size()) return fail("there is no such argument");
    const abi::Value& value = layout_.arguments[i.argument];
    const std::uint64_t size = row.bank == Bank::Memory ? i.extent : row.size;
    if (size == 0 || i.offset + size > value.size) return fail("it reads outside the argument's value");
    if (Status source = check_source(i, value, size); !source) return source;
    if (take_of(i.op) == Take::FrameCopy) return check_frame_copy(i, value);
    if (value.passing != Passing::Direct) return fail("the layout does not pass this argument by value");
    return meet({kind_of(row.bank), i.place}, &i, size);
  }

  Status check_source(const Instruction& i, const abi::Value& value, std::uint64_t size) {
    switch (source_of(i.op)) {
      case Source::Slot: return value.size <= 8 ? pass() : fail("a value larger than 8 bytes cannot be in its slot");
      case Source::Through: return pass();
      case Source::Frame: {
        const Stored* stored = find_stored(i.frame, i.argument);
        if (stored == nullptr) return fail("the argument's value is not in this frame storage");
        return i.offset + size <= stored->size ? pass() : fail("it reads outside the stored value");
      }
      case Source::Tagged:
        return info(i.op).bank != Bank::Memory && size == value.size
                   ? pass()
                   : fail("only a whole scalar can be taken from a tagged object");
    }
    return fail("there is no such mode");
  }

  Status check_frame_copy(const Instruction& i, const abi::Value& value) {
    const Source source = source_of(i.op);
    if (source != Source::Through && source != Source::Slot) return fail("only raw values are copied to frame storage");
    if (i.offset != 0 || i.extent != value.size) return fail("the copy is not the whole value");
    return store({i.frame, value.size, i.argument}, value.align);
  }

  Status check_coerce(const Instruction& i) {
    if (i.argument >= layout_.arguments.size()) return fail("there is no such argument");
    if (i.extent >= code_.literals.size()) return fail("there is no such literal");
    const abi::Value& value = layout_.arguments[i.argument];
    return store({i.frame, value.size, i.argument}, value.align);
  }

  // The address of an argument's own copy, or of the storage for a hidden result.
  Status check_address(const Instruction& i, Location location) {
    for (const Need& need : needs_) {
      if (!(need.location == location)) continue;
      if (need.piece == nullptr) {
        if (Status storage = in_result_storage(i.frame, 0, layout_.result.size); !storage) return storage;
      } else {
        const abi::Value& value = layout_.arguments[need.argument];
        if (value.passing != Passing::Reference) return fail("the layout passes this argument by value");
        const bool filled = find_stored(i.frame, static_cast<int>(need.argument)) != nullptr;
        if (!filled && value.size > 0) return fail("the argument's copy is not in this frame storage");
      }
    }
    return meet(location, nullptr, 8);
  }

  // Marks the need at `location` as met, by bytes [offset, offset + size) of the argument that `take` names, or (null)
  // by an address or a count.
  Status meet(Location location, const Instruction* take, std::uint64_t size) {
    const auto need = std::find_if(needs_.begin(), needs_.end(), [&](const Need& n) { return n.location == location; });
    if (need == needs_.end()) return fail("the layout puts nothing there");
    if (need->met) return fail("this location is filled already");
    need->met = true;
    if (take == nullptr) return pass();
    if (need->piece == nullptr) return fail("the layout wants an address or a count there");
    if (need->argument != take->argument || need->piece->offset != take->offset)
      return fail("another piece belongs there");
    if (need->piece->size != size) return fail("the piece has another size");
    const Extension promised = need->piece->extension;
    const Extension given = info(take->op).extension;
    if (promised != Extension::None && given != promised && size < 8) return fail("the piece wants another extension");
    return pass();
  }

  // -- frame storage

  Status store(Stored stored, std::uint32_t align) {
    if (stored.frame % align != 0 || align > code_.alignment) return fail("the storage is not aligned for the value");
    if (stored.frame + stored.size > code_.frame_size) return fail("it writes outside the frame storage");
    for (const Stored& other : stored_) {
      if (stored.frame < other.frame + other.size && other.frame < stored.frame + stored.size) {
        return fail("the storage is in use for another value");
      }
      if (other.argument == stored.argument) return fail("the argument is stored already");
    }
    stored_.push_back(stored);
    return pass();
  }

  const Stored* find_stored(std::uint32_t frame, int argument) const {
    for (const Stored& stored : stored_) {
      if (stored.frame == frame && stored.argument == argument) return &stored;
    }
    return nullptr;
  }

  // The result's frame storage is reserved by whoever mentions it first.
  Status in_result_storage(std::uint32_t frame, std::uint64_t offset, std::uint64_t size) {
    const auto reserved = std::find_if(stored_.begin(), stored_.end(),
                                       [](const Stored& stored) { return stored.argument == Stored::kResult; });
    if (reserved == stored_.end()) {
      if (Status stored = store({frame, layout_.result.size, Stored::kResult}, layout_.result.align); !stored)
        return stored;
    } else if (reserved->frame != frame) {
      return fail("the result's storage is elsewhere");
    }
    return offset + size <= layout_.result.size ? pass() : fail("it reaches outside the result");
  }

  // -- result

  Status check_give(const Instruction& i) {
    if (!called_) return fail("there is no result before the call");
    if (layout_.result.passing != Passing::Direct) return fail("the layout returns nothing in registers");
    const InstructionInfo& row = info(i.op);
    const auto pieces = layout_.pieces_of(layout_.result);
    const Location location{kind_of(row.bank), i.place};
    for (std::size_t k = 0; k < pieces.size(); ++k) {
      if (!(pieces[k].location == location) || pieces[k].offset != i.offset) continue;
      if (taken_[k]) return fail("this piece of the result is taken already");
      if (pieces[k].size != row.size) return fail("the piece has another size");
      // The x87 registers are a stack: st0 must be popped before st1.
      if (row.bank == Bank::X87 && i.place != x87_popped_++) return fail("x87 results are taken out of order");
      taken_[k] = true;
      return check_destination(i, row.size);
    }
    return fail("the layout returns nothing there");
  }

  Status check_destination(const Instruction& i, std::uint64_t size) {
    switch (destination_of(i.op)) {
      case Destination::Buffer: return pass();
      case Destination::Frame: return in_result_storage(i.frame, i.offset, size);
      case Destination::Word:
      case Destination::Tagged:
        return i.offset == 0 && layout_.result.size <= 8 && layout_.result.count == 1
                   ? pass()
                   : fail("only a whole result of 8 bytes at most becomes a word");
    }
    return fail("there is no such mode");
  }

  Status check_end() const {
    for (const Need& need : needs_) {
      if (!need.met) {
        return fail(need.piece != nullptr ? fmt::format("a piece of argument {} never reaches its place", need.argument)
                                          : "the result's address or the vector count is never set");
      }
    }
    if (!called_) return fail("it makes no call");
    if (std::find(taken_.begin(), taken_.end(), false) != taken_.end()) return fail("a piece of the result is lost");
    if (errno_in_ != errno_out_) return fail("errno is prepared but not saved");
    if (code_.instructions.empty() || code_.instructions.back().op != opcode(Step::Return))
      return fail("it does not return");
    return pass();
  }

  const Code& code_;
  const CallLayout& layout_;
  std::vector<Need> needs_;
  std::vector<Stored> stored_;
  std::vector<bool> taken_;
  std::size_t at_ = 0;
  std::uint32_t x87_popped_ = 0;
  bool called_ = false, boxed_ = false, errno_in_ = false, errno_out_ = false;
};

}  // namespace

Status verify(const Code& code) {
  return Verifier(code).verify();
}

}  // namespace pinion::marshal
