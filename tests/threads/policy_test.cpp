// Who gets the machine, when, and at what cost to the others (reference threading 4.10, 5.10).
// Times are bounded generously: two cores that others use as well.

#include <gtest/gtest.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <latch>
#include <numeric>
#include <vector>

#include "test_machine.hpp"

namespace pinion::threads {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

// F-105: the owner computes, and only polls; its equals wait for the ageing time.
TEST(Policy, AnOwnerThatOnlyPollsLetsEqualsIn) {
  Rig rig;
  std::atomic<bool> stop{false};
  std::thread busy = host_thread(rig, [&](VmThread& self) {
    while (!stop) {
      rig.machine.work(self);
      ASSERT_TRUE(rig.ownership->poll(self));
    }
  });
  eventually([&] { return rig.ownership->counters().grants == 1; });
  for (int i = 0; i < 20; ++i) {
    const auto asked = Clock::now();
    ASSERT_TRUE(rig.visit());
    EXPECT_LT(Clock::now() - asked, kSoon);
  }
  stop = true;
  busy.join();
  EXPECT_TRUE(detach_current(*rig.ownership));
  EXPECT_LE(rig.ownership->counters().by_policy, 25U) << "not at every poll";
}

// F-106: the owner makes one short call after the other.
TEST(Policy, AnOwnerThatOnlyMakesShortCallsLetsEqualsIn) {
  Rig rig;
  std::atomic<bool> stop{false};
  std::thread busy = host_thread(rig, [&](VmThread& self) {
    while (!stop) {
      rig.ownership->release(self);
      ASSERT_TRUE(rig.ownership->reacquire(self));
      rig.machine.work(self);
    }
  });
  eventually([&] { return rig.ownership->counters().grants == 1; });
  for (int i = 0; i < 20; ++i) {
    const auto asked = Clock::now();
    ASSERT_TRUE(rig.visit());
    EXPECT_LT(Clock::now() - asked, kSoon);
  }
  stop = true;
  busy.join();
  EXPECT_TRUE(detach_current(*rig.ownership));
}

// No convoy: while somebody waits, the machine does not change hands at every release.
TEST(Policy, TheMachineIsNotHandedOverAtEveryRelease) {
  Rig rig({kNever, kNever});
  constexpr int kCalls = 100'000;
  std::thread visitor;
  host_thread(rig, [&](VmThread& self) {
    visitor = std::thread([&] { EXPECT_TRUE(rig.visit()); });
    eventually([&] { return rig.ownership->waiting_threads() == 1; });
    const OwnershipCounters before = rig.ownership->counters();
    for (int i = 0; i < kCalls; ++i) {
      rig.ownership->release(self);
      ASSERT_TRUE(rig.ownership->reacquire(self));
      ASSERT_TRUE(rig.ownership->poll(self));
    }
    EXPECT_EQ(rig.ownership->counters().grants, before.grants);
    EXPECT_EQ(rig.ownership->counters().slow_entries, before.slow_entries);
  }).join();
  visitor.join();  // it got its turn when the visit ended
  EXPECT_EQ(rig.ownership->counters().at_once, 2U);
}

// Priority: the more urgent one at the next poll, without ageing or monitor; the less urgent one not.
TEST(Policy, TheMoreUrgentGetItAtTheNextPollOrRelease) {
  Rig rig({kNever, kNever});
  std::vector<int> order;
  std::thread urgent;
  std::thread lazy;
  host_thread(
      rig,
      [&](VmThread& self) {
        lazy = host_thread(
            rig, [&](VmThread&) { order.push_back(1); }, 1);
        eventually([&] { return rig.ownership->waiting_threads() == 1; });
        ASSERT_TRUE(rig.ownership->poll(self));
        EXPECT_TRUE(order.empty());
        urgent = host_thread(
            rig, [&](VmThread&) { order.push_back(9); }, 9);
        eventually([&] { return rig.ownership->waiting_threads() == 2; });
        ASSERT_TRUE(rig.ownership->poll(self));
        EXPECT_EQ(order, std::vector<int>{9});
        order.push_back(5);
        urgent.join();
        urgent = host_thread(
            rig, [&](VmThread&) { order.push_back(8); }, 8);
        eventually([&] { return rig.ownership->waiting_threads() == 2; });
        rig.ownership->release(self);
        ASSERT_TRUE(rig.ownership->reacquire(self));
        order.push_back(5);
      },
      5)
      .join();
  urgent.join();
  lazy.join();
  EXPECT_EQ(order, (std::vector<int>{9, 5, 8, 5, 1}));
}

TEST(Policy, APriorityMayBeRaisedWhileOneWaits) {
  Rig rig({kNever, kNever});
  std::atomic<VmThread*> waiting{nullptr};
  std::thread other;
  host_thread(rig, [&](VmThread& self) {
    other = std::thread([&] {
      waiting = attach_current(rig.ownership);
      EXPECT_TRUE(rig.visit());
    });
    eventually([&] { return rig.ownership->waiting_threads() == 1; });
    ASSERT_TRUE(rig.ownership->poll(self));
    EXPECT_EQ(rig.ownership->waiting_threads(), 1U);
    rig.ownership->set_priority(*waiting, 1);
    ASSERT_TRUE(rig.ownership->poll(self));
    EXPECT_EQ(rig.ownership->waiting_threads(), 0U);
  }).join();
  other.join();
}

TEST(Policy, AnOwnerMayHandOverToOneThatWaits) {
  Rig rig({kNever, kNever});
  std::atomic<VmThread*> second{nullptr};
  std::vector<int> order;
  std::vector<std::thread> others;
  host_thread(rig, [&](VmThread& self) {
    others.push_back(host_thread(rig, [&](VmThread&) { order.push_back(1); }));
    eventually([&] { return rig.ownership->waiting_threads() == 1; });
    others.emplace_back([&] {
      second = attach_current(rig.ownership);
      EXPECT_TRUE(rig.ownership->request(*second));
      order.push_back(2);
      rig.ownership->retire(*second);
    });
    eventually([&] { return rig.ownership->waiting_threads() == 2; });
    EXPECT_EQ(rig.ownership->hand_over(self, *second), Ownership::HandOver::Done);
    order.push_back(0);
  }).join();
  for (std::thread& each : others) each.join();
  EXPECT_EQ(order, (std::vector<int>{2, 1, 0})) << "the second at once, the others by arrival";
}

// The monitor: the owner blocks in C, and somebody waits.
TEST(Monitor, TakesTheMachineFromOneThatBlocks) {
  Rig rig;
  std::vector<microseconds> waits;
  host_thread(rig, [&](VmThread& self) {
    std::latch done(1);
    rig.machine.work(self);
    std::thread others([&] {
      VmThread* other = attach_current(rig.ownership);
      for (int i = 0; i < 50; ++i) {
        // The owner blocks again each time, on a site that is not known to.
        const auto asked = Clock::now();
        EXPECT_TRUE(rig.ownership->request(*other));
        waits.push_back(std::chrono::duration_cast<microseconds>(Clock::now() - asked));
        rig.ownership->retire(*other);
        std::this_thread::sleep_for(microseconds(500));
      }
      done.count_down();
    });
    std::atomic<bool> finished{false};
    std::thread watch([&] {
      done.wait();
      finished = true;
    });
    while (!finished) {
      rig.ownership->release(self);
      std::this_thread::sleep_for(microseconds(400));
      ASSERT_TRUE(rig.ownership->reacquire(self));
      rig.machine.work(self);
    }
    others.join();
    watch.join();
  }).join();
  std::sort(waits.begin(), waits.end());
  EXPECT_GT(rig.ownership->counters().taken_away, 0U);
  EXPECT_LT(waits[waits.size() / 2], kSlowness * milliseconds(20)) << "the median; the grace time is 50 us";
}

// A site that stayed before hands over at once: with a monitor that never would.
TEST(Monitor, ASiteKnownToStayNeedsNone) {
  CallSite site;
  {
    Rig learning;
    host_thread(learning, [&](VmThread& self) {
      for (int i = 0; i < 10 * CallSite::kCertain && !site.stays_long(); ++i) {
        std::thread visitor([&] { EXPECT_TRUE(learning.visit()); });
        eventually([&] { return learning.ownership->waiting_threads() == 1; });
        learning.ownership->release(self, &site);
        visitor.join();
        ASSERT_TRUE(learning.ownership->reacquire(self, &site));
      }
    }).join();
  }
  ASSERT_TRUE(site.stays_long());
  Rig rig({kNever, kNever});
  host_thread(rig, [&](VmThread& self) {
    rig.ownership->release(self, &site);
    std::thread([&] { EXPECT_TRUE(rig.visit()); }).join();
    ASSERT_TRUE(rig.ownership->reacquire(self, &site));
  }).join();
  EXPECT_EQ(rig.ownership->counters().monitor_looks, 0U);
  EXPECT_FALSE(site.stays_long()) << "it came back within the (endless) grace time, and is not so sure any more";
}

// A visitor that comes back at once, again and again, is not taken for one that left.
TEST(Monitor, AVisitorThatComesBackAtOnceKeepsTheMachineForAWhile) {
  Rig rig({milliseconds(100), kNever});
  std::vector<std::thread> visitors;
  for (int i = 0; i < 2; ++i) {
    visitors.emplace_back([&] {
      for (int n = 0; n < 20'000; ++n) ASSERT_TRUE(rig.visit());
    });
  }
  for (std::thread& each : visitors) each.join();
  EXPECT_EQ(rig.machine.counter(), 40'000U);
  EXPECT_LT(rig.ownership->counters().grants, 1000U);
}

microseconds processor_time() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return std::chrono::duration_cast<microseconds>(std::chrono::seconds(time.tv_sec) +
                                                  std::chrono::nanoseconds(time.tv_nsec));
}

// F-127: a hundred calls that block, and nobody who waits: nothing wakes up, and nothing is slower for others.
TEST(Monitor, SleepsWhileNobodyWaits) {
  Rig rig;
  std::latch may_return(1);
  std::vector<std::thread> threads;
  for (int i = 0; i < 100; ++i) {
    threads.push_back(host_thread(rig, [&](VmThread& self) {
      rig.ownership->release(self);
      may_return.wait();
      ASSERT_TRUE(rig.ownership->reacquire(self));
    }));
  }
  eventually([&] { return rig.ownership->counters().slow_entries == 100 && rig.ownership->owner_tag() == 0; });
  VmThread* self = attach_current(rig.ownership);
  ASSERT_TRUE(rig.ownership->request(*self));
  std::this_thread::sleep_for(milliseconds(5));
  const OwnershipCounters before = rig.ownership->counters();
  const auto used = processor_time();
  std::this_thread::sleep_for(milliseconds(100));
  EXPECT_LT(processor_time() - used, kSlowness * milliseconds(5));
  for (int i = 0; i < 1000; ++i) {
    rig.ownership->release(*self);
    ASSERT_TRUE(rig.ownership->reacquire(*self));
  }
  EXPECT_EQ(rig.ownership->counters().monitor_looks, before.monitor_looks);
  EXPECT_EQ(rig.ownership->counters().slow_entries, before.slow_entries);
  rig.ownership->retire(*self);
  may_return.count_down();
  for (std::thread& each : threads) each.join();
  EXPECT_TRUE(detach_current(*rig.ownership));
}

// Fairness: threads that all want the machine all the time; the longest wait is bounded, and the shares are like.
TEST(Fairness, EverybodysWaitIsBounded) {
  Rig rig;
  constexpr int kThreads = 6;
  struct Share {
    std::uint64_t turns = 0;
    Clock::duration longest{};
  };
  std::vector<Share> shares(kThreads);
  std::atomic<bool> stop{false};
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.push_back(host_thread(rig, [&, i](VmThread& self) {
      while (!stop) {
        const auto asked = Clock::now();
        if (i % 2 == 0) {
          rig.ownership->release(self);
          ASSERT_TRUE(rig.ownership->reacquire(self));
        } else {
          ASSERT_TRUE(rig.ownership->poll(self));
        }
        shares[i].longest = std::max(shares[i].longest, Clock::now() - asked);
        ++shares[i].turns;
        rig.machine.work(self);
      }
    }));
  }
  std::this_thread::sleep_for(milliseconds(500));
  stop = true;
  for (std::thread& each : threads) each.join();
  const auto by_turns = [](const Share& a, const Share& b) { return a.turns < b.turns; };
  const auto [least, most] = std::minmax_element(shares.begin(), shares.end(), by_turns);
  EXPECT_GT(least->turns * 50, most->turns);
  for (const Share& each : shares) EXPECT_LT(each.longest, kSlowness * milliseconds(400));
}

// F-107: threads that read one byte at a time beside one that computes.
TEST(Fairness, ShortReadsGoOnBesideAnOwnerThatComputes) {
  Rig rig;
  std::atomic<bool> stop{false};
  std::atomic<int> reads{0};
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  std::thread busy = host_thread(rig, [&](VmThread& self) {
    while (!stop) {
      rig.machine.work(self);
      ASSERT_TRUE(rig.ownership->poll(self));
    }
  });
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.push_back(host_thread(rig, [&](VmThread& self) {
      while (!stop) {
        rig.ownership->release(self);
        char byte = 0;
        EXPECT_EQ(write(ends[1], "x", 1) + read(ends[0], &byte, 1), 2);
        ASSERT_TRUE(rig.ownership->reacquire(self));
        ++reads;
      }
    }));
  }
  std::this_thread::sleep_for(milliseconds(500));
  stop = true;
  busy.join();
  for (std::thread& each : readers) each.join();
  close(ends[0]);
  close(ends[1]);
  EXPECT_GT(reads, 100) << "one per ageing time would be 250";
}

// F-108: many calls return at one instant: each is granted once, none twice.
TEST(Fairness, AHerdIsServedOneByOne) {
  Rig rig;
  constexpr int kHerd = 300;
  std::latch in_c(kHerd);
  std::latch return_now(1);
  std::vector<std::thread> herd;
  for (int i = 0; i < kHerd; ++i) {
    herd.push_back(host_thread(rig, [&](VmThread& self) {
      rig.ownership->release(self);
      in_c.count_down();
      return_now.wait();
      ASSERT_TRUE(rig.ownership->reacquire(self));
      rig.machine.work(self);
    }));
  }
  in_c.wait();
  const std::uint64_t before = rig.ownership->counters().grants;
  const auto start = Clock::now();
  return_now.count_down();
  for (std::thread& each : herd) each.join();
  EXPECT_EQ(rig.machine.counter(), static_cast<std::uint64_t>(kHerd));
  EXPECT_LE(rig.ownership->counters().grants - before, static_cast<std::uint64_t>(kHerd));
  EXPECT_LT(Clock::now() - start, kSoon);
}

}  // namespace
}  // namespace pinion::threads
