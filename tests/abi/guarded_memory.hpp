// Memory that ends where the mapped memory ends: a read or write past it faults (LF02).
#pragma once

#include <cstddef>
#include <map>
#include <vector>

namespace pinion::differential {

class GuardedMemory {
 public:
  GuardedMemory() = default;
  ~GuardedMemory();
  GuardedMemory(const GuardedMemory&) = delete;
  GuardedMemory& operator=(const GuardedMemory&) = delete;

  // `size` bytes, whose last is the last of its page; the next page is not there.
  unsigned char* place(std::size_t size);

  // What was placed may be used again.
  void reset();

 private:
  struct Regions {
    std::vector<unsigned char*> starts;
    std::size_t used = 0;
  };
  std::map<std::size_t, Regions> regions_;  // by pages, without the missing one
};

}  // namespace pinion::differential
