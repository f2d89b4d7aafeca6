// The text being parsed, with its continued lines joined, and reports about places in it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "ffi/ctype/parser.hpp"

namespace pinion::ctype {

class SourceText {
 public:
  explicit SourceText(std::string_view original);
  SourceText(const SourceText&) = delete;
  SourceText& operator=(const SourceText&) = delete;

  // The text without backslash-newlines (C11 5.1.1.2, phase 2). Tokens are views into it.
  std::string_view text() const { return joined_; }

  // `message` with the line and column of `at` (a place in text()), the line itself and a caret.
  ParseError report(const char* at, std::string_view message) const;

 private:
  struct Splice {
    std::size_t joined;   // from this offset of joined_ on ...
    std::size_t removed;  // ... this many characters of the original are missing
  };
  std::size_t original_offset(const char* at) const;

  std::string_view original_;
  std::string joined_;
  std::vector<Splice> splices_;
};

// The candidate nearest to a misspelt name, if one is near enough to propose. Feed it every candidate.
class Suggestion {
 public:
  explicit Suggestion(std::string_view misspelt);
  void consider(std::string_view candidate);
  // "; did you mean 'double'?", or nothing.
  std::string text() const;

 private:
  std::string_view misspelt_;
  std::string best_;
  std::size_t best_distance_;
};

}  // namespace pinion::ctype
