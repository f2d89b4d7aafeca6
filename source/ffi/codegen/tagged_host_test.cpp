// A host of tagged objects, as a virtual machine would be: both executors convert, check, box and fail alike.
//
// An object is a 64-bit word whose low three bits are its tag.
#include <asmjit/x86.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <deque>
#include <limits>
#include <random>

#include "ffi/codegen/machine_code.hpp"
#include "ffi/marshal/execute.hpp"
#include "ffi/marshal/test_callee.hpp"
#include "ffi/marshal/test_support.hpp"

namespace pinion::codegen {
namespace {

using marshal::Code;
using marshal::Destination;
using marshal::Literal;
using marshal::Outcome;
using marshal::Plan;
using marshal::Source;
using marshal::testing::Convention;

// -- objects

using Object = std::uint64_t;
enum Tag : std::uint64_t { Nil, Integer, Float64, String, Record, Boolean, Float32 };

constexpr Object kNil = 0;

Object tagged(std::int64_t value, Tag tag) {
  return static_cast<Object>(value) << 3 | tag;
}
Tag tag_of(Object object) {
  return static_cast<Tag>(object & 7);
}
std::int64_t untagged(Object object) {
  return static_cast<std::int64_t>(object) >> 3;
}
Object integer(std::int64_t value) {
  return tagged(value, Integer);
}
Object boolean(bool value) {
  return tagged(value, Boolean);
}

// Objects that are no immediates. Each is 8-aligned, so that its address has room for the tag.
struct Heap {
  struct alignas(8) Cell {
    double number = 0;
    std::string bytes;
  };
  std::deque<Cell> cells;
  bool full = false;

