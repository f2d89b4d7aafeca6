// lay_out_call: checks what holds for every convention, and asks the right one.
#include "ffi/abi/call_layout.hpp"

#include <fmt/format.h>

#include "ffi/abi/placement.hpp"
#include "ffi/ctype/print.hpp"

namespace pinion::abi {
namespace {

constexpr std::size_t kMaxArguments = 255;

Error too_large(std::uint64_t bytes) {
  return Error{fmt::format("the arguments of a call take at most {} bytes of stack, not {}", kMaxStackBytes, bytes)};
}

Status check_function(const ctype::Type& function) {
  if (function.kind != ctype::Kind::Function) {
    return Error{fmt::format("a call needs a function type, not {}", ctype::to_c(function))};
  }
  const ctype::Type& result = ctype::resolve(*function.target);
  if (!result.complete && result.kind != ctype::Kind::Void) {
    return Error{fmt::format("the result of a call must be a complete type or void, not {}", ctype::to_c(result))};
  }
  if (function.parameters.size() > kMaxArguments) {
    return Error{fmt::format("a call has at most {} arguments, not {}", kMaxArguments, function.parameters.size())};
  }
  for (std::size_t i = 0; i < function.parameters.size(); ++i) {
    const ctype::Type& type = *function.parameters[i].type;
    if (!ctype::resolve(type).complete) return not_passable(type, i, "its type is incomplete");
    if (ctype::resolve(type).size > kMaxStackBytes) return too_large(ctype::resolve(type).size);
  }
  return Unit{};
}

// The argument area, and the copies that arguments by reference point to.
std::uint64_t stack_bytes(const CallLayout& layout) {
  std::uint64_t bytes = layout.stack_size;
  for (const Value& v : layout.arguments) {
    if (v.passing == Passing::Reference) bytes += round_up(v.size, v.align);
  }
  return bytes;
}

Convention convention_of(const ctype::Type& function, Convention platform) {
  switch (function.convention) {
    case ctype::Convention::SysV: return Convention::SysV;
    case ctype::Convention::Microsoft: return Convention::Microsoft;
    default: return platform;
  }
}

}  // namespace

Error not_passable(const ctype::Type& type, std::size_t argument, std::string_view why) {
  return Error{
      fmt::format("argument {} of type {} cannot be passed by value: {}", argument + 1, ctype::to_c(type), why)};
}

Error not_returnable(const ctype::Type& type, std::string_view why) {
  return Error{fmt::format("a result of type {} cannot be returned: {}", ctype::to_c(type), why)};
}

Result<CallLayout> lay_out_call(const ctype::Type& declared, Convention platform, Dialect dialect) {
  const ctype::Type& function = ctype::resolve(declared);
  if (Status s = check_function(function); !s) return s.error();
  const bool sysv = convention_of(function, platform) == Convention::SysV;
  Result<CallLayout> layout = sysv ? lay_out_sysv(function, dialect) : lay_out_microsoft(function, dialect);
  if (layout && stack_bytes(*layout) > kMaxStackBytes) return too_large(stack_bytes(*layout));
  return layout;
}

}  // namespace pinion::abi
