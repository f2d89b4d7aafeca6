#include "ffi/abi/print.hpp"

#include <fmt/format.h>

#include <array>
#include <iterator>

namespace pinion::abi {
namespace {

constexpr std::array<std::string_view, 7> kGprNames{"rdi", "rsi", "rdx", "rcx", "r8", "r9", "rax"};
constexpr std::array<std::string_view, 4> kPassingNames{"nothing", "direct", "reference", "hidden"};
constexpr std::array<std::string_view, 4> kExtensionNames{"", ", zero-extended", ", sign-extended", ", as 0 or 1"};

template <class Names, class Enum>
std::string_view name_in(const Names& names, Enum e) {
  return names[static_cast<std::size_t>(e)];
}

std::string pieces_text(const CallLayout& layout, const Value& value) {
  std::string text;
  for (const Piece& p : layout.pieces_of(value)) {
    if (!text.empty()) text += "; ";
    const std::string place = name_of(p.location, p.size);
    if (value.passing == Passing::Reference) {
      text += fmt::format("pointer to a {}-aligned copy in {}", value.align, place);
    } else {
      text += p.size == 1 ? fmt::format("byte {} in {}", p.offset, place)
                          : fmt::format("bytes {}..{} in {}", p.offset, p.offset + p.size - 1, place);
      text += name_in(kExtensionNames, p.extension);
    }
  }
  if (value.passing == Passing::Hidden) {
    text += fmt::format("{}-aligned buffer, its address in {} and then in rax", value.align, name_of(layout.hidden));
  }
  return text;
}

void append_line(std::string& out, const std::string& who, const CallLayout& layout, const Value& value) {
  const std::string pieces = pieces_text(layout, value);
  fmt::format_to(std::back_inserter(out), "{:<8} {:>3} {}  {}{}{}\n", who, value.size,
                 value.size == 1 ? "byte " : "bytes", name_in(kPassingNames, value.passing), pieces.empty() ? "" : "  ",
                 pieces);
}

}  // namespace

std::string name_of(const Location& location, std::uint32_t size) {
  switch (location.kind) {
    case Location::Kind::Gpr: return std::string(kGprNames[location.at]);
    case Location::Kind::Xmm: return fmt::format("{}mm{}", size > 16 ? 'y' : 'x', location.at);
    case Location::Kind::X87: return fmt::format("st{}", location.at);
    default: return location.at == 0 ? "[rsp]" : fmt::format("[rsp+{}]", location.at);
  }
}

std::string to_string(const CallLayout& layout) {
  std::string out;
  for (std::size_t i = 0; i < layout.arguments.size(); ++i) {
    append_line(out, fmt::format("arg {}", i), layout, layout.arguments[i]);
  }
  append_line(out, "result", layout, layout.result);
  fmt::format_to(std::back_inserter(out), "stack    {:>3} bytes, {}-aligned\n", layout.stack_size, layout.stack_align);
  if (layout.variadic && layout.convention == Convention::SysV) {
    fmt::format_to(std::back_inserter(out), "al       {:>3}\n", layout.vector_registers);
  }
  return out;
}

}  // namespace pinion::abi
