// The classes of the System V AMD64 psABI (section 3.2.3): what a value's eightbytes are made of.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "ffi/abi/call_layout.hpp"

namespace pinion::abi {

enum class Class : std::uint8_t { NoClass, Integer, Sse, SseUp, X87, X87Up, ComplexX87, Memory };

std::string_view name_of(Class);  // "INTEGER", as the psABI writes it

// One class per eightbyte of `type`, after the psABI's merging and clean-up: either all are Memory, or none is.
// Empty for a value that is not passed at all (void, empty struct).
std::vector<Class> classify(const ctype::Type& type, Dialect dialect);

}  // namespace pinion::abi
