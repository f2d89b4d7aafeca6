// Who waits for the machine, and who of them comes first. All but someone_may_be_due() under the lock.

#include <algorithm>
#include <utility>

#include "ffi/threads/ownership.hpp"

namespace pinion::threads {

void Ownership::add_waiter(VmThread& self) {
  self.grant.store(Grant::Waiting, std::memory_order_relaxed);
  self.since = Clock::now();
  self.order = next_order_++;
  queue_.push_back(&self);
  publish_queue();
}

void Ownership::remove_waiter(VmThread& self) {
  std::erase(queue_, &self);
  publish_queue();
}

// Tells the owner. The count is stored last, and sequentially consistent: the new waiter's next look at the word comes
// after it (reference threading 4.12: enqueue, then look once more).
void Ownership::publish_queue() {
  int priority = INT_MIN;
  auto due = Clock::duration::max();
  for (const VmThread* waiting : queue_) {
    priority = std::max(priority, waiting->priority.load(std::memory_order_relaxed));
    due = std::min<Clock::duration>(due, waiting->since.time_since_epoch() + policy_.ageing);
  }
  top_priority_.store(priority, std::memory_order_relaxed);
  first_due_.store(due.count(), std::memory_order_relaxed);
  poll_requested_.store(!queue_.empty(), std::memory_order_relaxed);
  waiters_.store(static_cast<std::uint32_t>(queue_.size()), std::memory_order_seq_cst);
}

void Ownership::set_priority(VmThread& thread, int priority) {
  const Lock lock(mutex_);
  thread.priority.store(priority, std::memory_order_relaxed);
  publish_queue();
}

// Without the lock: a hint, which precedes() decides.
bool Ownership::someone_may_be_due(const VmThread& owner) const {
  if (top_priority_.load(std::memory_order_relaxed) > owner.priority.load(std::memory_order_relaxed)) return true;
  const auto now = Clock::now();
  return now.time_since_epoch().count() >= first_due_.load(std::memory_order_relaxed) &&
         now - owner.owner_since >= policy_.grace;
}

// A new owner keeps the machine for the grace time at least, whoever aged: else a long queue would be a convoy.
bool Ownership::precedes(const VmThread& waiting, const VmThread& owner) const {
  if (waiting.priority.load(std::memory_order_relaxed) > owner.priority.load(std::memory_order_relaxed)) return true;
  const auto now = Clock::now();
  return now - waiting.since >= policy_.ageing && now - owner.owner_since >= policy_.grace;
}

// Those who aged, by arrival, which bounds everybody's wait; then by priority, and by arrival among equals.
VmThread* Ownership::best_waiter() const {
  const auto aged = Clock::now() - policy_.ageing;
  const auto earlier = [&](const VmThread* a, const VmThread* b) {
    const bool a_aged = a->since <= aged;
    const bool b_aged = b->since <= aged;
    if (a_aged != b_aged) return a_aged;
    const int a_priority = a->priority.load(std::memory_order_relaxed);
    const int b_priority = b->priority.load(std::memory_order_relaxed);
    if (!a_aged && a_priority != b_priority) return a_priority > b_priority;
    return a->order < b->order;
  };
  const auto best = std::min_element(queue_.begin(), queue_.end(), earlier);
  return best == queue_.end() ? nullptr : *best;
}

}  // namespace pinion::threads
