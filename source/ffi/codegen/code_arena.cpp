#include "ffi/codegen/code_arena.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>
#include <mutex>
#include <vector>

#include "ffi/codegen/debug_info.hpp"
#include "fmt/format.h"

namespace pinion::codegen {
namespace {

constexpr std::size_t kAlignment = 32;

constexpr std::size_t round_up(std::size_t size, std::size_t to) {
  return (size + to - 1) / to * to;
}

Error system_error(std::string_view what, std::size_t size) {
  return Error{fmt::format("no memory for machine code: {} of {} bytes: {}", what, size, std::strerror(errno))};
}

// One file without a name, mapped twice, and which parts of it are free.
class Chunk {
 public:
  static Result<std::unique_ptr<Chunk>> make(std::size_t size) {
    size = round_up(size, static_cast<std::size_t>(sysconf(_SC_PAGESIZE)));
    const int file = memfd_create("pinion-code", MFD_CLOEXEC);
    if (file < 0) return system_error("memfd_create", size);
    void* writable = MAP_FAILED;
    void* executable = MAP_FAILED;
    if (ftruncate(file, static_cast<off_t>(size)) == 0) {
      writable = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
      executable = mmap(nullptr, size, PROT_READ | PROT_EXEC, MAP_SHARED, file, 0);
    }
    const Error error = system_error("mapping", size);
    close(file);  // the mappings keep the memory
    if (writable == MAP_FAILED || executable == MAP_FAILED) {
      if (writable != MAP_FAILED) munmap(writable, size);
      if (executable != MAP_FAILED) munmap(executable, size);
      return error;
    }
    return std::unique_ptr<Chunk>(
        new Chunk(static_cast<std::byte*>(writable), static_cast<std::byte*>(executable), size));
  }

  ~Chunk() {
    debug_info_.reset();
    munmap(writable_, size_);
    munmap(executable_, size_);
  }
  Chunk(const Chunk&) = delete;
  Chunk& operator=(const Chunk&) = delete;

  // The first free part that is large enough, filled with `code`; null when there is none.
  const std::byte* place(std::span<const std::byte> code) {
    const std::size_t size = round_up(code.size(), kAlignment);
    const auto part = std::find_if(free_.begin(), free_.end(), [&](const auto& p) { return p.second >= size; });
    if (part == free_.end()) return nullptr;
    const auto [at, available] = *part;
    free_.erase(part);
    if (available > size) free_.emplace(at + size, available - size);
    std::memcpy(writable_ + at, code.data(), code.size());
    std::memset(writable_ + at + code.size(), 0xCC, size - code.size());
    return executable_ + at;
  }

  bool contains(const std::byte* code) const { return code >= executable_ && code < executable_ + size_; }

  // Freed code is overwritten with int3, so that a stale call stops at once instead of running something else.
  void release(const std::byte* code, std::size_t code_size) {
    std::size_t at = static_cast<std::size_t>(code - executable_);
    std::size_t size = round_up(code_size, kAlignment);
    std::memset(writable_ + at, 0xCC, size);
    const auto next = free_.lower_bound(at);
    if (next != free_.end() && next->first == at + size) {
      size += next->second;
      free_.erase(next);
    }
    const auto after = free_.lower_bound(at);
    if (after != free_.begin()) {
      const auto before = std::prev(after);
      if (before->first + before->second == at) {
        before->second += size;
        return;
      }
    }
    free_.emplace(at, size);
  }

  bool empty() const { return free_.size() == 1 && free_.begin()->second == size_; }

 private:
  Chunk(std::byte* writable, std::byte* executable, std::size_t size)
      : writable_(writable), executable_(executable), size_(size), free_{{0, size}} {
    std::memset(writable_, 0xCC, size_);
    debug_info_ = std::make_unique<DebugInfo>(std::span<const std::byte>(executable_, size_));
  }

  std::byte* writable_;
  std::byte* executable_;
  std::size_t size_;
  std::map<std::size_t, std::size_t> free_;  // offset -> size, neighbours always merged
  std::unique_ptr<DebugInfo> debug_info_;
};

}  // namespace

struct CodeArena::State {
  std::size_t chunk_size;
  std::mutex mutex;
  std::vector<std::unique_ptr<Chunk>> chunks;
  std::size_t in_use = 0;
};

CodeArena::CodeArena(std::size_t chunk_size) : state_(std::make_unique<State>()) {
  state_->chunk_size = chunk_size;
}
CodeArena::~CodeArena() = default;

CodeArena::Block::~Block() {
  if (arena_ != nullptr) arena_->release(code_, size_);
}

Result<CodeArena::Block> CodeArena::install(std::span<const std::byte> code) {
  const std::lock_guard lock(state_->mutex);
  Block block;
  for (const auto& chunk : state_->chunks) {
    if ((block.code_ = chunk->place(code)) != nullptr) break;
  }
  if (block.code_ == nullptr) {
    auto chunk = Chunk::make(std::max(state_->chunk_size, round_up(code.size(), kAlignment)));
    if (!chunk) return chunk.error();
    block.code_ = (*chunk)->place(code);
    state_->chunks.push_back(std::move(*chunk));
  }
  block.arena_ = this;
  block.size_ = code.size();
  state_->in_use += code.size();
  return block;
}

void CodeArena::release(const std::byte* code, std::size_t size) {
  const std::lock_guard lock(state_->mutex);
  state_->in_use -= size;
  const auto chunk = std::find_if(state_->chunks.begin(), state_->chunks.end(),
                                  [&](const auto& candidate) { return candidate->contains(code); });
  (*chunk)->release(code, size);
  // One empty chunk is kept, so that a function made and freed in turn does not map and unmap.
  if ((*chunk)->empty() && state_->chunks.size() > 1) state_->chunks.erase(chunk);
}

std::size_t CodeArena::bytes_in_use() const {
  const std::lock_guard lock(state_->mutex);
  return state_->in_use;
}

}  // namespace pinion::codegen
