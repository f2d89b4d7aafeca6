// C types: an immutable graph of plain data.
//
// A Type is made by a TypeTable (type_table.hpp), which interns it: within one table, two structurally equal derived
// types (pointers, arrays, vectors, functions, scalars with an alignment of their own) are the same object, so identity
// is equality. Structs, unions and enums are nominal, as in C: each definition makes a type of its own.
//
// Typedefs and qualifiers are kept, since people want to read back what they wrote, as Alias and Qualified nodes. They
// never matter to a layout or a calling convention: call resolve() first and look at what it gives.
//
// Sizes, offsets and alignments are in bytes unless a name says bits; they belong to the table's data model.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace pinion::ctype {

// How wide the basic types are: LP64 is Linux and macOS, LLP64 is 64-bit Windows (long 4, wchar_t 2 and unsigned).
// LLP64 also means Microsoft's rules for bit-fields, as mingw's gcc has them. (long double stays x87's 80 bits there
// too, as in mingw: MSVC's `long double` is simply `double`.)
enum class DataModel : std::uint8_t { Lp64, Llp64 };

enum class Kind : std::uint8_t {
  Void,
  Bool,
  Integer,   // char to __int128
  Floating,  // _Float16 to __float128
  Complex,   // target: the element, a Floating or an Integer
  Vector,    // target: the element; count of them; size is a power of two
  Pointer,   // target: the pointee
  Array,     // target: the element; count of them; incomplete when declared with []
  Struct,
  Union,
  Enum,  // target: the underlying integer
  Function,
  Alias,      // a typedef; target: what it names
  Qualified,  // target: the unqualified type
};

// The basic types, one row each: name, C spelling, kind, signed, size and alignment in LP64, size and alignment in
// LLP64. Sources: System V AMD64 psABI figure 3.1; Microsoft Learn "x64 ABI conventions"; mingw-w64's gcc for what it
// lacks. Plain char is signed on x86-64 and a type of its own; so is long long, beside a long of the same size.
#define PINION_SCALARS(X)                                         \
  X(Void, "void", Void, false, 0, 1, 0, 1)                        \
  X(Bool, "_Bool", Bool, false, 1, 1, 1, 1)                       \
  X(Char, "char", Integer, true, 1, 1, 1, 1)                      \
  X(SChar, "signed char", Integer, true, 1, 1, 1, 1)              \
  X(UChar, "unsigned char", Integer, false, 1, 1, 1, 1)           \
  X(Short, "short", Integer, true, 2, 2, 2, 2)                    \
  X(UShort, "unsigned short", Integer, false, 2, 2, 2, 2)         \
  X(Int, "int", Integer, true, 4, 4, 4, 4)                        \
  X(UInt, "unsigned int", Integer, false, 4, 4, 4, 4)             \
  X(Long, "long", Integer, true, 8, 8, 4, 4)                      \
  X(ULong, "unsigned long", Integer, false, 8, 8, 4, 4)           \
  X(LongLong, "long long", Integer, true, 8, 8, 8, 8)             \
  X(ULongLong, "unsigned long long", Integer, false, 8, 8, 8, 8)  \
  X(Int128, "__int128", Integer, true, 16, 16, 16, 16)            \
  X(UInt128, "unsigned __int128", Integer, false, 16, 16, 16, 16) \
  X(Float16, "_Float16", Floating, true, 2, 2, 2, 2)              \
  X(Float, "float", Floating, true, 4, 4, 4, 4)                   \
  X(Double, "double", Floating, true, 8, 8, 8, 8)                 \
  X(LongDouble, "long double", Floating, true, 16, 16, 16, 16)    \
  X(Float128, "__float128", Floating, true, 16, 16, 16, 16)

enum class Scalar : std::uint8_t {
#define X(name, ...) name,
  PINION_SCALARS(X)
#undef X
};

// The convention a function type names by an attribute; Default is the convention of the platform.
enum class Convention : std::uint8_t { Default, SysV, Microsoft };

enum Qualifiers : std::uint8_t { Const = 1, Volatile = 2, Restrict = 4, Atomic = 8 };

struct Type;

// A member of a struct or union, in declaration order. Anonymous struct and union members and unnamed bit-fields have
// an empty name. A bit-field occupies bits [bit_position, bit_position + bit_width) of the aggregate, counted from the
// least significant bit of byte 0; its `offset` is the byte bit_position / 8. Zero-width bit-fields are not members:
// they only moved what follows... but a calling convention may ask (reference marshaling SV07), so they are kept, with
// bit_width 0.
struct Member {
  std::string_view name;
  const Type* type = nullptr;
  std::uint64_t offset = 0;
  std::uint64_t bit_position = 0;
  std::uint32_t bit_width = 0;
  bool bit_field = false;
  bool packed = false;          // as declared on the member, for printing
  std::uint32_t own_align = 0;  // likewise: aligned(n); 0: none
};

struct Parameter {
  std::string_view name;       // empty when the declaration gives none
  const Type* type = nullptr;  // adjusted: arrays and functions have become pointers
};

struct Enumerator {
  std::string_view name;
  __int128 value = 0;
};

// One type. Which fields mean something depends on `kind`; the rest are zero. Everything pointed to belongs to the
// TypeTable and lives as long as it does.
struct Type {
  Kind kind = Kind::Void;
  Scalar scalar = Scalar::Void;                 // Void, Bool, Integer, Floating
  Convention convention = Convention::Default;  // Function
  std::uint8_t qualifiers = 0;                  // Qualified
  bool is_signed = false;                       // Bool, Integer, Floating, Enum
  bool complete = true;                         // false: opaque struct/union/enum, array without a bound, void
  bool packed = false;                          // Struct, Union, Enum: declared packed
  bool flexible = false;                        // Struct: its last member is a flexible array
  bool variadic = false;                        // Function: `...`
  bool prototyped = true;                       // Function: false for `f()`, arguments unknown
  std::uint32_t fixed_count = 0;                // Function: how many parameters come before `...`
  std::uint32_t own_align = 0;                  // Struct, Union: aligned(n) of its definition; 0: none
  std::uint32_t pack = 0;                       // Struct, Union: #pragma pack(n) at its definition; 0: none
  std::uint32_t align = 1;                      // alignment; for Alias that of the typedef
  std::uint64_t size = 0;                       // sizeof; 0 when incomplete
  std::uint64_t count = 0;                      // Array, Vector: number of elements
  const Type* target = nullptr;                 // see Kind; Function: the result
  const Type* natural = nullptr;                // the type without an `aligned` of its own; itself when it has none
  std::string_view name;                        // Struct, Union, Enum: the tag; Alias: the typedef's name
  std::span<const Member> members;              // Struct, Union
  std::span<const Parameter> parameters;        // Function
  std::span<const Enumerator> enumerators;      // Enum
};

// What `type` is when typedefs and qualifiers are taken off its top level. Never null.
inline const Type& resolve(const Type& type) {
  const Type* t = &type;
  while (t->kind == Kind::Alias || t->kind == Kind::Qualified) t = t->target;
  return *t;
}

inline bool is_aggregate(const Type& resolved) {
  return resolved.kind == Kind::Struct || resolved.kind == Kind::Union || resolved.kind == Kind::Array;
}

}  // namespace pinion::ctype
