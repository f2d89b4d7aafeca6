// The Sista encoding: reversible for whatever verified code can hold, and no other bytes are accepted.
#include "ffi/marshal/sista.hpp"

#include <gtest/gtest.h>

#include <random>

#include "ffi/abi/call_layout.hpp"
#include "ffi/marshal/test_support.hpp"

namespace pinion::marshal {
namespace {

using Bytes = std::vector<std::uint8_t>;

constexpr std::uint32_t kMost = (1U << 21) - 1;  // of frame and place
static_assert(abi::kMaxStackBytes <= kMost);

Bytes encoded(const Instruction& i) {
  return to_sista({&i, 1});
}

std::string error_of(const Bytes& bytes) {
  const auto code = from_sista(bytes);
  return code ? "accepted" : code.error().message;
}

void expect_round_trip(const Instruction& i) {
  const auto back = from_sista(encoded(i));
  ASSERT_TRUE(back.ok()) << back.error().message;
  ASSERT_EQ(back->size(), 1U);
  EXPECT_TRUE(back->front() == i) << to_string(i) << "\n" << to_string(back->front());
}

TEST(Sista, EveryOpcodeWithExtremeOperandsComesBack) {
  for (Opcode op = 0; op < kOpcodes; ++op) {
    for (const std::uint32_t narrow : {0U, 1U, 0x7FU, 0x80U, 0xFFU}) {
      for (const std::uint32_t wide : {0U, 1U, 0x7FU, 0x80U, 0x7FFFU, 0x8000U, 0xFFFFFU, 0x100000U, kMost}) {
        const auto byte = static_cast<std::uint8_t>(narrow);
        for (const std::uint32_t extent : {0U, wide, 0x80000000U, UINT32_MAX}) {
          expect_round_trip({op, byte, 0, extent, 0, wide});
          expect_round_trip({op, 0, byte, extent, wide, 0});
          expect_round_trip({op, byte, byte, extent, wide, kMost - wide});
        }
      }
    }
  }
}

TEST(Sista, Goldens) {
  // No operands: the bytecode alone. 248 is call primitive; the inlined bit and operation set 10 make 0xC0.
  EXPECT_EQ(encoded({.op = opcode(Step::Return)}), (Bytes{248, 0xCF, 0xC0}));
  EXPECT_EQ(opcode(Step::Return), 0xCF);
  EXPECT_EQ(encoded({.op = opcode(Take::Gpr64, Source::Through)}), (Bytes{248, 0x19, 0xC0}));
  // argument in the low byte of extension A, place in the low bits of extension B
  EXPECT_EQ(encoded({.op = opcode(Take::Gpr64, Source::Through), .argument = 2, .place = 3}),
            (Bytes{224, 2, 225, 3, 248, 0x19, 0xC0}));
  // offset above the argument, most significant byte first
  EXPECT_EQ(encoded({.op = opcode(Take::Gpr64, Source::Through), .argument = 1, .offset = 8}),
            (Bytes{224, 8, 224, 1, 248, 0x19, 0xC0}));
  // extent 0x200 above both
  EXPECT_EQ(encoded({.op = opcode(Take::StackCopy, Source::Slot), .argument = 7, .extent = 0x200}),
            (Bytes{224, 2, 224, 0, 224, 0, 224, 7, 248, 0x68, 0xC0}));
  // extension B is signed: a value whose top bit is set has a 0 in front
  EXPECT_EQ(encoded({.op = opcode(Take::Stack64, Source::Slot), .place = 0x80}),
            (Bytes{225, 0, 225, 0x80, 248, 0x60, 0xC0}));
  // frame starts at bit 21
  EXPECT_EQ(encoded({.op = opcode(Step::StackAddress), .frame = 16, .place = 32}),
            (Bytes{225, 2, 225, 0, 225, 0, 225, 32, 248, 0xC2, 0xC0}));
}

TEST(Sista, WholeProgramsComeBack) {
  for (const char* text : {"struct s { char c[13]; }; struct s f(struct s, double, long double, _Bool);",
                           "struct s { char c[100000]; }; struct s f(struct s, int, struct s);"}) {
    for (const auto convention : {abi::Convention::SysV, abi::Convention::Microsoft}) {
      const Code code = testing::code_of(text, convention, true);
      const auto back = from_sista(to_sista(code.instructions));
      ASSERT_TRUE(back.ok()) << back.error().message;
      EXPECT_EQ(*back, code.instructions);
    }
  }
}

TEST(Sista, LeadingZerosChangeNothing) {
  const auto code = from_sista(Bytes{224, 0, 224, 0, 224, 1, 225, 0, 248, 0x19, 0xC0});
  ASSERT_TRUE(code.ok()) << code.error().message;
  EXPECT_TRUE(code->front() == (Instruction{.op = opcode(Take::Gpr64, Source::Through), .argument = 1}));
}

TEST(Sista, MalformedBytesAreRefusedWhereTheyAre) {
  EXPECT_EQ(error_of({0}), "byte 0: the bytes end inside a bytecode");
  EXPECT_EQ(error_of({248}), "byte 0: the bytes end inside a bytecode");
  EXPECT_EQ(error_of({248, 0xC5, 0xC0, 248, 0xC5}), "byte 3: the bytes end inside a bytecode");
  EXPECT_EQ(error_of({248, 0xC5, 0xC0, 224}), "byte 3: the bytes end inside a bytecode");
  EXPECT_EQ(error_of({224, 5}), "byte 2: the bytes end inside a bytecode");
  EXPECT_EQ(error_of({224, 0}), "byte 2: the bytes end inside a bytecode") << "also when the extension is 0";
  EXPECT_EQ(error_of({248, 0xC5, 0xC0, 76, 0}), "byte 3: bytecode 76 is no marshaling instruction");
  EXPECT_EQ(error_of({248, 0xC5, 0x40}), "byte 0: bytecode 248 is no marshaling instruction") << "not inlined";
  EXPECT_EQ(error_of({248, 0xC5, 0x80}), "byte 0: bytecode 248 is no marshaling instruction") << "operation set 00";
  EXPECT_EQ(error_of({248, 0xC5, 0xE0}), "byte 0: bytecode 248 is no marshaling instruction") << "operation set 11";
  EXPECT_EQ(error_of({248, 0xD0, 0xC0}), "byte 0: there is no marshaling operation 208");
  EXPECT_EQ(error_of({248, 0xFF, 0xDF}), "byte 0: there is no marshaling operation 8191");
}

TEST(Sista, OperandsThatDoNotFitAreRefused) {
  const std::string wrong = "an operand is negative or too large";
  const auto with = [](std::uint8_t prefix, std::initializer_list<std::uint8_t> extension) {
    Bytes bytes;
    for (const std::uint8_t byte : extension) {
      bytes.push_back(prefix);
      bytes.push_back(byte);
    }
    bytes.insert(bytes.end(), {248, 0xC5, 0xC0});
    return bytes;
  };
  EXPECT_EQ(error_of(with(225, {0x80})), "byte 2: " + wrong) << "extension B is signed";
  EXPECT_EQ(error_of(with(225, {0xFF, 0xFF})), "byte 4: " + wrong);
  EXPECT_EQ(error_of(with(225, {4, 0, 0, 0, 0, 0})), "byte 12: " + wrong) << "bit 42";
  EXPECT_EQ(error_of(with(225, {3, 255, 255, 255, 255, 255})), "accepted");
  EXPECT_EQ(error_of(with(224, {1, 0, 0, 0, 0, 0, 0})), "byte 14: " + wrong) << "bit 48";
  EXPECT_EQ(error_of(with(224, {255, 255, 255, 255, 255, 255})), "accepted");
  EXPECT_EQ(error_of(with(224, {1, 0, 0, 0, 0, 0, 0, 0, 0})), "byte 16: the extension is larger than 64 bits");
  EXPECT_EQ(error_of(with(225, {1, 0, 0, 0, 0, 0, 0, 0, 0})), "byte 16: the extension is larger than 64 bits");
}

}  // namespace
}  // namespace pinion::marshal
