#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "cli/commands.hpp"
#include "pinion/version.h"

namespace pinion::cli {
namespace {

void add_commands(CLI::App& app, const Words& after_mark, int& status) {
#define PINION_ADD_COMMAND(NAME) add_##NAME##_command(app, after_mark, status);
  PINION_COMMANDS(PINION_ADD_COMMAND)
#undef PINION_ADD_COMMAND
}

// Takes the words behind the first `--` off `words`.
Words take_after_mark(Words& words) {
  const auto mark = std::find(words.begin(), words.end(), "--");
  if (mark == words.end()) return {};
  Words after(mark + 1, words.end());
  words.erase(mark, words.end());
  return after;
}

// The sentence for a first word that is no subcommand; CLI11's own says only that a subcommand is required.
std::string describe(const CLI::App& app, const CLI::ParseError& error) {
  const auto rest = app.remaining();
  if (!app.get_subcommands().empty() || rest.empty()) return error.what();
  return fmt::format("there is no {} '{}'", rest.front().starts_with('-') ? "option" : "subcommand", rest.front());
}

int run(int argc, char** argv) {
  CLI::App app{"Pinion calls C functions, given their C declarations.", "pinion"};
  int status = Done;
  app.set_version_flag("--version", fmt::format("pinion {}", pn_version()), "Print the version and exit");
  app.set_help_all_flag("--help-all", "Print the help of every subcommand and exit");
  app.require_subcommand(1);
  Words words(argv + std::min(argc, 1), argv + argc);
  const Words after_mark = take_after_mark(words);
  add_commands(app, after_mark, status);
  std::reverse(words.begin(), words.end());  // the order in which CLI11 wants them
  try {
    app.parse(words);
  } catch (const CLI::Success& asked_for) {  // --help, --version
    return app.exit(asked_for);
  } catch (const CLI::ParseError& error) {
    fmt::print(stderr, "pinion: {}\nSee pinion --help.\n", describe(app, error));
    return Usage;
  }
  return status;
}

}  // namespace
}  // namespace pinion::cli

// What is thrown here nobody expected: the process ends, loudly.
// NOLINTNEXTLINE(bugprone-exception-escape)
int main(int argc, char** argv) {
  return pinion::cli::run(argc, argv);
}
