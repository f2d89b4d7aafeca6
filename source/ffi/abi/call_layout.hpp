// A call's placement: where every piece of every argument and of the result is while a call is made.
//
// This is the whole outcome of a calling convention (sysv.cpp, microsoft.cpp): plain data, printable (print.hpp) and
// comparable. It mentions no types, so many signatures share one layout, and all that is compiled for a layout is
// shared with it. A value is cut into pieces; each piece is a run of the value's bytes and the register or stack slot
// that holds them at the `call` instruction (arguments) or when it returns (result).
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "ffi/base/result.hpp"
#include "ffi/ctype/type.hpp"

namespace pinion::abi {

enum class Convention : std::uint8_t { SysV, Microsoft };

// Which compiler built the other side. The conventions leave corners open, and compilers fill them differently.
// Clang is 18 and later; Clang14 stands for 17 and earlier, which differ for __int128 and __float128.
enum class Compiler : std::uint8_t { Gcc, Clang, Clang14 };

// The widest vector registers the other side was compiled for (-mavx, -mavx512f): part of the ABI of 32-byte vectors.
enum class Vectors : std::uint8_t { Sse, Avx };

struct Dialect {
  Compiler compiler = Compiler::Gcc;
  Vectors vectors = Vectors::Sse;
  // Microsoft convention only: built for Windows (mingw) rather than as an ms_abi function for Linux.
  bool windows_target = false;
  bool operator==(const Dialect&) const = default;
};

// The general registers that carry arguments or results in either convention.
enum class Gpr : std::uint8_t { Rdi, Rsi, Rdx, Rcx, R8, R9, Rax };

struct Location {
  enum class Kind : std::uint8_t {
    Gpr,    // at: a Gpr
    Xmm,    // at: 0..7; the piece's size (2..32) says how much of the register it fills
    X87,    // at: 0 for st0, 1 for st1; results only
    Stack,  // at: bytes above rsp at the call instruction, so Microsoft's home area is 0..31
  };
  Kind kind = Kind::Gpr;
  std::uint32_t at = 0;
  bool operator==(const Location&) const = default;
};

// What fills the rest of a register or 8-byte slot above a scalar narrower than it.
enum class Extension : std::uint8_t {
  None,  // nothing promised: part of an aggregate, or a piece that fills its place
  Zero,
  Sign,
  Bool,  // 0 or 1: any nonzero byte arrives as 1
};

struct Piece {
  std::uint32_t offset = 0;  // in the value, in bytes
  std::uint32_t size = 0;    // bytes of the value; 10 for x87. Never reaches past the value's end.
  Extension extension = Extension::None;
  Location location;
  bool operator==(const Piece&) const = default;
};

// How a value travels.
enum class Passing : std::uint8_t {
  Nothing,    // nothing does: void, empty struct
  Direct,     // its pieces are in their locations; a Microsoft variadic double has two pieces for the same bytes
  Reference,  // argument: the one piece is a pointer to a copy of the value that the callee may overwrite
  Hidden,  // result: the caller passes a buffer's address (CallLayout::hidden), the callee fills it and returns it in
           // rax
};

struct Value {
  Passing passing = Passing::Nothing;
  std::uint32_t first = 0;  // its pieces are pieces[first .. first + count) of the layout
  std::uint32_t count = 0;
  std::uint32_t align = 1;  // of the value, in bytes; for Reference that of the copy (Microsoft: 16 at least)
  std::uint64_t size = 0;   // of the value, in bytes
  bool operator==(const Value&) const = default;
};

struct CallLayout {
  Convention convention = Convention::SysV;
  bool variadic = false;              // the callee may be variadic: AL is set (System V)
  std::uint8_t vector_registers = 0;  // how many vector registers carry arguments: AL of a variadic call
  std::uint8_t x87_results = 0;       // how many x87 registers hold results and must be popped
  bool uses_ymm = false;              // an argument or result is in a 32-byte vector register
  std::uint32_t stack_align = 16;     // of rsp at the call: 16, or the alignment of an over-aligned stack argument
  std::uint64_t stack_size = 0;       // bytes of argument area, home area included; a multiple of 16
  Location hidden;                    // where the result buffer's address goes, when result.passing is Hidden
  Value result;
  std::vector<Value> arguments;
  std::vector<Piece> pieces;

  std::span<const Piece> pieces_of(const Value& value) const { return {pieces.data() + value.first, value.count}; }
  bool operator==(const CallLayout&) const = default;
};

// The most that a call may put on the stack: more is refused, since threads' stacks are small.
inline constexpr std::uint64_t kMaxStackBytes = 1 << 20;

// Places a call of `function`, a ctype Function type; for a variadic function it must be the type of one call
// (TypeTable::variadic_call). Convention::Default of the type means `platform`. Pure: the same input gives the same
// layout on every host. Error: an incomplete type by value, more than 255 arguments, a call too large, or a type whose
// passing the chosen dialect leaves undefined.
Result<CallLayout> lay_out_call(const ctype::Type& function, Convention platform, Dialect dialect);

}  // namespace pinion::abi
