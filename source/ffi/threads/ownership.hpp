// Ownership of a virtual machine: one thread at a time touches it, and a thread inside C does not keep it.
//
// The hot paths are five. release() before a call into C is one store; reacquire() after it is one compare-and-swap,
// and succeeds unless somebody took the machine meanwhile; request() and retire() are the same for a thread that comes
// for a visit (a foreign thread's callback) and is not in a call between visits; poll() is what the owner does now and
// then, so that others may have the machine (one load when nobody wants it). Everything else is slow, rare, and under
// one short lock. docs/threads.md has the protocol, its proof, and the policy.
//
// Policy (reference threading 4.10): a waiting thread is given the machine
//   * at a poll or release of the owner, when its priority is higher, or it has waited longer than the ageing time;
//   * by the monitor, when the owner has been inside one call for longer than the grace time;
//   * at once, when the call is made from a site that stayed long before.
// It is never handed over at every release: that is the convoy. Each grant wakes one thread. Nobody waits with a lock.
//
// All of it leaves errno alone, uses the monotonic clock only, throws nothing, and has no cancellation point. None of
// it may be called from a signal handler.
#pragma once

#include <pthread.h>

#include <atomic>
#include <cassert>
#include <chrono>
#include <climits>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "ffi/threads/owner_word.hpp"
#include "ffi/threads/schedule_point.hpp"
#include "ffi/threads/vm_thread.hpp"

namespace pinion::threads {

// What the virtual machine does when it changes hands. Called under the Ownership's lock: must be short, must not wait,
// fork, or call the Ownership. Not called any more once shutdown() has returned.
class OwnershipHost {
 public:
  virtual ~OwnershipHost() = default;
  // By the new owner, before it touches anything. `absent` was in the machine and left it without saving anything: put
  // its state aside.
  virtual void save(VmThread& absent) = 0;
  // By the new owner: `returned` owns the machine again; its state was put aside by save().
  virtual void restore(VmThread& returned) = 0;
  // `gone` ends its standing, or its thread has ended. By that thread; it does not own the machine. If its state was
  // still in the machine, nothing of it will be saved.
  virtual void detached(VmThread& gone) { static_cast<void>(gone); }
};

struct OwnershipPolicy {
  std::chrono::microseconds grace{50};     // how long a call may take before others get the machine
  std::chrono::microseconds ageing{2000};  // how long a waiting thread lets equals go first
};

struct OwnershipCounters {
  std::uint64_t grants = 0;        // the machine was given to a waiting thread:
  std::uint64_t at_once = 0;       // ... because its last owner was known to stay away
  std::uint64_t taken_away = 0;    // ... by the monitor, from a thread inside C
  std::uint64_t by_policy = 0;     // ... at a release, poll or hand_over of the owner
  std::uint64_t slow_entries = 0;  // a thread came and did not find the machine as it had left it
  std::uint64_t monitor_looks = 0;
  std::uint64_t attached = 0;  // threads that ever attached
};

class Ownership {
 public:
  // The host must live until shutdown() has returned, and the thread that called it touches the machine no more.
  explicit Ownership(OwnershipHost& host, OwnershipPolicy policy = {});
  // When no thread will use it any more. Threads known to current_thread.hpp keep it alive until they end.
  ~Ownership();
  Ownership(const Ownership&) = delete;
  Ownership& operator=(const Ownership&) = delete;

  // -- Hot paths. `self` is the calling thread's.

  // The owner goes into C, from `site` if that is known. Asserts that it is the owner.
  void release(VmThread& self, const CallSite* site = nullptr) {
    const bool stays = site != nullptr && site->stays_long();
    leave(self, stays, stays);
  }

  // Back from C; `site` as for the release. Waits when somebody else has the machine. False: it was shut down, and must
  // not be touched. A fatal report if the thread owns it already.
  [[nodiscard]] bool reacquire(VmThread& self, CallSite* site = nullptr) {
    PINION_SCHEDULE_POINT("reacquire: before its swap");
    Word expected = make_away(self.tag, self.sequence);
    if (word_.compare_exchange_strong(expected, expected | 1, std::memory_order_acquire, std::memory_order_relaxed)) {
      return true;
    }
    return slow_reacquire(self, site);
  }

  // A thread that is not in a call comes for a visit. Otherwise like reacquire().
  [[nodiscard]] bool request(VmThread& self) {
    assert(!self.inside);
    self.inside = reacquire(self, &self.between);
    return self.inside;
  }

  // The owner ends its visit, and is not in a call: who comes now takes the machine at once, and who waits gets it,
  // unless this thread has proved to come back within the grace time. If nobody wants it, the next request() is one
  // compare-and-swap.
  void retire(VmThread& self) {
    assert(self.inside);
    self.inside = false;
    leave(self, true, self.between.stays_long());
  }

  // The owner lets others have a turn if the policy says so, and returns when it owns again. False: shut down
  // meanwhile; then it does not own.
  [[nodiscard]] bool poll(VmThread& self) {
    return !poll_requested_.load(std::memory_order_relaxed) || slow_poll(self);
  }

  // -- Threads

