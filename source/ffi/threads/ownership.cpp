#include "ffi/threads/ownership.hpp"

#include <algorithm>
#include <new>
#include <utility>

#include "ffi/threads/fatal.hpp"
#include "ffi/threads/fork.hpp"
#include "ffi/threads/keep_errno.hpp"

namespace pinion::threads {

Ownership::Ownership(OwnershipHost& host, OwnershipPolicy policy) : host_(host), policy_(policy) {
  ForkRegistry::add(*this);
}

Ownership::~Ownership() {
  const KeepErrno keep;
  ForkRegistry::remove(*this);
  stop_monitor();
}

// -- threads

VmThread* Ownership::attach(int priority) {
  const KeepErrno keep;
  if (PINION_INJECTED_FAILURE("attach")) return nullptr;
  try {
    auto made = std::make_unique<VmThread>();
    const Lock lock(mutex_);
    if (queue_.capacity() <= threads_.size()) queue_.reserve(2 * threads_.size() + 1);
    made->tag = next_tag_++;
    made->priority.store(priority, std::memory_order_relaxed);
    made->slot = threads_.size();
    threads_.push_back(std::move(made));
    ++counters_.attached;
    return threads_.back().get();
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}

bool Ownership::detach(VmThread* thread) {
  const KeepErrno keep;
  const Lock lock(mutex_);
  if (thread->inside || owns(*thread)) return false;
  remove(thread, lock);
  return true;
}

void Ownership::thread_ends(VmThread* thread) {
  const KeepErrno keep;
  const Lock lock(mutex_);
  if (owns(*thread)) fatal(thread->tag, "ended while it owned the virtual machine, which nobody can enter any more");
  remove(thread, lock);
}

void Ownership::remove(VmThread* thread, const Lock&) {
  // When the thread was the last in the machine, nobody's state is left there.
  Word away = make_away(thread->tag, thread->sequence);
  word_.compare_exchange_strong(away, kNobody, std::memory_order_acq_rel);
  if (resident_ == thread) resident_ = nullptr;
  if (!is_shut_down()) host_.detached(*thread);
  auto& place = threads_[thread->slot];
  threads_.back()->slot = thread->slot;
  std::swap(place, threads_.back());
  threads_.pop_back();
}

std::size_t Ownership::attached_threads() const {
  const Lock lock(mutex_);
  return threads_.size();
}

OwnershipCounters Ownership::counters() const {
  const Lock lock(mutex_);
  return counters_;
}

// -- changing hands: all of it under the lock

// Gives the machine, left behind with the word `from`, to a waiting thread. False: its last owner was faster.
bool Ownership::give_away(Word from, VmThread& next, Loss loss, const Lock& lock) {
  PINION_SCHEDULE_POINT("give: before its swap");
  if (!word_.compare_exchange_strong(from, make_in(next.tag, next.sequence), std::memory_order_acq_rel)) return false;
  if (resident_ != nullptr) {
    resident_->loss = loss;
    resident_->lost_at = Clock::now();
  }
  ++(loss == Loss::AtOnce ? counters_.at_once : loss == Loss::ToMonitor ? counters_.taken_away : counters_.by_policy);
  grant(next, lock);
  return true;
}

// The machine is nobody's, or its last owner is known to stay away: the best waiter gets it without further delay.
bool Ownership::give_if_stealable(const Lock& lock) {
  const Word seen = word();
  if (is_in(seen) || queue_.empty()) return false;
  if (resident_ != nullptr && !resident_->stealable.load(std::memory_order_relaxed)) return false;
  return give_away(seen, *best_waiter(), Loss::AtOnce, lock);
}

void Ownership::grant(VmThread& next, const Lock&) {
  remove_waiter(next);
  ++counters_.grants;
  // An exchange, for its full barrier: notify_one() looks for sleepers first, and must not look before this is seen.
  next.grant.exchange(Grant::Granted, std::memory_order_seq_cst);
  next.grant.notify_one();
}

// The word names `self` already. The machine holds the state of its last resident until it is put aside.
void Ownership::become_owner(VmThread& self, const Lock&) {
  PINION_SCHEDULE_POINT("owner: before it saves");
  if (resident_ != nullptr && resident_ != &self) {
    host_.save(*resident_);
    resident_->saved = true;
  }
  if (self.saved) {
    host_.restore(self);
    self.saved = false;
  }
  resident_ = &self;
  self.owner_since = Clock::now();
}

bool Ownership::enter_queue(VmThread& self, Lock& lock) {
  if (is_shut_down()) return false;
  add_waiter(self);
  PINION_SCHEDULE_POINT("waiter: before it looks once more");
  give_if_stealable(lock);
  if (self.grant.load(std::memory_order_relaxed) == Grant::Waiting) call_monitor(lock);
  return sleep_until_granted(self, lock);
}

bool Ownership::sleep_until_granted(VmThread& self, Lock& lock) {
  if (!monitor_running_) wait_without_monitor(self, lock);
  if (self.grant.load(std::memory_order_relaxed) == Grant::Waiting) {
    lock.unlock();
    self.grant.wait(Grant::Waiting, std::memory_order_acquire);
    PINION_SCHEDULE_POINT("waiter: woken");
    lock.lock();
  }
  if (self.grant.load(std::memory_order_relaxed) == Grant::Refused) return false;
  become_owner(self, lock);
  return true;
}

// -- slow paths of the five

void Ownership::slow_release(VmThread& self, Word away, bool hands_over) {
  const KeepErrno keep;
  if (!hands_over && !someone_may_be_due(self)) return;
  const Lock lock(mutex_);
  VmThread* next = best_waiter();
  if (next == nullptr) return;
  if (hands_over) {
    give_away(away, *next, Loss::AtOnce, lock);
  } else if (precedes(*next, self)) {
    give_away(away, *next, Loss::ByPolicy, lock);
  }
}

bool Ownership::slow_reacquire(VmThread& self, CallSite* site) {
  const KeepErrno keep;
  Lock lock(mutex_);
  if (owns(self)) fatal(self.tag, "asks for the virtual machine, which it owns already");
  ++counters_.slow_entries;
  learn(self, site);
  return enter_queue(self, lock);
}

// What the way in which the machine was lost says about the place from which C was called. To hand over at once is
// right where the monitor would have done it a grace time later.
void Ownership::learn(VmThread& self, CallSite* site) const {
  const Loss loss = std::exchange(self.loss, Loss::None);
  if (site == nullptr || loss == Loss::None || loss == Loss::ByPolicy) return;
  const bool stayed = loss == Loss::ToMonitor || Clock::now() - self.lost_at >= policy_.grace;
  stayed ? site->stayed() : site->returned_at_once();
}

bool Ownership::slow_poll(VmThread& self) {
  const KeepErrno keep;
  if (!someone_may_be_due(self)) return true;
  Lock lock(mutex_);
  VmThread* next = best_waiter();
  return next == nullptr || !precedes(*next, self) || yield_to(self, *next, lock);
}

// From one that waits to the owner, which waits from then on.
bool Ownership::yield_to(VmThread& self, VmThread& next, Lock& lock) {
  word_.store(make_in(next.tag, next.sequence), std::memory_order_release);
  ++counters_.by_policy;
  grant(next, lock);
  return enter_queue(self, lock);
}

Ownership::HandOver Ownership::hand_over(VmThread& self, VmThread& next) {
  const KeepErrno keep;
  Lock lock(mutex_);
  assert(owns(self));
  if (std::find(queue_.begin(), queue_.end(), &next) == queue_.end()) return HandOver::NotWaiting;
  return yield_to(self, next, lock) ? HandOver::Done : HandOver::ShutDown;
}

// -- the end

void Ownership::shutdown() {
  const KeepErrno keep;
  {
    const Lock lock(mutex_);
    gate_closed_.store(true, std::memory_order_release);
    Word seen = word();
    while (!is_in(seen) && !word_.compare_exchange_weak(seen, kNobody, std::memory_order_acq_rel)) {
    }
    for (VmThread* waiting : queue_) {
      waiting->grant.exchange(Grant::Refused, std::memory_order_seq_cst);
      waiting->grant.notify_one();
    }
    queue_.clear();
    publish_queue();
  }
  stop_monitor();
}

}  // namespace pinion::threads
