// Marshaling code of C text, for the tests of this directory and of codegen.
#pragma once

#include <memory>
#include <string_view>
#include <utility>

#include "ffi/abi/test_support.hpp"
#include "ffi/marshal/compiler.hpp"

namespace pinion::marshal::testing {

using abi::Convention;

inline std::shared_ptr<const abi::CallLayout> layout_of(std::string_view declarations,
                                                        Convention convention = Convention::SysV) {
  return std::make_shared<const abi::CallLayout>(abi::testing::layout_of(declarations, convention));
}

inline Code compiled(std::shared_ptr<const abi::CallLayout> layout, const Plan& plan) {
  Result<Code> code = compile(std::move(layout), plan);
  if (!code) ADD_FAILURE() << code.error().message;
  return code ? *std::move(code) : Code{};
}

// The last function that is declared, for slots that hold addresses.
inline Code code_of(std::string_view declarations, Convention convention = Convention::SysV, bool errno_too = false) {
  const auto layout = layout_of(declarations, convention);
  return compiled(layout, plan_for_addresses(*layout, errno_too));
}

// The same, for slots that hold words.
inline Code words_code_of(std::string_view declarations, Convention convention = Convention::SysV,
                          bool errno_too = false) {
  const auto layout = layout_of(declarations, convention);
  return compiled(layout, plan_for_words(*layout, errno_too));
}

}  // namespace pinion::marshal::testing
