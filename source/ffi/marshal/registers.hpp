// The register image: what the interpreter fills before a call and finds after it.
//
// call_registers.S loads the argument registers of either convention from this block, calls, and stores the result
// registers back. Both conventions share it: they differ only in which registers they use, and the home area of the
// Microsoft convention is part of the argument area. Callee-saved registers of the Microsoft convention are a superset
// of System V's, so nothing else has to be saved.
#pragma once

#include <cstddef>
#include <cstdint>

namespace pinion::marshal {

// Which variant of call_registers.S a call needs: the fewer tests the better, since a short call costs as much as they
// do.
enum class CallVariant : std::uint8_t {
  Integers,  // general registers in, rax and rdx out
  Vectors,   // and vector registers of at most 8 bytes in, xmm0 and xmm1 out
  General,   // anything: stack, 16- and 32-byte vectors, x87
};

// Offsets are known to call_registers.S.
struct alignas(16) Registers {
  std::uint64_t gpr[7];                 // arguments, by abi::Gpr; [Rax] is AL before the call
  std::uint64_t rax, rdx;               // results
  const void* target;                   // what to call
  alignas(16) std::byte vector[8][32];  // arguments; results in [0] and [1]
  // Read and written by the General variant only:
  const std::byte* stack;           // the argument area to copy, `stack_size` bytes
  std::uint64_t stack_size;         // a multiple of 16
  std::uint64_t stack_mask;         // minus the alignment of rsp at the call
  std::uint8_t ymm;                 // nonzero: load and store 32-byte vectors
  std::uint8_t x87_results;         // how many x87 registers to pop
  alignas(16) std::byte st[2][16];  // results: 10 bytes each
};

static_assert(offsetof(Registers, rax) == 56);
static_assert(offsetof(Registers, rdx) == 64);
static_assert(offsetof(Registers, target) == 72);
static_assert(offsetof(Registers, vector) == 80);
static_assert(offsetof(Registers, stack) == 336);
static_assert(offsetof(Registers, stack_size) == 344);
static_assert(offsetof(Registers, stack_mask) == 352);
static_assert(offsetof(Registers, ymm) == 360);
static_assert(offsetof(Registers, x87_results) == 361);
static_assert(offsetof(Registers, st) == 368);

extern "C" {
void pinion_call_integers(Registers*);
void pinion_call_vectors(Registers*);
void pinion_call_general(Registers*);
}

}  // namespace pinion::marshal
