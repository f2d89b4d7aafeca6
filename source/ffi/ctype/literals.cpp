#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "ffi/ctype/constant.hpp"

namespace pinion::ctype {

namespace {

int digit_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return 99;
}

struct Suffix {
  bool is_unsigned = false;
  int longs = 0;
};

// u, l, ll, and their combinations in either order (C11 6.4.4.1). False: something else.
bool parse_suffix(std::string_view text, Suffix& suffix) {
  if (text.empty()) return true;
  if (text[0] == 'u' || text[0] == 'U') {
    if (suffix.is_unsigned) return false;
    suffix.is_unsigned = true;
    return parse_suffix(text.substr(1), suffix);
  }
  if (suffix.longs != 0 || (text[0] != 'l' && text[0] != 'L')) return false;
  suffix.longs = text.size() > 1 && text[1] == text[0] ? 2 : 1;
  return parse_suffix(text.substr(static_cast<std::size_t>(suffix.longs)), suffix);
}

// The table of C11 6.4.4.1 paragraph 5: the first type of the list that holds the value.
Scalar literal_type(const Arithmetic& math, UnsignedWide value, bool is_decimal, const Suffix& suffix) {
  struct Candidate {
    int longs;
    Scalar with_sign, without;
  };
  for (auto [longs, with_sign, without] :
       {Candidate{0, Scalar::Int, Scalar::UInt}, Candidate{1, Scalar::Long, Scalar::ULong},
        Candidate{2, Scalar::LongLong, Scalar::ULongLong}}) {
    if (longs < suffix.longs) continue;
    unsigned width = math.width(with_sign);
    if (!suffix.is_unsigned && value >> (width - 1) == 0) return with_sign;
    if ((suffix.is_unsigned || !is_decimal) && value >> width == 0) return without;
  }
  return Scalar::Int128;  // an extended integer type, as gcc has it
}

// The units of a character constant or string between its quotes, escapes replaced (C11 6.4.4.4).
Result<std::vector<std::uint32_t>> units_of(std::string_view text, bool wide) {
  std::vector<std::uint32_t> units;
  std::size_t i = 0;
  auto digits = [&](int base, std::size_t most) {
    std::uint64_t value = 0;
    for (std::size_t n = 0; n < most && i < text.size() && digit_value(text[i]) < base; ++n, ++i) {
      value = std::min<std::uint64_t>(value * static_cast<unsigned>(base) + static_cast<unsigned>(digit_value(text[i])),
                                      std::uint64_t{1} << 32);
    }
    return value;
  };
  while (i < text.size()) {
    char c = text[i++];
    if (c != '\\') {
      auto lead = static_cast<unsigned char>(c);
      std::uint32_t code = lead;
      if (wide && lead >= 0xC0) {  // one UTF-8 sequence is one unit
        int more = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : 1;
        code = lead & (0x3Fu >> more);
        while (more-- > 0 && i < text.size()) code = code << 6 | (static_cast<unsigned char>(text[i++]) & 0x3F);
      }
      units.push_back(code);
      continue;
    }
    char kind = i < text.size() ? text[i++] : '\\';
    constexpr std::string_view kNames = "abfnrtve\\'\"?", kValues = "\a\b\f\n\r\t\v\x1B\\'\"?";
    std::size_t known = kNames.find(kind);
    std::uint64_t value = 0;
    if (known != std::string_view::npos) {
      value = static_cast<std::uint64_t>(kValues[known]);
    } else if (kind >= '0' && kind <= '7') {
      --i;
      value = digits(8, 3);
    } else if (kind == 'x' && i < text.size() && digit_value(text[i]) < 16) {
      value = digits(16, text.size());
    } else if (kind == 'u' || kind == 'U') {
      value = digits(16, kind == 'u' ? 4 : 8);
    } else {
      return Error{fmt::format("unknown escape '\\{}'", kind)};
    }
    if (value > (wide || kind == 'u' || kind == 'U' ? 0xFFFFFFFFu : 0xFFu)) {
      return Error{"this escape does not fit in one character"};
    }
    units.push_back(static_cast<std::uint32_t>(value));
  }
  return units;
}

struct Quoted {
  std::string_view prefix, inside;
};

Quoted unquote(std::string_view text) {
  std::size_t quote = text.find_first_of("\"'");
  return {text.substr(0, quote), text.substr(quote + 1, text.size() - quote - 2)};
}

// The type of a unit, by the literal's prefix.
Scalar unit_type(DataModel model, std::string_view prefix) {
  if (prefix == "L") return model == DataModel::Lp64 ? Scalar::Int : Scalar::UShort;
  if (prefix == "u") return Scalar::UShort;
  if (prefix == "U") return Scalar::UInt;
  return Scalar::Char;
}

}  // namespace

