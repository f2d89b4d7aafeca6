// The maker and owner of C types.
//
// A TypeTable belongs to one data model. It may be used from many threads at once; the types it gives are immutable
// (save that an opaque struct, union or enum is completed at most once, which happens before its definition is handed
// to anybody) and live as long as the table.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "ffi/base/result.hpp"
#include "ffi/ctype/type.hpp"

namespace pinion::ctype {

// A member as declared, before the layout gives it a place.
struct MemberSpec {
  std::string_view name;
  const Type* type = nullptr;
  std::optional<std::uint32_t> bit_width;  // present: a bit-field
  std::uint32_t align = 0;                 // aligned(n) or _Alignas on the member; 0: none
  bool packed = false;                     // packed on the member itself
};

// A struct or union as declared.
struct RecordSpec {
  std::span<const MemberSpec> members;
  bool packed = false;          // __attribute__((packed))
  std::uint32_t align = 0;      // __attribute__((aligned(n))); 0: none
  std::uint32_t max_align = 0;  // #pragma pack(n); 0: none
};

struct FunctionSpec {
  const Type* result = nullptr;
  std::span<const Parameter> parameters;
  bool variadic = false;
  bool prototyped = true;
  Convention convention = Convention::Default;
};

class TypeTable {
 public:
  explicit TypeTable(DataModel model);
  ~TypeTable();
  TypeTable(const TypeTable&) = delete;
  TypeTable& operator=(const TypeTable&) = delete;

  DataModel model() const;

  const Type* scalar(Scalar);
  const Type* pointer_to(const Type* pointee);
  const Type* qualified(const Type*, std::uint8_t qualifiers);
  // A scalar, pointer or aggregate with an alignment of its own, as `typedef T U __attribute__((aligned(n)))` makes;
  // it may be less than T's. `align` is a power of two up to 2^28: the caller has checked it.
  const Type* aligned(const Type*, std::uint32_t align);
  Result<const Type*> array_of(const Type* element, std::uint64_t count);  // error: incomplete element, too large
  Result<const Type*> array_without_bound(const Type* element);
  Result<const Type*> complex_of(const Type* element);
  Result<const Type*> vector_of(const Type* element, std::uint64_t bytes);  // vector_size(bytes)
  // Adjusts array and function parameters to pointers, as C does. Parameter names are kept, so functions that differ in
  // them are two types (same_type.hpp tells that they agree). Error: a parameter of incomplete type.
  Result<const Type*> function(const FunctionSpec&);
  // The type of one call of a variadic (or unprototyped) function: `function` with the types of the arguments that
  // follow the fixed ones, after C's default argument promotions (float to double, narrow integers to int).
  Result<const Type*> variadic_call(const Type* function, std::span<const Type* const> extra);
  const Type* alias(std::string_view name, const Type* target);

  // Nominal types: declare makes an opaque one, define completes it (once) and lays it out.
  Type* declare_record(Kind struct_or_union, std::string_view tag);
  Status define_record(Type* record, const RecordSpec&);
  Type* declare_enum(std::string_view tag);
  // `fixed`: the underlying type, when C23's `enum E : T` gives one.
  Status define_enum(Type* enumeration, std::span<const Enumerator>, bool packed = false, const Type* fixed = nullptr);

  // A copy of the text that lives as long as the table.
  std::string_view intern(std::string_view);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace pinion::ctype
