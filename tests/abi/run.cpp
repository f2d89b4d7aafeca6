#include "run.hpp"

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <deque>
#include <filesystem>

#include "exclusions.hpp"
#include "report.hpp"
#include "shrink.hpp"

namespace pinion::differential {

namespace {

constexpr std::uint64_t kBatch = 96;  // cases in a C file, at most

std::string preamble_of(marshal::Direction direction) {
  return direction == marshal::Direction::Callback ? caller_preamble() : preamble();
}

std::string source_of(const Subject& subject) {
  return subject.direction == marshal::Direction::Callback ? caller(subject.signature, subject.number)
                                                           : callee(subject.signature, subject.number);
}

// A C file's cases with one of the two optimisation levels, being compiled.
struct Job {
  Configuration configuration;
  std::shared_ptr<const std::vector<Case>> cases;  // of the whole batch
  std::vector<Subject> subjects;
  std::string text;
  Compilation compilation;
};

class Run {
 public:
  explicit Run(const Options& options) : options_(options) {}

  Summary run() {
    const std::uint64_t first = options_.only.value_or(0);
    const std::uint64_t end = options_.only ? first + 1 : options_.count;
    for (std::uint64_t at = first; at < end && !enough(); at += kBatch) start_batch(at, std::min(end, at + kBatch));
    while (!jobs_.empty()) finish_one();
    progress("");
    return summary_;
  }

 private:
  bool enough() const { return summary_.failed.size() >= options_.most; }

  void start_batch(std::uint64_t first, std::uint64_t end) {
    auto cases = std::make_shared<std::vector<Case>>();
    for (std::uint64_t number = first; number < end; ++number) {
      cases->push_back(random_case(options_.seed, number, options_.convention));
      if (options_.verbose) fmt::print("case {}: {}", number, prototype(cases->back().signature, "f", false));
    }
    summary_.cases += cases->size();
    progress(fmt::format("{} of {} signatures", first, options_.only ? 1 : options_.count));
    for (const bool avx : {false, true}) {
      if (avx && !__builtin_cpu_supports("avx")) continue;
      for (const abi::Compiler compiler : {abi::Compiler::Gcc, abi::Compiler::Clang14}) {
        if (!options_.compiler || *options_.compiler == compiler) start_jobs({compiler, 0, avx}, cases);
      }
    }
  }

  // Both optimisation levels of one text.
  void start_jobs(Configuration configuration, const std::shared_ptr<const std::vector<Case>>& cases) {
    std::vector<Subject> subjects;
    std::string text = preamble_of(options_.direction);
    for (const Case& c : *cases) {
      if (c.avx != configuration.avx) continue;
      if (const std::string_view id = excluded(*c.table, c.signature, configuration, options_.direction); !id.empty()) {
        ++summary_.excluded[fmt::format("{} ({})", id, configuration.program())];
        continue;
      }
      subjects.push_back({c.table.get(), c.signature, c.number, c.seed, options_.direction});
      text += source_of(subjects.back());
    }
    if (subjects.empty()) return;
    for (const int optimisation : {0, 2}) {
      configuration.optimisation = optimisation;
      while (jobs_.size() >= options_.jobs) finish_one();
      jobs_.push_back(
          {configuration, cases, subjects, text, Compilation(configuration, options_.directory, new_name(), text)});
    }
  }

  std::string new_name() { return fmt::format("callees{}", names_++); }

  // Waits for whichever compilation ends first, and checks its callees.
  void finish_one() {
    siginfo_t info{};
    waitid(P_ALL, 0, &info, WEXITED | WNOWAIT);
    auto found =
        std::find_if(jobs_.begin(), jobs_.end(), [&](const Job& j) { return j.compilation.process() == info.si_pid; });
    if (found == jobs_.end()) found = jobs_.begin();
    Job job = std::move(*found);
    jobs_.erase(found);
    const bool compiled = finish(job.compilation);
    if (enough()) return;
    summary_.callees += job.subjects.size();
    if (!compiled) return report_rejected(job);
    const Outcome outcome =
        check_isolated(job.configuration, job.compilation.library(), job.subjects, options_.sabotage);
    summary_.sabotaged += outcome.sabotaged;
    for (const Finding& finding : outcome.findings) {
      report(job.configuration, job.subjects[finding.subject], finding.problem);
    }
  }

  // The compiler rejects the file: finds out which of its cases it means.
  void report_rejected(const Job& job) {
    bool found = false;
    for (const Subject& subject : job.subjects) {
      const std::optional<Problem> problem = check_alone(job.configuration, subject);
      if (!problem) continue;
      found = true;
      report(job.configuration, subject, *problem);
      if (enough()) return;
    }
    if (found) return;
    summary_.failed.insert(job.subjects.front().number);
    fmt::print("{} rejects a file, but none of them alone:\n{}\n", job.configuration.name(),
               job.compilation.messages());
  }

  std::optional<Problem> check_alone(const Configuration& configuration, const Subject& subject) {
    Compilation compilation(configuration, options_.directory, new_name(),
                            preamble_of(subject.direction) + source_of(subject));
    if (!finish(compilation)) {
      return Problem{Problem::Kind::Rejected, "the C compiler rejects it:\n" + compilation.messages()};
    }
    const Outcome outcome =
        check_isolated(configuration, compilation.library(), std::span(&subject, 1), options_.sabotage);
    if (outcome.findings.empty()) return std::nullopt;
    return outcome.findings[0].problem;
  }

  void report(const Configuration& configuration, const Subject& subject, const Problem& problem) {
    const bool known = !summary_.failed.insert(subject.number).second;
    if (options_.sabotage != nullptr) return;  // wanted
    progress("");
    if (known) {
      fmt::print("Case {} fails with {} too.\n\n", subject.number, configuration.name());
      return;
    }
    fmt::print("FAILED: case {} of seed {}, {} compiled by {}\n", subject.number, options_.seed,
               subject.direction == marshal::Direction::Callback ? "caller" : "callee", configuration.name());
    fmt::print("{}", describe(subject, configuration, problem));
    fmt::print("repeat: {} --seed {} --case {}\n", options_.command, options_.seed, subject.number);
    if (summary_.failed.size() == 1) report_shrunk(configuration, subject, problem);
    fmt::print("\n");
  }

  void report_shrunk(const Configuration& configuration, const Subject& subject, const Problem& problem) {
    Subject smallest = subject;
    Problem last = problem;
    smallest.signature = shrink(*subject.table, subject.signature, [&](const Signature& candidate) {
      if (!excluded(*subject.table, candidate, configuration, subject.direction).empty()) return false;
      Subject step = subject;
      step.signature = candidate;
      const std::optional<Problem> found = check_alone(configuration, step);
      if (!found || found->kind != problem.kind) return false;
      last = *found;
      return true;
    });
    fmt::print("The smallest that still fails:\n{}", describe(smallest, configuration, last));
  }

  void progress(std::string_view text) const {
    if (isatty(STDERR_FILENO)) fmt::print(stderr, "\r\033[K{}", text);
  }

  const Options& options_;
  Summary summary_;
  std::deque<Job> jobs_;
  unsigned names_ = 0;
};

}  // namespace

Summary run(const Options& options) {
  return Run(options).run();
}

}  // namespace pinion::differential
