// What the module needs of a platform's loader. library_posix.cpp and exports_posix.cpp are the ELF and glibc answer.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "ffi/base/result.hpp"

namespace pinion::loader {

// Opens the file of that name, searched for as the platform does; the empty name is the running process. The handle
// closes the library when its last owner goes. The error is the loader's reason only, without the name.
Result<std::shared_ptr<void>> open(const std::string& name, bool global_symbols);

// VERSION may be empty. The error is the loader's reason.
Result<void*> symbol(void* handle, const std::string& name, const std::string& version);

// The file of a library, symbolic links resolved; empty for the running process.
std::string path(void* handle);

// The directories in which the loader looks for a name without slashes, in order.
std::vector<std::string> search_directories();

// The names that a library exports itself (not those of the libraries it depends on); those of every loaded library for
// the running process. Empty when they cannot be told.
std::vector<std::string> exported_names(void* handle);

}  // namespace pinion::loader
