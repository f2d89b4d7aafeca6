// The System V AMD64 convention (Linux, macOS, BSD): psABI 3.2.3 "Parameter Passing", 3.5.7 "Variable Argument Lists".
//
//   INTEGER arguments   rdi rsi rdx rcx r8 r9        INTEGER results   rax rdx
//   SSE arguments       xmm0 .. xmm7                 SSE results       xmm0 xmm1
//   all others          stack, 8-byte slots, the     X87 results       st0 (and st1 for _Complex long double)
//                       first argument lowest        MEMORY results    the caller's buffer, whose address is passed
//                                                                      in rdi and comes back in rax
//
// Arguments go left to right; the two register files count separately. A value is classified (classify.cpp); its
// INTEGER eightbytes take the next general registers, its SSE eightbytes the next vector registers (an SSEUP is the
// upper part of the vector register before it), its NO_CLASS eightbytes nothing. If the registers do not suffice for
// the whole value, all of it goes to the stack, and the registers stay free for later arguments. X87 and MEMORY values
// go to the stack. There a value is aligned to 8, or to its own alignment when that is more.
// A variadic call has in al the number of vector registers used.
//
// Examples:
//   f(struct {float x, y;})              bytes 0..7 in xmm0: two floats share one register
//   f(struct {float x, y, z;})           bytes 0..7 in xmm0, bytes 8..11 in xmm1
//   f(struct {double d; int i;})         bytes 0..7 in xmm0, bytes 8..15 in rdi (the padding goes along)
//   f(long, struct {long a, b, c;})      rdi; bytes 0..23 on the stack
//   f(5 longs, struct {long a, b;}, long) rdi rsi rdx rcx r8; stack; r9
//   struct {long a; double b;} f()       bytes 0..7 in rax, bytes 8..15 in xmm0
#include <algorithm>
#include <array>

#include "ffi/abi/classify.hpp"
#include "ffi/abi/corners.hpp"
#include "ffi/abi/placement.hpp"

namespace pinion::abi {
namespace {

using ctype::Kind;
using ctype::Type;

constexpr std::array kArgumentGprs{Gpr::Rdi, Gpr::Rsi, Gpr::Rdx, Gpr::Rcx, Gpr::R8, Gpr::R9};
constexpr std::array kResultGprs{Gpr::Rax, Gpr::Rdx};
constexpr unsigned kGprs = kArgumentGprs.size();
constexpr unsigned kXmms = 8;
constexpr std::uint64_t kSlot = 8;

// The vector register of an SSE eightbyte takes the SSEUP eightbytes that follow along.
unsigned with_upper_parts(const Eightbytes& e, unsigned i) {
  unsigned n = 1;
  while (i + n < e.count && e.classes[i + n] == Class::SseUp) ++n;
  return n;
}

// X87 and MEMORY values go to the stack; so do 32-byte vectors that match the ellipsis (psABI 3.5.7).
bool may_be_in_registers(const Eightbytes& e, bool named) {
  const Class c = e.classes[0];
  return c != Class::Memory && c != Class::X87 && c != Class::ComplexX87 && (named || e.count <= 2);
}

bool is_int128(const Type& type) {
  return type.kind == Kind::Integer && type.size == 16;
}

class SysV {
 public:
  SysV(const Type& function, Dialect dialect)
      : function_(function), dialect_(dialect), corners_(corners_of(dialect.compiler)) {}

  Result<CallLayout> run();

 private:
  Status place_result();
  Status place_argument(std::size_t index);
  void place_vector_result(const Type&, Value&);
  void place_in_registers(const Type&, const Eightbytes&, Value&);
  void place_int128_halves(const Type&, const Eightbytes&, Value&);
  bool take_known_registers(const Type&, const Eightbytes&);
  Location next_gpr_or_slot();  // a slot only where the front end is wrong: see known_gprs_
  Location next_xmm_or_slot(std::uint64_t width);
  Location slot(std::uint64_t size, std::uint64_t align);

