// The owner word: who may touch the virtual machine, in 64 bits.
//
//   63 .. 24  tag       the thread whose state is in the machine; 0: nobody's. Tags are never used again.
//   23 .. 1   sequence  how often that thread has released, so that two looks that see the same word saw the same call
//   0         in        1: that thread owns the machine; 0: it is away (in C), and the machine may be taken
//
// The rules (reference threading 4.12; model-checked in tests/model):
//   release    by the owner: one store of (own tag, next sequence, away), release order
//   reacquire  by the same thread: one compare-and-swap from exactly that value to (.., in), acquire order
//   give       by anybody, under the lock, on behalf of a waiting thread W: compare-and-swap from (X, s, away) to
//              (W, .., in); the owner itself may simply store (W, .., in)
// While the word says `in`, only the owner writes it, since every compare-and-swap expects `away`. From `away` only one
// compare-and-swap succeeds. And since nobody but T ever writes a value with T's tag that is away, a successful
// reacquire means that the machine was touched by nobody since T released it. The sequence may wrap: it matters only to
// the monitor, and what it decides wrongly is a question of policy, not of safety.
#pragma once

#include <atomic>
#include <cstdint>

namespace pinion::threads {

using Word = std::uint64_t;
using Tag = std::uint64_t;

constexpr Word kNobody = 0;
constexpr int kTagShift = 24;  // 2^40 tags: ten thousand new threads a second, for three years
constexpr Word kSequenceMask = (Word{1} << (kTagShift - 1)) - 1;

constexpr Word make_away(Tag tag, std::uint32_t sequence) {
  return tag << kTagShift | (sequence & kSequenceMask) << 1;
}
constexpr Word make_in(Tag tag, std::uint32_t sequence) {
  return make_away(tag, sequence) | 1;
}
constexpr Tag tag_of(Word word) {
  return word >> kTagShift;
}
constexpr bool is_in(Word word) {
  return (word & 1) != 0;
}

}  // namespace pinion::threads
