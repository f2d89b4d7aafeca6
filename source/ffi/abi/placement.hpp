// What the conventions share while they fill a CallLayout.
#pragma once

#include <cstdint>

#include "ffi/abi/call_layout.hpp"

namespace pinion::abi {

inline std::uint64_t round_up(std::uint64_t n, std::uint64_t align) {
  return (n + align - 1) / align * align;
}

inline Location in(Gpr gpr) {
  return {Location::Kind::Gpr, static_cast<std::uint32_t>(gpr)};
}
inline Location in_xmm(std::uint32_t n) {
  return {Location::Kind::Xmm, n};
}
inline Location in_x87(std::uint32_t n) {
  return {Location::Kind::X87, n};
}
inline Location on_stack(std::uint64_t at) {
  return {Location::Kind::Stack, static_cast<std::uint32_t>(at)};
}

// A narrow scalar is extended to its whole register or slot by whoever passes it: the callee may rely on it, and
// clang-compiled callees do (SV23).
inline Extension extension_of(const ctype::Type& resolved) {
  switch (resolved.kind) {
    case ctype::Kind::Bool: return Extension::Bool;
    case ctype::Kind::Integer:
    case ctype::Kind::Enum:
      if (resolved.size >= 8) return Extension::None;
      return resolved.is_signed ? Extension::Sign : Extension::Zero;
    default: return Extension::None;
  }
}

// A value without pieces yet; add_piece gives it some.
inline Value value_of(const ctype::Type& resolved, const CallLayout& layout) {
  Value v;
  v.align = resolved.align;
  v.size = resolved.size;
  v.first = static_cast<std::uint32_t>(layout.pieces.size());
  return v;
}

// An odd last byte in a vector register is padding: there is no floating type of an odd size.
inline void add_piece(CallLayout& layout, Value& value, std::uint64_t offset, std::uint64_t size, Extension extension,
                      Location location) {
  if (location.kind == Location::Kind::Xmm) size &= ~std::uint64_t{1};
  layout.pieces.push_back({static_cast<std::uint32_t>(offset), static_cast<std::uint32_t>(size), extension, location});
  ++value.count;
  if (location.kind == Location::Kind::Xmm && size > 16) layout.uses_ymm = true;
}

// The conventions, one file each. `function` is resolved, and its types are complete.
Result<CallLayout> lay_out_sysv(const ctype::Type& function, Dialect dialect);
Result<CallLayout> lay_out_microsoft(const ctype::Type& function, Dialect dialect);

// "argument 2 of a call: <type> cannot be passed: <why>"
Error not_passable(const ctype::Type& type, std::size_t argument, std::string_view why);
Error not_returnable(const ctype::Type& type, std::string_view why);

}  // namespace pinion::abi
