#include "ffi/library/library.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <fstream>
#include <vector>

#include "ffi/library/library_names.hpp"
#include "ffi/library/near_names.hpp"
#include "ffi/library/platform.hpp"

namespace pinion {
namespace {

// Names go to the loader as C strings.
bool has_nul(std::string_view text) {
  return text.find('\0') != text.npos;
}
std::string_view up_to_nul(std::string_view text) {
  return text.substr(0, text.find('\0'));
}

// A file that opens and is no ELF file is, in a library directory, a script for the linker.
std::string hint(const std::string& path) {
  if (path.find('/') == path.npos) return "";
  std::ifstream file(path, std::ios::binary);
  char magic[4] = {};
  if (!file.read(magic, sizeof magic) || std::string_view(magic, sizeof magic) == "\177ELF") return "";
  return "; the file is no shared library (perhaps a linker script: try the library's soname, such as libm.so.6)";
}

}  // namespace

Result<Library> Library::open(std::string_view name, Symbols symbols) {
  if (has_nul(name)) return Error{fmt::format("a library name has no NUL character, got '{}'", up_to_nul(name))};

  std::vector<std::string> reasons;
  const auto attempt = [&](const std::string& candidate) -> std::shared_ptr<void> {
    Result<std::shared_ptr<void>> handle = loader::open(candidate, symbols == Symbols::Global);
    if (handle) return *handle;
    reasons.push_back(fmt::format("{} ({}{})", candidate, handle.error().message, hint(candidate)));
    return nullptr;
  };
  const auto opened = [&](const std::shared_ptr<void>& handle) {
    return Library(std::make_shared<State>(State{std::string(name), loader::path(handle.get()), handle}));
  };

  const LibraryNames names = library_names(name);
  for (const std::string& candidate : names.plain)
    if (auto handle = attempt(candidate)) return opened(handle);
  if (!names.versioned.empty()) {
    const std::vector<std::string> directories = loader::search_directories();
    const std::vector<std::string> versions = find_versions(names.versioned, directories);
    for (const std::string& candidate : versions)
      if (auto handle = attempt(candidate)) return opened(handle);
    if (versions.empty())
      reasons.push_back(fmt::format("{}.N (there is none in {})", names.versioned, fmt::join(directories, ", ")));
  }
  return Error{fmt::format("cannot open the library '{}'; tried {}", name, fmt::join(reasons, ", "))};
}

Result<void*> Library::symbol(std::string_view name) const {
  if (name.empty() || has_nul(name)) return Error{fmt::format("a symbol wants a name, got '{}'", up_to_nul(name))};

  // As the linker writes it, "name@@version" is the default version of a symbol.
  const std::size_t at = name.find('@');
  const std::string base(name.substr(0, at));
  std::string version(at == name.npos ? "" : name.substr(at + 1));
  if (version.starts_with('@')) version.erase(0, 1);
  if (base.empty() || (at != name.npos && version.empty()))
    return Error{fmt::format("a versioned symbol is written NAME@VERSION, got '{}'", name)};

  void* const handle = state_->handle.get();
  Result<void*> address = loader::symbol(handle, base, version);
  if (address) return address;

  std::string message = fmt::format("{} has no symbol '{}'", description(), name);
  if (!version.empty() && loader::symbol(handle, base, "")) {
    message += fmt::format("; it has '{}', but not in the version '{}'", base, version);
  } else if (const auto near = near_names(base, loader::exported_names(handle)); !near.empty()) {
    message += fmt::format("; it has '{}'", fmt::join(near, "', '"));
  }
  return Error{fmt::format("{} (the loader says: {})", message, address.error().message)};
}

std::string Library::description() const {
  return state_->path.empty() ? "the running process" : fmt::format("the library {}", state_->path);
}

}  // namespace pinion
