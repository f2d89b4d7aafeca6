// The inside of the parser: recursive descent over the tokens of one block of declarations.
//
// One failure ends the parse. fail() records it, and from then on the current token is the end of the text: every
// loop ends there, and every function goes on with some harmless type until its callers have returned. So nothing
// needs to test for failure except where it would report a second time or index something.
//
// The methods are in the file of the grammar's part they parse: declarations.cpp (declarations, and what they add),
// specifiers.cpp, records.cpp (structs, unions, enums), declarators.cpp, attributes.cpp, constant_expression.cpp,
// directives.cpp (preprocessor lines), cursor.cpp (tokens, bounds and failure).
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "ffi/ctype/constant.hpp"
#include "ffi/ctype/lexer.hpp"
#include "ffi/ctype/parser.hpp"
#include "ffi/ctype/same_type.hpp"
#include "ffi/ctype/source_text.hpp"

namespace pinion::ctype {

inline constexpr std::size_t kMaxText = std::size_t{1} << 20;
inline constexpr unsigned kMaxNesting = 200;
inline constexpr std::size_t kMaxParameters = 4096;
inline constexpr std::size_t kMaxMembers = 16384;
inline constexpr std::size_t kMaxEnumerators = 65536;
inline constexpr std::uint32_t kMaxAlignment = 1u << 28;  // gcc's limit

// A piece of the text for a message: in quotes, and cut when it is long.
std::string quoted(std::string_view text);

// The Qualifiers bit of a word, or 0.
std::uint8_t qualifier_of(Word);

// What attributes and alignment specifiers say.
struct Attributes {
  bool packed = false;
  std::uint32_t align = 0;  // the strictest aligned(n) or _Alignas; 0: none
  std::uint64_t vector_bytes = 0;
  std::uint64_t vector_count = 0;  // clang's ext_vector_type(n)
  std::optional<Convention> convention;
  std::optional<Token> mode;  // mode(DI): the word in the parentheses
  std::optional<Token> transparent_union;

  void merge(const Attributes& more);
};

struct Specifiers {
  Token first;
  const Type* type = nullptr;  // with its qualifiers
  Token storage;               // typedef, extern, static ...: the last one, for messages
  bool is_typedef = false;
  bool is_static = false;
  bool declares_tag = false;      // struct, union or enum, with or without a body
  bool anonymous_record = false;  // a struct or union without a tag, defined here
  Attributes attributes;
};

// One step from the base type of a declaration towards the type of its name.
struct Derivation {
  enum class Kind : std::uint8_t { Pointer, Array, Parameters, Convention };
  Kind kind = Kind::Pointer;
  Token at;
  std::uint8_t qualifiers = 0;          // Pointer; Array: those in a parameter's brackets
  Attributes attributes;                // Pointer
  std::optional<std::uint64_t> count;   // Array; none: []
  bool outermost_of_parameter = false;  // Array: it becomes a pointer
  std::vector<Parameter> parameters;    // Parameters
  bool variadic = false;
  bool prototyped = true;
};

struct Declarator {
  Token name;  // an Identifier, or where one would be
  std::vector<Derivation> derivations;
  Attributes attributes;

  bool has_name() const { return name.kind == Token::Kind::Identifier; }
};

class Parser {
 public:
  // `may_complete`: structs and enums that `known` has as opaque may be completed (see needs_rehearsal).
  Parser(TypeTable& table, const SourceText& source, const Declarations* known, bool may_complete);

  void parse_block();
  const Type* parse_type_name();  // the whole text is one

  bool failed() const { return failed_; }
  const ParseError& error() const { return error_; }
  // The parse stopped because it would have completed a type of an earlier block, which cannot be undone.
  bool needs_rehearsal() const { return needs_rehearsal_; }
  Declarations& block() { return block_; }

 private:
  enum class NameRule : std::uint8_t { Required, Optional, Forbidden };

  // One level of nesting, for as long as it lives.
  class Nesting {
   public:
    Nesting(Parser& parser, unsigned levels = 0) : parser_(parser), levels_(levels) { add(1); }
    ~Nesting() { parser_.depth_ -= levels_; }
    Nesting(const Nesting&) = delete;
    Nesting& operator=(const Nesting&) = delete;
    void add(unsigned levels) {
      levels_ += levels;
      parser_.deepen(levels);
    }

   private:
    Parser& parser_;
    unsigned levels_;
  };

  // cursor.cpp
  const Token& peek(std::size_t ahead = 0) const;
  Token take();
  bool at(std::string_view punctuator) const { return peek().is(punctuator); }
  bool at(Word word) const { return peek().is(word); }
  bool at_end() const { return peek().kind == Token::Kind::End || peek().kind == Token::Kind::Bad; }
  bool accept(std::string_view punctuator);
  bool accept(Word word);
  void expect(std::string_view punctuator, std::string_view where);
  // Past what the current opening bracket encloses.
  void skip_brackets();
  void fail(const Token& token, std::string_view message);
  void fail_expected(std::string_view what);
  // The value, or the failure's message at `token` and `otherwise`.
  template <class T>
  T check(const Token& token, Result<T> result, T otherwise) {
    if (result.ok()) return std::move(*result);
    fail(token, result.error().message);
    return otherwise;
  }
  void deepen(unsigned levels);
  std::string string_literals();
  const Type* int_type() { return table_.scalar(Scalar::Int); }

