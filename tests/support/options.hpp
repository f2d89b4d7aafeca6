// The options every random test has: where its randomness starts, how much of it, and which one case alone.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace pinion::tests {

// --seed S, --count N, --case N, or the environment: PINION_TEST_SEED, PINION_TEST_COUNT, PINION_CASE.
struct Options {
  std::uint64_t seed = 1;
  std::optional<std::uint64_t> count;
  std::optional<std::uint64_t> only;

  static Options from(int argc, char** argv);

  // Case `index` has a seed of its own, so that it can be repeated without those before it.
  std::uint64_t seed_of(std::uint64_t index) const;
  std::string repeat(std::uint64_t index) const;  // "--seed 1 --case 7"
};

}  // namespace pinion::tests
