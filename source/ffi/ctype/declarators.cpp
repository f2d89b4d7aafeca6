#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "ffi/ctype/parsing.hpp"
#include "ffi/ctype/print.hpp"
#include "ffi/ctype/standard_names.hpp"

namespace pinion::ctype {

// A declarator (C11 6.7.6) is read from the inside out: `*a[3]` is an array of pointers, `(*a)[3]` a pointer to an
// array. Its derivations are collected in the order in which they apply to the base type.
Declarator Parser::declarator(NameRule rule, bool in_parameter) {
  Declarator result;
  Nesting nesting(*this);
  declarator_into(result, rule, in_parameter, false, nesting);
  return result;
}

void Parser::declarator_into(Declarator& result, NameRule rule, bool in_parameter, bool nested, Nesting& nesting) {
  Attributes before;
  Token first = peek();
  attributes(before);
  if (nested && before.convention && at("*")) {
    // `void (__attribute__((ms_abi)) *f)(void)`: it belongs to the function type in front of the pointer.
    Derivation derivation;
    derivation.kind = Derivation::Kind::Convention;
    derivation.at = first;
    derivation.attributes.convention = std::exchange(before.convention, std::nullopt);
    result.derivations.push_back(std::move(derivation));
  }
  result.attributes.merge(before);
  pointers(result.derivations, nesting);
  direct_declarator(result, rule, in_parameter, nesting);
}

void Parser::pointers(std::vector<Derivation>& derivations, Nesting& nesting) {
  while (at("*") || at("^")) {
    if (at("^")) return fail(peek(), "'^': blocks of Objective-C are not understood");
    nesting.add(1);
    Derivation pointer;
    pointer.kind = Derivation::Kind::Pointer;
    pointer.at = take();
    do {
      pointer.qualifiers |= qualifier_words();
    } while (attributes(pointer.attributes));
    derivations.push_back(std::move(pointer));
  }
}

// Whether the '(' here encloses a declarator, and not the parameters of an unnamed function (C11 6.7.6.3 paragraph 11:
// a typedef name there is a parameter).
bool Parser::at_nested_declarator(NameRule rule) {
  if (!at("(")) return false;
  if (rule == NameRule::Required) return true;
  std::size_t i = 1;
  for (;;) {  // past attributes, which may begin either
    Word word = peek(i).word;
    if (word == Word::Ignored || word == Word::Extension) {
      ++i;
    } else if (word == Word::Attribute || word == Word::Declspec) {
      std::size_t depth = 0;
      do {
        ++i;
        if (peek(i).is("(")) ++depth;
        if (peek(i).is(")")) --depth;
        if (peek(i).kind == Token::Kind::End || peek(i).kind == Token::Kind::Bad) return false;
      } while (depth != 0);
      ++i;
    } else {
      break;
    }
  }
  const Token& token = peek(i);
  return !token.is(")") && !token.is("...") && !(token.is("[") && peek(i + 1).is("[")) && !starts_type(token);
}

void Parser::direct_declarator(Declarator& result, NameRule rule, bool in_parameter, Nesting& nesting) {
  Declarator inner;
  if (at_nested_declarator(rule)) {
    take();
    nesting.add(1);
    declarator_into(inner, rule, in_parameter, true, nesting);
    expect(")", "after the declarator");
    result.name = inner.name;
  } else if (peek().kind == Token::Kind::Identifier && peek().word == Word::None && rule != NameRule::Forbidden) {
    result.name = take();
    inner.name = result.name;
  } else if (rule == NameRule::Required) {
    return fail_expected("a name");
  } else {
    result.name = {Token::Kind::End, Word::None, peek().text.substr(0, 0)};
  }
  attributes(result.attributes);

  std::vector<Derivation> suffixes;
  while ((at("[") && !peek(1).is("[")) || at("(")) {
    nesting.add(1);
    bool outermost = in_parameter && suffixes.empty() && inner.derivations.empty();
    suffixes.push_back(at("(") ? parameters_suffix() : array_suffix(outermost));
    attributes(result.attributes);
  }
  std::move(suffixes.rbegin(), suffixes.rend(), std::back_inserter(result.derivations));
  std::move(inner.derivations.begin(), inner.derivations.end(), std::back_inserter(result.derivations));
  result.attributes.merge(inner.attributes);
}

// [n] [] and, in a parameter, [static n] [const] [*] [n] with any n at all: what becomes a pointer has no bound, and
// manual pages write `void buf[.count]` there.
Derivation Parser::array_suffix(bool outermost_of_parameter) {
  Derivation array;
  array.kind = Derivation::Kind::Array;
  array.at = peek();
  array.outermost_of_parameter = outermost_of_parameter;
  if (outermost_of_parameter) {
    for (std::size_t i = 1; peek(i).is(Word::Static) || qualifier_of(peek(i).word) != 0; ++i) {
      array.qualifiers |= qualifier_of(peek(i).word);
    }
    skip_brackets();
    return array;
  }
  take();
  if (accept("]")) return array;
  if (at("*") && peek(1).is("]")) {
    fail(peek(), "'[*]' stands for a length only known at run time: expected a constant");
    return array;
  }
  Token bound = peek();
  Constant n = constant_expression();
  if (math_.is_negative(n)) fail(bound, fmt::format("an array of {} elements", math_.print(n)));
  if (n.bits >> 63 != 0) fail(bound, fmt::format("an array of {} elements is too large", math_.print(n)));
  array.count = static_cast<std::uint64_t>(n.bits);
  expect("]", "after the array's bound");
  return array;
}

Derivation Parser::parameters_suffix() {
  Derivation function;
  function.kind = Derivation::Kind::Parameters;
  function.at = take();
  Nesting nesting(*this);
  if (accept(")")) {
    function.prototyped = false;  // C11 6.7.6.3 paragraph 14
    return function;
  }
  if (at(Word::Void) && peek(1).is(")")) {
    take();
    take();
    return function;
  }
  while (!failed_) {
    if (accept("...")) {
      function.variadic = true;
      expect(")", "after '...'");
      break;
    }
    Token first = peek();
    Parameter p = parameter();
    bool is_void = resolve(*p.type).kind == Kind::Void;
    if (is_void && p.name.empty() && function.parameters.empty() && at(")")) {  // a typedef of void
      take();
      break;
    }
    if (is_void) fail(first, "a parameter of type 'void'");
    function.parameters.push_back(p);
    if (function.parameters.size() > kMaxParameters) {
      fail(first, fmt::format("too many parameters: at most {}", kMaxParameters));
    }
    if (accept(")")) break;
    if (!accept(",")) fail_expected("')' or ',' after the parameter");
  }
  return function;
}

Parameter Parser::parameter() {
  Specifiers s = specifiers("a parameter's type");
  bool misplaced = s.is_typedef || (!s.storage.text.empty() && s.storage.word != Word::Register);
  if (misplaced) fail(s.storage, fmt::format("'{}' in a parameter: expected 'register' or nothing", s.storage.text));
  Declarator d = declarator(NameRule::Optional, true);
  attributes(d.attributes);
  Parameter result;
  if (d.has_name()) result.name = table_.intern(d.name.text);
  result.type = apply_with_alignment(std::move(s), d);
  if (result.type->kind == Kind::Alias && resolve(*result.type).kind == Kind::Array) {
    // An array becomes a pointer; a va_list shall keep its name.
    const StandardName* standard = find_standard_name(table_.model(), result.type->name);
    bool va_list = standard && standard->shape == StandardName::Shape::VaList;
    if (va_list) result.type = table_.alias(standard->name, table_.pointer_to(resolve(*result.type).target));
  }
  if (at("=")) fail(peek(), "a parameter with a default value: that is C++");
  return result;
}

// The type of the declared name: the base type, its derivations, and what the attributes say.
const Type* Parser::apply(const Specifiers& s, const Declarator& d, const Attributes& more) {
  Attributes all = s.attributes;
  all.merge(d.attributes);
  all.merge(more);
  const Type* type = with_element_attributes(s.first, s.type, all);
  for (const Derivation& derivation : d.derivations) {
    if (failed_) return int_type();
    type = apply_derivation(type, derivation);
  }
  if (all.convention) type = with_convention(s.first, type, *all.convention);
  if (all.transparent_union) type = first_member(*all.transparent_union, type);
  return failed_ ? int_type() : type;
}

// gcc passes a transparent_union as its first member, so that is what we take it for.
const Type* Parser::first_member(const Token& at, const Type* type) {
  const Type& resolved = resolve(*type);
  if (resolved.kind == Kind::Union && !resolved.members.empty()) return resolved.members.front().type;
  fail(at, fmt::format("transparent_union on '{}': expected a union with members", to_c(*type)));
  return type;
}

// The same where there is no object that could be aligned: an alignment belongs to the type beside which it stands.
const Type* Parser::apply_with_alignment(Specifiers s, const Declarator& d) {
  if (s.attributes.align != 0) s.type = aligned(s.first, s.type, s.attributes.align);
  const Type* type = apply(s, d, {});
  return d.attributes.align == 0 ? type : aligned(s.first, type, d.attributes.align);
}

const Type* Parser::aligned(const Token& at, const Type* type, std::uint32_t align) {
  const Type& resolved = resolve(*type);
  if (resolved.complete && resolved.kind != Kind::Function) return table_.aligned(type, align);
  fail(at, fmt::format("the type '{}' has no size and cannot be aligned", to_c(*type)));
  return type;
}

const Type* Parser::apply_derivation(const Type* base, const Derivation& d) {
  const Type& resolved = resolve(*base);
  switch (d.kind) {
    case Derivation::Kind::Pointer: {
      const Type* type = table_.pointer_to(base);
      if (d.attributes.align != 0) type = table_.aligned(type, d.attributes.align);
      if (d.attributes.convention) type = with_convention(d.at, type, *d.attributes.convention);
      return d.qualifiers == 0 ? type : table_.qualified(type, d.qualifiers);
    }
    case Derivation::Kind::Array: {
      if (resolved.kind == Kind::Function) return fail(d.at, "an array of functions: expected an object type"), base;
      if (d.outermost_of_parameter) {
        const Type* type = table_.pointer_to(base);
        return d.qualifiers == 0 ? type : table_.qualified(type, d.qualifiers);
      }
      if (!resolved.complete) return fail(d.at, "an array of an incomplete type"), base;
      if (value_depth(*base) >= kMaxNesting) return fail(d.at, "this array is nested too deeply"), base;
      return check(d.at, d.count ? table_.array_of(base, *d.count) : table_.array_without_bound(base), base);
    }
    case Derivation::Kind::Convention: return with_convention(d.at, base, *d.attributes.convention);
    case Derivation::Kind::Parameters: break;
  }
  if (resolved.kind == Kind::Function || resolved.kind == Kind::Array) {
    fail(d.at, fmt::format("a function that returns {}: expected it to return a pointer",
                           resolved.kind == Kind::Array ? "an array" : "a function"));
    return base;
  }
  FunctionSpec spec{base, d.parameters, d.variadic, d.prototyped, Convention::Default};
  return check(d.at, table_.function(spec), base);
}

// ms_abi and sysv_abi belong to the nearest function type: the declared one, or the one it points to.
const Type* Parser::with_convention(const Token& at, const Type* type, Convention convention) {
  switch (type->kind) {
    case Kind::Alias: return with_convention(at, &resolve(*type), convention);
    case Kind::Qualified: return table_.qualified(with_convention(at, type->target, convention), type->qualifiers);
    case Kind::Pointer: {
      const Type* target = with_convention(at, type->target, convention);
      return target == type->target ? type : table_.pointer_to(target);
    }
    case Kind::Function: {
      FunctionSpec spec{type->target, type->parameters, type->variadic, type->prototyped, convention};
      return check(at, table_.function(spec), type);
    }
    default: return type;  // gcc warns, and ignores it
  }
}

// vector_size and mode change the type at the root of the declaration.
const Type* Parser::with_element_attributes(const Token& at, const Type* type, const Attributes& attributes) {
  if (attributes.mode) type = with_mode(at, type, *attributes.mode);
  if (attributes.vector_bytes == 0 && attributes.vector_count == 0) return type;
  std::uint8_t qualifiers = type->kind == Kind::Qualified ? type->qualifiers : 0;
  const Type* element = qualifiers ? type->target : type;
  std::uint64_t bytes = attributes.vector_bytes;
  if (bytes == 0) bytes = attributes.vector_count * resolve(*element).size;
  const Type* made = check(at, table_.vector_of(element, bytes), type);
  return qualifiers ? table_.qualified(made, qualifiers) : made;
}

const Type* Parser::with_mode(const Token& at, const Type* type, const Token& mode) {
  struct Row {
    std::string_view name;
    Scalar with_sign, without;
  };
  const bool lp64 = table_.model() == DataModel::Lp64;
  const Scalar word = lp64 ? Scalar::Long : Scalar::LongLong, unsigned_word = lp64 ? Scalar::ULong : Scalar::ULongLong;
  const std::array rows{Row{"QI", Scalar::SChar, Scalar::UChar},
                        Row{"byte", Scalar::SChar, Scalar::UChar},
                        Row{"HI", Scalar::Short, Scalar::UShort},
                        Row{"SI", Scalar::Int, Scalar::UInt},
                        Row{"DI", word, unsigned_word},
                        Row{"word", word, unsigned_word},
                        Row{"pointer", word, unsigned_word},
                        Row{"TI", Scalar::Int128, Scalar::UInt128},
                        Row{"HF", Scalar::Float16, Scalar::Float16},
                        Row{"SF", Scalar::Float, Scalar::Float},
                        Row{"DF", Scalar::Double, Scalar::Double},
                        Row{"XF", Scalar::LongDouble, Scalar::LongDouble},
                        Row{"TF", Scalar::Float128, Scalar::Float128}};
  std::string_view name = mode.text;
  if (name.size() > 4 && name.starts_with("__") && name.ends_with("__")) name = name.substr(2, name.size() - 4);
  auto row = std::find_if(rows.begin(), rows.end(), [&](const Row& r) { return r.name == name; });
  const Type& base = resolve(*type);
  if (row == rows.end() || (base.kind != Kind::Integer && base.kind != Kind::Floating)) {
    fail(at, fmt::format("the mode {} is not understood for this type", quoted(mode.text)));
    return type;
  }
  bool integer = table_.scalar(row->with_sign)->kind == Kind::Integer;
  if (integer != (base.kind == Kind::Integer)) {
    fail(at, fmt::format("the mode {} does not fit the type", quoted(mode.text)));
  }
  return table_.scalar(base.is_signed ? row->with_sign : row->without);
}

}  // namespace pinion::ctype
