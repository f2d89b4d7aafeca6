// The gate of a virtual machine: a callback's handler runs only on the thread that owns it.
//
// A thread that the host sent into C (threads::Ownership::release) takes the machine back, which is one
// compare-and-swap when nobody had it meanwhile. A thread the host never saw attaches at its first callback, asks for
// the machine, and keeps its standing until it ends; its later callbacks find it in a thread-local record.
#pragma once

#include <memory>

#include "ffi/callback/callback.hpp"
#include "ffi/threads/current_thread.hpp"

namespace pinion::callback {

class OwnershipGate : public Gate {
 public:
  explicit OwnershipGate(std::shared_ptr<threads::Ownership> ownership) : ownership_(std::move(ownership)) {}

  // Refused: the machine is shut down; there is no memory to attach the thread; or the thread is in a critical call,
  // which keeps the machine and must not call back (reference threading F-35).
  Entry enter() override;
  void leave(Entry) override;

 private:
  std::shared_ptr<threads::Ownership> ownership_;
};

}  // namespace pinion::callback
