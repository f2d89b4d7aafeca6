#include "cli/numbers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <cstring>

#include "cli/text.hpp"

// glibc's functions for its _Float128, which is __float128. Its header shows them to some compilers only.
extern "C" {
__float128 pinion_cli_strtof128(const char*, char**) __asm__("strtof128");
int pinion_cli_strfromf128(char*, std::size_t, const char*, __float128) __asm__("strfromf128");
}

namespace pinion::cli {
namespace {

using ctype::Scalar;

int digit_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const int lower = std::tolower(static_cast<unsigned char>(c));
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : 99;
}

int take_base(std::string_view& text) {
  const auto is_prefix = [&](char letter) {
    return text.size() > 2 && text[0] == '0' && std::tolower(static_cast<unsigned char>(text[1])) == letter;
  };
  if (is_prefix('x')) return text.remove_prefix(2), 16;
  if (is_prefix('b')) return text.remove_prefix(2), 2;
  return text.size() > 1 && text[0] == '0' ? 8 : 10;
}

// How many Ls and Us, or nothing when there is something else (C11 6.4.4.1).
struct Suffix {
  int longs = 0;
  bool is_unsigned = false;
};
std::optional<Suffix> read_suffix(std::string_view text) {
  Suffix suffix;
  for (const char c : text) {
    if (c == 'l' || c == 'L') {
      ++suffix.longs;
    } else if ((c == 'u' || c == 'U') && !suffix.is_unsigned) {
      suffix.is_unsigned = true;
    } else {
      return std::nullopt;
    }
  }
  return suffix.longs <= 2 ? std::optional(suffix) : std::nullopt;
}

// The first of C's types for a literal that holds it (C11 6.4.4.1 paragraph 5).
Scalar literal_type(const Integer& n, const Suffix& suffix, int base) {
  struct Row {
    int longs;
    unsigned bits;
    Scalar with_sign, without;
  };
  static constexpr Row kRows[] = {{0, 32, Scalar::Int, Scalar::UInt},
                                  {1, 64, Scalar::Long, Scalar::ULong},
                                  {2, 64, Scalar::LongLong, Scalar::ULongLong}};
  for (const Row& row : kRows) {
    if (row.longs < suffix.longs) continue;
    if (!suffix.is_unsigned && fit(n, row.bits, true)) return row.with_sign;
    if ((suffix.is_unsigned || base != 10) && fit(n, row.bits, false)) return row.without;
  }
  return fit(n, 128, true) ? Scalar::Int128 : Scalar::UInt128;
}

std::optional<Integer> read_character(std::string_view text) {
  if (text.size() < 3 || text.front() != '\'' || text.back() != '\'') return std::nullopt;
  const std::string_view inside = text.substr(1, text.size() - 2);
  if (inside == "'") return std::nullopt;
  const auto bytes = unescape(inside);
  if (!bytes) return std::nullopt;
  if (bytes->size() == 1) return Integer::of(static_cast<signed char>(bytes->front()));
  const std::u32string units = from_utf8(*bytes);
  return units.size() == 1 ? std::optional(Integer::of(units[0])) : std::nullopt;
}

// _Float16 by hand: not every compiler has it. The text was rounded to double before, with 42 bits to spare: only a
// text that agrees for as long with a tie between two halves could be rounded wrongly.
std::uint16_t to_half(double value) {
  const std::uint16_t sign = std::signbit(value) ? 0x8000 : 0;
  const double size = std::fabs(value);
  if (std::isnan(value)) return sign | 0x7E00;
  if (size == 0) return sign;
  if (size >= 65520) return sign | 0x7C00;  // rounds to beyond the largest, 65504
  int exponent = 0;
  std::frexp(size, &exponent);
  exponent = std::max(exponent - 1, -14);                                // subnormals share the least exponent
  const double units = std::nearbyint(std::ldexp(size, 10 - exponent));  // of the last place
  return static_cast<std::uint16_t>(sign + ((exponent + 14) << 10) + static_cast<int>(units));
}

float from_half(std::uint16_t half) {
  const int exponent = half >> 10 & 0x1F;
  const int fraction = half & 0x3FF;
  float size = 0;
  if (exponent == 31) {
    size = fraction == 0 ? INFINITY : NAN;
  } else {
    size = std::ldexp(static_cast<float>(exponent == 0 ? fraction : fraction + 1024), std::max(exponent, 1) - 25);
  }
  return (half & 0x8000) != 0 ? -size : size;
}

template <class T>
T read_one(const char* text, char** end) {
  if constexpr (sizeof(T) == sizeof(float)) {
    return std::strtof(text, end);
  } else if constexpr (sizeof(T) == sizeof(double)) {
    return std::strtod(text, end);
  } else if constexpr (std::is_same_v<T, long double>) {
    return std::strtold(text, end);
  } else {
    return pinion_cli_strtof128(text, end);
  }
}

template <class T>
Result<std::size_t> read_as(const std::string& text, std::byte* to) {
  char* end = nullptr;
  errno = 0;
  const T value = read_one<T>(text.c_str(), &end);
  if (errno == ERANGE && (value > 1 || value < -1)) return Error{"it is too large"};
  // The padding of a long double is not the value's.
  std::memcpy(to, &value, std::is_same_v<T, long double> ? 10 : sizeof value);
  return static_cast<std::size_t>(end - text.c_str());
}

template <class T>
T load(const std::byte* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

// "1.5e+03" as people write it, "1500": exponents only where there would be many zeros.
std::string without_exponent(std::string_view scientific) {
  const auto e = scientific.find('e');
  if (e == std::string_view::npos) return std::string(scientific);  // inf, nan
  const int exponent = std::atoi(std::string(scientific.substr(e + 1)).c_str());
  std::string digits;
  for (const char c : scientific.substr(0, e)) {
    if (c >= '0' && c <= '9') digits += c;
  }
  while (digits.size() > 1 && digits.back() == '0') digits.pop_back();
  const std::string sign = scientific[0] == '-' ? "-" : "";
  const int count = static_cast<int>(digits.size());
  if (exponent < -5 || exponent > 16) {
    return fmt::format("{}{}{}{}e{:+03}", sign, digits[0], count > 1 ? "." : "", digits.substr(1), exponent);
  }
  if (exponent < 0) return sign + "0." + std::string(static_cast<std::size_t>(-exponent - 1), '0') + digits;
  const auto whole = static_cast<std::size_t>(exponent) + 1;
  if (digits.size() <= whole) return sign + digits + std::string(whole - digits.size(), '0');
  return sign + digits.substr(0, whole) + "." + digits.substr(whole);
}

template <class T>
std::string shortest(T value) {
  if (std::isnan(value)) return std::signbit(value) ? "-nan" : "nan";
  char buffer[128];
  const auto end = std::to_chars(std::begin(buffer), std::end(buffer), value, std::chars_format::scientific).ptr;
  return without_exponent({buffer, static_cast<std::size_t>(end - buffer)});
}

std::string shortest_float128(__float128 value) {
  char buffer[128];
  for (int digits = 1; digits <= 36; ++digits) {
    const std::string format = fmt::format("%.{}e", digits - 1);
    pinion_cli_strfromf128(buffer, sizeof buffer, format.c_str(), value);
    const __float128 back = pinion_cli_strtof128(buffer, nullptr);
    if (back == value) break;
  }
  return without_exponent(buffer);
}

// The shortest text of a _Float16: fewer digits than the float of the same value needs.
std::string shortest_half(std::uint16_t half) {
  const float value = from_half(half);
  if (!std::isfinite(value)) return shortest(value);
  for (int digits = 1; digits < 5; ++digits) {
    const std::string text = fmt::format("{:.{}e}", value, digits - 1);
    if (to_half(std::strtod(text.c_str(), nullptr)) == half) return without_exponent(text);
  }
  return without_exponent(fmt::format("{:.4e}", value));
}

}  // namespace

Integer Integer::of(Wide value) {
  Integer n;
  n.negative = value < 0;
  n.magnitude = n.negative ? -static_cast<UnsignedWide>(value) : static_cast<UnsignedWide>(value);
  n.type = literal_type(n, {}, 10);
  return n;
}

std::optional<Integer> read_integer(std::string_view text) {
  Integer n;
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) {
    n.negative = text[0] == '-';
    text.remove_prefix(1);
  }
  if (text.empty()) return std::nullopt;
  if (text[0] == '\'') {
    auto character = read_character(text);
    if (character && n.negative) character->negative = !character->negative;
    return character;
  }
  const int base = take_base(text);
  std::size_t i = 0;
  for (; i < text.size() && digit_value(text[i]) < base; ++i) {
    const auto digit = static_cast<UnsignedWide>(digit_value(text[i]));
    if (n.magnitude > (~UnsignedWide{0} - digit) / static_cast<unsigned>(base)) return std::nullopt;
    n.magnitude = n.magnitude * static_cast<unsigned>(base) + digit;
  }
  const auto suffix = read_suffix(text.substr(i));
  if (i == 0 || !suffix) return std::nullopt;
  n.type = literal_type(n, *suffix, base);
  return n;
}

