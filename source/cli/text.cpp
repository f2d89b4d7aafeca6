#include "cli/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstdint>

namespace pinion::cli {
namespace {

constexpr std::string_view kOpening = "{[(", kClosing = "}])";
constexpr std::string_view kEscapeNames = "abfnrtve\\'\"?", kEscapeValues = "\a\b\f\n\r\t\v\x1B\\'\"?";

// Where the quoted text that begins at `at` ends (behind its quote), or npos.
std::size_t skip_quoted(std::string_view text, std::size_t at) {
  const char quote = text[at];
  for (++at; at < text.size(); ++at) {
    if (text[at] == '\\') {
      ++at;
    } else if (text[at] == quote) {
      return at + 1;
    }
  }
  return std::string_view::npos;
}

// Calls `visit(at)` for every character outside quotes and brackets; it says whether to go on. False: a quote or a
// bracket is not closed.
template <class Visit>
bool scan(std::string_view text, Visit visit) {
  std::string open;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '"' || c == '\'') {
      at = skip_quoted(text, at);
      if (at == std::string_view::npos) return false;
      --at;
    } else if (const auto opened = kOpening.find(c); opened != std::string_view::npos) {
      open += kClosing[opened];
    } else if (kClosing.find(c) != std::string_view::npos) {
      if (open.empty() || open.back() != c) return false;
      open.pop_back();
      if (open.empty() && !visit(at)) return true;
    } else if (open.empty() && !visit(at)) {
      return true;
    }
  }
  return open.empty();
}

void append_utf8(std::string& out, std::uint32_t code) {
  const auto byte = [&](std::uint32_t value) { out += static_cast<char>(value); };
  if (code < 0x80) return byte(code);
  if (code < 0x800) {
    byte(0xC0 | code >> 6);
  } else {
    if (code < 0x10000) {
      byte(0xE0 | code >> 12);
    } else {
      byte(0xF0 | (code >> 18 & 7));
      byte(0x80 | (code >> 12 & 0x3F));
    }
    byte(0x80 | (code >> 6 & 0x3F));
  }
  byte(0x80 | (code & 0x3F));
}

// The length of the UTF-8 sequence at the front of `bytes` and its code point, or 0.
std::size_t sequence(std::string_view bytes, std::uint32_t& code) {
  const auto lead = static_cast<unsigned char>(bytes[0]);
  const std::size_t length = lead < 0x80    ? 1
                             : lead >= 0xF5 ? 0
                             : lead >= 0xF0 ? 4
                             : lead >= 0xE0 ? 3
                             : lead >= 0xC2 ? 2
                                            : 0;
  if (length == 0 || length > bytes.size()) return 0;
  code = length == 1 ? lead : lead & (0x7FU >> length);
  for (std::size_t i = 1; i < length; ++i) {
    const auto next = static_cast<unsigned char>(bytes[i]);
    if ((next & 0xC0) != 0x80) return 0;
    code = code << 6 | (next & 0x3FU);
  }
  static constexpr std::uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  return code < kLeast[length] || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000) ? 0 : length;
}

std::string escaped(unsigned char c, bool digit_follows) {
  static constexpr std::string_view kNamed = "\n\t\r\a\b\f\v\\", kLetters = "ntrabfv\\";
  if (const auto at = kNamed.find(static_cast<char>(c)); at != std::string_view::npos) return {'\\', kLetters[at]};
  if (c >= 0x20 && c < 0x7F) return std::string(1, static_cast<char>(c));
  // Octal: an escape of at most three digits, where a hexadecimal one would swallow the digits that follow.
  return digit_follows ? fmt::format("\\{:03o}", c) : fmt::format("\\{:o}", c);
}

}  // namespace

