// A whole run: cases are made, compiled by every compiler in batches, checked, and what failed is told.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "isolation.hpp"

namespace pinion::differential {

struct Options {
  std::uint64_t seed = 1;
  std::uint64_t count = 3000;
  std::optional<std::uint64_t> only;  // one case alone
  std::optional<abi::Convention> convention;
  std::optional<abi::Compiler> compiler;
  marshal::Direction direction = marshal::Direction::Callout;
  const Sabotage* sabotage = nullptr;
  std::uint64_t most = 5;  // stop after so many failed cases
  unsigned jobs = 1;       // compilers at a time
  std::string directory;   // for C files and libraries
  bool verbose = false;    // name every case
  std::string command;     // what repeats this run but for its cases
};

struct Summary {
  std::uint64_t cases = 0;
  std::uint64_t callees = 0;                      // or callers: one for each case and configuration
  std::map<std::string, std::uint64_t> excluded;  // by id, cases and compilers
  std::uint64_t sabotaged = 0;
  std::set<std::uint64_t> failed;  // cases
};

// Prints failures as they are found, the first of them shrunk; stops after a few.
Summary run(const Options&);

}  // namespace pinion::differential
