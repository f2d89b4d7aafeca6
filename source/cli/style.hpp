// Colours for a terminal; nothing when the output is none, or NO_COLOR is set (no-color.org).
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>

namespace pinion::cli {

class Style {
 public:
  explicit Style(bool colour) : colour_(colour) {}

  std::string heading(std::string_view text) const { return wrap("1", text); }  // bold
  std::string code(std::string_view text) const { return wrap("36", text); }    // C and instructions
  std::string place(std::string_view text) const { return wrap("33", text); }   // registers and stack slots
  std::string quiet(std::string_view text) const { return wrap("2", text); }    // padding, remarks

 private:
  std::string wrap(std::string_view sgr, std::string_view text) const {
    return colour_ && !text.empty() ? fmt::format("\x1B[{}m{}\x1B[0m", sgr, text) : std::string(text);
  }

  bool colour_;
};

}  // namespace pinion::cli
