// Mistakes put into a call layout on purpose, to show that the test notices them.
#pragma once

#include <span>
#include <string_view>

#include "ffi/abi/call_layout.hpp"

namespace pinion::differential {

struct Sabotage {
  std::string_view name;
  // Puts the mistake in. False: this layout has no place for it.
  bool (*apply)(abi::CallLayout&);
};

std::span<const Sabotage> sabotages();
const Sabotage* find_sabotage(std::string_view name);  // or null

}  // namespace pinion::differential
