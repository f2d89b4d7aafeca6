#include "options.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <iterator>
#include <random>
#include <string_view>
#include <utility>

namespace pinion::tests {

namespace {

std::optional<std::uint64_t> given(int argc, char** argv, std::string_view option, const char* variable) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == option && i + 1 < argc) return std::strtoull(argv[i + 1], nullptr, 0);
    if (word.starts_with(option) && word.substr(option.size()).starts_with('=')) {
      return std::strtoull(argv[i] + option.size() + 1, nullptr, 0);
    }
  }
  if (const char* value = std::getenv(variable)) return std::strtoull(value, nullptr, 0);
  return std::nullopt;
}

}  // namespace

Options Options::from(int argc, char** argv) {
  Options options;
  options.seed = given(argc, argv, "--seed", "PINION_TEST_SEED").value_or(options.seed);
  options.count = given(argc, argv, "--count", "PINION_TEST_COUNT");
  options.only = given(argc, argv, "--case", "PINION_CASE");
  return options;
}

std::uint64_t Options::seed_of(std::uint64_t index) const {
  const auto high = [](std::uint64_t word) { return static_cast<std::uint32_t>(word >> 32); };
  const auto low = [](std::uint64_t word) { return static_cast<std::uint32_t>(word); };
  std::seed_seq sequence{low(seed), high(seed), low(index), high(index)};
  std::uint32_t words[2];
  sequence.generate(std::begin(words), std::end(words));
  return (std::uint64_t{words[0]} << 32) | words[1];
}

std::string Options::repeat(std::uint64_t index) const {
  return fmt::format("--seed {} --case {}", seed, index);
}

}  // namespace pinion::tests
