#include "ffi/marshal/compiler.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "ffi/marshal/rows.hpp"
#include "ffi/marshal/verifier.hpp"
#include "fmt/format.h"

namespace pinion::marshal {
namespace {

using abi::Location;
using abi::Passing;

constexpr std::uint64_t align_up(std::uint64_t value, std::uint64_t alignment) {
  return (value + alignment - 1) & ~(alignment - 1);
}

bool fills_word(const abi::CallLayout& layout) {
  return layout.result.passing == Passing::Direct && layout.result.size <= 8 && layout.result.count == 1;
}

class Compiler {
 public:
  Compiler(std::shared_ptr<const abi::CallLayout> layout, const Plan& plan) : layout_(*layout), plan_(plan) {
    code_.layout = std::move(layout);
  }

  Result<Code> compile() {
    if (plan_.arguments.size() != layout_.arguments.size()) {
      return Error{fmt::format("the plan converts {} arguments, the call has {}", plan_.arguments.size(),
                               layout_.arguments.size())};
    }
    const bool word = plan_.result == Destination::Word || plan_.result == Destination::Tagged;
    if (word && !fills_word(layout_)) {
      return Error{
          "the plan wants the result in one word, which only a result of 8 bytes at most in one register fits"};
    }
    assign_frame_storage();
    if (Status room = set_areas(); !room) return room.error();
    emit_storage();
    emit_arguments();
    emit_call();
    emit_result();
    emit(Step::Return, {});
    finish_header();
    if (Status proof = verify(code_); !proof) return proof.error();
    return std::move(code_);
  }

 private:
  const abi::Value& argument(std::size_t i) const { return layout_.arguments[i]; }
  bool coerced(std::size_t i) const { return plan_.arguments[i].source == Source::Frame; }
  bool by_reference(std::size_t i) const { return argument(i).passing == Passing::Reference; }
  bool boxed() const { return plan_.result == Destination::Frame; }

  std::uint32_t allocate(std::uint64_t size, std::uint32_t align) {
    alignment_ = std::max(alignment_, align);
    frame_ = align_up(frame_, align);
    const auto at = static_cast<std::uint32_t>(std::min<std::uint64_t>(frame_, UINT32_MAX));
    frame_ += std::max<std::uint64_t>(size, 1);
    return at;
  }

  // A value lives in frame storage when the host converts it there, or when its copy is passed by reference. A
  // converted value is the callee's own copy already.
  void assign_frame_storage() {
    storage_.resize(layout_.arguments.size());
    for (std::size_t i = 0; i < storage_.size(); ++i) {
      if (coerced(i) || by_reference(i)) storage_[i] = allocate(argument(i).size, argument(i).align);
    }
    if (boxed()) result_storage_ = allocate(layout_.result.size, layout_.result.align);
  }

  void emit(Opcode op, Instruction fields) {
    fields.op = op;
    code_.instructions.push_back(fields);
  }
  void emit(Step step, Instruction fields) { emit(opcode(step), fields); }

  std::uint32_t literal(Literal value) {
    const auto found = std::find(code_.literals.begin(), code_.literals.end(), value);
    if (found == code_.literals.end()) code_.literals.push_back(value);
    return static_cast<std::uint32_t>(
        std::distance(code_.literals.begin(), std::find(code_.literals.begin(), code_.literals.end(), value)));
  }

  void emit_storage() {
    for (std::size_t i = 0; i < storage_.size(); ++i) {
      const auto number = static_cast<std::uint8_t>(i);
      if (coerced(i)) {
        emit(Step::Coerce, {.argument = number, .extent = literal(plan_.arguments[i].literal), .frame = storage_[i]});
      } else if (by_reference(i) && argument(i).size > 0) {
        emit(opcode(Take::FrameCopy, plan_.arguments[i].source),
             {.argument = number, .extent = static_cast<std::uint32_t>(argument(i).size), .frame = storage_[i]});
      }
    }
    if (plan_.capture_errno) emit(Step::ErrnoIn, {});  // last: coercions may change errno
  }

  // Everything for the stack first, then vector registers, then general registers: each step may use what a later one
  // fills.
  void emit_arguments() {
    for (const Location::Kind kind : {Location::Kind::Stack, Location::Kind::Xmm, Location::Kind::Gpr}) {
      for (std::size_t i = 0; i < layout_.arguments.size(); ++i) {
        for (const abi::Piece& piece : layout_.pieces_of(argument(i))) {
          if (piece.location.kind == kind) emit_piece(i, piece);
        }
      }
    }
    if (layout_.result.passing == Passing::Hidden) emit_hidden_pointer();
    if (layout_.variadic && layout_.convention == abi::Convention::SysV) {
      emit(Step::VectorCount, {.place = layout_.vector_registers});
    }
  }