  // A standing for the calling thread, which current_thread.hpp does not know of (see there). Needs no ownership, and
  // waits for nobody. Null: no memory.
  VmThread* attach(int priority = 0);
  // Ends it; by its own thread. Its state, if it is still in the machine, is given up. False, and nothing happened: the
  // thread owns the machine, or is between request() and retire().
  bool detach(VmThread*);
  // The thread ends. A fatal report that names it if it owns the machine.
  void thread_ends(VmThread*);
  // By anybody, at any time.
  void set_priority(VmThread&, int priority);

  bool owns(const VmThread& self) const { return is_in(word()) && tag_of(word()) == self.tag; }
  Tag owner_tag() const { return is_in(word()) ? tag_of(word()) : 0; }

  enum class HandOver { Done, NotWaiting, ShutDown };
  // The owner gives the machine to `next`, and waits itself. Done: it owns again. NotWaiting: `next` does not wait for
  // the machine, and nothing happened. ShutDown: meanwhile; then it does not own.
  HandOver hand_over(VmThread& self, VmThread& next);

  // -- The end

  // By the owner, or when nobody owns it: nobody enters any more; who waits is sent back, who returns from C is told.
  // The owner keeps the machine, and may still go into C and come back.
  void shutdown();
  bool is_shut_down() const { return gate_closed_.load(std::memory_order_acquire); }

  // -- What happened. By anybody.
  OwnershipCounters counters() const;
  std::size_t attached_threads() const;
  std::size_t waiting_threads() const { return waiters_.load(std::memory_order_relaxed); }

 private:
  friend class ForkRegistry;
  using Clock = std::chrono::steady_clock;
  using Lock = std::unique_lock<std::mutex>;
  using Loss = VmThread::Loss;
  using Grant = VmThread::Grant;

  Word word() const { return word_.load(std::memory_order_acquire); }

  // `stealable`: who comes may take the machine without further delay. `hands_over`: to who waits already.
  void leave(VmThread& self, bool stealable, bool hands_over) {
    assert(owns(self));
    self.stealable.store(stealable, std::memory_order_relaxed);
    const Word away = make_away(self.tag, ++self.sequence);
    PINION_SCHEDULE_POINT("release: before its store");
    word_.store(away, std::memory_order_release);
    PINION_SCHEDULE_POINT("release: before its look");
    if (waiters_.load(std::memory_order_relaxed) != 0) slow_release(self, away, hands_over);
  }

  // ownership.cpp
  void slow_release(VmThread& self, Word away, bool hands_over);
  bool slow_reacquire(VmThread& self, CallSite* site);
  bool slow_poll(VmThread& self);
  bool enter_queue(VmThread& self, Lock&);
  bool sleep_until_granted(VmThread& self, Lock&);
  bool yield_to(VmThread& self, VmThread& next, Lock&);
  bool give_away(Word from, VmThread& next, Loss, const Lock&);
  bool give_if_stealable(const Lock&);
  void grant(VmThread& next, const Lock&);
  void become_owner(VmThread& self, const Lock&);
  void learn(VmThread& self, CallSite* site) const;
  void remove(VmThread*, const Lock&);

  // queue.cpp
  bool someone_may_be_due(const VmThread& owner) const;
  bool precedes(const VmThread& waiting, const VmThread& owner) const;
  VmThread* best_waiter() const;
  void add_waiter(VmThread& self);
  void remove_waiter(VmThread& self);
  void publish_queue();

  // monitor.cpp
  void call_monitor(const Lock&);
  bool start_monitor();
  void stop_monitor();
  void monitor();
  void monitor_look(const Lock&, Word& last_seen);
  void wait_without_monitor(VmThread& self, Lock&);

  // fork.cpp
  void before_fork();
  void after_fork_in_parent();
  void after_fork_in_child();

  alignas(64) std::atomic<Word> word_{kNobody};
  alignas(64) std::atomic<std::uint32_t> waiters_{0};
  std::atomic<bool> poll_requested_{false};
  std::atomic<bool> gate_closed_{false};
  // Hints, so that the owner can decline without the lock: the highest priority that waits, and when somebody has
  // waited for the ageing time.
  std::atomic<int> top_priority_{INT_MIN};
  std::atomic<Clock::rep> first_due_{Clock::duration::max().count()};

  OwnershipHost& host_;
  const OwnershipPolicy policy_;
  mutable std::mutex mutex_;  // guards what follows, and every change of the word's tag; never held while waiting
  std::vector<std::unique_ptr<VmThread>> threads_;
  std::vector<VmThread*> queue_;  // who waits; has room for everybody
  VmThread* resident_ = nullptr;  // whose state is in the machine; when the word is away, its tag is that thread's
  Tag next_tag_ = 1;
  std::uint64_t next_order_ = 0;
  OwnershipCounters counters_;

  std::condition_variable monitor_wake_;
  pthread_t monitor_thread_{};
  bool monitor_running_ = false;
  bool monitor_stop_ = false;
  bool monitor_asleep_ = false;  // without a timer

  Ownership* fork_previous_ = nullptr;  // under the fork registry's lock
  Ownership* fork_next_ = nullptr;
};

}  // namespace pinion::threads
