// Threads that come, go and die; forks; shutdown with calls outstanding (reference threading 5.4, 5.8, 5.9).

#include <gtest/gtest.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <climits>
#include <csetjmp>
#include <latch>
#include <vector>

#include "sanitizers.hpp"
#include "test_machine.hpp"

namespace pinion::threads {
namespace {

using std::chrono::microseconds;

// A thread made by C, with a stack of that size.
void run_on_stack(std::size_t size, std::function<void()> body) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  ASSERT_EQ(pthread_attr_setstacksize(&attributes, size), 0);
  pthread_t thread;
  const auto run = [](void* function) -> void* { return (*static_cast<std::function<void()>*>(function))(), nullptr; };
  ASSERT_EQ(pthread_create(&thread, &attributes, run, &body), 0);
  pthread_join(thread, nullptr);
  pthread_attr_destroy(&attributes);
}

// F-38, F-43, F-44: threads whose ids are used again come, call back, and end without a word.
TEST(Life, TenThousandThreadsLeaveNothingBehind) {
  Rig rig;
  const int batches = kThreadSanitizer ? 100 : 1250;
  for (int batch = 0; batch < batches; ++batch) {
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&] {
        EXPECT_EQ(current(*rig.ownership), nullptr) << "a thread id is no identity";
        EXPECT_TRUE(rig.visit());
        EXPECT_TRUE(rig.visit());
      });
    }
    for (std::thread& each : threads) each.join();
    ASSERT_EQ(rig.ownership->attached_threads(), 0U);
  }
  EXPECT_EQ(rig.machine.counter(), 16U * batches);
  EXPECT_EQ(rig.machine.detached_threads(), 8U * batches);
  EXPECT_EQ(rig.ownership.use_count(), 1);
}

// F-39: a callback from a TLS destructor that runs after ours.
TEST(Life, AThreadMayCallBackWhileItEnds) {
  Rig rig;
  static Rig* there = nullptr;
  static int rounds = 0;
  there = &rig;
  rounds = 0;
  const int last_round = kThreadSanitizer ? 2 : 3;  // ThreadSanitizer itself ends with the last one
  pthread_key_t key;
  ASSERT_EQ(pthread_key_create(&key,
                               [](void* value) {
                                 const auto left = reinterpret_cast<std::intptr_t>(value);
                                 EXPECT_TRUE(there->visit());
                                 ++rounds;
                                 pthread_key_t again = static_cast<pthread_key_t>(left >> 8);
                                 if ((left & 0xFF) > 1) {
                                   pthread_setspecific(again, reinterpret_cast<void*>(left - 1));
                                 }
                               }),
            0);
  std::thread([&] {
    EXPECT_TRUE(rig.visit());
    pthread_setspecific(key, reinterpret_cast<void*>((static_cast<std::intptr_t>(key) << 8) | last_round));
  }).join();
  EXPECT_EQ(rounds, last_round);
  EXPECT_EQ(rig.ownership->attached_threads(), 0U);
  EXPECT_GE(rig.machine.detached_threads(), 2U);
  pthread_key_delete(key);
}

// F-45: the smallest stack there is; and again while the machine must be waited for, and the monitor started.
TEST(Life, TheSmallestStackIsEnough) {
  const std::size_t size = kSanitizers ? 256 * 1024 : 16 * 1024;
  Rig rig;
  run_on_stack(size, [&] { EXPECT_TRUE(rig.visit()); });
  host_thread(rig, [&](VmThread& self) {
    rig.ownership->release(self);
    run_on_stack(size, [&] { EXPECT_TRUE(rig.visit()); });
    ASSERT_TRUE(rig.ownership->reacquire(self));
  }).join();
  EXPECT_EQ(rig.machine.counter(), 2U);
}

// F-49, F-50.
TEST(Life, DetachIsRefusedWithACallbackInFlight) {
  Rig rig;
  EXPECT_FALSE(detach_current(*rig.ownership)) << "not attached";
  VmThread* self = current_or_attach(rig.ownership);
  ASSERT_TRUE(rig.ownership->request(*self));    // C calls back,
  rig.ownership->release(*self);                 // the handler calls C,
  EXPECT_FALSE(detach_current(*rig.ownership));  // which detaches
  ASSERT_TRUE(rig.ownership->reacquire(*self));
  EXPECT_FALSE(detach_current(*rig.ownership)) << "it owns";
  rig.ownership->retire(*self);
  EXPECT_TRUE(detach_current(*rig.ownership));
  EXPECT_FALSE(detach_current(*rig.ownership)) << "once is enough";
}

