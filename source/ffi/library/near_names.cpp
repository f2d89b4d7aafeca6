#include "ffi/library/near_names.hpp"

#include <algorithm>
#include <utility>

namespace pinion {

// "Optimal string alignment": the rows of the table for the last two letters of A are enough to go on.
std::size_t edit_distance(std::string_view a, std::string_view b, std::size_t limit) {
  const std::size_t difference = a.size() < b.size() ? b.size() - a.size() : a.size() - b.size();
  if (difference > limit) return limit + 1;
  std::vector<std::size_t> before_last, last(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
    if (*std::min_element(row.begin(), row.end()) > limit) return limit + 1;
    before_last = std::exchange(last, row);
  }
  return std::min(last[b.size()], limit + 1);
}

std::vector<std::string> near_names(std::string_view name, std::vector<std::string> names, std::size_t count) {
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());

  const std::size_t limit = std::clamp<std::size_t>(name.size() / 3, 1, 3);
  std::vector<std::pair<std::size_t, std::string>> near;
  for (std::string& candidate : names) {
    const std::size_t distance = edit_distance(name, candidate, limit);
    if (distance <= limit) near.emplace_back(distance, std::move(candidate));
  }
  std::sort(near.begin(), near.end());
  if (near.size() > count) near.resize(count);

  std::vector<std::string> nearest;
  nearest.reserve(near.size());
  for (auto& [distance, candidate] : near) nearest.push_back(std::move(candidate));
  return nearest;
}

}  // namespace pinion
