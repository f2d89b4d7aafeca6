#include "shrink.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pinion::differential {

using ctype::Kind;
using ctype::Member;
using ctype::MemberSpec;
using ctype::Scalar;
using ctype::Type;

namespace {

// How much there is to read in a type. Every step makes it less, so shrinking ends.
std::uint64_t weight(const Type& type) {
  switch (type.kind) {
    case Kind::Void: return 0;
    case Kind::Bool: return 2;
    case Kind::Integer: return type.scalar == Scalar::Int ? 1 : type.is_signed ? 2 : 3;
    case Kind::Floating: return type.scalar == Scalar::Double ? 2 : 3;
    case Kind::Pointer: return 4;
    case Kind::Complex: return 3 + weight(*type.target);
    case Kind::Vector: return 4 + type.count + weight(*type.target);
    case Kind::Enum: return 4 + type.enumerators.size();
    case Kind::Alias:
    case Kind::Qualified: return 1 + weight(*type.target);
    case Kind::Array: return 2 + type.count + weight(*type.target) + (type.natural != &type);
    default: break;
  }
  std::uint64_t sum = 10 + type.packed + (type.own_align != 0) + (type.pack != 0) + (type.natural != &type);
  for (const Member& member : type.members) {
    sum += 2 + weight(*member.type) + member.packed + (member.own_align != 0) + member.bit_field + member.name.empty();
  }
  return sum;
}

class Simplifier {
 public:
  explicit Simplifier(ctype::TypeTable& table) : table_(table) {}

  std::vector<const Type*> simpler(const Type& type) {
    std::vector<const Type*> made = steps(type);
    std::erase_if(made, [&](const Type* step) { return step == nullptr || weight(*step) >= weight(type); });
    std::stable_sort(made.begin(), made.end(), [](const Type* a, const Type* b) { return weight(*a) < weight(*b); });
    return made;
  }

 private:
  std::vector<const Type*> steps(const Type& type) {
    std::vector<const Type*> made{table_.scalar(Scalar::Int)};
    if (type.natural != &type) made.push_back(type.natural);
    switch (type.kind) {
      case Kind::Alias:
      case Kind::Qualified: made.push_back(type.target); break;
      case Kind::Pointer: break;
      case Kind::Complex:
      case Kind::Enum: made.push_back(type.target); break;
      case Kind::Vector: vector_steps(type, made); break;
      case Kind::Array: array_steps(type, made); break;
      case Kind::Struct:
      case Kind::Union: record_steps(type, made); break;
      default: made.insert(made.end(), {table_.scalar(Scalar::Double), table_.scalar(Scalar::Long)}); break;
    }
    return made;
  }

  void vector_steps(const Type& type, std::vector<const Type*>& made) {
    made.push_back(type.target);
    for (const std::uint64_t bytes : {8, 16}) {
      if (auto smaller = table_.vector_of(type.target, bytes); smaller && bytes < type.size) made.push_back(*smaller);
    }
  }

  void array_steps(const Type& type, std::vector<const Type*>& made) {
    const auto array = [&](const Type* element, std::uint64_t count) {
      auto step = type.complete ? table_.array_of(element, count) : table_.array_without_bound(element);
      if (step) made.push_back(*step);
    };
    for (const std::uint64_t count : {type.count / 2, type.count - (type.count > 0)}) array(type.target, count);
    if (type.count == 1) made.push_back(type.target);
    for (const Type* element : simpler(*type.target)) array(element, type.count);
  }

  static std::vector<MemberSpec> specs(const Type& record) {
    std::vector<MemberSpec> members;
    for (const Member& m : record.members) {
      members.push_back({.name = m.name, .type = m.type, .bit_width = {}, .align = m.own_align, .packed = m.packed});
      if (m.bit_field) members.back().bit_width = m.bit_width;
    }
    return members;
  }

  // The same record with other members or attributes; null when C forbids it.
  const Type* rebuilt(const Type& record, const std::vector<MemberSpec>& members, bool packed, std::uint32_t align,
                      std::uint32_t pack) {
    const std::string tag =
        record.name.empty() ? "" : fmt::format("s{}_{}", names_++, record.name.substr(record.name.rfind('_') + 1));
    Type* made = table_.declare_record(record.kind, tag);
    const Status status =
        table_.define_record(made, {.members = members, .packed = packed, .align = align, .max_align = pack});
    return status ? made : nullptr;
  }

