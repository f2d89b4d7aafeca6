// Marshaling code: the instructions for one call layout, and what an executor must set up for them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "ffi/abi/call_layout.hpp"
#include "ffi/marshal/instruction.hpp"
#include "ffi/marshal/registers.hpp"

namespace pinion::marshal {

// What a `coerce` or `box` refers to: opaque to the engine, understood by the host that supplied it (a class, a type
// description, an encoding). Literals are never part of an instruction, so code is position-independent and shareable.
struct Literal {
  std::uint64_t word = 0;
  bool operator==(const Literal&) const = default;
};

enum class Direction : std::uint8_t { Callout, Callback };

struct Code {
  bool uses_ymm = false;  // the layout's; first, where callback_entry.S finds it
  Direction direction = Direction::Callout;
  std::shared_ptr<const abi::CallLayout> layout;
  std::vector<Instruction> instructions;
  std::vector<Literal> literals;
  std::uint32_t stack_size = 0;                // bytes of argument area; the layout's
  std::uint32_t frame_size = 0;                // bytes of frame storage; a multiple of 16
  std::uint32_t alignment = 16;                // of the argument area and, with it, of the frame storage
  CallVariant variant = CallVariant::General;  // what the interpreter needs of call_registers.S
  bool uses_errno = false;
  bool can_fail = false;  // has a Tagged mode, a coerce or a box

  // Where frame storage begins above the argument area, so that both have the alignment.
  std::uint32_t frame_base() const { return (stack_size + alignment - 1) / alignment * alignment; }

  // The stack that a call needs at most, whatever the alignment finds.
  std::uint64_t stack_needed() const { return std::uint64_t{frame_base()} + frame_size + alignment - 16; }

  // Equal code may share everything compiled from it.
  bool operator==(const Code& other) const {
    return direction == other.direction && instructions == other.instructions && literals == other.literals &&
           stack_size == other.stack_size && frame_size == other.frame_size && alignment == other.alignment &&
           *layout == *other.layout;
  }
};

// What the instructions (and their layout) say the last three fields of the header must be.
CallVariant needed_variant(const Code&);
bool captures_errno(const Code&);
bool may_fail(const Code&);

// What a call carries besides its arguments and result. The host owns it; it must outlive the call.
struct CallState {
  int error_number = 0;  // errno: set before the call from here, and saved here after it, when the code captures errno
  void* host = nullptr;  // handed to the host's coercions
};

// A listing, one instruction per line, in the words of docs/marshaling.md.
std::string to_string(const Code&);
std::string to_string(const Instruction&);

}  // namespace pinion::marshal
