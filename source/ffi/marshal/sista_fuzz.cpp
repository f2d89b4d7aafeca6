// libFuzzer: no bytes crash the decoder or the verifier, and what the verifier accepts is safe to run.
//
// The first byte chooses a call layout, the second the header; the rest is Sista code.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "ffi/ctype/parser.hpp"
#include "ffi/marshal/compiler.hpp"
#include "ffi/marshal/execute.hpp"
#include "ffi/marshal/sista.hpp"
#include "ffi/marshal/test_callee.hpp"
#include "ffi/marshal/verifier.hpp"

using namespace pinion;
using namespace pinion::marshal;

namespace {

// Every slot holds the address of plenty, whatever the mode.
alignas(64) std::byte plenty[1 << 16];

struct AnyTags {
  template <class T>
  static bool untag(CallState&, Literal, std::uint64_t slot, detail::ScalarOf<T>& value) {
    value = detail::read<T>(reinterpret_cast<const std::byte*>(slot));
    return true;
  }
  template <class T>
  static bool tag(CallState&, Literal, detail::ScalarOf<T>, std::uint64_t& object) {
    object = 0;
    return true;
  }
};

// Writes nothing: the size of the storage is not known here.
struct AnyHost final : Host {
  bool coerce(CallState&, Literal, std::uint64_t, std::byte* storage) const override {
    *storage = std::byte{1};
    return true;
  }
  bool box(CallState&, Literal, const std::byte*, std::uint64_t* result) const override {
    *result = 0;
    return true;
  }
};

std::vector<std::shared_ptr<const abi::CallLayout>> make_layouts() {
  static constexpr const char* kDeclarations[] = {
      "void f(void);",
      "long f(signed char, _Bool, unsigned short, int, float, double, long, char, short, unsigned);",
      "struct s { char c[13]; }; struct s f(struct s, struct s, struct s, struct s);",
      "struct s { char c[3]; }; struct t { double d; char c[6]; }; struct t f(struct s, struct t);",
      "struct s { long a, b, c; }; struct s f(struct s, int, struct s);",
      "_Complex long double f(long double, _Complex float);",
      "int f();"};
  std::vector<std::shared_ptr<const abi::CallLayout>> layouts;
  for (const char* text : kDeclarations) {
    for (const auto convention : {abi::Convention::SysV, abi::Convention::Microsoft}) {
      ctype::TypeTable types{ctype::DataModel::Lp64};
      ctype::Declarations declarations;
      if (!ctype::parse_into(types, text, declarations)) std::abort();
      auto layout = abi::lay_out_call(*declarations.last_function()->type, convention, {});
      if (!layout) std::abort();
      layouts.push_back(std::make_shared<const abi::CallLayout>(*std::move(layout)));
    }
  }
  return layouts;
}

void run(const Code& code) {
  const std::vector<std::uint64_t> slots(code.layout->arguments.size() + 1, reinterpret_cast<std::uint64_t>(plenty));
  std::vector<std::uint64_t> result(code.layout->result.size / 8 + 2);
  auto& state = testing::pinion_test_callee;
  state.layout = code.layout.get();
  state.x87_results = code.layout->x87_results;
  state.hidden_result.assign(code.layout->result.size, 'r');
  state.hook = testing::note_arguments;
  const AnyHost host;
  const Callable callable{execute<AnyTags>, testing::callee_address(), &code, &host};
  CallState call_state;
  state.calls = 0;
  const Outcome outcome = callable.invoke(&callable, result.data(), slots.data(), &call_state);
  if (outcome != 0 || state.calls != 1) {
    std::fprintf(stderr, "outcome %u, %d calls of\n%s", outcome, state.calls, to_string(code).c_str());
    std::abort();
  }
}

}  // namespace

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t*, std::size_t, std::size_t);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto layouts = make_layouts();
  if (size < 2) return 0;
  auto instructions = from_sista({data + 2, size - 2});
  if (!instructions) return 0;
  if (*from_sista(to_sista(*instructions)) != *instructions) std::abort();
  Code code;
  code.layout = layouts[data[0] % layouts.size()];
  code.instructions = *std::move(instructions);
  code.literals.resize(2);
  code.stack_size = static_cast<std::uint32_t>(code.layout->stack_size);
  code.frame_size = 16U * (data[1] & 0x1F);
  code.alignment = 16U << (data[1] >> 6);
  code.variant = needed_variant(code);
  code.uses_errno = captures_errno(code);
  code.can_fail = may_fail(code);
  if (to_string(code).empty() && !code.instructions.empty()) std::abort();
  if (verify(code)) run(code);
  return 0;
}

// Random bytes seldom pass: one input in four is compiled code with one byte changed.
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t most, unsigned seed) {
  static const auto layouts = make_layouts();
  if (seed % 4 != 0) return LLVMFuzzerMutate(data, size, most);
  const std::size_t which = seed / 4 % layouts.size();
  const Plan plan = seed % 8 == 0 ? plan_for_words(*layouts[which], seed % 16 == 0)
                                  : plan_for_addresses(*layouts[which], seed % 16 == 4);
  const auto code = compile(layouts[which], plan);
  if (!code) std::abort();
  const auto bytes = to_sista(code->instructions);
  if (bytes.size() + 2 > most) return LLVMFuzzerMutate(data, size, most);
  data[0] = static_cast<std::uint8_t>(which);
  data[1] = static_cast<std::uint8_t>(code->frame_size / 16);
  std::copy(bytes.begin(), bytes.end(), data + 2);
  if (seed % 3 != 0) data[2 + seed / 64 % bytes.size()] = static_cast<std::uint8_t>(seed >> 24);
  return bytes.size() + 2;
}