std::string_view trim(std::string_view text) {
  const auto is_space = [](char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; };
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

bool is_identifier(std::string_view text) {
  const auto is_word = [](char c) { return c == '_' || std::isalnum(static_cast<unsigned char>(c)) != 0; };
  return !text.empty() && std::isdigit(static_cast<unsigned char>(text[0])) == 0 &&
         std::all_of(text.begin(), text.end(), is_word);
}

bool is_null(std::string_view text) {
  return text == "null" || text == "NULL" || text == "nullptr";
}

Result<std::vector<std::string_view>> split_items(std::string_view text) {
  std::vector<std::string_view> items;
  std::size_t begin = 0;
  const bool closed = scan(text, [&](std::size_t at) {
    if (text[at] == ',') {
      items.push_back(trim(text.substr(begin, at - begin)));
      begin = at + 1;
    }
    return true;
  });
  if (!closed) return Error{fmt::format("a quote or bracket is not closed in {}", named(text))};
  if (const auto last = trim(text.substr(begin)); !last.empty()) items.push_back(last);
  for (const std::string_view item : items) {
    if (item.empty()) return Error{fmt::format("nothing stands before a comma in {}", named(text))};
  }
  return items;
}

std::size_t closing_bracket(std::string_view text) {
  std::size_t found = std::string_view::npos;
  scan(text, [&](std::size_t at) {
    found = at;
    return false;
  });
  return found;
}

std::optional<std::string_view> inside_quotes(std::string_view text) {
  if (text.empty() || text[0] != '"' || skip_quoted(text, 0) != text.size()) return std::nullopt;
  return text.substr(1, text.size() - 2);
}

Result<std::string> unescape(std::string_view text) {
  std::string out;
  std::size_t at = 0;
  const auto digits = [&](int base, std::size_t most) {
    std::uint64_t value = 0;
    const std::size_t begin = at;
    for (; at < text.size() && at - begin < most; ++at) {
      const int c = std::tolower(static_cast<unsigned char>(text[at]));
      const int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : 99;
      if (digit >= base) break;
      value = value * static_cast<unsigned>(base) + static_cast<unsigned>(digit);
    }
    return std::pair(value, at - begin);
  };
  while (at < text.size()) {
    const char c = text[at++];
    if (c != '\\') {
      out += c;
      continue;
    }
    const char kind = at < text.size() ? text[at++] : '\0';
    if (const auto known = kEscapeNames.find(kind); kind != '\0' && known != std::string_view::npos) {
      out += kEscapeValues[known];
    } else if (kind >= '0' && kind <= '7') {
      --at;
      out += static_cast<char>(digits(8, 3).first);
    } else if (kind == 'x') {
      const auto [value, count] = digits(16, 2);
      if (count == 0) return Error{"expected hexadecimal digits after '\\x'"};
      out += static_cast<char>(value);
    } else if (kind == 'u' || kind == 'U') {
      const std::size_t want = kind == 'u' ? 4 : 8;
      const auto [value, count] = digits(16, want);
      if (count != want || value > 0x10FFFF) {
        return Error{fmt::format("expected a character's {} hexadecimal digits after '\\{}'", want, kind)};
      }
      append_utf8(out, static_cast<std::uint32_t>(value));
    } else if (kind == '\0') {
      return Error{"a backslash stands at the end; write '\\\\' for a backslash"};
    } else {
      return Error{fmt::format("there is no escape '\\{}'; write '\\\\' for a backslash", kind)};
    }
  }
  return out;
}

std::string quote(std::string_view bytes) {
  std::string out = "\"";
  while (!bytes.empty()) {
    std::uint32_t code = 0;
    const std::size_t length = sequence(bytes, code);
    if (length > 1 && code >= 0xA0) {
      out += bytes.substr(0, length);
    } else if (bytes[0] == '"') {
      out += "\\\"";
    } else {
      const bool digit_follows = bytes.size() > 1 && std::isdigit(static_cast<unsigned char>(bytes[1])) != 0;
      out += escaped(static_cast<unsigned char>(bytes[0]), digit_follows);
    }
    bytes.remove_prefix(length > 1 && code >= 0xA0 ? length : 1);
  }
  return out + '"';
}

std::string quote_character(unsigned char c) {
  return c == '\'' ? "'\\''" : fmt::format("'{}'", escaped(c, false));
}

std::string named(std::string_view text) {
  constexpr std::size_t kLongest = 60;
  if (text.size() <= kLongest) return fmt::format("'{}'", text);
  return fmt::format("'{}...'", text.substr(0, kLongest));
}

std::string to_utf8(std::u32string_view units) {
  std::string out;
  for (const char32_t unit : units) append_utf8(out, static_cast<std::uint32_t>(unit));
  return out;
}

std::u32string from_utf8(std::string_view bytes) {
  std::u32string out;
  while (!bytes.empty()) {
    std::uint32_t code = 0;
    std::size_t length = sequence(bytes, code);
    if (length == 0) {
      code = static_cast<unsigned char>(bytes[0]);
      length = 1;
    }
    out += static_cast<char32_t>(code);
    bytes.remove_prefix(length);
  }
  return out;
}

}  // namespace pinion::cli
