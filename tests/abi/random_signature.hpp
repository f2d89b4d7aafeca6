// Random signatures, weighted to what engines and compilers get wrong.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "signature.hpp"

namespace pinion::differential {

// One case of a run: everything about it follows from the run's seed and its own number.
struct Case {
  std::uint64_t number = 0;
  std::uint64_t seed = 0;  // its own, for values too
  bool avx = false;        // its callees are compiled with -mavx
  std::unique_ptr<ctype::TypeTable> table;
  Signature signature;
};

// `only`: every signature is of this convention.
Case random_case(std::uint64_t run_seed, std::uint64_t number, std::optional<abi::Convention> only);

}  // namespace pinion::differential
