#include "ffi/ctype/layout.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <set>

#include "ffi/ctype/layout_rules.hpp"
#include "ffi/ctype/print.hpp"

namespace pinion::ctype {

bool is_whole_integer(const Field& field, std::uint64_t position) {
  return field.bits >= 8 && std::has_single_bit(field.bits) && position % field.bits == 0;
}

std::uint64_t wanted_align(const Field& field, std::uint64_t position, std::uint64_t max_align) {
  std::uint64_t align = std::max<std::uint64_t>(field.own_align, field.bit_field ? 1 : 8);
  if (field.bit_field) {
    if (is_whole_integer(field, position) && !field.packed) align = std::max(align, field.bits);
  } else if (!field.packed) {
    align = std::max(align, field.type_align);
  }
  return at_most(align, max_align);
}

namespace {

Error member_error(const MemberSpec& member, std::string_view what) {
  return {member.name.empty() ? fmt::format("an unnamed member of type '{}' {}", to_c(*member.type), what)
                              : fmt::format("member '{}' of type '{}' {}", member.name, to_c(*member.type), what)};
}

Status check_alignment(std::uint64_t align, std::string_view of) {
  if (align == 0 || (std::has_single_bit(align) && align <= kMaxAlign)) return Unit{};
  return Error{fmt::format("the alignment of {} is {}, which is not a power of two up to {}", of, align, kMaxAlign)};
}

bool has_atomic(const Type& type) {
  for (const Type* t = &type; t->kind == Kind::Alias || t->kind == Kind::Qualified; t = t->target) {
    if ((t->qualifiers & Qualifiers::Atomic) != 0) return true;
  }
  return false;
}

Status check_bit_field(const MemberSpec& member) {
  const Type& type = resolve(*member.type);
  if (type.kind != Kind::Bool && type.kind != Kind::Integer && type.kind != Kind::Enum) {
    return member_error(member, "is a bit-field, whose type must be an integer, _Bool or an enum");
  }
  if (!type.complete) return member_error(member, "is a bit-field of an enum that is not defined");
  if (has_atomic(*member.type)) return member_error(member, "is a bit-field, which cannot be _Atomic");
  const std::uint64_t most = type.kind == Kind::Bool ? 1 : type.size * 8;
  if (*member.bit_width > most) {
    return member_error(member,
                        fmt::format("is {} bits wide, more than the {} bits of its type", *member.bit_width, most));
  }
  if (*member.bit_width == 0 && !member.name.empty()) {
    return member_error(member, "has width 0, which only an unnamed bit-field may have");
  }
  return Unit{};
}

bool is_flexible_array(const MemberSpec& member) {
  const Type& type = resolve(*member.type);
  return type.kind == Kind::Array && !type.complete && !member.bit_width;
}

// C11 6.7.2.1: a flexible array comes last in a struct that has another named member.
Status check_flexible(Kind kind, const RecordSpec& spec, std::size_t index) {
  const MemberSpec& member = spec.members[index];
  if (kind == Kind::Union) return member_error(member, "is an array without a bound, which a union cannot have");
  if (index + 1 != spec.members.size()) {
    return member_error(member, "is an array without a bound, which only the last member of a struct may be");
  }
  const auto before = spec.members.first(index);
  const bool named = std::any_of(before.begin(), before.end(), [](const MemberSpec& other) {
    return !other.name.empty() || (!other.bit_width && !resolve(*other.type).members.empty());
  });
  if (!named) return member_error(member, "is an array without a bound, but the struct has no other named member");
  return Unit{};
}

Status check_member(Kind kind, const RecordSpec& spec, std::size_t index) {
  const MemberSpec& member = spec.members[index];
  const Type& type = resolve(*member.type);
  if (Status aligned = check_alignment(member.align, fmt::format("member '{}'", member.name)); !aligned) return aligned;
  if (member.bit_width) return check_bit_field(member);
  if (type.kind == Kind::Function) return member_error(member, "is a function; a pointer to it can be a member");
  if (is_flexible_array(member)) return check_flexible(kind, spec, index);
  if (!type.complete) return member_error(member, "has an incomplete type, whose size is not known");
  if (member.name.empty() && type.kind != Kind::Struct && type.kind != Kind::Union) {
    return member_error(member, "needs a name: only structs, unions and bit-fields may do without");
  }
  return Unit{};
}

// The names that an anonymous struct or union gives to the record around it.
Status add_names(const Type& anonymous, std::set<std::string_view>& names);

Status add_name(std::string_view name, bool bit_field, const Type& type, std::set<std::string_view>& names) {
  if (name.empty()) return bit_field ? Status{Unit{}} : add_names(resolve(type), names);
  if (names.insert(name).second) return Unit{};
  return Error{fmt::format("two members are named '{}'", name)};
}

Status add_names(const Type& anonymous, std::set<std::string_view>& names) {
  for (const Member& member : anonymous.members) {
    if (Status added = add_name(member.name, member.bit_field, *member.type, names); !added) return added;
  }
  return Unit{};
}

Status check_record(Kind kind, const RecordSpec& spec) {
  if (Status aligned = check_alignment(spec.align, kind == Kind::Struct ? "the struct" : "the union"); !aligned) {
    return aligned;
  }
  if (Status pack = check_alignment(spec.max_align, "#pragma pack"); !pack) return pack;
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < spec.members.size(); ++i) {
    if (Status good = check_member(kind, spec, i); !good) return good;
    const MemberSpec& member = spec.members[i];
    if (Status added = add_name(member.name, member.bit_width.has_value(), *member.type, names); !added) return added;
  }
  return Unit{};
}

Field field_of(const MemberSpec& member, bool record_packed) {
  const Type& type = *member.type;
  return {.bits = member.bit_width ? *member.bit_width : type.size * 8,
          .type_bits = type.size * 8,
          .type_align = std::uint64_t{type.align} * 8,
          .own_align = std::uint64_t{member.align} * 8,
          .bit_field = member.bit_width.has_value(),
          .named = !member.name.empty(),
          .packed = record_packed || member.packed};
}

Record record_of(Kind kind, const RecordSpec& spec) {
  Record record{.is_union = kind == Kind::Union, .max_align = std::uint64_t{spec.max_align} * 8, .fields = {}};
  for (const MemberSpec& member : spec.members) record.fields.push_back(field_of(member, spec.packed));
  return record;
}

// Before anything is placed, so that no sum of bits can overflow: every member of its size and the padding before it.
Status check_size(const Record& record) {
  if (record.is_union) return Unit{};
  std::uint64_t bytes = 0;
  for (const Field& field : record.fields) {
    bytes = std::min(bytes + (field.bits + field.type_bits) / 8 + std::max(field.type_align, field.own_align) / 8,
                     4 * kMaxTypeBytes);
  }
  if (bytes <= 4 * kMaxTypeBytes - 1) return Unit{};
  return Error{fmt::format("the members together take more than {} bytes", kMaxTypeBytes)};
}

}  // namespace

