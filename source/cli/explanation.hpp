// What `pinion explain` says: from C declarations to everything that becomes of a call.
#pragma once

#include <string>
#include <vector>

#include "cli/style.hpp"
#include "ffi/abi/call_layout.hpp"
#include "ffi/base/result.hpp"

namespace pinion::cli {

struct ExplainRequest {
  std::string declarations;
  std::vector<std::string> extra_types;  // of arguments for `...`
  abi::Convention convention = abi::Convention::SysV;
  abi::Dialect dialect;
  ctype::DataModel model = ctype::DataModel::Lp64;
  bool bytecodes = false;
  bool machine_code = true;
};

// Error: what is wrong with the declarations, or why a function cannot be called.
Result<std::string> explain(const ExplainRequest&, const Style&);

}  // namespace pinion::cli
