#include <fmt/format.h>

#include <algorithm>

#include "ffi/ctype/parsing.hpp"
#include "ffi/ctype/print.hpp"

namespace pinion::ctype {

namespace {

std::string_view keyword(Kind kind) {
  return kind == Kind::Struct ? "struct" : kind == Kind::Union ? "union" : "enum";
}

}  // namespace

Type* Parser::declare_tag(Kind kind, std::string_view tag) {
  Type* type = kind == Kind::Enum ? table_.declare_enum(tag) : table_.declare_record(kind, tag);
  if (!tag.empty()) block_.tags.insert_or_assign(std::string(tag), type);
  return type;
}

// The type of that tag, declared now if it was not before.
Type* Parser::tagged(const Token& tag, Kind kind) {
  Type* type = find_tag(tag.text);
  if (type == nullptr) return declare_tag(kind, tag.text);
  if (type->kind != kind) {
    fail(tag, fmt::format("'{0} {2}' was declared as '{1} {2}' before", keyword(kind), keyword(type->kind), tag.text));
  }
  return type;
}

// Whether `type` may be completed here. An opaque type of an earlier block may be, in a parse that will not fail.
bool Parser::may_define(const Token& at, Type* type) {
  auto own = block_.tags.find(type->name);
  if (type->name.empty() || (own != block_.tags.end() && own->second == type)) return true;
  if (may_complete_) return true;
  needs_rehearsal_ = true;
  fail(at, "completes a type of an earlier block");
  return false;
}

// struct-or-union attributes? tag? attributes? ({ members } attributes?)?
const Type* Parser::record(Specifiers& s) {
  Nesting nesting(*this);
  Kind kind = take().is(Word::Struct) ? Kind::Struct : Kind::Union;
  Attributes attributes_before;
  attributes(attributes_before);
  Token tag = peek();
  bool has_tag = tag.kind == Token::Kind::Identifier && tag.word == Word::None;
  if (has_tag) take();
  attributes(attributes_before);
  s.declares_tag = true;
  if (!at("{")) {
    if (!has_tag) return fail_expected(fmt::format("a tag or '{{' after '{}'", keyword(kind))), int_type();
    return tagged(tag, kind);
  }
  Type* type = has_tag ? tagged(tag, kind) : declare_tag(kind, {});
  s.anonymous_record = !has_tag;
  if (failed_) return int_type();
  if (!type->complete) {
    if (!may_define(tag, type)) return int_type();
    record_body(type, tag, attributes_before);
    return type;
  }
  // A definition may be repeated if it says the same (C23 6.7.2.3): headers are pasted twice.
  Type* again = table_.declare_record(kind, tag.text);
  record_body(again, tag, attributes_before);
  if (!failed_ && !same_.same_members(*type, *again)) {
    fail(tag, fmt::format("'{} {}' was defined before with other members", keyword(kind), tag.text));
  }
  return type;
}

void Parser::record_body(Type* record, const Token& tag, Attributes all) {
  take();
  std::vector<MemberSpec> members;
  std::set<std::string_view> names;
  while (!at("}") && !at_end()) {
    if (accept(";")) continue;
    if (at(Word::StaticAssert)) {
      static_assertion();
    } else {
      member_declaration(members, names, record->kind == Kind::Union);
    }
  }
  std::uint32_t max_align = pack_.back();
  Token end = peek();
  expect("}", "after the members");
  attributes(all);
  if (all.transparent_union) fail(*all.transparent_union, "transparent_union on a union itself: expected a typedef");
  if (failed_) return;
  if (record->complete)
    return fail(tag, fmt::format("'{} {}' is defined inside itself", keyword(record->kind), tag.text));
  unsigned depth = 0;
  for (const MemberSpec& m : members) depth = std::max(depth, value_depth(*m.type));
  if (depth >= kMaxNesting) return fail(end, "this struct is nested too deeply");
  auto status = table_.define_record(record, {members, all.packed, all.align, max_align});
  if (!status.ok()) return fail(tag, status.error().message);
  depths_[record] = depth + 1;
}

// How deep structs and arrays are nested in one value of the type. Whoever walks a type can rely on the bound, even if
// the nesting was made by typedefs.
unsigned Parser::value_depth(const Type& type) {
  const Type& t = resolve(type);
  if (!is_aggregate(t)) return 0;
  if (auto known = depths_.find(&t); known != depths_.end()) return known->second;
  unsigned depth = 0;
  if (t.kind == Kind::Array) depth = value_depth(*t.target);
  for (const Member& m : t.members) depth = std::max(depth, value_depth(*m.type));
  if (t.complete) depths_[&t] = depth + 1;
  return depth + 1;
}

void Parser::member_declaration(std::vector<MemberSpec>& members, std::set<std::string_view>& names, bool is_union) {
  Specifiers s = specifiers("a member's type or '}'");
  if (!s.storage.text.empty()) fail(s.storage, fmt::format("'{}' in a struct or union", s.storage.text));
  if (at(";")) {
    if (s.anonymous_record) {
      add_member(s.first, {{}, s.type, {}, s.attributes.align, s.attributes.packed}, members, names);
    } else if (!s.declares_tag) {
      fail_expected("a name for the member");
    }
    take();
    return;
  }
  do {
    member(s, members, names, is_union);
  } while (accept(","));
  if (at("}") && !failed_) return;  // the last ';' may be missing, as gcc has it
  if (at("=")) return fail(peek(), "a member with an initial value: expected ';'");
  expect(";", "or ',' after the member");
}

void Parser::member(const Specifiers& s, std::vector<MemberSpec>& members, std::set<std::string_view>& names,
                    bool is_union) {
  Declarator d;
  d.name = {Token::Kind::End, Word::None, peek().text.substr(0, 0)};
  Token first = peek();
  if (!at(":")) d = declarator(NameRule::Required, false);
  const Type* bare = at(":") ? apply(s, d, {}) : nullptr;
  MemberSpec spec;
  if (Token colon = peek(); accept(":")) spec.bit_width = bit_width(colon, *bare, d.has_name());
  Attributes after;
  attributes(after);
  spec.type = apply(s, d, after);
  after.merge(s.attributes);
  after.merge(d.attributes);
  spec.name = d.has_name() ? table_.intern(d.name.text) : std::string_view{};
  spec.align = after.align;
  spec.packed = after.packed;
  const Type& type = resolve(*spec.type);
  if (failed_) return;
  if (type.kind == Kind::Function) return fail(d.name, fmt::format("the member '{}' is a function", spec.name));
  bool flexible = type.kind == Kind::Array && !type.complete;
  if (flexible && is_union) {
    return fail(d.name, fmt::format("the flexible array '{}' in a union: expected a bound", spec.name));
  }
  if (!type.complete && !flexible) {
    return fail(d.name, fmt::format("the member '{}' is of the incomplete type '{}'", spec.name, to_c(*spec.type)));
  }
  add_member(d.has_name() ? d.name : first, spec, members, names);
}

void Parser::add_member(const Token& at, MemberSpec spec, std::vector<MemberSpec>& members,
                        std::set<std::string_view>& names) {
  if (failed_) return;
  if (members.size() >= kMaxMembers) return fail(at, fmt::format("too many members: at most {}", kMaxMembers));
  if (!members.empty()) {
    const Type& before = resolve(*members.back().type);
    if (before.kind == Kind::Array && !before.complete) {
      return fail(at, fmt::format("a member after the flexible array '{}': expected '}}'", members.back().name));
    }
  }
  if (spec.name.empty()) {
    note_names(at, resolve(*spec.type), names);
  } else if (!names.insert(spec.name).second) {
    fail(at, fmt::format("there is a member '{}' already", spec.name));
  }
  members.push_back(spec);
}

// The members of an anonymous struct or union are members of what encloses it (C11 6.7.2.1 paragraph 13).
void Parser::note_names(const Token& at, const Type& anonymous, std::set<std::string_view>& names) {
  if (anonymous.kind != Kind::Struct && anonymous.kind != Kind::Union) return;
  for (const Member& m : anonymous.members) {
    if (m.name.empty()) {
      if (!m.bit_field) note_names(at, resolve(*m.type), names);
    } else if (!names.insert(m.name).second) {
      fail(at, fmt::format("there is a member '{}' already", m.name));
    }
  }
}

std::uint32_t Parser::bit_width(const Token& colon, const Type& declared, bool named) {
  const Type& type = resolve(declared);
  Token at = peek();
  Constant n = constant_expression();
  bool integer = type.kind == Kind::Integer || type.kind == Kind::Bool || type.kind == Kind::Enum;
  if (!integer || !type.complete) {
    fail(colon, fmt::format("a bit-field of type '{}': expected an integer type", to_c(declared)));
    return 1;
  }
  std::uint64_t most = type.kind == Kind::Bool ? 1 : type.size * 8;
  if (math_.is_negative(n) || n.bits > most) {
    fail(at, fmt::format("a bit-field of {} bits: '{}' has {}", math_.print(n), to_c(declared), most));
    return 1;
  }
  if (n.is_zero() && named) fail(at, "a bit-field of no bits cannot have a name");
  return static_cast<std::uint32_t>(n.bits);
}

// enum attributes? tag? attributes? (: type)? ({ enumerators } attributes?)?
const Type* Parser::enumeration(Specifiers& s) {
  Nesting nesting(*this);
  take();
  Attributes all;
  attributes(all);
  Token tag = peek();
  bool has_tag = tag.kind == Token::Kind::Identifier && tag.word == Word::None;
  if (has_tag) take();
  attributes(all);
  s.declares_tag = true;
  const Type* fixed = nullptr;
  if (at(":") && (starts_type(peek(1)))) {  // C23; in a struct, `enum e : 3` is a bit-field
    take();
    Token at = peek();
    fixed = specifiers("a type").type;
    if (resolve(*fixed).kind != Kind::Integer && resolve(*fixed).kind != Kind::Bool) {
      fail(at, fmt::format("an enum of '{}': expected an integer type", to_c(*fixed)));
      fixed = nullptr;
    }
  }
  if (!at("{")) {
    if (!has_tag) return fail_expected("a tag or '{' after 'enum'"), int_type();
    return tagged(tag, Kind::Enum);
  }
  Type* type = has_tag ? tagged(tag, Kind::Enum) : declare_tag(Kind::Enum, {});
  if (failed_) return int_type();
  if (!type->complete && !may_define(tag, type)) return int_type();
  Type* defined = type->complete ? table_.declare_enum(tag.text) : type;
  enum_body(defined, tag, all.packed, fixed);
  bool same =
      defined == type || (defined->size == type->size &&
                          std::equal(type->enumerators.begin(), type->enumerators.end(), defined->enumerators.begin(),
                                     defined->enumerators.end(), [](const Enumerator& a, const Enumerator& b) {
                                       return a.name == b.name && a.value == b.value;
                                     }));
  if (!same) fail(tag, fmt::format("'enum {}' was defined before with other enumerators", tag.text));
  return type;
}

void Parser::enum_body(Type* type, const Token& tag, bool packed, const Type* fixed) {
  take();
  std::vector<Enumerator> enumerators;
  std::vector<Token> names;
  Constant next = Arithmetic::of_int(0);
  bool overflow = false;
  while (!at("}") && !at_end()) {
    if (peek().kind != Token::Kind::Identifier || peek().word != Word::None)
      return fail_expected("an enumerator or '}'");
    Token name = take();
    Attributes ignored;
    attributes(ignored);
    Token value = peek();
    if (accept("=")) {
      value = peek();
      next = constant_expression();
    } else if (overflow) {
      fail(name, fmt::format("the value of '{}' would be too large", name.text));
    }
    if (!math_.is_negative(next) && static_cast<Wide>(next.bits) < 0)
      fail(value, "this value is too large for an enum");
    if (failed_) return;
    declare_constant(name, next);
    enumerators.push_back({table_.intern(name.text), static_cast<Wide>(next.bits)});
    names.push_back(name);
    if (enumerators.size() > kMaxEnumerators) {
      return fail(name, fmt::format("too many enumerators: at most {}", kMaxEnumerators));
    }
    overflow = static_cast<Wide>(next.bits) == static_cast<Wide>(~std::uint64_t{0});
    if (!overflow) next = math_.of_value(static_cast<Wide>(next.bits) + 1);
    if (!accept(",") && !at("}")) return fail_expected("',' or '}' after the enumerator");
  }
  Token end = peek();
  expect("}", "after the enumerators");
  if (enumerators.empty()) fail(end, "an enum without enumerators: expected a name");
  Attributes after;
  attributes(after);
  if (failed_) return;
  if (type->complete) return fail(tag, fmt::format("'enum {}' is defined inside itself", tag.text));
  auto status = table_.define_enum(type, enumerators, packed || after.packed, fixed);
  if (!status.ok()) return fail(tag, status.error().message);
  // Constants that do not fit in an int have the enum's type (gcc); all have, if it is written (C23 6.7.2.2).
  for (const Enumerator& e : enumerators) {
    bool fits_int = math_.of_value(e.value).scalar == Scalar::Int;
    block_.constant_types[std::string(e.name)] = fits_int && !fixed ? int_type() : type->target;
  }
}

}  // namespace pinion::ctype
