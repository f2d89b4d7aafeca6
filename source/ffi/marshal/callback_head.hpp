// A callback as its compiled code sees it: what a thunk's data word points to.
#pragma once

#include "ffi/marshal/code.hpp"

namespace pinion::marshal {

struct CallbackHead;

// Handles one call: `slots` has the address of each argument (and, for a variadic function, of its Varargs), aligned as
// its type, but what a Microsoft caller passes by reference only to 16 at most, as gcc does it. `result` is as large and
// aligned as the result, at least 8 bytes, and uninitialised. Must not throw.
using Dispatch = void (*)(CallbackHead* self, void* const* slots, void* result);

struct CallbackHead {
  const void* entry = nullptr;  // where the thunk jumps: machine code of the placement, or the interpreter
  Dispatch dispatch = nullptr;
  const Code* code = nullptr;  // for the interpreter
};

// The entries of the interpreter (callback_entry.S), by convention. Reached from a thunk, with the head in r10.
extern "C" void pinion_callback_sysv();
extern "C" void pinion_callback_microsoft();

}  // namespace pinion::marshal
