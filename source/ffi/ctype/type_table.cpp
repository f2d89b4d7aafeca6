#include "ffi/ctype/type_table.hpp"

#include <fmt/format.h>

#include <array>
#include <bit>
#include <cassert>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <tuple>
#include <unordered_set>

#include "ffi/ctype/enum_type.hpp"
#include "ffi/ctype/layout.hpp"
#include "ffi/ctype/print.hpp"

namespace pinion::ctype {

namespace {

// What makes two derived types the same: every field of Type that was an input, none that follows from them.
struct Key {
  Kind kind = Kind::Void;
  const Type* target = nullptr;
  std::uint64_t count = 0;
  std::uint32_t align = 0;  // of an `aligned` variant of `target`; 0: not one
  std::uint8_t qualifiers = 0;
  Convention convention = Convention::Default;
  bool complete = true;
  bool variadic = false;
  bool prototyped = true;
  std::uint32_t fixed_count = 0;
  std::string_view name;
  std::vector<std::pair<std::string_view, const Type*>> parameters;

  auto operator<=>(const Key&) const = default;
};

struct ScalarRow {
  Kind kind;
  bool is_signed;
  std::array<std::uint32_t, 2> size, align;  // by DataModel
};

constexpr ScalarRow kScalars[] = {
#define X(name, spelling, kind, is_signed, size, align, llp64_size, llp64_align) \
  {Kind::kind, is_signed, {size, llp64_size}, {align, llp64_align}},
    PINION_SCALARS(X)
#undef X
};

Type scalar_type(std::size_t index, DataModel model) {
  const ScalarRow& row = kScalars[index];
  const auto column = static_cast<std::size_t>(model);
  Type type;
  type.kind = row.kind;
  type.scalar = static_cast<Scalar>(index);
  type.is_signed = row.is_signed;
  type.complete = row.kind != Kind::Void;
  type.size = row.size[column];
  type.align = row.align[column];
  return type;
}

// gcc raises the alignment of an _Atomic type to its size where the processor has an access of that size.
std::uint32_t atomic_align(const Type& type) {
  const bool lock_free = std::has_single_bit(type.size) && type.size <= 16;
  return lock_free ? std::max(type.align, static_cast<std::uint32_t>(type.size)) : type.align;
}

// The size, alignment and completeness that a typedef, a qualified or an aligned type has from its target.
void inherit(Type& type, const Type& target, std::uint32_t own_align) {
  type.size = target.size;
  type.complete = target.complete;
  type.align = own_align != 0 ? own_align : target.align;
  if ((type.qualifiers & Qualifiers::Atomic) != 0) type.align = atomic_align(type);
  if (own_align == 0) return;
  type.flexible = target.flexible;
  type.packed = target.packed;
  type.is_signed = target.is_signed;
  type.target = target.target;
  type.members = target.members;
  type.enumerators = target.enumerators;
}

Error element_error(std::string_view whole, const Type* element, std::string_view wanted) {
  return {fmt::format("{} of '{}' is not possible: {}", whole, to_c(*element), wanted)};
}

}  // namespace

struct TypeTable::State {
  // A type made from an incomplete one, to be completed with it.
  struct Dependent {
    Type* type;
    std::uint32_t own_align;
  };

  DataModel model;
  std::mutex mutex;  // guards everything below; types are only ever added
  std::deque<Type> types;
  std::deque<std::vector<Member>> members;
  std::deque<std::vector<Parameter>> parameters;
  std::deque<std::vector<Enumerator>> enumerators;
  std::unordered_set<std::string> texts;  // node-based: the texts stay where they are
  std::map<Key, const Type*> derived;
  std::multimap<const Type*, Dependent> dependents;
  std::array<const Type*, std::size(kScalars)> scalars{};

  explicit State(DataModel of) : model(of) {
    for (std::size_t i = 0; i < scalars.size(); ++i) scalars[i] = add(scalar_type(i, model));
  }

  Type* add(const Type& type) {
    Type& added = types.emplace_back(type);
    if (added.natural == nullptr) added.natural = &added;
    return &added;
  }

  std::string_view intern(std::string_view text) {
    return text.empty() ? std::string_view() : std::string_view(*texts.emplace(text).first);
  }

  // The type of this key; `make` gives it when it is new.
  template <class Make>
  const Type* derive(const Key& key, Make make) {
    const std::lock_guard lock(mutex);
    if (const auto found = derived.find(key); found != derived.end()) return found->second;
    const Type* made = add(make());
    derived.emplace(key, made);
    return made;
  }

