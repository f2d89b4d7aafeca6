// Integer constants and their arithmetic, as C defines them: every value has a type, unsigned ones wrap, signed ones
// must not overflow.
#pragma once

#include <string>
#include <string_view>

#include "ffi/base/result.hpp"
#include "ffi/ctype/type_table.hpp"

namespace pinion::ctype {

using Wide = __int128;
using UnsignedWide = unsigned __int128;

struct Constant {
  UnsignedWide bits = 0;        // sign- or zero-extended from the type's width, as its signedness says
  Scalar scalar = Scalar::Int;  // an Integer or Bool

  bool is_zero() const { return bits == 0; }
};

// The arithmetic of one data model (the widths of the types are its own).
class Arithmetic {
 public:
  explicit Arithmetic(TypeTable& table) : table_(table) {}

  unsigned width(Scalar) const;  // in bits
  bool is_signed(Scalar) const;
  bool is_negative(const Constant&) const;

  static Constant of_int(int value) { return {static_cast<UnsignedWide>(Wide{value}), Scalar::Int}; }
  Constant of_size(std::uint64_t) const;  // a size_t
  // The smallest of int, long, long long, __int128 (and their unsigned forms) that holds `value`.
  Constant of_value(Wide value) const;

  Constant convert(const Constant&, Scalar to) const;  // as a cast does
  Constant promote(const Constant&) const;             // C11 6.3.1.1
  Scalar common_type(Scalar, Scalar) const;            // C11 6.3.1.8, of promoted types

  // `op` is one of + - ~ !, or one of the binary operators of C11 6.5.5 to 6.5.14.
  Result<Constant> unary(std::string_view op, const Constant&) const;
  Result<Constant> binary(std::string_view op, const Constant&, const Constant&) const;

  std::string print(const Constant&) const;

 private:
  Constant wrap(UnsignedWide bits, Scalar) const;
  Result<Constant> checked(Wide exact, bool overflow, Scalar, std::string_view op) const;
  Result<Constant> shift(std::string_view op, const Constant&, const Constant&) const;
  Result<Constant> divide(std::string_view op, const Constant&, const Constant&, Scalar) const;
  Result<Constant> multiply(const Constant&, const Constant&, Scalar) const;

  TypeTable& table_;
};

// The decimal digits of a 128-bit number.
std::string decimal(Wide);

// Literals as spelt: `0x10UL`, `'\n'`, `L'x'`.
Result<Constant> integer_literal(const Arithmetic&, DataModel, std::string_view text);
Result<Constant> character_literal(const Arithmetic&, DataModel, std::string_view text);
// The characters between the quotes, escapes replaced. `units`: how many elements the array has without the final
// zero, and `unit_bytes` the size of each (for sizeof).
struct StringLiteral {
  std::string bytes;  // of a narrow string
  std::uint64_t units = 0;
  std::uint64_t unit_bytes = 1;
};
Result<StringLiteral> string_literal(DataModel, std::string_view text);

}  // namespace pinion::ctype
