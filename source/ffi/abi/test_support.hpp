// Placements of C text as one line of text, for the tests of this directory.
//
//   "rdi 0..3 sign | xmm0 0..7, rsi 8..11 -> hidden rdi"
//
// is the bytes of each argument and where they are (with the extension of a narrow scalar), and after the arrow the
// result. "ref rcx": a pointer to a copy; "[rsp+8] 0..15": on the stack.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <string_view>

#include "ffi/abi/call_layout.hpp"
#include "ffi/abi/print.hpp"
#include "ffi/ctype/parser.hpp"

namespace pinion::abi::testing {

inline constexpr Dialect kGcc{};
inline constexpr Dialect kClang{.compiler = Compiler::Clang};
inline constexpr Dialect kClang14{.compiler = Compiler::Clang14};
inline constexpr Dialect kGccAvx{.vectors = Vectors::Avx};
inline constexpr Dialect kClangAvx{.compiler = Compiler::Clang, .vectors = Vectors::Avx};

inline std::string brief(const CallLayout& layout, const Value& value) {
  static constexpr std::string_view kExtensions[] = {"", " zero", " sign", " bool"};
  if (value.passing == Passing::Nothing) return "nothing";
  if (value.passing == Passing::Hidden) return "hidden " + name_of(layout.hidden);
  std::string text;
  for (const Piece& p : layout.pieces_of(value)) {
    if (!text.empty()) text += ", ";
    const std::string place = name_of(p.location, p.size);
    text += value.passing == Passing::Reference ? "ref " + place
                                                : fmt::format("{} {}..{}{}", place, p.offset, p.offset + p.size - 1,
                                                              kExtensions[static_cast<unsigned>(p.extension)]);
  }
  return text;
}

inline std::string brief(const CallLayout& layout) {
  std::string text;
  for (const Value& v : layout.arguments) text += (text.empty() ? "" : " | ") + brief(layout, v);
  return text + (text.empty() ? "-> " : " -> ") + brief(layout, layout.result);
}

// Types parsed from text, and their placements.
class Source {
 public:
  explicit Source(ctype::DataModel model = ctype::DataModel::Lp64) : table_(model) {}

  // The last function that `text` declares.
  const ctype::Type* function(std::string_view text) {
    ctype::Declarations declarations;
    const Status status = ctype::parse_into(table_, text, declarations);
    if (!status) {
      ADD_FAILURE() << status.error().message;
      return table_.scalar(ctype::Scalar::Void);
    }
    return declarations.last_function()->type;
  }

  // What `text` names T; without a typedef in it, it is the rest of one: "struct {int a;} T".
  const ctype::Type* type_t(std::string_view text) {
    ctype::Declarations declarations;
    const Status status = ctype::parse_into(table_, typedef_t(text), declarations);
    if (!status) ADD_FAILURE() << status.error().message;
    return status ? declarations.typedefs.find("T")->second : table_.scalar(ctype::Scalar::Void);
  }

  static std::string typedef_t(std::string_view text) {
    return (text.find("typedef") == text.npos ? "typedef " : "") + std::string(text) + ";";
  }

  ctype::TypeTable& table() { return table_; }

 private:
  ctype::TypeTable table_;
};

inline CallLayout layout_of(std::string_view declarations, Convention convention, Dialect dialect = kGcc) {
  Source source;
  Result<CallLayout> layout = lay_out_call(*source.function(declarations), convention, dialect);
  if (!layout) ADD_FAILURE() << declarations << ": " << layout.error().message;
  return layout ? *layout : CallLayout{};
}

// The placement of the last function declared, or the error.
inline std::string place(std::string_view declarations, Convention convention, Dialect dialect = kGcc) {
  Source source;
  const Result<CallLayout> layout = lay_out_call(*source.function(declarations), convention, dialect);
  return layout ? brief(*layout) : layout.error().message;
}

// The placement of one call of a variadic or unprototyped function `declarations`, with the parameters of the last
// function of `extra` as further arguments.
inline CallLayout variadic_layout(std::string_view declarations, std::string_view extra, Convention convention,
                                  Dialect dialect = kGcc) {
  Source source;
  std::vector<const ctype::Type*> types;
  for (const ctype::Parameter& p : source.function(extra)->parameters) types.push_back(p.type);
  const auto call = source.table().variadic_call(source.function(declarations), types);
  if (!call) ADD_FAILURE() << call.error().message;
  Result<CallLayout> layout = lay_out_call(**call, convention, dialect);
  if (!layout) ADD_FAILURE() << layout.error().message;
  return layout ? *layout : CallLayout{};
}

// One row of a table of types: where a value of type T is as the first argument and as the result.
struct Row {
  std::string_view type;  // as Source::type_t takes it
  std::string_view argument;
  std::string_view result;
};

inline void expect_rows(std::initializer_list<Row> rows, Convention convention, Dialect dialect = kGcc) {
  for (const Row& row : rows) {
    const std::string declared = Source::typedef_t(row.type);
    EXPECT_EQ(place(declared + " void f(T);", convention, dialect), fmt::format("{} -> nothing", row.argument))
        << row.type;
    EXPECT_EQ(place(declared + " T f(void);", convention, dialect), fmt::format("-> {}", row.result)) << row.type;
  }
}

}  // namespace pinion::abi::testing
