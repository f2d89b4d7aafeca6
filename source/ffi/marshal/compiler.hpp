// The ABI compiler: a call layout becomes marshaling code.
//
// Placement (the layout) and conversion (how the host's slots are to be read, and what becomes of the result) come
// together here and nowhere else. The layout says where every piece goes; the Plan says, for each argument, in which
// mode it is taken. The raw hosts below need no types for that; a host with tagged objects makes its own plan from
// them.
#pragma once

#include <span>
#include <vector>

#include "ffi/base/result.hpp"
#include "ffi/marshal/code.hpp"

namespace pinion::marshal {

// How one argument is taken from its slot.
struct Conversion {
  Source source = Source::Through;  // Frame: coerced first into frame storage
  Literal literal;                  // Frame, Tagged: what the object must be
};

struct Plan {
  std::vector<Conversion> arguments;         // one for each argument of the layout
  Destination result = Destination::Buffer;  // Frame: boxed afterwards
  Literal result_literal;                    // Frame, Tagged: what object to make
  bool capture_errno = false;
};

// The raw hosts that the engine ships. Addresses: every slot holds the address of its value, the result buffer receives
// its exact bytes. Words: values of up to 8 bytes are in their slots, larger ones are pointed to; the result buffer is
// whole words, and a result of up to 8 bytes is extended to fill its word.
Plan plan_for_addresses(const abi::CallLayout&, bool capture_errno);
Plan plan_for_words(const abi::CallLayout&, bool capture_errno);

// Error: a layout that needs more frame storage or stack than a call may have; a plan that the layout does not allow (a
// Tagged aggregate, a Word or Tagged result that is no single register of 8 bytes at most). The code passes the
// verifier.
Result<Code> compile(std::shared_ptr<const abi::CallLayout>, const Plan&);

}  // namespace pinion::marshal
