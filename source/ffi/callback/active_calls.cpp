#include "ffi/callback/active_calls.hpp"

#include <linux/membarrier.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <mutex>

namespace pinion::callback {
namespace {

// The process's threads that have run callbacks. Never destroyed: threads may end after main has.
struct Process {
  std::mutex mutex;
  std::vector<ThreadCalls*> threads;
  pthread_key_t key;
  bool expedited;  // the fast membarrier is there

  Process() {
    pthread_key_create(&key, [](void* calls) { process().forget(static_cast<ThreadCalls*>(calls)); });
    expedited = syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) == 0;
  }

  static Process& process() {
    static auto* const the_process = new Process;
    return *the_process;
  }

  void forget(ThreadCalls* calls);
};

void Process::forget(ThreadCalls* calls) {
  const std::unique_ptr<ThreadCalls> owned(calls);
  current_thread_calls = nullptr;  // a later destructor's callback starts afresh (reference threading F-39)
  const std::lock_guard lock(mutex);
  std::erase(threads, calls);
}

}  // namespace

constinit thread_local ThreadCalls* current_thread_calls = nullptr;

ThreadCalls::~ThreadCalls() {
  for (Chunk* chunk = first_.next.load(); chunk != nullptr;) {
    const std::unique_ptr<Chunk> owned(chunk);
    chunk = owned->next.load();
  }
}

void ThreadCalls::next_chunk() {
  if (chunk_->next.load(std::memory_order_relaxed) == nullptr) {
    auto made = std::make_unique<Chunk>();
    made->previous = chunk_;
    chunk_->next.store(made.release(), std::memory_order_release);
  }
  chunk_ = chunk_->next.load(std::memory_order_relaxed);
  used_ = 0;
}

void ThreadCalls::previous_chunk() {
  chunk_ = chunk_->previous;
  used_ = kChunk;
}

void ThreadCalls::collect(std::vector<const marshal::CallbackHead*>& into) const {
  for (const Chunk* chunk = &first_; chunk != nullptr; chunk = chunk->next.load(std::memory_order_acquire)) {
    for (const auto& entry : chunk->entries) {
      if (const auto* callback = entry.load(std::memory_order_acquire)) into.push_back(callback);
    }
  }
}

ThreadCalls& begin_thread() {
  Process& process = Process::process();
  auto made = std::make_unique<ThreadCalls>();
  current_thread_calls = made.get();
  pthread_setspecific(process.key, current_thread_calls);
  const std::lock_guard lock(process.mutex);
  process.threads.push_back(made.release());
  return *current_thread_calls;
}

std::vector<const marshal::CallbackHead*> running_callbacks() {
  Process& process = Process::process();
  const std::lock_guard lock(process.mutex);
  // MEMBARRIER_CMD_GLOBAL waits for every processor to pass through the scheduler: slow, but always there.
  syscall(SYS_membarrier, process.expedited ? MEMBARRIER_CMD_PRIVATE_EXPEDITED : MEMBARRIER_CMD_GLOBAL, 0, 0);
  std::vector<const marshal::CallbackHead*> running;
  for (const ThreadCalls* thread : process.threads) thread->collect(running);
  return running;
}

}  // namespace pinion::callback
