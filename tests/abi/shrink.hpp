// Makes a failing signature as small as it can be while it still fails.
#pragma once

#include <functional>

#include "signature.hpp"

namespace pinion::differential {

// Takes steps to simpler signatures, the boldest first, as long as `fails` says so of what they lead to. At most
// `tries` calls of `fails`. New types are made in the table.
Signature shrink(ctype::TypeTable&, Signature, const std::function<bool(const Signature&)>& fails,
                 unsigned tries = 400);

}  // namespace pinion::differential
