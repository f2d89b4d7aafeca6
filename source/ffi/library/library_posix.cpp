#include <dlfcn.h>
#include <glob.h>
#include <link.h>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "ffi/library/platform.hpp"

namespace pinion::loader {
namespace {

// dlerror() is per thread, and empty once read.
std::string last_reason() {
  const char* const reason = dlerror();
  return reason == nullptr ? "no reason given" : reason;
}

// glibc has the directories of ld.so.conf in its cache only; the file itself is lines of directories, and "include"
// with a file name pattern (ldconfig(8)). DEPTH bounds files that include each other.
void read_loader_configuration(const std::string& file, std::vector<std::string>& directories, int depth = 4) {
  std::ifstream lines(file);
  for (std::string line; depth > 0 && std::getline(lines, line);) {
    std::istringstream words(line.substr(0, line.find('#')));
    std::string word;
    if (!(words >> word)) continue;
    if (word != "include") {
      directories.push_back(word);
      continue;
    }
    while (words >> word) {
      glob_t found{};
      if (glob(word.c_str(), 0, nullptr, &found) == 0)
        for (std::size_t i = 0; i < found.gl_pathc; ++i)
          read_loader_configuration(found.gl_pathv[i], directories, depth - 1);
      globfree(&found);
    }
  }
}

// LD_LIBRARY_PATH as it was when the process started, the program's run path, the system's directories: dlinfo(3).
void read_search_path(std::vector<std::string>& directories) {
  const std::unique_ptr<void, int (*)(void*)> program(dlopen(nullptr, RTLD_NOW), dlclose);
  Dl_serinfo size{};
  if (!program || dlinfo(program.get(), RTLD_DI_SERINFOSIZE, &size) != 0) return;
  std::vector<std::max_align_t> storage(size.dls_size / sizeof(std::max_align_t) + 1);
  auto* const info = reinterpret_cast<Dl_serinfo*>(storage.data());
  *info = size;
  if (dlinfo(program.get(), RTLD_DI_SERINFO, info) != 0) return;
  for (unsigned i = 0; i < info->dls_cnt; ++i) directories.emplace_back(info->dls_serpath[i].dls_name);
}

}  // namespace

Result<std::shared_ptr<void>> open(const std::string& name, bool global_symbols) {
  void* const handle =
      dlopen(name.empty() ? nullptr : name.c_str(), RTLD_NOW | (global_symbols ? RTLD_GLOBAL : RTLD_LOCAL));
  if (handle != nullptr) return std::shared_ptr<void>(handle, dlclose);
  std::string reason = last_reason();
  if (reason.starts_with(name + ": ")) reason.erase(0, name.size() + 2);  // our sentence has the name already
  return Error{reason};
}

Result<void*> symbol(void* handle, const std::string& name, const std::string& version) {
  dlerror();
  void* const address = version.empty() ? dlsym(handle, name.c_str()) : dlvsym(handle, name.c_str(), version.c_str());
  if (address != nullptr) return address;
  const char* const reason = dlerror();
  return Error{reason == nullptr ? "its address is null" : reason};
}

std::string path(void* handle) {
  link_map* map = nullptr;
  if (dlinfo(handle, RTLD_DI_LINKMAP, &map) != 0 || map == nullptr || map->l_name[0] == '\0') return "";
  std::error_code failure;
  const auto real = std::filesystem::canonical(map->l_name, failure);
  return failure ? map->l_name : real.string();
}

std::vector<std::string> search_directories() {
  std::vector<std::string> all;
  read_search_path(all);
  read_loader_configuration("/etc/ld.so.conf", all);

  // /lib is often a link to /usr/lib, and listed as well.
  std::vector<std::string> directories;
  for (const std::string& directory : all) {
    std::error_code failure;
    const std::string real = std::filesystem::canonical(directory, failure).string();
    if (!failure && std::find(directories.begin(), directories.end(), real) == directories.end())
      directories.push_back(real);
  }
  return directories;
}

}  // namespace pinion::loader
