// What a host with tagged objects contributes to marshaling code.
//
// The engine itself moves raw values only. A virtual machine whose slots hold tagged objects supplies
//  * coerce and box, for the instructions of that name: general, out of line, may allocate and run host code;
//  * for speed, the Tagged modes: a C++ policy for the interpreter (Tags, see execute.hpp) and an emitter of inline
//    checks for machine code (codegen/tag_emitter.hpp).
#pragma once

#include <cstddef>
#include <cstdint>

#include "ffi/marshal/code.hpp"

namespace pinion::marshal {

class Host {
 public:
  virtual ~Host() = default;

  // Converts the tagged object in `slot` as `literal` says and writes the C value to `storage`, which is as large and
  // aligned as the argument. False: the object does not fit; the host remembers why (it knows argument and literal).
  virtual bool coerce(CallState&, Literal literal, std::uint64_t slot, std::byte* storage) const = 0;

  // Makes an object from the C result in `storage` and writes it to `*result`. False: it could not be made.
  virtual bool box(CallState&, Literal literal, const std::byte* storage, std::uint64_t* result) const = 0;
};

}  // namespace pinion::marshal
