// The classes of the System V AMD64 psABI (section 3.2.3): what a value's eightbytes are made of.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "ffi/abi/call_layout.hpp"

namespace pinion::abi {

enum class Class : std::uint8_t { NoClass, Integer, Sse, SseUp, X87, X87Up, ComplexX87, Memory };

std::string_view name_of(Class);  // "INTEGER", as the psABI writes it

// The classes of one value, after merging and clean-up. MEMORY is always that of the whole value: one entry then.
struct Eightbytes {
  static constexpr unsigned kMax = 8;  // larger aggregates are MEMORY
  std::array<Class, kMax> classes{};
  std::uint8_t count = 0;    // 0: nothing is passed (void, empty struct)
  std::string_view refusal;  // when not empty: why the dialect's compiler gives no usable answer; a clause

  bool in_memory() const { return count > 0 && classes[0] == Class::Memory; }
  bool operator==(const Eightbytes&) const = default;
};

// Whether a resolved type has no members but unnamed bit-fields and others of its like. (Empty structs are.)
bool is_only_padding(const ctype::Type& type);

Eightbytes eightbytes_of(const ctype::Type& type, Dialect dialect);

// One class per eightbyte of `type`, after the psABI's merging and clean-up: either all are Memory, or none is.
// Empty for a value that is not passed at all (void, empty struct).
std::vector<Class> classify(const ctype::Type& type, Dialect dialect);

}  // namespace pinion::abi
