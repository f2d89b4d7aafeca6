// The marshaling instruction set: the one table from which the assembler, printer, verifier, interpreter, machine code
// emitter, Sista encoding and documentation page are made.
//
// Marshaling code moves arguments from where the host keeps them to where the calling convention wants them, calls, and
// moves the result back. It is straight-line: the only exits are the end and a failed coercion. Instructions are
// coarse, about one for each movement of an argument's piece, because an interpreter pays per instruction (reference
// marshaling 5.1: Lowcode took 6 to 12 per argument).
//
// The host hands over its arguments as an array of 64-bit *slots*. An instruction that takes a piece of an argument
// says in its mode how the slot is to be read:
//
//   Slot     the slot's own bytes are the value (values of 8 bytes at most)
//   Through  the slot holds the address of the value
//   Frame    the value was built in the call's frame storage by an earlier instruction (a coercion, a copy)
//   Tagged   the slot holds a tagged object of the host: check and convert it, as a literal says; may fail
//
// and an instruction that takes a piece of the result says where it goes:
//
//   Buffer   the exact bytes, into the result buffer
//   Word     extended to 64 bits, into the result buffer
//   Frame    the exact bytes, into the frame storage (to be boxed by the host from there)
//   Tagged   as a tagged object of the host, made as a literal says, into the result buffer; may fail (no memory)
//
// Code for a callback (callback_compiler.hpp) is made of the same rows in the other direction: gives store the argument
// registers, takes load the result registers.
//
// The order of instructions is fixed by phases (Phase below): what may clobber registers comes before what fills them.
// The emitter relies on it and the verifier proves it.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "ffi/abi/call_layout.hpp"

