// gdb sees through machine code: in a C function called by it, the backtrace goes on to main.
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <memory>
#include <string>

namespace pinion::codegen {
namespace {

std::string output_of(const std::string& command) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> pipe(popen((command + " 2>&1").c_str(), "r"), pclose);
  if (pipe == nullptr) return "cannot run " + command;
  std::string text;
  std::array<char, 4096> part;
  while (std::fgets(part.data(), part.size(), pipe.get()) != nullptr) text += part.data();
  return text;
}

std::string in_gdb(const std::string& commands) {
  return output_of("ASAN_OPTIONS=detect_leaks=0 gdb -nx -batch -ex 'set debuginfod enabled off' " + commands +
                   " --args " PINION_DEBUGGEE);
}

// Why gdb cannot be used here, or nothing.
std::string no_gdb() {
  if (output_of("gdb --version").find("GNU gdb") == std::string::npos) return "gdb is not installed";
  const std::string text = in_gdb("-ex 'break main' -ex run");
  if (text.find("Breakpoint 1, ") == std::string::npos) return "gdb may not trace a process here: " + text;
  return {};
}

TEST(Debugger, ABacktraceShowsTheCalleeTheCalloutAndMain) {
  if (const std::string why = no_gdb(); !why.empty()) GTEST_SKIP() << why;
  const std::string text =
      in_gdb("-ex 'set breakpoint pending on' -ex 'break debuggee_callee' -ex run -ex backtrace -ex continue");
  const auto callee = text.find("#0  debuggee_callee");
  const auto callout = text.find("in pinion_callout ()");
  const auto main = text.find("in main ()");
  ASSERT_NE(callee, std::string::npos) << text;
  ASSERT_NE(callout, std::string::npos) << text;
  ASSERT_NE(main, std::string::npos) << text;
  EXPECT_LT(callee, callout) << text;
  EXPECT_LT(callout, main) << text;
  EXPECT_EQ(text.find("??"), std::string::npos) << text;
  EXPECT_EQ(text.find("corrupt"), std::string::npos) << text;
  EXPECT_NE(text.find("exited normally"), std::string::npos) << text;
}

// The caller's frame is the right one: a breakpoint where the callout returns to is reached in it.
TEST(Debugger, TheCallersFrameIsTheOneReturnedTo) {
  if (const std::string why = no_gdb(); !why.empty()) GTEST_SKIP() << why;
  const std::string text = in_gdb(
      "-ex 'break debuggee_callee' -ex run -ex 'up 2' -ex 'tbreak *$pc' -ex continue -ex 'print result' -ex continue");
  EXPECT_NE(text.find("Temporary breakpoint 2, "), std::string::npos) << text;
  EXPECT_NE(text.find("$1 = 42"), std::string::npos) << text;
  EXPECT_NE(text.find("exited normally"), std::string::npos) << text;
}

}  // namespace
}  // namespace pinion::codegen
