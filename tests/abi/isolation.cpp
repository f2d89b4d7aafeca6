#include "isolation.hpp"

#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "callback_checker.hpp"

namespace pinion::differential {

namespace {

constexpr unsigned kSecondsPerCase = 20;

// What the child tells its parent, in memory that both have.
struct Shared {
  std::size_t position;  // of the subject being checked
  std::size_t sabotaged;
  char stage[64];
  bool found;  // a problem with the subject at `position`
  Problem::Kind kind;
  char text[1 << 16];
};

void copy_text(char* to, std::size_t size, std::string_view text) {
  const std::size_t length = std::min(text.size(), size - 1);
  std::memcpy(to, text.data(), length);
  to[length] = '\0';
}

// Ends the process at the first problem.
[[noreturn]] void run_child(Shared& shared, const Configuration& configuration, const std::string& library,
                            std::span<const Subject> subjects, const Sabotage* sabotage) {
  const auto tell = [&](const Problem& problem) {
    copy_text(shared.text, sizeof shared.text, problem.text);
    shared.kind = problem.kind;
    shared.found = true;
    _exit(0);
  };
  const Result<Callees> callees = Callees::load(library);
  if (!callees) tell({Problem::Kind::Rejected, callees.error().message});
  const auto stage = [&](std::string_view text) { copy_text(shared.stage, sizeof shared.stage, text); };
  Checker callouts(configuration, *callees, sabotage, stage);
  CallbackChecker callbacks(configuration, *callees, sabotage, stage);
  for (; shared.position < subjects.size(); ++shared.position) {
    alarm(kSecondsPerCase);
    const Subject& subject = subjects[shared.position];
    const bool callback = subject.direction == marshal::Direction::Callback;
    const std::optional<Problem> problem = callback ? callbacks.check(subject) : callouts.check(subject);
    shared.sabotaged += callback ? callbacks.sabotaged() : callouts.sabotaged();
    if (problem) tell(*problem);
  }
  _exit(0);
}

std::string ending(int status) {
  if (!WIFSIGNALED(status)) return fmt::format("the process ended with status {}", WEXITSTATUS(status));
  if (WTERMSIG(status) == SIGALRM) return fmt::format("no end within {} seconds", kSecondsPerCase);
  return fmt::format("{} (SIG{})", strsignal(WTERMSIG(status)), sigabbrev_np(WTERMSIG(status)));
}

}  // namespace

Outcome check_isolated(const Configuration& configuration, const std::string& library,
                       std::span<const Subject> subjects, const Sabotage* sabotage, std::size_t most) {
  void* memory = mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) {
    fmt::print(stderr, "the system gives no memory to share with a child process\n");
    std::exit(1);
  }
  Shared& shared = *static_cast<Shared*>(memory);
  Outcome outcome;
  while (shared.position < subjects.size() && outcome.findings.size() < most) {
    shared.found = false;
    std::fflush(nullptr);
    const pid_t child = fork();
    if (child == 0) run_child(shared, configuration, library, subjects, sabotage);
    int status = 0;
    waitpid(child, &status, 0);
    if (status != 0) {
      outcome.findings.push_back(
          {shared.position, {Problem::Kind::Crashed, fmt::format("{}: {}", shared.stage, ending(status))}});
    } else if (shared.found) {
      outcome.findings.push_back({shared.position, {shared.kind, shared.text}});
    } else {
      break;
    }
    ++shared.position;
  }
  outcome.sabotaged = shared.sabotaged;
  munmap(memory, sizeof(Shared));
  return outcome;
}

}  // namespace pinion::differential
