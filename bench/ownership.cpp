// What it costs to let others have the virtual machine during a C call: nothing at all, our release and reacquire, and
// a mutex that is unlocked and locked again. Also the other entry points, with nobody else about, and a hand-over.
#include "ffi/threads/ownership.hpp"

#include <benchmark/benchmark.h>

#include <memory>
#include <mutex>
#include <thread>

#include "callees.h"
#include "ffi/threads/current_thread.hpp"

namespace {

using namespace pinion::threads;

struct Host : OwnershipHost {
  void save(VmThread&) override {}
  void restore(VmThread&) override {}
};

// The calling thread owns a machine.
struct Owner {
  Host host;
  std::shared_ptr<Ownership> ownership = std::make_shared<Ownership>(host);
  VmThread* self = attach_current(ownership);
  Owner() { benchmark::DoNotOptimize(ownership->request(*self)); }
  ~Owner() {
    ownership->retire(*self);
    ownership->shutdown();
    detach_current(*ownership);
  }
};

void (*volatile callee)() = f0;  // a call through a pointer, as every FFI makes

void call(benchmark::State& state) {
  for (auto _ : state) callee();
}
BENCHMARK(call);

void call_release_reacquire(benchmark::State& state) {
  Owner owner;
  for (auto _ : state) {
    owner.ownership->release(*owner.self);
    callee();
    if (!owner.ownership->reacquire(*owner.self)) state.SkipWithError("shut down");
  }
}
BENCHMARK(call_release_reacquire);

void call_release_reacquire_with_site(benchmark::State& state) {
  Owner owner;
  CallSite site;
  for (auto _ : state) {
    owner.ownership->release(*owner.self, &site);
    callee();
    if (!owner.ownership->reacquire(*owner.self, &site)) state.SkipWithError("shut down");
  }
}
BENCHMARK(call_release_reacquire_with_site);

void call_mutex_unlock_lock(benchmark::State& state) {
  std::mutex mutex;
  mutex.lock();
  for (auto _ : state) {
    mutex.unlock();
    callee();
    mutex.lock();
  }
  mutex.unlock();
}
BENCHMARK(call_mutex_unlock_lock);

void poll(benchmark::State& state) {
  Owner owner;
  for (auto _ : state) benchmark::DoNotOptimize(owner.ownership->poll(*owner.self));
}
BENCHMARK(poll);

// An attached foreign thread's callback, around the handler, when it was the last owner.
void visit_of_the_last_owner(benchmark::State& state) {
  Owner owner;
  owner.ownership->retire(*owner.self);
  for (auto _ : state) {
    VmThread* self = current_or_attach(owner.ownership);
    benchmark::DoNotOptimize(owner.ownership->request(*self));
    owner.ownership->retire(*self);
  }
  benchmark::DoNotOptimize(owner.ownership->request(*owner.self));
}
BENCHMARK(visit_of_the_last_owner);

// The same when another thread was there in between, but does not keep the machine.
void visit_after_another(benchmark::State& state) {
  Owner owner;
  VmThread* other = owner.ownership->attach();
  owner.ownership->retire(*owner.self);
  for (auto _ : state) {
    benchmark::DoNotOptimize(owner.ownership->request(*other));
    owner.ownership->retire(*other);
    benchmark::DoNotOptimize(owner.ownership->request(*owner.self));
    owner.ownership->retire(*owner.self);
  }
  state.SetItemsProcessed(2 * state.iterations());
  benchmark::DoNotOptimize(owner.ownership->request(*owner.self));
}
BENCHMARK(visit_after_another);

// A new thread's first visit, and its end; beside a thread that does nothing.
void thread_that_does_nothing(benchmark::State& state) {
  for (auto _ : state) std::thread([] {}).join();
}
BENCHMARK(thread_that_does_nothing)->UseRealTime();

void thread_that_visits_once(benchmark::State& state) {
  Owner owner;
  owner.ownership->retire(*owner.self);
  for (auto _ : state) {
    std::thread([&] {
      VmThread* self = current_or_attach(owner.ownership);
      benchmark::DoNotOptimize(owner.ownership->request(*self));
      owner.ownership->retire(*self);
    }).join();
  }
  benchmark::DoNotOptimize(owner.ownership->request(*owner.self));
}
BENCHMARK(thread_that_visits_once)->UseRealTime();

// Threads that all want the machine all the time, with short calls. They are in C when the loop begins and ends, where
// they wait for each other.
void contended_release_reacquire(benchmark::State& state) {
  static Host host;
  static const auto ownership = std::make_shared<Ownership>(host);
  VmThread* self = ownership->attach();
  benchmark::DoNotOptimize(ownership->request(*self));
  ownership->release(*self);
  for (auto _ : state) {
    benchmark::DoNotOptimize(ownership->reacquire(*self));
    ownership->release(*self);
    callee();
  }
  benchmark::DoNotOptimize(ownership->reacquire(*self));
  ownership->retire(*self);
  ownership->detach(self);
}
BENCHMARK(contended_release_reacquire)->Threads(2)->Threads(8)->UseRealTime();

}  // namespace

BENCHMARK_MAIN();