// F-15.
TEST(LifeDeathTest, AnOwnerThatEndsIsReportedByName) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  const auto owner_ends = [] {
    Rig rig;
    host_thread(rig, [&](VmThread&) {
      pthread_setname_np(pthread_self(), "careless");
      pthread_exit(nullptr);
    }).join();
  };
  EXPECT_DEATH(owner_ends(), "thread 'careless' \\(tag 1\\) ended while it owned the virtual machine");
}

// F-14.
TEST(LifeDeathTest, AskingForWhatOneOwnsIsReported) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  const auto twice = [] {
    Rig rig;
    VmThread* self = attach_current(rig.ownership);
    EXPECT_TRUE(rig.ownership->request(*self) && rig.ownership->reacquire(*self));
  };
  EXPECT_DEATH(twice(), "asks for the virtual machine, which it owns already");
}

// Cancelled or ended inside C: the machine is not its own there, and the hook cleans up.
TEST(Life, AThreadThatEndsInsideCLeavesTheMachineToOthers) {
  Rig rig;
  std::thread ended = host_thread(rig, [&](VmThread& self) {
    rig.machine.work(self);
    rig.ownership->release(self);
    pthread_exit(nullptr);
  });
  ended.join();
  std::atomic<bool> in_c{false};
  std::thread cancelled = host_thread(rig, [&](VmThread& self) {
    rig.machine.work(self);
    rig.ownership->release(self);
    in_c = true;
    for (;;) pause();
  });
  eventually([&] { return in_c.load(); });
  pthread_cancel(cancelled.native_handle());
  cancelled.join();
  EXPECT_EQ(rig.ownership->attached_threads(), 0U);
  EXPECT_TRUE(rig.visit());
  EXPECT_EQ(rig.machine.saves(), 0U);
  EXPECT_TRUE(detach_current(*rig.ownership));
}

// longjmp inside C, over C frames only: nothing of ours is on them.
TEST(Life, LongjmpInsideCChangesNothing) {
  Rig rig;
  host_thread(rig, [&](VmThread& self) {
    rig.machine.work(self);
    rig.ownership->release(self);
    static jmp_buf target;
    if (setjmp(target) == 0) longjmp(target, 1);
    ASSERT_TRUE(rig.ownership->reacquire(self));
    rig.machine.work(self);
  }).join();
}

