// `pinion call`: one call of one function, from text to text.
#include <fmt/format.h>

#include <cstdio>
#include <exception>
#include <iterator>

#include "cli/commands.hpp"
#include "cli/foreign_call.hpp"

namespace pinion::cli {
namespace {

constexpr const char* kHelp = R"(
Calls the last function that DECLARATIONS declare, with ARGS, and prints the result.

LIBRARY is a path, a soname (libm.so.6) or a bare name (m); '' is this process and what it has loaded (libc).
Options come first. Words after -- are never options: write it in front of ARGS when the first begins with a dash and
is no number.

Arguments are written by the type of their parameter:
  numbers      12  -5  0x1F  0b101  017  'a'  2.5  1e-9  0x1.8p3  inf  nan  true  1+2i (_Complex)
  constants    of the enums and #defines that are declared, also A|B
  text         as it is, or "quoted", with C's escapes: char *, void * and their kin, wchar_t *, char16_t *
               (in quotes when it begins with & or 0x, or is the word null)
  pointers     null   0x7ffe1234   &VALUE: the address of a new object of that value
  functions    qsort's comparator: the name of a function of the library or of libc
  structs      {1, 2.5, {3, 4}}   {.x = 1, .in.y = 2}      unions  {.member = 1}
  arrays       {1, 2, 3}   {[5] = 1}   "text"
  buffers      &[64]: an array of 64 zeros   &[]{3, 1, 2}: of as many as given   &[16]"text"
  for ...      as C types its literals: 5 5L 5ULL 2.5 2.5F 2.5L 'a' "text", any other word is text; (TYPE)VALUE
What & made is printed after the call, unless the parameter is a pointer to const.

Examples:
  pinion call libm.so.6 'double pow(double, double)' 2 10
  pinion call '' 'int printf(const char *format, ...);' '%s is %d\n' answer 42
  pinion call '' 'long strtol(const char *text, char **end, int base)' 12abc '&null' 10
  pinion call '' 'typedef struct { int quot, rem; } div_t; div_t div(int, int)' 17 5
  pinion call '' 'char *getcwd(char *buffer, size_t size)' '&[100]' 100
  pinion call '' 'void qsort(void *a, size_t n, size_t size, int (*compare)(const void *, const void *))' \
         '&[]"pinion"' 6 1 strcmp
  pinion call --errno '' 'int open(const char *path, int flags, ...)' /nowhere 0

The exit status is 0; 1 when the call cannot be made or crashes; 2 for wrong usage.
)";

class UsageWithArguments : public CLI::Formatter {
 public:
  std::string make_usage(const CLI::App*, std::string) const override {
    return "Usage: pinion call [OPTIONS] LIBRARY DECLARATIONS [--] [ARGS...]\n";
  }
};

// Words that look like options, in front of the first that does not: CLI11 left them because it does not know them.
void refuse_unknown_options(const std::vector<std::string>& words) {
  for (const std::string& word : words) {
    if (word.size() < 2 || word[0] != '-' || word[1] == '.' || (word[1] >= '0' && word[1] <= '9')) return;
    throw CLI::ExtrasError("call", {word});
  }
}

int report(const Outcome& outcome) {
  std::fputs(outcome.text.c_str(), stdout);
  if (std::fflush(stdout) == 0) return Done;
  fmt::print(stderr, "pinion: standard output cannot be written\n");
  return Failed;
}

int run(const CallRequest& request) {
  const auto outcome = call_foreign(request);
  if (outcome) return report(*outcome);
  fmt::print(stderr, "pinion: {}\n", outcome.error().message);
  return Failed;
}

}  // namespace

void add_call_command(CLI::App& app, const Words& after_mark, int& status) {
  CLI::App* call = app.add_subcommand("call", "Call a C function and print its result");
  auto request = std::make_shared<CallRequest>();
  call->footer(kHelp);
  call->formatter(std::make_shared<UsageWithArguments>());
  call->prefix_command();
  call->add_flag("--no-jit", request->interpret, "Interpret the marshaling code; make no machine code");
  call->add_flag("--errno", request->show_errno, "Print the errno that the function left");
  call->add_flag("--addresses", request->addresses, "Print results that are text as addresses, like other pointers");
  call->add_flag("--follow", request->follow, "Print what a result that is a pointer points to, too");
  call->add_option("LIBRARY", request->library, "The library to look the function up in")->required();
  call->add_option("DECLARATIONS", request->declarations, "C declarations; the last function is called")->required();
  call->callback([call, request, &after_mark, &status] {
    request->arguments = call->remaining();
    refuse_unknown_options(request->arguments);
    request->arguments.insert(request->arguments.end(), after_mark.begin(), after_mark.end());
    status = run(*request);
  });
}

}  // namespace pinion::cli