namespace pinion::marshal {

// Where a piece of an argument is placed, or a piece of the result is taken from.
enum class Bank : std::uint8_t {
  Gpr,     // place: an abi::Gpr
  Xmm,     // place: number of the vector register; the low `size` bytes
  X87,     // place: 0 for st0, 1 for st1
  Stack,   // place: byte offset in the argument area, an 8-byte slot filled completely
  Memory,  // a copy of `extent` bytes to the argument area or frame storage
};

// An odd number of bytes of an aggregate's tail: read and written exactly, never past its end (libffi PR #889, LF02).
template <int N>
struct Tail {
  static constexpr int kSize = N;
};
// Bytes that are truth values: anything but 0 becomes 1.
struct Truth {};
// 16 and 32 bytes for a vector register; the x87's 10.
struct Bytes16 {
  std::uint64_t part[2];
};
struct Bytes32 {
  std::uint64_t part[4];
};
struct Bytes10 {
  unsigned char part[10];
};

// Takes: one row per way to move a piece of an argument to its place.
//   name, mnemonic, bank, representation in memory, size, extension, what it does
#define PINION_TAKES(X)                                                                                               \
  X(GprI8, "gpr.i8", Gpr, std::int8_t, 1, Sign, "a byte, sign-extended, to a general register")                       \
  X(GprU8, "gpr.u8", Gpr, std::uint8_t, 1, Zero, "a byte, zero-extended, to a general register")                      \
  X(GprI16, "gpr.i16", Gpr, std::int16_t, 2, Sign, "16 bits, sign-extended, to a general register")                   \
  X(GprU16, "gpr.u16", Gpr, std::uint16_t, 2, Zero, "16 bits, zero-extended, to a general register")                  \
  X(GprI32, "gpr.i32", Gpr, std::int32_t, 4, Sign, "32 bits, sign-extended, to a general register")                   \
  X(GprU32, "gpr.u32", Gpr, std::uint32_t, 4, Zero, "32 bits, zero-extended, to a general register")                  \
  X(Gpr64, "gpr.64", Gpr, std::uint64_t, 8, None, "64 bits to a general register")                                    \
  X(GprBool, "gpr.bool", Gpr, Truth, 1, Bool, "a truth value, made 0 or 1, to a general register")                    \
  X(Gpr3, "gpr.3", Gpr, Tail<3>, 3, None, "the last 3 bytes of an aggregate to a general register")                   \
  X(Gpr5, "gpr.5", Gpr, Tail<5>, 5, None, "the last 5 bytes of an aggregate to a general register")                   \
  X(Gpr6, "gpr.6", Gpr, Tail<6>, 6, None, "the last 6 bytes of an aggregate to a general register")                   \
  X(Gpr7, "gpr.7", Gpr, Tail<7>, 7, None, "the last 7 bytes of an aggregate to a general register")                   \
  X(Xmm2, "xmm.2", Xmm, std::uint16_t, 2, None, "2 bytes (_Float16) to the bottom of a vector register")              \
  X(Xmm4, "xmm.4", Xmm, std::uint32_t, 4, None, "4 bytes (float) to the bottom of a vector register")                 \
  X(Xmm6, "xmm.6", Xmm, Tail<6>, 6, None, "6 bytes (three _Float16) to the bottom of a vector register")              \
  X(Xmm8, "xmm.8", Xmm, std::uint64_t, 8, None, "8 bytes (double) to the bottom of a vector register")                \
  X(Xmm16, "xmm.16", Xmm, Bytes16, 16, None, "16 bytes to a vector register")                                         \
  X(Ymm32, "ymm.32", Xmm, Bytes32, 32, None, "32 bytes to a vector register")                                         \
  X(StackI8, "stack.i8", Stack, std::int8_t, 1, Sign, "a byte, sign-extended, to a stack slot")                       \
  X(StackU8, "stack.u8", Stack, std::uint8_t, 1, Zero, "a byte, zero-extended, to a stack slot")                      \
  X(StackI16, "stack.i16", Stack, std::int16_t, 2, Sign, "16 bits, sign-extended, to a stack slot")                   \
  X(StackU16, "stack.u16", Stack, std::uint16_t, 2, Zero, "16 bits, zero-extended, to a stack slot")                  \
  X(StackI32, "stack.i32", Stack, std::int32_t, 4, Sign, "32 bits, sign-extended, to a stack slot")                   \
  X(StackU32, "stack.u32", Stack, std::uint32_t, 4, Zero, "32 bits, zero-extended, to a stack slot")                  \
  X(Stack64, "stack.64", Stack, std::uint64_t, 8, None, "64 bits to a stack slot")                                    \
  X(StackBool, "stack.bool", Stack, Truth, 1, Bool, "a truth value, made 0 or 1, to a stack slot")                    \
  X(StackCopy, "stack.copy", Memory, std::uint8_t, 0, None, "`extent` bytes to the argument area")                    \
  X(FrameCopy, "frame.copy", Memory, std::uint8_t, 0, None, "`extent` bytes to frame storage: the callee's own copy") \
  X(X87, "x87", X87, Bytes10, 10, None, "80 bits pushed on the x87 stack: a callback's result")

// Gives: one row per way to take a piece of the result from where the callee left it.
//   name, mnemonic, bank, representation in memory, size, what it does
#define PINION_GIVES(X)                                                                    \
  X(ResultI8, "result.i8", Gpr, std::int8_t, 1, Sign, "a signed byte from rax or rdx")     \
  X(ResultU8, "result.u8", Gpr, std::uint8_t, 1, Zero, "a byte from rax or rdx")           \
  X(ResultI16, "result.i16", Gpr, std::int16_t, 2, Sign, "signed 16 bits from rax or rdx") \
  X(ResultU16, "result.u16", Gpr, std::uint16_t, 2, Zero, "16 bits from rax or rdx")       \
  X(ResultI32, "result.i32", Gpr, std::int32_t, 4, Sign, "signed 32 bits from rax or rdx") \
  X(ResultU32, "result.u32", Gpr, std::uint32_t, 4, Zero, "32 bits from rax or rdx")       \
  X(Result64, "result.64", Gpr, std::uint64_t, 8, None, "64 bits from rax or rdx")         \
  X(ResultBool, "result.bool", Gpr, Truth, 1, Bool, "a truth value from al, made 0 or 1")  \
  X(Result3, "result.3", Gpr, Tail<3>, 3, None, "an aggregate's 3 bytes from rax or rdx")  \
  X(Result5, "result.5", Gpr, Tail<5>, 5, None, "an aggregate's 5 bytes from rax or rdx")  \
  X(Result6, "result.6", Gpr, Tail<6>, 6, None, "an aggregate's 6 bytes from rax or rdx")  \
  X(Result7, "result.7", Gpr, Tail<7>, 7, None, "an aggregate's 7 bytes from rax or rdx")  \
  X(ResultXmm2, "result.xmm.2", Xmm, std::uint16_t, 2, None, "2 bytes from xmm0 or xmm1")  \
  X(ResultXmm4, "result.xmm.4", Xmm, std::uint32_t, 4, None, "4 bytes from xmm0 or xmm1")  \
  X(ResultXmm6, "result.xmm.6", Xmm, Tail<6>, 6, None, "6 bytes from xmm0 or xmm1")        \
  X(ResultXmm8, "result.xmm.8", Xmm, std::uint64_t, 8, None, "8 bytes from xmm0 or xmm1")  \
  X(ResultXmm16, "result.xmm.16", Xmm, Bytes16, 16, None, "16 bytes from xmm0 or xmm1")    \
  X(ResultYmm32, "result.ymm.32", Xmm, Bytes32, 32, None, "32 bytes from ymm0")            \
  X(ResultX87, "result.x87", X87, Bytes10, 10, None, "80 bits from st0 or st1")

// The fields of an instruction that an opcode uses; the others are 0.
inline constexpr std::uint8_t kArgument = 1, kOffset = 2, kExtent = 4, kFrame = 8, kPlace = 16;

// Steps: the rest.   name, mnemonic, phase, the fields it uses, what it does
#define PINION_STEPS(X)                                                                                             \
  X(ErrnoIn, "errno.in", Storage, 0,                                                                                \
    "sets errno from the call state, so that a stale value is not taken for an error")                              \
  X(Coerce, "coerce", Storage, kArgument | kExtent | kFrame,                                                        \
    "has the host convert a tagged argument, as literal `extent` says, into frame storage; may fail")               \
  X(StackAddress, "stack.address", Stack, kFrame | kPlace, "the address of frame storage to a stack slot")          \
  X(GprAddress, "gpr.address", Registers, kFrame | kPlace, "the address of frame storage to a general register")    \
  X(GprResult, "gpr.result", Registers, kPlace, "the result buffer's address to a general register")                \
  X(VectorCount, "vector.count", Count, kPlace, "how many vector registers carry arguments, to al")                 \
  X(Call, "call", Call, kPlace, "calls the target; `place` x87 registers will hold results")                        \
  X(ErrnoOut, "errno.out", After, 0, "saves errno in the call state")                                               \
  X(Box, "box", After, kExtent | kFrame,                                                                            \
    "has the host make the result, as literal `extent` says, from frame storage; may fail")                         \
  X(StackFetch, "stack.fetch", Results, kArgument | kOffset | kExtent | kFrame | kPlace,                            \
    "callbacks: `extent` bytes of the incoming argument area to frame storage")                                     \
  X(Varargs, "varargs", Results, kArgument | kFrame,                                                                \
    "callbacks: registers and stack of a variadic call, for the host to take apart; their address to the slot")     \
  X(SlotFrame, "slot.frame", Results, kArgument | kFrame, "callbacks: the address of frame storage to a slot")      \
  X(SlotStack, "slot.stack", Results, kArgument | kPlace, "callbacks: the address of a stack argument to its slot") \
  X(SlotPointer, "slot.pointer", Results, kArgument | kPlace,                                                       \
    "callbacks: the address that arrived on the stack to the argument's slot")                                      \
  X(Handle, "handle", After, kExtent | kFrame,                                                                      \
    "callbacks: calls the handler; `extent` 1: the result goes where the caller said")                              \
  X(Return, "return", Return, 0, "ends the call")

// The phases that instructions come in, in this order.
enum class Phase : std::uint8_t {
  Storage,    // fill frame storage: may call into the host, clobbers every register
  Stack,      // fill the argument area: may use the registers of block copies
  Vectors,    // fill the vector registers: may use general registers
  Registers,  // fill the general registers but rax, which Through modes use
  Count,      // set al
  Call,
  Results,  // take result registers
  After,    // may call into the host again
  Return,
};

enum class Source : std::uint8_t { Slot, Through, Frame, Tagged };      // modes of takes
enum class Destination : std::uint8_t { Buffer, Word, Frame, Tagged };  // modes of gives
inline constexpr int kModes = 4;

enum class Take : std::uint8_t {
#define X(name, ...) name,
  PINION_TAKES(X)
#undef X
};
enum class Give : std::uint8_t {
#define X(name, ...) name,
  PINION_GIVES(X)
#undef X
};
enum class Step : std::uint8_t {
#define X(name, ...) name,
  PINION_STEPS(X)
#undef X
};

#define X(...) +1  // NOLINT(bugprone-macro-parentheses): a sum
inline constexpr int kTakes = 0 PINION_TAKES(X);
inline constexpr int kGives = 0 PINION_GIVES(X);
inline constexpr int kSteps = 0 PINION_STEPS(X);
#undef X

// The number of an instruction, which is also its number in the Sista operation set: takes and gives in blocks of one
// number per mode, then the steps.
using Opcode = std::uint16_t;
inline constexpr Opcode kFirstGive = kTakes * kModes;
inline constexpr Opcode kFirstStep = kFirstGive + kGives * kModes;
inline constexpr Opcode kOpcodes = kFirstStep + kSteps;

constexpr Opcode opcode(Take take, Source source) {
  return static_cast<Opcode>(static_cast<int>(take) * kModes + static_cast<int>(source));
}
constexpr Opcode opcode(Give give, Destination destination) {
  return static_cast<Opcode>(kFirstGive + static_cast<int>(give) * kModes + static_cast<int>(destination));
}
constexpr Opcode opcode(Step step) {
  return static_cast<Opcode>(kFirstStep + static_cast<int>(step));
}

constexpr bool is_take(Opcode op) {
  return op < kFirstGive;
}
constexpr bool is_give(Opcode op) {
  return op >= kFirstGive && op < kFirstStep;
}
constexpr bool is_step(Opcode op) {
  return op >= kFirstStep && op < kOpcodes;
}
constexpr Take take_of(Opcode op) {
  return static_cast<Take>(op / kModes);
}
constexpr Source source_of(Opcode op) {
  return static_cast<Source>(op % kModes);
}
constexpr Give give_of(Opcode op) {
  return static_cast<Give>((op - kFirstGive) / kModes);
}
constexpr Destination destination_of(Opcode op) {
  return static_cast<Destination>((op - kFirstGive) % kModes);
}
constexpr Step step_of(Opcode op) {
  return static_cast<Step>(op - kFirstStep);
}

// One instruction. The fields an opcode does not use are 0.
struct Instruction {
  Opcode op = 0;
  std::uint8_t argument = 0;  // takes, coerce: number of the argument, which is that of its slot
  std::uint8_t offset = 0;    // takes, gives: of the piece in the value, in bytes
  std::uint32_t extent = 0;   // copies: bytes; coerce, box, Tagged modes: number of the literal
  std::uint32_t frame = 0;    // Frame modes, frame.copy, addresses, coerce, box: offset of the value in frame storage
  std::uint32_t place = 0;    // takes, gives: see Bank; vector.count: the number; call: x87 registers with results
  bool operator==(const Instruction&) const = default;
};
static_assert(sizeof(Instruction) == 16);

// A row of the table, for those who work from data rather than from the macros.
struct InstructionInfo {
  std::string_view mnemonic;
  Phase phase;
  Bank bank;                 // takes and gives
  std::uint8_t size;         // takes and gives: bytes of the value; 0: the extent says
  abi::Extension extension;  // takes and gives
  std::string_view summary;
};
const InstructionInfo& info(Opcode);

// The fields that `op` uses, a sum of the constants above.
std::uint8_t fields_of(Opcode op);

// Whether a row that takes or gives a piece leaves above it what the piece promises. Pieces of aggregates promise
// nothing; they are zero-extended, so that the same call always leaves the same bits.
bool keeps_promise(const InstructionInfo& row, abi::Extension promised);

}  // namespace pinion::marshal
