// The subcommands of `pinion`: the one list of them.
//
// A subcommand NAME lives in command_NAME.cpp, which defines
// `void add_NAME_command(CLI::App& app, const Words& after_mark, int& status)`: it adds the subcommand to the app, with
// a callback that does the work and leaves in `status` what the process exits with. `after_mark` are the words behind
// the first `--`, which CLI11 never sees.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace pinion::cli {

using Words = std::vector<std::string>;

// Exit statuses. CLI11 reports wrong usage by exceptions (CLI::ValidationError and its kin): main makes them Usage.
enum ExitStatus : int {
  Done = 0,
  Failed = 1,  // the thing asked for failed: a parse error, an unknown symbol, a call that could not be made
  Usage = 2,   // the command line makes no sense
};

// One line per subcommand, in the order in which --help lists them.
#define PINION_COMMANDS(COMMAND) COMMAND(call) COMMAND(explain)

#define PINION_DECLARE_COMMAND(NAME) void add_##NAME##_command(CLI::App& app, const Words& after_mark, int& status);
PINION_COMMANDS(PINION_DECLARE_COMMAND)
#undef PINION_DECLARE_COMMAND

}  // namespace pinion::cli
