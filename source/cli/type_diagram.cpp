#include "cli/type_diagram.hpp"

#include <algorithm>
#include <iterator>
#include <vector>

#include "cli/fields.hpp"
#include "ffi/ctype/print.hpp"

namespace pinion::cli {
namespace {

using ctype::Kind;
using ctype::Member;
using ctype::Type;

constexpr std::uint64_t kMostLines = 12;  // eightbytes that are drawn
constexpr std::size_t kByteWidth = 7;     // characters for a byte in the drawing

// -- the table

std::string bits(std::uint64_t count) {
  return fmt::format("{} bit{}", count, count == 1 ? "" : "s");
}

bool is_record(const Type& type) {
  return type.kind == Kind::Struct || type.kind == Kind::Union;
}

class MemberTable {
 public:
  explicit MemberTable(const Style& style) : style_(style) {}

  std::string draw(const Type& record) {
    out_ = style_.quiet("    offset    size  member") + "\n";
    add_record(record, 0, 0);
    return out_;
  }

 private:
  void line(const std::string& offset, const std::string& size, int depth, const std::string& what) {
    fmt::format_to(std::back_inserter(out_), "    {:>6} {:>7}  {:{}}{}\n", offset, size, "", 2 * depth, what);
  }

  // Space that belongs to no member, in bits.
  void add_padding(std::uint64_t begin, std::uint64_t end, int depth) {
    if (begin >= end) return;
    const bool bytes = begin % 8 == 0 && end % 8 == 0;
    line(bytes ? fmt::format("{}", begin / 8) : fmt::format("{}:{}", begin / 8, begin % 8),
         bytes ? fmt::format("{}", (end - begin) / 8) : bits(end - begin), depth, style_.quiet("(padding)"));
  }

  void add_record(const Type& record, std::uint64_t base, int depth) {
    std::uint64_t cursor = 0;  // bits of the record that are accounted for
    for (const Member& m : record.members) {
      const bool zero_width = m.bit_field && m.bit_width == 0;
      const std::uint64_t begin = m.bit_field ? m.bit_position : m.offset * 8;
      const std::uint64_t size = m.bit_field ? m.bit_width : ctype::resolve(*m.type).size * 8;
      if (record.kind == Kind::Struct && !zero_width) {
        add_padding(base * 8 + cursor, base * 8 + begin, depth);
        cursor = std::max(cursor, begin + size);
      } else {
        cursor = std::max(cursor, size);
      }
      add_member(m, base, depth);
    }
    add_padding(base * 8 + cursor, (base + record.size) * 8, depth);
  }

  void add_member(const Member& m, std::uint64_t base, int depth) {
    const Type& type = ctype::resolve(*m.type);
    if (m.bit_field) {
      const std::uint64_t bit = base * 8 + m.bit_position;
      const std::string text = fmt::format("{} : {}", ctype::to_c(*m.type, m.name), m.bit_width);
      line(fmt::format("{}:{}", bit / 8, bit % 8), bits(m.bit_width), depth, style_.code(text));
      return;
    }
    const Type& element = element_of(type);
    line(fmt::format("{}", base + m.offset), fmt::format("{}", type.size), depth, style_.code(declaration_of(m)));
    if (!is_record(element) || (type.kind == Kind::Array && type.size == 0)) return;
    if (&element != &type) line("", "", depth + 1, style_.quiet("(of the first element:)"));
    add_record(element, base + m.offset, depth + 1);
  }

  // A record without a tag would print its whole body, which follows anyway.
  static std::string declaration_of(const Member& m) {
    const Type& type = ctype::resolve(*m.type);
    const Type& element = element_of(type);
    const bool written_out = type.kind == Kind::Array ? type.target->kind != Kind::Alias : m.type->kind != Kind::Alias;
    if (!is_record(element) || !element.name.empty() || !written_out) return ctype::to_c(*m.type, m.name);
    std::string bounds;
    for (const Type* t = &type; t->kind == Kind::Array; t = &ctype::resolve(*t->target)) {
      bounds += fmt::format("[{}]", t->count);
    }
    return fmt::format("{} {{...}}{}{}{}", element.kind == Kind::Union ? "union" : "struct", m.name.empty() ? "" : " ",
                       m.name, bounds);
  }

