#include "checker.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "ffi/codegen/machine_code.hpp"
#include "ffi/ctype/print.hpp"
#include "ffi/marshal/compiler.hpp"
#include "ffi/marshal/interpreter.hpp"
#include "ffi/marshal/verifier.hpp"
#include "guarded_call.hpp"

namespace pinion::differential {

using ctype::Type;

namespace {

constexpr unsigned char kUntouched = 0xee;
constexpr std::size_t kCanary = 64;
constexpr int kEarlierError = 9999;

}  // namespace

struct Checker::Values {
  std::vector<Bytes> arguments;  // as the caller has them
  Bytes result;
};

// The caller's side of a call: memory as an engine's client would have it, each object at the very end of mapped memory
// (LF02), the result with a canary in front.
struct CallSite {
  std::vector<unsigned char*> objects;  // null for an argument that is in its slot
  std::uint64_t* slots = nullptr;
  unsigned char* result = nullptr;
  std::size_t result_size = 0;

  CallSite(GuardedMemory& memory, const std::vector<Bytes>& values, const marshal::Plan& plan, std::size_t size) {
    slots = reinterpret_cast<std::uint64_t*>(memory.place(values.size() * sizeof *slots));
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (plan.arguments[i].source == marshal::Source::Slot) {
        std::memset(&slots[i], 0xb7, sizeof slots[i]);
        std::memcpy(&slots[i], values[i].data(), values[i].size());
        objects.push_back(nullptr);
      } else {
        unsigned char* at = objects.emplace_back(memory.place(values[i].size()));
        if (!values[i].empty()) std::memcpy(at, values[i].data(), values[i].size());
        slots[i] = reinterpret_cast<std::uint64_t>(at);
      }
    }
    const bool word = plan.result == marshal::Destination::Word;
    result_size = word ? (size + 7) / 8 * 8 : size;
    result = memory.place(kCanary + result_size) + kCanary;
  }

  void clear_result() const { std::memset(result - kCanary, kUntouched, kCanary + result_size); }
  bool canary_is_whole() const {
    return std::all_of(result - kCanary, result, [](unsigned char c) { return c == kUntouched; });
  }
};

namespace {

// What the callee saw against what it should have seen.
std::optional<std::string> wrong_arguments(const Subject& subject, const std::vector<Bytes>& values,
                                           const Report& report) {
  const std::vector<std::size_t> offsets = seen_offsets(subject.signature);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const Type& type = *subject.signature.arguments[i];
    const Bytes expected = as_seen(type, values[i]);
    if (auto text = difference(type, expected, report.seen + offsets[i])) {
      return fmt::format("argument {} ({}) did not arrive: {}", i + 1, ctype::to_c(type), *text);
    }
    if (is_widened(type) && report.wide[i] != widened(type, expected)) {
      return fmt::format("argument {} ({}) arrived with wrong upper bits: converted to 64 bits it is {:#x}, not {:#x}",
                         i + 1, ctype::to_c(type), report.wide[i], widened(type, expected));
    }
  }
  return std::nullopt;
}

std::optional<std::string> wrong_result(const Subject& subject, const Bytes& given, const CallSite& site, bool word) {
  const Type& type = *subject.signature.result;
  if (auto text = difference(type, given, site.result)) {
    return fmt::format("the result ({}) did not arrive: {}", ctype::to_c(type), *text);
  }
  std::int64_t wide = 0;
  if (word) std::memcpy(&wide, site.result, sizeof wide);
  if (word && is_widened(type) && wide != widened(type, given)) {
    return fmt::format("the result's word ({}) is {:#x}, not {:#x}", ctype::to_c(type), wide, widened(type, given));
  }
  if (!site.canary_is_whole()) return "bytes in front of the result were written";
  return std::nullopt;
}

// LF03, LF06: what the caller owns is as it was.
std::optional<std::string> changed_objects(const std::vector<Bytes>& values, const CallSite& site,
                                           const std::vector<std::uint64_t>& slots) {
  if (!std::equal(slots.begin(), slots.end(), site.slots)) return "the caller's slots were changed";
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (site.objects[i] != nullptr && std::memcmp(site.objects[i], values[i].data(), values[i].size()) != 0) {
      return fmt::format("the caller's object of argument {} was changed", i + 1);
    }
  }
  return std::nullopt;
}

std::optional<std::string> wrong_report(const Report& report) {
  if (report.calls != 1) return fmt::format("the callee ran {} times", report.calls);
  if (report.misaligned == 256) return "rsp was not aligned to 16 at the call";
  if (report.misaligned != 0) return fmt::format("argument {} is not aligned as its type", report.misaligned);
  return std::nullopt;
}

}  // namespace