  // directives.cpp
  void run_directives();
  void directive(const Directive&);
  void pragma(const Directive&);
  void pragma_pack();
  void define(const Directive&);
  template <class Action>
  void in_line(const Directive&, Action action);

  // declarations.cpp
  void external_declaration();
  void linkage_specification();
  void static_assertion();
  void declaration();
  void declare(const Specifiers&, const Declarator&, const Type*, const Token& symbol_at, std::string symbol);
  void declare_typedef(const Declarator&, const Attributes&, const Type*);
  void declare_constant(const Token& name, const Constant&);
  void initialiser(const Specifiers&, const Declarator&, const Type*);
  const Declaration* find_declaration(std::string_view name) const;
  const Type* find_typedef(std::string_view name);
  bool names_type(const Token&);
  const Type* find_user_typedef(std::string_view name) const;
  std::optional<Constant> find_constant(std::string_view name) const;
  Type* find_tag(std::string_view name) const;
  std::string suggest_type(const Token&);
  void fail_unknown_type(const Token&);

  // specifiers.cpp
  Specifiers specifiers(std::string_view wanted);
  bool starts_type(const Token&);
  bool storage_word(Specifiers&);
  std::uint8_t qualifier_words();
  const Type* combine_words(const Token& first, std::uint32_t words);
  bool at_complex_macro(std::uint32_t words);
  const Type* atomic_type();
  const Type* type_name();

  // records.cpp
  const Type* record(Specifiers&);
  const Type* enumeration(Specifiers&);
  void record_body(Type* record, const Token& tag, Attributes attributes);
  void member_declaration(std::vector<MemberSpec>&, std::set<std::string_view>& names, bool is_union);
  void member(const Specifiers&, std::vector<MemberSpec>&, std::set<std::string_view>& names, bool is_union);
  void add_member(const Token&, MemberSpec, std::vector<MemberSpec>&, std::set<std::string_view>& names);
  void note_names(const Token&, const Type& anonymous, std::set<std::string_view>& names);
  std::uint32_t bit_width(const Token& at, const Type&, bool named);
  void enum_body(Type* enumeration, const Token& tag, bool packed, const Type* fixed);
  bool may_define(const Token& at, Type* type);
  Type* tagged(const Token& tag, Kind kind);
  Type* declare_tag(Kind kind, std::string_view tag);
  unsigned value_depth(const Type&);

  // declarators.cpp
  Declarator declarator(NameRule, bool in_parameter);
  void declarator_into(Declarator&, NameRule, bool in_parameter, bool nested, Nesting&);
  void pointers(std::vector<Derivation>&, Nesting&);
  void direct_declarator(Declarator&, NameRule, bool in_parameter, Nesting&);
  bool at_nested_declarator(NameRule);
  Derivation array_suffix(bool outermost_of_parameter);
  Derivation parameters_suffix();
  Parameter parameter();
  const Type* apply(const Specifiers&, const Declarator&, const Attributes&);
  const Type* apply_with_alignment(Specifiers, const Declarator&);
  const Type* aligned(const Token&, const Type*, std::uint32_t align);
  const Type* first_member(const Token&, const Type*);
  const Type* apply_derivation(const Type*, const Derivation&);
  const Type* with_convention(const Token&, const Type*, Convention);
  const Type* with_element_attributes(const Token&, const Type*, const Attributes&);
  const Type* with_mode(const Token&, const Type*, const Token& mode);

  // attributes.cpp
  bool attributes(Attributes&);
  void gnu_attributes(Attributes&);
  void standard_attributes(Attributes&);
  void attribute(Attributes&, const Token& name);
  void declspec(Attributes&);
  std::uint32_t alignas_specifier();
  std::uint32_t alignment(const Token&, const Constant&);
  std::uint64_t size_argument();

  // constant_expression.cpp
  Constant constant_expression();
  Constant binary_expression(int least_precedence);
  Constant unary_expression();
  Constant cast();
  Constant primary_expression();
  Constant name_expression();
  Constant size_of();
  Constant align_of();
  Constant offset_of();
  Constant floating_to(const Type& type);
  Constant convert_to(const Token&, const Constant&, const Type&);
  std::uint64_t string_size();

  TypeTable& table_;
  const SourceText& source_;
  const Declarations* known_;
  bool may_complete_;
  Arithmetic math_;
  TokenList main_;
  const TokenList* list_ = &main_;  // main_, or the tokens of a directive
  std::size_t position_ = 0;
  std::size_t next_directive_ = 0;
  unsigned depth_ = 0;
  unsigned unevaluated_ = 0;  // inside the operand of sizeof, or behind `0 &&`
  unsigned open_linkage_ = 0;
  std::vector<std::uint32_t> pack_{0};  // the stack of #pragma pack
  Declarations block_;
  std::unordered_map<const Type*, unsigned> depths_;
  TypeComparison same_;
  bool failed_ = false;
  bool needs_rehearsal_ = false;
  Token end_;
  ParseError error_;
};

}  // namespace pinion::ctype
