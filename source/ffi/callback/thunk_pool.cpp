#include "ffi/callback/thunk_pool.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <mutex>
#include <vector>

#include "fmt/format.h"

namespace pinion::callback {
namespace {

using marshal::CallbackHead;
using Word = std::atomic<CallbackHead*>;

constexpr std::size_t kThunkSize = 16;
constexpr std::size_t kCodeSize = 64 << 10;  // of a block; its data is as large, so code and word are this far apart
constexpr std::size_t kThunks = kCodeSize / kThunkSize;

// endbr64; mov r10, [rip + kCodeSize - 11]; jmp [r10]. The displacement counts from the end of the mov, 11 bytes in.
constexpr std::array<unsigned char, kThunkSize> make_thunk() {
  std::array<unsigned char, kThunkSize> code = {0xF3, 0x0F, 0x1E, 0xFA, 0x4C, 0x8B, 0x15, 0,
                                                0,    0,    0,    0x41, 0xFF, 0x22, 0xCC, 0xCC};
  const std::uint32_t displacement = kCodeSize - 11;
  for (int k = 0; k < 4; ++k)
    code[static_cast<std::size_t>(7 + k)] = static_cast<unsigned char>(displacement >> (8 * k));
  return code;
}

Error system_error(std::string_view what) {
  return Error{fmt::format("no memory for callbacks: {}: {}", what, std::strerror(errno))};
}

// The file that all blocks map. Sealed: nobody, we ourselves included, can write to it or resize it any more.
Result<int> make_code_file() {
  const int file = memfd_create("pinion-thunks", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (file < 0) return system_error("memfd_create");
  std::vector<unsigned char> code;
  for (std::size_t k = 0; k < kThunks; ++k) {
    constexpr auto kThunk = make_thunk();
    code.insert(code.end(), kThunk.begin(), kThunk.end());
  }
  const bool written = write(file, code.data(), code.size()) == static_cast<ssize_t>(code.size());
  if (!written || fcntl(file, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) {
    const Error error = system_error("the code of the thunks");
    close(file);
    return error;
  }
  return file;
}

}  // namespace

struct ThunkPool::State {
  std::mutex mutex;
  int file = -1;
  std::vector<std::byte*> blocks;
  std::vector<Thunk> free;
  std::size_t in_use = 0;

  Status add_block();
};

ThunkPool::ThunkPool() : state_(std::make_unique<State>()) {}

ThunkPool::~ThunkPool() {
  for (std::byte* block : state_->blocks) munmap(block, 2 * kCodeSize);
  if (state_->file >= 0) close(state_->file);
}

Status ThunkPool::State::add_block() {
  if (file < 0) {
    auto made = make_code_file();
    if (!made) return made.error();
    file = *made;
  }
  // Code and data side by side: first the room for both, then the code over its first half.
  void* both = mmap(nullptr, 2 * kCodeSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (both == MAP_FAILED) return system_error("mmap");
  auto* block = static_cast<std::byte*>(both);
  if (mmap(block, kCodeSize, PROT_READ | PROT_EXEC, MAP_SHARED | MAP_FIXED, file, 0) == MAP_FAILED) {
    const Error error = system_error("mapping executable memory");
    munmap(both, 2 * kCodeSize);
    return error;
  }
  blocks.push_back(block);
  free.reserve(blocks.size() * kThunks);
  for (std::size_t k = kThunks; k-- > 0;) {  // lowest address last: taken first
    std::byte* code = block + k * kThunkSize;
    free.push_back({code, new (code + kCodeSize) Word(nullptr)});
  }
  return Unit{};
}

Result<ThunkPool::Thunk> ThunkPool::acquire(CallbackHead* head) {
  const std::lock_guard lock(state_->mutex);
  if (state_->free.empty()) {
    if (Status added = state_->add_block(); !added) return added.error();
  }
  const Thunk thunk = state_->free.back();
  state_->free.pop_back();
  ++state_->in_use;
  thunk.word->store(head, std::memory_order_release);
  return thunk;
}

void ThunkPool::release(Thunk thunk) {
  const std::lock_guard lock(state_->mutex);
  state_->free.push_back(thunk);
  --state_->in_use;
}

std::size_t ThunkPool::in_use() const {
  const std::lock_guard lock(state_->mutex);
  return state_->in_use;
}

}  // namespace pinion::callback
