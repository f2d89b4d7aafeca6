// One signature, one library of C callers: callbacks, interpreted and as machine code, must get what the C compiler
// passes and answer as it expects.
#pragma once

#include "checker.hpp"
#include "ffi/marshal/code.hpp"

namespace pinion::differential {

class CallbackChecker {
 public:
  // As Checker's.
  CallbackChecker(const Configuration&, const Callees& callers, const Sabotage*,
                  std::function<void(std::string_view)> stage);

  std::optional<Problem> check(const Subject&);
  bool sabotaged() const { return sabotaged_; }

 private:
  std::optional<std::string> check_callback(const Subject&, const marshal::Code&);
  std::optional<std::string> check_call(const Subject&, const marshal::Code&, const void* entry);

  const Configuration& configuration_;
  const Callees& callers_;
  const Sabotage* sabotage_;
  std::function<void(std::string_view)> stage_;
  codegen::CodeArena arena_;
  GuardedMemory memory_;
  bool sabotaged_ = false;
};

}  // namespace pinion::differential
