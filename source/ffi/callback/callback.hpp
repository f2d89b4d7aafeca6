// Callbacks: functions of ours that C can call.
//
// A callback is a thunk (thunk_pool.hpp) whose word leads to its descriptor, and compiled callback code for its
// signature (marshal/callback_compiler.hpp), which hands the arguments to the dispatcher here, which calls the handler.
//
// The end of a callback: freeing it turns every later call into a report by name that answers the default result. Its
// memory and its thunk rest in quarantine until kQuarantine others were freed after it, and as long as it runs on any
// thread; so C's late calls find it, and what runs stays valid until it returns.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "ffi/base/result.hpp"
#include "ffi/callback/thunk_pool.hpp"
#include "ffi/marshal/callback_head.hpp"

namespace pinion::callback {

// Handles one call. `arguments` holds the address of each argument; a variadic function's last one is that of its
// marshal::Varargs. `result` is as large and aligned as the result, at least 8 bytes; it is uninitialised. 0: done.
// Anything else: it failed, and the caller gets the default result. An exception it throws counts as failure as well:
// it is kept, and never goes on into C.
using Handler = int (*)(void* data, void* const* arguments, void* result);

// Lets the calling thread into the host's managed state and out again, around each handler; ownership_gate.hpp asks an
// Ownership. enter() may wait. leave() gets what enter() answered.
class Gate {
 public:
  enum class Entry : std::uint8_t {
    Refused,   // the host is shutting down, or must not be called now: C gets the default result
    Returned,  // the thread is in a call from the host into C: it is back for the time of the handler
    Visiting,  // the thread came from C alone
  };
  virtual ~Gate() = default;
  virtual Entry enter() = 0;
  virtual void leave(Entry) = 0;
};

struct Description {
  std::string name;  // for reports
  Handler handler = nullptr;
  void* data = nullptr;
  std::span<const std::byte> default_result;  // empty: all zero. Otherwise as large as the result
  Gate* gate = nullptr;                       // outlives the callback; null: the handler runs without asking
};

struct Descriptor;

// How many freed callbacks rest before the oldest is used again, and how many are then taken at a time.
inline constexpr std::size_t kQuarantine = 1024;
inline constexpr std::size_t kBatch = 256;

// Makes and frees callbacks. Thread-safe. Belongs to one engine.
class Callbacks {
 public:
  // `report` gets a sentence when a freed callback is called; from any thread, also while C runs.
  explicit Callbacks(std::function<void(const std::string&)> report);
  ~Callbacks();  // C must have let go of all callbacks
  Callbacks(const Callbacks&) = delete;
  Callbacks& operator=(const Callbacks&) = delete;

  // `entry` and `code`: the compiled callback code and where to enter it; both must outlive the Callbacks.
  Result<Descriptor*> make(const void* entry, const marshal::Code& code, const Description&);
  static const void* address(const Descriptor*);  // what to give to C
  void free(Descriptor*);

  std::size_t live() const;
  std::size_t resting() const;

 private:
  friend struct Dispatcher;
  void reuse_oldest();

  std::function<void(const std::string&)> report_;
  ThunkPool thunks_;
  mutable std::mutex mutex_;    // guards what follows
  std::deque<Descriptor> all_;  // never moved, reused
  std::deque<Descriptor*> quarantine_;
  std::vector<Descriptor*> spare_;
  std::size_t live_ = 0;
};

}  // namespace pinion::callback
