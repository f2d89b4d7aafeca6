// Shared libraries: opening them, and looking up their symbols.
//
// Which file a name stands for is decided in library_names.hpp; the loader itself is behind platform.hpp.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "ffi/base/result.hpp"

namespace pinion {

// An open library. Copies share it, the last one closes it (unless somebody else in the process has it open too).
// Opening the same library twice gives equal Libraries. Every function may be called from any thread.
class Library {
 public:
  enum class Symbols {
    Local,   // found through this Library only
    Global,  // also resolve undefined symbols of libraries loaded later
  };

  // NAME is a path ("/opt/lib/libfoo.so.2", "./libfoo.so"), a soname ("libm.so.6") or a bare name ("m", "libm"); the
  // empty name is the running process: its program and everything that is loaded with global symbols.
  static Result<Library> open(std::string_view name, Symbols symbols = Symbols::Local);

  // The address of a function or variable. "NAME@VERSION" asks for one version of a versioned symbol.
  Result<void*> symbol(std::string_view name) const;

  const std::string& name() const { return state_->name; }  // as it was asked for
  const std::string& path() const { return state_->path; }  // of the file that was loaded; empty for the process

  friend bool operator==(const Library& a, const Library& b) { return a.state_->handle == b.state_->handle; }

 private:
  struct State {
    std::string name;
    std::string path;
    std::shared_ptr<void> handle;
  };

  explicit Library(std::shared_ptr<const State> state) : state_(std::move(state)) {}

  std::string description() const;

  std::shared_ptr<const State> state_;
};

}  // namespace pinion