  void emit_piece(std::size_t i, const abi::Piece& piece) {
    const bool on_stack = piece.location.kind == Location::Kind::Stack;
    if (by_reference(i)) {
      emit(on_stack ? Step::StackAddress : Step::GprAddress, {.frame = storage_[i], .place = piece.location.at});
      return;
    }
    Instruction fields{.argument = static_cast<std::uint8_t>(i),
                       .offset = static_cast<std::uint8_t>(piece.offset),
                       .frame = coerced(i) ? storage_[i] : 0,
                       .place = piece.location.at};
    const Source source = plan_.arguments[i].source;
    if (source == Source::Tagged) fields.extent = literal(plan_.arguments[i].literal);
    const auto take = take_for(bank_of(piece.location.kind), piece.size, piece.extension);
    if (take) {
      emit(opcode(*take, source), fields);
    } else {  // only the stack takes pieces of any size; the verifier objects to anything else
      fields.extent = piece.size;
      emit(opcode(Take::StackCopy, source), fields);
    }
  }

  void emit_hidden_pointer() {
    if (boxed()) {
      emit(Step::GprAddress, {.frame = result_storage_, .place = layout_.hidden.at});
    } else {
      emit(Step::GprResult, {.place = layout_.hidden.at});
    }
  }

  void emit_call() { emit(Step::Call, {.place = layout_.x87_results}); }

  void emit_result() {
    if (layout_.result.passing == Passing::Direct) {
      for (const abi::Piece& piece : layout_.pieces_of(layout_.result)) {
        const auto give = give_for(bank_of(piece.location.kind), piece.size, piece.extension);
        emit(opcode(give.value_or(Give::Result64), plan_.result),
             {.offset = static_cast<std::uint8_t>(piece.offset),
              .extent = plan_.result == Destination::Tagged ? literal(plan_.result_literal) : 0,
              .frame = boxed() ? result_storage_ : 0,
              .place = piece.location.at});
      }
    }
    if (plan_.capture_errno) emit(Step::ErrnoOut, {});
    if (boxed()) emit(Step::Box, {.extent = literal(plan_.result_literal), .frame = result_storage_});
  }

  Status set_areas() {
    const std::uint64_t frame = align_up(frame_, 16);
    code_.stack_size = static_cast<std::uint32_t>(layout_.stack_size);
    code_.frame_size = static_cast<std::uint32_t>(std::min<std::uint64_t>(frame, UINT32_MAX));
    code_.alignment = std::max(alignment_, layout_.stack_align);
    if (code_.stack_needed() <= abi::kMaxStackBytes) return Unit{};
    return Error{fmt::format("the call needs {} bytes of stack, more than the {} that a call may use",
                             code_.stack_needed() - code_.frame_size + frame, abi::kMaxStackBytes)};
  }

  void finish_header() {
    code_.variant = needed_variant(code_);
    code_.uses_errno = captures_errno(code_);
    code_.can_fail = may_fail(code_);
    code_.uses_ymm = layout_.uses_ymm;
    code_.instructions.shrink_to_fit();
  }

  const abi::CallLayout& layout_;
  const Plan& plan_;
  Code code_;
  std::vector<std::uint32_t> storage_;  // frame offset of each argument that has one
  std::uint32_t result_storage_ = 0;
  std::uint64_t frame_ = 0;
  std::uint32_t alignment_ = 16;
};

}  // namespace

Plan plan_for_addresses(const abi::CallLayout& layout, bool capture_errno) {
  return {.arguments = std::vector<Conversion>(layout.arguments.size()), .capture_errno = capture_errno};
}

Plan plan_for_words(const abi::CallLayout& layout, bool capture_errno) {
  Plan plan{.capture_errno = capture_errno};
  plan.arguments.reserve(layout.arguments.size());
  for (const abi::Value& value : layout.arguments) {
    plan.arguments.push_back({.source = value.size <= 8 ? Source::Slot : Source::Through});
  }
  plan.result = fills_word(layout) ? Destination::Word : Destination::Buffer;
  return plan;
}

Result<Code> compile(std::shared_ptr<const abi::CallLayout> layout, const Plan& plan) {
  return Compiler(std::move(layout), plan).compile();
}

}  // namespace pinion::marshal
