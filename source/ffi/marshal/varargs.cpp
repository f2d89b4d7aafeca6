#include "ffi/marshal/varargs.hpp"

#include <algorithm>
#include <cstring>
#include <vector>

namespace pinion::marshal {
namespace {

using abi::Location;
using abi::Passing;

constexpr std::uint32_t kGprs = 6, kXmms = 8;

std::uint32_t count(const abi::CallLayout& layout, const abi::Value& value, Location::Kind kind) {
  const auto pieces = layout.pieces_of(value);
  return static_cast<std::uint32_t>(
      std::count_if(pieces.begin(), pieces.end(), [&](const abi::Piece& p) { return p.location.kind == kind; }));
}

// The named arguments have used these; the variable ones go on from there.
void start(Varargs& varargs) {
  varargs.started = true;
  const abi::CallLayout& layout = *varargs.layout;
  const auto hidden = static_cast<std::uint32_t>(layout.result.passing == Passing::Hidden);
  varargs.gpr_used = hidden;
  if (layout.convention == abi::Convention::Microsoft) {  // what is passed is one position, in register or slot
    varargs.gpr_used += static_cast<std::uint32_t>(
        std::count_if(layout.arguments.begin(), layout.arguments.end(),
                      [](const abi::Value& value) { return value.passing != Passing::Nothing; }));
    return;
  }
  for (const abi::Value& value : layout.arguments) {
    varargs.gpr_used += count(layout, value, Location::Kind::Gpr);
    varargs.xmm_used += count(layout, value, Location::Kind::Xmm);
    for (const abi::Piece& piece : layout.pieces_of(value)) {
      if (piece.location.kind != Location::Kind::Stack) continue;
      varargs.stack_used = std::max(varargs.stack_used, piece.location.at + (piece.size + 7) / 8 * 8);
    }
  }
}

// How the type travels when it is the next argument: as the last of a variadic call, after as many integers as general
// registers (Microsoft: positions) are gone. In the registers' end the compilers differ (AB06).
Result<abi::CallLayout> lay_out_next(const Varargs& varargs, const ctype::Type& type, abi::Dialect dialect) {
  const ctype::Type nothing{};
  ctype::Type integer;
  integer.kind = ctype::Kind::Integer;
  integer.scalar = ctype::Scalar::ULong;
  integer.size = integer.align = 8;
  integer.natural = &integer;
  const std::uint32_t before = std::min(varargs.gpr_used, kGprs);
  std::vector<ctype::Parameter> parameters(before, {.name = {}, .type = &integer});
  parameters.push_back({.name = {}, .type = &type});
  ctype::Type function;
  function.kind = ctype::Kind::Function;
  function.target = &nothing;
  function.parameters = parameters;
  function.variadic = true;
  function.fixed_count = before;
  return abi::lay_out_call(function, varargs.layout->convention, dialect);
}

// psABI 3.5.7: in registers when all of it fits, else in the overflow area, which is aligned for the type.
void next_sysv(Varargs& varargs, const abi::CallLayout& layout, const abi::Value& value, std::byte* to) {
  const std::uint32_t gprs = count(layout, value, Location::Kind::Gpr);
  const std::uint32_t xmms = count(layout, value, Location::Kind::Xmm);
  const bool fits = value.count != 0 && gprs + xmms == value.count && varargs.gpr_used + gprs <= kGprs &&
                    varargs.xmm_used + xmms <= kXmms;
  if (!fits) {
    if (value.align > 8) varargs.stack_used = (varargs.stack_used + value.align - 1) / value.align * value.align;
    std::memcpy(to, varargs.stack + varargs.stack_used, value.size);
    varargs.stack_used += static_cast<std::uint32_t>((value.size + 7) / 8 * 8);
    return;
  }
  for (const abi::Piece& piece : layout.pieces_of(value)) {
    const void* from = piece.location.kind == Location::Kind::Gpr
                           ? static_cast<const void*>(&varargs.gpr[varargs.gpr_used++])
                           : varargs.xmm[varargs.xmm_used++];
    std::memcpy(to + piece.offset, from, piece.size);
  }
}

// Microsoft Learn, "x64 calling convention", Varargs: the home area and the stack are one array of slots.
void next_microsoft(Varargs& varargs, const abi::Value& value, std::byte* to) {
  const std::byte* slot = varargs.stack + 8 * varargs.gpr_used++;
  if (value.passing == Passing::Reference) std::memcpy(static_cast<void*>(&slot), slot, sizeof(void*));
  std::memcpy(to, slot, value.size);
}

}  // namespace

Status next_argument(Varargs& varargs, const ctype::Type& type, abi::Dialect dialect, void* value) {
  if (!varargs.started) start(varargs);
  const auto layout = lay_out_next(varargs, type, dialect);
  if (!layout) return layout.error();
  const abi::Value& placed = layout->arguments.back();
  if (placed.passing == Passing::Nothing) return Unit{};
  if (varargs.layout->convention == abi::Convention::Microsoft) {
    next_microsoft(varargs, placed, static_cast<std::byte*>(value));
  } else {
    next_sysv(varargs, *layout, placed, static_cast<std::byte*>(value));
  }
  return Unit{};
}

}  // namespace pinion::marshal
