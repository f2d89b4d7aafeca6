// `pinion explain`: what becomes of a C declaration.
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <map>
#include <optional>

#include "cli/commands.hpp"
#include "cli/explanation.hpp"
#include "cli/platform.hpp"

namespace pinion::cli {
namespace {

constexpr const char* kHelp = R"(
Explains each function that DECLARATIONS declare: the layout of its types, the class of every eightbyte, where every
argument and the result go, the marshaling code and the machine code. Without a function: the types.

Examples:
  pinion explain 'struct point { float x, y; }; struct point mid(struct point a, struct point b);'
  pinion explain 'int printf(const char *format, ...);' --extra int --extra double
  pinion explain --abi win64 'struct rgb { char r, g, b; }; void paint(struct rgb colour, double x, double y);'
  pinion explain 'typedef struct { unsigned a : 3; long double b; } t;'
)";

struct Options {
  std::string abi = "sysv";
  std::string dialect = "gcc";
  std::string model;
  bool avx = false;
  bool no_machine_code = false;
  ExplainRequest request;
};

ExplainRequest request_of(const Options& options) {
  ExplainRequest request = options.request;
  const bool win64 = options.abi == "win64";
  request.convention = win64 ? abi::Convention::Microsoft : abi::Convention::SysV;
  request.dialect.compiler = options.dialect == "gcc"     ? abi::Compiler::Gcc
                             : options.dialect == "clang" ? abi::Compiler::Clang
                                                          : abi::Compiler::Clang14;
  request.dialect.vectors = options.avx ? abi::Vectors::Avx : abi::Vectors::Sse;
  const bool llp64 = options.model.empty() ? win64 : options.model == "llp64";
  request.model = llp64 ? ctype::DataModel::Llp64 : ctype::DataModel::Lp64;
  request.dialect.windows_target = win64 && llp64;
  request.machine_code = !options.no_machine_code;
  return request;
}

int run(const Options& options) {
  const char* no_colour = std::getenv("NO_COLOR");  // NOLINT(concurrency-mt-unsafe): there is one thread
  const Style style(is_terminal(STDOUT_FILENO) && (no_colour == nullptr || *no_colour == '\0'));
  const auto text = explain(request_of(options), style);
  if (!text) {
    fmt::print(stderr, "pinion: {}\n", text.error().message);
    return Failed;
  }
  std::fputs(text->c_str(), stdout);
  if (std::fflush(stdout) == 0) return Done;
  fmt::print(stderr, "pinion: standard output cannot be written\n");
  return Failed;
}

}  // namespace

void add_explain_command(CLI::App& app, const Words& after_mark, int& status) {
  CLI::App* explain = app.add_subcommand("explain", "Show what becomes of a C declaration: layout, calls, code");
  auto options = std::make_shared<Options>();
  explain->footer(kHelp);
  explain->add_option("DECLARATIONS", options->request.declarations, "C declarations")->required();
  explain->add_option("--abi", options->abi, "The calling convention: sysv (default) or win64")
      ->check(CLI::IsMember({"sysv", "win64"}));
  explain->add_option("--dialect", options->dialect, "Whose reading of it: gcc (default), clang or clang17 (and older)")
      ->check(CLI::IsMember({"gcc", "clang", "clang17"}));
  explain->add_option("--model", options->model, "lp64 (default), or llp64 (default for win64, as on Windows)")
      ->check(CLI::IsMember({"lp64", "llp64"}));
  explain->add_option("--extra", options->request.extra_types, "The type of an argument for '...'; repeat it for more")
      ->allow_extra_args(false);
  explain->add_flag("--avx", options->avx, "The callee was compiled with AVX");
  explain->add_flag("--bytecodes", options->request.bytecodes, "Show the marshaling code as SistaV1 bytecodes too");
  explain->add_flag("--no-machine-code", options->no_machine_code, "Leave out the machine code");
  explain->callback([options, &after_mark, &status] {
    if (!after_mark.empty()) throw CLI::ExtrasError("explain", after_mark);
    status = run(*options);
  });
}

}  // namespace pinion::cli