  static const Type& element_of(const Type& type) {
    const Type* element = &type;
    while (element->kind == Kind::Array) element = &ctype::resolve(*element->target);
    return *element;
  }

  const Style& style_;
  std::string out_;
};

// -- the drawing

// A run of bytes of one eightbyte that the same fields share.
struct Cell {
  std::size_t bytes = 0;
  std::string label;
  bool padding = false;
};

std::string label_of(const std::vector<Field>& fields, std::uint64_t byte, bool& padding) {
  std::string label;
  padding = true;
  for (const Field& f : fields) {
    if (!f.touches(byte * 8, byte * 8 + 8)) continue;
    padding = false;
    if (!f.path.empty()) label += fmt::format("{}{}", label.empty() ? "" : "|", f.path);
  }
  return label;
}

std::vector<Cell> cells_of(const std::vector<Field>& fields, std::uint64_t begin, std::uint64_t end) {
  std::vector<Cell> cells;
  for (std::uint64_t byte = begin; byte < end; ++byte) {
    bool padding = false;
    std::string label = label_of(fields, byte, padding);
    // Neighbouring padding bytes are one cell; a field ends where another begins.
    if (!cells.empty() && cells.back().label == label && cells.back().padding == padding) {
      ++cells.back().bytes;
    } else {
      cells.push_back({1, std::move(label), padding});
    }
  }
  return cells;
}

std::string border(const std::vector<Cell>& cells) {
  std::string line = "+";
  for (const Cell& cell : cells) line += std::string(cell.bytes * kByteWidth - 1, '-') + "+";
  return line;
}

// Where either line of cells has a corner.
std::string merge_borders(const std::string& a, const std::string& b) {
  std::string out = a.size() >= b.size() ? a : b;
  const std::string& other = a.size() >= b.size() ? b : a;
  for (std::size_t i = 0; i < other.size(); ++i) {
    if (other[i] == '+') out[i] = '+';
  }
  return out;
}

std::string contents(const std::vector<Cell>& cells, const Style& style) {
  std::string line = "|";
  for (const Cell& cell : cells) {
    const std::size_t width = cell.bytes * kByteWidth - 1;
    std::string label = cell.padding ? (width < 9 ? "pad" : "padding") : cell.label;
    if (label.size() + 1 > width) label = label.substr(0, width - 2) + "~";
    const std::string text = fmt::format(" {:<{}}", label, width - 1);
    line += (cell.padding ? style.quiet(text) : style.code(text)) + "|";
  }
  return line;
}

}  // namespace

std::string member_table(const Type& type, const Style& style) {
  return MemberTable(style).draw(ctype::resolve(type));
}

std::string byte_diagram(const Type& declared, const Style& style) {
  const Type& type = ctype::resolve(declared);
  if (type.size == 0) return {};
  const std::vector<Field> fields = fields_of(type);
  std::string out = fmt::format("{:10}", "");
  for (std::uint64_t i = 0; i < std::min<std::uint64_t>(type.size, 8); ++i) {
    out += fmt::format("{:^{}}", fmt::format("+{}", i), kByteWidth);
  }
  out = style.quiet(out) + "\n";
  const std::uint64_t lines = (type.size + 7) / 8;
  std::string above;        // the border between the lines
  std::string label_above;  // of the last cell
  for (std::uint64_t i = 0; i < std::min(lines, kMostLines); ++i) {
    std::vector<Cell> cells = cells_of(fields, i * 8, std::min(i * 8 + 8, type.size));
    const std::string last = cells.back().label;
    if (!cells[0].padding && cells[0].label == label_above) cells[0].label += " (continued)";
    label_above = last;
    const std::string line = border(cells);
    out += fmt::format("{:10}{}\n", "", above.empty() ? line : merge_borders(above, line));
    out += fmt::format("{:>9} {}\n", i * 8, contents(cells, style));
    above = line;
  }
  out += fmt::format("{:10}{}\n", "", above);
  if (lines > kMostLines) out += fmt::format("{:10}... and {} more eightbytes\n", "", lines - kMostLines);
  return out;
}

}  // namespace pinion::cli
