// The meaning of every instruction, as C++: the interpreter's loop, over any host.
//
// A host with tagged objects instantiates execute() with its own Tags policy, so that the fast checks of its Tagged
// modes are inlined into the same loop; the engine's own interpreter (interpreter.cpp) has none. Tags must have
//   template <class T> static bool untag(CallState&, Literal, std::uint64_t slot, ScalarOf<T>& value);
//   template <class T> static bool tag(CallState&, Literal, ScalarOf<T> value, std::uint64_t& object);
// for every representation T in the table's rows (a template that answers false for those it does not know will do),
// which answer false when the object does not fit, or none can be made. T says how many bytes the value has and how
// they are extended; only the literal tells a double from an integer of 8 bytes, or signed from unsigned. `tag` runs
// before errno is saved and must leave it alone.
#pragma once

#include <alloca.h>

#include <cerrno>
#include <cstring>

#include "ffi/marshal/callable.hpp"
#include "ffi/marshal/registers.hpp"

namespace pinion::marshal {

namespace detail {

using abi::Extension;

// The type a row's value has while it is a scalar: tails and truth values are 64-bit words.
template <class T>
struct Scalar {
  using type = T;
};
template <int N>
struct Scalar<Tail<N>> {
  using type = std::uint64_t;
};
template <>
struct Scalar<Truth> {
  using type = std::uint64_t;
};

template <class T>
using ScalarOf = typename Scalar<T>::type;

// Reads a row's representation from memory of any alignment: exactly its bytes.
template <class T>
inline ScalarOf<T> read(const std::byte* from) {
  if constexpr (std::is_same_v<T, Truth>) {
    return *from != std::byte{0};
  } else if constexpr (!std::is_same_v<ScalarOf<T>, T>) {
    std::uint64_t value = 0;
    std::memcpy(&value, from, T::kSize);
    return value;
  } else {
    T value;
    std::memcpy(&value, from, sizeof value);
    return value;
  }
}

template <class T, class V>
inline void write(std::byte* to, const V& value) {
  if constexpr (std::is_same_v<T, Truth>) {
    *to = std::byte{value != 0};
  } else if constexpr (!std::is_same_v<V, T>) {
    std::memcpy(to, &value, T::kSize);
  } else {
    std::memcpy(to, &value, sizeof value);
  }
}

// Extends a scalar to a word by its own signedness: the rows with extension Sign have signed representations.
template <class V>
inline std::uint64_t widen(V value) {
  if constexpr (std::is_integral_v<V>) {
    return static_cast<std::uint64_t>(static_cast<std::int64_t>(value));
  } else {
    return 0;  // 16 bytes and more never become words: the verifier refuses it
  }
}

template <Bank bank, class V>
inline void put(Registers& registers, std::byte* stack, std::uint32_t place, const V& value) {
  if constexpr (bank == Bank::Gpr) {
    registers.gpr[place] = widen(value);
  } else if constexpr (bank == Bank::Xmm) {
    std::memcpy(registers.vector[place], &value, sizeof value);
  } else {
    const std::uint64_t word = widen(value);
    std::memcpy(stack + place, &word, sizeof word);
  }
}

// The bytes of a result register.
template <Bank bank>
inline const std::byte* result_register(const Registers& registers, std::uint32_t place) {
  if constexpr (bank == Bank::Gpr) {
    const bool rax = place == static_cast<std::uint32_t>(abi::Gpr::Rax);
    return reinterpret_cast<const std::byte*>(rax ? &registers.rax : &registers.rdx);
  } else if constexpr (bank == Bank::Xmm) {
    return registers.vector[place];
  } else {
    return registers.st[place];
  }
}

// Touches the pages of a new piece of stack from the top, lest a write below the guard page reach other memory. Inlined
// even without optimisation: a call would write at the bottom first.
[[gnu::always_inline]] inline void probe(std::byte* from, std::size_t size) {
  constexpr std::size_t kStep = 2048;  // less than a page, since alloca rounds
  while (size > kStep) {
    size -= kStep;
    const_cast<volatile std::byte*>(from)[size] = std::byte{0};
  }
}

inline std::byte* align_up(std::byte* at, std::uintptr_t alignment) {
  return at + (-reinterpret_cast<std::uintptr_t>(at) & (alignment - 1));
}

// What only the General variant reads.
inline void set_up_general(Registers& registers, const Code& code, const std::byte* stack) {
  registers.stack = stack;
  registers.stack_size = code.stack_size;
  registers.stack_mask = -std::uint64_t{code.alignment};
  registers.ymm = code.layout->uses_ymm;
  registers.x87_results = code.layout->x87_results;
}

}  // namespace detail

// The policy of a host without tagged objects.
struct NoTags {
  template <class T>
  static bool untag(CallState&, Literal, std::uint64_t, detail::ScalarOf<T>&) {
    return false;
  }
  template <class T>
  static bool tag(CallState&, Literal, detail::ScalarOf<T>, std::uint64_t&) {
    return false;
  }
};

template <class Tags>
Outcome execute(const Callable* self, void* result_buffer, const std::uint64_t* slots, CallState* state) {
  // In the order of the opcodes.
  static const void* const kLabels[] = {
#define X(name, ...) &&take_##name##_Slot, &&take_##name##_Through, &&take_##name##_Frame, &&take_##name##_Tagged,
      PINION_TAKES(X)
#undef X
#define X(name, ...) &&give_##name##_Buffer, &&give_##name##_Word, &&give_##name##_Frame, &&give_##name##_Tagged,
          PINION_GIVES(X)
#undef X
#define X(name, ...) &&step_##name,
              PINION_STEPS(X)
#undef X
  };
  static_assert(sizeof kLabels / sizeof *kLabels == kOpcodes);

  const Code& code = *self->code;
  auto* const result = static_cast<std::byte*>(result_buffer);
  Registers registers;
  registers.target = self->target;
  std::byte* stack = nullptr;
  std::byte* frame = nullptr;
  if (code.stack_size + code.frame_size != 0) {
    const std::size_t room = std::size_t{code.stack_size} + code.frame_size + code.alignment;
    frame = static_cast<std::byte*>(alloca(room));
    detail::probe(frame, room);
    frame = detail::align_up(frame, code.alignment);
    stack = frame + code.frame_size;  // it is copied on: only frame storage needs the alignment here
  }

  const Instruction* i = code.instructions.data();
#define NEXT goto* kLabels[(++i)->op]
  goto* kLabels[i->op];

#define X(name, mnemonic, bank, type, ...)                                                          \
  take_##name##_Slot : TAKE(bank, type, reinterpret_cast<const std::byte*>(slots + i->argument));   \
  take_##name##_Through : TAKE(bank, type, reinterpret_cast<const std::byte*>(slots[i->argument])); \
  take_##name##_Frame : TAKE(bank, type, frame + i->frame);                                         \
  take_##name##_Tagged : TAKE_TAGGED(bank, type);
#define TAKE(bank, type, base)                                                                 \
  {                                                                                            \
    const std::byte* from = (base) + i->offset;                                                \
    if constexpr (Bank::bank == Bank::Memory) {                                                \
      std::byte* to = take_of(i->op) == Take::FrameCopy ? frame + i->frame : stack + i->place; \
      std::memcpy(to, from, i->extent);                                                        \
    } else {                                                                                   \
      detail::put<Bank::bank>(registers, stack, i->place, detail::read<type>(from));           \
    }                                                                                          \
    NEXT;                                                                                      \
  }
#define TAKE_TAGGED(bank, type)                                                                                \
  {                                                                                                            \
    detail::ScalarOf<type> value;                                                                              \
    if (!Tags::template untag<type>(*state, code.literals[i->extent], slots[i->argument], value)) goto failed; \
    if constexpr (Bank::bank != Bank::Memory) detail::put<Bank::bank>(registers, stack, i->place, value);      \
    NEXT;                                                                                                      \
  }
  PINION_TAKES(X)
#undef X
#undef TAKE
#undef TAKE_TAGGED

#define X(name, mnemonic, bank, type, ...)                                                           \
  give_##name##_Buffer : GIVE(bank, type, result + i->offset);                                       \
  give_##name##_Frame : GIVE(bank, type, frame + i->frame + i->offset);                              \
  give_##name##_Word : {                                                                             \
    const std::uint64_t word =                                                                       \
        detail::widen(detail::read<type>(detail::result_register<Bank::bank>(registers, i->place))); \
    std::memcpy(result, &word, sizeof word);                                                         \
    NEXT;                                                                                            \
  }                                                                                                  \
  give_##name##_Tagged : {                                                                           \
    const auto value = detail::read<type>(detail::result_register<Bank::bank>(registers, i->place)); \
    std::uint64_t object;                                                                            \
    if (!Tags::template tag<type>(*state, code.literals[i->extent], value, object)) goto failed;     \
    std::memcpy(result, &object, sizeof object);                                                     \
    NEXT;                                                                                            \
  }
