#include "ffi/threads/fatal.hpp"

#include <fmt/core.h>
#include <pthread.h>

#include <array>
#include <cstdio>
#include <cstdlib>

namespace pinion::threads {

void fatal(Tag tag, std::string_view what) {
  std::array<char, 16> name{};  // the longest name Linux has, pthread_getname_np(3)
  pthread_getname_np(pthread_self(), name.data(), name.size());
  fmt::print(stderr, "pinion: thread '{}' (tag {}) {}.\n", name.data(), tag, what);
  std::abort();
}

}  // namespace pinion::threads
