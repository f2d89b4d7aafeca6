// One foreign call, made from text: what `pinion call` does between its options and its output.
#pragma once

#include <string>
#include <vector>

#include "ffi/base/result.hpp"

namespace pinion::cli {

struct CallRequest {
  std::string library;
  std::string declarations;
  std::vector<std::string> arguments;
  bool interpret = false;
  bool show_errno = false;
  bool addresses = false;
  bool follow = false;  // print what the result points to, too
};

struct Outcome {
  std::string text;  // what to print: the result, what came back through pointers, errno
};

// Error: what is wrong with the declarations, the library, the function or an argument.
Result<Outcome> call_foreign(const CallRequest&);

}  // namespace pinion::cli
