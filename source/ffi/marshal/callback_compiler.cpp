#include "ffi/marshal/callback_compiler.hpp"

#include <algorithm>

#include "ffi/marshal/rows.hpp"
#include "ffi/marshal/varargs.hpp"
#include "fmt/format.h"

namespace pinion::marshal {
namespace {

using abi::Location;
using abi::Passing;
using abi::Piece;

constexpr std::uint32_t kNoStorage = UINT32_MAX;

class CallbackCompiler {
 public:
  explicit CallbackCompiler(std::shared_ptr<const abi::CallLayout> layout) : layout_(*layout) {
    code_.direction = Direction::Callback;
    code_.layout = std::move(layout);
  }

  Result<Code> compile() {
    assign_storage();
    if (frame_ > abi::kMaxStackBytes) {
      return Error{fmt::format("the callback needs {} bytes of stack, more than the {} that a call may use", frame_,
                               abi::kMaxStackBytes)};
    }
    store_registers();
    fill_slots();
    emit(Step::Handle, {.extent = layout_.result.passing == Passing::Hidden, .frame = result_});
    load_result();
    emit(Step::Return, {});
    code_.frame_size = static_cast<std::uint32_t>((frame_ + 15) / 16 * 16);
    code_.alignment = alignment_;
    code_.uses_ymm = layout_.uses_ymm;
    code_.instructions.shrink_to_fit();
    if (Status proof = verify_callback(code_); !proof) return proof.error();
    return std::move(code_);
  }

 private:
  void emit(Opcode op, Instruction fields) {
    fields.op = op;
    code_.instructions.push_back(fields);
  }
  void emit(Step step, Instruction fields) { emit(opcode(step), fields); }

  std::uint32_t allocate(std::uint64_t size, std::uint32_t align) {
    alignment_ = std::max(alignment_, align);
    frame_ = (frame_ + align - 1) / align * align;
    const auto at = static_cast<std::uint32_t>(std::min<std::uint64_t>(frame_, UINT32_MAX));
    frame_ += std::max<std::uint64_t>(size, 8);
    return at;
  }

  static bool in_register(const Piece& piece) { return piece.location.kind != Location::Kind::Stack; }

  // A value is put together in frame storage when a register carries part of it. One that is wholly on the stack stays,
  // unless it is not aligned there: clang 14 puts an __int128 at any eightbyte (SV12).
  bool needs_storage(const abi::Value& value) const {
    const auto pieces = layout_.pieces_of(value);
    if (value.passing == Passing::Nothing) return true;  // an address to show for it
    if (value.passing != Passing::Direct) return false;
    return std::any_of(pieces.begin(), pieces.end(), in_register) || value.align > layout_.stack_align ||
           pieces[0].location.at % value.align != 0;
  }

  void assign_storage() {
    for (const abi::Value& value : layout_.arguments) {
      storage_.push_back(needs_storage(value) ? allocate(value.size, value.align) : kNoStorage);
    }
    result_ = allocate(layout_.result.passing == Passing::Hidden ? 8 : layout_.result.size,
                       layout_.result.passing == Passing::Hidden ? 8 : std::max(8U, layout_.result.align));
    if (layout_.variadic) varargs_ = allocate(sizeof(Varargs), alignof(Varargs));
  }

  // All registers of a variadic call first: storing a piece may change its register.
  void store_registers() {
    if (layout_.variadic) emit(Step::Varargs, {.argument = count(), .frame = varargs_});
    if (layout_.result.passing == Passing::Hidden) {
      emit(opcode(Give::Result64, Destination::Frame), {.frame = result_, .place = layout_.hidden.at});
    }
    for (const Location::Kind kind : {Location::Kind::Gpr, Location::Kind::Xmm}) {
      for (std::size_t i = 0; i < storage_.size(); ++i) {
        for (const Piece& piece : layout_.pieces_of(layout_.arguments[i])) {
          if (piece.location.kind == kind) store(i, piece);
        }
      }
    }
  }

