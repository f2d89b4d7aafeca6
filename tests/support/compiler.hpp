// The compilers that tests compare us with, and what they make of constant data, without running it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "ffi/base/result.hpp"

namespace pinion::tests {

struct Compiler {
  std::string command;  // "x86_64-w64-mingw32-gcc"
  std::string package;  // the Debian package that has it

  bool installed() const;
  std::string missing() const;  // what to say when it is not
};

// The bytes of every initialised object that a C text defines, by name.
using Objects = std::map<std::string, std::vector<std::uint8_t>, std::less<>>;

// Compiles `text` to assembly, with warnings off, and reads the objects from that: so a cross compiler will do, and
// nothing is linked. Error: what the compiler said. The text must not hold functions.
Result<Objects> compile_data(const Compiler&, std::string_view text, std::string_view options = {});

// A table of unsigned long long.
std::vector<std::uint64_t> words_of(const std::vector<std::uint8_t>& bytes);

}  // namespace pinion::tests
