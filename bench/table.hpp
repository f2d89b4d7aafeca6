// Prints benchmarks named CASE/HOW as a table: a row for each case, a column for each way, in nanoseconds, and the
// ratio to one of the ways. Ratios of one run mean something on any machine; single times hardly do.
#pragma once

#include <benchmark/benchmark.h>

#include <string>
#include <vector>

namespace pinion::bench {

class TableReporter : public benchmark::BenchmarkReporter {
 public:
  // Ratios are to the way `reference` of the same case.
  explicit TableReporter(std::string reference) : reference_(std::move(reference)) {}

  bool ReportContext(const Context&) override { return true; }
  void ReportRuns(const std::vector<Run>& runs) override;
  void Finalize() override;

 private:
  struct Cell {
    std::string row, column;
    double nanoseconds;
  };
  const Cell* find(const std::string& row, const std::string& column) const;

  std::string reference_;
  std::vector<Cell> cells_;
};

}  // namespace pinion::bench
