// Which names somebody may have meant who wrote one that does not exist.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace pinion {

// The fewest insertions, deletions, replacements and swaps of neighbours that make B of A; LIMIT + 1 when that takes
// more than LIMIT.
std::size_t edit_distance(std::string_view a, std::string_view b, std::size_t limit);

// At most COUNT of NAMES, the nearest first; none that is further from NAME than a third of its length.
std::vector<std::string> near_names(std::string_view name, std::vector<std::string> names, std::size_t count = 3);

}  // namespace pinion
