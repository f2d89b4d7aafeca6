// A failure as text: the signature as C, its layout, its marshaling code, and what went wrong.
#pragma once

#include <string>

#include "checker.hpp"

namespace pinion::differential {

std::string describe(const Subject&, const Configuration&, const Problem&);

}  // namespace pinion::differential
