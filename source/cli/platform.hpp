// What the command needs of the operating system beyond C++: memory that may not be there, names of error numbers,
// what to do when foreign code crashes. platform_posix.cpp is the answer of Linux.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace pinion::cli {

// Copies what is readable from `address` on, up to the size of `to`; how many bytes that was. Never crashes.
std::size_t read_memory(std::uint64_t address, std::span<std::byte> to);

// "ENOENT (No such file or directory)"
std::string describe_errno(int number);

bool is_terminal(int descriptor);

// While it lives, a fault in this process writes "pinion: the call ended with SIGSEGV (...)" and `details`, and ends
// the process with status 1. One at a time: signal handlers are the process's.
class CrashGuard {
 public:
  explicit CrashGuard(std::string details);
  ~CrashGuard();
  CrashGuard(const CrashGuard&) = delete;
  CrashGuard& operator=(const CrashGuard&) = delete;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace pinion::cli
