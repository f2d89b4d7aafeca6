#include "ffi/codegen/moves.hpp"

namespace pinion::codegen {

using abi::Extension;
using marshal::InstructionInfo;

asmjit::x86::Mem sized(asmjit::x86::Mem mem, std::uint32_t size) {
  mem.setSize(size);
  return mem;
}

asmjit::x86::Gp part_of(const asmjit::x86::Gp& whole, std::uint32_t size) {
  switch (size) {
    case 1: return whole.r8();
    case 2: return whole.r16();
    case 4: return whole.r32();
    default: return whole;
  }
}

namespace {

// A tail of 3, 5, 6 or 7 bytes is a low part of 2 or 4 bytes and a rest; in 7 bytes the two share one.
struct Tail {
  explicit Tail(std::uint32_t size) : low(size == 3 ? 2 : 4), rest(size == 7 ? 4 : size - low), rest_at(size - rest) {}
  std::uint32_t low, rest, rest_at;
};

}  // namespace

bool Moves::load(Gp to, Mem from, const InstructionInfo& row) {
  const bool sign = row.extension == Extension::Sign;
  from = sized(from, row.size);
  switch (row.size) {
    case 1:
      if (row.extension == Extension::Bool) {
        as_.cmp(from, 0);
        as_.mov(to.r32(), 0);  // leaves the flags alone
        as_.setne(to.r8());
      } else {
        sign ? as_.movsx(to, from) : as_.movzx(to.r32(), from);
      }
      return false;
    case 2: sign ? as_.movsx(to, from) : as_.movzx(to.r32(), from); return false;
    case 4: sign ? as_.movsxd(to, from) : as_.mov(to.r32(), from); return false;
    case 8: as_.mov(to, from); return false;
    default: load_tail(to, from, row.size); return true;
  }
}

void Moves::load_tail(Gp to, Mem from, std::uint32_t size) {
  const Tail tail(size);
  const Mem low = sized(from, tail.low), rest = sized(from.cloneAdjusted(tail.rest_at), tail.rest);
  tail.low == 2 ? as_.movzx(to.r32(), low) : as_.mov(to.r32(), low);
  tail.rest == 4 ? as_.mov(scratch_.r32(), rest) : as_.movzx(scratch_.r32(), rest);
  as_.shl(scratch_, 8 * tail.rest_at);
  as_.or_(to, scratch_);
}

bool Moves::load_vector(Xmm to, Mem from, std::uint32_t size) {
  from = sized(from, size);
  switch (size) {
    case 2:
      as_.movzx(scratch_.r32(), from);
      as_.movd(to, scratch_.r32());
      return true;
    case 4: as_.movss(to, from); return false;
    case 6:  // four bytes, then the last two as a word of the register
      as_.movss(to, sized(from, 4));
      as_.pinsrw(to, sized(from.cloneAdjusted(4), 2), 2);
      return false;
    case 8: as_.movsd(to, from); return false;
    case 16: as_.movups(to, from); return false;
    default: as_.vmovups(to.ymm(), from); return false;
  }
}

void Moves::store(Mem to, Gp from, const InstructionInfo& row) {
  if (row.extension == Extension::Bool) make_truth(from);
  switch (row.size) {
    case 1:
    case 2:
    case 4:
    case 8: as_.mov(sized(to, row.size), part_of(from, row.size)); return;
    default: store_tail(to, from, row.size);
  }
}

void Moves::store_tail(Mem to, Gp from, std::uint32_t size) {
  const Tail tail(size);
  as_.mov(sized(to, tail.low), part_of(from, tail.low));
  as_.shr(from, 8 * tail.rest_at);
  as_.mov(sized(to.cloneAdjusted(tail.rest_at), tail.rest), part_of(from, tail.rest));
}

void Moves::store_vector(Mem to, Xmm from, std::uint32_t size) {
  switch (size) {
    case 2:
      as_.movd(scratch_.r32(), from);
      as_.mov(sized(to, 2), scratch_.r16());
      return;
    case 4: as_.movss(sized(to, 4), from); return;
    case 6:
      as_.movq(scratch_, from);
      store_tail(to, scratch_, 6);
      return;
    case 8: as_.movsd(sized(to, 8), from); return;
    case 16: as_.movups(sized(to, 16), from); return;
    default: as_.vmovups(sized(to, 32), from.ymm()); return;
  }
}

// Only the lowest byte is defined (psABI 3.2.3, footnote on _Bool).
void Moves::make_truth(Gp in) {
  as_.test(in.r8(), in.r8());
  as_.setne(in.r8());
}

void Moves::widen(Gp in, const InstructionInfo& row) {
  if (row.extension == Extension::Bool) make_truth(in);
  const bool sign = row.extension == Extension::Sign;
  switch (row.size) {
    case 1: sign ? as_.movsx(in, in.r8()) : as_.movzx(in.r32(), in.r8()); return;
    case 2: sign ? as_.movsx(in, in.r16()) : as_.movzx(in.r32(), in.r16()); return;
    case 4: sign ? as_.movsxd(in, in.r32()) : as_.mov(in.r32(), in.r32()); return;
    case 8: return;
    default:  // a tail: clear what lies above it
      as_.shl(in, 64 - 8 * row.size);
      as_.shr(in, 64 - 8 * row.size);
  }
}

void Moves::store_vector_word(Mem to, Xmm from, std::uint32_t size) {
  if (size == 8) return store_vector(to, from, 8);
  as_.movq(scratch_, from);
  as_.shl(scratch_, 64 - 8 * size);
  as_.shr(scratch_, 64 - 8 * size);
  as_.mov(sized(to, 8), scratch_);
}

}  // namespace pinion::codegen
