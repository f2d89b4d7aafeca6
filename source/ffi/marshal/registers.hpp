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

// Offsets are known to call_registers.S.
struct alignas(32) Registers {
  std::uint64_t gpr[7];                 // by abi::Gpr; [Rax] is AL before the call
  const void* target;                   // what to call
  const std::byte* stack;               // the argument area to copy, `stack_size` bytes
  std::uint64_t stack_size;             // a multiple of 16
  std::uint64_t stack_mask;             // minus the alignment of rsp at the call
  std::uint8_t vectors;                 // 0: no vector arguments; 1: load xmm0..7; 2: load and store ymm
  std::uint8_t x87_results;             // how many x87 registers to pop
  std::uint8_t vector_results;          // nonzero: store xmm0 and xmm1
  std::uint64_t rax, rdx;               // results
  alignas(16) std::byte st[2][16];      // results: 10 bytes each
  alignas(32) std::byte vector[8][32];  // arguments; results in [0] and [1]
};

static_assert(offsetof(Registers, target) == 56);
static_assert(offsetof(Registers, stack) == 64);
static_assert(offsetof(Registers, stack_size) == 72);
static_assert(offsetof(Registers, stack_mask) == 80);
static_assert(offsetof(Registers, vectors) == 88);
static_assert(offsetof(Registers, x87_results) == 89);
static_assert(offsetof(Registers, vector_results) == 90);
static_assert(offsetof(Registers, rax) == 96);
static_assert(offsetof(Registers, rdx) == 104);
static_assert(offsetof(Registers, st) == 112);
static_assert(offsetof(Registers, vector) == 160);

extern "C" void pinion_call_registers(Registers*);

}  // namespace pinion::marshal
