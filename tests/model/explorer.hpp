// An exhaustive model checker: visits every state that a model can reach, in every order of its actors' steps.
//
// A model has a State (bytes, compared as such), initial(), step(state, visit), which calls visit(next) for everything
// that can happen next, is_final(state), and violation(state), which names the rule that a state breaks, or is null.
// explore() finds the first broken rule, and any state from which no final state can be reached any more: there
// somebody waits for ever.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>
#include <unordered_map>
#include <vector>

namespace pinion::model {

struct Outcome {
  const char* violation = nullptr;  // null: every rule holds in every state
  std::size_t states = 0;
};

template <class Model>
Outcome explore(const Model& model) {
  using State = typename Model::State;
  static_assert(std::has_unique_object_representations_v<State>, "padding would be compared as well");
  struct Hash {
    std::size_t operator()(const State& state) const {
      return std::hash<std::string_view>()({reinterpret_cast<const char*>(&state), sizeof state});
    }
  };
  struct Equal {
    bool operator()(const State& a, const State& b) const { return std::memcmp(&a, &b, sizeof a) == 0; }
  };
  std::unordered_map<State, std::uint32_t, Hash, Equal> numbers;
  std::vector<const State*> states;
  std::vector<std::vector<std::uint32_t>> before;  // from where each state is reached
  const auto number = [&](const State& state) {
    const auto [place, fresh] = numbers.try_emplace(state, static_cast<std::uint32_t>(states.size()));
    if (fresh) {
      states.push_back(&place->first);
      before.emplace_back();
    }
    return place->second;
  };
  number(model.initial());
  std::vector<std::uint32_t> ends;
  for (std::uint32_t at = 0; at < states.size(); ++at) {
    const State here = *states[at];
    if (const char* broken = model.violation(here)) return {broken, states.size()};
    if (model.is_final(here)) ends.push_back(at);
    model.step(here, [&](const State& next) { before[number(next)].push_back(at); });
  }
  std::vector<bool> can_end(states.size());
  for (const std::uint32_t end : ends) can_end[end] = true;
  for (std::size_t i = 0; i < ends.size(); ++i) {
    for (const std::uint32_t earlier : before[ends[i]]) {
      if (!can_end[earlier]) {
        can_end[earlier] = true;
        ends.push_back(earlier);
      }
    }
  }
  const bool stuck = ends.size() != states.size();
  return {stuck ? "somebody waits for ever" : nullptr, states.size()};
}

}  // namespace pinion::model
