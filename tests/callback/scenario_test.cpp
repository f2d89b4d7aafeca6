// The scenarios of reference threading section 5 that need real callbacks, each by its number.
#include <gtest/gtest.h>
#include <pthread.h>

#include <atomic>
#include <chrono>
#include <latch>
#include <stdexcept>
#include <thread>

#include "ffi/callback/active_calls.hpp"
#include "scene.hpp"

namespace pinion::callback {
namespace {

using threads::eventually;
using threads::host_thread;
using threads::VmThread;

VmThread& me(Scene& scene) {
  return *threads::current(*scene.rig.ownership);
}

// F-8: a call into C that calls back, whose handler calls into C, and so on, 1,000 deep; on a host's and a foreign
// thread.
TEST(Scenario, F8_NestsAThousandDeep) {
  Scene scene;
  Scene::Function function = nullptr;
  function = scene.make_function([&](long depth) {
    scene.rig.machine.work(me(scene));
    long below = 0;
    if (depth > 0) {
      EXPECT_TRUE(scene.call_out([&] { below = function(depth - 1); }));
    }
    scene.rig.machine.work(me(scene));
    return below + 1;
  });
  host_thread(scene.rig, [&](VmThread&) {
    long result = 0;
    EXPECT_TRUE(scene.call_out([&] { result = function(999); }));
    EXPECT_EQ(result, 1000);
  }).join();
  std::thread([&] { EXPECT_EQ(function(999), 1000); }).join();
}

// F-16, without a heap: foreign threads call back all the time while the owner works and polls.
TEST(Scenario, F16_CallbacksWaitForTheOwner) {
  Scene scene;
  const auto function = scene.make_function([&](long value) {
    scene.rig.machine.work(me(scene));
    return value + 1;
  });
  std::atomic<bool> stop = false;
  std::thread owner = host_thread(scene.rig, [&](VmThread& self) {
    while (!stop) {
      for (int k = 0; k < 100; ++k) scene.rig.machine.work(self);
      if (!scene.rig.ownership->poll(self)) return;
    }
  });
  std::vector<std::thread> foreign;
  std::atomic<int> wrong = 0;
  for (long t = 0; t < 4; ++t) {
    foreign.emplace_back([&, t] {
      for (long k = 0; k < 50; ++k) wrong += function(t * k) != t * k + 1;
    });
  }
  for (auto& thread : foreign) thread.join();
  stop = true;
  owner.join();
  EXPECT_EQ(wrong, 0);
}

// F-17: one callback entered by 64 threads at once, with arguments of their own.
TEST(Scenario, F17_EveryInvocationHasItsOwnArguments) {
  Scene scene;
  const auto function = scene.make_function([](long value) { return value; });
  std::latch together(64);
  std::atomic<int> wrong = 0;
  std::vector<std::thread> foreign;
  for (long t = 0; t < 64; ++t) {
    foreign.emplace_back([&, t] {
      together.arrive_and_wait();
      for (long k = 0; k < 200; ++k) wrong += function(t << 32 | k) != (t << 32 | k);
    });
  }
  for (auto& thread : foreign) thread.join();
  EXPECT_EQ(wrong, 0);
}

// F-18: recursion through C on a foreign thread attaches once.
TEST(Scenario, F18_OnlyTheOutermostAttaches) {
  Scene scene;
  Scene::Function function = nullptr;
  function = scene.make_function([&](long depth) {
    long below = 0;
    if (depth > 0) {
      EXPECT_TRUE(scene.call_out([&] { below = function(depth - 1); }));
    }
    return below + 1;
  });
  std::thread([&] {
    EXPECT_EQ(function(5), 6);
    EXPECT_EQ(scene.rig.ownership->counters().attached, 1U);
  }).join();
}

// F-19: the machine was taken from a thread inside C, which then calls back: it waits for its turn, and its own state
// is there (TestMachine::work checks it).
TEST(Scenario, F19_CallbackAfterTheMachineWasTaken) {
  Scene scene;
  const auto function = scene.make_function([&](long value) {
    scene.rig.machine.work(me(scene));
    return value;
  });
  std::atomic<bool> other_ran = false;
  std::thread caller = host_thread(scene.rig, [&](VmThread& self) {
    scene.rig.machine.work(self);
    EXPECT_TRUE(scene.call_out([&] {
      eventually([&] { return other_ran.load(); });
      EXPECT_EQ(function(3), 3);
    }));
    scene.rig.machine.work(self);
  });
  std::thread other = host_thread(scene.rig, [&](VmThread& self) {
    scene.rig.machine.work(self);
    other_ran = true;
  });
  caller.join();
  other.join();
}

// F-20: callbacks on threads A, then B; A returns while B's handler is still away in C.
TEST(Scenario, F20_CallbacksReturnInAnyOrder) {
  Scene scene;
  std::atomic<bool> b_is_away = false, release_b = false;
  const auto slow = scene.make_function([&](long) {
    EXPECT_TRUE(scene.call_out([&] {
      b_is_away = true;
      eventually([&] { return release_b.load(); });
    }));
    return 2;
  });
  const auto quick = scene.make_function([](long) { return 1; });
  std::thread b([&] { EXPECT_EQ(slow(0), 2); });
  eventually([&] { return b_is_away.load(); });
  std::thread([&] { EXPECT_EQ(quick(0), 1); }).join();  // would hang here
  release_b = true;
  b.join();
}

// F-26: freed while another thread runs in it; a thousand others are made and freed meanwhile.
TEST(Scenario, F26_FreedWhileItRuns) {
  Scene scene;
  std::atomic<bool> inside = false, go_on = false;
  Descriptor* callback = scene.make([&](long value) {
    EXPECT_TRUE(scene.call_out([&] {
      inside = true;
      eventually([&] { return go_on.load(); });
    }));
    return value * 2;
  });
  std::thread foreign([&] { EXPECT_EQ(Scene::function(callback)(21), 42); });
  eventually([&] { return inside.load(); });
  scene.callbacks.free(callback);
  for (std::size_t k = 0; k < 2 * (kQuarantine + kBatch); ++k) {
    Descriptor* other = scene.make([](long) { return 0; });
    EXPECT_NE(other, callback);
    scene.callbacks.free(other);
  }
  go_on = true;
  foreign.join();
}

// F-27: a callback that frees itself.
TEST(Scenario, F27_FreesItself) {
  Scene scene;
  Descriptor* callback = nullptr;
  callback = scene.make([&](long value) {
    scene.callbacks.free(callback);
    return value + 1;
  });
  EXPECT_EQ(Scene::function(callback)(1), 2);
  EXPECT_EQ(scene.callbacks.live(), 0U);
}

// F-28: C calls what was freed.
TEST(Scenario, F28_LateCallsAreReported) {
  Scene scene;
  Descriptor* callback = scene.make([](long value) { return value; }, -1, "on_event");
  scene.callbacks.free(callback);
  EXPECT_EQ(Scene::function(callback)(5), -1);
  ASSERT_EQ(scene.reports.size(), 1U);
  EXPECT_EQ(scene.reports[0], "the callback 'on_event' was called after it had been freed");
}

// F-31 and F-70: an error in the handler answers the default and is there when the outer call returns.
TEST(Scenario, F31_ErrorsAnswerTheDefault) {
  Scene scene;
  const auto function = scene.make_function([](long) -> long { throw std::runtime_error("division by zero"); }, -7);
  host_thread(scene.rig, [&](VmThread& self) {
    long result = 0;
    EXPECT_TRUE(scene.call_out([&] { result = function(1); }));
    EXPECT_EQ(result, -7);
    auto& failures = this_thread().failures;
    ASSERT_EQ(failures.size(), 1U);
    EXPECT_EQ(failures[0].message, "division by zero");
    failures.clear();
    scene.rig.machine.work(self);
  }).join();
}

// F-35: a call that promised not to call back, and does.
TEST(Scenario, F35_CallbackFromACriticalCall) {
  Scene scene;
  const auto function = scene.make_function([](long) { return 1; }, -1);
  host_thread(scene.rig, [&](VmThread& self) {
    self.critical = true;
    EXPECT_EQ(function(0), -1);
    self.critical = false;
    EXPECT_TRUE(scene.rig.ownership->owns(self));
  }).join();
}

// F-38, F-43: threads that call back once and end leave nothing.
TEST(Scenario, F43_TenThousandThreadsLeaveNothing) {
  Scene scene;
  const auto function = scene.make_function([](long value) { return value + 1; });
  std::atomic<int> wrong = 0;
  for (int round = 0; round < 1000; ++round) {
    std::vector<std::thread> some;
    for (long t = 0; t < 10; ++t) some.emplace_back([&, t] { wrong += function(t) != t + 1; });
    for (auto& thread : some) thread.join();
  }
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(scene.rig.ownership->counters().attached, 10000U);
  EXPECT_EQ(scene.rig.ownership->attached_threads(), 0U);
  EXPECT_TRUE(running_callbacks().empty());
}

// F-41, F-103: foreign threads go on calling while the machine shuts down: each gets the default, none hangs.
TEST(Scenario, F41_ShutdownAmidCallbacks) {
  Scene scene;
  const auto function = scene.make_function([](long) { return 1; }, -1);
  std::atomic<long> refused = 0, answered = 0;
  std::vector<std::thread> foreign;
  for (int t = 0; t < 8; ++t) {
    foreign.emplace_back([&] {
      while (refused < 100) {
        const long answer = function(0);
        (answer == 1 ? answered : refused) += 1;
      }
    });
  }
  eventually([&] { return answered > 100; });
  host_thread(scene.rig, [&](VmThread&) { scene.rig.ownership->shutdown(); }).join();
  for (auto& thread : foreign) thread.join();
  EXPECT_GE(refused, 100);
}

// F-45: a thread with the smallest stack there is.
TEST(Scenario, F45_SmallStack) {
  Scene scene;
  struct Start {
    Scene::Function function;
    long result;
  } start{scene.make_function([](long value) { return value * 3; }), 0};
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  ASSERT_EQ(pthread_attr_setstacksize(&attributes, 16384), 0);
  pthread_t thread;
  ASSERT_EQ(pthread_create(
                &thread, &attributes,
                [](void* data) -> void* {
                  auto& s = *static_cast<Start*>(data);
                  s.result = s.function(14);
                  return nullptr;
                },
                &start),
            0);
  pthread_join(thread, nullptr);
  pthread_attr_destroy(&attributes);
  EXPECT_EQ(start.result, 42);
}

// F-117: a call that waits for a thread which calls back.
TEST(Scenario, F117_CalleeJoinsAThreadThatCallsBack) {
  Scene scene;
  const auto function = scene.make_function([](long value) { return value + 1; });
  host_thread(scene.rig, [&](VmThread& self) {
    long result = 0;
    EXPECT_TRUE(scene.call_out([&] { std::thread([&] { result = function(1); }).join(); }));
    EXPECT_EQ(result, 2);
    scene.rig.machine.work(self);
  }).join();
}

}  // namespace
}  // namespace pinion::callback
