// Holds threads at the schedule points of the ownership protocol, so that a race happens every time.
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>

namespace pinion::threads {

// The first thread that arrives at `point` (of those that match, if one is named) stays there until let_go().
class Hold {
 public:
  explicit Hold(std::string point, std::optional<std::thread::id> who = {});
  ~Hold();
  Hold(const Hold&) = delete;
  Hold& operator=(const Hold&) = delete;

  void wait_until_reached();
  bool reached();
  void let_go();
  void arrive(const std::string& point);  // called by schedule_point()

 private:
  const std::string point_;
  const std::optional<std::thread::id> who_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool reached_ = false;
  bool let_go_ = false;
  bool left_ = false;
};

// What PINION_INJECTED_FAILURE(name) answers while this lives.
class Failure {
 public:
  explicit Failure(std::string name);
  ~Failure();
  Failure(const Failure&) = delete;
  Failure& operator=(const Failure&) = delete;

 private:
  const std::string name_;
};

}  // namespace pinion::threads