  // The same for a type that gets its size from `target`, which may not have one yet.
  const Type* derive_from(const Key& key, Type type, std::uint32_t own_align) {
    const std::lock_guard lock(mutex);
    if (const auto found = derived.find(key); found != derived.end()) return found->second;
    inherit(type, *key.target, own_align);
    Type* made = add(type);
    derived.emplace(key, made);
    if (!made->complete) dependents.emplace(key.target, Dependent{made, own_align});
    return made;
  }

  void complete_dependents(const Type* target) {
    const auto [first, last] = dependents.equal_range(target);
    std::vector<Dependent> waiting;
    for (auto it = first; it != last; ++it) waiting.push_back(it->second);
    dependents.erase(first, last);
    for (const Dependent& dependent : waiting) {
      inherit(*dependent.type, *target, dependent.own_align);
      complete_dependents(dependent.type);
    }
  }
};

TypeTable::TypeTable(DataModel model) : state_(std::make_unique<State>(model)) {}
TypeTable::~TypeTable() = default;

DataModel TypeTable::model() const {
  return state_->model;
}

std::string_view TypeTable::intern(std::string_view text) {
  const std::lock_guard lock(state_->mutex);
  return state_->intern(text);
}

const Type* TypeTable::scalar(Scalar which) {
  return state_->scalars[static_cast<std::size_t>(which)];
}

const Type* TypeTable::pointer_to(const Type* pointee) {
  return state_->derive({.kind = Kind::Pointer, .target = pointee, .name = {}, .parameters = {}}, [&] {
    Type type;
    type.kind = Kind::Pointer;
    type.target = pointee;
    type.size = type.align = 8;
    return type;
  });
}

const Type* TypeTable::qualified(const Type* type, std::uint8_t qualifiers) {
  if (type->kind == Kind::Qualified) return qualified(type->target, qualifiers | type->qualifiers);
  if (qualifiers == 0 || type->kind == Kind::Function) return type;
  if (type->kind == Kind::Array && type->natural == type) {  // C11 6.7.3p9: the elements are qualified
    const Type* element = qualified(type->target, qualifiers);
    return *(type->complete ? array_of(element, type->count) : array_without_bound(element));
  }
  Type made;
  made.kind = Kind::Qualified;
  made.target = type;
  made.qualifiers = qualifiers;
  return state_->derive_from(
      {.kind = Kind::Qualified, .target = type, .qualifiers = qualifiers, .name = {}, .parameters = {}}, made, 0);
}

const Type* TypeTable::aligned(const Type* type, std::uint32_t align) {
  assert(std::has_single_bit(align) && align <= kMaxAlign);
  std::uint8_t qualifiers = 0;
  for (const Type* t = type; t->kind == Kind::Alias || t->kind == Kind::Qualified; t = t->target) {
    qualifiers |= t->qualifiers;
  }
  if (qualifiers != 0) return qualified(aligned(&resolve(*type), align), qualifiers);
  const Type* natural = resolve(*type).natural;
  if (align == natural->align && natural->complete) return natural;
  Type made = *natural;
  made.natural = natural;
  return state_->derive_from({.kind = natural->kind, .target = natural, .align = align, .name = {}, .parameters = {}},
                             made, align);
}

const Type* TypeTable::alias(std::string_view name, const Type* target) {
  Type made;
  made.kind = Kind::Alias;
  made.target = target;
  made.name = intern(name);
  return state_->derive_from({.kind = Kind::Alias, .target = target, .name = made.name, .parameters = {}}, made, 0);
}

Result<const Type*> TypeTable::array_of(const Type* element, std::uint64_t count) {
  const Result<const Type*> unbound = array_without_bound(element);
  if (!unbound) return unbound.error();
  if (element->size != 0 && count > kMaxTypeBytes / element->size) {
    return element_error(fmt::format("an array [{}]", count), element,
                         fmt::format("it would be larger than {} bytes", kMaxTypeBytes));
  }
  return state_->derive({.kind = Kind::Array, .target = element, .count = count, .name = {}, .parameters = {}}, [&] {
    Type type = **unbound;
    type.natural = nullptr;
    type.complete = true;
    type.count = count;
    type.size = element->size * count;
    return type;
  });
}

Result<const Type*> TypeTable::array_without_bound(const Type* element) {
  const Type& type = resolve(*element);
  if (type.kind == Kind::Function) return element_error("an array", element, "functions cannot be elements");
  if (!type.complete) return element_error("an array", element, "the size of the elements is not known");
  if (element->size % element->align != 0) {
    return element_error("an array", element,
                         fmt::format("its size {} is not a multiple of its alignment {}, so that most elements would "
                                     "be misaligned",
                                     element->size, element->align));
  }
  return state_->derive({.kind = Kind::Array, .target = element, .complete = false, .name = {}, .parameters = {}}, [&] {
    Type made;
    made.kind = Kind::Array;
    made.target = element;
    made.align = element->align;
    made.complete = false;
    return made;
  });
}

Result<const Type*> TypeTable::complex_of(const Type* element) {
  const Type& type = *resolve(*element).natural;
  if (type.kind != Kind::Floating && type.kind != Kind::Integer) {
    return element_error("_Complex", element, "an integer or floating type is needed");
  }
  return state_->derive({.kind = Kind::Complex, .target = &type, .name = {}, .parameters = {}}, [&] {
    Type made;
    made.kind = Kind::Complex;
    made.target = &type;
    made.size = 2 * type.size;
    made.align = type.align;
    return made;
  });
}

Result<const Type*> TypeTable::vector_of(const Type* element, std::uint64_t bytes) {
  const Type& type = *resolve(*element).natural;
  const std::string what = fmt::format("a vector of {} bytes", bytes);
  if ((type.kind != Kind::Floating && type.kind != Kind::Integer) || type.scalar == Scalar::LongDouble) {
    return element_error(what, element, "an integer or floating type of 1, 2, 4, 8 or 16 bytes is needed");
  }
  if (!std::has_single_bit(bytes) || bytes < type.size || bytes > kMaxAlign) {
    return element_error(what, element,
                         fmt::format("the size must be a power of two from {} to {}", type.size, kMaxAlign));
  }
  return state_->derive({.kind = Kind::Vector, .target = &type, .count = bytes, .name = {}, .parameters = {}}, [&] {
    Type made;
    made.kind = Kind::Vector;
    made.target = &type;
    made.count = bytes / type.size;
    made.size = bytes;
    made.align = static_cast<std::uint32_t>(bytes);
    return made;
  });
}

namespace {

// C11 6.7.6.3p7-8: an array parameter is a pointer to its first element, a function parameter one to the function.
const Type* adjusted(TypeTable& table, const Type* type) {
  const Type& resolved = resolve(*type);
  if (resolved.kind == Kind::Function) return table.pointer_to(type);
  if (resolved.kind != Kind::Array) return type;
  const std::uint8_t qualifiers = type->kind == Kind::Qualified ? type->qualifiers : 0;
  return table.pointer_to(table.qualified(resolved.target, qualifiers));
}

// C11 6.5.2.2p6, the default argument promotions. (_Float16 is not promoted, by gcc and clang alike.)
const Type* promoted(TypeTable& table, const Type* type) {
  const Type& resolved = resolve(*type);
  if (resolved.kind == Kind::Floating && resolved.scalar == Scalar::Float) return table.scalar(Scalar::Double);
  const bool integer = resolved.kind == Kind::Bool || resolved.kind == Kind::Integer || resolved.kind == Kind::Enum;
  if (integer && resolved.size < table.scalar(Scalar::Int)->size) return table.scalar(Scalar::Int);
  return type;
}

Type function_type(const FunctionSpec& spec, std::uint32_t fixed_count) {
  Type type;
  type.kind = Kind::Function;
  type.target = spec.result;
  type.variadic = spec.variadic;
  type.prototyped = spec.prototyped;
  type.convention = spec.convention;
  type.fixed_count = fixed_count;
  return type;
}

Key key_of(const Type& function, std::span<const Parameter> parameters) {
  Key key{.kind = Kind::Function,
          .target = function.target,
          .convention = function.convention,
          .variadic = function.variadic,
          .prototyped = function.prototyped,
          .fixed_count = function.fixed_count,
          .name = {},
          .parameters = {}};
  for (const Parameter& parameter : parameters) key.parameters.emplace_back(parameter.name, parameter.type);
  return key;
}

std::string which(std::size_t index, std::string_view name) {
  return name.empty() ? fmt::format("parameter {}", index + 1) : fmt::format("parameter {} ('{}')", index + 1, name);
}

}  // namespace

Result<const Type*> TypeTable::function(const FunctionSpec& spec) {
  const Type& result = resolve(*spec.result);
  if (result.kind == Kind::Array || result.kind == Kind::Function) {
    return Error{fmt::format("a function cannot return '{}'; a pointer to it can be returned", to_c(*spec.result))};
  }
  std::vector<Parameter> parameters;
  for (std::size_t i = 0; i < spec.parameters.size(); ++i) {
    const Parameter& given = spec.parameters[i];
    const Type* type = adjusted(*this, given.type);
    if (!type->complete) {
      return Error{fmt::format("{} has the incomplete type '{}'", which(i, given.name), to_c(*type))};
    }
    parameters.push_back({intern(given.name), type});
  }
  Type made = function_type(spec, static_cast<std::uint32_t>(parameters.size()));
  return state_->derive(key_of(made, parameters), [&] {
    made.parameters = state_->parameters.emplace_back(std::move(parameters));
    return made;
  });
}

Result<const Type*> TypeTable::variadic_call(const Type* function, std::span<const Type* const> extra) {
  const Type& type = resolve(*function);
  if (type.kind != Kind::Function) return Error{fmt::format("'{}' is not a function", to_c(*function))};
  if (extra.empty()) return &type;
  if (!type.variadic && type.prototyped) {
    return Error{fmt::format("'{}' takes {} arguments and was given {} more", to_c(*function), type.parameters.size(),
                             extra.size())};
  }
  std::vector<Parameter> parameters(type.parameters.begin(), type.parameters.end());
  for (const Type* argument : extra) {
    const Type* passed = promoted(*this, adjusted(*this, argument));
    if (!passed->complete) {
      return Error{fmt::format("argument {} has the incomplete type '{}'", parameters.size() + 1, to_c(*argument))};
    }
    parameters.push_back({{}, passed});
  }
  Type made = type;
  made.natural = nullptr;
  return state_->derive(key_of(made, parameters), [&] {
    made.parameters = state_->parameters.emplace_back(std::move(parameters));
    return made;
  });
}

Type* TypeTable::declare_record(Kind struct_or_union, std::string_view tag) {
  assert(struct_or_union == Kind::Struct || struct_or_union == Kind::Union);
  const std::lock_guard lock(state_->mutex);
  Type type;
  type.kind = struct_or_union;
  type.complete = false;
  type.name = state_->intern(tag);
  return state_->add(type);
}

Status TypeTable::define_record(Type* record, const RecordSpec& spec) {
  const std::string_view word = record->kind == Kind::Struct ? "struct" : "union";
  if (record->complete) return Error{fmt::format("{} '{}' is defined twice", word, record->name)};
  Result<RecordLayout> layout = lay_out_record(record->kind, spec, state_->model);
  if (!layout) {
    if (record->name.empty()) return layout.error();
    return Error{fmt::format("{} '{}': {}", word, record->name, layout.error().message)};
  }
  const std::lock_guard lock(state_->mutex);
  for (Member& member : layout->members) member.name = state_->intern(member.name);
  record->members = state_->members.emplace_back(std::move(layout->members));
  record->size = layout->size;
  record->align = layout->align;
  record->packed = spec.packed;
  record->own_align = spec.align;
  record->pack = spec.max_align;
  record->flexible = layout->flexible;
  record->complete = true;
  state_->complete_dependents(record);
  return Unit{};
}

Type* TypeTable::declare_enum(std::string_view tag) {
  const std::lock_guard lock(state_->mutex);
  Type type;
  type.kind = Kind::Enum;
  type.complete = false;
  type.name = state_->intern(tag);
  return state_->add(type);
}

Status TypeTable::define_enum(Type* enumeration, std::span<const Enumerator> enumerators, bool packed,
                              const Type* fixed) {
  if (enumeration->complete) return Error{fmt::format("enum '{}' is defined twice", enumeration->name)};
  if (fixed != nullptr) {
    if (Status good = check_fixed_enum(enumerators, *fixed); !good) return good;
  }
  const Result<Scalar> chosen =
      fixed != nullptr ? Result(resolve(*fixed).scalar) : enum_scalar(enumerators, packed, state_->model);
  if (!chosen) return chosen.error();
  const Type* underlying = scalar(*chosen);

  const std::lock_guard lock(state_->mutex);
  std::vector<Enumerator> kept(enumerators.begin(), enumerators.end());
  for (Enumerator& enumerator : kept) enumerator.name = state_->intern(enumerator.name);
  enumeration->enumerators = state_->enumerators.emplace_back(std::move(kept));
  enumeration->target = underlying;
  enumeration->is_signed = underlying->is_signed;
  enumeration->size = underlying->size;
  enumeration->align = underlying->align;
  enumeration->packed = packed;
  enumeration->complete = true;
  state_->complete_dependents(enumeration);
  return Unit{};
}

}  // namespace pinion::ctype
