// 64 foreign threads call back while host threads call out: no callback is lost or doubled, and each thread's come in
// order. A million callbacks in all; PINION_TEST_CALLBACKS asks for another number (10000000 for the full count).
#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <thread>

#include "scene.hpp"

namespace pinion::callback {
namespace {

constexpr long kForeign = 64;

long callbacks_wanted() {
  const char* text = std::getenv("PINION_TEST_CALLBACKS");
  return text == nullptr ? 1000000 : std::atol(text);
}

TEST(Stress, SixtyFourForeignThreads) {
  Scene scene;
  const long each = callbacks_wanted() / kForeign;
  std::array<long, kForeign> next{};  // by thread: what must come; protected by ownership only
  long out_of_order = 0, total = 0;
  const auto function = scene.make_function([&](long value) {
    const auto thread = static_cast<std::size_t>(value >> 40);
    const long number = value & ((1L << 40) - 1);
    out_of_order += next[thread]++ != number;
    ++total;
    return ~value;
  });
  std::atomic<bool> stop = false;
  std::vector<std::thread> hosts;
  for (int h = 0; h < 2; ++h) {
    hosts.push_back(threads::host_thread(scene.rig, [&](threads::VmThread& self) {
      while (!stop) {
        scene.rig.machine.work(self);
        if (!scene.call_out([] { std::this_thread::sleep_for(std::chrono::microseconds(20)); })) return;
        if (!scene.rig.ownership->poll(self)) return;
      }
    }));
  }
  std::atomic<long> wrong = 0;
  std::vector<std::thread> foreign;
  for (long t = 0; t < kForeign; ++t) {
    foreign.emplace_back([&, t] {
      for (long k = 0; k < each; ++k) {
        const long value = t << 40 | k;
        wrong += function(value) != ~value;
      }
    });
  }
  for (auto& thread : foreign) thread.join();
  stop = true;
  for (auto& thread : hosts) thread.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(out_of_order, 0);
  EXPECT_EQ(total, each * kForeign);
  for (const long last : next) EXPECT_EQ(last, each);
}

}  // namespace
}  // namespace pinion::callback
