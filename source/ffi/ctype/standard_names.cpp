#include "ffi/ctype/standard_names.hpp"

#include <array>
#include <unordered_map>

namespace pinion::ctype {

namespace {

using enum Scalar;
using Shape = StandardName::Shape;

constexpr StandardName both(std::string_view name, Scalar lp64, Scalar llp64) {
  return {name, Shape::Plain, lp64, llp64, 0, {}, {}};
}
constexpr StandardName same(std::string_view name, Scalar scalar) {
  return both(name, scalar, scalar);
}
constexpr StandardName vector(std::string_view name, Scalar element, std::uint64_t bytes) {
  return {name, Shape::Vector, element, element, bytes, {}, {}};
}
constexpr StandardName opaque(std::string_view name, std::string_view lp64, std::string_view llp64) {
  return {name, Shape::Opaque, Void, Void, 0, lp64, llp64};
}

// What glibc's headers on x86-64 and mingw-w64's say. A name that mingw-w64 lacks is Void there.
constexpr std::array kNames{
    // C11 7.18, 7.19, 7.20, 7.28
    same("bool", Bool),
    both("size_t", ULong, ULongLong),
    both("ptrdiff_t", Long, LongLong),
    both("wchar_t", Int, UShort),
    both("wint_t", UInt, UShort),
    same("char16_t", UShort),
    same("char32_t", UInt),
    both("intptr_t", Long, LongLong),
    both("uintptr_t", ULong, ULongLong),
    both("intmax_t", Long, LongLong),
    both("uintmax_t", ULong, ULongLong),
    same("int8_t", SChar),
    same("int16_t", Short),
    same("int32_t", Int),
    both("int64_t", Long, LongLong),
    same("uint8_t", UChar),
    same("uint16_t", UShort),
    same("uint32_t", UInt),
    both("uint64_t", ULong, ULongLong),
    same("int_least8_t", SChar),
    same("int_least16_t", Short),
    same("int_least32_t", Int),
    both("int_least64_t", Long, LongLong),
    same("uint_least8_t", UChar),
    same("uint_least16_t", UShort),
    same("uint_least32_t", UInt),
    both("uint_least64_t", ULong, ULongLong),
    same("int_fast8_t", SChar),
    both("int_fast16_t", Long, Short),
    both("int_fast32_t", Long, Int),
    both("int_fast64_t", Long, LongLong),
    same("uint_fast8_t", UChar),
    both("uint_fast16_t", ULong, UShort),
    both("uint_fast32_t", ULong, UInt),
    both("uint_fast64_t", ULong, ULongLong),

    // POSIX
    both("ssize_t", Long, LongLong),
    same("off_t", Long),
    both("off64_t", Long, LongLong),
    both("loff_t", Long, Void),
    both("time_t", Long, LongLong),
    same("clock_t", Long),
    same("clockid_t", Int),
    both("suseconds_t", Long, Void),
    same("useconds_t", UInt),
    both("pid_t", Int, LongLong),
    both("mode_t", UInt, UShort),
    both("uid_t", UInt, Void),
    both("gid_t", UInt, Void),
    both("id_t", UInt, Void),
    both("dev_t", ULong, UInt),
    both("ino_t", ULong, UShort),
    both("nlink_t", ULong, Void),
    both("blksize_t", Long, Void),
    both("blkcnt_t", Long, Void),
    both("socklen_t", UInt, Int),
    both("sa_family_t", UShort, Void),
    both("in_addr_t", UInt, Void),
    both("in_port_t", UShort, Void),
    both("nfds_t", ULong, Void),
    both("key_t", Int, Void),
    both("pthread_t", ULong, ULongLong),

    // Compilers'
    same("__int128_t", Int128),
    same("__uint128_t", UInt128),
    same("_Float32", Float),
    same("_Float64", Double),
    same("_Float128", Float128),
    same("_Float32x", Double),
    same("_Float64x", LongDouble),
    both("__SIZE_TYPE__", ULong, ULongLong),
    both("__PTRDIFF_TYPE__", Long, LongLong),
    both("__WCHAR_TYPE__", Int, UShort),
    StandardName{"va_list", Shape::VaList, Void, Void, 0, {}, {}},
    StandardName{"__builtin_va_list", Shape::VaList, Void, Void, 0, {}, {}},
    StandardName{"__gnuc_va_list", Shape::VaList, Void, Void, 0, {}, {}},

    // <immintrin.h>
    vector("__m64", Int, 8),
    vector("__m128", Float, 16),
    vector("__m128d", Double, 16),
    vector("__m128i", LongLong, 16),
    vector("__m256", Float, 32),
    vector("__m256d", Double, 32),
    vector("__m256i", LongLong, 32),

    // Structs that only their library sees into
    opaque("FILE", "_IO_FILE", "_iobuf"),
    opaque("DIR", "__dirstream", "_DIR"),
};

bool exists(const StandardName& row, DataModel model) {
  return row.shape != Shape::Plain || (model == DataModel::Lp64 ? row.lp64 : row.llp64) != Void;
}

// va_list: in LP64 an array of one struct of 24 bytes (System V AMD64 psABI figure 3.34), which as a parameter is a
// pointer; three eightbytes stand for it here. In LLP64 it is a char *.
const Type* va_list_type(TypeTable& table) {
  if (table.model() == DataModel::Llp64) return table.pointer_to(table.scalar(Char));
  auto array = table.array_of(table.scalar(ULong), 3);
  return array.ok() ? *array : nullptr;
}

}  // namespace

const StandardName* find_standard_name(DataModel model, std::string_view name) {
  static const auto kIndex = [] {
    std::unordered_map<std::string_view, const StandardName*> index;
    for (const StandardName& row : kNames) index.emplace(row.name, &row);
    return index;
  }();
  auto found = kIndex.find(name);
  return found != kIndex.end() && exists(*found->second, model) ? found->second : nullptr;
}

const Type* standard_type(TypeTable& table, const StandardName& row, const Type* opaque_struct) {
  const Type* scalar = table.scalar(table.model() == DataModel::Lp64 ? row.lp64 : row.llp64);
  const Type* type = scalar;
  if (row.shape == Shape::VaList) type = va_list_type(table);
  if (row.shape == Shape::Opaque) type = opaque_struct;
  if (row.shape == Shape::Vector) {
    auto made = table.vector_of(scalar, row.bytes);
    type = made.ok() ? *made : nullptr;
  }
  return table.alias(row.name, type);
}

std::size_t standard_name_count() {
  return kNames.size();
}
const StandardName& standard_name(std::size_t index) {
  return kNames[index];
}

}  // namespace pinion::ctype
