// The monitor: a thread that takes the machine from one that stays in C while somebody waits.
//
// It sleeps, without any timer, while nobody waits. While somebody does, it looks at the owner word once in each grace
// time when the word says away, more rarely beside an owner that is in and answers by itself, at its polls.

#include <signal.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

#include <ctime>
#include <new>
#include <utility>

#include "ffi/threads/ownership.hpp"

namespace pinion::threads {
namespace {

constexpr int kRarely = 8;  // grace times between two looks at an owner that is in

// The kernel may delay the end of a sleep by the timer slack, 50 us by default: as much as the grace time itself.
void wake_punctually() {
#ifdef __linux__
  prctl(PR_SET_TIMERSLACK, 1000UL, 0UL, 0UL, 0UL);
#endif
}

}  // namespace

void Ownership::call_monitor(const Lock&) {
  if (!monitor_running_) {
    start_monitor();
  } else if (monitor_asleep_) {
    monitor_wake_.notify_one();
  }
}

// Signals are for the program's threads: the new thread inherits a mask that blocks them all (reference F-86).
bool Ownership::start_monitor() {
  if (PINION_INJECTED_FAILURE("monitor")) return false;
  sigset_t all;
  sigset_t old;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, &old);
  monitor_stop_ = false;
  const auto run = [](void* self) -> void* { return static_cast<Ownership*>(self)->monitor(), nullptr; };
  monitor_running_ = pthread_create(&monitor_thread_, nullptr, run, this) == 0;
  pthread_sigmask(SIG_SETMASK, &old, nullptr);
  return monitor_running_;
}

void Ownership::stop_monitor() {
  {
    const Lock lock(mutex_);
    monitor_stop_ = true;
    if (!std::exchange(monitor_running_, false)) return;
  }
  monitor_wake_.notify_one();
  pthread_join(monitor_thread_, nullptr);
}

void Ownership::monitor() {
  wake_punctually();
  Lock lock(mutex_);
  Word last_seen = kNobody;
  while (!monitor_stop_) {
    if (queue_.empty()) {
      last_seen = kNobody;
      monitor_asleep_ = true;
      monitor_wake_.wait(lock);
      monitor_asleep_ = false;
    } else {
      monitor_look(lock, last_seen);
      monitor_wake_.wait_for(lock, is_in(last_seen) ? kRarely * policy_.grace : policy_.grace,
                             [this] { return monitor_stop_; });
    }
  }
}

// Two looks that see the same word away saw the same call: the thread has been inside it for a grace time.
void Ownership::monitor_look(const Lock& lock, Word& last_seen) {
  ++counters_.monitor_looks;
  const Word seen = word();
  if (!is_in(seen) && !give_if_stealable(lock) && seen == last_seen && !queue_.empty()) {
    give_away(seen, *best_waiter(), Loss::ToMonitor, lock);
  }
  last_seen = word();
}

// There is no memory for a thread: those who wait look by themselves (reference F-120).
void Ownership::wait_without_monitor(VmThread& self, Lock& lock) {
  Word last_seen = kNobody;
  while (!monitor_running_ && self.grant.load(std::memory_order_relaxed) == Grant::Waiting) {
    monitor_look(lock, last_seen);
    if (self.grant.load(std::memory_order_relaxed) != Grant::Waiting) return;
    lock.unlock();
    const auto nanoseconds = std::chrono::nanoseconds(policy_.grace).count();
    const timespec pause{nanoseconds / 1'000'000'000, nanoseconds % 1'000'000'000};
    int cancellable = 0;  // who is in the queue must not be cancelled
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancellable);
    clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, nullptr);
    pthread_setcancelstate(cancellable, nullptr);
    lock.lock();
  }
}

}  // namespace pinion::threads
