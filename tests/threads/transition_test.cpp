// Going into C and coming back: nesting, errno, signals, locks of C's own (reference threading 5.2, 5.7, 5.10).
// "Callbacks" are plain C++ functions here that do what a callback's entry and exit do.

#include <gtest/gtest.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <latch>
#include <mutex>
#include <vector>

#include "sanitizers.hpp"
#include "test_machine.hpp"

namespace pinion::threads {
namespace {

// C, called by the host, calls back, and so on; at each level somebody else uses the machine meanwhile, if asked to.
void nest(Rig& rig, VmThread& self, int depth, const std::function<void()>& in_c) {
  rig.machine.work(self);
  if (depth == 0) return;
  rig.ownership->release(self);
  in_c();
  ASSERT_TRUE(rig.ownership->reacquire(self));  // the callback begins
  nest(rig, self, depth - 1, in_c);
  rig.ownership->release(self);  // and ends
  ASSERT_TRUE(rig.ownership->reacquire(self));
  rig.machine.work(self);
}

// F-8 on the thread that made the machine.
TEST(Nesting, AThousandLevelsOnTheMainThread) {
  Rig rig;
  VmThread* self = attach_current(rig.ownership);
  ASSERT_TRUE(rig.ownership->request(*self));
  nest(rig, *self, 1000, [] {});
  EXPECT_EQ(rig.machine.counter(), 2001U);
  EXPECT_EQ(rig.ownership->counters().slow_entries, 1U);
  rig.ownership->retire(*self);
  EXPECT_TRUE(detach_current(*rig.ownership));
}

// F-8 on a thread of the host's pool, F-9: the machine taken at each level.
TEST(Nesting, AThousandLevelsWithTheMachineTakenAtEach) {
  Rig rig;
  constexpr unsigned kDepth = kThreadSanitizer ? 200 : 1000;  // ThreadSanitizer's threads are slow to start
  unsigned visits = 0;
  host_thread(rig, [&](VmThread& self) {
    nest(rig, self, kDepth, [&] { std::thread([&] { visits += rig.visit() ? 1 : 0; }).join(); });
  }).join();
  EXPECT_EQ(visits, kDepth);
  EXPECT_EQ(rig.machine.counter(), 3 * kDepth + 1);
  EXPECT_EQ(rig.machine.restores(), kDepth);
  EXPECT_EQ(rig.ownership->attached_threads(), 0U);
}

// F-8 on a foreign thread with 512 KiB of stack.
TEST(Nesting, AThousandLevelsOnAForeignThread) {
  Rig rig;
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, kSanitizers ? 4 << 20 : 512 << 10);
  pthread_t thread;
  const auto run = [](void* it) -> void* {
    Rig& there = *static_cast<Rig*>(it);
    VmThread* self = current_or_attach(there.ownership);
    EXPECT_TRUE(there.ownership->request(*self));
    nest(there, *self, 1000, [] {});
    there.ownership->retire(*self);
    return nullptr;
  };
  ASSERT_EQ(pthread_create(&thread, &attributes, run, &rig), 0);
  pthread_join(thread, nullptr);
  pthread_attr_destroy(&attributes);
  EXPECT_EQ(rig.machine.counter(), 2001U);
}

// F-7: every thread is in C; whoever comes back, or calls back, gets the machine.
TEST(Transition, WhileEverybodyIsInCWhoeverReturnsOwns) {
  Rig rig;
  constexpr int kThreads = 4;
  std::latch in_c(kThreads);
  std::vector<std::unique_ptr<std::latch>> may_return;
  for (int i = 0; i < kThreads; ++i) may_return.push_back(std::make_unique<std::latch>(1));
  std::vector<std::thread> threads;
  std::atomic<int> back{0};
  for (int i = 0; i < kThreads; ++i) {
    threads.push_back(host_thread(rig, [&, i](VmThread& self) {
      rig.machine.work(self);
      rig.ownership->release(self);
      in_c.count_down();
      may_return[i]->wait();
      ASSERT_TRUE(rig.ownership->reacquire(self));
      rig.machine.work(self);
      ++back;
    }));
  }
  in_c.wait();
  EXPECT_TRUE(rig.visit());
  for (int i : {2, 0, 3, 1}) {
    const int before = back;
    may_return[i]->count_down();
    eventually([&] { return back == before + 1; });
    EXPECT_TRUE(rig.visit());
  }
  for (std::thread& each : threads) each.join();
  EXPECT_TRUE(detach_current(*rig.ownership));
}

// F-76, F-77, F-78: errno is C's, on every path: fast, taken by the monitor, waiting, granting, shut down.
TEST(Errno, SurvivesEveryTransition) {
  Rig rig;
  std::thread visitor;
  host_thread(rig, [&](VmThread& self) {
    errno = 77;
    rig.ownership->release(self);
    EXPECT_EQ(errno, 77);
    ASSERT_TRUE(rig.ownership->reacquire(self));
    EXPECT_EQ(errno, 77);
    ASSERT_TRUE(rig.ownership->poll(self));
    EXPECT_EQ(errno, 77);

    rig.ownership->release(self);
    std::thread([&] {
      errno = 78;
      EXPECT_NE(current_or_attach(rig.ownership), nullptr);
      EXPECT_EQ(errno, 78);
      EXPECT_TRUE(rig.visit());  // waits, and starts the monitor
      EXPECT_EQ(errno, 78) << "each thread has its own";
      EXPECT_TRUE(detach_current(*rig.ownership));
      EXPECT_EQ(errno, 78);
    }).join();
    errno = 79;
    ASSERT_TRUE(rig.ownership->reacquire(self));
    EXPECT_EQ(errno, 79) << "the slow way back";

    visitor = std::thread([&] { EXPECT_TRUE(rig.visit()); });
    eventually([&] { return rig.ownership->waiting_threads() == 1; });
    errno = 80;
  }).join();  // retires, and grants
  visitor.join();
  host_thread(rig, [&](VmThread& self) {
    visitor = std::thread([&] { EXPECT_TRUE(rig.visit()); });
    eventually([&] { return rig.ownership->waiting_threads() == 1; });
    errno = 81;
    while (rig.ownership->waiting_threads() != 0) ASSERT_TRUE(rig.ownership->poll(self));
    EXPECT_EQ(errno, 81) << "a poll that waits";
    rig.ownership->shutdown();
    EXPECT_EQ(errno, 81);
  }).join();
  visitor.join();
  errno = 82;
  EXPECT_FALSE(rig.visit());
  EXPECT_EQ(errno, 82);
  EXPECT_TRUE(detach_current(*rig.ownership));
  EXPECT_EQ(errno, 82);
}

// Signals reach a thread that waits: it goes on waiting (reference F-83; handlers themselves may not enter).
TEST(Signals, AWaitingThreadHandlesThemAndGoesOnWaiting) {
  static std::atomic<int> handled{0};
  handled = 0;
  struct sigaction action {};
  struct sigaction old {};
  action.sa_handler = [](int) { ++handled; };
  sigaction(SIGUSR1, &action, &old);
  Rig rig({kNever, kNever});
  host_thread(rig, [&](VmThread&) {
    std::atomic<bool> done{false};
    std::thread visitor([&] {
      EXPECT_TRUE(rig.visit());
      done = true;
    });
    eventually([&] { return rig.ownership->waiting_threads() == 1; });
    for (int i = 1; i <= 20; ++i) {
      pthread_kill(visitor.native_handle(), SIGUSR1);
      // ThreadSanitizer keeps a signal until its thread calls something that it knows, which the wait is not.
      if (!kThreadSanitizer) eventually([&] { return handled >= i; });
    }
    EXPECT_FALSE(done);
    std::thread([&, visitor = std::move(visitor)]() mutable { visitor.join(); }).detach();
  }).join();
  eventually([&] { return rig.ownership->attached_threads() == 0; });
  sigaction(SIGUSR1, &old, nullptr);
}

// F-86: the monitor takes no signal that was meant for the program.
TEST(Signals, TheMonitorTakesNone) {
  sigset_t mask;
  sigset_t old;
  sigemptyset(&mask);
  sigaddset(&mask, SIGUSR2);
  pthread_sigmask(SIG_BLOCK, &mask, &old);  // every thread of this process, but perhaps the monitor
  Rig rig;
  host_thread(rig, [&](VmThread& self) {
    rig.ownership->release(self);
    std::thread([&] { EXPECT_TRUE(rig.visit()); }).join();
    ASSERT_TRUE(rig.ownership->reacquire(self));
  }).join();
  ASSERT_GT(rig.ownership->counters().monitor_looks, 0U);
  kill(getpid(), SIGUSR2);
  int taken = 0;
  EXPECT_EQ(sigwait(&mask, &taken), 0) << "the default action would have ended the process";
  EXPECT_EQ(taken, SIGUSR2);
  pthread_sigmask(SIG_SETMASK, &old, nullptr);
}

// F-116: C holds a lock of its own across a callback, while the owner calls a function that takes that lock.
TEST(Transition, ALockOfCsOwnDoesNotDeadlock) {
  Rig rig;
  std::mutex of_c;
  std::latch locked(1);
  host_thread(rig, [&](VmThread& self) {
    std::thread other([&] {
      const std::lock_guard lock(of_c);
      locked.count_down();
      EXPECT_TRUE(rig.visit());
    });
    locked.wait();
    rig.ownership->release(self);
    { const std::lock_guard lock(of_c); }
    ASSERT_TRUE(rig.ownership->reacquire(self));
    other.join();
  }).join();
}

// F-117: a call joins a thread that itself calls back.
TEST(Transition, ACallMayJoinAThreadThatCallsBack) {
  Rig rig;
  host_thread(rig, [&](VmThread& self) {
    for (int i = 0; i < 50; ++i) {
      rig.machine.work(self);
      rig.ownership->release(self);
      std::thread([&] { EXPECT_TRUE(rig.visit()); }).join();
      ASSERT_TRUE(rig.ownership->reacquire(self));
    }
  }).join();
  EXPECT_EQ(rig.machine.counter(), 100U);
}

}  // namespace
}  // namespace pinion::threads
