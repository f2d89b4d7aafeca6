#include "ffi/marshal/verifier.hpp"

#include <algorithm>
#include <optional>
#include <vector>

#include "ffi/marshal/rows.hpp"
#include "fmt/format.h"

namespace pinion::marshal {
namespace {

using abi::CallLayout;
using abi::Extension;
using abi::Location;
using abi::Passing;
using abi::Piece;

// Something the layout wants written before the call.
struct Need {
  enum class Kind : std::uint8_t { Piece, Reference, HiddenPointer, VectorCount };
  Kind kind;
  Location location;
  std::uint32_t argument = 0;    // Piece, Reference
  const Piece* piece = nullptr;  // Piece
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
  Status fail(std::string_view rule) const {
    const bool inside = at_ < code_.instructions.size();
    const bool known = inside && code_.instructions[at_].op < kOpcodes;
    return Error{fmt::format("marshaling code refused: instruction {}{}{}: {}", at_, known ? " " : "",
                             known ? to_string(code_.instructions[at_]) : "", rule)};
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
    if (code_.stack_needed() > abi::kMaxStackBytes) return refuse("it needs too much stack");
    return pass();
  }

  Status check_derived() const {
    const auto refuse = [](std::string_view what) -> Status {
      return Error{fmt::format("marshaling code refused: its header and its instructions disagree about {}", what)};
    };
    if (code_.variant != needed_variant(code_)) return refuse("the variant of the call");
    if (code_.uses_errno != captures_errno(code_)) return refuse("errno");
    if (code_.can_fail != may_fail(code_)) return refuse("failure");
    return pass();
  }

  void list_needs() {
    for (std::size_t i = 0; i < layout_.arguments.size(); ++i) {
      const abi::Value& value = layout_.arguments[i];
      const auto kind = value.passing == Passing::Reference ? Need::Kind::Reference : Need::Kind::Piece;
      for (const Piece& piece : layout_.pieces_of(value)) {
        needs_.push_back({kind, piece.location, static_cast<std::uint32_t>(i), &piece});
      }
    }
    if (layout_.result.passing == Passing::Hidden) needs_.push_back({Need::Kind::HiddenPointer, layout_.hidden});
    if (layout_.variadic && layout_.convention == abi::Convention::SysV) {
      needs_.push_back({Need::Kind::VectorCount, kAl});
    }
    taken_.resize(layout_.result.count);
    read_as_.resize(layout_.arguments.size());
  }

  Status check(const Instruction& i) {
    if (Status spare = check_spare_fields(i); !spare) return spare;
    if (is_take(i.op)) return check_take(i);
    if (is_give(i.op)) return check_give(i);
    switch (step_of(i.op)) {
      case Step::ErrnoIn: return once(errno_in_, "errno is set already");
      case Step::ErrnoOut:
        if (!errno_in_) return fail("errno was not set before the call");
        if (boxed_) return fail("errno is saved after the result was boxed");
        return once(errno_out_, "errno is saved already");
      case Step::Coerce: return check_coerce(i);
      case Step::StackAddress: return check_address(i, {Location::Kind::Stack, i.place});
      case Step::GprAddress: return check_address(i, {Location::Kind::Gpr, i.place});
      case Step::GprResult: {
        const auto need = fill({Location::Kind::Gpr, i.place});
        if (!need) return need.error();
        if ((*need)->kind != Need::Kind::HiddenPointer) return fail("the layout wants no result address there");
        return send_result(Destination::Buffer);
      }
      case Step::VectorCount: {
        const auto need = fill(kAl);
        if (!need) return need.error();
        return i.place == layout_.vector_registers ? pass()
                                                   : fail("the layout uses another number of vector registers");
      }
      case Step::Call:
        if (i.place != layout_.x87_results) return fail("the layout leaves another number of x87 results");
        return once(called_, "the call was made already");
      case Step::Box:
        if (i.extent >= code_.literals.size()) return fail("there is no such literal");
        if (Status there = send_result(Destination::Frame); !there) return there;
        if (Status there = in_result_storage(i.frame, 0, layout_.result.size); !there) return there;
        return once(boxed_, "the result is boxed already");
      case Step::StackFetch:
      case Step::Varargs:
      case Step::SlotFrame:
      case Step::SlotStack:
      case Step::SlotPointer:
      case Step::Handle: return fail("only callbacks have such a step");
      case Step::Return: return at_ + 1 == code_.instructions.size() ? pass() : fail("it returns before the end");
    }
    return fail("there is no such step");
  }

