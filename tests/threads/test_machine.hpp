// A virtual machine to own: registers and a counter that no lock protects but ownership. It notices two owners, lost
// updates, and registers that were not put aside or brought back.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "ffi/threads/current_thread.hpp"
#include "ffi/threads/ownership.hpp"
#include "sanitizers.hpp"

namespace pinion::threads {

class TestMachine : public OwnershipHost {
 public:
  void save(VmThread& absent) override;
  void restore(VmThread& returned) override;
  void detached(VmThread& gone) override;

  // What the owner does with the machine: looks at the registers it left there, and changes them.
  void work(VmThread& owner);

  std::uint64_t counter() const { return counter_; }  // how often work() ran; for the owner, or after all threads
  std::uint64_t faults() const { return faults_.load(); }
  std::uint64_t saves() const { return saves_; }
  std::uint64_t restores() const { return restores_; }
  std::uint64_t detached_threads() const { return detached_.load(); }

 private:
  using Registers = std::array<std::uint64_t, 4>;
  struct Context {  // the host's record of a thread
    Registers saved{};
    Registers expected{};
  };
  Context& context(VmThread& thread);
  static Registers after(Tag tag, std::uint64_t step);
  void fault() { ++faults_; }

  Registers registers_{};
  std::uint64_t counter_ = 0;
  std::uint64_t saves_ = 0;
  std::uint64_t restores_ = 0;
  std::map<Tag, Context> contexts_;
  std::atomic<Tag> owner_{0};
  std::atomic<std::uint64_t> faults_{0};
  std::atomic<std::uint64_t> detached_{0};
};

// A machine with its Ownership, shut down at the end of the test, which fails if the machine noticed anything.
struct Rig {
  explicit Rig(OwnershipPolicy policy = {});
  ~Rig();

  // What a C function's callback does, on a thread the host did not make. False: shut down.
  bool visit();

  TestMachine machine;
  std::shared_ptr<Ownership> ownership;
};

// A host's thread: attached for its lifetime, owner when the function begins, and retires when it returns.
std::thread host_thread(Rig& rig, std::function<void(VmThread&)> body, int priority = 0);

// Waits, without a limit but ctest's, for something that must happen.
template <class Condition>
void eventually(Condition condition) {
  while (!condition()) std::this_thread::sleep_for(std::chrono::microseconds(100));
}

// Times in which what should never happen has no chance, and what should happen soon has happened.
constexpr std::chrono::microseconds kNever = std::chrono::hours(1);
constexpr int kSlowness = kSanitizers ? 5 : 1;
constexpr std::chrono::seconds kSoon{2 * kSlowness};

}  // namespace pinion::threads
