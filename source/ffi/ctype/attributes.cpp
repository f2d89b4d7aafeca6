#include <fmt/format.h>

#include <algorithm>

#include "ffi/ctype/parsing.hpp"

namespace pinion::ctype {

namespace {

constexpr std::uint32_t kBiggestAlignment = 16;  // what aligned without a number means on x86-64

// `__packed__` is `packed`.
std::string_view plain(std::string_view name) {
  if (name.size() > 4 && name.starts_with("__") && name.ends_with("__")) return name.substr(2, name.size() - 4);
  return name;
}

bool is_one_of(std::string_view name, std::initializer_list<std::string_view> names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

void Attributes::merge(const Attributes& more) {
  packed |= more.packed;
  align = std::max(align, more.align);
  if (more.vector_bytes != 0) vector_bytes = more.vector_bytes;
  if (more.vector_count != 0) vector_count = more.vector_count;
  if (more.convention) convention = more.convention;
  if (more.mode) mode = more.mode;
  if (more.transparent_union) transparent_union = more.transparent_union;
}

// Every attribute, alignment specifier and meaningless word from here on. False: there was none.
bool Parser::attributes(Attributes& result) {
  bool any = false;
  for (;; any = true) {
    if (accept(Word::Attribute)) {
      gnu_attributes(result);
    } else if (accept(Word::Declspec)) {
      declspec(result);
    } else if (at(Word::Alignas)) {
      result.align = std::max(result.align, alignas_specifier());
    } else if (at("[") && peek(1).is("[")) {
      standard_attributes(result);
    } else if (accept(Word::IgnoredWithArguments)) {
      if (at("(")) skip_brackets();
    } else if (at(Word::UnsupportedConvention)) {
      fail(peek(), fmt::format("the calling convention {} is not supported", quoted(peek().text)));
    } else if (!accept(Word::Ignored) && !accept(Word::Extension)) {
      return any;
    }
  }
}

// __attribute__((name, name(argument, ...)))
void Parser::gnu_attributes(Attributes& result) {
  expect("(", "after __attribute__");
  expect("(", "after '__attribute__('");
  while (!at(")") && !at_end()) {
    if (accept(",")) continue;
    if (peek().kind != Token::Kind::Identifier) return fail_expected("the name of an attribute");
    attribute(result, take());
    if (!at(")") && !at(",")) fail_expected("')' or ',' after the attribute");
  }
  expect(")", "after the attributes");
  expect(")", "after the attributes");
}

// [[name, prefix::name(arguments)]]: C23, and the manual pages of Linux.
void Parser::standard_attributes(Attributes& result) {
  take();
  take();
  while (!at("]") && !at_end()) {
    if (accept(",")) continue;
    if (peek().kind != Token::Kind::Identifier) return fail_expected("the name of an attribute");
    Token name = take();
    bool gnu = plain(name.text) == "gnu" && at("::");
    if (accept("::")) name = take();
    if (gnu) {
      attribute(result, name);
    } else if (at("(")) {
      skip_brackets();
    }
    if (!at("]") && !at(",")) fail_expected("']]' or ',' after the attribute");
  }
  expect("]", "after the attributes");
  expect("]", "after the attributes");
}

void Parser::attribute(Attributes& result, const Token& token) {
  std::string_view name = plain(token.text);
  if (name == "packed") {
    result.packed = true;
  } else if (name == "aligned") {
    std::uint32_t align = kBiggestAlignment;
    if (accept("(")) {
      Token at = peek();
      align = alignment(at, constant_expression());
      expect(")", "after the alignment");
    }
    result.align = std::max(result.align, align);
  } else if (name == "vector_size") {
    result.vector_bytes = size_argument();
  } else if (name == "ext_vector_type") {
    result.vector_count = size_argument();
  } else if (name == "ms_abi") {
    result.convention = Convention::Microsoft;
  } else if (name == "sysv_abi") {
    result.convention = Convention::SysV;
  } else if (name == "mode") {
    expect("(", "after mode");
    if (peek().kind != Token::Kind::Identifier) return fail_expected("a mode such as DI");
    result.mode = take();
    expect(")", "after the mode");
  } else if (is_one_of(name, {"vectorcall", "regcall", "preserve_most", "preserve_all", "preserve_none", "swiftcall",
                              "regparm", "sseregparm", "no_caller_saved_registers", "interrupt"})) {
    if (name != "regparm") fail(token, fmt::format("the calling convention {} is not supported", quoted(token.text)));
    if (at("(")) skip_brackets();  // gcc ignores regparm on x86-64
  } else if (name == "ms_struct" || name == "gcc_struct") {
    if ((name == "ms_struct") != (table_.model() == DataModel::Llp64)) {
      fail(token, fmt::format("the attribute {} is not supported: bit-fields follow the platform", quoted(token.text)));
    }
  } else if (name == "transparent_union") {
    result.transparent_union = token;
  } else if (name == "scalar_storage_order") {
    fail(token, fmt::format("the attribute {} is not supported", quoted(token.text)));
  } else if (at("(")) {
    skip_brackets();  // unknown, or without a meaning for types
  }
}

// __declspec(align(16) dllimport)
void Parser::declspec(Attributes& result) {
  expect("(", "after __declspec");
  while (!at(")") && !at_end()) {
    if (accept(",")) continue;
    if (peek().kind != Token::Kind::Identifier) return fail_expected("a name in __declspec");
    Token name = take();
    if (name.text == "align") {
      expect("(", "after align");
      Token at = peek();
      result.align = std::max(result.align, alignment(at, constant_expression()));
      expect(")", "after the alignment");
    } else if (at("(")) {
      skip_brackets();
    }
  }
  expect(")", "after __declspec");
}

std::uint32_t Parser::alignas_specifier() {
  take();
  expect("(", "after _Alignas");
  Token at = peek();
  std::uint32_t align = 0;
  if (starts_type(at)) {
    align = type_name()->align;
  } else {
    Constant n = constant_expression();
    if (!n.is_zero()) align = alignment(at, n);  // _Alignas(0) has no effect (C11 6.7.5)
  }
  expect(")", "after the alignment");
  return align;
}

std::uint32_t Parser::alignment(const Token& at, const Constant& n) {
  if (math_.is_negative(n) || n.is_zero() || (n.bits & (n.bits - 1)) != 0 || n.bits > kMaxAlignment) {
    fail(at, fmt::format("an alignment of {}: expected a power of two, at most {}", math_.print(n), kMaxAlignment));
    return 1;
  }
  return static_cast<std::uint32_t>(n.bits);
}

// The `(n)` of vector_size and its like.
std::uint64_t Parser::size_argument() {
  expect("(", "after the attribute");
  Token at = peek();
  Constant n = constant_expression();
  if (math_.is_negative(n) || n.is_zero() || n.bits > kMaxAlignment) {
    fail(at, fmt::format("a vector of {}: expected a power of two", math_.print(n)));
    return 1;
  }
  expect(")", "after the size");
  return static_cast<std::uint64_t>(n.bits);
}

}  // namespace pinion::ctype
