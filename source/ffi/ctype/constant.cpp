#include "ffi/ctype/constant.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace pinion::ctype {

namespace {

Scalar to_unsigned(Scalar scalar) {
  switch (scalar) {
    case Scalar::Int: return Scalar::UInt;
    case Scalar::Long: return Scalar::ULong;
    case Scalar::LongLong: return Scalar::ULongLong;
    case Scalar::Int128: return Scalar::UInt128;
    default: return scalar;
  }
}

// The conversion rank (C11 6.3.1.1) of a promoted type.
int rank(Scalar scalar) {
  switch (scalar) {
    case Scalar::Long:
    case Scalar::ULong: return 1;
    case Scalar::LongLong:
    case Scalar::ULongLong: return 2;
    case Scalar::Int128:
    case Scalar::UInt128: return 3;
    default: return 0;
  }
}

std::string_view spelling(Scalar scalar) {
  static constexpr std::array kSpellings{
#define X(name, text, ...) std::string_view(text),
      PINION_SCALARS(X)
#undef X
  };
  return kSpellings[static_cast<std::size_t>(scalar)];
}

constexpr Wide kWideMin = static_cast<Wide>(UnsignedWide{1} << 127);

}  // namespace

std::string decimal(Wide value) {
  bool negative = value < 0;
  auto rest = negative ? -static_cast<UnsignedWide>(value) : static_cast<UnsignedWide>(value);
  std::string digits;
  do {
    digits += static_cast<char>('0' + static_cast<int>(rest % 10));
    rest /= 10;
  } while (rest != 0);
  if (negative) digits += '-';
  std::reverse(digits.begin(), digits.end());
  return digits;
}

unsigned Arithmetic::width(Scalar scalar) const {
  return scalar == Scalar::Bool ? 1 : static_cast<unsigned>(table_.scalar(scalar)->size) * 8;
}

bool Arithmetic::is_signed(Scalar scalar) const {
  return table_.scalar(scalar)->is_signed;
}

bool Arithmetic::is_negative(const Constant& c) const {
  return is_signed(c.scalar) && static_cast<Wide>(c.bits) < 0;
}

Constant Arithmetic::wrap(UnsignedWide bits, Scalar scalar) const {
  unsigned unused = 128 - width(scalar);
  bits <<= unused;
  if (is_signed(scalar)) return {static_cast<UnsignedWide>(static_cast<Wide>(bits) >> unused), scalar};
  return {bits >> unused, scalar};
}

Constant Arithmetic::of_size(std::uint64_t size) const {
  return {size, table_.model() == DataModel::Lp64 ? Scalar::ULong : Scalar::ULongLong};
}

Constant Arithmetic::of_value(Wide value) const {
  for (Scalar s : {Scalar::Int, Scalar::UInt, Scalar::Long, Scalar::ULong, Scalar::LongLong, Scalar::ULongLong}) {
    Constant c = wrap(static_cast<UnsignedWide>(value), s);
    if (static_cast<Wide>(c.bits) == value) return c;
  }
  return {static_cast<UnsignedWide>(value), Scalar::Int128};
}

Constant Arithmetic::convert(const Constant& c, Scalar to) const {
  if (to == Scalar::Bool) return {c.is_zero() ? UnsignedWide{0} : UnsignedWide{1}, to};
  return wrap(c.bits, to);
}

Constant Arithmetic::promote(const Constant& c) const {
  return width(c.scalar) < width(Scalar::Int) ? convert(c, Scalar::Int) : c;
}

Scalar Arithmetic::common_type(Scalar a, Scalar b) const {
  if (is_signed(a) == is_signed(b)) return rank(a) >= rank(b) ? a : b;
  Scalar with_sign = is_signed(a) ? a : b;
  Scalar without = is_signed(a) ? b : a;
  if (rank(without) >= rank(with_sign)) return without;
  return width(with_sign) > width(without) ? with_sign : to_unsigned(with_sign);
}

Result<Constant> Arithmetic::checked(Wide exact, bool overflow, Scalar scalar, std::string_view op) const {
  Constant c = wrap(static_cast<UnsignedWide>(exact), scalar);
  if (overflow || static_cast<Wide>(c.bits) != exact) {
    return Error{fmt::format("the result of '{}' does not fit in '{}'", op, spelling(scalar))};
  }
  return c;
}

