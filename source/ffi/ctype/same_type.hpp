// Whether two declarations of one name agree: compatible types, C11 6.2.7.
#pragma once

#include <cstdint>

#include "ffi/ctype/type.hpp"

namespace pinion::ctype {

class TypeComparison {
 public:
  // Typedefs do not matter, nor do the qualifiers of parameters. A function without a prototype agrees with every
  // function of the same result, an array without a bound with every array of the same element.
  bool same(const Type& a, const Type& b) { return compare(a, b, 0); }

  // Whether two definitions of a struct or union have the same members in the same places.
  bool same_members(const Type& a, const Type& b);

 private:
  bool compare(const Type& a, const Type& b, unsigned depth);
  bool compare_functions(const Type& a, const Type& b, unsigned depth);

  // Types of one text, compared again and again, must not take time without a bound.
  std::uint64_t budget_ = 20'000'000;
};

}  // namespace pinion::ctype