  Status check_spare_fields(const Instruction& i) const {
    const unsigned used = fields_of(i.op);
    const bool spare = ((used & kArgument) == 0 && i.argument != 0) || ((used & kOffset) == 0 && i.offset != 0) ||
                       ((used & kExtent) == 0 && i.extent != 0) || ((used & kFrame) == 0 && i.frame != 0) ||
                       ((used & kPlace) == 0 && i.place != 0);
    return spare ? fail("a field that it does not use is not 0") : pass();
  }

  Status once(bool& done, std::string_view otherwise) const {
    if (done) return fail(otherwise);
    done = true;
    return pass();
  }

  // -- arguments

  Status check_take(const Instruction& i) {
    const InstructionInfo& row = info(i.op);
    if (i.argument >= layout_.arguments.size()) return fail("there is no such argument");
    const abi::Value& value = layout_.arguments[i.argument];
    if (row.bank == Bank::X87) return fail("no argument travels on the x87 stack");
    const std::uint64_t size = row.bank == Bank::Memory ? i.extent : row.size;
    if (size == 0 || i.offset + size > value.size) return fail("it reads outside the argument's value");
    if (Status source = check_source(i, value, size); !source) return source;
    if (take_of(i.op) == Take::FrameCopy) return check_frame_copy(i, value);
    const auto need = fill({kind_of(row.bank), i.place});
    if (!need) return need.error();
    return check_piece(**need, i, row, size);
  }

  // Whether `take` puts there what the layout wants.
  Status check_piece(const Need& need, const Instruction& take, const InstructionInfo& row, std::uint64_t size) const {
    if (need.kind != Need::Kind::Piece) return fail("the layout wants an address or a count there");
    if (need.argument != take.argument || need.piece->offset != take.offset) return fail("another piece belongs there");
    if (need.piece->size != size) return fail("the piece has another size");
    // A copy leaves what is above it alone.
    const bool kept = row.bank == Bank::Memory ? need.piece->extension == Extension::None || size >= 8
                                               : keeps_promise(row, need.piece->extension);
    return kept ? pass() : fail("the piece wants another extension");
  }

  Status check_source(const Instruction& i, const abi::Value& value, std::uint64_t size) {
    const Source source = source_of(i.op);
    if (source == Source::Frame) {
      const Stored* stored = find_stored(i.frame, i.argument);
      if (stored == nullptr) return fail("the argument's value is not in this frame storage");
      return i.offset + size <= stored->size ? pass() : fail("it reads outside the stored value");
    }
    if (source == Source::Slot && value.size > 8) return fail("a value larger than 8 bytes cannot be in its slot");
    if (source == Source::Tagged) {
      if (info(i.op).bank == Bank::Memory || size != value.size)
        return fail("only a whole scalar can be taken from a tagged object");
      if (i.extent >= code_.literals.size()) return fail("there is no such literal");
    }
    return read_slot(i.argument, source);
  }

  // Every instruction must understand an argument's slot alike.
  Status read_slot(std::uint8_t argument, Source as) {
    std::optional<Source>& before = read_as_[argument];
    if (before.value_or(as) != as) return fail("the argument's slot was read in another way before");
    before = as;
    return pass();
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
    if (errno_in_) return fail("the host could change errno, which is set already");
    if (Status slot = read_slot(i.argument, Source::Tagged); !slot) return slot;
    const abi::Value& value = layout_.arguments[i.argument];
    return store({i.frame, value.size, i.argument}, value.align);
  }

