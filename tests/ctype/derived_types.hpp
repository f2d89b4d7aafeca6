// Random types made of pointers, arrays, functions and qualifiers to any depth.
//
// Each is built in steps, and so is a chain of C typedefs, one per step, in which no declarator ever nests: what the
// chain says needs no understanding of nested declarators, neither of ours nor of the reader.
#pragma once

#include <random>
#include <string>
#include <string_view>

#include "ffi/ctype/type_table.hpp"

namespace pinion::tests {

// A type, and the typedef that names it in the C text.
struct Named {
  const ctype::Type* type;
  std::string name;
};

class DerivedTypes {
 public:
  // `prefix` begins every typedef.
  DerivedTypes(ctype::TypeTable& table, std::uint64_t seed, std::string prefix);

  Named make(unsigned steps);
  const std::string& text() const { return text_; }  // the typedefs made so far

 private:
  // `shape`: the typedef's declaration with {} for the new name.
  Named define(const ctype::Type* type, std::string_view shape);
  Named step(const Named& from, unsigned depth);
  Named pointer(const Named& to);
  Named constant(const Named& of);
  Named array(const Named& of);
  Named function(const Named& result, unsigned depth);

  ctype::TypeTable& table_;
  std::mt19937_64 random_;
  std::string prefix_;
  unsigned count_ = 0;
  std::string text_;
};

}  // namespace pinion::tests
