// Races of the ownership protocol, held at its schedule points so that they happen every time (reference
// threading 5.2).

#include <gtest/gtest.h>

#include <atomic>
#include <vector>

#include "schedule.hpp"
#include "test_machine.hpp"

namespace pinion::threads {
namespace {

using std::chrono::microseconds;
using Clock = std::chrono::steady_clock;

constexpr OwnershipPolicy kMonitorNeverTakes{kNever, kNever};

// F-1: the call returns between the monitor's look and its swap.
TEST(Race, ReturnWinsAgainstTheMonitor) {
  Rig rig;
  std::thread visitor;
  host_thread(rig, [&](VmThread& self) {
    rig.machine.work(self);
    Hold monitor("give: before its swap");
    rig.ownership->release(self);
    visitor = std::thread([&] { EXPECT_TRUE(rig.visit()); });
    monitor.wait_until_reached();
    ASSERT_TRUE(rig.ownership->reacquire(self)) << "one compare-and-swap, though the monitor holds the lock";
    rig.machine.work(self);
    monitor.let_go();
  }).join();  // it retires, and the visitor gets its turn
  visitor.join();
  EXPECT_EQ(rig.machine.counter(), 3U);
  EXPECT_EQ(rig.ownership->counters().taken_away, 0U);
}

// F-1, the other way round: the monitor gives the machine away when the call has already returned.
TEST(Race, MonitorWinsAgainstTheReturn) {
  Rig rig;
  host_thread(rig, [&](VmThread& self) {
    rig.machine.work(self);
    Hold returning("reacquire: before its swap", std::this_thread::get_id());
    std::thread visitor([&] {
      returning.wait_until_reached();
      EXPECT_TRUE(rig.visit());
      returning.let_go();
    });
    rig.ownership->release(self);
    ASSERT_TRUE(rig.ownership->reacquire(self));
    rig.machine.work(self);
    visitor.join();
  }).join();
  EXPECT_EQ(rig.machine.counter(), 3U);
  EXPECT_EQ(rig.ownership->counters().taken_away, 1U);
  EXPECT_EQ(rig.machine.restores(), 1U) << "the registers are the caller's again";
}

// F-2: many calls return together while the owner is in C.
TEST(Race, ManyWhoWantItGetItOneAfterTheOther) {
  Rig rig;
  std::vector<std::thread> visitors;
  host_thread(rig, [&](VmThread& self) {
    rig.machine.work(self);
    rig.ownership->release(self);
    for (int i = 0; i < 8; ++i) visitors.emplace_back([&] { EXPECT_TRUE(rig.visit()); });
    for (std::thread& each : visitors) each.join();
    ASSERT_TRUE(rig.ownership->reacquire(self));
    rig.machine.work(self);
  }).join();
  EXPECT_EQ(rig.machine.counter(), 10U);
}

// F-3 (ABA): the machine is taken, used, and left behind, all while one call lasts.
TEST(Race, AReturnAfterOthersCameAndWentIsNoticed) {
  Rig rig;
  host_thread(rig, [&](VmThread& self) {
    rig.machine.work(self);
    rig.ownership->release(self);
    for (int i = 0; i < 3; ++i) std::thread([&] { EXPECT_TRUE(rig.visit()); }).join();
    std::thread([&] { EXPECT_TRUE(rig.visit() && rig.visit()); }).join();
    const auto before = rig.ownership->counters().slow_entries;
    ASSERT_TRUE(rig.ownership->reacquire(self));
    EXPECT_EQ(rig.ownership->counters().slow_entries, before + 1);
    rig.machine.work(self);
  }).join();
  EXPECT_EQ(rig.machine.counter(), 7U);
  EXPECT_EQ(rig.machine.saves(), 1U) << "the visitors are gone: nothing of theirs is worth keeping";
  EXPECT_EQ(rig.machine.restores(), 1U);
}

// F-4: a waiter has looked, and sleeps; the release that follows wakes it, without the monitor.
TEST(Race, AReleaseWakesWhoFellAsleepBefore) {
  Rig rig(kMonitorNeverTakes);
  CallSite stays(CallSite::kCertain);
  Clock::time_point released;
  host_thread(rig, [&](VmThread& self) {
    std::thread visitor([&] {
      EXPECT_TRUE(rig.visit());
      EXPECT_LT(Clock::now() - released, kSoon);
    });
    eventually([&] { return rig.ownership->waiting_threads() == 1; });
    released = Clock::now();
    rig.ownership->release(self, &stays);
    visitor.join();
    ASSERT_TRUE(rig.ownership->reacquire(self, &stays));
  }).join();
}

// F-4, in the window: the owner's release falls between the waiter's first look and its second.
TEST(Race, AWaiterLooksOnceMoreAfterItHasEnqueued) {
  Rig rig(kMonitorNeverTakes);
  CallSite stays(CallSite::kCertain);
  host_thread(rig, [&](VmThread& self) {
    Hold waiter("waiter: before it looks once more");
    Hold release("release: before its look", std::this_thread::get_id());
    std::thread visitor([&] { EXPECT_TRUE(rig.visit()); });
    waiter.wait_until_reached();
    std::thread helper([&] {
      release.wait_until_reached();  // it has stored, and not looked
      waiter.let_go();
      visitor.join();  // so that only the waiter's second look can have found it
      release.let_go();
    });
    rig.ownership->release(self, &stays);
    helper.join();
    ASSERT_TRUE(rig.ownership->reacquire(self, &stays));
  }).join();
}

// A grant that has been made, but not yet taken up, while the former owner comes back.
TEST(Race, AGrantNotYetTakenUpCounts) {
  Rig rig;
  host_thread(rig, [&](VmThread& self) {
    rig.machine.work(self);
    Hold granted("owner: before it saves");
    std::thread visitor([&] { EXPECT_TRUE(rig.visit()); });
    std::thread helper([&] {
      granted.wait_until_reached();
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
      granted.let_go();
    });
    rig.ownership->release(self);
    granted.wait_until_reached();
    ASSERT_TRUE(rig.ownership->reacquire(self));
    rig.machine.work(self);
    visitor.join();
    helper.join();
  }).join();
}

// F-41, F-102: a thread that was told "alive" asks for the machine after it closed; one that waits is sent back.
TEST(Race, ShutdownSendsBackWhoIsOnTheWayIn) {
  Rig rig(kMonitorNeverTakes);
  Hold entering("reacquire: before its swap");
  std::thread late;
  std::thread waiting;
  {
    VmThread* self = attach_current(rig.ownership);
    late = std::thread([&] {
      EXPECT_FALSE(rig.ownership->is_shut_down());
      EXPECT_FALSE(rig.visit());
    });
    entering.wait_until_reached();
    ASSERT_TRUE(rig.ownership->request(*self));
    waiting = std::thread([&] { EXPECT_FALSE(rig.visit()); });
    eventually([&] { return rig.ownership->waiting_threads() == 1; });
    rig.ownership->shutdown();
    entering.let_go();
    late.join();
    waiting.join();
    EXPECT_TRUE(rig.ownership->owns(*self));
    rig.ownership->retire(*self);
    EXPECT_TRUE(detach_current(*rig.ownership));
  }
}

// F-120: there is no thread for the monitor: those who wait look by themselves.
TEST(Race, WithoutMemoryForAMonitorWaitersLookThemselves) {
  const Failure none("monitor");
  Rig rig;
  host_thread(rig, [&](VmThread& self) {
    rig.machine.work(self);
    rig.ownership->release(self);
    std::thread([&] { EXPECT_TRUE(rig.visit()); }).join();
    ASSERT_TRUE(rig.ownership->reacquire(self));
    rig.machine.work(self);
  }).join();
  EXPECT_EQ(rig.ownership->counters().taken_away, 1U);
}

// F-42: no memory for a thread's record.
TEST(Race, AThreadThatCannotAttachIsToldAndMayTryAgain) {
  Rig rig;
  {
    const Failure none("attach");
    EXPECT_EQ(current_or_attach(rig.ownership), nullptr);
  }
  EXPECT_NE(current_or_attach(rig.ownership), nullptr);
  EXPECT_TRUE(detach_current(*rig.ownership));
}

}  // namespace
}  // namespace pinion::threads
