// Random calls, visits, polls, arrivals and departures, all at once. PINION_TEST_SEED repeats a run's decisions,
// PINION_TEST_COUNT says how many operations each thread makes.

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <random>
#include <vector>

#include "sanitizers.hpp"
#include "test_machine.hpp"

namespace pinion::threads {
namespace {

std::uint64_t setting(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 0);
}

class Stress : public testing::Test {
 protected:
  // How long a call or a handler lasts: mostly nothing, sometimes about the grace time, rarely a sleep.
  static void linger(std::mt19937_64& random) {
    const auto kind = random() % 1000;
    if (kind < 900) return;
    if (kind < 990) {
      for (auto spins = random() % 100; spins != 0; --spins) std::atomic_signal_fence(std::memory_order_seq_cst);
    } else if (kind < 998) {
      const auto end = std::chrono::steady_clock::now() + std::chrono::microseconds(30 + random() % 40);
      while (std::chrono::steady_clock::now() < end) {
      }
    } else {
      std::this_thread::sleep_for(std::chrono::microseconds(random() % 200));
    }
  }

  // Dirties cold cache lines, so that the store buffer is full when ownership changes (reference threading 4.11).
  void scatter(std::mt19937_64& random) {
    for (int i = 0; i < 16; ++i) cold[random() % cold.size()].store(1, std::memory_order_relaxed);
  }

  const std::uint64_t seed = setting("PINION_TEST_SEED", std::random_device{}());
  const std::uint64_t count = setting("PINION_TEST_COUNT", kSanitizers ? 20'000 : 100'000);
  std::vector<std::atomic<char>> cold = std::vector<std::atomic<char>>(8 << 20);
};

TEST_F(Stress, NeverTwoOwnersNothingLost) {
  RecordProperty("seed", std::to_string(seed));
  SCOPED_TRACE("PINION_TEST_SEED=" + std::to_string(seed));
  Rig rig;
  std::atomic<std::uint64_t> done{0};
  std::vector<std::thread> threads;
  for (std::uint64_t i = 0; i < 4; ++i) {
    threads.push_back(host_thread(
        rig,
        [&, i](VmThread& self) {
          std::mt19937_64 random(seed * 100 + i);
          CallSite sites[3];
          std::uint64_t mine = 0;
          for (std::uint64_t n = 0; n < count; ++n) {
            CallSite* site = random() % 4 == 0 ? nullptr : &sites[random() % 3];
            rig.machine.work(self), ++mine;
            if (random() % 8 == 0) scatter(random);
            rig.ownership->release(self, site);
            linger(random);
            ASSERT_TRUE(rig.ownership->reacquire(self, site));
            if (random() % 16 == 0) {
              ASSERT_TRUE(rig.ownership->poll(self));
            }
          }
          done += mine;
        },
        static_cast<int>(i % 2)));
  }
  for (std::uint64_t i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      std::mt19937_64 random(seed * 100 + 50 + i);
      std::uint64_t mine = 0;
      for (std::uint64_t n = 0; n < count; ++n) {
        ASSERT_TRUE(rig.visit());
        ++mine;
        linger(random);
        if (random() % 64 == 0) {
          ASSERT_TRUE(detach_current(*rig.ownership));
        }
      }
      done += mine;
    });
  }
  for (std::thread& each : threads) each.join();
  EXPECT_EQ(rig.machine.counter(), done.load());
  EXPECT_EQ(rig.ownership->attached_threads(), 0U);
}

TEST_F(Stress, ShutdownAtAnyMoment) {
  SCOPED_TRACE("PINION_TEST_SEED=" + std::to_string(seed));
  std::mt19937_64 random(seed);
  for (int round = 0; round < 50; ++round) {
    Rig rig;
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; ++i) {
      threads.push_back(host_thread(rig, [&](VmThread& self) {
        do {
          rig.machine.work(self);
          rig.ownership->release(self);
        } while (rig.ownership->reacquire(self) && rig.ownership->poll(self));
      }));
      threads.emplace_back([&] {
        while (rig.visit()) {
        }
      });
    }
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 3000));
    host_thread(rig, [&](VmThread&) { rig.ownership->shutdown(); }).join();
    for (std::thread& each : threads) each.join();
    ASSERT_EQ(rig.ownership->attached_threads(), 0U);
  }
}

}  // namespace
}  // namespace pinion::threads