#define GIVE(bank, type, to)                                                                                 \
  {                                                                                                          \
    detail::write<type>((to), detail::read<type>(detail::result_register<Bank::bank>(registers, i->place))); \
    NEXT;                                                                                                    \
  }
  PINION_GIVES(X)
#undef X
#undef GIVE

step_ErrnoIn:
  errno = state->error_number;
  NEXT;
step_Coerce:
  if (!self->host->coerce(*state, code.literals[i->extent], slots[i->argument], frame + i->frame)) goto failed;
  NEXT;
step_StackAddress : {
  const std::byte* address = frame + i->frame;
  std::memcpy(stack + i->place, &address, sizeof address);
  NEXT;
}
step_GprAddress:
  registers.gpr[i->place] = reinterpret_cast<std::uint64_t>(frame + i->frame);
  NEXT;
step_GprResult:
  registers.gpr[i->place] = reinterpret_cast<std::uint64_t>(result);
  NEXT;
step_VectorCount:
  registers.gpr[static_cast<int>(abi::Gpr::Rax)] = i->place;
  NEXT;
step_Call:
  if (code.variant == CallVariant::Integers) {
    pinion_call_integers(&registers);
  } else if (code.variant == CallVariant::Vectors) {
    pinion_call_vectors(&registers);
  } else {
    detail::set_up_general(registers, code, stack);
    pinion_call_general(&registers);
  }
  NEXT;
step_ErrnoOut:
  state->error_number = errno;
  NEXT;
step_Box : {
  std::uint64_t object;
  if (!self->host->box(*state, code.literals[i->extent], frame + i->frame, &object)) goto failed;
  std::memcpy(result, &object, sizeof object);
  NEXT;
}
step_StackFetch:
step_Varargs:
step_SlotFrame:
step_SlotStack:
step_SlotPointer:
step_Handle:  // callbacks only: verify() lets none of these through
step_Return:
  return 0;
#undef NEXT

failed:
  return 1 + static_cast<Outcome>(i - code.instructions.data());
}

}  // namespace pinion::marshal
