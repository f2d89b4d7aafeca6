// The foreign function's errno survives whatever a transition does (reference threading F-76, F-78).
#pragma once

#include <cerrno>

namespace pinion::threads {

class KeepErrno {
 public:
  KeepErrno() = default;
  ~KeepErrno() { errno = saved_; }
  KeepErrno(const KeepErrno&) = delete;
  KeepErrno& operator=(const KeepErrno&) = delete;

 private:
  int saved_ = errno;
};

}  // namespace pinion::threads
