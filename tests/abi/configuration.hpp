// The compilers that make callees, and the libraries they make.
#pragma once

#include <sys/types.h>

#include <optional>
#include <span>
#include <string>

#include "callee_source.hpp"
#include "caller_source.hpp"
#include "random_signature.hpp"

namespace pinion::differential {

struct Configuration {
  abi::Compiler compiler = abi::Compiler::Gcc;
  int optimisation = 0;
  bool avx = false;

  std::string_view program() const;  // "gcc"
  std::string name() const;          // "gcc -O2 -mavx"
  abi::Dialect dialect() const;
};

// A C file of callees of a configuration, being compiled or compiled.
class Compilation {
 public:
  // Writes DIRECTORY/NAME.c and starts to compile it to NAME.so. `cases` and `signatures` belong together; those in
  // `excluded` are left out.
  Compilation(const Configuration&, const std::string& directory, const std::string& name, const std::string& text);

  pid_t process() const { return process_; }
  const std::string& library() const { return library_; }
  std::string messages() const;  // what the compiler said

 private:
  std::string source_, library_, log_;
  pid_t process_ = -1;
};

// Waits for it. False: the compiler did not like it.
bool finish(Compilation&);

// A library of callees or callers, loaded.
class Callees {
 public:
  static Result<Callees> load(const std::string& path);
  ~Callees();
  Callees(Callees&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Callees& operator=(Callees&&) = delete;

  const void* find(const std::string& name) const;  // a function, or null
  void report_to(Report*) const;
  void exchange_with(Exchange*) const;

 private:
  explicit Callees(void* handle) : handle_(handle) {}
  void* handle_;
};

}  // namespace pinion::differential
