#include "table.hpp"

#include <algorithm>

#include "fmt/format.h"

namespace pinion::bench {
namespace {

void add_once(std::vector<std::string>& names, const std::string& name) {
  if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
}

}  // namespace

// Of several repetitions the fastest counts: what disturbs a run only makes it slower.
void TableReporter::ReportRuns(const std::vector<Run>& runs) {
  for (const Run& run : runs) {
    const std::string name = run.run_name.function_name;
    const std::size_t slash = name.find('/');
    if (run.run_type != Run::RT_Iteration || run.error_occurred || slash == std::string::npos) continue;
    const double time = run.GetAdjustedCPUTime();
    const std::string row = name.substr(0, slash), column = name.substr(slash + 1);
    if (const Cell* known = find(row, column); known == nullptr) {
      cells_.push_back({row, column, time});
    } else if (time < known->nanoseconds) {
      const_cast<Cell*>(known)->nanoseconds = time;
    }
  }
}

const TableReporter::Cell* TableReporter::find(const std::string& row, const std::string& column) const {
  const auto found =
      std::find_if(cells_.begin(), cells_.end(), [&](const Cell& c) { return c.row == row && c.column == column; });
  return found == cells_.end() ? nullptr : &*found;
}

void TableReporter::Finalize() {
  std::vector<std::string> rows, columns;
  for (const Cell& cell : cells_) {
    add_once(rows, cell.row);
    add_once(columns, cell.column);
  }
  fmt::print("\nns per call (CPU time, least of the repetitions), and the ratio to '{}'\n\n{:<18}", reference_, "");
  for (const std::string& column : columns) fmt::print("{:>20}", column);
  fmt::print("\n");
  for (const std::string& row : rows) {
    fmt::print("{:<18}", row);
    const Cell* reference = find(row, reference_);
    for (const std::string& column : columns) {
      const Cell* cell = find(row, column);
      std::string text = cell == nullptr ? "" : fmt::format("{:.1f}", cell->nanoseconds);
      if (cell != nullptr && reference != nullptr)
        text += fmt::format(" ({:.2f})", cell->nanoseconds / reference->nanoseconds);
      fmt::print("{:>20}", text);
    }
    fmt::print("\n");
  }
}

}  // namespace pinion::bench
