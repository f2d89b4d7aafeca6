// abi_differential: random signatures against gcc and clang. See README.md.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <map>
#include <random>
#include <thread>

#include "run.hpp"
#include "sabotage.hpp"

namespace {

using namespace pinion;
using differential::Options;
using differential::Summary;
using marshal::Direction;

std::string new_directory() {
  std::string pattern = (std::filesystem::temp_directory_path() / "abi_differential.XXXXXX").string();
  return mkdtemp(pattern.data()) != nullptr ? pattern : "";
}

// Every mistake must be noticed, and must have had an occasion.
bool run_sabotaged(Options options, const std::string& which) {
  bool good = true;
  const std::string_view what = options.direction == Direction::Callback ? "callbacks" : "calls";
  for (const differential::Sabotage& sabotage : differential::sabotages()) {
    if ((which != "all" && which != sabotage.name) || !sabotage.concerns(options.direction)) continue;
    options.sabotage = &sabotage;
    options.most = 1;
    const Summary summary = run(options);
    const bool noticed = !summary.failed.empty();
    fmt::print("{}: put into {} {}, {}\n", sabotage.name, summary.sabotaged, what, noticed ? "noticed" : "NOT NOTICED");
    good &= noticed;
  }
  return good;
}

bool run_honestly(const Options& options) {
  const Summary summary = run(options);
  const bool callback = options.direction == Direction::Callback;
  fmt::print("{}: {} signatures, {} {}, {} signatures failed\n", callback ? "callbacks" : "callouts", summary.cases,
             summary.callees, callback ? "callers" : "callees", summary.failed.size());
  for (const auto& [id, count] : summary.excluded) fmt::print("  left out: {} of {}\n", count, id);
  return summary.failed.empty();
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  options.jobs = std::max(1U, std::thread::hardware_concurrency());
  std::string sabotage;
  bool keep = false;
  const std::map<std::string, abi::Convention> conventions{{"sysv", abi::Convention::SysV},
                                                           {"win64", abi::Convention::Microsoft}};
  const std::map<std::string, abi::Compiler> compilers{{"gcc", abi::Compiler::Gcc}, {"clang", abi::Compiler::Clang14}};

  std::vector<Direction> directions{Direction::Callout, Direction::Callback};
  const std::map<std::string, std::vector<Direction>> direction_names{
      {"callout", {Direction::Callout}}, {"callback", {Direction::Callback}}, {"both", directions}};
  std::string direction = "both";

  CLI::App app{
      "Calls random C signatures, and has them call back, with C compiled by gcc and clang, through both executors."};
  app.add_option("--count", options.count, "how many signatures")->envname("PINION_TEST_COUNT")->capture_default_str();
  app.add_option("--seed", options.seed, "where the randomness starts")
      ->envname("PINION_TEST_SEED")
      ->capture_default_str();
  app.add_option("--case", options.only, "this case only");
  app.add_option("--direction", direction, "callout (we call C), callback (C calls us), or half of the signatures each")
      ->check(CLI::IsMember(direction_names))
      ->capture_default_str();
  app.add_option("--convention", options.convention, "sysv or win64 only")
      ->transform(CLI::CheckedTransformer(conventions));
  app.add_option("--compiler", options.compiler, "gcc or clang only")->transform(CLI::CheckedTransformer(compilers));
  app.add_option("--failures", options.most, "stop after so many failed signatures")->capture_default_str();
  app.add_option("-j,--jobs", options.jobs, "compilers at a time")->check(CLI::PositiveNumber);
  app.add_flag("-v,--verbose", options.verbose, "name every signature");
  app.add_flag("--keep", keep, "keep the C files and libraries, and say where");
  app.add_option("--sabotage", sabotage, "put a mistake into every layout; the test must notice")->group("");
  CLI11_PARSE(app, argc, argv);

  options.command = fmt::format("{}{}{}", argv[0],
                                !options.convention                            ? ""
                                : *options.convention == abi::Convention::SysV ? " --convention sysv"
                                                                               : " --convention win64",
                                !options.compiler                         ? ""
                                : *options.compiler == abi::Compiler::Gcc ? " --compiler gcc"
                                                                          : " --compiler clang");
  options.directory = new_directory();
  if (options.directory.empty()) {
    fmt::print(stderr, "no directory for the C files can be made in {}\n",
               std::filesystem::temp_directory_path().string());
    return 1;
  }
  fmt::print("seed {}\n", options.seed);
  directions = direction_names.at(direction);
  options.count /= directions.size();
  const std::string command = options.command;
  bool good = true;
  for (const Direction each : directions) {
    options.direction = each;
    options.command = fmt::format("{} --direction {}", command, each == Direction::Callback ? "callback" : "callout");
    good &= sabotage.empty() ? run_honestly(options) : run_sabotaged(options, sabotage);
  }
  if (keep) {
    fmt::print("C files and libraries: {}\n", options.directory);
  } else {
    std::filesystem::remove_all(options.directory);
  }
  return good ? 0 : 1;
}