// The child's exit status: that of `body`, run in a fork's child of this thread.
int in_child(const std::function<int()>& body) {
  const pid_t child = fork();
  if (child == 0) _exit(body());
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

// F-88: fork inside a call that nobody interrupted: the child has the machine.
TEST(Fork, TheChildOfTheLastOwnerHasTheMachine) {
  if (kThreadSanitizer) GTEST_SKIP() << "ThreadSanitizer ends a child that starts a thread";
  Rig rig;
  host_thread(rig, [&](VmThread& self) {
    rig.machine.work(self);
    rig.ownership->release(self);
    EXPECT_EQ(in_child([&] {
                if (!rig.ownership->reacquire(self)) return 1;
                rig.machine.work(self);
                rig.ownership->release(self);
                std::thread([&] { rig.visit(); }).join();  // needs a monitor, which is started again
                if (!rig.ownership->reacquire(self)) return 2;
                rig.machine.work(self);
                rig.ownership->shutdown();
                return rig.machine.faults() == 0 && rig.machine.counter() == 4 ? 0 : 3;
              }),
              0);
    ASSERT_TRUE(rig.ownership->reacquire(self));
    rig.machine.work(self);
  }).join();
}

// F-88: the machine had been taken meanwhile; its state belongs to a thread that the child does not have.
TEST(Fork, TheChildOfOneWhoLostTheMachineIsRefused) {
  Rig rig;
  std::atomic<bool> forked{false};
  host_thread(rig, [&](VmThread& self) {
    rig.ownership->release(self);
    std::atomic<bool> taken{false};
    VmThread* other = nullptr;
    std::thread thief = host_thread(rig, [&](VmThread& its) {
      other = &its;
      taken = true;
      eventually([&] { return forked.load(); });
    });
    eventually([&] { return taken.load(); });
    EXPECT_EQ(in_child([&] { return rig.ownership->reacquire(self) || !other->lost || self.lost ? 1 : 0; }), 0);
    forked = true;
    thief.join();
    ASSERT_TRUE(rig.ownership->reacquire(self)) << "the parent never noticed";
  }).join();
}

// F-89: forked by a thread that has nothing to do with it, while the machine is owned, waited for and monitored.
TEST(Fork, AStrangersChildIsRefusedAndMayEndTheOwnership) {
  Rig rig;
  std::atomic<bool> stop{false};
  std::thread owner = host_thread(rig, [&](VmThread& self) {
    while (!stop) {
      rig.machine.work(self);
      ASSERT_TRUE(rig.ownership->poll(self));
    }
  });
  std::thread visitor([&] {
    while (!stop) ASSERT_TRUE(rig.visit());
  });
  eventually([&] { return rig.ownership->counters().grants > 10; });
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(in_child([&] {
                VmThread* self = rig.ownership->attach();
                if (rig.ownership->is_shut_down() && rig.ownership->request(*self)) return 1;
                rig.ownership->shutdown();
                std::destroy_at(rig.ownership.get());  // does not wait for threads that are not there
                return 0;
              }),
              0);
  }
  stop = true;
  owner.join();
  visitor.join();
}

// F-96: a hundred calls that do not come back are left where they are; when they do, each is told.
TEST(Shutdown, DoesNotWaitForCallsAndRefusesThemLater) {
  Rig rig;
  constexpr int kCalls = 100;
  std::latch in_c(kCalls);
  std::latch shut(1);
  std::atomic<int> refused{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < kCalls; ++i) {
    threads.push_back(host_thread(rig, [&](VmThread& self) {
      rig.machine.work(self);
      rig.ownership->release(self);
      in_c.count_down();
      shut.wait();
      if (!rig.ownership->reacquire(self)) ++refused;
    }));
  }
  in_c.wait();
  VmThread* self = attach_current(rig.ownership);
  ASSERT_TRUE(rig.ownership->request(*self));
  rig.ownership->shutdown();
  shut.count_down();
  for (std::thread& each : threads) each.join();
  EXPECT_EQ(refused, kCalls);
  EXPECT_EQ(rig.machine.detached_threads(), 0U) << "the host is not called after shutdown";
  rig.ownership->retire(*self);
  EXPECT_TRUE(detach_current(*rig.ownership));
  EXPECT_EQ(rig.ownership->attached_threads(), 0U);
}

// F-97: callbacks come after the end, and what they need is still there.
TEST(Shutdown, AThreadThatIsAttachedMayComeLate) {
  std::latch ended(1);
  std::latch attached(1);
  std::thread late;
  std::weak_ptr<Ownership> watch;
  {
    Rig rig;
    watch = rig.ownership;
    late = std::thread([&, ownership = rig.ownership.get()] {
      VmThread* self = current_or_attach(watch.lock());
      attached.count_down();
      ended.wait();
      EXPECT_FALSE(ownership->request(*self));
    });
    attached.wait();
  }
  EXPECT_FALSE(watch.expired());
  ended.count_down();
  late.join();
  EXPECT_TRUE(watch.expired());
}

// F-41.
TEST(Shutdown, ThreadsThatAttachMeanwhileAreRefused) {
  Rig rig;
  std::atomic<int> refused{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      while (rig.visit()) detach_current(*rig.ownership);
      ++refused;
    });
  }
  VmThread* self = attach_current(rig.ownership);
  std::this_thread::sleep_for(std::chrono::milliseconds(5));
  ASSERT_TRUE(rig.ownership->request(*self));
  rig.ownership->shutdown();
  for (std::thread& each : threads) each.join();
  EXPECT_EQ(refused, 8);
  rig.ownership->retire(*self);
  EXPECT_TRUE(detach_current(*rig.ownership));
}

}  // namespace
}  // namespace pinion::threads
