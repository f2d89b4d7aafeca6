// AsmJit's three debugging functions, for libpinion.so.
//
// Debian has AsmJit as a static library only, compiled for programs: its own versions of these functions refer to
// stderr in a way that no shared library can (R_X86_64_PC32). They are all that its globals.cpp holds, so with these in
// place the linker does not take that file.
#include <asmjit/core.h>

#include <cstdio>
#include <cstdlib>

namespace asmjit::DebugUtils {

const char* errorAsString(Error) noexcept {
  return "AsmJit refuses the instruction";
}

void debugOutput(const char* text) noexcept {
  std::fputs(text, stderr);
}

void assertionFailed(const char* file, int line, const char* message) noexcept {
  std::fprintf(stderr, "AsmJit: %s:%d: %s\n", file, line, message);
  std::abort();
}

}  // namespace asmjit::DebugUtils
