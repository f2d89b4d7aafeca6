#include "callback_checker.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "caller_source.hpp"
#include "ffi/codegen/machine_code.hpp"
#include "ffi/ctype/print.hpp"
#include "ffi/marshal/callback_compiler.hpp"
#include "ffi/marshal/callback_head.hpp"
#include "ffi/marshal/varargs.hpp"
#include "guarded_callback.hpp"

namespace pinion::differential {

using ctype::Kind;
using ctype::Type;

namespace {

constexpr unsigned char kUntouched = 0xee, kSpoilt = 0xa5;

struct Values {
  std::vector<Bytes> arguments;  // as the callback must see them
  Bytes result;                  // as the handler writes it
};

Values random_values(const Subject& subject) {
  std::mt19937_64 random(subject.seed);
  Values values;
  for (const Type* type : subject.signature.arguments) {
    values.arguments.push_back(as_seen(*type, random_value(*type, random)));
  }
  values.result = random_value(*subject.signature.result, random);
  return values;
}

// The handler of one call. What it notices first is what is told.
class Handling : public marshal::CallbackHead {
 public:
  Handling(const marshal::Code& made, const void* where, const Subject& subject, const Values& values,
           abi::Dialect dialect, GuardedMemory& memory)
      : subject_(subject), values_(values), dialect_(dialect), memory_(memory) {
    entry = where;
    dispatch = [](CallbackHead* self, void* const* slots, void* result) {
      static_cast<Handling*>(self)->handle(slots, result);
    };
    code = &made;
  }

  const std::optional<std::string>& problem() const { return problem_; }
  const void* result() const { return result_; }
  unsigned calls() const { return calls_; }

 private:
  void handle(void* const* slots, void* result) {
    ++calls_;
    result_ = result;
    const Signature& signature = subject_.signature;
    const bool variadic = signature.style == Style::Variadic;
    const std::size_t named = variadic ? signature.fixed : signature.arguments.size();
    for (std::size_t i = 0; i < named; ++i) check(i, static_cast<const unsigned char*>(slots[i]));
    if (variadic) check_variable_arguments(*static_cast<marshal::Varargs*>(slots[named]));
    // They are the callee's to change (LF03).
    for (std::size_t i = 0; i < named; ++i) std::memset(slots[i], kSpoilt, signature.arguments[i]->size);
    const std::size_t align = std::max<std::size_t>(code->layout->result.passing == abi::Passing::Hidden ? 1 : 8,
                                                    ctype::resolve(*signature.result).align);
    if (!is_aligned(result, align) && signature.result->size > 0) {
      complain(fmt::format("the result's memory is not aligned to {}", align));
    }
    if (!values_.result.empty()) std::memcpy(result, values_.result.data(), values_.result.size());
    spoil_registers();
  }

  void check_variable_arguments(marshal::Varargs& rest) {
    for (std::size_t i = subject_.signature.fixed; i < subject_.signature.arguments.size(); ++i) {
      const Type& type = *subject_.signature.arguments[i];
      unsigned char* value = memory_.place(type.size);  // its end is aligned, so its start is
      std::memset(value, kUntouched, type.size);
      if (const Status taken = marshal::next_argument(rest, type, dialect_, value); !taken) {
        return complain(fmt::format("argument {} cannot be taken: {}", i + 1, taken.error().message));
      }
      check(i, value);
    }
  }

  void check(std::size_t i, const unsigned char* seen) {
    const Type& type = *subject_.signature.arguments[i];
    if (seen == nullptr) return complain(fmt::format("the slot of argument {} is null", i + 1));
    if (auto text = difference(type, values_.arguments[i], seen)) {
      return complain(fmt::format("argument {} ({}) did not arrive: {}", i + 1, ctype::to_c(type), *text));
    }
    // What is passed by reference is where the C caller put it: gcc aligns its copies to 16.
    const bool by_reference =
        i < code->layout->arguments.size() && code->layout->arguments[i].passing == abi::Passing::Reference;
    const std::size_t align = std::min(ctype::resolve(type).align, by_reference ? 16U : UINT32_MAX);
    if (type.size > 0 && !is_aligned(seen, align)) {
      complain(fmt::format("argument {} ({}) is not aligned to {}", i + 1, ctype::to_c(type), align));
    }
  }

  // What a System V function may change and a Microsoft one must not.
  static void spoil_registers() {
    asm volatile(
        "pcmpeqd %%xmm6, %%xmm6\n pcmpeqd %%xmm7, %%xmm7\n pcmpeqd %%xmm8, %%xmm8\n pcmpeqd %%xmm9, %%xmm9\n"
        "pcmpeqd %%xmm10, %%xmm10\n pcmpeqd %%xmm11, %%xmm11\n pcmpeqd %%xmm12, %%xmm12\n"
        "pcmpeqd %%xmm13, %%xmm13\n pcmpeqd %%xmm14, %%xmm14\n pcmpeqd %%xmm15, %%xmm15\n"
        "mov $-1, %%rdi\n mov $-1, %%rsi\n mov $-1, %%rcx\n mov $-1, %%r8\n mov $-1, %%r9\n mov $-1, %%r10\n"
        "mov $-1, %%r11\n" ::
            : "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15", "rdi", "rsi", "rcx",
              "r8", "r9", "r10", "r11");
  }

  static bool is_aligned(const void* at, std::size_t align) {
    return reinterpret_cast<std::uintptr_t>(at) % align == 0;
  }

