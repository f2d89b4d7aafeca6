// One thread's standing with one virtual machine, and what is remembered about the places it calls C from.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "ffi/threads/owner_word.hpp"

namespace pinion::threads {

// A place in the host's program from which C is called; remembers whether calls from there stay long. May be shared by
// threads; zero-initialised is right. What is learnt by two threads at once may be lost: it is a guess anyway.
class CallSite {
 public:
  CallSite() = default;
  static constexpr std::uint8_t kCertain = 3;
  explicit CallSite(std::uint8_t stays) : stays_(stays) {}

  bool stays_long() const { return stays_.load(std::memory_order_relaxed) == kCertain; }
  std::uint8_t stays() const { return stays_.load(std::memory_order_relaxed); }
  // The monitor had to take the machine from a call made here, or would have had to.
  void stayed() {
    if (stays() < kCertain) stays_.store(stays() + 1, std::memory_order_relaxed);
  }
  // The machine was handed over at once, and the call came back before the monitor would have looked.
  void returned_at_once() {
    if (stays() > 0) stays_.store(stays() - 1, std::memory_order_relaxed);
  }

 private:
  std::atomic<std::uint8_t> stays_{0};  // 0: returns at once .. kCertain: stays long
};

// Made by Ownership::attach, owned by the Ownership. Public members belong to the thread itself; what others look at is
// atomic, or private and under the Ownership's lock.
struct alignas(64) VmThread {
  Tag tag = 0;
  std::uint32_t sequence = 0;  // of the last release
  // Of what the thread wants the machine for: the higher, the more urgent. Its own thread may store it while it does
  // not wait; anybody else uses Ownership::set_priority.
  std::atomic<int> priority{0};
  bool inside = false;                   // between request() and retire(): may be in C, but will come back
  bool critical = false;                 // inside a critical call: keeps the machine, must not call back
  bool foreign = false;                  // attached by a callback, not by the host
  bool lost = false;                     // in a fork's child: the thread exists only in the parent
  void* host = nullptr;                  // the host's own record of this thread
  CallSite between{CallSite::kCertain};  // the time between its visits, as if that were a call

 private:
  friend class Ownership;
  using Clock = std::chrono::steady_clock;
  enum class Grant : std::uint32_t { Waiting, Granted, Refused };
  enum class Loss : std::uint8_t { None, AtOnce, ToMonitor, ByPolicy };

  std::atomic<bool> stealable{true};  // away, and known to stay: whoever wants the machine takes it
  std::atomic<Grant> grant{Grant::Waiting};
  Loss loss = Loss::None;           // how it last lost the machine,
  Clock::time_point lost_at{};      // and when
  Clock::time_point since{};        // when it began to wait
  Clock::time_point owner_since{};  // when it was last given the machine
  std::uint64_t order = 0;          // of arrival in the queue
  std::size_t slot = 0;             // its place in the Ownership's table
  bool saved = false;               // its state is with the host, not in the machine
};

}  // namespace pinion::threads
