// Mistakes put into a call layout on purpose, to show that the test notices them.
#pragma once

#include <span>
#include <string_view>

#include "ffi/abi/call_layout.hpp"
#include "ffi/marshal/code.hpp"

namespace pinion::differential {

struct Sabotage {
  std::string_view name;
  // Puts the mistake in. False: this layout has no place for it.
  bool (*apply)(abi::CallLayout&);
  // Callbacks trust nothing above a narrow argument, and have no use for the count of vector registers.
  bool callouts_only = false;

  bool concerns(marshal::Direction direction) const {
    return !callouts_only || direction == marshal::Direction::Callout;
  }
};

std::span<const Sabotage> sabotages();
const Sabotage* find_sabotage(std::string_view name);  // or null

}  // namespace pinion::differential
