#include "ffi/ctype/same_type.hpp"

namespace pinion::ctype {

namespace {

constexpr unsigned kMaxDepth = 2000;  // typedefs upon typedefs of pointers: what is deeper is compared by identity

// The type without typedefs; `qualifiers` are those on the way.
const Type& strip(const Type& type, std::uint8_t& qualifiers) {
  const Type* t = &type;
  while (t->kind == Kind::Alias || t->kind == Kind::Qualified) {
    qualifiers |= t->qualifiers;
    t = t->target;
  }
  return *t;
}

}  // namespace

bool TypeComparison::compare(const Type& a, const Type& b, unsigned depth) {
  if (&a == &b) return true;
  if (budget_ == 0 || depth > kMaxDepth) return false;
  --budget_;
  std::uint8_t a_qualifiers = 0, b_qualifiers = 0;
  const Type& s = strip(a, a_qualifiers);
  const Type& t = strip(b, b_qualifiers);
  if (a_qualifiers != b_qualifiers) return false;
  if (&s == &t) return true;
  if (s.kind != t.kind || s.align != t.align) return false;
  switch (s.kind) {
    case Kind::Pointer: return compare(*s.target, *t.target, depth + 1);
    case Kind::Array:
      if (s.complete && t.complete && s.count != t.count) return false;
      return compare(*s.target, *t.target, depth + 1);
    case Kind::Vector:
    case Kind::Complex: return s.count == t.count && compare(*s.target, *t.target, depth + 1);
    case Kind::Function: return compare_functions(s, t, depth);
    case Kind::Struct:
    case Kind::Union:
    case Kind::Enum: return false;  // each definition is a type of its own
    default: return s.scalar == t.scalar;
  }
}

bool TypeComparison::compare_functions(const Type& a, const Type& b, unsigned depth) {
  if (a.convention != b.convention || !compare(*a.target, *b.target, depth + 1)) return false;
  if (!a.prototyped || !b.prototyped) return true;
  if (a.variadic != b.variadic || a.parameters.size() != b.parameters.size()) return false;
  for (std::size_t i = 0; i < a.parameters.size(); ++i) {
    if (!compare(resolve(*a.parameters[i].type), resolve(*b.parameters[i].type), depth + 1)) return false;
  }
  return true;
}

bool TypeComparison::same_members(const Type& a, const Type& b) {
  if (a.kind != b.kind || a.size != b.size || a.align != b.align || a.packed != b.packed) return false;
  if (a.members.size() != b.members.size()) return false;
  for (std::size_t i = 0; i < a.members.size(); ++i) {
    const Member& m = a.members[i];
    const Member& n = b.members[i];
    bool alike = m.name == n.name && m.offset == n.offset && m.bit_field == n.bit_field &&
                 m.bit_position == n.bit_position && m.bit_width == n.bit_width;
    if (!alike) return false;
    const Type& s = resolve(*m.type);
    const Type& t = resolve(*n.type);
    bool tagless = (s.kind == Kind::Struct || s.kind == Kind::Union) && s.name.empty() && t.name.empty();
    if (tagless ? !same_members(s, t) : !same(*m.type, *n.type)) return false;
  }
  return true;
}

}  // namespace pinion::ctype
