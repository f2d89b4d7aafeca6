// The engine: one place that owns types and code, and makes a call of a function type once.
//
// Two levels are shared. Signatures: asking twice for the same type and options gives the same Signature. Compiled
// code: different types whose calls have the same placement and conversion (`int f(char *)`, `int g(long)`) share
// instructions and machine code. Both live as long as somebody uses them.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "ffi/abi/call_layout.hpp"
#include "ffi/base/result.hpp"
#include "ffi/callback/callback.hpp"
#include "ffi/codegen/machine_code.hpp"
#include "ffi/ctype/type_table.hpp"
#include "ffi/marshal/compiler.hpp"
#include "ffi/marshal/interpreter.hpp"

namespace pinion {

// How the host hands over arguments: see marshal/compiler.hpp, plan_for_addresses and plan_for_words.
enum class Slots : std::uint8_t { Addresses, Words };

struct SignatureOptions {
  abi::Convention convention = abi::Convention::SysV;  // of function types that name none
  abi::Dialect dialect;
  Slots slots = Slots::Addresses;
  bool capture_errno = false;
  bool interpret = false;  // no machine code
  bool operator==(const SignatureOptions&) const = default;
};

// Everything compiled for one placement and plan.
struct CompiledCode {
  marshal::Code code;
  codegen::MachineCode machine;  // empty: interpreted
  marshal::Invoke invoke = nullptr;
};

// Callback code of one placement. Lives as long as the engine, since callbacks run in it at any time.
struct CallbackCode {
  marshal::Code code;
  codegen::MachineCode machine;  // empty: interpreted
  const void* entry = nullptr;   // where thunks jump
};

struct Signature {
  const ctype::Type* type = nullptr;
  SignatureOptions options;
  std::shared_ptr<const CompiledCode> compiled;
};

class Engine {
 public:
  struct Options {
    ctype::DataModel model = ctype::DataModel::Lp64;
    bool machine_code = true;
    bool perf_map = false;
    // Gets a sentence when C calls a freed callback, from any thread. Empty: it goes to stderr.
    std::function<void(const std::string&)> report;
  };

  explicit Engine(const Options&);

  ctype::TypeTable& types() { return types_; }
  codegen::CodeArena& arena() { return arena_; }

  // Thread-safe. `function` is a Function type of this engine's table; for a variadic one, of one call. Error: see
  // abi::lay_out_call; or the processor lacks the vector registers that the call needs.
  Result<std::shared_ptr<const Signature>> compile(const ctype::Type& function, const SignatureOptions&);

  // The same for a callback. A variadic function is of its declared type here. Thread-safe.
  Result<const CallbackCode*> compile_callback(const ctype::Type& function, abi::Convention, abi::Dialect);
  callback::Callbacks& callbacks() { return callbacks_; }

  // Why calls are interpreted, or null. Thread-safe; the text lives as long as the engine.
  const char* interprets() const;

 private:
  struct Key {
    const ctype::Type* type;
    SignatureOptions options;
    bool operator==(const Key&) const = default;
  };
  struct KeyHash {
    std::size_t operator()(const Key&) const;
  };

  std::shared_ptr<const Signature> find(const Key&) const;
  Result<std::shared_ptr<const CompiledCode>> share(marshal::Code, const Key&);
  Status assemble(CompiledCode&, const Key&);
  void sweep();

  Options options_;
  ctype::TypeTable types_;
  codegen::CodeArena arena_;
  callback::Callbacks callbacks_;
  mutable std::shared_mutex mutex_;  // guards what follows
  std::unordered_map<Key, std::weak_ptr<const Signature>, KeyHash> signatures_;
  std::unordered_multimap<std::size_t, std::weak_ptr<const CompiledCode>> compiled_;  // by hash of the instructions
  std::vector<std::unique_ptr<CallbackCode>> callback_codes_;
  std::size_t sweep_at_ = 64;
  std::string interprets_;  // empty, or why; set once
};

}  // namespace pinion