  Object add(Tag tag, double number, std::string bytes) {
    Cell& cell = cells.emplace_back(Cell{number, std::move(bytes)});
    return reinterpret_cast<Object>(&cell) | tag;
  }
  Object number(double value) { return add(Float64, value, {}); }
  Object string(std::string text) { return add(String, 0, std::move(text)); }
  Object record(const void* bytes, std::size_t size) {
    return add(Record, 0, std::string(static_cast<const char*>(bytes), size));
  }
};
static_assert(offsetof(Heap::Cell, number) == 0, "the emitter reads it there");

const Heap::Cell& cell_of(Object object) {
  return *reinterpret_cast<const Heap::Cell*>(object & ~Object{7});
}

std::string describe(Object object) {
  switch (tag_of(object)) {
    case Nil: return "nil";
    case Integer: return fmt::format("{}", untagged(object));
    case Float64: return fmt::format("{} (float64)", cell_of(object).number);
    case String: return "'" + cell_of(object).bytes + "'";
    case Record: return fmt::format("record {:02x}", fmt::join(cell_of(object).bytes, " "));
    case Boolean: return untagged(object) != 0 ? "true" : "false";
    case Float32: {
      const auto bits = static_cast<std::uint32_t>(untagged(object));
      float value;
      std::memcpy(&value, &bits, sizeof value);
      return fmt::format("{} (float32)", value);
    }
  }
  return "no object";
}

// -- conversions: what a literal's word says

enum class Kind : std::uint8_t { Void, I8, U8, I16, U16, I32, U32, I64, U64, Bool, Float, Double, Text, Struct };

// A struct's literal has its size above the kind.
Literal literal_of(Kind kind, std::uint64_t size = 0) {
  return {static_cast<std::uint64_t>(kind) | size << 8};
}
Kind kind_of(Literal literal) {
  return static_cast<Kind>(literal.word & 0xFF);
}
bool is_integer(Kind kind) {
  return kind >= Kind::I8 && kind <= Kind::U64;
}
bool is_signed(Kind kind) {
  return kind == Kind::I8 || kind == Kind::I16 || kind == Kind::I32 || kind == Kind::I64;
}
int bits_of(Kind kind) {
  return 8 << ((static_cast<int>(kind) - static_cast<int>(Kind::I8)) / 2);
}

// An integer object as a C integer of the kind.
bool fits(Kind kind, Object object) {
  if (tag_of(object) != Integer) return false;
  const std::int64_t value = untagged(object);
  const int bits = bits_of(kind);
  if (!is_signed(kind)) return value >= 0 && (bits == 64 || (value >> bits) == 0);
  return bits == 64 || (value >> (bits - 1)) == 0 || (value >> (bits - 1)) == -1;
}

// The C value, as its bytes in the low end of a word.
bool scalar_of(Kind kind, Object object, std::uint64_t& word) {
  word = 0;
  if (is_integer(kind)) {
    word = static_cast<std::uint64_t>(untagged(object));
    return fits(kind, object);
  }
  if (kind == Kind::Bool) {
    word = static_cast<std::uint64_t>(untagged(object));
    return tag_of(object) == Boolean;
  }
  if (tag_of(object) != Float64) return false;
  const double number = cell_of(object).number;
  const auto narrow = static_cast<float>(number);
  kind == Kind::Double ? std::memcpy(&word, &number, sizeof number) : std::memcpy(&word, &narrow, sizeof narrow);
  return true;
}

bool object_of(Kind kind, std::uint64_t word, Object& object) {
  if (kind == Kind::Bool) return object = boolean(word != 0), true;
  if (kind == Kind::Float) return object = tagged(static_cast<std::int64_t>(word), Float32), true;
  if (!is_integer(kind)) return false;
  object = integer(static_cast<std::int64_t>(word));
  const bool too_large = kind == Kind::U64 && static_cast<std::int64_t>(word) < 0;
  return !too_large && untagged(object) == static_cast<std::int64_t>(word);
}

// The interpreter's part.
struct ToyTags {
  template <class T>
  static bool untag(marshal::CallState&, Literal literal, std::uint64_t slot, marshal::detail::ScalarOf<T>& value) {
    if constexpr (sizeof value > 8) {
      return false;
    } else {
      std::uint64_t word;
      if (!scalar_of(kind_of(literal), slot, word)) return false;
      std::memcpy(&value, &word, sizeof value);
      return true;
    }
  }
  template <class T>
  static bool tag(marshal::CallState&, Literal literal, marshal::detail::ScalarOf<T> value, std::uint64_t& object) {
    if constexpr (std::is_integral_v<marshal::detail::ScalarOf<T>>) {
      return object_of(kind_of(literal), marshal::detail::widen(value), object);
    } else {
      return false;
    }
  }
};

// Machine code's part: the same checks, inline.
class ToyEmitter final : public TagEmitter {
 public:
  void untag(asmjit::x86::Assembler& as, marshal::Take take, Literal literal, const asmjit::x86::Mem& slot,
             const asmjit::x86::Xmm& vector, const asmjit::Label& failed) const override {
    using namespace asmjit::x86;
    const Kind kind = kind_of(literal);
    const Tag tag = is_integer(kind) ? Integer : kind == Kind::Bool ? Boolean : Float64;
    as.mov(rax, slot);
    as.and_(eax, 7);
    as.cmp(eax, static_cast<int>(tag));
    as.jne(failed);
    as.mov(rax, slot);
    if (tag != Float64) {
      as.sar(rax, 3);
      if (tag == Integer) check_range(as, kind, slot, failed);
      return;
    }
    const bool in_vector = marshal::info(marshal::opcode(take, Source::Tagged)).bank == marshal::Bank::Xmm;
    const Mem number = qword_ptr(rax, -static_cast<int>(Float64));
    if (kind == Kind::Double) {
      in_vector ? as.movsd(vector, number) : as.mov(rax, number);
    } else {
      as.cvtsd2ss(vector, number);
      if (!in_vector) as.movd(eax, vector);
    }
  }

  void tag(asmjit::x86::Assembler& as, marshal::Give, Literal literal, const asmjit::x86::Xmm& vector,
           const asmjit::Label& failed) const override {
    using namespace asmjit::x86;
    const Kind kind = kind_of(literal);
    if (kind == Kind::Float) {
      as.movd(eax, vector);
      as.shl(rax, 3);
      as.or_(rax, static_cast<int>(Float32));
      return;
    }
    if (kind == Kind::U64) {
      as.test(rax, rax);
      as.js(failed);
    }
    as.mov(rcx, rax);
    as.shl(rcx, 3);
    as.mov(rdx, rcx);
    as.sar(rdx, 3);
    as.cmp(rdx, rax);
    as.jne(failed);
    as.lea(rax, ptr(rcx, static_cast<int>(kind == Kind::Bool ? Boolean : Integer)));
  }

