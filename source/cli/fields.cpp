#include "cli/fields.hpp"

#include <fmt/format.h>

namespace pinion::cli {
namespace {

using ctype::Kind;
using ctype::Type;

constexpr std::uint64_t kMostExpanded = 16;  // elements of an array of aggregates

std::string join(const std::string& path, std::string_view name) {
  if (path.empty() || name.empty()) return path + std::string(name);
  return fmt::format("{}.{}", path, name);
}

void add(std::vector<Field>& fields, const Type& declared, const std::string& path, std::uint64_t offset) {
  const Type& type = ctype::resolve(declared);
  if (type.kind == Kind::Array) {
    if (!type.complete) return;
    const Type& element = ctype::resolve(*type.target);
    if (ctype::is_aggregate(element) && type.count <= kMostExpanded) {
      for (std::uint64_t i = 0; i < type.count; ++i) {
        add(fields, element, fmt::format("{}[{}]", path, i), offset + i * element.size);
      }
      return;
    }
  }
  if (type.kind != Kind::Struct && type.kind != Kind::Union) {
    fields.push_back({path, &declared, offset * 8, (offset + type.size) * 8, false});
    return;
  }
  for (const ctype::Member& m : type.members) {
    if (!m.bit_field) {
      add(fields, *m.type, join(path, m.name), offset + m.offset);
    } else if (m.bit_width > 0) {
      const std::uint64_t begin = offset * 8 + m.bit_position;
      fields.push_back({m.name.empty() ? "" : join(path, m.name), m.type, begin, begin + m.bit_width, true});
    }
  }
}

}  // namespace

std::vector<Field> fields_of(const Type& type) {
  std::vector<Field> fields;
  add(fields, type, "", 0);
  return fields;
}

std::string names_in(const std::vector<Field>& fields, std::uint64_t offset, std::uint64_t size) {
  std::string names;
  for (const Field& f : fields) {
    if (f.path.empty() || !f.touches(offset * 8, (offset + size) * 8)) continue;
    names += fmt::format("{}{}", names.empty() ? "" : ", ", f.path);
  }
  return names;
}

}  // namespace pinion::cli