  // The address of an argument's own copy, or of the storage for a hidden result.
  Status check_address(const Instruction& i, Location location) {
    const auto need = fill(location);
    if (!need) return need.error();
    switch ((*need)->kind) {
      case Need::Kind::Piece: return fail("the layout passes this argument by value");
      case Need::Kind::VectorCount: return fail("the layout wants a count there");
      case Need::Kind::HiddenPointer:
        if (Status there = send_result(Destination::Frame); !there) return there;
        return in_result_storage(i.frame, 0, layout_.result.size);
      case Need::Kind::Reference: break;
    }
    const std::uint32_t argument = (*need)->argument;
    if (layout_.arguments[argument].size == 0)
      return i.frame < code_.frame_size ? pass() : fail("it points outside the frame storage");
    return find_stored(i.frame, static_cast<int>(argument)) != nullptr
               ? pass()
               : fail("the argument's copy is not in this frame storage");
  }

  // What the layout wants at `location`, which nothing filled before.
  Result<const Need*> fill(Location location) {
    const auto need = std::find_if(needs_.begin(), needs_.end(), [&](const Need& n) { return n.location == location; });
    if (need == needs_.end()) return fail("the layout puts nothing there").error();
    if (Status first = once(need->met, "this location is filled already"); !first) return first.error();
    return &*need;
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
      if (!keeps_promise(row, pieces[k].extension)) return fail("the piece has another extension");
      // The x87 registers are a stack: st0 must be popped before st1.
      if (row.bank == Bank::X87 && i.place != x87_popped_++) return fail("x87 results are taken out of order");
      taken_[k] = true;
      return check_destination(i, row.size);
    }
    return fail("the layout returns nothing there");
  }

  Status check_destination(const Instruction& i, std::uint64_t size) {
    const Destination to = destination_of(i.op);
    if (Status there = send_result(to); !there) return there;
    if (to == Destination::Frame) return in_result_storage(i.frame, i.offset, size);
    if (to == Destination::Buffer) return pass();
    if (i.offset != 0 || layout_.result.size > 8 || layout_.result.count != 1)
      return fail("only a whole result of 8 bytes at most becomes a word");
    return to == Destination::Word || i.extent < code_.literals.size() ? pass() : fail("there is no such literal");
  }

  Status send_result(Destination to) {
    if (result_to_.value_or(to) != to) return fail("the result goes elsewhere");
    result_to_ = to;
    return pass();
  }

  Status check_end() const {
    for (const Need& need : needs_) {
      if (need.met) continue;
      if (need.kind == Need::Kind::HiddenPointer) return fail("the result's address is never set");
      if (need.kind == Need::Kind::VectorCount) return fail("the vector count is never set");
      return fail(fmt::format("a piece of argument {} never reaches its place", need.argument));
    }
    if (!called_) return fail("it makes no call");
    if (std::find(taken_.begin(), taken_.end(), false) != taken_.end()) return fail("a piece of the result is lost");
    if (errno_in_ != errno_out_) return fail("errno is set but not saved");
    if (result_to_ == Destination::Frame && !boxed_) return fail("the result in frame storage is never boxed");
    if (code_.instructions.empty() || code_.instructions.back().op != opcode(Step::Return))
      return fail("it does not return");
    return check_derived();
  }

  const Code& code_;
  const CallLayout& layout_;
  std::vector<Need> needs_;
  std::vector<Stored> stored_;
  std::vector<bool> taken_;
  std::vector<std::optional<Source>> read_as_;  // how each argument's slot is read: Slot, Through or Tagged
  std::optional<Destination> result_to_;
  std::size_t at_ = 0;
  std::uint32_t x87_popped_ = 0;
  bool called_ = false, boxed_ = false, errno_in_ = false, errno_out_ = false;
};

}  // namespace

Status verify(const Code& code) {
  return Verifier(code).verify();
}

}  // namespace pinion::marshal