 private:
  // The value is in rax and stays there.
  static void check_range(asmjit::x86::Assembler& as, Kind kind, const asmjit::x86::Mem& slot,
                          const asmjit::Label& failed) {
    using namespace asmjit::x86;
    const int bits = bits_of(kind);
    if (is_signed(kind)) {
      if (bits == 64) return;
      const std::int64_t limit = std::int64_t{1} << (bits - 1);
      as.cmp(rax, limit - 1);
      as.jg(failed);
      as.cmp(rax, -limit);
      as.jl(failed);
    } else if (bits == 64) {
      as.test(rax, rax);
      as.js(failed);
    } else {
      as.shr(rax, bits);
      as.jnz(failed);
      as.mov(rax, slot);
      as.sar(rax, 3);
    }
  }
};

// What both executors call out of line.
class ToyHost final : public marshal::Host {
 public:
  bool coerce(marshal::CallState&, Literal literal, std::uint64_t slot, std::byte* storage) const override {
    ++coercions;
    errno = EBADF;  // as a host that works may
    if (kind_of(literal) == Kind::Text) {
      if (slot != kNil && tag_of(slot) != String) return false;
      const char* text = slot == kNil ? nullptr : cell_of(slot).bytes.c_str();
      std::memcpy(storage, &text, sizeof text);
      return true;
    }
    const std::uint64_t size = literal.word >> 8;
    if (tag_of(slot) != Record || cell_of(slot).bytes.size() != size) return false;
    std::memcpy(storage, cell_of(slot).bytes.data(), size);
    return true;
  }

  bool box(marshal::CallState& state, Literal literal, const std::byte* storage, std::uint64_t* result) const override {
    auto& heap = *static_cast<Heap*>(state.host);
    errno = EBADF;
    if (heap.full) return false;
    double number = 0;
    switch (kind_of(literal)) {
      case Kind::Void: *result = kNil; return true;
      case Kind::Double:
        std::memcpy(&number, storage, sizeof number);
        *result = heap.number(number);
        return true;
      default: *result = heap.record(storage, literal.word >> 8); return true;
    }
  }

  mutable int coercions = 0;
};

// -- calls

struct Answer {
  Outcome outcome = 0;
  std::string result;
  int error_number = 0;
  bool operator==(const Answer&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Answer& answer) {
  return out << "outcome " << answer.outcome << ", " << answer.result << ", errno " << answer.error_number;
}

constexpr Object kUntouched = 0x0BAD0BAD0BAD0BA8;

// One declaration, for both executors.
class Function {
 public:
  Function(const char* declarations, std::vector<Literal> arguments, Literal result,
           Convention convention = Convention::SysV, bool errno_too = false) {
    const auto layout = marshal::testing::layout_of(declarations, convention);
    Plan plan;
    for (const Literal literal : arguments) {
      const bool frame = kind_of(literal) == Kind::Text || kind_of(literal) == Kind::Struct;
      plan.arguments.push_back({frame ? Source::Frame : Source::Tagged, literal});
    }
    const Kind kind = kind_of(result);
    const bool immediate = is_integer(kind) || kind == Kind::Bool || kind == Kind::Float;
    plan.result = immediate ? Destination::Tagged : Destination::Frame;
    plan.result_literal = result;
    plan.capture_errno = errno_too;
    code = marshal::testing::compiled(layout, plan);
    auto assembled = assemble(arena, code, &emitter);
    if (!assembled) ADD_FAILURE() << assembled.error().message;
    if (assembled) machine = *std::move(assembled);
  }

  // What both executors answer, which must be the same.
  Answer call(const void* target, std::vector<Object> slots) {
    slots.push_back(0);  // never an empty array
    const Answer interpreted = call_by(marshal::execute<ToyTags>, target, slots);
    const Answer by_machine = call_by(machine.invoke(), target, slots);
    EXPECT_EQ(interpreted, by_machine);
    return interpreted;
  }

