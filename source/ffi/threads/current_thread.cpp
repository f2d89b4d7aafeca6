#include "ffi/threads/current_thread.hpp"

#include <pthread.h>

#include <algorithm>
#include <new>
#include <utility>
#include <vector>

#include "ffi/threads/keep_errno.hpp"

namespace pinion::threads {
namespace detail {

struct Attachment {
  std::shared_ptr<Ownership> ownership;
  VmThread* thread = nullptr;
};

struct Attachments {
  std::vector<Attachment> all;
};

constinit thread_local CurrentThread current_thread;

namespace {

// The thread ends. What calls back from now on attaches again, and this runs again.
void end_of_thread(void* value) {
  const std::unique_ptr<Attachments> ending(static_cast<Attachments*>(value));
  current_thread = {};
  for (const Attachment& each : ending->all) each.ownership->thread_ends(each.thread);
}

struct ExitHook {
  pthread_key_t key{};
  bool works = pthread_key_create(&key, end_of_thread) == 0;
};

const ExitHook& exit_hook() {
  static const ExitHook hook;
  return hook;
}

// The calling thread's list, with room for one more; null when there is no memory for it.
Attachments* room_for_one_more() {
  Attachments*& mine = current_thread.attachments;
  if (mine == nullptr) {
    auto made = std::make_unique<Attachments>();
    if (!exit_hook().works || pthread_setspecific(exit_hook().key, made.get()) != 0) return nullptr;
    mine = made.release();
  }
  mine->all.reserve(mine->all.size() + 1);
  return mine;
}

VmThread* attach(const std::shared_ptr<Ownership>& ownership, int priority, bool foreign) {
  if (VmThread* known = current(*ownership)) return known;
  const KeepErrno keep;
  try {
    Attachments* mine = room_for_one_more();
    if (mine == nullptr) return nullptr;
    VmThread* thread = ownership->attach(priority);
    if (thread == nullptr) return nullptr;
    thread->foreign = foreign;
    mine->all.push_back({ownership, thread});
    current_thread.last = ownership.get();
    current_thread.last_thread = thread;
    return thread;
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}

auto find(Attachments& mine, const Ownership& ownership) {
  return std::find_if(mine.all.begin(), mine.all.end(),
                      [&](const Attachment& each) { return each.ownership.get() == &ownership; });
}

}  // namespace

VmThread* find_current(const Ownership& ownership) {
  CurrentThread& here = current_thread;
  if (here.attachments == nullptr) return nullptr;
  const auto found = find(*here.attachments, ownership);
  if (found == here.attachments->all.end()) return nullptr;
  here.last = &ownership;
  here.last_thread = found->thread;
  return found->thread;
}

}  // namespace detail

VmThread* attach_current(const std::shared_ptr<Ownership>& ownership, int priority) {
  return detail::attach(ownership, priority, false);
}

VmThread* current_or_attach(const std::shared_ptr<Ownership>& ownership) {
  return detail::attach(ownership, 0, true);
}

bool detach_current(const Ownership& ownership) {
  const KeepErrno keep;
  detail::CurrentThread& here = detail::current_thread;
  if (here.attachments == nullptr) return false;
  const auto found = detail::find(*here.attachments, ownership);
  if (found == here.attachments->all.end() || !found->ownership->detach(found->thread)) return false;
  here.last = nullptr;
  here.last_thread = nullptr;
  const std::shared_ptr<Ownership> last_reference = std::move(found->ownership);  // may end the Ownership, below
  here.attachments->all.erase(found);
  return true;
}

}  // namespace pinion::threads
