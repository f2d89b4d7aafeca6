// Memory for machine code, never writable and executable at once.
//
// An arena is a list of chunks. A chunk is one anonymous file mapped twice: writable for us, executable for the
// processor; no page is ever both. (Flipping one mapping's protection instead would stop threads that run other code of
// that page.) Unwind and debugger information is registered once for each chunk, since all our frames have one shape
// (machine_code.hpp).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "ffi/base/result.hpp"

namespace pinion::codegen {

class CodeArena {
 public:
  // `chunk_size` bytes at a time are asked of the system; larger functions get chunks of their own.
  explicit CodeArena(std::size_t chunk_size = 64 << 10);
  ~CodeArena();  // every Block must be gone
  CodeArena(const CodeArena&) = delete;
  CodeArena& operator=(const CodeArena&) = delete;

  // A piece of the arena that holds one function; gives it back when destroyed. Movable. The arena must outlive it.
  class Block {
   public:
    Block() = default;
    Block(Block&& other) noexcept { swap(other); }
    Block& operator=(Block&& other) noexcept {
      Block(std::move(other)).swap(*this);
      return *this;
    }
    ~Block();

    std::span<const std::byte> code() const { return {code_, size_}; }  // where it runs

   private:
    friend class CodeArena;
    void swap(Block& other) noexcept {
      std::swap(arena_, other.arena_);
      std::swap(code_, other.code_);
      std::swap(size_, other.size_);
    }
    CodeArena* arena_ = nullptr;
    const std::byte* code_ = nullptr;
    std::size_t size_ = 0;
  };

  // Puts `code`, which must be position-independent, in executable memory, 32-aligned. Thread-safe.
  // Error: the system gives no memory, or forbids executable memory (then use the interpreter).
  Result<Block> install(std::span<const std::byte> code);

  std::size_t bytes_in_use() const;

 private:
  struct State;
  void release(const std::byte* code, std::size_t size);
  std::unique_ptr<State> state_;
};

}  // namespace pinion::codegen
