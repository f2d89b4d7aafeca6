// What is not tested, and why: combinations for which a compiler does not agree with itself, or that it rejects.
#pragma once

#include <string_view>

#include "configuration.hpp"
#include "ffi/marshal/code.hpp"
#include "signature.hpp"

namespace pinion::differential {

// The id of the reason (marshaling reference 2.8 and 4.1, VA: found by this test) for which this signature cannot be
// tested with callees (or callers) of this configuration, or nothing.
std::string_view excluded(ctype::TypeTable&, const Signature&, const Configuration&, marshal::Direction);

}  // namespace pinion::differential
