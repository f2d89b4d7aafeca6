#include "ffi/callback/callback.hpp"

#include <cxxabi.h>

#include <algorithm>
#include <cstring>
#include <exception>

#include "ffi/callback/active_calls.hpp"
#include "fmt/format.h"

namespace pinion::callback {

using marshal::CallbackHead;

struct Descriptor : CallbackHead {
  Handler handler = nullptr;
  void* data = nullptr;
  Gate* gate = nullptr;
  std::atomic<bool> freed{false};
  std::uint32_t result_size = 0;
  std::unique_ptr<std::byte[]> default_result;  // null: zero
  std::string name;
  Callbacks* owner = nullptr;
  ThunkPool::Thunk thunk;
};

namespace {

// On the thread's list of running callbacks, for as long as it is.
class Running {
 public:
  Running(ThreadCalls& thread, const CallbackHead* callback) : thread_(thread) { thread_.push(callback); }
  ~Running() { thread_.pop(); }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

 private:
  ThreadCalls& thread_;
};

// In the host's managed state, for as long as the handler is.
class Inside {
 public:
  explicit Inside(Gate& gate) : gate_(gate), entry_(gate.enter()) {}
  ~Inside() {
    if (*this) gate_.leave(entry_);
  }
  Inside(const Inside&) = delete;
  Inside& operator=(const Inside&) = delete;
  explicit operator bool() const { return entry_ != Gate::Entry::Refused; }

 private:
  Gate& gate_;
  Gate::Entry entry_;
};

}  // namespace

// What runs between compiled code and handler. Nothing but forced unwinding (pthread_exit, pthread_cancel) leaves it
// other than by returning: C frames are above.
struct Dispatcher {
  static void plain(CallbackHead* head, void* const* slots, void* result) {
    auto& self = *static_cast<Descriptor*>(head);
    ThreadCalls& thread = this_thread();
    const Running running(thread, head);
    if (self.freed.load(std::memory_order_acquire)) [[unlikely]]
      return late(self, result);
    handle(self, thread, slots, result);
  }

  static void gated(CallbackHead* head, void* const* slots, void* result) {
    auto& self = *static_cast<Descriptor*>(head);
    ThreadCalls& thread = this_thread();
    const Running running(thread, head);
    if (self.freed.load(std::memory_order_acquire)) [[unlikely]]
      return late(self, result);
    const Inside inside(*self.gate);
    if (!inside) return answer_default(self, result);
    handle(self, thread, slots, result);
  }

  [[gnu::noinline, gnu::cold]] static void late(const Descriptor& self, void* result) {
    answer_default(self, result);
    self.owner->report_(fmt::format("the callback '{}' was called after it had been freed", self.name));
  }

  [[gnu::always_inline]] static inline void handle(const Descriptor& self, ThreadCalls& thread, void* const* slots,
                                                   void* result) {
    try {
      const int status = self.handler(self.data, slots, result);
      if (status != 0) [[unlikely]]
        fail(self, thread, result, status);
    } catch (::abi::__forced_unwind&) {
      throw;  // the thread is ending; C++ does not allow stopping that
    } catch (const std::exception& thrown) {
      fail(self, thread, result, 0, thrown.what());
    } catch (...) {
      fail(self, thread, result, 0, "it threw something that is no std::exception");
    }
  }

  [[gnu::noinline, gnu::cold]] static void fail(const Descriptor& self, ThreadCalls& thread, void* result, int status,
                                                const char* what = nullptr) {
    const std::string message = what != nullptr ? what : fmt::format("its handler answered {}", status);
    thread.failures.push_back({self.name, status, message, std::current_exception()});
    answer_default(self, result);
  }

  static void answer_default(const Descriptor& self, void* result) {
    if (self.default_result != nullptr) {
      std::memcpy(result, self.default_result.get(), self.result_size);
    } else {
      std::memset(result, 0, self.result_size);
    }
  }
};

Callbacks::Callbacks(std::function<void(const std::string&)> report) : report_(std::move(report)) {}
Callbacks::~Callbacks() = default;

Result<Descriptor*> Callbacks::make(const void* entry, const marshal::Code& code, const Description& given) {
  const std::uint64_t size = code.layout->result.size;
  if (!given.default_result.empty() && given.default_result.size() != size) {
    return Error{fmt::format("the default result of callback '{}' has {} bytes, its result type {}", given.name,
                             given.default_result.size(), size)};
  }
  if (given.handler == nullptr) return Error{fmt::format("callback '{}' has no handler", given.name)};
  const std::lock_guard lock(mutex_);
  if (spare_.empty()) spare_.push_back(&all_.emplace_back());
  Descriptor* made = spare_.back();
  made->entry = entry;
  made->code = &code;
  made->dispatch = given.gate != nullptr ? &Dispatcher::gated : &Dispatcher::plain;
  made->handler = given.handler;
  made->data = given.data;
  made->gate = given.gate;
  made->freed.store(false, std::memory_order_relaxed);
  made->result_size = static_cast<std::uint32_t>(size);
  made->default_result.reset();
  if (!given.default_result.empty()) {
    made->default_result = std::make_unique<std::byte[]>(size);
    std::memcpy(made->default_result.get(), given.default_result.data(), size);
  }
  made->name = given.name;
  made->owner = this;
  auto thunk = thunks_.acquire(made);
  if (!thunk) return thunk.error();
  made->thunk = *thunk;
  spare_.pop_back();
  ++live_;
  return made;
}

const void* Callbacks::address(const Descriptor* callback) {
  return callback->thunk.code;
}

void Callbacks::free(Descriptor* callback) {
  callback->freed.store(true, std::memory_order_release);
  const std::lock_guard lock(mutex_);
  --live_;
  quarantine_.push_back(callback);
  if (quarantine_.size() >= kQuarantine + kBatch) reuse_oldest();
}

// Takes the oldest batch out of quarantine, save what still runs, which goes on resting. The caller holds the lock.
void Callbacks::reuse_oldest() {
  std::vector<const CallbackHead*> running = running_callbacks();
  std::sort(running.begin(), running.end());
  for (std::size_t k = 0; k < kBatch; ++k) {
    Descriptor* oldest = quarantine_.front();
    quarantine_.pop_front();
    if (std::binary_search(running.begin(), running.end(), static_cast<const CallbackHead*>(oldest))) {
      quarantine_.push_back(oldest);
    } else {
      thunks_.release(oldest->thunk);
      spare_.push_back(oldest);
    }
  }
}

std::size_t Callbacks::live() const {
  const std::lock_guard lock(mutex_);
  return live_;
}

std::size_t Callbacks::resting() const {
  const std::lock_guard lock(mutex_);
  return quarantine_.size();
}

}  // namespace pinion::callback
