// Code with one field of one instruction changed at random: the verifier refuses it, or a call does the same as before.
//
// "The same" is what the layout promises the callee (every piece as it arrives, what references lead to, al), the bytes
// of the result, errno, and the outcome. Slots hold what the code's own modes say, as between any host and its plan: so
// Slot may become Through for an argument that is read once. Literals mean nothing to the host here.
#include <gtest/gtest.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <map>
#include <random>

#include "ffi/marshal/execute.hpp"
#include "ffi/marshal/test_callee.hpp"
#include "ffi/marshal/test_support.hpp"
#include "ffi/marshal/verifier.hpp"

namespace pinion::marshal {
namespace {

using testing::compiled;
using testing::Convention;

// The object is the address of a value.
struct AddressTags {
  template <class T>
  static bool untag(CallState&, Literal, std::uint64_t slot, detail::ScalarOf<T>& value) {
    value = detail::read<T>(reinterpret_cast<const std::byte*>(slot));
    return true;
  }
  template <class T>
  static bool tag(CallState&, Literal, detail::ScalarOf<T> value, std::uint64_t& object) {
    object = 0;
    if constexpr (sizeof value <= 8) std::memcpy(&object, &value, sizeof value);
    return sizeof value <= 8;
  }
};

struct AddressHost final : Host {
  std::map<std::uint64_t, std::size_t> sizes;  // by object
  std::size_t result_size = 0;
  mutable std::string boxed;
  bool coerce(CallState&, Literal, std::uint64_t slot, std::byte* storage) const override {
    std::memcpy(storage, reinterpret_cast<const void*>(slot), sizes.at(slot));
    return true;
  }
  bool box(CallState&, Literal, const std::byte* storage, std::uint64_t* result) const override {
    boxed.assign(reinterpret_cast<const char*>(storage), result_size);
    *result = 0;
    return true;
  }
};

// What a call did.
struct Effect {
  Outcome outcome = 0;
  int error_number = 0;
  std::vector<std::string> seen;
  std::string result;
  bool operator==(const Effect&) const = default;
};

// How the slot of `argument` is read; arguments that nothing reads hold an address.
Source read_as(const Code& code, std::uint8_t argument) {
  for (const Instruction& i : code.instructions) {
    if (i.op == opcode(Step::Coerce) && i.argument == argument) return Source::Tagged;
    if (is_take(i.op) && i.argument == argument && source_of(i.op) != Source::Frame) return source_of(i.op);
  }
  return Source::Through;
}

std::string pattern(std::size_t size, unsigned seed) {
  std::string bytes(size, '\0');
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(0x80 + 37 * i + 11 * seed);
  return bytes;
}

// Which bytes of the result are some piece's: the rest is padding.
std::string without_padding(const abi::CallLayout& layout, std::string bytes) {
  if (layout.result.passing != abi::Passing::Direct) return bytes;
  std::string kept;
  for (const abi::Piece& piece : layout.pieces_of(layout.result)) kept += bytes.substr(piece.offset, piece.size);
  return kept;
}

Effect effect_of(const Code& code) {
  const abi::CallLayout& layout = *code.layout;
  AddressHost host;
  host.result_size = layout.result.size;
  std::vector<std::string> values;
  for (std::size_t i = 0; i < layout.arguments.size(); ++i) {
    values.push_back(pattern(layout.arguments[i].size, static_cast<unsigned>(i)));
  }
  std::vector<std::uint64_t> slots;
  for (std::size_t i = 0; i < values.size(); ++i) {
    auto slot = reinterpret_cast<std::uint64_t>(values[i].data());
    host.sizes[slot] = values[i].size();
    if (read_as(code, static_cast<std::uint8_t>(i)) == Source::Slot) {
      slot = 0xEEEEEEEEEEEEEEEE;
      std::memcpy(&slot, values[i].data(), values[i].size());
    }
    slots.push_back(slot);
  }
  slots.push_back(0);

  auto& state = testing::pinion_test_callee;
  state = {};
  state.layout = &layout;
  state.x87_results = layout.x87_results;
  state.hidden_result = pattern(layout.result.size, 99);
  state.hook = [](testing::CalleeState& s) {
    testing::note_arguments(s);
    s.seen.push_back(std::to_string(errno));
    errno = 77;
  };
  std::memcpy(&state.rax, pattern(16, 50).data(), 16);
  std::memcpy(&state.xmm, pattern(64, 51).data(), 64);
  for (auto& st : state.st) std::memcpy(st, "\1\2\3\4\5\6\7\x88\x55\x40", 10);
  state.st[1][0] = 9;

  std::vector<std::uint64_t> result(layout.result.size / 8 + 2, 0x5C5C5C5C5C5C5C5C);
  const Callable callable{execute<AddressTags>, testing::callee_address(), &code, &host};
  CallState call_state{.error_number = 55, .host = nullptr};
  errno = code.uses_errno ? 11 : 55;
  Effect effect;
  effect.outcome = callable.invoke(&callable, result.data(), slots.data(), &call_state);
  effect.error_number = code.uses_errno ? call_state.error_number : 0;
  effect.seen = state.seen;
  const std::string buffer(reinterpret_cast<const char*>(result.data()), layout.result.size);
  effect.result = without_padding(layout, host.boxed.empty() ? buffer : host.boxed);
  return effect;
}

Plan tagged_plan(const abi::CallLayout& layout) {
  Plan plan;
  for (const abi::Value& value : layout.arguments) {
    plan.arguments.push_back({value.size <= 8 && value.count == 1 && value.passing == abi::Passing::Direct &&
                                      layout.pieces_of(value)[0].size == value.size &&
                                      (value.size == 1 || value.size % 2 == 0) && value.size != 6
                                  ? Source::Tagged
                                  : Source::Frame,
                              {}});
  }
  plan.result = Destination::Frame;
  plan.capture_errno = true;
  return plan;
}

std::vector<Code> programs() {
  static constexpr const char* kDeclarations[] = {
      "long f(signed char, unsigned char, short, unsigned short, int, unsigned, long, _Bool, signed char, short);",
      "_Bool f(_Bool, float, double, float, void *);",
      "signed char f(void);",
      "struct s { char c[13]; }; struct s f(struct s, struct s, struct s, struct s);",
      "struct s { char c[3]; }; struct t { char c[7]; }; struct s f(struct s, struct t, double);",
      "struct s { float x, y, z; }; struct s f(struct s, int);",
      "struct s { double d; int i; }; struct s f(struct s, long double);",
      "struct s { long a, b, c; }; struct s f(struct s, int, struct s);",
      "long double f(long double, int);",
      "_Complex long double f(_Complex double);",
      "__int128 f(int, __int128);",
      "typedef float v __attribute__((vector_size(16))); v f(v, v, int);"};
  std::vector<std::shared_ptr<const abi::CallLayout>> layouts;
  for (const char* text : kDeclarations) {
    for (const Convention convention : {Convention::SysV, Convention::Microsoft}) {
      layouts.push_back(testing::layout_of(text, convention));
    }
  }
  for (const Convention convention : {Convention::SysV, Convention::Microsoft}) {
    layouts.push_back(std::make_shared<const abi::CallLayout>(
        abi::testing::variadic_layout("int f(const char *, ...);", "void g(int, double, long double);", convention)));
  }
  std::vector<Code> codes;
  for (const auto& layout : layouts) {
    for (const bool errno_too : {false, true}) {
      codes.push_back(compiled(layout, plan_for_addresses(*layout, errno_too)));
      codes.push_back(compiled(layout, plan_for_words(*layout, errno_too)));
    }
    codes.push_back(compiled(layout, tagged_plan(*layout)));
  }
  return codes;
}

void mutate(Code& code, std::mt19937_64& random) {
  Instruction& i = code.instructions[random() % code.instructions.size()];
  const auto number = [&]() -> std::uint32_t {
    switch (random() % 4) {
      case 0: return static_cast<std::uint32_t>(random() % 8);
      case 1: return static_cast<std::uint32_t>(8 * (random() % 16));
      case 2: return 1U << (random() % 32);
      default: return static_cast<std::uint32_t>(random());
    }
  };
  switch (random() % 8) {
    case 0: i.op = static_cast<Opcode>(random() % kOpcodes); return;
    case 1: i.op = static_cast<Opcode>(i.op / kModes * kModes + random() % kModes); return;   // another mode
    case 2: i.op = static_cast<Opcode>(i.op + kModes * (random() % 9) - 4 * kModes); return;  // another row
    case 3: i.argument = static_cast<std::uint8_t>(number()); return;
    case 4: i.offset = static_cast<std::uint8_t>(number()); return;
    case 5: i.extent = number(); return;
    case 6: i.frame = number(); return;
    default: i.place = number(); return;
  }
}

std::uint64_t environment_number(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text != nullptr ? std::strtoull(text, nullptr, 0) : otherwise;
}

TEST(Mutations, AreRefusedOrChangeNothing) {
  const std::uint64_t seed = environment_number("PINION_TEST_SEED", 1);
  const std::uint64_t count = environment_number("PINION_TEST_COUNT", 40000);
  SCOPED_TRACE("PINION_TEST_SEED=" + std::to_string(seed));
  std::mt19937_64 random(seed);
  const std::vector<Code> codes = programs();
  std::vector<Effect> effects;
  for (const Code& code : codes) effects.push_back(effect_of(code));

  std::uint64_t refused = 0, same = 0;
  for (std::uint64_t n = 0; n < count; ++n) {
    const std::size_t which = random() % codes.size();
    Code code = codes[which];
    mutate(code, random);
    if (code == codes[which]) continue;
    for (const Instruction& i : code.instructions) {
      if (i.op >= kOpcodes) {
        EXPECT_FALSE(verify(code).ok());
      }
    }
    if (std::all_of(code.instructions.begin(), code.instructions.end(), [](auto& i) { return i.op < kOpcodes; })) {
      // The header follows the instructions, as that of a decoder would.
      code.variant = needed_variant(code);
      code.uses_errno = captures_errno(code);
      code.can_fail = may_fail(code);
    }
    if (!verify(code).ok()) {
      ++refused;
      continue;
    }
    ++same;
    EXPECT_EQ(effect_of(code), effects[which]) << "case " << n << "\n"
                                               << to_string(codes[which]) << "became\n"
                                               << to_string(code);
    if (HasFailure()) return;
  }
  EXPECT_GT(refused, count / 2);
  EXPECT_GT(same, count / 1000) << "some mutations must pass, or the second half of this test is idle";
}

}  // namespace
}  // namespace pinion::marshal
