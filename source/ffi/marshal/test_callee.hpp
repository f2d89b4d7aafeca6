// A callee for any layout: it notes what arrives where, and returns what it is told to.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "ffi/abi/call_layout.hpp"

namespace pinion::marshal::testing {

// Offsets are known to callee() below.
struct CalleeState {
  std::uint64_t gpr[8] = {};                 // on entry, by abi::Gpr
  alignas(16) std::byte vector[8][32] = {};  // on entry; the high halves only when `ymm`
  alignas(16) std::byte stack[1024] = {};    // on entry, from the first argument on
  std::uint64_t rax = 0, rdx = 0;            // to return
  alignas(16) std::byte xmm[2][32] = {};     // to return
  alignas(16) unsigned char st[2][16] = {};  // to return: `x87_results` of them
  std::uint64_t x87_results = 0;
  void (*hook)(CalleeState&) = [](auto&) {};  // runs while the arguments are alive
  std::uint64_t ymm = 0;                      // whether to use 32-byte registers
  const abi::CallLayout* layout = nullptr;    // for the hook
  std::vector<std::string> seen;              // by the hook: what the layout promises the callee
  int calls = 0;                              // counted by the hook
  const void* hidden = nullptr;               // where the hidden result went
  std::string hidden_result;                  // what the hook writes there
};
static_assert(offsetof(CalleeState, vector) == 64);
static_assert(offsetof(CalleeState, stack) == 320);
static_assert(offsetof(CalleeState, rax) == 1344);
static_assert(offsetof(CalleeState, xmm) == 1360);
static_assert(offsetof(CalleeState, st) == 1424);
static_assert(offsetof(CalleeState, x87_results) == 1456);
static_assert(offsetof(CalleeState, hook) == 1464);
static_assert(offsetof(CalleeState, ymm) == 1472);

extern "C" {
inline CalleeState pinion_test_callee{};
}

// NOLINTNEXTLINE: naked functions have only assembly.
[[gnu::naked]] inline void callee() {
  asm(R"(
    lea pinion_test_callee(%rip), %r11
    mov %rdi, 0(%r11)
    mov %rsi, 8(%r11)
    mov %rdx, 16(%r11)
    mov %rcx, 24(%r11)
    mov %r8, 32(%r11)
    mov %r9, 40(%r11)
    mov %rax, 48(%r11)
    cmpq $0, 1472(%r11)
    jne 2f
    movaps %xmm0, 64(%r11)
    movaps %xmm1, 96(%r11)
    movaps %xmm2, 128(%r11)
    movaps %xmm3, 160(%r11)
    movaps %xmm4, 192(%r11)
    movaps %xmm5, 224(%r11)
    movaps %xmm6, 256(%r11)
    movaps %xmm7, 288(%r11)
    jmp 3f
2:  vmovups %ymm0, 64(%r11)
    vmovups %ymm1, 96(%r11)
    vmovups %ymm2, 128(%r11)
    vmovups %ymm3, 160(%r11)
    vmovups %ymm4, 192(%r11)
    vmovups %ymm5, 224(%r11)
    vmovups %ymm6, 256(%r11)
    vmovups %ymm7, 288(%r11)
3:  lea 8(%rsp), %rsi
    lea 320(%r11), %rdi
    mov $128, %ecx
    rep movsq
    mov %r11, %rdi
    sub $8, %rsp
    call *1464(%r11)
    add $8, %rsp
    lea pinion_test_callee(%rip), %r11
    mov 1344(%r11), %rax
    mov 1352(%r11), %rdx
    movaps 1360(%r11), %xmm0
    movaps 1392(%r11), %xmm1
    cmpq $0, 1472(%r11)
    je 4f
    vmovups 1360(%r11), %ymm0
    vmovups 1392(%r11), %ymm1
4:  cmpq $0, 1456(%r11)
    je 1f
    cmpq $1, 1456(%r11)
    je 0f
    fldt 1440(%r11)
0:  fldt 1424(%r11)
1:  ret
  )");
}

inline const void* callee_address() {
  return reinterpret_cast<const void*>(&callee);
}

// What the layout promises to be in a place: the piece's bytes; for an extended scalar the whole register or slot.
inline std::string promised_bytes(const CalleeState& state, const abi::Piece& piece) {
  const std::size_t size = piece.extension == abi::Extension::None ? piece.size : 8;
  const void* from = nullptr;
  switch (piece.location.kind) {
    case abi::Location::Kind::Gpr: from = &state.gpr[piece.location.at]; break;
    case abi::Location::Kind::Xmm: from = state.vector[piece.location.at]; break;
    default: from = state.stack + piece.location.at; break;
  }
  return {static_cast<const char*>(from), size};
}

// The hook that fills `seen`, follows references, and answers through a hidden pointer.
inline void note_arguments(CalleeState& state) {
  ++state.calls;
  const abi::CallLayout& layout = *state.layout;
  state.seen.clear();
  for (const abi::Value& value : layout.arguments) {
    for (const abi::Piece& piece : layout.pieces_of(value)) {
      std::string bytes = promised_bytes(state, piece);
      if (value.passing == abi::Passing::Reference) {
        const char* copy = nullptr;
        std::memcpy(&copy, promised_bytes(state, {.size = 8, .location = piece.location}).data(), sizeof copy);
        bytes.assign(copy, value.size);
        if (reinterpret_cast<std::uintptr_t>(copy) % value.align != 0) bytes += " misaligned";
      }
      state.seen.push_back(bytes);
    }
  }
  if (layout.variadic && layout.convention == abi::Convention::SysV) {
    state.seen.emplace_back(1, static_cast<char>(state.gpr[static_cast<int>(abi::Gpr::Rax)]));
  }
  if (layout.result.passing != abi::Passing::Hidden) return;
  auto* const to = reinterpret_cast<char*>(state.gpr[layout.hidden.at]);
  std::memcpy(to, state.hidden_result.data(), state.hidden_result.size());
  state.rax = reinterpret_cast<std::uint64_t>(to);
}

}  // namespace pinion::marshal::testing
