#include "ffi/library/library_names.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <optional>
#include <tuple>
#include <utility>

namespace pinion {
namespace {

using Version = std::vector<unsigned>;

// "1.2.13" is 1, 2, 13; anything else than numbers and single dots is no version.
std::optional<Version> parse_version(std::string_view text) {
  Version version;
  const char* at = text.data();
  const char* const end = at + text.size();
  while (true) {
    unsigned number = 0;
    const auto [rest, failure] = std::from_chars(at, end, number);
    if (failure != std::errc()) return std::nullopt;
    version.push_back(number);
    if (rest == end) return version;
    if (*rest != '.') return std::nullopt;
    at = rest + 1;
  }
}

struct Candidate {
  Version version;
  std::string path;
};

bool better(const Candidate& a, const Candidate& b) {
  const auto rank = [](const Candidate& c) {
    return std::tuple(c.version.front(), -static_cast<long>(c.version.size()));
  };
  return rank(a) != rank(b) ? rank(a) > rank(b) : a.version > b.version;
}

}  // namespace

LibraryNames library_names(std::string_view name) {
  LibraryNames names{{std::string(name)}, ""};
  if (name.empty() || name.find('/') != name.npos || name.find(".so.") != name.npos) return names;
  if (name.ends_with(".so")) {
    names.versioned = name;
    return names;
  }
  names.versioned = (name.starts_with("lib") ? "" : "lib") + std::string(name) + ".so";
  names.plain.push_back(names.versioned);
  return names;
}

std::vector<std::string> find_versions(const std::string& stem, const std::vector<std::string>& directories) {
  std::vector<Candidate> candidates;
  const std::string prefix = stem + ".";
  for (const std::string& directory : directories) {
    std::error_code failure;  // a directory that cannot be read has no candidates
    std::filesystem::directory_iterator entry(directory, failure);
    for (; !failure && entry != std::filesystem::directory_iterator(); entry.increment(failure)) {
      const std::string file = entry->path().filename().string();
      if (!file.starts_with(prefix)) continue;
      if (auto version = parse_version(std::string_view(file).substr(prefix.size())))
        candidates.push_back({std::move(*version), entry->path().string()});
    }
  }
  std::stable_sort(candidates.begin(), candidates.end(), better);
  std::vector<std::string> paths;
  paths.reserve(candidates.size());
  for (Candidate& candidate : candidates) paths.push_back(std::move(candidate.path));
  return paths;
}

}  // namespace pinion
