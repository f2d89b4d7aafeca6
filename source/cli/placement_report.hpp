// A call layout for people: where every argument and the result go, and a picture of the stack.
#pragma once

#include <string>

#include "cli/style.hpp"
#include "ffi/abi/call_layout.hpp"

namespace pinion::cli {

struct Placement {
  const ctype::Type& function;  // a Function; of one call, for a variadic one
  const abi::CallLayout& layout;
  abi::Dialect dialect;
};

std::string describe_values(const Placement&, const Style&);
std::string draw_stack(const Placement&, const Style&);

}  // namespace pinion::cli
