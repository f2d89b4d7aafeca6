#include "ownership_model.hpp"

#include <algorithm>
#include <bit>

namespace pinion::model {

enum OwnershipModel::Step : std::uint8_t {
  kWorkLoad,
  kWorkStore,
  kPollLock,
  kPollStore,
  kPollGrant,
  kReleaseStore,
  kReleaseLook,
  kReleaseLock,
  kReleaseGive,
  kReleaseGrant,
  kReleaseUnlock,
  kInC,
  kSwap,
  kSwapStore,  // of the mutant that looks first
  kLock,
  kEnqueue,
  kBarrier,
  kLook,
  kGive,
  kGrant,
  kUnlock,
  kSleep,
  kWoken,
  kOwnerUnlock,
  kDone
};

namespace {
constexpr std::uint8_t kIn = 1;
bool is_in(std::uint8_t word) {
  return (word & kIn) != 0;
}
enum MonitorStep : std::uint8_t { kAsleep, kMonitorLook, kMonitorGive, kMonitorGrant, kMonitorUnlock };
}  // namespace

// -- the machine

std::uint8_t OwnershipModel::tag(int thread) const {
  return static_cast<std::uint8_t>(set_.mutant == Mutant::TagUsedAgain && thread == 2 ? 2 : thread + 1);
}

std::uint8_t OwnershipModel::away(int thread, std::uint8_t sequence) const {
  return static_cast<std::uint8_t>(tag(thread) << 4 | (sequence & 7) << 1);
}

bool OwnershipModel::drained(const State& state, int thread) const {
  return state.threads[thread].buffered == 0;
}

std::uint8_t OwnershipModel::load(const State& state, int thread, Cell cell) const {
  const Thread& self = state.threads[thread];
  for (int i = self.buffered - 1; i >= 0; --i) {
    if (self.where[i] == cell) return self.what[i];
  }
  return state.memory[cell];
}

void OwnershipModel::store(State& state, int thread, Cell cell, std::uint8_t value) {
  Thread& self = state.threads[thread];
  self.where[self.buffered] = cell;
  self.what[self.buffered++] = value;
}

void OwnershipModel::flush_one(State& state, int thread) {
  Thread& self = state.threads[thread];
  state.memory[self.where[0]] = self.what[0];
  std::shift_left(self.where.begin(), self.where.end(), 1);
  std::shift_left(self.what.begin(), self.what.end(), 1);
  --self.buffered;
  self.where[self.buffered] = self.what[self.buffered] = 0;  // equal states shall be equal bytes
}

void OwnershipModel::mark(State& state, Rule rule) {
  if (state.broken == kNone) state.broken = rule;
}

const char* OwnershipModel::violation(const State& state) const {
  switch (state.broken) {
    case kTwoOwners: return "two owners";
    case kFastReturnAfterTaking: return "a fast return after the machine was taken";
    case kStaleData: return "an owner that does not see what the last one did";
    default: return nullptr;
  }
}

OwnershipModel::State OwnershipModel::initial() const {
  State state{};
  state.memory[kWord] = away(0, 0) | kIn;
  state.owner = 1;
  for (int i = 0; i < kThreads; ++i) {
    state.threads[i].at = i == 0 ? kWorkLoad : kSwap;
    state.threads[i].rounds = static_cast<std::uint8_t>(i == 0 ? set_.host_calls : set_.visits);
  }
  state.threads[0].polls = static_cast<std::uint8_t>(set_.polls);
  return state;
}

bool OwnershipModel::is_final(const State& state) const {
  return std::all_of(state.threads.begin(), state.threads.end(),
                     [](const Thread& thread) { return thread.at == kDone && thread.buffered == 0; });
}

void OwnershipModel::step(const State& state, const Visit& visit) const {
  for (int i = 0; i < kThreads; ++i) {
    if (!drained(state, i)) {
      State next = state;
      flush_one(next, i);
      visit(next);
    }
    step_thread(state, i, visit);
  }
  if (set_.monitor) step_monitor(state, visit);
}

// -- the threads

// Whose word it is has ended its visit, or is in a call from a site that is known to stay.
bool OwnershipModel::stays(std::uint8_t word) const {
  return word >> 4 != tag(0) || set_.host_stays;
}

void OwnershipModel::become_owner(State& state, int thread, bool fast) const {
  if (state.owner != 0) mark(state, kTwoOwners);
  if (fast && state.worked != thread) mark(state, kFastReturnAfterTaking);
  state.owner = static_cast<std::uint8_t>(thread + 1);
  state.threads[thread].at = kWorkLoad;
}

void OwnershipModel::dequeue(State& state, int next) const {
  state.threads[next].granted = 1;
  if (set_.mutant == Mutant::GrantStaysQueued) return;
  state.queue &= static_cast<std::uint8_t>(~(1U << next));
  state.memory[kWaiters] = static_cast<std::uint8_t>(std::popcount(state.queue));
}

void OwnershipModel::for_each_waiter(const State& state, const std::function<void(int)>& body) const {
  for (int i = 0; i < kThreads; ++i) {
    if ((state.queue >> i & 1) != 0) body(i);
  }
}

void OwnershipModel::step_thread(const State& state, int thread, const Visit& visit) const {
  State next = state;
  Thread& self = next.threads[thread];
  switch (self.at) {
    case kWorkLoad:
      if (load(state, thread, kData) != state.version) mark(next, kStaleData);
      self.at = kWorkStore;
      return visit(next);
    case kWorkStore:
      store(next, thread, kData, ++next.version);
      next.worked = static_cast<std::uint8_t>(thread);
      self.at = set_.mutant == Mutant::LookBeforeStore ? kReleaseLook : kReleaseStore;
      visit(next);
      if (self.polls == 0) return;
      --self.polls;
      self.at = kPollLock;
      return visit(next);
    case kInC:
      if (self.rounds == 0) {
        self.at = kDone;
        return visit(next);
      }
      if (thread == 0 && set_.host_blocks && self.rounds == 1 &&
          std::any_of(next.threads.begin() + 1, next.threads.end(), [](const Thread& t) { return t.at != kDone; })) {
        return;
      }
      self.at = kSwap;
      return visit(next);
    default:
      if (self.at <= kPollGrant) return step_poll(state, thread, visit);
      if (self.at <= kReleaseUnlock) return step_release(state, thread, visit);
      return step_enter(state, thread, visit);
  }
}

// release() and slow_release(): one store, one look; with waiters, the lock and perhaps a grant.
void OwnershipModel::step_release(const State& state, int thread, const Visit& visit) const {
  State next = state;
  Thread& self = next.threads[thread];
  const bool looks_first = set_.mutant == Mutant::LookBeforeStore;
  switch (self.at) {
    case kReleaseStore:
      next.owner = 0;
      ++self.sequence;
      --self.rounds;
      store(next, thread, kWord, away(thread, self.sequence));
      self.at = !looks_first ? kReleaseLook : self.local != 0 ? kReleaseLock : kInC;
      self.local = 0;
      return visit(next);
    case kReleaseLook: {
      const std::uint8_t waiters = load(state, thread, kWaiters);
      if (looks_first) self.local = waiters;
      self.at = looks_first ? kReleaseStore : waiters != 0 ? kReleaseLock : kInC;
      return visit(next);
    }
    case kReleaseLock:
      if (state.locked != 0 || !drained(state, thread)) return;
      next.locked = static_cast<std::uint8_t>(thread + 1);
      self.at = kReleaseGive;
      return visit(next);
    case kReleaseGive: {
      const std::uint8_t mine = away(thread, self.sequence);
      if (state.queue == 0 || set_.monitor) {  // policy may decline
        self.at = kReleaseUnlock;
        visit(next);
      }
      for_each_waiter(state, [&](int waiter) {
        State given = state;
        Thread& giver = given.threads[thread];
        const bool swapped = state.memory[kWord] == mine || set_.mutant == Mutant::GrantByStore;
        if (swapped) given.memory[kWord] = away(waiter, given.threads[waiter].sequence) | kIn;
        giver.next = static_cast<std::uint8_t>(waiter);
        giver.at = swapped ? kReleaseGrant : kReleaseUnlock;
        visit(given);
      });
      return;
    }
    case kReleaseGrant:
      dequeue(next, self.next);
      self.next = 0;
      self.at = kReleaseUnlock;
      return visit(next);
    case kReleaseUnlock:
      next.locked = 0;
      self.next = 0;
      self.at = kInC;
      return visit(next);
    default: return;
  }
}

// poll(): the owner, under the lock, stores the word for one that waits, and queues up itself.
void OwnershipModel::step_poll(const State& state, int thread, const Visit& visit) const {
  State next = state;
  Thread& self = next.threads[thread];
  switch (self.at) {
    case kPollLock:
      if (state.locked != 0 || !drained(state, thread)) return;
      if (state.queue == 0) {
        self.at = kWorkLoad;
      } else {
        next.locked = static_cast<std::uint8_t>(thread + 1);
        self.at = kPollStore;
      }
      return visit(next);
    case kPollStore:
      for_each_waiter(state, [&](int waiter) {
        State given = state;
        given.owner = 0;
        store(given, thread, kWord, away(waiter, given.threads[waiter].sequence) | kIn);
        given.threads[thread].next = static_cast<std::uint8_t>(waiter);
        given.threads[thread].at = kPollGrant;
        visit(given);
      });
      return;
    case kPollGrant:  // an exchange
      if (!drained(state, thread)) return;
      dequeue(next, self.next);
      self.next = self.granted = 0;
      self.at = kEnqueue;
      return visit(next);
    default: return;
  }
}

// reacquire() and request(): one compare-and-swap; if it fails, the lock, the queue, a second look, and sleep.
void OwnershipModel::step_enter(const State& state, int thread, const Visit& visit) const {
  State next = state;
  Thread& self = next.threads[thread];
  const std::uint8_t mine = away(thread, self.sequence);
  switch (self.at) {
    case kSwap: {
      if (!drained(state, thread)) return;
      const std::uint8_t seen = state.memory[kWord];
      const bool matches = set_.mutant == Mutant::IgnoreTag ? !is_in(seen) : seen == mine;
      if (!matches) {
        self.at = kLock;
      } else if (set_.mutant == Mutant::ReacquireLoadStore) {
        self.at = kSwapStore;
      } else {
        next.memory[kWord] = mine | kIn;
        become_owner(next, thread, true);
      }
      return visit(next);
    }
    case kSwapStore:
      store(next, thread, kWord, mine | kIn);
      become_owner(next, thread, true);
      return visit(next);
    case kLock:
      if (state.locked != 0 || !drained(state, thread)) return;
      next.locked = static_cast<std::uint8_t>(thread + 1);
      self.granted = 0;
      self.at = set_.mutant == Mutant::ReturnKeepsNoRecord && thread == 0 ? kUnlock : kEnqueue;
      return visit(next);
    case kEnqueue:
      next.queue |= static_cast<std::uint8_t>(1U << thread);
      next.memory[kWaiters] = static_cast<std::uint8_t>(std::popcount(next.queue));
      self.at = set_.mutant == Mutant::NoSecondLook ? kUnlock : set_.heavy_barrier ? kBarrier : kLook;
      return visit(next);
    case kBarrier:
      for (int i = 0; i < kThreads; ++i) {
        while (!drained(next, i)) flush_one(next, i);
      }
      self.at = kLook;
      return visit(next);
    case kLook:
      self.local = state.memory[kWord];
      self.at = !is_in(self.local) && stays(self.local) ? kGive : kUnlock;
      if (self.at == kUnlock) self.local = 0;
      return visit(next);
    case kGive:
      for_each_waiter(state, [&](int waiter) {
        State given = state;
        Thread& giver = given.threads[thread];
        const std::uint8_t word = away(waiter, given.threads[waiter].sequence) | kIn;
        const bool swapped = state.memory[kWord] == self.local || set_.mutant == Mutant::TakeByStore;
        if (swapped) given.memory[kWord] = word;
        giver.next = static_cast<std::uint8_t>(waiter);
        giver.local = 0;
        giver.at = swapped ? kGrant : kUnlock;
        visit(given);
      });
      return;
    case kGrant:
      dequeue(next, self.next);
      self.at = kUnlock;
      return visit(next);
    case kUnlock:
      next.locked = 0;
      self.next = 0;
      self.at = kSleep;
      return visit(next);
    case kSleep:
      if (self.granted == 0) return;
      self.at = kWoken;
      return visit(next);
    case kWoken:
      if (state.locked != 0) return;
      next.locked = static_cast<std::uint8_t>(thread + 1);
      self.at = kOwnerUnlock;
      return visit(next);
    case kOwnerUnlock:
      next.locked = 0;
      self.granted = 0;
      become_owner(next, thread, false);
      return visit(next);
    default: return;
  }
}

// Two looks, under the lock, at any two moments; the machine is given away if both saw the same word, away.
void OwnershipModel::step_monitor(const State& state, const Visit& visit) const {
  State next = state;
  switch (state.monitor_at) {
    case kAsleep:
      next.monitor_last = state.queue == 0 ? 0 : state.monitor_last;
      if (state.queue != 0 && state.locked == 0) {
        next.locked = kMonitor + 1;
        next.monitor_at = kMonitorLook;
      }
      return visit(next);
    case kMonitorLook: {
      const std::uint8_t seen = state.memory[kWord];
      const bool takes = !is_in(seen) && state.queue != 0 && (stays(seen) || seen == state.monitor_last);
      next.monitor_at = takes ? kMonitorGive : kMonitorUnlock;
      next.monitor_seen = takes ? seen : 0;
      next.monitor_last = seen;
      return visit(next);
    }
    case kMonitorGive:
      for_each_waiter(state, [&](int waiter) {
        State given = state;
        const bool swapped = state.memory[kWord] == state.monitor_seen || set_.mutant == Mutant::TakeByStore;
        if (swapped) given.memory[kWord] = away(waiter, given.threads[waiter].sequence) | kIn;
        given.monitor_next = static_cast<std::uint8_t>(waiter);
        given.monitor_at = swapped ? kMonitorGrant : kMonitorUnlock;
        given.monitor_seen = 0;
        visit(given);
      });
      return;
    case kMonitorGrant:
      dequeue(next, state.monitor_next);
      next.monitor_at = kMonitorUnlock;
      return visit(next);
    case kMonitorUnlock:
      next.locked = 0;
      next.monitor_next = 0;
      next.monitor_at = kAsleep;
      return visit(next);
    default: return;
  }
}

}  // namespace pinion::model
