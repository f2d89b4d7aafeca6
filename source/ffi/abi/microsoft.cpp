// The Microsoft x64 convention: Microsoft Learn "x64 calling convention" (Parameter passing, Varargs, Unprototyped
// functions, Return values) and "x64 ABI conventions"; also __attribute__((ms_abi)) functions compiled for Linux.
//
//   position            1     2     3     4     5 and on
//   integers, pointers  rcx   rdx   r8    r9    [rsp+32], [rsp+40], ... at the call
//   float, double       xmm0  xmm1  xmm2  xmm3  the same slots
//
// Positions count arguments, whatever their kind: f(int, double, int) is rcx, xmm1, r8. The 32 bytes at rsp are the
// callee's home area (shadow space), always there. Every argument takes one position:
//   structs and unions of 1, 2, 4 or 8 bytes   as an integer of that size, even if they hold floats
//   all larger or odd-sized values             a pointer to a copy that the callee may overwrite (16-aligned, MS11)
//   empty structs (C)                          such a pointer, too
// A variadic or unprototyped callee may look for a floating argument of the first four positions in either register
// ("Varargs"), so it goes into both.
// Results: rax for what would be passed as an integer, xmm0 for float, double, 16-byte vectors and __int128; otherwise
// the caller passes a buffer's address as position 1 (rcx), and it comes back in rax.
//
// Examples:
//   f(struct {float x, y;})                   bytes 0..7 in rcx
//   f(struct {float x, y, z;})                pointer to a copy in rcx
//   f(char *, ...) called with (p, 1.5)       rcx; xmm1 and rdx
//   struct {double d;} f()                    rax
//   struct {char c[3];} f(int)                buffer's address in rcx; the int in rdx
#include <algorithm>
#include <array>

#include "ffi/abi/classify.hpp"
#include "ffi/abi/corners.hpp"
#include "ffi/abi/placement.hpp"

namespace pinion::abi {
namespace {

using ctype::Kind;
using ctype::Scalar;
using ctype::Type;

constexpr std::array kArgumentGprs{Gpr::Rcx, Gpr::Rdx, Gpr::R8, Gpr::R9};
constexpr std::uint64_t kSlot = 8;
constexpr std::uint64_t kHomeArea = 32;
constexpr std::uint32_t kCopyAlign = 16;

// How one value travels. Memory: by reference as an argument, through the hidden pointer as a result.
enum class Way : std::uint8_t { Nothing, Integer, Xmm, X87, Memory };

bool is_register_size(std::uint64_t size) {
  return size == 1 || size == 2 || size == 4 || size == 8;
}

bool is_floating(const Type& type, Scalar scalar) {
  return type.kind == Kind::Floating && type.scalar == scalar;
}

Way by_size(const Type& type) {
  return is_register_size(type.size) ? Way::Integer : Way::Memory;
}

// MS04: of its own or, as clang sees it, of a member.
bool has_flexible_array(const Type& type) {
  if (type.kind != Kind::Struct && type.kind != Kind::Union) return false;
  return type.flexible || std::any_of(type.members.begin(), type.members.end(), [](const ctype::Member& m) {
           return has_flexible_array(ctype::resolve(*m.type));
         });
}

class Microsoft {
 public:
  Microsoft(const Type& function, Dialect dialect)
      : function_(function), dialect_(dialect), corners_(corners_of(dialect.compiler)) {}

  Result<CallLayout> run();

 private:
  Way way_of_argument(const Type&) const;
  Way way_of_result(const Type&) const;
  Way way_of_vector_argument(const Type&) const;
  std::string_view why_refused(const Type&) const;
  std::string_view why_refused_as_argument(const Type&, bool named) const;
  Status place_result();
  Status place_argument(std::size_t index);
  void place_vector_result(const Type&, Value&);
  std::uint64_t widest_vector() const { return dialect_.vectors == Vectors::Avx ? 32 : 16; }

