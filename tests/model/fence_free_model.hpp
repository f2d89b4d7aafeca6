// The protocol that was not chosen: without any locked instruction on the owner's side, for comparison.
//
// The owner T stores IN or OUT and then loads a claim word; whoever wants the machine, R, stores the claim and then
// loads T's word (reference threading 4.3). That is Dekker's pattern: it needs a fence between store and load on both
// sides, or a process-wide one (membarrier) on R's. This model is there to show that it finds the lack of one: the
// mistake that no amount of testing showed (reference threading 4.11).
#pragma once

#include <array>
#include <cstdint>

namespace pinion::model {

enum class RevokerFence { None, Own, ProcessWide };

class FenceFreeModel {
 public:
  struct State {
    std::uint8_t in;         // T's word, in memory: 1 IN, 0 OUT
    std::uint8_t claim;      // R's word, in memory
    std::uint8_t t_at;       // T's next step
    std::uint8_t t_rounds;   // calls T still makes
    std::uint8_t t_pending;  // how many stores T's buffer holds
    std::array<std::uint8_t, 4> t_buffer;
    std::uint8_t r_at;
    std::uint8_t r_pending;  // R's store of its claim has not reached memory
    std::uint8_t owners;     // bit 0: T believes to own, bit 1: R
  };

  explicit FenceFreeModel(RevokerFence fence) : fence_(fence) {}

  State initial() const { return {.in = 1, .t_rounds = 3, .owners = 1}; }
  bool is_final(const State& state) const { return state.t_at == kTDone && state.r_at == kRDone && quiet(state); }
  const char* violation(const State& state) const { return state.owners == 3 ? "two owners" : nullptr; }

  template <class Visit>
  void step(const State& state, const Visit& visit) const {
    if (state.t_pending != 0) visit(flushed(state));
    if (state.r_pending != 0) visit(claimed(state));
    step_owner(state, visit);
    step_revoker(state, visit);
  }

 private:
  enum : std::uint8_t { kTStoreOut, kTLookOut, kTStoreIn, kTLookIn, kTDone };
  enum : std::uint8_t { kRClaim, kRFence, kRLook, kRDone };

  static bool quiet(const State& state) { return state.t_pending == 0 && state.r_pending == 0; }
  static State flushed(State state) {
    state.in = state.t_buffer[0];
    for (int i = 1; i < 4; ++i) state.t_buffer[i - 1] = state.t_buffer[i];
    state.t_buffer[3] = 0;
    --state.t_pending;
    return state;
  }
  static State claimed(State state) {
    state.claim = 1;
    state.r_pending = 0;
    return state;
  }

  // A claim that is seen ends T's fast path: the slow one takes a lock, and does no harm.
  template <class Visit>
  void step_owner(State state, const Visit& visit) const {
    switch (state.t_at) {
      case kTStoreOut:
      case kTStoreIn:
        if (state.t_pending == 4) return;
        state.owners &= 2;
        state.t_buffer[state.t_pending++] = state.t_at == kTStoreIn ? 1 : 0;
        ++state.t_at;
        return visit(state);
      case kTLookOut: state.t_at = state.claim != 0 || --state.t_rounds == 0 ? kTDone : kTStoreIn; return visit(state);
      case kTLookIn:
        if (state.claim != 0) {
          state.t_at = kTDone;
        } else {
          state.owners |= 1;
          state.t_at = kTStoreOut;
        }
        return visit(state);
      default: return;
    }
  }

  template <class Visit>
  void step_revoker(State state, const Visit& visit) const {
    switch (state.r_at) {
      case kRClaim:
        state.r_pending = 1;
        state.r_at = kRFence;
        return visit(state);
      case kRFence:
        if (fence_ != RevokerFence::None && state.r_pending != 0) return;  // waits for its own store
        if (fence_ == RevokerFence::ProcessWide) {
          while (state.t_pending != 0) state = flushed(state);
        }
        state.r_at = kRLook;
        return visit(state);
      case kRLook:
        if (state.in == 0) state.owners |= 2;  // IN: it would wait for T's next poll
        state.r_at = kRDone;
        return visit(state);
      default: return;
    }
  }

  const RevokerFence fence_;
};

}  // namespace pinion::model
