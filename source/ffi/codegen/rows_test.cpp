// Every row of the instruction table in every mode, in every register it may name: machine code and the interpreter
// move the same bytes, those that the row's columns say, and touch none beside them.
#include <asmjit/x86.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>

#include "ffi/codegen/machine_code.hpp"
#include "ffi/marshal/execute.hpp"
#include "ffi/marshal/test_callee.hpp"
#include "ffi/marshal/test_support.hpp"
#include "ffi/marshal/verifier.hpp"

namespace pinion::codegen {
namespace {

using abi::Extension;
using abi::Location;
using abi::Passing;
using marshal::Bank;
using marshal::Code;
using marshal::Destination;
using marshal::Give;
using marshal::Instruction;
using marshal::Source;
using marshal::Step;
using marshal::Take;

// Memory whose end is the end of what may be touched.
class Guarded {
 public:
  Guarded() : page_(static_cast<std::size_t>(getpagesize())) {
    base_ = static_cast<std::byte*>(mmap(nullptr, 2 * page_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    EXPECT_EQ(mprotect(base_, page_, PROT_READ | PROT_WRITE), 0);
  }
  ~Guarded() { munmap(base_, 2 * page_); }
  Guarded(const Guarded&) = delete;
  Guarded& operator=(const Guarded&) = delete;

  std::byte* last(std::size_t size) const { return base_ + page_ - size; }

 private:
  std::size_t page_;
  std::byte* base_;
};

// -- a host whose objects are addresses of values

struct AddressTags {
  template <class T>
  static bool untag(marshal::CallState&, marshal::Literal, std::uint64_t slot, marshal::detail::ScalarOf<T>& value) {
    value = marshal::detail::read<T>(reinterpret_cast<const std::byte*>(slot));
    return true;
  }
  // The object is the value itself.
  template <class T>
  static bool tag(marshal::CallState&, marshal::Literal, marshal::detail::ScalarOf<T> value, std::uint64_t& object) {
    if constexpr (sizeof value > 8) return false;
    object = marshal::detail::widen(value);
    return true;
  }
};

class AddressEmitter final : public TagEmitter {
 public:
  void untag(asmjit::x86::Assembler& as, marshal::Take take, marshal::Literal, const asmjit::x86::Mem& slot,
             const asmjit::x86::Xmm& vector, const asmjit::Label&) const override {
    using namespace asmjit::x86;
    const marshal::InstructionInfo& row = marshal::info(marshal::opcode(take, Source::Tagged));
    as.mov(rax, slot);
    if (row.bank == Bank::Xmm) return load_vector(as, vector, row.size);
    const bool sign = row.extension == Extension::Sign;
    switch (row.size) {
      case 1: sign ? as.movsx(rax, byte_ptr(rax)) : as.movzx(eax, byte_ptr(rax)); break;
      case 2: sign ? as.movsx(rax, word_ptr(rax)) : as.movzx(eax, word_ptr(rax)); break;
      case 4: sign ? as.movsxd(rax, dword_ptr(rax)) : as.mov(eax, dword_ptr(rax)); break;
      case 8: as.mov(rax, qword_ptr(rax)); break;
      default: load_tail(as, vector, row.size);
    }
    if (row.extension == Extension::Bool) {
      as.cmp(eax, 0);
      as.mov(eax, 0);
      as.setne(al);
    }
  }

  void tag(asmjit::x86::Assembler& as, marshal::Give give, marshal::Literal, const asmjit::x86::Xmm& vector,
           const asmjit::Label&) const override {
    using namespace asmjit::x86;
    const marshal::InstructionInfo& row = marshal::info(marshal::opcode(give, Destination::Tagged));
    if (row.bank != Bank::Xmm) return;
    as.movq(rax, vector);
    if (row.size == 8) return;
    as.shl(rax, 64 - 8 * row.size);
    as.shr(rax, 64 - 8 * row.size);
  }

 private:
  static void load_vector(asmjit::x86::Assembler& as, const asmjit::x86::Xmm& vector, int size) {
    using namespace asmjit::x86;
    switch (size) {
      case 4: as.movss(vector, dword_ptr(rax)); return;
      case 8: as.movsd(vector, qword_ptr(rax)); return;
      case 16: as.movups(vector, xmmword_ptr(rax)); return;
      case 32: as.vmovups(vector.ymm(), ymmword_ptr(rax)); return;
      case 2:
        as.movzx(eax, word_ptr(rax));
        as.movd(vector, eax);
        return;
      default: load_tail(as, vector, size); as.movq(vector, rax);
    }
  }
  // Byte by byte (SSE 4.1).
  static void load_tail(asmjit::x86::Assembler& as, const asmjit::x86::Xmm& vector, int size) {
    using namespace asmjit::x86;
    as.pxor(vector, vector);
    for (int i = 0; i < size; ++i) as.pinsrb(vector, byte_ptr(rax, i), i);
    as.movq(rax, vector);
  }
};

// Coerces from an address, boxes into a string.
struct AddressHost final : marshal::Host {
  bool coerce(marshal::CallState&, marshal::Literal literal, std::uint64_t slot, std::byte* storage) const override {
    std::memcpy(storage, reinterpret_cast<const void*>(slot), literal.word);
    return true;
  }
  bool box(marshal::CallState&, marshal::Literal literal, const std::byte* storage,
           std::uint64_t* result) const override {
    boxed.assign(reinterpret_cast<const char*>(storage), literal.word);
    *result = 0;
    return true;
  }
  mutable std::string boxed;
};

// -- both executors

Location::Kind kind_of(Bank bank) {
  switch (bank) {
    case Bank::Gpr: return Location::Kind::Gpr;
    case Bank::Xmm: return Location::Kind::Xmm;
    case Bank::X87: return Location::Kind::X87;
    default: return Location::Kind::Stack;
  }
}

Code finished(abi::CallLayout layout, std::vector<Instruction> instructions, std::uint64_t literal) {
  Code code;
  code.layout = std::make_shared<const abi::CallLayout>(std::move(layout));
  code.stack_size = static_cast<std::uint32_t>(code.layout->stack_size);
  code.frame_size = 160;
  code.instructions = std::move(instructions);
  code.literals = {{literal}};
  code.variant = marshal::needed_variant(code);
  code.can_fail = marshal::may_fail(code);
  return code;
}

// Calls the callee once by each executor; `check` looks at what it saw and at the result.
template <class Prepare, class Check>
void run_both(const Code& code, std::uint64_t slot, void* result, Prepare prepare, Check check) {
  SCOPED_TRACE("\n" + to_string(code));
  const Status proof = marshal::verify(code);
  ASSERT_TRUE(proof.ok()) << proof.error().message;
  CodeArena arena;
  const AddressEmitter emitter;
  const AddressHost host;
  auto machine = assemble(arena, code, &emitter);
  ASSERT_TRUE(machine.ok()) << machine.error().message;
  for (const marshal::Invoke invoke : {marshal::execute<AddressTags>, machine->invoke()}) {
    SCOPED_TRACE(invoke == machine->invoke() ? "machine code" : "interpreter");
    auto& state = marshal::testing::pinion_test_callee;
    state = {};
    state.layout = code.layout.get();
    state.hook = marshal::testing::note_arguments;
    state.ymm = code.layout->uses_ymm;
    state.x87_results = code.layout->x87_results;
    prepare(state);
    const marshal::Callable callable{invoke, marshal::testing::callee_address(), &code, &host};
    marshal::CallState call_state;
    const marshal::Outcome outcome = invoke(&callable, result, &slot, &call_state);
    if (code.can_fail) {
      EXPECT_EQ(outcome, 0U);
    }
    EXPECT_EQ(state.calls, 1);
    check(state, host);
  }
}

std::string extended(std::string bytes, Extension extension) {
  if (extension == Extension::None) return bytes;
  const bool negative = (bytes.back() & 0x80) != 0;
  if (extension == Extension::Bool) bytes = std::string(1, bytes[0] != 0 ? 1 : 0);
  bytes.resize(8, extension == Extension::Sign && negative ? '\xFF' : '\0');
  return bytes;
}

// Values with either sign, and truth values that are not 1.
const std::string kPatterns[] = {
    "\x81\x92\xA3\xB4\xC5\xD6\xE7\xF8\x89\x9A\xAB\xBC\xCD\xDE\xEF\xF1\x82\x93\xA4\xB5\xC6\xD7\xE8\xF9\x8A\x9B\xAC\xBD"
    "\xCE\xDF"
    "\xE1\xF2",
    "\x01\x12\x23\x34\x45\x56\x67\x78\x09\x1A\x2B\x3C\x4D\x5E\x6F\x71\x02\x13\x24\x35\x46\x57\x68\x79\x0A\x1B\x2C\x3D"
    "\x4E\x5F"
    "\x61\x72",
    std::string(32, '\0')};

// -- takes

struct TakeCase {
  Take take;
  Source source;
  std::uint32_t place;
  std::uint32_t size;
  std::uint8_t offset;
};

// The value ends with the piece; a frame copy is passed by reference instead.
void check_take(const TakeCase& test) {
  const marshal::InstructionInfo& row = marshal::info(opcode(test.take, test.source));
  const bool frame_copy = test.take == Take::FrameCopy;
  const std::uint64_t value_size = test.offset + test.size;
  const Extension extension = frame_copy ? Extension::None : row.extension;

  abi::CallLayout layout;
  layout.arguments = {{.passing = frame_copy ? Passing::Reference : Passing::Direct, .count = 1, .size = value_size}};
  layout.pieces = {{.offset = test.offset,
                    .size = frame_copy ? 8 : test.size,
                    .extension = extension,
                    .location = {frame_copy ? Location::Kind::Gpr : kind_of(row.bank), test.place}}};
  layout.stack_size = 128;
  layout.uses_ymm = row.bank == Bank::Xmm && row.size == 32;

  std::vector<Instruction> code;
  Instruction take{.op = opcode(test.take, test.source), .offset = test.offset, .place = test.place};
  if (row.bank == Bank::Memory) take.extent = test.size;
  if (frame_copy) {
    take.frame = 32;
    take.place = 0;
    code = {take, {.op = opcode(Step::GprAddress), .frame = 32, .place = test.place}};
  } else if (test.source == Source::Frame) {
    take.frame = 48;
    code = {{.op = opcode(Step::Coerce), .frame = 48}, take};
  } else {
    code = {take};
  }
  code.push_back({.op = opcode(Step::Call)});
  code.push_back({.op = opcode(Step::Return)});

  const Guarded memory;
  const Code finished_code = finished(std::move(layout), code, value_size);
  for (const std::string& pattern : kPatterns) {
    std::byte* const value = memory.last(value_size);
    std::memcpy(value, pattern.data(), value_size);
    auto slot = reinterpret_cast<std::uint64_t>(value);
    if (test.source == Source::Slot) {
      slot = 0xEEEEEEEEEEEEEEEE;  // above the value: nobody's business
      std::memcpy(&slot, value, value_size);
    }
    const std::string expected = extended(pattern.substr(test.offset, test.size), extension);
    run_both(
        finished_code, slot, nullptr, [](auto&) {},
        [&](const auto& state, const auto&) {
          ASSERT_EQ(state.seen.size(), 1U);
          EXPECT_EQ(state.seen[0], expected);
        });
  }
}

bool is_legal(Take take, Source source, std::uint64_t value_size) {
  const bool memory = marshal::info(opcode(take, source)).bank == Bank::Memory;
  if (source == Source::Slot) return value_size <= 8;
  if (source == Source::Tagged) return !memory;
  return !(take == Take::FrameCopy && source == Source::Frame);
}

TEST(Rows, EveryTakeInEveryModeAndPlace) {
  int tested = 0;
  for (int t = 0; t < marshal::kTakes; ++t) {
    for (int mode = 0; mode < marshal::kModes; ++mode) {
      const auto take = static_cast<Take>(t);
      const auto source = static_cast<Source>(mode);
      const marshal::InstructionInfo& row = marshal::info(opcode(take, source));
      if (row.size == 32 && !has_avx()) continue;
      if (row.bank == Bank::X87) continue;  // a callback's result: callback/callback_test.cpp
      const std::uint32_t size = row.bank == Bank::Memory ? 7 : row.size;
      int for_row = 0;
      for (const std::uint8_t offset : {0, 8, 3}) {
        if (offset != 0 && (source == Source::Tagged || take == Take::FrameCopy || size == 32)) continue;
        if (!is_legal(take, source, offset + size)) continue;
        const bool memory = row.bank == Bank::Stack || take == Take::StackCopy;
        const std::uint32_t places = memory ? 16 : row.bank == Bank::Xmm ? 8 : 6;
        for (std::uint32_t place = 0; place < places; ++place) {
          check_take({take, source, memory ? 8 * place : place, size, offset});
          ++for_row;
          if (HasFailure()) return;
        }
      }
      tested += for_row != 0;
    }
  }
  // All but: Slot for 16 and 32 bytes, Tagged for the two copies, Frame for the frame copy.
  EXPECT_EQ(tested, (marshal::kTakes - 1) * marshal::kModes - 5 - (has_avx() ? 0 : 3));
}

TEST(Rows, CopiesOfEverySize) {
  for (const Take take : {Take::StackCopy, Take::FrameCopy}) {
    for (std::uint32_t size = 1; size <= 32; ++size) check_take({take, Source::Through, 0, size, 0});
  }
}

// -- gives

void check_give(Give give, Destination to, std::uint32_t place, std::uint8_t offset) {
  const marshal::InstructionInfo& row = marshal::info(opcode(give, to));
  const bool word = to == Destination::Word || to == Destination::Tagged;
  const std::uint64_t value_size = offset + row.size;

  abi::CallLayout layout;
  layout.result = {.passing = Passing::Direct, .count = 1, .size = value_size};
  layout.pieces = {
      {.offset = offset, .size = row.size, .extension = row.extension, .location = {kind_of(row.bank), place}}};
  layout.uses_ymm = row.size == 32;
  layout.x87_results = row.bank == Bank::X87 ? 1 : 0;

  std::vector<Instruction> code = {{.op = opcode(Step::Call), .place = layout.x87_results},
                                   {.op = opcode(give, to), .offset = offset, .place = place}};
  if (to == Destination::Frame) {
    code.back().frame = 64;
    code.push_back({.op = opcode(Step::Box), .frame = 64});
  }
  code.push_back({.op = opcode(Step::Return)});

  const Guarded memory;
  const std::uint64_t buffer_size = to == Destination::Buffer ? value_size : 8;
  std::byte* const buffer = memory.last(buffer_size);
  const Code finished_code = finished(std::move(layout), code, value_size);
  for (const std::string& pattern : kPatterns) {
    std::string piece = pattern.substr(0, row.size);
    if (row.bank == Bank::X87) piece = std::string("\1\2\3\4\5\6\7\x88\x55\x40", 10);  // a normal number
    std::memset(buffer, 0x5C, buffer_size);
    run_both(
        finished_code, 0, buffer,
        [&](auto& state) {
          std::memset(&state.rax, 0xA7, 16);
          std::memset(&state.xmm, 0xA7, sizeof state.xmm);
          const bool rax = place == static_cast<std::uint32_t>(abi::Gpr::Rax);
          void* from = rax ? &state.rax : &state.rdx;
          if (row.bank == Bank::Xmm) from = state.xmm[place];
          if (row.bank == Bank::X87) from = state.st;
          std::memcpy(from, piece.data(), piece.size());
        },
        [&](const auto&, const AddressHost& host) {
          const std::string got =
              to == Destination::Frame ? host.boxed : std::string(reinterpret_cast<char*>(buffer), buffer_size);
          std::string expected =
              row.extension == Extension::Bool ? extended(piece, Extension::Bool).substr(0, 1) : piece;
          if (word) {
            expected = extended(piece, row.extension == Extension::None ? Extension::Zero : row.extension);
            EXPECT_EQ(got, expected);
          } else {
            EXPECT_EQ(got.substr(offset), expected);
            if (to == Destination::Buffer) {
              EXPECT_EQ(got.substr(0, offset), std::string(offset, 0x5C));
            }
          }
          std::memset(buffer, 0x5C, buffer_size);
        });
  }
}

TEST(Rows, EveryGiveInEveryModeAndPlace) {
  int tested = 0;
  for (int g = 0; g < marshal::kGives; ++g) {
    for (int mode = 0; mode < marshal::kModes; ++mode) {
      const auto give = static_cast<Give>(g);
      const auto to = static_cast<Destination>(mode);
      const marshal::InstructionInfo& row = marshal::info(opcode(give, to));
      const bool word = to == Destination::Word || to == Destination::Tagged;
      if ((row.size == 32 && !has_avx()) || (word && row.size > 8)) continue;
      std::vector<std::uint32_t> places = {0, 1};
      if (row.bank == Bank::Gpr)
        places = {static_cast<std::uint32_t>(abi::Gpr::Rax), static_cast<std::uint32_t>(abi::Gpr::Rdx)};
      if (row.bank == Bank::X87) places = {0};
      for (const std::uint32_t place : places) {
        check_give(give, to, place, 0);
        if (!word) check_give(give, to, place, 8);
        if (HasFailure()) return;
      }
      ++tested;
    }
  }
  // All but words of 16 and 32 bytes and of the x87.
  EXPECT_EQ(tested, marshal::kGives * marshal::kModes - 6 - (has_avx() ? 0 : 2));
}

}  // namespace
}  // namespace pinion::codegen
