// The ABI compiler for callbacks: C calls us. The layout is that of a callout; the code runs the other way.
//
//   1. give instructions store the argument registers into frame storage, where each value is put together;
//   2. slot instructions give the host one slot for each argument: the value's address;
//   3. `handle` calls the handler with the slots and the address of the result;
//   4. take instructions load the result registers from frame storage.
//
// Memory arguments are not copied: the callee owns them (psABI 3.2.3), so their slots hold their addresses on the
// stack. Arriving narrow integers are stored at their own width: nothing above it is trusted (reference marshaling
// SV23).
#pragma once

#include <memory>

#include "ffi/base/result.hpp"
#include "ffi/marshal/code.hpp"

namespace pinion::marshal {

// The code passes verify_callback(). For a variadic function (of the declared type, not of one call) there is one more
// slot than arguments: the address of a Varargs (varargs.hpp).
Result<Code> compile_callback(std::shared_ptr<const abi::CallLayout>);

// Proves of callback code what verify() proves of a callout's: every piece of every argument is stored once, inside its
// storage, with its size; every argument has its slot, and its storage is complete by then; the handler is called once;
// every result register of the layout is loaded once from the result's storage, and nothing else.
Status verify_callback(const Code&);

}  // namespace pinion::marshal
