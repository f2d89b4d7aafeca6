// Which standing the calling thread has with a virtual machine, and its end when the thread ends.
//
// One of the two places of this module that a process has only once: a thread-local record, and one pthread key whose
// destructor detaches an ending thread from everything. (Not a C++ thread_local with a destructor: that would run
// before the key destructors of others, which may call back once more. Such a callback attaches again, and is cleaned
// up in the next round of destructors, or in the same; POSIX has PTHREAD_DESTRUCTOR_ITERATIONS, 4, of them. Reference
// threading F-38, F-39.) Identity comes from the thread-local record only: thread ids are used again (F-44).
//
// While a thread is attached it keeps the Ownership's memory alive. The main thread does not "end" at exit(): what it
// is attached to lives until the process is gone.
#pragma once

#include <memory>

#include "ffi/threads/ownership.hpp"

namespace pinion::threads {

namespace detail {

struct Attachments;
struct CurrentThread {
  const Ownership* last = nullptr;     // a cache of one: what was asked for last, when the thread is attached to it,
  VmThread* last_thread = nullptr;     // and its standing there
  Attachments* attachments = nullptr;  // owned by the pthread key's value
};
extern constinit thread_local CurrentThread current_thread [[gnu::tls_model("initial-exec")]];

VmThread* find_current(const Ownership&);

}  // namespace detail

// The calling thread's standing with a virtual machine; null when it has none.
inline VmThread* current(const Ownership& ownership) {
  return detail::current_thread.last == &ownership ? detail::current_thread.last_thread
                                                   : detail::find_current(ownership);
}

// Makes one for a thread of the host, with this priority; the one there is, when there is one. It ends with
// detach_current(), or with the thread. Null: no memory.
VmThread* attach_current(const std::shared_ptr<Ownership>&, int priority = 0);

// The same for a thread that the host did not make, at its first callback: marks it `foreign`.
VmThread* current_or_attach(const std::shared_ptr<Ownership>&);

// Ends it before the thread does. False, and nothing happened: there is none, the thread owns the machine, or it is
// between request() and retire().
bool detach_current(const Ownership&);

}  // namespace pinion::threads