  const Type& function_;
  const Dialect dialect_;
  const Corners& corners_;
  CallLayout layout_;
  unsigned gprs_ = 0;  // used so far
  unsigned xmms_ = 0;
  // Registers that clang's front end knows to be used when it decides whether an aggregate fits. It does not see what
  // its back end does with an __int128 that does not fit (SV12, SV14, AB05), and forgets the vector register of a value
  // whose first eightbyte is padding and of a __float128 (AB08). With gcc they are gprs_ and xmms_.
  unsigned known_gprs_ = 0;
  unsigned known_xmms_ = 0;
};

Result<CallLayout> SysV::run() {
  layout_.convention = Convention::SysV;
  layout_.variadic = function_.variadic || !function_.prototyped;
  layout_.arguments.reserve(function_.parameters.size());
  layout_.pieces.reserve(2 * function_.parameters.size() + 2);
  if (Status s = place_result(); !s) return s.error();
  for (std::size_t i = 0; i < function_.parameters.size(); ++i) {
    if (Status s = place_argument(i); !s) return s.error();
  }
  layout_.vector_registers = static_cast<std::uint8_t>(xmms_);
  layout_.stack_size = round_up(layout_.stack_size, 16);
  return std::move(layout_);
}

// psABI 3.2.3 "Returning of Values".
Status SysV::place_result() {
  const Type& type = ctype::resolve(*function_.target);
  Value& value = layout_.result = value_of(type, layout_);
  const Eightbytes e = eightbytes_of(type, dialect_);
  if (!e.refusal.empty()) return not_returnable(*function_.target, e.refusal);
  if (e.count == 0 || (corners_.padding_is_empty && is_only_padding(type))) return Unit{};

  value.passing = Passing::Direct;
  if (e.in_memory()) {
    if (type.kind == Kind::Vector && corners_.bare_vector_never_hidden) place_vector_result(type, value);
    if (value.count > 0) return Unit{};
    value.passing = Passing::Hidden;
    layout_.hidden = in(kArgumentGprs[0]);
    gprs_ = known_gprs_ = 1;
    return Unit{};
  }
  unsigned gprs = 0;
  unsigned xmms = 0;
  for (unsigned i = 0; i < e.count; ++i) {
    const std::uint64_t at = i * kSlot;
    const std::uint64_t rest = type.size - at;
    switch (e.classes[i]) {
      case Class::Integer:
        add_piece(layout_, value, at, std::min(kSlot, rest), extension_of(type), in(kResultGprs[gprs++]));
        break;
      case Class::Sse:
        add_piece(layout_, value, at, std::min(kSlot * with_upper_parts(e, i), rest), Extension::None, in_xmm(xmms++));
        break;
      case Class::X87: add_piece(layout_, value, at, 10, Extension::None, in_x87(layout_.x87_results++)); break;
      case Class::ComplexX87:
        add_piece(layout_, value, 0, 10, Extension::None, in_x87(0));
        add_piece(layout_, value, 16, 10, Extension::None, in_x87(1));
        layout_.x87_results = 2;
        break;
      default: break;
    }
  }
  return Unit{};
}

// SV16, SV17, SV19: clang returns a vector for which it has no register in up to four of those it has.
void SysV::place_vector_result(const Type& type, Value& value) {
  const std::uint64_t wide = dialect_.vectors == Vectors::Avx ? 32 : 16;
  const std::uint64_t part = std::min(wide, type.size);
  const bool of_int128 = ctype::resolve(*type.target).size == 16;
  if (type.size > 4 * wide || of_int128) return;
  for (std::uint64_t at = 0; at < type.size; at += part) {
    add_piece(layout_, value, at, part, Extension::None, in_xmm(static_cast<std::uint32_t>(at / part)));
  }
}

Status SysV::place_argument(std::size_t index) {
  const Type& type = ctype::resolve(*function_.parameters[index].type);
  Value& value = layout_.arguments.emplace_back(value_of(type, layout_));
  const Eightbytes e = eightbytes_of(type, dialect_);
  if (!e.refusal.empty()) return not_passable(*function_.parameters[index].type, index, e.refusal);
  if (e.count == 0) return Unit{};

  value.passing = Passing::Direct;
  const bool named = !function_.variadic || index < function_.fixed_count;
  const bool no_ymm = corners_.variadic_has_no_ymm && function_.variadic && e.count > 2;  // AB10
  if (is_int128(type) && corners_.int128_halves_apart) {
    place_int128_halves(type, e, value);
  } else if (may_be_in_registers(e, named) && take_known_registers(type, e) && !no_ymm) {
    place_in_registers(type, e, value);
  } else if (corners_.padding_is_empty && is_only_padding(type)) {
    value.passing = Passing::Nothing;
  } else {
    if (is_int128(type) && corners_.int128_takes_last_gpr) gprs_ = kGprs;
    add_piece(layout_, value, 0, type.size, extension_of(type), slot(type.size, type.natural->align));
  }
  return Unit{};
}

// Whether the registers suffice for the whole value; if so, they are taken.
bool SysV::take_known_registers(const Type& type, const Eightbytes& e) {
  const auto begin = e.classes.begin();
  const auto gprs = static_cast<unsigned>(std::count(begin, begin + e.count, Class::Integer));
  auto xmms = static_cast<unsigned>(std::count(begin, begin + e.count, Class::Sse));
  const bool float128 = type.kind == Kind::Floating && type.scalar == ctype::Scalar::Float128;
  if (corners_.xmm_after_padding_is_forgotten && e.classes[0] == Class::NoClass) xmms = 0;
  if (corners_.float128_is_forgotten && float128) xmms = 0;
  if (known_gprs_ + gprs > kGprs || known_xmms_ + xmms > kXmms) return false;
  known_gprs_ += gprs;
  known_xmms_ += xmms;
  return true;
}

// SV12, SV13.
void SysV::place_int128_halves(const Type& type, const Eightbytes& e, Value& value) {
  take_known_registers(type, e);
  const Location low = next_gpr_or_slot();
  const Location high = next_gpr_or_slot();
  if (low.kind == Location::Kind::Stack) {
    add_piece(layout_, value, 0, 2 * kSlot, Extension::None, low);
  } else {
    add_piece(layout_, value, 0, kSlot, Extension::None, low);
    add_piece(layout_, value, kSlot, kSlot, Extension::None, high);
  }
}

void SysV::place_in_registers(const Type& type, const Eightbytes& e, Value& value) {
  for (unsigned i = 0; i < e.count; ++i) {
    const std::uint64_t at = i * kSlot;
    const std::uint64_t rest = type.size - at;
    if (e.classes[i] == Class::Integer) {
      add_piece(layout_, value, at, std::min(kSlot, rest), extension_of(type), next_gpr_or_slot());
    } else if (e.classes[i] == Class::Sse) {
      const std::uint64_t width = kSlot * with_upper_parts(e, i);
      add_piece(layout_, value, at, std::min(width, rest), Extension::None, next_xmm_or_slot(width));
    }
  }
}

Location SysV::next_gpr_or_slot() {
  if (gprs_ < kGprs) return in(kArgumentGprs[gprs_++]);
  return slot(kSlot, kSlot);
}

Location SysV::next_xmm_or_slot(std::uint64_t width) {
  if (xmms_ < kXmms) return in_xmm(xmms_++);
  return slot(width, width);
}

Location SysV::slot(std::uint64_t size, std::uint64_t align) {
  const std::uint64_t at = round_up(layout_.stack_size, std::max(align, kSlot));
  layout_.stack_size = at + round_up(size, kSlot);
  layout_.stack_align = std::max(layout_.stack_align, static_cast<std::uint32_t>(align));
  return on_stack(at);
}

}  // namespace

Result<CallLayout> lay_out_sysv(const Type& function, Dialect dialect) {
  return SysV(function, dialect).run();
}

}  // namespace pinion::abi
