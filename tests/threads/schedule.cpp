#include "schedule.hpp"

#include <cerrno>
#include <vector>

#include "ffi/threads/schedule_point.hpp"

namespace pinion::threads {
namespace {

struct Armed {
  std::mutex mutex;
  std::vector<Hold*> holds;
  std::multiset<std::string> failures;
  std::atomic<int> count{0};  // so that nobody takes the mutex while nothing is armed
};

Armed& armed() {
  static Armed all;
  return all;
}

}  // namespace

Hold::Hold(std::string point, std::optional<std::thread::id> who) : point_(std::move(point)), who_(who) {
  const std::lock_guard lock(armed().mutex);
  armed().holds.push_back(this);
  ++armed().count;
}

Hold::~Hold() {
  {
    const std::lock_guard lock(armed().mutex);
    std::erase(armed().holds, this);
    --armed().count;
  }
  let_go();
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return !reached_ || left_; });
}

void Hold::wait_until_reached() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return reached_; });
}

bool Hold::reached() {
  const std::lock_guard lock(mutex_);
  return reached_;
}

void Hold::let_go() {
  const std::lock_guard lock(mutex_);
  let_go_ = true;
  changed_.notify_all();
}

void Hold::arrive(const std::string& point) {
  if (point != point_ || (who_ && *who_ != std::this_thread::get_id())) return;
  std::unique_lock lock(mutex_);
  if (reached_ || let_go_) return;
  reached_ = true;
  changed_.notify_all();
  changed_.wait(lock, [&] { return let_go_; });
  left_ = true;
  changed_.notify_all();
}

Failure::Failure(std::string name) : name_(std::move(name)) {
  const std::lock_guard lock(armed().mutex);
  armed().failures.insert(name_);
}

Failure::~Failure() {
  const std::lock_guard lock(armed().mutex);
  armed().failures.erase(armed().failures.find(name_));
}

void schedule_point(const char* name) {
  if (armed().count.load() == 0) return;
  const int saved = errno;
  std::vector<Hold*> holds;
  {
    const std::lock_guard lock(armed().mutex);
    holds = armed().holds;
  }
  for (Hold* each : holds) each->arrive(name);
  errno = saved;
}

bool injected_failure(const char* name) {
  const std::lock_guard lock(armed().mutex);
  return armed().failures.contains(name);
}

}  // namespace pinion::threads
