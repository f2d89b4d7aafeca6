#include "caller_source.hpp"

#include <fmt/format.h>

#include "callee_source.hpp"

namespace pinion::differential {

using ctype::Kind;
using ctype::Type;

namespace {

// KEEP makes the compiler believe that someone else knows the object, so that it is really read again after the call.
// WIDE is a narrow argument with garbage above it.
constexpr std::string_view kPreamble = R"(
struct exchange { const void *target; const unsigned char *give; unsigned char *after, *result; };
struct exchange *pinion_exchange;
#define TAKE(at, a) __builtin_memcpy((void *)&a, x->give + at, sizeof a)
#define KEEP(a) do { void *p = (void *)&a; __asm__ volatile("" : "+r"(p) : : "memory"); } while (0)
#define COPY(at, a) __builtin_memcpy(x->after + at, (const void *)&a, sizeof a)
#define WIDE(w, a) unsigned long w = 0xdbdbdbdbdbdbdbdb; __builtin_memcpy(&w, (const void *)&a, sizeof a)
)";

// Aligned typedefs may have a place of their own on the stack.
bool is_widened_here(const Type& type, std::uint64_t number) {
  return passes_garbage(number) && is_widened(type) && type.size < 8 && type.align <= 8;
}

// The type of the function that the caller believes in.
std::string function_type(const Signature& signature, std::uint64_t number) {
  const bool variadic = signature.style == Style::Variadic;
  const std::size_t named = variadic ? signature.fixed : signature.arguments.size();
  std::string list;
  for (std::size_t i = 0; i < named && signature.style != Style::Unprototyped; ++i) {
    list += i == 0 ? "" : ", ";
    list += is_widened_here(*signature.arguments[i], number) ? "unsigned long" : fmt::format("t{}_{}", number, i);
  }
  if (variadic) list += ", ...";
  if (list.empty() && signature.style != Style::Unprototyped) list = "void";
  return fmt::format("typedef t{0}_r f{0}({1}){2};\n", number, list,
                     signature.convention == abi::Convention::Microsoft ? " __attribute__((ms_abi))" : "");
}

}  // namespace

std::string caller_preamble() {
  return std::string(kPreamble);
}

bool passes_garbage(std::uint64_t number) {
  return number % 2 == 1;
}

std::string caller_name(std::uint64_t number) {
  return fmt::format("caller_{}", number);
}

std::string caller(const Signature& signature, std::uint64_t number) {
  std::string text = definitions(signature, fmt::format("t{}_", number)) + function_type(signature, number);
  text += fmt::format("void {}(void) {{\n  struct exchange *x = pinion_exchange;\n", caller_name(number));
  const std::vector<std::size_t> offsets = seen_offsets(signature);
  std::string list;
  std::string after;
  for (std::size_t i = 0; i < signature.arguments.size(); ++i) {
    const Type& type = *signature.arguments[i];
    const bool wide = is_widened_here(type, number);
    text += fmt::format("  t{0}_{1} a{1}; _Static_assert(sizeof a{1} == {2}, \"\"); TAKE({3}, a{1}); KEEP(a{1});",
                        number, i, type.size, offsets[i]);
    text += wide ? fmt::format(" WIDE(w{0}, a{0});\n", i) : "\n";
    list += fmt::format("{}{}{}", i == 0 ? "" : ", ", wide ? 'w' : 'a', i);
    after += fmt::format("  KEEP(a{0}); COPY({1}, a{0});\n", i, offsets[i]);
  }
  const std::string call = fmt::format("((f{} *)x->target)({})", number, list);
  if (ctype::resolve(*signature.result).kind == Kind::Void) {
    text += fmt::format("  {};\n", call);
  } else {
    text += fmt::format(
        "  t{}_r result = {}; _Static_assert(sizeof result == {}, \"\");\n"
        "  __builtin_memcpy(x->result, (const void *)&result, sizeof result);\n",
        number, call, signature.result->size);
  }
  return text + after + "}\n";
}

}  // namespace pinion::differential