  void store(std::size_t i, const Piece& piece) {
    const auto number = static_cast<std::uint8_t>(i);
    if (layout_.arguments[i].passing == Passing::Reference) {  // the slot is the pointer itself
      emit(opcode(Give::Result64, Destination::Word), {.argument = number, .place = piece.location.at});
      return;
    }
    // A Microsoft variadic double arrives twice; the vector register is as good as the other.
    const auto pieces = layout_.pieces_of(layout_.arguments[i]);
    const bool again = std::any_of(pieces.begin(), pieces.end(), [&](const Piece& other) {
      return other.offset == piece.offset && other.location.kind == Location::Kind::Xmm && !(other == piece);
    });
    if (again && piece.location.kind == Location::Kind::Gpr) return;
    const auto give = give_for(bank_of(piece.location.kind), piece.size, piece.extension);
    emit(opcode(give.value_or(Give::Result64), Destination::Frame), {.argument = number,
                                                                     .offset = static_cast<std::uint8_t>(piece.offset),
                                                                     .frame = storage_[i],
                                                                     .place = piece.location.at});
  }

  void fill_slots() {
    for (std::size_t i = 0; i < storage_.size(); ++i) {
      const auto number = static_cast<std::uint8_t>(i);
      const abi::Value& value = layout_.arguments[i];
      const auto pieces = layout_.pieces_of(value);
      if (storage_[i] != kNoStorage) {
        for (const Piece& piece : pieces) {
          if (in_register(piece)) continue;
          emit(Step::StackFetch, {.argument = number,
                                  .offset = static_cast<std::uint8_t>(piece.offset),
                                  .extent = piece.size,
                                  .frame = storage_[i],
                                  .place = piece.location.at});
        }
        emit(Step::SlotFrame, {.argument = number, .frame = storage_[i]});
      } else if (!in_register(pieces[0])) {
        const bool pointer = value.passing == Passing::Reference;
        emit(pointer ? Step::SlotPointer : Step::SlotStack, {.argument = number, .place = pieces[0].location.at});
      }
    }
  }

  void load_result() {
    if (layout_.result.passing == Passing::Hidden) {  // its address is returned in rax
      emit(opcode(Take::Gpr64, Source::Frame), {.frame = result_, .place = static_cast<std::uint32_t>(abi::Gpr::Rax)});
      return;
    }
    if (layout_.result.passing != Passing::Direct) return;
    // Last x87 register first: they are pushed. Then vector registers, which may need a general one, then those.
    const auto pieces = layout_.pieces_of(layout_.result);
    for (std::size_t k = pieces.size(); k-- > 0;) {
      if (pieces[k].location.kind == Location::Kind::X87) load(pieces[k]);
    }
    for (const Location::Kind kind : {Location::Kind::Xmm, Location::Kind::Gpr}) {
      for (const Piece& piece : pieces) {
        if (piece.location.kind == kind) load(piece);
      }
    }
  }

  void load(const Piece& piece) {
    const auto take = take_for(bank_of(piece.location.kind), piece.size, piece.extension);
    emit(opcode(take.value_or(Take::Gpr64), Source::Frame),
         {.offset = static_cast<std::uint8_t>(piece.offset), .frame = result_, .place = piece.location.at});
  }

  std::uint8_t count() const { return static_cast<std::uint8_t>(layout_.arguments.size()); }

  const abi::CallLayout& layout_;
  Code code_;
  std::vector<std::uint32_t> storage_;  // frame offset of each argument's value, or kNoStorage
  std::uint32_t result_ = 0, varargs_ = 0;
  std::uint64_t frame_ = 0;
  std::uint32_t alignment_ = 16;
};

}  // namespace

Result<Code> compile_callback(std::shared_ptr<const abi::CallLayout> layout) {
  if (layout->arguments.size() > 254 && layout->variadic) {
    return Error{"a variadic callback may have 254 named parameters"};
  }
  return CallbackCompiler(std::move(layout)).compile();
}

}  // namespace pinion::marshal
