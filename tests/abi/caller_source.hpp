// C text of callers of a callback: they pass the values they find in an exchange, and put what comes back into it.
//
// A caller reads its arguments from bytes, calls the exchange's target as a function of the signature, and copies the
// result and its own argument objects, as they are after the call, to where they are judged bit by bit (values.hpp).
#pragma once

#include <cstdint>
#include <string>

#include "signature.hpp"

namespace pinion::differential {

// The same struct as in the preamble; the library's `pinion_exchange` points to it.
struct Exchange {
  const void* target;         // what the caller calls
  const unsigned char* give;  // the arguments' bytes, each at the offset that seen_offsets() says
  unsigned char* after;       // the caller's objects after the call, at the same offsets
  unsigned char* result;      // the result's bytes
};

// What every file of callers begins with.
std::string caller_preamble();

// Whether the caller passes garbage above narrow integers: it calls through a pointer to another type of function,
// which takes 64-bit integers instead (SV23: nothing above a narrow argument may be trusted).
bool passes_garbage(std::uint64_t number);

std::string caller_name(std::uint64_t number);
std::string caller(const Signature&, std::uint64_t number);

}  // namespace pinion::differential
