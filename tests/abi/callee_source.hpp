// C text of callees that report what arrives in them.
//
// A callee copies its arguments to the report, spoils its own copies, and returns the value it finds in the report.
// What arrived is judged by the caller, bit by bit (values.hpp), so that the C text stays small and compiles fast.
#pragma once

#include <cstdint>
#include <string>

#include "signature.hpp"

namespace pinion::differential {

inline constexpr std::size_t kMaxArguments = 255;

// The same struct as in kReportText below; the library's `pinion_report` points to it.
struct Report {
  unsigned char* seen;        // where the arguments' bytes go, each at the offset that seen_offsets() says
  const unsigned char* give;  // the result's bytes
  std::uint64_t calls;
  std::uint64_t misaligned;          // 1 + number of an argument that is not aligned as its type, or 256 for the frame
  std::int64_t wide[kMaxArguments];  // integer arguments, converted to 64 bits by the callee
};

// Whether the callee converts the argument to 64 bits too: integers, enums and bool.
bool is_widened(const ctype::Type&);

std::vector<std::size_t> seen_offsets(const Signature&);  // one more than arguments: the last is the total

// What every file of callees begins with.
std::string preamble();

// errno after a call of callee `number`, or 0 when it leaves errno alone.
int error_number_of(std::uint64_t number);

std::string callee_name(std::uint64_t number);
std::string callee(const Signature&, std::uint64_t number);

}  // namespace pinion::differential
