// Runs the pinion command as a shell would, and keeps what it wrote and how it ended.
#pragma once

#include <string>
#include <vector>

namespace pinion::cli {

struct Outcome {
  int status = -1;  // the exit status, or minus the number of the signal that ended it
  std::string out;
  std::string err;
};

Outcome run_pinion(const std::vector<std::string>& arguments);

}  // namespace pinion::cli
