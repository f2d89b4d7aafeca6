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
#include <bit>

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

// gcc makes a bit-field that fills an aligned unit of its record an ordinary member, unless it is packed.
bool is_full_unit(const Type& record, const ctype::Member& m) {
  const bool packed = record.packed || m.packed;
  return !packed && m.bit_width >= 16 && std::has_single_bit(m.bit_width) && m.bit_position % m.bit_width == 0;
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
  void add_first_element_repeated(const Type& type, std::uint64_t offset);
  void add_record(const Type& type, std::uint64_t offset);
  void add_bit_field(const Type& record, const ctype::Member&, std::uint64_t offset);

  void merge_at(std::uint64_t eightbyte, Class c) {
    if (eightbyte < count_) classes_[eightbyte] = merge(classes_[eightbyte], c);
  }
  void put_in_memory() { memory_ = true; }
  // Rule 1's "unaligned" is against the type's own alignment, whatever an `aligned` on a typedef says (SV21).
  std::uint32_t alignment_asked(const Type& type) const {
    const bool own = corners_.typedef_alignment_counts && type.natural != &type;
    if (type.kind == Kind::Array && !own) return alignment_asked(ctype::resolve(*type.target));
    return corners_.typedef_alignment_counts ? type.align : type.natural->align;
  }
  static bool aligned(std::uint64_t offset, std::uint64_t align) { return offset % align == 0; }

  const Corners& corners_;
  const Vectors vectors_;
  std::array<Class, Eightbytes::kMax> classes_{};
  std::uint64_t count_ = 0;
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
  const bool floats = element.kind == Kind::Floating;
  if (floats && type.size < kEightbyte && corners_.short_float_vector_is_integer) return make({Class::Integer});
  if (floats && type.size <= kEightbyte && type.count == 1) return make({Class::Memory});
  if (type.size < kEightbyte) return make({floats ? Class::Sse : Class::Integer});
  if (type.size == kEightbyte) return make({Class::Sse});
  if (type.size == 16) return make({Class::Sse, Class::SseUp});
  const bool registers = type.size == 32 && vectors_ == Vectors::Avx && element.size < 16;
  return registers ? make({Class::Sse, Class::SseUp, Class::SseUp, Class::SseUp}) : make({Class::Memory});
}

Eightbytes Classifier::aggregate(const Type& type) {
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
  if (corners_.aggregates_must_be_aligned && !aligned(offset, alignment_asked(type))) return put_in_memory();
  // By itself first, since the order matters: with X87UP of a union's other member, {float, int} is INTEGER, but the
  // float alone would be MEMORY.
  Classifier inner(corners_, vectors_);
  inner.count_ = count_;
  type.kind == Kind::Array ? inner.add_array(type, offset) : inner.add_record(type, offset);
  memory_ |= inner.memory_;
  if (!inner.refusal_.empty()) refusal_ = inner.refusal_;
  for (std::uint64_t i = 0; i < count_; ++i) merge_at(i, inner.classes_[i]);
}

void Classifier::add_scalar(const Type& type, std::uint64_t offset) {
  const Eightbytes own = scalar(type);
  if (!own.refusal.empty()) refusal_ = own.refusal;
  if (!aligned(offset, alignment_asked(type))) return put_in_memory();  // rule 1
  if (type.kind == Kind::Floating && offset % 2 != 0) {
    refusal_ = "clang 17 and older take a floating member at an odd offset for what it is not (SV21)";
  }
  const std::uint64_t first = offset / kEightbyte;
  const std::uint64_t end = eightbytes_in(offset + type.size);
  if (!aligned(offset, type.natural->align) && end - first > eightbytes_in(type.size)) {
    refusal_ = "clang 17 and older lose half of a member that lies across two eightbytes (SV21)";
  }
  if (type.kind == Kind::Floating && type.scalar == Scalar::Float128 && corners_.float128_member_in_memory) {
    return put_in_memory();
  }
  for (std::uint64_t i = first; i < end; ++i) {
    merge_at(i, own.classes[std::min<std::uint64_t>(i - first, own.count - 1U)]);
  }
}

