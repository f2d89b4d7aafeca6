// Arguments as people write them on a command line, into C values of a given type.
//
// The notation is C's, where C has one (see --help of `pinion call`). Memory that a value points to (strings, &{...})
// lives as long as the Storage. In value_parser.cpp: scalars; value_parser_aggregates.cpp, value_parser_pointers.cpp
// and value_parser_inference.cpp: what their names say.
#pragma once

#include <functional>
#include <memory_resource>
#include <string>
#include <string_view>
#include <vector>

#include "cli/numbers.hpp"
#include "ffi/base/result.hpp"
#include "ffi/ctype/parser.hpp"
#include "ffi/ctype/type_table.hpp"

namespace pinion::cli {

// Memory that lives as long as the call, and begins as zeros.
class Storage {
 public:
  std::byte* allocate(std::uint64_t size, std::uint32_t align);

 private:
  std::pmr::monotonic_buffer_resource memory_;
};

// A C value: bytes of Storage.
struct TypedValue {
  const ctype::Type* type = nullptr;
  std::byte* data = nullptr;
};

// What was made by `&`: the callee may write there.
struct Pointed {
  std::string path;  // of the pointer in the argument: "", ".next", "[2]"
  TypedValue value;
};

class ValueParser {
 public:
  // The address of a function for a function pointer; or null.
  using FindSymbol = std::function<const void*(std::string_view name)>;

  ValueParser(ctype::TypeTable& types, const ctype::Declarations& known, Storage& storage, FindSymbol find_symbol)
      : types_(types), known_(known), storage_(storage), find_symbol_(std::move(find_symbol)) {}

  // The error goes behind the name of the argument: " wants double, got 'ten'".
  Result<TypedValue> parse(const ctype::Type&, std::string_view text);
  // An argument for `...`: its type is that of the literal.
  Result<TypedValue> parse_variadic(std::string_view text);

  // What the last value made with `&`, except where the callee promised by `const` not to write.
  const std::vector<Pointed>& pointed() const { return pointed_; }

 private:
  using Type = ctype::Type;
  class Step;

  Status parse_into(const Type&, std::string_view text, std::byte* to);
  Status parse_scalar(const Type& declared, std::string_view text, std::byte* to);
  Status parse_integer(const Type& declared, std::string_view text, unsigned bits, bool is_signed, UnsignedWide& out);
  Status parse_complex(const Type& declared, std::string_view text, std::byte* to);
  Status parse_bit_field(const ctype::Member&, std::string_view text, std::byte* record);
  Status parse_record(const Type& declared, std::string_view text, std::byte* to);
  Status parse_array(const Type& declared, std::string_view text, std::byte* to);
  Status parse_designated(const Type& declared, std::string_view item, std::byte* to);
  Status parse_member(const ctype::Member&, std::string_view text, std::byte* record);
  Status parse_pointer(const Type& declared, std::string_view text, std::byte* to);
  Status parse_named(const Type& declared, std::string_view name, std::string_view rest, std::byte* to);
  Status parse_text_array(const Type& declared, std::string_view inside, std::byte* to);
  Status parse_function_pointer(const Type& declared, std::string_view text, std::byte* to);
  Result<std::byte*> make_text(const Type& declared, unsigned unit, std::string_view inside);
  Result<TypedValue> parse_pointed(const Type& declared, std::string_view text);
  Result<TypedValue> parse_pointed_array(const Type* element, std::string_view text);
  Result<std::uint64_t> count_of(std::string_view initializer);
  Result<TypedValue> infer(std::string_view text);
  Result<TypedValue> infer_pointed(std::string_view text);
  std::optional<TypedValue> infer_number(std::string_view text);
  TypedValue promote(TypedValue);
  TypedValue pointer(const Type& target, std::byte* address);

  Result<Integer> integer(std::string_view text) const;
  Result<const Type*> array_of(const Type& element, std::uint64_t count);
  TypedValue make(const Type& type);
  Error wants(const Type& declared, std::string_view text, std::string_view detail = {}) const;
  Error wants(std::string_view what, std::string_view text, std::string_view detail = {}) const;

  static constexpr std::uint64_t kMostBytes = std::uint64_t{1} << 30;  // of what one `&[N]` may ask for

  ctype::TypeTable& types_;
  const ctype::Declarations& known_;
  Storage& storage_;
  FindSymbol find_symbol_;
  std::string path_;  // of what is being parsed, in the argument
  std::vector<Pointed> pointed_;
};

// What the elements of a string of this type are: 1 for char and its kin (not for typedefs such as uint8_t), 2 and 4
// for char16_t, char32_t and wchar_t, 0 for what is no text.
unsigned text_unit(const ctype::Type& element);

// Whether the type is const, looking through typedefs.
bool is_const(const ctype::Type&);

}  // namespace pinion::cli