  const Type& function_;
  const Dialect dialect_;
  const Corners& corners_;
  CallLayout layout_;
  unsigned position_ = 0;
  bool after_float128_in_xmm_ = false;
};

Way Microsoft::way_of_vector_argument(const Type& type) const {
  if (type.size > kSlot) return Way::Memory;
  const Type& element = ctype::resolve(*type.target);
  if (type.count > 1) return corners_.ms_small_vector_by_reference ? Way::Memory : Way::Integer;  // MS05
  if (element.kind != Kind::Floating) return Way::Integer;                                        // __m64
  return corners_.ms_one_float_vector_as_scalar ? Way::Xmm : Way::Memory;                         // MS06
}

Way Microsoft::way_of_argument(const Type& type) const {
  switch (type.kind) {
    case Kind::Floating:
      switch (type.scalar) {
        case Scalar::Float16: return corners_.ms_float16_in_xmm ? Way::Xmm : Way::Integer;  // MS09
        case Scalar::Float:
        case Scalar::Double: return Way::Xmm;
        case Scalar::Float128: return corners_.ms_float128_in_xmm ? Way::Xmm : Way::Memory;  // MS02
        default: return Way::Memory;
      }
    case Kind::Vector: return way_of_vector_argument(type);
    case Kind::Struct:
    case Kind::Union:
      if (corners_.ms_flexible_by_reference && has_flexible_array(type)) return Way::Memory;  // MS04
      return by_size(type);
    default: return by_size(type);
  }
}

Way Microsoft::way_of_result(const Type& type) const {
  if (corners_.padding_is_empty && ctype::is_aggregate(type) && is_only_padding(type)) return Way::Nothing;
  switch (type.kind) {
    case Kind::Void: return Way::Nothing;
    case Kind::Integer: return type.size == 16 ? Way::Xmm : Way::Integer;
    case Kind::Floating:
      if (type.scalar != Scalar::LongDouble) return way_of_argument(type);
      return corners_.ms_long_double_result_in_st0 && !dialect_.windows_target ? Way::X87 : Way::Memory;  // MS01
    case Kind::Vector:
      if (type.size == 16) return Way::Xmm;
      if (type.size > 16) {  // MS07, MS08
        return corners_.ms_wide_vector_in_registers && type.size <= 4 * widest_vector() ? Way::Xmm : Way::Memory;
      }
      if (type.count > 1) return corners_.ms_small_vector_by_reference ? Way::Xmm : Way::Integer;
      return way_of_argument(type) == Way::Xmm ? Way::Xmm : Way::Integer;
    case Kind::Struct:
    case Kind::Union: return way_of_argument(type);
    default: return by_size(type);
  }
}

std::string_view Microsoft::why_refused(const Type& type) const {
  const Type& element = type.kind == Kind::Complex ? ctype::resolve(*type.target) : type;
  if (is_floating(element, Scalar::Float16) && !corners_.has_float16) {
    return "clang 17 and older have no _Float16 without AVX512-FP16";
  }
  if (type.kind == Kind::Complex && type.size == 32 && element.kind == Kind::Integer && !corners_.has_complex_int128) {
    return "clang has no _Complex __int128";
  }
  if (type.kind == Kind::Vector && corners_.ms_wide_vector_in_registers && ctype::resolve(*type.target).size == 16) {
    return "clang passes a vector of __int128 in general registers";
  }
  return {};
}

std::string_view Microsoft::why_refused_as_argument(const Type& type, bool named) const {
  if (type.kind == Kind::Vector && type.size > widest_vector() && corners_.ms_wide_vector_in_registers) {
    return "clang cuts a vector wider than its registers into several arguments (MS08)";
  }
  if (is_floating(type, Scalar::Float128) && corners_.ms_float128_in_xmm && position_ >= kArgumentGprs.size()) {
    return "clang passes a __float128 after the fourth argument in a register of no position (MS02)";
  }
  if (after_float128_in_xmm_) {
    return "clang gives a __float128 no position, so that the arguments after it are not where theirs is (MS02)";
  }
  if (named) return why_refused(type);
  const bool small_vector = type.kind == Kind::Vector && type.size <= kSlot && type.count > 1;
  if (small_vector && corners_.ms_small_vector_by_reference) {
    return "clang passes a small vector after `...` by reference but expects it by value (MS13)";
  }
  if (corners_.ms_flexible_by_reference && is_register_size(type.size) && has_flexible_array(type)) {
    return "clang passes a struct with a flexible array after `...` by reference but expects it by value (MS13)";
  }
  if (is_floating(type, Scalar::Float128) && corners_.ms_float128_in_xmm) {
    return "clang passes a __float128 after `...` in a register but expects a pointer (MS02)";
  }
  return why_refused(type);
}

Result<CallLayout> Microsoft::run() {
  layout_.convention = Convention::Microsoft;
  layout_.variadic = function_.variadic || !function_.prototyped;
  layout_.arguments.reserve(function_.parameters.size());
  layout_.pieces.reserve(2 * function_.parameters.size() + 2);
  if (Status s = place_result(); !s) return s.error();
  for (std::size_t i = 0; i < function_.parameters.size(); ++i) {
    if (Status s = place_argument(i); !s) return s.error();
  }
  layout_.stack_size = round_up(std::max(kHomeArea, position_ * kSlot), 16);
  return std::move(layout_);
}

Status Microsoft::place_result() {
  const Type& type = ctype::resolve(*function_.target);
  if (const std::string_view why = why_refused(type); !why.empty()) return not_returnable(*function_.target, why);
  Value& value = layout_.result = value_of(type, layout_);
  value.passing = Passing::Direct;
  switch (way_of_result(type)) {
    case Way::Nothing: value.passing = Passing::Nothing; break;
    case Way::Integer: add_piece(layout_, value, 0, type.size, extension_of(type), in(Gpr::Rax)); break;
    case Way::Xmm: place_vector_result(type, value); break;
    case Way::X87:
      add_piece(layout_, value, 0, 10, Extension::None, in_x87(0));
      layout_.x87_results = 1;
      break;
    case Way::Memory:
      value.passing = Passing::Hidden;
      layout_.hidden = in(kArgumentGprs[position_++]);
      break;
  }
  return Unit{};
}

// One register, but for vectors wider than it (MS08): up to four.
void Microsoft::place_vector_result(const Type& type, Value& value) {
  const std::uint64_t part = std::min(widest_vector(), type.size);
  for (std::uint64_t at = 0; at < type.size; at += part) {
    add_piece(layout_, value, at, part, Extension::None, in_xmm(static_cast<std::uint32_t>(at / part)));
  }
}

Status Microsoft::place_argument(std::size_t index) {
  const Type& type = ctype::resolve(*function_.parameters[index].type);
  const bool named = !function_.variadic || index < function_.fixed_count;
  if (const std::string_view why = why_refused_as_argument(type, named); !why.empty()) {
    return not_passable(*function_.parameters[index].type, index, why);
  }
  Value& value = layout_.arguments.emplace_back(value_of(type, layout_));
  value.passing = Passing::Direct;
  const Way way = way_of_argument(type);
  const bool padding = corners_.padding_is_empty && way == Way::Integer && is_only_padding(type);
  if (padding && position_ >= kArgumentGprs.size()) {  // AB06
    value.passing = Passing::Nothing;
    return Unit{};
  }
  const unsigned position = position_++;
  const bool in_register = position < kArgumentGprs.size();
  const Location gpr_or_slot = in_register ? in(kArgumentGprs[position]) : on_stack(position * kSlot);
  switch (way) {
    case Way::Xmm:
      if (in_register) {
        add_piece(layout_, value, 0, type.size, Extension::None, in_xmm(position));
        ++layout_.vector_registers;
        after_float128_in_xmm_ |= is_floating(type, Scalar::Float128);
      }
      if (!in_register || (layout_.variadic && type.size <= kSlot)) {
        add_piece(layout_, value, 0, type.size, Extension::None, gpr_or_slot);
      }
      break;
    case Way::Integer: add_piece(layout_, value, 0, type.size, extension_of(type), gpr_or_slot); break;
    default:
      value.passing = Passing::Reference;
      value.align = std::max(value.align, kCopyAlign);
      add_piece(layout_, value, 0, kSlot, Extension::None, gpr_or_slot);
      break;
  }
  return Unit{};
}

}  // namespace

Result<CallLayout> lay_out_microsoft(const Type& function, Dialect dialect) {
  return Microsoft(function, dialect).run();
}

}  // namespace pinion::abi
