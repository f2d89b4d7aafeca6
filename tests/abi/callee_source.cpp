#include "callee_source.hpp"

#include <fmt/format.h>

namespace pinion::differential {

using ctype::Kind;
using ctype::Type;

namespace {

// COPY goes through memory that the compiler knows nothing about, so what arrived is what is copied. SPOIL writes over
// the callee's own copy of an argument, which it may (LF03): the caller's object must not change. ALIGNED asks the
// real address, which the compiler believes to be aligned. FRAME checks rsp at the call: a frame's base is 16 below it.
constexpr std::string_view kPreamble = R"(
struct report { unsigned char *seen; const unsigned char *give; unsigned long calls, misaligned; long wide[255]; };
struct report *pinion_report;
extern int *__errno_location(void);
#define COPY(at, a) __builtin_memcpy(r->seen + at, (const void *)&a, sizeof a)
#define WIDE(i, a) r->wide[i] = (long)a
#define SPOIL(a) do { void *p = (void *)&a; __builtin_memset(p, 0xa5, sizeof a); \
  __asm__ volatile("" : "+r"(p) : : "memory"); } while (0)
#define ALIGNED(i, a, n) do { void *p = (void *)&a; __asm__ volatile("" : "+r"(p)); \
  if ((unsigned long)p % n) r->misaligned = i + 1; } while (0)
#define FRAME() do { void *p = __builtin_frame_address(0); __asm__ volatile("" : "+r"(p)); \
  if ((unsigned long)p % 16) r->misaligned = 256; } while (0)
)";

bool is_record(const Type& type) {
  return type.kind == Kind::Struct || type.kind == Kind::Union;
}

std::string parameters(const Signature& signature, std::uint64_t number) {
  const bool variadic = signature.style == Style::Variadic;
  const std::size_t named = variadic ? signature.fixed : signature.arguments.size();
  std::string list;
  for (std::size_t i = 0; i < named; ++i) list += fmt::format("{}t{}_{} a{}", i == 0 ? "" : ", ", number, i, i);
  if (variadic) list += ", ...";
  return list.empty() ? "void" : list;
}

// Takes the variable arguments into variables named like parameters.
std::string variable_arguments(const Signature& signature, std::uint64_t number) {
  if (signature.style != Style::Variadic) return {};
  const std::string_view ms = signature.convention == abi::Convention::Microsoft ? "ms_" : "";
  std::string text =
      fmt::format("  __builtin_{0}va_list v; __builtin_{0}va_start(v, a{1});\n", ms, signature.fixed - 1);
  for (std::size_t i = signature.fixed; i < signature.arguments.size(); ++i) {
    text += fmt::format("  t{0}_{1} a{1} = __builtin_va_arg(v, t{0}_{1});\n", number, i);
  }
  return text + fmt::format("  __builtin_{}va_end(v);\n", ms);
}

}  // namespace

bool is_widened(const Type& type) {
  const Kind kind = ctype::resolve(type).kind;
  return type.size <= 8 && (kind == Kind::Bool || kind == Kind::Integer || kind == Kind::Enum);
}

std::vector<std::size_t> seen_offsets(const Signature& signature) {
  std::vector<std::size_t> offsets{0};
  for (const Type* type : signature.arguments) offsets.push_back((offsets.back() + type->size + 15) / 16 * 16);
  return offsets;
}

std::string preamble() {
  return std::string(kPreamble);
}

int error_number_of(std::uint64_t number) {
  return number % 4 == 0 ? static_cast<int>(1 + number % 1000) : 0;
}

std::string callee_name(std::uint64_t number) {
  return fmt::format("callee_{}", number);
}

std::string callee(const Signature& signature, std::uint64_t number) {
  std::string text = definitions(signature, fmt::format("t{}_", number));
  const bool microsoft = signature.convention == abi::Convention::Microsoft;
  text += fmt::format("{}t{}_r {}({}) {{\n  struct report *r = pinion_report;\n",
                      microsoft ? "__attribute__((ms_abi)) " : "", number, callee_name(number),
                      parameters(signature, number));
  text += "  r->calls++;\n" + variable_arguments(signature, number);
  if (number % 2 == 0) text += "  FRAME();\n";
  const std::vector<std::size_t> offsets = seen_offsets(signature);
  std::string spoil;
  for (std::size_t i = 0; i < signature.arguments.size(); ++i) {
    const Type& type = *signature.arguments[i];
    text += fmt::format("  COPY({}, a{});", offsets[i], i);
    if (is_widened(type)) text += fmt::format(" WIDE({0}, a{0});", i);
    const Type& resolved = ctype::resolve(type);
    if (is_record(resolved) && type.size > 0 && resolved.align > 1)
      text += fmt::format(" ALIGNED({0}, a{0}, {1});", i, resolved.align);
    // In C a type is as large as the caller thinks.
    text += fmt::format("  _Static_assert(sizeof a{} == {}, \"\");\n", i, type.size);
    if (is_record(resolved)) spoil += fmt::format("  SPOIL(a{});\n", i);
  }
  text += spoil;
  if (error_number_of(number) != 0) text += fmt::format("  *__errno_location() = {};\n", error_number_of(number));
  if (ctype::resolve(*signature.result).kind != Kind::Void) {
    text += fmt::format(
        "  t{}_r result; _Static_assert(sizeof result == {}, \"\");\n"
        "  __builtin_memcpy((void *)&result, r->give, sizeof result); return result;\n",
        number, signature.result->size);
  }
  return text + "}\n";
}

}  // namespace pinion::differential