  void complain(std::string text) {
    if (!problem_) problem_ = std::move(text);
  }

  const Subject& subject_;
  const Values& values_;
  abi::Dialect dialect_;
  GuardedMemory& memory_;
  std::optional<std::string> problem_;
  const void* result_ = nullptr;
  unsigned calls_ = 0;
};

// What the C caller has after the call.
std::optional<std::string> wrong_after(const Subject& subject, const Values& values, const Bytes& after,
                                       const Bytes& result) {
  const std::vector<std::size_t> offsets = seen_offsets(subject.signature);
  for (std::size_t i = 0; i < values.arguments.size(); ++i) {
    if (difference(*subject.signature.arguments[i], values.arguments[i], &after[offsets[i]])) {
      return fmt::format("the caller's object of argument {} was changed", i + 1);
    }
  }
  const Type& type = *subject.signature.result;
  if (auto text = difference(type, as_seen(type, values.result), result.data())) {
    return fmt::format("the result ({}) did not arrive: {}", ctype::to_c(type), *text);
  }
  return std::nullopt;
}

// rax: a hidden result's address, or a narrow result with the extension that clang's callers believe in (SV23).
std::optional<std::string> wrong_rax(const Subject& subject, const Values& values, const abi::CallLayout& layout,
                                     const void* result) {
  const std::uint64_t rax = callback_return().rax;
  if (layout.result.passing == abi::Passing::Hidden && rax != reinterpret_cast<std::uint64_t>(result)) {
    return fmt::format("rax is {:#x}, not the hidden result's address {}", rax, result);
  }
  const Type& type = *subject.signature.result;
  if (!is_widened(type) || type.size >= 4) return std::nullopt;
  const auto expected = static_cast<std::uint32_t>(widened(type, as_seen(type, values.result)));
  if (static_cast<std::uint32_t>(rax) == expected) return std::nullopt;
  return fmt::format("the result ({}) is {:#x} in eax, not {:#x}", ctype::to_c(type), static_cast<std::uint32_t>(rax),
                     expected);
}

}  // namespace

CallbackChecker::CallbackChecker(const Configuration& configuration, const Callees& callers, const Sabotage* sabotage,
                                 std::function<void(std::string_view)> stage)
    : configuration_(configuration), callers_(callers), sabotage_(sabotage), stage_(std::move(stage)) {}

std::optional<Problem> CallbackChecker::check(const Subject& subject) {
  stage_("layout of a callback");
  const auto layout = layout_of(subject, configuration_, sabotage_, &sabotaged_);
  if (!layout) return Problem{Problem::Kind::Refused, "the layout is refused: " + layout.error().message};
  if (sabotage_ != nullptr && !sabotaged_) return std::nullopt;
  stage_("compiling a callback");
  const Result<marshal::Code> code = marshal::compile_callback(*layout);
  if (!code) return Problem{Problem::Kind::Wrong, "no callback code: " + code.error().message};
  if (auto text = check_callback(subject, *code)) return Problem{Problem::Kind::Wrong, *text};
  return std::nullopt;
}

std::optional<std::string> CallbackChecker::check_callback(const Subject& subject, const marshal::Code& code) {
  stage_("callback, interpreter");
  const void* interpreter = reinterpret_cast<const void*>(subject.signature.convention == abi::Convention::Microsoft
                                                              ? &marshal::pinion_callback_microsoft
                                                              : &marshal::pinion_callback_sysv);
  if (auto text = check_call(subject, code, interpreter)) return fmt::format("callback, interpreter: {}", *text);
  stage_("assembling a callback");
  const Result<codegen::MachineCode> machine = codegen::assemble_callback(arena_, code);
  if (!machine) return fmt::format("no machine code: {}", machine.error().message);
  stage_("callback, machine code");
  if (auto text = check_call(subject, code, machine->entry())) return fmt::format("callback, machine code: {}", *text);
  return std::nullopt;
}

std::optional<std::string> CallbackChecker::check_call(const Subject& subject, const marshal::Code& code,
                                                       const void* entry) {
  const auto call = reinterpret_cast<void (*)()>(const_cast<void*>(callers_.find(caller_name(subject.number))));
  if (call == nullptr) return "the caller is not in its library";
  const Values values = random_values(subject);
  const std::vector<std::size_t> offsets = seen_offsets(subject.signature);
  Bytes give(offsets.back());
  for (std::size_t i = 0; i < values.arguments.size(); ++i) {
    std::copy(values.arguments[i].begin(), values.arguments[i].end(),
              give.begin() + static_cast<std::ptrdiff_t>(offsets[i]));
  }
  Bytes after(give.size(), kUntouched);
  Bytes result(values.result.size(), kUntouched);
  memory_.reset();
  Handling handling(code, entry, subject, values, configuration_.dialect(), memory_);
  Exchange exchange{.target = guard_callback(handling, subject.signature.convention),
                    .give = give.data(),
                    .after = after.data(),
                    .result = result.data()};
  callers_.exchange_with(&exchange);
  call();
  if (handling.calls() != 1) return fmt::format("the handler ran {} times", handling.calls());
  if (callback_return().calls != 1) return fmt::format("the callback returned {} times", callback_return().calls);
  if (handling.problem()) return handling.problem();
  if (auto text = not_preserved(code.layout->x87_results)) return text;
  if (auto text = wrong_after(subject, values, after, result)) return text;
  return wrong_rax(subject, values, *code.layout, handling.result());
}

}  // namespace pinion::differential
