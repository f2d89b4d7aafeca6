#include "report.hpp"

#include <fmt/format.h>

#include "ffi/abi/print.hpp"
#include "ffi/marshal/callback_compiler.hpp"
#include "ffi/marshal/compiler.hpp"

namespace pinion::differential {

namespace {

std::string indented(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    result += fmt::format("    {}\n", text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return result;
}

}  // namespace

std::string describe(const Subject& subject, const Configuration& configuration, const Problem& problem) {
  const bool callback = subject.direction == marshal::Direction::Callback;
  const std::string_view name = callback ? "callback" : "callee";
  std::string text = fmt::format("  {}\n{}", problem.text, indented(prototype(subject.signature, name, true)));
  const auto layout = layout_of(subject, configuration, nullptr);
  if (!layout) return text;
  text += fmt::format("  layout for {}:\n{}", configuration.name(), indented(abi::to_string(**layout)));
  const Result<marshal::Code> code = callback ? marshal::compile_callback(*layout)
                                              : marshal::compile(*layout, marshal::plan_for_addresses(**layout, false));
  if (code) text += fmt::format("  marshaling code:\n{}", indented(marshal::to_string(*code)));
  return text;
}

}  // namespace pinion::differential
