#include "ffi/threads/fork.hpp"

#include <pthread.h>

#include <mutex>
#include <new>

#include "ffi/threads/current_thread.hpp"
#include "ffi/threads/ownership.hpp"

namespace pinion::threads {
namespace {

// Both outlive every destructor that runs at exit, since neither has one.
constinit std::mutex registry_mutex;
constinit Ownership* first = nullptr;

}  // namespace

void ForkRegistry::add(Ownership& ownership) {
  const std::lock_guard lock(registry_mutex);
  static const int hooked = pthread_atfork(before, in_parent, in_child);  // fails only without memory: then no hooks
  static_cast<void>(hooked);
  ownership.fork_next_ = first;
  if (first != nullptr) first->fork_previous_ = &ownership;
  first = &ownership;
}

void ForkRegistry::remove(Ownership& ownership) {
  const std::lock_guard lock(registry_mutex);
  (ownership.fork_previous_ == nullptr ? first : ownership.fork_previous_->fork_next_) = ownership.fork_next_;
  if (ownership.fork_next_ != nullptr) ownership.fork_next_->fork_previous_ = ownership.fork_previous_;
}

void ForkRegistry::before() {
  registry_mutex.lock();
  for (Ownership* each = first; each != nullptr; each = each->fork_next_) each->before_fork();
}

void ForkRegistry::in_parent() {
  for (Ownership* each = first; each != nullptr; each = each->fork_next_) each->after_fork_in_parent();
  registry_mutex.unlock();
}

void ForkRegistry::in_child() {
  for (Ownership* each = first; each != nullptr; each = each->fork_next_) each->after_fork_in_child();
  registry_mutex.unlock();
}

void Ownership::before_fork() {
  mutex_.lock();
}

void Ownership::after_fork_in_parent() {
  mutex_.unlock();
}

void Ownership::after_fork_in_child() {
  VmThread* survivor = current(*this);
  for (const auto& thread : threads_) thread->lost = thread.get() != survivor;
  queue_.clear();
  publish_queue();
  if (resident_ != survivor && resident_ != nullptr) {
    gate_closed_.store(true, std::memory_order_release);
  } else if (survivor != nullptr && resident_ == survivor) {
    // A thread that was granted the machine, but had not touched it yet, is forgotten.
    if (tag_of(word()) != survivor->tag) word_.store(make_away(survivor->tag, survivor->sequence));
  } else {
    word_.store(kNobody);
  }
  // The monitor exists only in the parent, where it may be asleep: the copy of what it sleeps on is not usable, and
  // cannot even be destroyed, which would wait for it.
  monitor_running_ = monitor_asleep_ = false;
  new (&monitor_wake_) std::condition_variable;
  mutex_.unlock();
}

}  // namespace pinion::threads