Result<std::shared_ptr<const abi::CallLayout>> layout_of(const Subject& subject, const Configuration& configuration,
                                                         const Sabotage* sabotage, bool* sabotaged) {
  Signature signature = subject.signature;
  if (subject.direction == marshal::Direction::Callback) {
    if (signature.style == Style::Variadic) signature.arguments.resize(signature.fixed);
    if (signature.style == Style::Unprototyped) signature.style = Style::Prototyped;  // its definition is not
  }
  const Result<const Type*> type = call_type(*subject.table, signature);
  if (!type) return type.error();
  Result<abi::CallLayout> layout = abi::lay_out_call(**type, signature.convention, configuration.dialect());
  if (!layout) return layout.error();
  const bool applied = sabotage != nullptr && sabotage->concerns(subject.direction) && sabotage->apply(*layout);
  if (sabotaged != nullptr) *sabotaged = applied;
  return std::make_shared<const abi::CallLayout>(std::move(*layout));
}

Checker::Checker(const Configuration& configuration, const Callees& callees, const Sabotage* sabotage,
                 std::function<void(std::string_view)> stage)
    : configuration_(configuration), callees_(callees), sabotage_(sabotage), stage_(std::move(stage)) {}

std::optional<Problem> Checker::check(const Subject& subject) {
  stage_("layout");
  const auto layout = layout_of(subject, configuration_, sabotage_, &sabotaged_);
  if (!layout) return Problem{Problem::Kind::Refused, "the layout is refused: " + layout.error().message};
  if (sabotage_ != nullptr && !sabotaged_) return std::nullopt;

  std::mt19937_64 random(subject.seed);
  Values values;
  for (const Type* type : subject.signature.arguments) values.arguments.push_back(random_value(*type, random));
  values.result = as_seen(*subject.signature.result, random_value(*subject.signature.result, random));
  for (const bool words : {false, true}) {
    if (words && subject.number % 3 != 0) continue;
    if (auto text = check_plan(subject, values, *layout, words)) return Problem{Problem::Kind::Wrong, *text};
  }
  return std::nullopt;
}

std::optional<std::string> Checker::check_plan(const Subject& subject, const Values& values,
                                               std::shared_ptr<const abi::CallLayout> layout, bool words) {
  const bool errors = error_number_of(subject.number) != 0;
  const marshal::Plan plan =
      words ? marshal::plan_for_words(*layout, errors) : marshal::plan_for_addresses(*layout, errors);
  const std::string_view name = words ? "plan for words" : "plan for addresses";
  stage_(fmt::format("compiling, {}", name));
  const Result<marshal::Code> code = marshal::compile(layout, plan);
  if (!code) return fmt::format("{}: no marshaling code: {}", name, code.error().message);
  if (const Status proof = marshal::verify(*code); !proof) {
    return fmt::format("{}: not verified: {}", name, proof.error().message);
  }
  const void* target = callees_.find(callee_name(subject.number));
  if (target == nullptr) return "the callee is not in its library";

  stage_(fmt::format("interpreter, {}", name));
  marshal::Callable callable{.invoke = marshal::interpreter_for(*code), .target = target, .code = &*code};
  if (auto text = check_calls(subject, values, callable, plan)) return fmt::format("interpreter, {}: {}", name, *text);

  stage_(fmt::format("assembling, {}", name));
  const Result<codegen::MachineCode> machine = codegen::assemble(arena_, *code);
  if (!machine) return fmt::format("{}: no machine code: {}", name, machine.error().message);
  stage_(fmt::format("machine code, {}", name));
  callable.invoke = machine->invoke();
  if (auto text = check_calls(subject, values, callable, plan)) return fmt::format("machine code, {}: {}", name, *text);
  return std::nullopt;
}

// Twice with the same slots (LF06).
std::optional<std::string> Checker::check_calls(const Subject& subject, const Values& values,
                                                const marshal::Callable& callable, const marshal::Plan& plan) {
  memory_.reset();
  const CallSite site(memory_, values.arguments, plan, values.result.size());
  const std::vector<std::uint64_t> slots(site.slots, site.slots + values.arguments.size());
  Bytes seen(seen_offsets(subject.signature).back());
  const int expected_error = error_number_of(subject.number) != 0 ? error_number_of(subject.number) : kEarlierError;
  for (const std::string_view which : {"first call", "second call"}) {
    std::fill(seen.begin(), seen.end(), kUntouched);
    site.clear_result();
    Report report{.seen = seen.data(), .give = values.result.data(), .calls = 0, .misaligned = 0, .wide = {}};
    callees_.report_to(&report);
    marshal::CallState state{.error_number = kEarlierError};
    marshal::Outcome outcome = 0;
    auto problem = guarded_call(callable, site.result, site.slots, plan.capture_errno ? &state : nullptr, outcome);
    if (!problem) problem = wrong_report(report);
    if (!problem) problem = wrong_arguments(subject, values.arguments, report);
    if (!problem) problem = wrong_result(subject, values.result, site, plan.result == marshal::Destination::Word);
    if (!problem) problem = changed_objects(values.arguments, site, slots);
    if (!problem && plan.capture_errno && state.error_number != expected_error) {
      problem = fmt::format("errno is {}, not {}", state.error_number, expected_error);
    }
    if (problem) return fmt::format("{}: {}", which, *problem);
  }
  return std::nullopt;
}

}  // namespace pinion::differential
