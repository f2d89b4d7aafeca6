// Classification, psABI 3.2.3 "Parameter Passing": which class each eightbyte of a value has.
//
// Scalars ("Classification", before the numbered rules):
//   _Bool, char .. long long, enums, pointers   INTEGER          __int128                INTEGER, INTEGER
//   _Float16, float, double, 8-byte vectors     SSE              __float128, __m128      SSE, SSEUP
//   2 and 4-byte vectors                        INTEGER          __m256 (with AVX)       SSE, SSEUP, SSEUP, SSEUP
//   long double                                 X87, X87UP       _Complex long double    COMPLEX_X87
//   other _Complex T                            as struct { T re, im; }
//
// Aggregates (the psABI's numbers):
//   1. larger than eight eightbytes, or with an unaligned field: MEMORY.
//   2. (C++ only)
//   3. every eightbyte starts as NO_CLASS;
//   4. each field, at its offset, is merged into the eightbytes it touches: equal classes stay; NO_CLASS yields to any;
//      MEMORY wins; then INTEGER; then X87, X87UP, COMPLEX_X87 give MEMORY; otherwise SSE.
//   5. clean-up: (a) one MEMORY: all MEMORY. (b) X87UP not after X87: MEMORY. (c) more than two eightbytes, unless SSE
//      followed by SSEUP only: MEMORY. (d) SSEUP not after SSE or SSEUP: SSE.
//
// Examples: {float, float} is SSE. {float, int} is INTEGER. {double, int} is SSE, INTEGER. {float[3]} is SSE, SSE.
// union {__m128; int} is INTEGER, SSE. {char[17]} is MEMORY.
#include "ffi/abi/classify.hpp"

#include <algorithm>

#include "ffi/abi/corners.hpp"

namespace pinion::abi {
namespace {

using ctype::Kind;
using ctype::Scalar;
using ctype::Type;

constexpr std::uint64_t kEightbyte = 8;

constexpr std::uint64_t eightbytes_in(std::uint64_t bytes) {
  return (bytes + kEightbyte - 1) / kEightbyte;
}

Eightbytes make(std::initializer_list<Class> classes) {
  Eightbytes e;
  for (Class c : classes) e.classes[e.count++] = c;
  return e;
}

Eightbytes refused(std::string_view why) {
  Eightbytes e = make({Class::Memory});
  e.refusal = why;
  return e;
}

Class merge(Class a, Class b) {  // rule 4
  if (a == b || b == Class::NoClass) return a;
  if (a == Class::NoClass) return b;
  const auto either = [&](Class c) { return a == c || b == c; };
  if (either(Class::Memory)) return Class::Memory;
  if (either(Class::Integer)) return Class::Integer;
  if (either(Class::X87) || either(Class::X87Up) || either(Class::ComplexX87)) return Class::Memory;
  return Class::Sse;
}

class Classifier {
 public:
  Classifier(const Corners& corners, Vectors vectors) : corners_(corners), vectors_(vectors) {}

  Eightbytes scalar(const Type&) const;
  Eightbytes aggregate(const Type&);

 private:
  Eightbytes vector(const Type&) const;
  Eightbytes complex(const Type&) const;

  // Each adds what `type` is made of, at `offset` in the outermost aggregate.
  void add(const Type& type, std::uint64_t offset);
  void add_scalar(const Type& type, std::uint64_t offset);
  void add_array(const Type& type, std::uint64_t offset);
  void add_record(const Type& type, std::uint64_t offset);
  void add_bit_field(const Type& record, const ctype::Member&, std::uint64_t offset);

  void merge_at(std::uint64_t eightbyte, Class c) {
    if (eightbyte < count_) classes_[eightbyte] = merge(classes_[eightbyte], c);
  }
  void put_in_memory() { memory_ = true; }
  bool aligned(std::uint64_t offset, std::uint64_t align) const { return align == 0 || offset % align == 0; }

