#include <fmt/format.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstring>
#include <memory>

#include "cli/commands.hpp"
#include "cli/platform.hpp"

namespace pinion::cli {
namespace {

// -- memory

class Pipe {
 public:
  Pipe() { valid_ = pipe(ends_) == 0; }
  ~Pipe() {
    if (valid_) close(ends_[0]), close(ends_[1]);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

  // The kernel reads `from`, and says EFAULT where we would crash. Not by write(): a sanitizer would look at `from`
  // before it.
  bool pass(const void* from, std::span<std::byte> to) const {
    return valid_ && syscall(SYS_write, ends_[1], from, to.size()) == static_cast<ssize_t>(to.size()) &&
           read(ends_[0], to.data(), to.size()) == static_cast<ssize_t>(to.size());
  }

 private:
  int ends_[2] = {-1, -1};
  bool valid_ = false;
};

// -- crashes

constexpr int kSignals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS};
constexpr std::size_t kStackSize = std::size_t{64} << 10;

// What the handler writes, made beforehand: it may call only what is safe in a signal handler.
const std::string* crash_details = nullptr;

struct SignalName {
  int number;
  std::string_view text;
};
constexpr SignalName kNames[] = {{SIGSEGV, "SIGSEGV (it used memory that is not there, or not for that)"},
                                 {SIGBUS, "SIGBUS (it used memory that cannot be had)"},
                                 {SIGFPE, "SIGFPE (an arithmetic error, such as division by zero)"},
                                 {SIGILL, "SIGILL (an illegal instruction)"},
                                 {SIGTRAP, "SIGTRAP (a breakpoint)"},
                                 {SIGABRT, "SIGABRT (it called abort)"},
                                 {SIGSYS, "SIGSYS (a forbidden system call)"}};

void put(std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = write(STDERR_FILENO, text.data(), text.size());
    if (n <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(n));
  }
}

void put_address(std::uintptr_t address) {
  char text[18] = {'0', 'x'};
  std::size_t length = 2;
  int shift = 60;
  while (shift > 0 && (address >> shift & 15) == 0) shift -= 4;
  for (; shift >= 0; shift -= 4) text[length++] = "0123456789abcdef"[address >> shift & 15];
  put({text, length});
}

void report_crash(int signal, siginfo_t* info, void*) {
  put("pinion: the call ended with ");
  for (const SignalName& name : kNames) {
    if (name.number == signal) put(name.text);
  }
  if (signal == SIGSEGV || signal == SIGBUS) {
    put(" at address ");
    put_address(reinterpret_cast<std::uintptr_t>(info->si_addr));
  }
  put("\n");
  put(*crash_details);
  _exit(Failed);
}

}  // namespace

std::size_t read_memory(std::uint64_t address, std::span<std::byte> to) {
  static constexpr std::uint64_t kStep =
      4096;  // as much as a pipe always takes; the end of a page is the end of a step
  const Pipe pipe;
  std::size_t done = 0;
  while (done < to.size()) {
    const std::uint64_t at = address + done;
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(to.size() - done, kStep - at % kStep));
    // NOLINTNEXTLINE(performance-no-int-to-ptr): an address is what we are given
    if (!pipe.pass(reinterpret_cast<const void*>(at), to.subspan(done, size))) break;
    done += size;
  }
  return done;
}

std::string describe_errno(int number) {
  const char* name = strerrorname_np(number);
  const char* meaning = strerrordesc_np(number);
  if (name == nullptr || meaning == nullptr) return fmt::format("{} (unknown)", number);
  return number == 0 ? "0" : fmt::format("{} ({})", name, meaning);
}

bool is_terminal(int descriptor) {
  return isatty(descriptor) == 1;
}

struct CrashGuard::State {
  std::string details;
  std::array<struct sigaction, std::size(kSignals)> before{};
  stack_t stack_before{};
  std::unique_ptr<std::byte[]> stack;  // ours: a call that overflows the stack is reported too
};

CrashGuard::CrashGuard(std::string details) : state_(std::make_unique<State>()) {
  state_->details = std::move(details);
  state_->stack = std::make_unique<std::byte[]>(kStackSize);
  crash_details = &state_->details;
  stack_t stack{};
  stack.ss_sp = state_->stack.get();
  stack.ss_size = kStackSize;
  sigaltstack(&stack, &state_->stack_before);
  struct sigaction action {};
  action.sa_sigaction = report_crash;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESETHAND;
  for (std::size_t i = 0; i < std::size(kSignals); ++i) sigaction(kSignals[i], &action, &state_->before[i]);
}

CrashGuard::~CrashGuard() {
  for (std::size_t i = 0; i < std::size(kSignals); ++i) sigaction(kSignals[i], &state_->before[i], nullptr);
  sigaltstack(&state_->stack_before, nullptr);
  crash_details = nullptr;
}

}  // namespace pinion::cli
