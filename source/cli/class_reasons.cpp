// The classes themselves come from abi/classify.hpp; here they are only retold. The rules are numbered as in the psABI,
// section 3.2.3.
#include "cli/class_reasons.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "cli/fields.hpp"
#include "ffi/abi/classify.hpp"
#include "ffi/abi/corners.hpp"
#include "ffi/ctype/print.hpp"

namespace pinion::cli {
namespace {

using abi::Class;
using ctype::Kind;
using ctype::Type;

const Type& element_of(const Type& declared) {
  const Type* type = &ctype::resolve(declared);
  while (type->kind == Kind::Array) type = &ctype::resolve(*type->target);
  return *type;
}

// "x (float)", "b (2 bits of int)", "padding of 5 bits"
std::string describe(const Field& f) {
  if (!f.bit_field) return fmt::format("{} ({})", f.path, ctype::to_c(*f.type));
  const std::uint64_t bits = f.end - f.begin;
  if (f.path.empty()) return fmt::format("an unnamed bit-field ({} bits)", bits);
  return fmt::format("{} ({} bit{} of {})", f.path, bits, bits == 1 ? "" : "s", ctype::to_c(*f.type));
}

// The class that a field alone gives to the eightbyte.
Class class_of(const Field& f, std::uint64_t eightbyte, abi::Dialect dialect) {
  if (f.bit_field) return Class::Integer;
  const abi::Eightbytes own = abi::eightbytes_of(element_of(*f.type), dialect);
  if (own.count == 0) return Class::NoClass;
  return own.classes[(eightbyte - f.begin / 64) % own.count];
}

std::string join(const std::vector<std::string>& items) {
  std::string out;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i > 0) out += i + 1 == items.size() ? " and " : ", ";
    out += items[i];
  }
  return out;
}

std::string reason_for(const std::vector<Field>& fields, std::uint64_t eightbyte, Class c, abi::Dialect dialect) {
  std::vector<std::string> names;
  std::vector<Class> classes;
  for (const Field& f : fields) {
    if (!f.touches(eightbyte * 64, eightbyte * 64 + 64)) continue;
    if (f.path.empty() && f.bit_field && !abi::corners_of(dialect.compiler).unnamed_bit_fields_count) continue;
    names.push_back(describe(f));
    classes.push_back(class_of(f, eightbyte, dialect));
  }
  if (names.empty()) return "no member: nothing of it is passed";
  const bool agree = std::all_of(classes.begin(), classes.end(), [&](Class other) { return other == classes[0]; });
  if (c == Class::SseUp || c == Class::X87Up) return fmt::format("the upper part of {}", join(names));
  if (agree) return join(names) + (classes[0] == c ? "" : ", as this compiler has it");
  return fmt::format("{} share it: {} wins (rule 4)", join(names), abi::name_of(c));
}

std::string memory_reason(const Type& type, const std::vector<Field>& fields, abi::Dialect dialect) {
  if (type.size > 64) return fmt::format("{} bytes are more than eight eightbytes (rule 1)", type.size);
  for (const Field& f : fields) {
    const Type& element = element_of(*f.type);
    if (!f.bit_field && f.begin / 8 % element.align != 0) {
      return fmt::format("{} is not aligned: offset {}, and {} wants {} (rule 1)", f.path, f.begin / 8,
                         ctype::to_c(element), element.align);
    }
  }
  const std::uint64_t count = (type.size + 7) / 8;
  if (count > 2) {
    return fmt::format("{} bytes are {} eightbytes: more than two, and not one vector (rule 5c)", type.size, count);
  }
  for (std::uint64_t i = 0; i < count; ++i) {
    std::vector<std::string> names;
    bool x87 = false;
    for (const Field& f : fields) {
      if (!f.touches(i * 64, i * 64 + 64)) continue;
      names.push_back(describe(f));
      const Class own = class_of(f, i, dialect);
      x87 = x87 || own == Class::X87 || own == Class::X87Up || own == Class::ComplexX87;
    }
    if (x87 && names.size() > 1) return fmt::format("{} share an eightbyte, and one is x87 (rule 4)", join(names));
  }
  return "so this compiler has it";
}

}  // namespace

std::vector<std::string> class_reasons(const Type& declared, abi::Dialect dialect) {
  const Type& type = ctype::resolve(declared);
  const abi::Eightbytes eightbytes = abi::eightbytes_of(type, dialect);
  const std::vector<Field> fields = fields_of(type);
  std::vector<std::string> lines;
  if (!eightbytes.refusal.empty()) return {fmt::format("not passable: {}", eightbytes.refusal)};
  if (eightbytes.in_memory()) return {fmt::format("MEMORY: {}", memory_reason(type, fields, dialect))};
  for (std::uint64_t i = 0; i < eightbytes.count; ++i) {
    const Class c = eightbytes.classes[i];
    lines.push_back(fmt::format("eightbyte {}: {:<8} {}", i, abi::name_of(c), reason_for(fields, i, c, dialect)));
  }
  return lines;
}

std::string class_names(const Type& type, abi::Dialect dialect) {
  const abi::Eightbytes eightbytes = abi::eightbytes_of(ctype::resolve(type), dialect);
  if (eightbytes.count == 0) return "(nothing)";
  if (eightbytes.in_memory()) return "MEMORY";
  std::string out;
  for (std::uint64_t i = 0; i < eightbytes.count; ++i) {
    out += fmt::format("{}{}", i == 0 ? "" : ", ", abi::name_of(eightbytes.classes[i]));
  }
  return out;
}

}  // namespace pinion::cli
