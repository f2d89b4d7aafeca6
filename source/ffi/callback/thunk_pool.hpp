// Thunks: the addresses that C is given for our callbacks.
//
// All thunks are the same sixteen bytes of code; what tells them apart is a data word that each finds at a fixed
// distance from itself. The code of one block is written once, into an anonymous file that is then sealed against
// writing for good; every block is that file mapped again, executable, with writable data pages behind it. So no memory
// is ever both, and making a thunk writes no code: it takes a free word from a list.
//
// A thunk loads its word into r10 and jumps to the address that the word points to. A word points to the
// marshal::CallbackHead of its callback, whose first field is the entry.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "ffi/base/result.hpp"
#include "ffi/marshal/callback_head.hpp"

namespace pinion::callback {

class ThunkPool {
 public:
  ThunkPool();
  ~ThunkPool();  // unmaps every thunk: C must have let go of them
  ThunkPool(const ThunkPool&) = delete;
  ThunkPool& operator=(const ThunkPool&) = delete;

  struct Thunk {
    const void* code = nullptr;                           // what C calls
    std::atomic<marshal::CallbackHead*>* word = nullptr;  // what it jumps through
  };

  // Thread-safe. Error: no memory, or the system forbids executable memory.
  Result<Thunk> acquire(marshal::CallbackHead*);
  // The thunk may be given out again at once. Thread-safe.
  void release(Thunk);

  std::size_t in_use() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace pinion::callback