// Rule 4 for arrays: all elements, each at its offset.
void Classifier::add_array(const Type& type, std::uint64_t offset) {
  if (!type.complete) return;  // a flexible array member
  if (corners_.array_repeats_first_element) return add_first_element_repeated(type, offset);
  if (corners_.long_array_is_no_class && type.size > 2 * kEightbyte && type.count > 1) return;
  const std::uint64_t element_size = ctype::resolve(*type.target).size;
  if (element_size == 0) return;
  for (std::uint64_t i = 0; i < type.count && !memory_; ++i) add(*type.target, offset + i * element_size);
}

// As gcc does it (AB02): the classes of the first element's eightbytes, over and over, and for an array of no size the
// first of them when it lies inside an eightbyte (SV08, SV09).
void Classifier::add_first_element_repeated(const Type& type, std::uint64_t offset) {
  const std::uint64_t inside = offset % kEightbyte;
  const std::uint64_t count = eightbytes_in(inside + type.size);
  const std::uint64_t period = eightbytes_in(inside + ctype::resolve(*type.target).size);
  if (count == 0 || period == 0) return;
  if (period > 2 && type.size == 0) return put_in_memory();
  const std::uint64_t first = offset / kEightbyte;
  Classifier element(corners_, vectors_);
  element.count_ = std::min<std::uint64_t>(first + period, Eightbytes::kMax);
  element.add(*type.target, offset);
  if (!element.refusal_.empty()) refusal_ = element.refusal_;
  if (element.memory_) return put_in_memory();
  for (std::uint64_t i = 0; i < count; ++i) merge_at(first + i, element.classes_[first + i % period]);
}

void Classifier::add_record(const Type& type, std::uint64_t offset) {
  if (type.flexible && corners_.flexible_struct_in_memory) return put_in_memory();
  for (const ctype::Member& m : type.members) {
    if (m.bit_field) {
      add_bit_field(type, m, offset);
      continue;
    }
    const bool alone = type.kind == Kind::Union || ctype::resolve(*m.type).size == type.size;
    if (type.size > 2 * kEightbyte && !alone && corners_.wide_vector_must_be_alone) return put_in_memory();
    add(*m.type, offset + m.offset);
  }
}

// A bit-field makes INTEGER what its bits touch. Unnamed ones are padding (C11 6.7.2.1, footnote 126), but not to gcc,
// which moreover takes a union's bit-field, even one of width 0, for the smallest integer that has its width (SV06,
// SV07), and asks that to be aligned (AB03).
void Classifier::add_bit_field(const Type& record, const ctype::Member& m, std::uint64_t offset) {
  if (m.name.empty() && !corners_.unnamed_bit_fields_count) return;
  if (record.kind == Kind::Union && corners_.union_bit_field_is_integer) {
    const std::uint64_t bytes = std::bit_ceil((std::max(m.bit_width, 1U) + 7) / 8);
    if (!aligned(offset, bytes)) return put_in_memory();
    for (std::uint64_t at = offset; at < offset + bytes; at += kEightbyte) merge_at(at / kEightbyte, Class::Integer);
    return;
  }
  if (m.bit_width == 0) return;
  if (corners_.full_bit_field_is_integer && is_full_unit(record, m) &&
      !aligned(offset * 8 + m.bit_position, m.bit_width)) {
    return put_in_memory();  // AB09
  }
  const std::uint64_t first = offset * 8 + m.bit_position;
  const std::uint64_t last = first + m.bit_width - 1;
  for (std::uint64_t i = first / 64; i <= last / 64; ++i) merge_at(i, Class::Integer);
}

}  // namespace

std::string_view name_of(Class c) {
  static constexpr std::string_view kNames[] = {"NO_CLASS", "INTEGER", "SSE",         "SSEUP",
                                                "X87",      "X87UP",   "COMPLEX_X87", "MEMORY"};
  return kNames[static_cast<unsigned>(c)];
}

bool is_only_padding(const Type& type) {
  if (type.kind == Kind::Array) return type.count == 0 || is_only_padding(ctype::resolve(*type.target));
  if (!ctype::is_aggregate(type)) return false;
  return std::all_of(type.members.begin(), type.members.end(), [](const ctype::Member& m) {
    return m.bit_field ? m.name.empty() : is_only_padding(ctype::resolve(*m.type));
  });
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
