#include "guarded_memory.hpp"

#include <fmt/format.h>
#include <sys/mman.h>

#include <cstdlib>

namespace pinion::differential {

namespace {

constexpr std::size_t kPage = 4096;

unsigned char* map_region(std::size_t pages) {
  void* start = mmap(nullptr, (pages + 1) * kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (start == MAP_FAILED || mprotect(static_cast<char*>(start) + pages * kPage, kPage, PROT_NONE) != 0) {
    fmt::print(stderr, "the system gives no memory for {} guarded pages\n", pages);
    std::abort();
  }
  return static_cast<unsigned char*>(start);
}

}  // namespace

GuardedMemory::~GuardedMemory() {
  for (const auto& [pages, regions] : regions_) {
    for (unsigned char* start : regions.starts) munmap(start, (pages + 1) * kPage);
  }
}

unsigned char* GuardedMemory::place(std::size_t size) {
  const std::size_t pages = size == 0 ? 1 : (size + kPage - 1) / kPage;
  Regions& regions = regions_[pages];
  if (regions.used == regions.starts.size()) regions.starts.push_back(map_region(pages));
  return regions.starts[regions.used++] + pages * kPage - size;
}

void GuardedMemory::reset() {
  for (auto& [pages, regions] : regions_) regions.used = 0;
}

}  // namespace pinion::differential