Result<Constant> integer_literal(const Arithmetic& math, DataModel, std::string_view text) {
  int base = 10;
  std::string_view rest = text;
  if (text.starts_with("0x") || text.starts_with("0X")) {
    base = 16;
    rest.remove_prefix(2);
  } else if (text.starts_with("0b") || text.starts_with("0B")) {
    base = 2;
    rest.remove_prefix(2);
  } else if (text.starts_with("0")) {
    base = 8;
  }
  UnsignedWide value = 0;
  std::size_t i = 0;
  for (; i < rest.size() && digit_value(rest[i]) < base; ++i) {
    value = value * static_cast<unsigned>(base) + static_cast<unsigned>(digit_value(rest[i]));
    if (value >> 64 != 0) return Error{fmt::format("the number '{:.40}' is too large: it needs over 64 bits", text)};
  }
  Suffix suffix;
  if (i == 0) return Error{fmt::format("'{:.40}' is not a number", text)};
  if (!parse_suffix(rest.substr(i), suffix)) {
    return Error{fmt::format("'{:.40}' is not a number: '{:.40}' was not expected there", text, rest.substr(i))};
  }
  return Constant{value, literal_type(math, value, base == 10, suffix)};
}

Result<Constant> character_literal(const Arithmetic& math, DataModel model, std::string_view text) {
  auto [prefix, inside] = unquote(text);
  bool wide = !prefix.empty() && prefix != "u8";
  auto units = units_of(inside, wide);
  if (!units.ok()) return units.error();
  if (units->empty()) return Error{"an empty character constant: expected a character between the quotes"};
  if (wide) {
    if (units->size() > 1) return Error{fmt::format("{:.40} holds more than one character", text)};
    return math.convert({units->front(), Scalar::UInt}, unit_type(model, prefix));
  }
  if (units->size() > 4) return Error{fmt::format("{:.40} holds more than four characters", text)};
  if (units->size() == 1) return math.convert(math.convert({units->front(), Scalar::UInt}, Scalar::Char), Scalar::Int);
  UnsignedWide bits = 0;  // several characters: as gcc, the first is the most significant
  for (std::uint32_t unit : *units) bits = bits << 8 | (unit & 0xFF);
  return math.convert({bits, Scalar::UInt}, Scalar::Int);
}

Result<StringLiteral> string_literal(DataModel model, std::string_view text) {
  auto [prefix, inside] = unquote(text);
  bool wide = !prefix.empty() && prefix != "u8";
  auto units = units_of(inside, wide);
  if (!units.ok()) return units.error();
  StringLiteral result;
  Scalar unit = unit_type(model, prefix);
  result.unit_bytes = unit == Scalar::Char ? 1 : unit == Scalar::UShort ? 2 : 4;
  for (std::uint32_t u : *units) {
    result.units += result.unit_bytes == 2 && u > 0xFFFF ? 2 : 1;  // a surrogate pair
    result.bytes += static_cast<char>(u);
  }
  return result;
}

}  // namespace pinion::ctype