Result<Constant> Arithmetic::unary(std::string_view op, const Constant& operand) const {
  if (op == "!") return of_int(operand.is_zero() ? 1 : 0);
  Constant c = promote(operand);
  if (op == "~") return wrap(~c.bits, c.scalar);
  if (op == "+") return c;
  if (!is_signed(c.scalar)) return wrap(-c.bits, c.scalar);
  auto value = static_cast<Wide>(c.bits);
  if (value == kWideMin) return checked(value, true, c.scalar, op);
  return checked(-value, false, c.scalar, op);
}

Result<Constant> Arithmetic::shift(std::string_view op, const Constant& l, const Constant& r) const {
  unsigned bits = width(l.scalar);
  if (is_negative(r) || r.bits >= bits) {
    return Error{fmt::format("a shift by {}: expected 0 to {}", decimal(static_cast<Wide>(r.bits)), bits - 1)};
  }
  auto count = static_cast<unsigned>(r.bits);
  if (op == "<<") return wrap(l.bits << count, l.scalar);  // gcc and clang give signed shifts their obvious meaning
  if (is_signed(l.scalar)) return wrap(static_cast<UnsignedWide>(static_cast<Wide>(l.bits) >> count), l.scalar);
  return wrap(l.bits >> count, l.scalar);
}

Result<Constant> Arithmetic::divide(std::string_view op, const Constant& l, const Constant& r, Scalar type) const {
  if (r.is_zero()) return Error{op == "/" ? "a division by zero" : "a remainder of a division by zero"};
  if (!is_signed(type)) return wrap(op == "/" ? l.bits / r.bits : l.bits % r.bits, type);
  auto a = static_cast<Wide>(l.bits), b = static_cast<Wide>(r.bits);
  if (b == -1) {  // the one quotient that can overflow
    auto negated = unary("-", l);
    if (!negated.ok() || op == "/") return negated;
    return wrap(0, type);
  }
  return wrap(static_cast<UnsignedWide>(op == "/" ? a / b : a % b), type);
}

Result<Constant> Arithmetic::multiply(const Constant& l, const Constant& r, Scalar type) const {
  if (!is_signed(type)) return wrap(l.bits * r.bits, type);
  auto a = static_cast<Wide>(l.bits), b = static_cast<Wide>(r.bits);
  auto product = static_cast<Wide>(l.bits * r.bits);
  // __builtin_mul_overflow would want a function of the compiler's own run-time library from clang here.
  bool overflow = a != 0 && ((a == -1 && b == kWideMin) || (a != -1 && product / a != b));
  return checked(product, overflow, type, "*");
}

Result<Constant> Arithmetic::binary(std::string_view op, const Constant& left, const Constant& right) const {
  if (op == "&&") return of_int(!left.is_zero() && !right.is_zero());
  if (op == "||") return of_int(!left.is_zero() || !right.is_zero());
  Constant l = promote(left), r = promote(right);
  if (op == "<<" || op == ">>") return shift(op, l, r);

  Scalar type = common_type(l.scalar, r.scalar);
  l = convert(l, type);
  r = convert(r, type);
  auto a = static_cast<Wide>(l.bits), b = static_cast<Wide>(r.bits);
  bool less = is_signed(type) ? a < b : l.bits < r.bits;
  bool equal = l.bits == r.bits;

  if (op == "==") return of_int(equal);
  if (op == "!=") return of_int(!equal);
  if (op == "<") return of_int(less);
  if (op == ">=") return of_int(!less);
  if (op == "<=") return of_int(less || equal);
  if (op == ">") return of_int(!less && !equal);
  if (op == "&") return wrap(l.bits & r.bits, type);
  if (op == "|") return wrap(l.bits | r.bits, type);
  if (op == "^") return wrap(l.bits ^ r.bits, type);
  if (op == "*") return multiply(l, r, type);
  if (op == "/" || op == "%") return divide(op, l, r, type);

  bool add = op == "+";
  if (!is_signed(type)) return wrap(add ? l.bits + r.bits : l.bits - r.bits, type);
  Wide exact = 0;
  bool overflow = add ? __builtin_add_overflow(a, b, &exact) : __builtin_sub_overflow(a, b, &exact);
  return checked(exact, overflow, type, op);
}

std::string Arithmetic::print(const Constant& c) const {
  if (is_signed(c.scalar) || static_cast<Wide>(c.bits) >= 0) return decimal(static_cast<Wide>(c.bits));
  UnsignedWide tenth = c.bits / 10;  // above the signed range
  return decimal(static_cast<Wide>(tenth)) + static_cast<char>('0' + static_cast<int>(c.bits % 10));
}

}  // namespace pinion::ctype
