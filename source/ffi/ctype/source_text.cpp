#include "ffi/ctype/source_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace pinion::ctype {

namespace {

constexpr std::size_t kShownBefore = 80;  // characters of a long line shown on either side of the caret
constexpr std::size_t kShownAfter = 60;

bool starts_character(char c) {
  return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
}  // not a UTF-8 continuation

std::size_t count_characters(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), starts_character));
}

// What a terminal can show: control characters (but not tabs) become question marks.
std::string printable(std::string_view text) {
  std::string shown(text);
  for (char& c : shown) {
    auto code = static_cast<unsigned char>(c);
    if ((code < 0x20 && c != '\t') || code == 0x7F) c = '?';
  }
  return shown;
}

// Spaces as wide as `text`: tabs stay tabs, so that the caret is under its character however wide they are.
std::string blanks(std::string_view text) {
  std::string result;
  for (char c : text) {
    if (c == '\t') {
      result += '\t';
    } else if (starts_character(c)) {
      result += ' ';
    }
  }
  return result;
}

// Optimal string alignment distance: insertions, deletions, substitutions, and swaps of neighbours.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1), above(b.size() + 1), row(b.size() + 1);
  std::iota(above.begin(), above.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      std::size_t changed = above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, changed});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    std::swap(before, above);
    std::swap(above, row);
  }
  return above[b.size()];
}

}  // namespace

SourceText::SourceText(std::string_view original) : original_(original) {
  joined_.reserve(original.size());
  std::size_t i = original.starts_with("\xEF\xBB\xBF") ? 3 : 0;  // a byte order mark
  if (i != 0) splices_.push_back({0, i});
  while (i < original.size()) {
    std::size_t backslash = std::min(original.find('\\', i), original.size());
    joined_.append(original, i, backslash - i);
    i = backslash;
    if (i == original.size()) break;
    std::string_view rest = original.substr(i + 1, 2);
    std::size_t ending = rest.starts_with('\n') ? 1 : rest == "\r\n" ? 2 : 0;
    if (ending == 0) {
      joined_ += original[i++];
    } else {
      i += 1 + ending;
      splices_.push_back({joined_.size(), i - joined_.size()});
    }
  }
}

std::size_t SourceText::original_offset(const char* at) const {
  auto offset = static_cast<std::size_t>(at - joined_.data());
  auto after = std::upper_bound(splices_.begin(), splices_.end(), offset,
                                [](std::size_t o, const Splice& splice) { return o < splice.joined; });
  return after == splices_.begin() ? offset : offset + std::prev(after)->removed;
}

ParseError SourceText::report(const char* at, std::string_view message) const {
  std::size_t offset = std::min(original_offset(at), original_.size());
  std::string_view before = original_.substr(0, offset);
  std::size_t start = before.find_last_of('\n') + 1;  // npos + 1 is 0
  std::string_view left = original_.substr(start, offset - start);
  std::string_view right = original_.substr(offset);
  right = right.substr(0, right.find_first_of("\r\n"));
  if (left.starts_with("\xEF\xBB\xBF")) left.remove_prefix(3);

  ParseError error;
  error.line = static_cast<unsigned>(std::count(before.begin(), before.end(), '\n') + 1);
  error.column = static_cast<unsigned>(count_characters(left) + 1);

  std::string_view before_dots, after_dots;
  if (left.size() > kShownBefore) {
    left.remove_prefix(left.size() - kShownBefore);
    while (!left.empty() && !starts_character(left.front())) left.remove_prefix(1);
    before_dots = "...";
  }
  if (right.size() > kShownAfter) {
    std::size_t end = kShownAfter;
    while (end > 0 && !starts_character(right[end])) --end;
    right = right.substr(0, end);
    after_dots = "...";
  }
  error.message =
      fmt::format("line {}, column {}: {}\n    {}{}{}{}\n    {}{}^", error.line, error.column, message, before_dots,
                  printable(left), printable(right), after_dots, blanks(before_dots), blanks(left));
  return error;
}

Suggestion::Suggestion(std::string_view misspelt)
    : misspelt_(misspelt),
      best_distance_(misspelt.size() <= 2   ? 1
                     : misspelt.size() <= 4 ? 2
                                            : 3) {
  if (misspelt_.size() > 40) best_distance_ = 0;  // nobody misspells that, and it would take time
}

void Suggestion::consider(std::string_view candidate) {
  std::size_t longer = std::max(candidate.size(), misspelt_.size());
  std::size_t shorter = std::min(candidate.size(), misspelt_.size());
  if (candidate == misspelt_ || longer - shorter >= best_distance_) return;
  std::size_t distance = edit_distance(misspelt_, candidate);
  if (distance < best_distance_) {
    best_distance_ = distance;
    best_ = candidate;
  }
}

std::string Suggestion::text() const {
  return best_.empty() ? "" : fmt::format("; did you mean '{}'?", best_);
}

}  // namespace pinion::ctype