std::optional<UnsignedWide> fit(const Integer& n, unsigned bits, bool is_signed) {
  const UnsignedWide half = UnsignedWide{1} << (bits - 1);
  const UnsignedWide mask = half | (half - 1);
  const bool zero = n.magnitude == 0;
  if (n.negative && !zero) {
    if (!is_signed || n.magnitude > half) return std::nullopt;
    return -n.magnitude & mask;
  }
  if (n.magnitude > (is_signed ? half - 1 : mask)) return std::nullopt;
  return n.magnitude;
}

void store_integer(std::byte* to, UnsignedWide bits, std::uint64_t size) {
  std::memcpy(to, &bits, size);  // little-endian, as all of x86-64
}

std::string print_integer(UnsignedWide bits, unsigned width, bool is_signed) {
  const UnsignedWide half = UnsignedWide{1} << (width - 1);
  bits &= half | (half - 1);
  if (is_signed && (bits & half) != 0) {
    const UnsignedWide magnitude = -bits & (half | (half - 1));
    return fmt::format("-{}", magnitude);
  }
  return fmt::format("{}", bits);
}

std::string range_of(unsigned bits, bool is_signed) {
  const UnsignedWide half = UnsignedWide{1} << (bits - 1);
  if (is_signed) return fmt::format("{} to {}", print_integer(half, bits, true), print_integer(half - 1, bits, true));
  return fmt::format("0 to {}", print_integer(half | (half - 1), bits, false));
}