  Outcome failing(int argument) const {
    return 1 + index([&](const marshal::Instruction& i) {
             return (marshal::is_take(i.op) || i.op == marshal::opcode(marshal::Step::Coerce)) &&
                    i.argument == argument;
           });
  }
  Outcome failing_result() const {
    return 1 + index([](const marshal::Instruction& i) {
             return marshal::is_give(i.op) || i.op == marshal::opcode(marshal::Step::Box);
           });
  }

  Code code;
  marshal::Invoke machine_invoke() const { return machine.invoke(); }
  Heap heap;
  ToyHost host;

 private:
  template <class Test>
  Outcome index(Test test) const {
    const auto found = std::find_if(code.instructions.begin(), code.instructions.end(), test);
    EXPECT_NE(found, code.instructions.end());
    return static_cast<Outcome>(found - code.instructions.begin());
  }

  Answer call_by(marshal::Invoke invoke, const void* target, const std::vector<Object>& slots) {
    const marshal::Callable callable{invoke, target, &code, &host};
    marshal::CallState state{.error_number = 0, .host = &heap};
    Object result = kUntouched;
    const Outcome outcome = invoke(&callable, &result, slots.data(), &state);
    return {outcome, result == kUntouched ? "untouched" : describe(result), state.error_number};
  }

