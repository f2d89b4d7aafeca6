// Which callbacks are running, on which threads: so that what a running callback needs is not given away.
//
// Entering a callback must cost next to nothing, so it only links a record of the C++ stack into a list of its own
// thread. Who wants to reuse a callback's memory, rarely and many at a time, pays for both sides: one process-wide
// memory barrier (membarrier(2)), then a look at every thread's list. The proof is the usual one of asymmetric
// barriers: the thread links its record and then looks whether the callback is still alive; the reclaimer marked it
// dead, and then looks at the lists; with the barrier between, at least one of them sees the other.
//
// One of the places of the engine that a process has once: threads belong to the process, not to an engine.
#pragma once

#include <atomic>
#include <exception>
#include <string>
#include <vector>

#include "ffi/marshal/callback_head.hpp"

namespace pinion::callback {

// What went wrong in a callback on this thread and was not handed to the host yet.
struct Failure {
  std::string callback;          // its name
  int status = 0;                // what the handler answered; 0 when it threw
  std::string message;           // of the exception
  std::exception_ptr exception;  // what it threw
};

// One thread's list and failures. Made at its first callback, forgotten when it ends. Entries are in chunks that stay
// where they are, so that another thread may read them at any time.
class ThreadCalls {
 public:
  ThreadCalls() = default;
  ~ThreadCalls();
  ThreadCalls(const ThreadCalls&) = delete;
  ThreadCalls& operator=(const ThreadCalls&) = delete;

  void push(const marshal::CallbackHead* callback) {
    if (used_ == kChunk) next_chunk();
    chunk_->entries[used_++].store(callback, std::memory_order_release);
    std::atomic_signal_fence(std::memory_order_seq_cst);
  }
  void pop() {
    if (used_ == 0) previous_chunk();
    chunk_->entries[--used_].store(nullptr, std::memory_order_release);
  }

  // By any thread: what is on the list.
  void collect(std::vector<const marshal::CallbackHead*>& into) const;

  std::vector<Failure> failures;  // first to last; only the thread itself touches them

 private:
  static constexpr std::uint32_t kChunk = 62;
  struct Chunk {
    std::atomic<const marshal::CallbackHead*> entries[kChunk] = {};
    Chunk* previous = nullptr;
    std::atomic<Chunk*> next{nullptr};
  };
  void next_chunk();
  void previous_chunk();

  Chunk first_;
  Chunk* chunk_ = &first_;
  std::uint32_t used_ = 0;  // of chunk_
};

// Initial-exec: one load instead of a call of the loader's function. Constant-initialised: no guard, no destructor.
extern constinit thread_local ThreadCalls* current_thread_calls __attribute__((tls_model("initial-exec")));
ThreadCalls& begin_thread();

inline ThreadCalls& this_thread() {
  ThreadCalls* const calls = current_thread_calls;
  return calls != nullptr ? *calls : begin_thread();
}

// The callbacks that are running anywhere in the process, after a process-wide barrier; may name some twice.
std::vector<const marshal::CallbackHead*> running_callbacks();

}  // namespace pinion::callback