Result<std::size_t> read_floating(Scalar scalar, std::string_view text, std::byte* to) {
  if (text.empty() || std::isspace(static_cast<unsigned char>(text[0])) != 0) return std::size_t{0};
  const std::string ended(text);
  switch (scalar) {
    case Scalar::Float: return read_as<float>(ended, to);
    case Scalar::Double: return read_as<double>(ended, to);
    case Scalar::LongDouble: return read_as<long double>(ended, to);
    case Scalar::Float128: return read_as<__float128>(ended, to);
    default: break;
  }
  double value = 0;
  auto length = read_as<double>(ended, reinterpret_cast<std::byte*>(&value));
  if (!length) return length;
  const std::uint16_t half = to_half(value);
  if ((half & 0x7FFF) == 0x7C00 && std::isfinite(value)) return Error{"it is too large"};
  std::memcpy(to, &half, sizeof half);
  return length;
}

std::optional<Scalar> floating_literal_type(std::string_view suffix) {
  if (suffix.empty()) return Scalar::Double;
  if (suffix == "f" || suffix == "F") return Scalar::Float;
  if (suffix == "l" || suffix == "L") return Scalar::LongDouble;
  if (suffix == "q" || suffix == "Q") return Scalar::Float128;
  return std::nullopt;
}

std::string print_floating(Scalar scalar, const std::byte* from) {
  switch (scalar) {
    case Scalar::Float: return shortest(load<float>(from));
    case Scalar::Double: return shortest(load<double>(from));
    case Scalar::LongDouble: return shortest(load<long double>(from));
    case Scalar::Float128: return shortest_float128(load<__float128>(from));
    default: return shortest_half(load<std::uint16_t>(from));
  }
}

}  // namespace pinion::cli
