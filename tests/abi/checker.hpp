// One signature, one library of callees: every executor and plan must make the call as the C compiler expects it.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "configuration.hpp"
#include "ffi/codegen/code_arena.hpp"
#include "ffi/marshal/callable.hpp"
#include "ffi/marshal/code.hpp"
#include "ffi/marshal/compiler.hpp"
#include "guarded_memory.hpp"
#include "sabotage.hpp"
#include "signature.hpp"
#include "values.hpp"

namespace pinion::differential {

// What is checked: a signature with the number of its callee (or, for a callback, its caller), and the seed of its
// values.
struct Subject {
  ctype::TypeTable* table = nullptr;
  Signature signature;
  std::uint64_t number = 0;
  std::uint64_t seed = 0;
  marshal::Direction direction = marshal::Direction::Callout;
};

struct Problem {
  enum class Kind : std::uint8_t { Wrong, Refused, Rejected, Crashed };  // Rejected: by the C compiler
  Kind kind = Kind::Wrong;
  std::string text;
};

// The layout of the call, with the mistake in it when there is to be one. That of a variadic callback has its named
// arguments alone.
Result<std::shared_ptr<const abi::CallLayout>> layout_of(const Subject&, const Configuration&, const Sabotage*,
                                                         bool* sabotaged = nullptr);

class Checker {
 public:
  // `stage` is told what is about to happen, for reports of crashes.
  Checker(const Configuration&, const Callees&, const Sabotage*, std::function<void(std::string_view)> stage);

  std::optional<Problem> check(const Subject&);
  bool sabotaged() const { return sabotaged_; }  // whether the last check had a mistake put in

 private:
  struct Values;
  std::optional<std::string> check_plan(const Subject&, const Values&, std::shared_ptr<const abi::CallLayout>,
                                        bool words);
  std::optional<std::string> check_calls(const Subject&, const Values&, const marshal::Callable&, const marshal::Plan&);

  const Configuration& configuration_;
  const Callees& callees_;
  const Sabotage* sabotage_;
  std::function<void(std::string_view)> stage_;
  codegen::CodeArena arena_;
  GuardedMemory memory_;
  bool sabotaged_ = false;
};

}  // namespace pinion::differential
