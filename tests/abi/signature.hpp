// The signature of one call under test: what a caller passes, and what it gets back.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ffi/abi/call_layout.hpp"
#include "ffi/ctype/type_table.hpp"

namespace pinion::differential {

// How the call sees the function it calls.
enum class Style : std::uint8_t {
  Prototyped,    // int f(int, double)
  Variadic,      // int f(int, ...): arguments from `fixed` on are variable ones
  Unprototyped,  // int f(): the callee is an ordinary function whose parameters have promoted types
};

struct Signature {
  const ctype::Type* result = nullptr;
  std::vector<const ctype::Type*> arguments;
  Style style = Style::Prototyped;
  std::uint32_t fixed = 0;  // Variadic: how many arguments come before `...`, at least one
  abi::Convention convention = abi::Convention::SysV;
};

// The function type of the call, as the engine is given it. Its parameters are the arguments after promotion.
Result<const ctype::Type*> call_type(ctype::TypeTable&, const Signature&);

// The signature after the default argument promotions, where these apply.
Signature promoted(ctype::TypeTable&, Signature);

// C text that defines what the signature names, without a prototype: tags, typedefs, and typedefs of our own for each
// argument and the result, PREFIX0, PREFIX1 ... and PREFIXr.
std::string definitions(const Signature&, std::string_view prefix);

// The declaration for people; with the definitions it needs, when they are wanted.
std::string prototype(const Signature&, std::string_view name, bool with_definitions);

}  // namespace pinion::differential
