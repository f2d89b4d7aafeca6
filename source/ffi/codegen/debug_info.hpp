// What unwinders, debuggers and profilers must know of our code.
//
// This is the one place of the engine that touches what a process has only once: the C++ runtime's list of unwind
// tables
// (__register_frame) and gdb's list of JIT-compiled objects (__jit_debug_descriptor, gdb manual "JIT Compilation
// Interface"). Both are told about a whole chunk of code memory at a time.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

namespace pinion::codegen {

// Registers `code`, all of whose functions have the rbp frame of machine_code.hpp, with the C++ unwinder and with gdb.
// Unregisters when destroyed. Thread-safe.
class DebugInfo {
 public:
  explicit DebugInfo(std::span<const std::byte> code);
  ~DebugInfo();
  DebugInfo(const DebugInfo&) = delete;
  DebugInfo& operator=(const DebugInfo&) = delete;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Appends a line to /tmp/perf-PID.map, from which `perf report` learns the names of functions in anonymous memory.
// Called only when the user asked for it. Thread-safe; a file that cannot be written is ignored.
void add_to_perf_map(std::span<const std::byte> code, std::string_view name);

}  // namespace pinion::codegen