  void record_steps(const Type& type, std::vector<const Type*>& made) {
    const Type& record = *type.natural;
    const std::vector<MemberSpec> members = specs(record);
    const auto with = [&](const std::vector<MemberSpec>& changed) {
      made.push_back(rebuilt(record, changed, record.packed, record.own_align, record.pack));
    };
    if (record.packed) made.push_back(rebuilt(record, members, false, record.own_align, record.pack));
    if (record.own_align != 0) made.push_back(rebuilt(record, members, record.packed, 0, record.pack));
    if (record.pack != 0) made.push_back(rebuilt(record, members, record.packed, record.own_align, 0));
    for (std::size_t i = 0; i < members.size(); ++i) {
      if (ctype::resolve(*members[i].type).kind != Kind::Array) made.push_back(members[i].type);
      std::vector<MemberSpec> changed = members;
      changed.erase(changed.begin() + static_cast<std::ptrdiff_t>(i));
      with(changed);
      changed = members;
      for (const MemberSpec& step : member_steps(members[i])) {
        changed[i] = step;
        with(changed);
      }
    }
  }

  std::vector<MemberSpec> member_steps(const MemberSpec& member) {
    std::vector<MemberSpec> made;
    const auto with = [&](auto change) {
      MemberSpec step = member;
      change(step);
      made.push_back(step);
    };
    if (member.packed) with([](MemberSpec& m) { m.packed = false; });
    if (member.align != 0) with([](MemberSpec& m) { m.align = 0; });
    if (member.bit_width && !member.name.empty()) with([](MemberSpec& m) { m.bit_width.reset(); });
    for (const Type* type : simpler(*member.type)) with([&](MemberSpec& m) { m.type = type; });
    return made;
  }

  ctype::TypeTable& table_;
  unsigned names_ = 0;
};

void without_arguments(const Signature& signature, std::size_t first, std::size_t count, std::vector<Signature>& made) {
  Signature step = signature;
  const auto begin = step.arguments.begin() + static_cast<std::ptrdiff_t>(first);
  step.arguments.erase(begin, begin + static_cast<std::ptrdiff_t>(count));
  if (step.style == Style::Variadic) {
    const std::size_t removed = first >= step.fixed ? 0 : std::min<std::size_t>(count, step.fixed - first);
    step.fixed -= static_cast<std::uint32_t>(removed);
    if (step.fixed == 0) return;
  }
  made.push_back(std::move(step));
}

std::vector<Signature> simpler(ctype::TypeTable& table, Simplifier& types, const Signature& signature) {
  std::vector<Signature> made;
  const std::size_t arguments = signature.arguments.size();
  for (std::size_t count = arguments; count > 0; count /= 2) {
    for (std::size_t first = 0; first + count <= arguments; first += count) {
      without_arguments(signature, first, count, made);
    }
  }
  if (signature.style != Style::Prototyped) {
    made.push_back(signature);
    made.back().style = Style::Prototyped;
  }
  if (signature.result->kind != Kind::Void) {
    made.push_back(signature);
    made.back().result = table.scalar(Scalar::Void);
    for (const Type* type : types.simpler(*signature.result)) {
      made.push_back(signature);
      made.back().result = type;
    }
  }
  for (std::size_t i = 0; i < arguments; ++i) {
    for (const Type* type : types.simpler(*signature.arguments[i])) {
      made.push_back(signature);
      made.back().arguments[i] = type;
    }
  }
  for (Signature& step : made) step = promoted(table, std::move(step));
  return made;
}

}  // namespace

Signature shrink(ctype::TypeTable& table, Signature signature, const std::function<bool(const Signature&)>& fails,
                 unsigned tries) {
  Simplifier types(table);
  for (bool smaller = true; smaller;) {
    smaller = false;
    for (Signature& step : simpler(table, types, signature)) {
      if (tries-- == 0) return signature;
      if (!fails(step)) continue;
      signature = std::move(step);
      smaller = true;
      break;
    }
  }
  return signature;
}

}  // namespace pinion::differential
