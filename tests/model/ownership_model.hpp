// The ownership protocol of source/ffi/threads as a model: a host's thread that calls C, visitors (foreign threads),
// and the monitor, on a machine with store buffers (total store order, as x86 has).
//
// Every load, every store into a buffer, every buffer entry that reaches memory, every locked instruction and every
// lock is a step of its own. A locked instruction, and so taking or leaving the lock, waits for the own buffer to
// drain. Only release's store of the owner word and the owner's work in the machine are plain stores. What policy may
// decide one way or the other, the model decides both ways.
#pragma once

#include <array>
#include <cstdint>
#include <functional>

namespace pinion::model {

enum class Mutant {
  None,
  IgnoreTag,            // reacquire accepts anybody's word that is away: the ABA problem
  TagUsedAgain,         // two threads, one tag
  ReacquireLoadStore,   // reacquire looks, then stores
  TakeByStore,          // the monitor or a waiter looks, then stores
  GrantByStore,         // a release with waiters stores without looking
  LookBeforeStore,      // release looks for waiters before it stores
  NoSecondLook,         // a waiter sleeps as soon as it has enqueued
  GrantStaysQueued,     // who is granted the machine stays in the queue
  ReturnKeepsNoRecord,  // a returning thread that lost the machine does not queue, but sleeps
};

struct Configuration {
  bool monitor = true;         // there is one
  bool heavy_barrier = false;  // a waiter drains all store buffers (membarrier) before its second look
  bool host_stays = false;     // the host's call sites are known to stay: it hands over, and is taken from, at once
  bool host_blocks = false;    // its last call returns only after all visits: a call that waits for callbacks
  int host_calls = 2;
  int polls = 0;   // at how many polls it may let others in
  int visits = 1;  // of each visitor
  Mutant mutant = Mutant::None;
};

class OwnershipModel {
 public:
  static constexpr int kThreads = 3;  // thread 0 is the host's

  struct Thread {
    std::uint8_t at;      // the next step, Step
    std::uint8_t rounds;  // still to do
    std::uint8_t polls;   // still allowed
    std::uint8_t sequence;
    std::uint8_t local;     // the word it has seen
    std::uint8_t granted;   // 0: waits; 1: granted
    std::uint8_t next;      // the waiter it is giving the machine to
    std::uint8_t buffered;  // how many entries the store buffer has
    std::array<std::uint8_t, 3> where;
    std::array<std::uint8_t, 3> what;
  };
  struct State {
    std::array<std::uint8_t, 3> memory;  // Cell
    std::uint8_t queue;                  // a bit for each thread
    std::uint8_t locked;                 // by which actor, plus one
    std::uint8_t owner;                  // who believes to own, plus one (not part of the protocol, as what follows)
    std::uint8_t worked;                 // who touched the machine last
    std::uint8_t version;                // how often it was touched
    std::uint8_t broken;                 // Rule
    std::uint8_t monitor_at;
    std::uint8_t monitor_seen;
    std::uint8_t monitor_last;
    std::uint8_t monitor_next;
    std::array<Thread, kThreads> threads;
  };
  using Visit = std::function<void(const State&)>;

  explicit OwnershipModel(Configuration configuration) : set_(configuration) {}

  State initial() const;
  void step(const State&, const Visit&) const;
  bool is_final(const State&) const;
  const char* violation(const State&) const;

 private:
  enum Cell : std::uint8_t { kWord, kWaiters, kData };
  enum Rule : std::uint8_t { kNone, kTwoOwners, kFastReturnAfterTaking, kStaleData };
  enum Step : std::uint8_t;
  static constexpr int kMonitor = kThreads;

  std::uint8_t tag(int thread) const;
  std::uint8_t away(int thread, std::uint8_t sequence) const;
  bool stays(std::uint8_t word) const;
  bool drained(const State&, int thread) const;
  std::uint8_t load(const State&, int thread, Cell) const;
  static void store(State&, int thread, Cell, std::uint8_t);
  static void flush_one(State&, int thread);
  static void mark(State&, Rule);
  void become_owner(State&, int thread, bool fast) const;
  void step_thread(const State&, int thread, const Visit&) const;
  void step_release(const State&, int thread, const Visit&) const;
  void step_poll(const State&, int thread, const Visit&) const;
  void step_enter(const State&, int thread, const Visit&) const;
  void step_monitor(const State&, const Visit&) const;
  void dequeue(State&, int next) const;
  void for_each_waiter(const State&, const std::function<void(int)>&) const;

  const Configuration set_;
};

}  // namespace pinion::model