Result<RecordLayout> lay_out_record(Kind kind, const RecordSpec& spec, DataModel model) {
  if (Status good = check_record(kind, spec); !good) return good.error();
  const Record record = record_of(kind, spec);
  if (Status small = check_size(record); !small) return small.error();
  const Placed placed = model == DataModel::Lp64 ? place_sysv(record) : place_microsoft(record);

  RecordLayout layout;
  const std::uint64_t align = std::max(placed.align, std::uint64_t{spec.align} * 8);
  layout.align = static_cast<std::uint32_t>(align / 8);
  layout.size = round_up(round_up(placed.end, 8), align) / 8;
  layout.flexible = !spec.members.empty() && is_flexible_array(spec.members.back());
  if (layout.size > kMaxTypeBytes) {
    return Error{fmt::format("the size is {} bytes, the limit {}", layout.size, kMaxTypeBytes)};
  }
  for (std::size_t i = 0; i < spec.members.size(); ++i) {
    const MemberSpec& member = spec.members[i];
    layout.members.push_back({.name = member.name,
                              .type = member.type,
                              .offset = placed.positions[i] / 8,
                              .bit_position = placed.positions[i],
                              .bit_width = member.bit_width.value_or(0),
                              .bit_field = member.bit_width.has_value(),
                              .packed = member.packed,
                              .own_align = member.align});
  }
  return layout;
}

}  // namespace pinion::ctype
