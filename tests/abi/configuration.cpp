#include "configuration.hpp"

#include <dlfcn.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <sstream>
#include <vector>

namespace pinion::differential {

std::string_view Configuration::program() const {
  return compiler == abi::Compiler::Gcc ? "gcc" : "clang";
}

std::string Configuration::name() const {
  return fmt::format("{} -O{}{}", program(), optimisation, avx ? " -mavx" : "");
}

abi::Dialect Configuration::dialect() const {
  return {.compiler = compiler, .vectors = avx ? abi::Vectors::Avx : abi::Vectors::Sse};
}

Compilation::Compilation(const Configuration& configuration, const std::string& directory, const std::string& name,
                         const std::string& text)
    : source_(fmt::format("{}/{}.c", directory, name)),
      library_(fmt::format("{}/{}-O{}.so", directory, name, configuration.optimisation)),
      log_(library_ + ".log") {
  std::ofstream(source_) << text;
  const std::string program(configuration.program());
  std::vector<std::string> words{program, "-std=gnu11", "-w",
                                 "-fPIC", "-shared",    fmt::format("-O{}", configuration.optimisation)};
  if (configuration.avx) words.emplace_back("-mavx");
  words.insert(words.end(), {"-o", library_, source_});
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, log_.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  if (posix_spawnp(&process_, argv[0], &actions, nullptr, argv.data(), environ) != 0) process_ = -1;
  posix_spawn_file_actions_destroy(&actions);
}

std::string Compilation::messages() const {
  if (process_ < 0) return "the compiler could not be started";
  std::ostringstream text;
  text << std::ifstream(log_).rdbuf();
  return text.str();
}

bool finish(Compilation& compilation) {
  int status = -1;
  return compilation.process() > 0 && waitpid(compilation.process(), &status, 0) > 0 && status == 0;
}

Result<Callees> Callees::load(const std::string& path) {
  void* handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) return Error{fmt::format("the callees cannot be loaded: {}", dlerror())};
  return Callees(handle);
}

Callees::~Callees() {
  if (handle_ != nullptr) dlclose(handle_);
}

const void* Callees::find(const std::string& name) const {
  return dlsym(handle_, name.c_str());
}

void Callees::report_to(Report* report) const {
  *static_cast<Report**>(dlsym(handle_, "pinion_report")) = report;
}

void Callees::exchange_with(Exchange* exchange) const {
  *static_cast<Exchange**>(dlsym(handle_, "pinion_exchange")) = exchange;
}

}  // namespace pinion::differential
