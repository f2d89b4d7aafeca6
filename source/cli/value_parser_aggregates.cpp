// The part of ValueParser that reads {...}.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "cli/text.hpp"
#include "cli/value_parser.hpp"

namespace pinion::cli {

using ctype::Kind;
using ctype::Type;

namespace {

bool has_member(const Type& record, std::string_view name) {
  return std::any_of(record.members.begin(), record.members.end(), [&](const ctype::Member& m) {
    return m.name.empty() ? !m.bit_field && has_member(ctype::resolve(*m.type), name) : m.name == name;
  });
}

}  // namespace

// A step into an aggregate: path_ has it while the Step lives.
class ValueParser::Step {
 public:
  Step(ValueParser& parser, const std::string& step) : path_(parser.path_), length_(path_.size()) { path_ += step; }
  ~Step() { path_.resize(length_); }
  Step(const Step&) = delete;
  Step& operator=(const Step&) = delete;

 private:
  std::string& path_;
  std::size_t length_;
};

// -- aggregates

Status ValueParser::parse_member(const ctype::Member& m, std::string_view text, std::byte* record) {
  const Step step(*this, m.name.empty() ? std::string() : fmt::format(".{}", m.name));
  return m.bit_field ? parse_bit_field(m, text, record) : parse_into(*m.type, text, record + m.offset);
}

Status ValueParser::parse_record(const Type& declared, std::string_view text, std::byte* to) {
  const Type& type = ctype::resolve(declared);
  if (!type.complete) return wants(declared, text, "of which only the name is declared");
  if (!text.starts_with('{') || closing_bracket(text) != text.size() - 1) {
    return wants(declared, text,
                 fmt::format("write it as {}", type.kind == Kind::Union ? "{.member = value}" : "{...}"));
  }
  const auto items = split_items(text.substr(1, text.size() - 2));
  if (!items) return wants(declared, text, items.error().message);
  auto member = type.members.begin();
  for (const std::string_view item : *items) {
    if (item.size() > 1 && item[0] == '.' && is_identifier(item.substr(1, 1))) {
      if (Status parsed = parse_designated(declared, item, to); !parsed) return parsed;
      const auto name = item.substr(1, item.find_first_of(" .[=", 1) - 1);
      member = std::find_if(type.members.begin(), type.members.end(), [&](const auto& m) { return m.name == name; });
      if (member != type.members.end()) ++member;
      continue;
    }
    while (member != type.members.end() && member->bit_field && member->name.empty()) ++member;
    if (member == type.members.end() || (type.kind == Kind::Union && member != type.members.begin())) {
      return wants(declared, text, fmt::format("{} is one too many", named(item)));
    }
    if (Status parsed = parse_member(*member, item, to); !parsed) return parsed;
    ++member;
  }
  return Unit{};
}

// `.name = value`, `.a.b[2] = value`, `[2] = value`; what is left of the item when the path is walked begins with `=`.
Status ValueParser::parse_designated(const Type& declared, std::string_view item, std::byte* to) {
  const Type& type = ctype::resolve(declared);
  item = trim(item);
  if (item.starts_with('=')) return parse_into(declared, item.substr(1), to);
  if (item.starts_with('.') && (type.kind == Kind::Struct || type.kind == Kind::Union)) {
    const auto end = std::min(item.find_first_of(" .[=", 1), item.size());
    return parse_named(declared, item.substr(1, end - 1), trim(item.substr(end)), to);
  }
  const auto close = item.starts_with('[') ? closing_bracket(item) : std::string_view::npos;
  if (close == std::string_view::npos || (type.kind != Kind::Array && type.kind != Kind::Vector)) {
    return wants(declared, item, "expected '=' and a value there");
  }
  const auto index = integer(trim(item.substr(1, close - 1)));
  if (!index || index->negative || index->magnitude >= type.count) {
    return wants(declared, item, fmt::format("it has {} elements", type.count));
  }
  const auto at = static_cast<std::uint64_t>(index->magnitude);
  const Step step(*this, fmt::format("[{}]", at));
  return parse_designated(*type.target, item.substr(close + 1), to + at * ctype::resolve(*type.target).size);
}

Status ValueParser::parse_named(const Type& declared, std::string_view name, std::string_view rest, std::byte* to) {
  for (const ctype::Member& m : ctype::resolve(declared).members) {
    if (m.name.empty()) {
      if (m.bit_field || !has_member(ctype::resolve(*m.type), name)) continue;
      return parse_named(*m.type, name, rest, to + m.offset);
    }
    if (m.name != name) continue;
    const Step step(*this, fmt::format(".{}", name));
    if (!m.bit_field) return parse_designated(*m.type, rest, to + m.offset);
    if (!rest.starts_with('=')) return wants(*m.type, rest, "expected '=' and a value there");
    return parse_bit_field(m, trim(rest.substr(1)), to);
  }
  return wants(declared, fmt::format(".{}", name), "it has no member of that name");
}

Status ValueParser::parse_array(const Type& declared, std::string_view text, std::byte* to) {
  const Type& type = ctype::resolve(declared);
  if (const auto inside = inside_quotes(text); inside && text_unit(*type.target) != 0) {
    return parse_text_array(declared, *inside, to);
  }
  if (!text.starts_with('{') || closing_bracket(text) != text.size() - 1) {
    return wants(declared, text, "write it as {...}");
  }
  const auto items = split_items(text.substr(1, text.size() - 2));
  if (!items) return wants(declared, text, items.error().message);
  const std::uint64_t element_size = ctype::resolve(*type.target).size;
  std::uint64_t at = 0;
  for (const std::string_view item : *items) {
    if (item.starts_with('[')) {
      if (Status parsed = parse_designated(declared, item, to); !parsed) return parsed;
      at = static_cast<std::uint64_t>(integer(trim(item.substr(1, closing_bracket(item) - 1)))->magnitude) + 1;
      continue;
    }
    if (at >= type.count) return wants(declared, text, fmt::format("{} is one too many", named(item)));
    const Step step(*this, fmt::format("[{}]", at));
    if (Status parsed = parse_into(*type.target, item, to + at * element_size); !parsed) return parsed;
    ++at;
  }
  return Unit{};
}

}  // namespace pinion::cli
