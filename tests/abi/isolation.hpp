// Checks in a child process, so that a crash in a callee is a finding like any other.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "checker.hpp"

namespace pinion::differential {

struct Finding {
  std::size_t subject = 0;  // index in the span
  Problem problem;
};

struct Outcome {
  std::vector<Finding> findings;
  std::size_t sabotaged = 0;  // how many layouts had a place for the mistake
};

// Stops after `most` findings.
Outcome check_isolated(const Configuration&, const std::string& library, std::span<const Subject>, const Sabotage*,
                       std::size_t most = 8);

}  // namespace pinion::differential