  const Corners& corners_;
  const Vectors vectors_;
  std::array<Class, Eightbytes::kMax> classes_{};
  std::uint64_t count_ = 0;
  std::uint64_t size_ = 0;
  bool memory_ = false;
  std::string_view refusal_;
};

Eightbytes Classifier::scalar(const Type& type) const {
  switch (type.kind) {
    case Kind::Void: return {};
    case Kind::Vector: return vector(type);
    case Kind::Complex: return complex(type);
    case Kind::Floating:
      switch (type.scalar) {
        case Scalar::Float16:
          if (!corners_.has_float16) return refused("clang 17 and older have no _Float16 without AVX512-FP16");
          return make({Class::Sse});
        case Scalar::LongDouble: return make({Class::X87, Class::X87Up});
        case Scalar::Float128: return make({Class::Sse, Class::SseUp});
        default: return make({Class::Sse});
      }
    default: return type.size > kEightbyte ? make({Class::Integer, Class::Integer}) : make({Class::Integer});
  }
}

Eightbytes Classifier::complex(const Type& type) const {
  const Type& element = ctype::resolve(*type.target);
  if (element.kind == Kind::Floating) {
    switch (element.scalar) {
      case Scalar::LongDouble: return make({Class::ComplexX87});
      case Scalar::Float128: return make({Class::Memory});
      case Scalar::Float16:
        if (!corners_.has_float16) return refused("clang 17 and older have no _Float16 without AVX512-FP16");
        break;
      default: break;
    }
    return type.size > kEightbyte ? make({Class::Sse, Class::Sse}) : make({Class::Sse});
  }
  if (type.size > 2 * kEightbyte) {
    if (!corners_.has_complex_int128) return refused("clang has no _Complex __int128");
    return make({Class::Memory});
  }
  return type.size > kEightbyte ? make({Class::Integer, Class::Integer}) : make({Class::Integer});
}

// The psABI knows __m64, __m128, __m256 and __m512 only; the rest is what compilers agree on, or SV19 and SV20.
Eightbytes Classifier::vector(const Type& type) const {
  const Type& element = ctype::resolve(*type.target);
  const bool one_float = type.count == 1 && element.kind == Kind::Floating && type.size <= kEightbyte;
  if (one_float) {
    const bool integer = corners_.one_float_vector_is_integer && type.size < kEightbyte;
    return make({integer ? Class::Integer : Class::Memory});
  }
  switch (type.size) {
    case 1:
    case 2:
    case 4: return make({Class::Integer});
    case 8: return make({Class::Sse});
    case 16: return make({Class::Sse, Class::SseUp});
    case 32:
      if (vectors_ >= Vectors::Avx) return make({Class::Sse, Class::SseUp, Class::SseUp, Class::SseUp});
      return make({Class::Memory});
    default: return make({Class::Memory});
  }
}

Eightbytes Classifier::aggregate(const Type& type) {
  size_ = type.size;
  if (type.size > Eightbytes::kMax * kEightbyte) return make({Class::Memory});  // rule 1
  count_ = eightbytes_in(type.size);
  if (count_ == 0) return {};
  add(type, 0);

  if (!refusal_.empty()) return refused(refusal_);
  for (std::uint64_t i = 0; i < count_; ++i) {  // rules 5a and 5b
    const bool stray_x87up = classes_[i] == Class::X87Up && (i == 0 || classes_[i - 1] != Class::X87);
    if (classes_[i] == Class::Memory || stray_x87up) put_in_memory();
  }
  if (count_ > 2) {  // rule 5c
    if (classes_[0] != Class::Sse) put_in_memory();
    for (std::uint64_t i = 1; i < count_; ++i) {
      if (classes_[i] != Class::SseUp) put_in_memory();
    }
  }
  if (memory_) return make({Class::Memory});
  for (std::uint64_t i = 0; i < count_; ++i) {  // rule 5d
    const bool led = i > 0 && (classes_[i - 1] == Class::Sse || classes_[i - 1] == Class::SseUp);
    if (classes_[i] == Class::SseUp && !led) classes_[i] = Class::Sse;
  }
  Eightbytes e;
  e.classes = classes_;
  e.count = static_cast<std::uint8_t>(count_);
  if (std::all_of(classes_.begin(), classes_.end(), [](Class c) { return c == Class::NoClass; })) e.count = 0;
  return e;
}

void Classifier::add(const Type& declared, std::uint64_t offset) {
  if (memory_) return;
  const Type& type = ctype::resolve(declared);
  if (!ctype::is_aggregate(type)) return add_scalar(type, offset);
  const std::uint64_t align = corners_.loses_under_aligned_halves ? type.align : type.natural->align;
  if (corners_.aggregates_must_be_aligned && type.kind != Kind::Array && !aligned(offset, align)) {
    return put_in_memory();
  }
  type.kind == Kind::Array ? add_array(type, offset) : add_record(type, offset);
}

void Classifier::add_scalar(const Type& type, std::uint64_t offset) {
  const Eightbytes own = scalar(type);
  if (!own.refusal.empty()) refusal_ = own.refusal;
  if (!aligned(offset, type.natural->align)) {  // rule 1
    if (corners_.loses_under_aligned_halves && aligned(offset, type.align)) {
      refusal_ = "clang 17 and older lose half of an under-aligned member (SV21)";
    }
    return put_in_memory();
  }
  if (type.kind == Kind::Floating && type.scalar == Scalar::Float128 && corners_.float128_member_in_memory) {
    return put_in_memory();
  }
  const std::uint64_t first = offset / kEightbyte;
  const std::uint64_t end = eightbytes_in(offset + type.size);
  for (std::uint64_t i = first; i < end; ++i) {
    merge_at(i, own.classes[std::min<std::uint64_t>(i - first, own.count - 1U)]);
  }
}

void Classifier::add_array(const Type& type, std::uint64_t offset) {
  const Type& element = ctype::resolve(*type.target);
  if (!type.complete || type.size == 0) {
    const bool inside = offset % kEightbyte != 0;
    if (type.complete && inside && corners_.zero_size_arrays_count) {
      add(element, offset);
    }
    return;
  }
  if (corners_.long_array_is_no_class && type.size > 2 * kEightbyte && type.count > 1) return;
  for (std::uint64_t i = 0; i < type.count && !memory_; ++i) add(element, offset + i * element.size);
}

void Classifier::add_record(const Type& type, std::uint64_t offset) {
  if (type.flexible && corners_.flexible_struct_in_memory) return put_in_memory();
  for (const ctype::Member& m : type.members) {
    m.bit_field ? add_bit_field(type, m, offset) : add(*m.type, offset + m.offset);
  }
}

// "Unnamed bit-fields are padding" is how clang reads the psABI; gcc counts them, and looks at the type of a bit-field
// of a union instead of its bits (SV01..SV07).
void Classifier::add_bit_field(const Type&, const ctype::Member& m, std::uint64_t offset) {
  if (m.name.empty() && !corners_.unnamed_bit_fields_count) return;
  const std::uint64_t first = offset * 8 + m.bit_position;
  const std::uint64_t end = (first + m.bit_width + 63) / 64;
  for (std::uint64_t i = first / 64; i < end; ++i) merge_at(i, Class::Integer);
}

}  // namespace

std::string_view name_of(Class c) {
  static constexpr std::string_view kNames[] = {"NO_CLASS", "INTEGER", "SSE",         "SSEUP",
                                                "X87",      "X87UP",   "COMPLEX_X87", "MEMORY"};
  return kNames[static_cast<unsigned>(c)];
}

Eightbytes eightbytes_of(const Type& declared, Dialect dialect) {
  const Type& type = ctype::resolve(declared);
  Classifier classifier(corners_of(dialect.compiler), dialect.vectors);
  return ctype::is_aggregate(type) ? classifier.aggregate(type) : classifier.scalar(type);
}

std::vector<Class> classify(const Type& declared, Dialect dialect) {
  const Eightbytes e = eightbytes_of(declared, dialect);
  if (e.in_memory()) return std::vector<Class>(eightbytes_in(ctype::resolve(declared).size), Class::Memory);
  return {e.classes.begin(), e.classes.begin() + e.count};
}

}  // namespace pinion::abi