  CodeArena arena;
  ToyEmitter emitter;
  MachineCode machine;
};

template <class F>
const void* address(F* function) {
  return reinterpret_cast<const void*>(function);
}

int calls = 0;  // of the functions below

// -- integers

long weigh(signed char a, unsigned char b, short c, unsigned short d, int e, unsigned f) {
  ++calls;
  return a + 3L * b + 5L * c + 7L * d + 11L * e + 13L * f;
}
long weigh_more(long, long, long, long, long, long, signed char a, unsigned char b, short c, unsigned short d, int e,
                unsigned f) {
  ++calls;
  return a + 3L * b + 5L * c + 7L * d + 11L * e + 13L * f;
}

const std::vector<Kind> kNarrow = {Kind::I8, Kind::U8, Kind::I16, Kind::U16, Kind::I32, Kind::U32};
constexpr std::int64_t kLeast[] = {-128, 0, -32768, 0, -2147483648LL, 0};
constexpr std::int64_t kMost[] = {127, 255, 32767, 65535, 2147483647, 4294967295};

class Narrow : public testing::TestWithParam<bool> {};

TEST_P(Narrow, IntegersAreCheckedAgainstTheirRange) {
  const bool on_stack = GetParam();
  std::vector<Literal> literals(on_stack ? 6 : 0, literal_of(Kind::I64));
  for (const Kind kind : kNarrow) literals.push_back(literal_of(kind));
  Function f(on_stack
                 ? "long f(long,long,long,long,long,long,signed char,unsigned char,short,unsigned short,int,unsigned);"
                 : "long f(signed char,unsigned char,short,unsigned short,int,unsigned);",
             literals, literal_of(Kind::I64));
  const void* target = on_stack ? address(weigh_more) : address(weigh);
  const int first = on_stack ? 6 : 0;
  std::vector<Object> zeros(literals.size(), integer(0));
  constexpr std::int64_t kWeights[] = {1, 3, 5, 7, 11, 13};
  for (int i = 0; i < 6; ++i) {
    const auto with = [&](Object object) {
      std::vector<Object> slots = zeros;
      slots[static_cast<std::size_t>(first + i)] = object;
      return slots;
    };
    for (const std::int64_t value : {kLeast[i], kMost[i], std::int64_t{1}}) {
      EXPECT_EQ(f.call(target, with(integer(value))), (Answer{0, std::to_string(kWeights[i] * value)}));
    }
    calls = 0;
    const Answer failure{f.failing(first + i), "untouched"};
    for (const Object wrong : {integer(kLeast[i] - 1), integer(kMost[i] + 1), integer(std::int64_t{1} << 59), kNil,
                               integer(-(std::int64_t{1} << 60)), boolean(true), f.heap.number(1)}) {
      EXPECT_EQ(f.call(target, with(wrong)), failure) << describe(wrong);
    }
    EXPECT_EQ(calls, 0) << "nothing is called when a check fails";
  }
}
INSTANTIATE_TEST_SUITE_P(TaggedHost, Narrow, testing::Bool());

std::int64_t same64(std::int64_t x) {
  ++calls;
  return x;
}
std::int64_t give_large() {
  ++calls;
  return std::int64_t{1} << 60;
}
std::uint64_t give_huge() {
  ++calls;
  return UINT64_MAX;
}

TEST(TaggedHost, WordsAreOfEitherSign) {
  Function f("long f(long);", {literal_of(Kind::I64)}, literal_of(Kind::I64));
  for (const std::int64_t value :
       {std::int64_t{0}, std::int64_t{-1}, (std::int64_t{1} << 60) - 1, -(std::int64_t{1} << 60)}) {
    EXPECT_EQ(f.call(address(same64), {integer(value)}), (Answer{0, std::to_string(value)}));
  }
  Function u("unsigned long f(unsigned long);", {literal_of(Kind::U64)}, literal_of(Kind::U64));
  EXPECT_EQ(u.call(address(same64), {integer(5)}), (Answer{0, "5"}));
  EXPECT_EQ(u.call(address(same64), {integer(-1)}), (Answer{u.failing(0), "untouched"}));
}

TEST(TaggedHost, ResultsThatDoNotFitFailAfterTheCall) {
  calls = 0;
  Function f("long f(void);", {}, literal_of(Kind::I64));
  EXPECT_EQ(f.call(address(give_large), {}), (Answer{f.failing_result(), "untouched"}));
  Function u("unsigned long f(void);", {}, literal_of(Kind::U64));
  EXPECT_EQ(u.call(address(give_huge), {}), (Answer{u.failing_result(), "untouched"}));
  EXPECT_EQ(calls, 4) << "two calls by two executors";
}

// Results whose registers hold more than their type.
std::uint64_t dirty() {
  return 0xA5A5A5A5A5A5A580;
}

TEST(TaggedHost, NarrowResultsAreExtendedFirst) {
  const auto result = [](const char* declaration, Kind kind) {
    return Function(declaration, {}, literal_of(kind)).call(address(dirty), {}).result;
  };
  EXPECT_EQ(result("signed char f(void);", Kind::I8), "-128");
  EXPECT_EQ(result("unsigned char f(void);", Kind::U8), "128");
  EXPECT_EQ(result("short f(void);", Kind::I16), "-23168");
  EXPECT_EQ(result("unsigned short f(void);", Kind::U16), "42368");
  EXPECT_EQ(result("int f(void);", Kind::I32), "-1515870848");
  EXPECT_EQ(result("unsigned f(void);", Kind::U32), "2779096448");
  EXPECT_EQ(result("_Bool f(void);", Kind::Bool), "true");
  EXPECT_EQ(result("struct s { char c[3]; }; struct s f(void);", Kind::U32), "10855808");
  EXPECT_EQ(result("struct s { char c[7]; }; struct s f(void);", Kind::I64), std::to_string(0xA5A5A5A5A5A580));
}

bool negate(bool b) {
  return !b;
}

TEST(TaggedHost, Booleans) {
  Function f("_Bool f(_Bool);", {literal_of(Kind::Bool)}, literal_of(Kind::Bool));
  EXPECT_EQ(f.call(address(negate), {boolean(true)}), (Answer{0, "false"}));
  EXPECT_EQ(f.call(address(negate), {boolean(false)}), (Answer{0, "true"}));
  EXPECT_EQ(f.call(address(negate), {integer(1)}), (Answer{f.failing(0), "untouched"}));
}

// -- floating point: a double on the stack is in the same kind of slot as an integer

double scale(double a, double b, double c, double d, double e, double g, double h, double i, double j, float k,
             long l) {
  return a + 2 * b + 3 * c + 4 * d + 5 * e + 6 * g + 7 * h + 8 * i + 9 * j + 10 * static_cast<double>(k) +
         static_cast<double>(l);
}
float half(float x) {
  return x / 2;
}

TEST(TaggedHost, DoublesInRegistersAndOnTheStack) {
  std::vector<Literal> literals(9, literal_of(Kind::Double));
  literals.push_back(literal_of(Kind::Float));
  literals.push_back(literal_of(Kind::I64));
  Function f("double f(double,double,double,double,double,double,double,double,double,float,long);", literals,
             literal_of(Kind::Double));
  std::vector<Object> slots;
  for (int i = 0; i < 10; ++i) slots.push_back(f.heap.number(i + 0.5));
  slots.push_back(integer(1000));
  const double expected = scale(0.5, 1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5, 8.5, 9.5F, 1000);
  EXPECT_EQ(f.call(address(scale), slots), (Answer{0, fmt::format("{} (float64)", expected)}));
  for (const std::size_t wrong : {0U, 8U, 9U}) {
    std::vector<Object> with = slots;
    with[wrong] = integer(1);
    EXPECT_EQ(f.call(address(scale), with), (Answer{f.failing(static_cast<int>(wrong)), "untouched"}));
  }
}

TEST(TaggedHost, FloatsAreImmediateResults) {
  Function f("float f(float);", {literal_of(Kind::Float)}, literal_of(Kind::Float));
  EXPECT_EQ(f.call(address(half), {f.heap.number(5)}), (Answer{0, "2.5 (float32)"}));
}

// -- coercions and boxes

long length(const char* text, long otherwise) {
  return text != nullptr ? static_cast<long>(std::strlen(text)) : otherwise;
}

TEST(TaggedHost, StringsAreCoercedToPointers) {
  Function f("long f(const char *, long);", {literal_of(Kind::Text), literal_of(Kind::I64)}, literal_of(Kind::I64));
  EXPECT_EQ(f.call(address(length), {f.heap.string("seven c"), integer(0)}), (Answer{0, "7"}));
  EXPECT_EQ(f.call(address(length), {kNil, integer(-3)}), (Answer{0, "-3"}));
  EXPECT_EQ(f.call(address(length), {integer(7), integer(0)}), (Answer{f.failing(0), "untouched"}));
  EXPECT_EQ(f.failing(0), 1U);
  EXPECT_EQ(f.call(address(length), {f.heap.string(""), kNil}), (Answer{f.failing(1), "untouched"}));
}

TEST(TaggedHost, CoercionStopsAtTheFirstFailure) {
  Function f("long f(const char *, const char *, const char *);",
             {literal_of(Kind::Text), literal_of(Kind::Text), literal_of(Kind::Text)}, literal_of(Kind::I64));
  EXPECT_EQ(f.call(address(length), {kNil, integer(1), integer(2)}), (Answer{2, "untouched"}));
  EXPECT_EQ(f.host.coercions, 4) << "two by each executor";
}

struct Pair {
  int a;
  double b;
};
struct Triple {
  long a, b, c;
};
struct Bytes5 {
  unsigned char c[5];
};
Pair turn(Pair p, Triple t) {
  return {p.a + static_cast<int>(t.c), p.b * static_cast<double>(t.a)};
}
Triple rotate(Triple t, int by) {
  return {t.b + by, t.c + by, t.a + by};
}
__attribute__((ms_abi)) Triple rotate_ms(Triple t, int by) {
  return {t.b + by, t.c + by, t.a + by};
}
Bytes5 reverse(Bytes5 v) {
  return {{v.c[4], v.c[3], v.c[2], v.c[1], v.c[0]}};
}

TEST(TaggedHost, StructsAreCoercedAndBoxed) {
  Function f("struct p { int a; double b; }; struct t { long a, b, c; }; struct p f(struct p, struct t);",
             {literal_of(Kind::Struct, sizeof(Pair)), literal_of(Kind::Struct, sizeof(Triple))},
             literal_of(Kind::Struct, sizeof(Pair)));
  Pair p, expected;
  std::memset(&p, 0, sizeof p);
  std::memset(&expected, 0, sizeof expected);
  p.a = 1;
  p.b = 2.5;
  const Triple t = {3, 4, 5};
  const Answer answer = f.call(address(turn), {f.heap.record(&p, sizeof p), f.heap.record(&t, sizeof t)});
  EXPECT_EQ(answer.outcome, 0U);
  // Padding is whatever the callee left in the upper half of rax.
  expected.a = 6;
  expected.b = 7.5;
  EXPECT_EQ(answer.result.substr(0, 18), describe(f.heap.record(&expected, sizeof expected)).substr(0, 18));
  EXPECT_EQ(answer.result.substr(31), describe(f.heap.record(&expected, sizeof expected)).substr(31));
  EXPECT_EQ(f.call(address(turn), {f.heap.record(&p, sizeof p), f.heap.record(&p, sizeof p)}),
            (Answer{2, "untouched"}));
}

TEST(TaggedHost, LargeStructsInBothConventions) {
  const Triple t = {10, 20, 30}, expected = {21, 31, 11};
  for (const Convention convention : {Convention::SysV, Convention::Microsoft}) {
    Function f("struct t { long a, b, c; }; struct t f(struct t, int);",
               {literal_of(Kind::Struct, sizeof t), literal_of(Kind::I32)}, literal_of(Kind::Struct, sizeof t),
               convention);
    const void* target = convention == Convention::SysV ? address(rotate) : address(rotate_ms);
    EXPECT_EQ(f.call(target, {f.heap.record(&t, sizeof t), integer(1)}),
              (Answer{0, describe(f.heap.record(&expected, sizeof expected))}));
    EXPECT_EQ(f.call(target, {f.heap.record(&t, sizeof t), integer(1LL << 40)}), (Answer{f.failing(1), "untouched"}));
    f.heap.full = true;
    EXPECT_EQ(f.call(target, {f.heap.record(&t, sizeof t), integer(1)}), (Answer{f.failing_result(), "untouched"}));
  }
}

TEST(TaggedHost, SmallStructs) {
  Function f("struct s { unsigned char c[5]; }; struct s f(struct s);", {literal_of(Kind::Struct, 5)},
             literal_of(Kind::Struct, 5));
  EXPECT_EQ(f.call(address(reverse), {f.heap.record("\1\2\3\4\5", 5)}), (Answer{0, "record 05 04 03 02 01"}));
}

void nothing() {}

TEST(TaggedHost, VoidIsBoxedAsNil) {
  Function f("void f(void);", {}, literal_of(Kind::Void));
  EXPECT_EQ(f.call(address(nothing), {}), (Answer{0, "nil"}));
}

// The host's own work changes errno; neither the callee nor the caller sees that.
long errno_plus(const char*, long number) {
  const int before = errno;
  errno = static_cast<int>(number);
  return before;
}
Triple errno_and_record(const char*, long number) {
  const Triple result = {errno, 0, 0};
  errno = static_cast<int>(number);
  return result;
}

TEST(TaggedHost, CoercionsAndBoxesLeaveErrnoAlone) {
  Function f("long f(const char *, long);", {literal_of(Kind::Text), literal_of(Kind::I64)}, literal_of(Kind::I64),
             Convention::SysV, true);
  EXPECT_EQ(f.call(address(errno_plus), {kNil, integer(ENOENT)}), (Answer{0, "0", ENOENT}));
  Function g("struct t { long a, b, c; }; struct t f(const char *, long);",
             {literal_of(Kind::Text), literal_of(Kind::I64)}, literal_of(Kind::Struct, sizeof(Triple)),
             Convention::SysV, true);
  const Triple zeros = {};
  EXPECT_EQ(g.call(address(errno_and_record), {kNil, integer(ENOENT)}),
            (Answer{0, describe(g.heap.record(&zeros, sizeof zeros)), ENOENT}));
}

TEST(TaggedHost, MachineCodeWithoutAnEmitterIsRefused) {
  const auto layout = marshal::testing::layout_of("long f(long);");
  const Code code = marshal::testing::compiled(layout, {.arguments = {{Source::Tagged, literal_of(Kind::I64)}}});
  CodeArena arena;
  const auto machine = assemble(arena, code);
  ASSERT_FALSE(machine.ok());
  EXPECT_EQ(machine.error().message,
            "the code takes or makes tagged objects, which needs the host's TagEmitter; there is none");
}

// -- random signatures and objects: everything arrives alike, or fails alike

struct RandomCase {
  std::string declarations = "struct t { long a, b, c; }; struct s { char c[5]; };\n";
  std::vector<Literal> literals;
  std::vector<Object> objects;
};

RandomCase random_case(std::mt19937_64& random, Heap& heap) {
  struct Choice {
    const char* type;
    Literal literal;
  };
  static const Choice kChoices[] = {{"signed char", literal_of(Kind::I8)},
                                    {"unsigned char", literal_of(Kind::U8)},
                                    {"short", literal_of(Kind::I16)},
                                    {"unsigned short", literal_of(Kind::U16)},
                                    {"int", literal_of(Kind::I32)},
                                    {"unsigned", literal_of(Kind::U32)},
                                    {"long long", literal_of(Kind::I64)},
                                    {"unsigned long long", literal_of(Kind::U64)},
                                    {"_Bool", literal_of(Kind::Bool)},
                                    {"float", literal_of(Kind::Float)},
                                    {"double", literal_of(Kind::Double)},
                                    {"const char *", literal_of(Kind::Text)},
                                    {"struct t", literal_of(Kind::Struct, 24)},
                                    {"struct s", literal_of(Kind::Struct, 5)}};
  const auto below = [&](std::uint64_t n) { return random() % n; };
  RandomCase result;
  std::string parameters;
  const std::uint64_t count = 1 + below(16);
  for (std::uint64_t i = 0; i < count; ++i) {
    const Choice& choice = kChoices[below(std::size(kChoices))];
    parameters += (i == 0 ? "" : ", ") + std::string(choice.type);
    result.literals.push_back(choice.literal);
    const Kind kind = kind_of(choice.literal);
    Object object = kNil;
    if (below(40) == 0) {
      object = below(2) == 0 ? kNil : integer(static_cast<std::int64_t>(random()) >> 3);  // most likely wrong
    } else if (is_integer(kind)) {
      const int shift = 64 - std::min(60, bits_of(kind));
      object = integer(is_signed(kind) ? static_cast<std::int64_t>(random()) >> shift
                                       : static_cast<std::int64_t>(random() >> shift));
    } else if (kind == Kind::Bool) {
      object = boolean(below(2) == 1);
    } else if (kind == Kind::Float || kind == Kind::Double) {
      object = heap.number(static_cast<double>(static_cast<std::int64_t>(random())) / 1024);
    } else if (kind == Kind::Text) {
      object = heap.string(std::to_string(random()));
    } else {
      std::string bytes(choice.literal.word >> 8, '\0');
      for (char& c : bytes) c = static_cast<char>(random());
      object = heap.record(bytes.data(), bytes.size());
    }
    result.objects.push_back(object);
  }
  result.declarations += "void f(" + parameters + ");";
  return result;
}

std::uint64_t environment_number(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text != nullptr ? std::strtoull(text, nullptr, 0) : otherwise;
}

TEST(TaggedHost, RandomCallsArriveAlike) {
  const std::uint64_t seed = environment_number("PINION_TEST_SEED", 1);
  const std::uint64_t count = environment_number("PINION_TEST_COUNT", 300);
  SCOPED_TRACE(fmt::format("PINION_TEST_SEED={}", seed));
  std::mt19937_64 random(seed);
  auto& callee = marshal::testing::pinion_test_callee;
  int failed = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    Heap heap;
    const RandomCase test = random_case(random, heap);
    SCOPED_TRACE(test.declarations);
    for (const Convention convention : {Convention::SysV, Convention::Microsoft}) {
      Function f(test.declarations.c_str(), test.literals, literal_of(Kind::Void), convention);
      if (HasFailure()) return;
      std::vector<std::string> seen[2];
      Outcome outcomes[2];
      for (const bool machine : {false, true}) {
        callee = {};
        callee.layout = f.code.layout.get();
        callee.hook = marshal::testing::note_arguments;
        const marshal::Invoke invoke = machine ? f.machine_invoke() : marshal::execute<ToyTags>;
        const marshal::Callable callable{invoke, marshal::testing::callee_address(), &f.code, &f.host};
        marshal::CallState state{.error_number = 0, .host = &heap};
        Object result;
        outcomes[machine] = invoke(&callable, &result, test.objects.data(), &state);
        EXPECT_EQ(callee.calls, outcomes[machine] == 0 ? 1 : 0);
        seen[machine] = callee.seen;
      }
      EXPECT_EQ(outcomes[0], outcomes[1]) << to_string(f.code);
      EXPECT_EQ(seen[0], seen[1]) << to_string(f.code);
      failed += outcomes[0] != 0;
    }
    if (HasFailure()) return;
  }
  EXPECT_GT(failed, 0) << "no case failed a check";
}

}  // namespace
}  // namespace pinion::codegen
