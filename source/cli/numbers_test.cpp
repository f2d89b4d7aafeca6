#include "cli/numbers.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <random>

namespace pinion::cli {
namespace {

using ctype::Scalar;

std::string read_and_print(Scalar scalar, std::string_view text) {
  alignas(16) std::byte value[16]{};
  const auto length = read_floating(scalar, text, value);
  if (!length) return "error: " + length.error().message;
  if (*length != text.size()) return "stopped at " + std::to_string(*length);
  return print_floating(scalar, value);
}

TEST(Integers, AreReadInEveryBase) {
  for (const char* text : {"26", "+26", "0x1A", "0X1a", "032", "0b11010", "26u", "26UL", "26ll", "26LLU"}) {
    const auto n = read_integer(text);
    ASSERT_TRUE(n) << text;
    EXPECT_EQ(static_cast<int>(n->magnitude), 26) << text;
    EXPECT_FALSE(n->negative) << text;
  }
}

TEST(Integers, WhatIsNoneIsRefused) {
  for (const char* text : {"", "-", "x", "08", "0b2", "12x", "1.5", "5lll", "5uu", "''", "'ab'", "'\\q'", " 5", "0x",
                           "340282366920938463463374607431768211456"}) {
    EXPECT_FALSE(read_integer(text)) << text;
  }
}

TEST(Integers, CharactersAreTheirCodes) {
  EXPECT_EQ(static_cast<int>(read_integer("'a'")->magnitude), 'a');
  EXPECT_EQ(static_cast<int>(read_integer("'\\n'")->magnitude), '\n');
  EXPECT_EQ(static_cast<int>(read_integer("'\\''")->magnitude), '\'');
  EXPECT_TRUE(read_integer("'\\xff'")->negative) << "char is signed";
  EXPECT_EQ(static_cast<int>(read_integer("'\u20AC'")->magnitude), 0x20AC);
}

// C11 6.4.4.1 paragraph 5.
TEST(Integers, LiteralsHaveCsTypes) {
  const std::pair<const char*, Scalar> rows[] = {
      {"2147483647", Scalar::Int},  {"2147483648", Scalar::Long},          {"-2147483648", Scalar::Int},
      {"0x80000000", Scalar::UInt}, {"0xFFFFFFFFFFFFFFFF", Scalar::ULong}, {"5L", Scalar::Long},
      {"5ULL", Scalar::ULongLong},  {"4294967296U", Scalar::ULong},        {"9223372036854775808", Scalar::Int128},
  };
  for (const auto& [text, type] : rows) EXPECT_EQ(read_integer(text)->type, type) << text;
}

TEST(Integers, FitExactlyTheirRange) {
  for (unsigned bits = 1; bits <= 127; ++bits) {
    const Wide top = Wide{1} << (bits - 1);
    EXPECT_TRUE(fit(Integer::of(top - 1), bits, true));
    EXPECT_FALSE(fit(Integer::of(top), bits, true));
    EXPECT_TRUE(fit(Integer::of(-top), bits, true));
    if (bits < 127) {
      EXPECT_FALSE(fit(Integer::of(-top - 1), bits, true));
      EXPECT_TRUE(fit(Integer::of(2 * top - 1), bits, false));
      EXPECT_FALSE(fit(Integer::of(2 * top), bits, false));
    }
    EXPECT_FALSE(fit(Integer::of(-1), bits, false));
  }
}

TEST(Integers, PrintWithTheirSign) {
  EXPECT_EQ(print_integer(0xFF, 8, true), "-1");
  EXPECT_EQ(print_integer(0xFF, 8, false), "255");
  EXPECT_EQ(print_integer(UnsignedWide{1} << 127, 128, true), "-170141183460469231731687303715884105728");
  EXPECT_EQ(print_integer(~UnsignedWide{0}, 128, false), "340282366920938463463374607431768211455");
  EXPECT_EQ(range_of(3, true), "-4 to 3");
  EXPECT_EQ(range_of(1, false), "0 to 1");
}

TEST(Floating, TheShortestTextIsPrinted) {
  EXPECT_EQ(read_and_print(Scalar::Double, "1024"), "1024");
  EXPECT_EQ(read_and_print(Scalar::Double, "0.1"), "0.1");
  EXPECT_EQ(read_and_print(Scalar::Double, "100000"), "100000");
  EXPECT_EQ(read_and_print(Scalar::Double, "1e17"), "1e+17");
  EXPECT_EQ(read_and_print(Scalar::Double, "-1.25e-7"), "-1.25e-07");
  EXPECT_EQ(read_and_print(Scalar::Double, "0.00012"), "0.00012");
  EXPECT_EQ(read_and_print(Scalar::Double, "-0"), "-0");
  EXPECT_EQ(read_and_print(Scalar::Double, "0x1.8p3"), "12");
  EXPECT_EQ(read_and_print(Scalar::Double, "-inf"), "-inf");
  EXPECT_EQ(read_and_print(Scalar::Double, "nan"), "nan");
  EXPECT_EQ(read_and_print(Scalar::Float, "0.1"), "0.1");
  EXPECT_EQ(read_and_print(Scalar::LongDouble, "0.1"), "0.1");
  EXPECT_EQ(read_and_print(Scalar::LongDouble, "1e4000"), "1e+4000");
  EXPECT_EQ(read_and_print(Scalar::Float128, "0.1"), "0.1");
  EXPECT_EQ(read_and_print(Scalar::Float128, "3.1415926535897932384626433832795029"),
            "3.1415926535897932384626433832795028");
  EXPECT_EQ(read_and_print(Scalar::Float128, "inf"), "inf");
}

TEST(Floating, WhatIsTooLargeIsAnError) {
  EXPECT_EQ(read_and_print(Scalar::Float, "1e39"), "error: it is too large");
  EXPECT_EQ(read_and_print(Scalar::Double, "-1e309"), "error: it is too large");
  EXPECT_EQ(read_and_print(Scalar::Float16, "65520"), "error: it is too large");
  EXPECT_EQ(read_and_print(Scalar::Float16, "65519"), "65500");  // 65504, in as few digits as tell it apart
  EXPECT_EQ(read_and_print(Scalar::Double, "ten"), "stopped at 0");
  EXPECT_EQ(read_and_print(Scalar::Double, "1.5x"), "stopped at 3");
}

// Every finite _Float16 is printed as a text that reads back as itself.
TEST(Floating, EveryHalfReadsBack) {
  for (unsigned bits = 0; bits < 0x10000; ++bits) {
    if ((bits & 0x7C00) == 0x7C00) continue;
    const auto half = static_cast<std::uint16_t>(bits);
    std::byte before[2];
    std::memcpy(before, &half, 2);
    const std::string text = print_floating(Scalar::Float16, before);
    std::byte after[2]{};
    ASSERT_EQ(*read_floating(Scalar::Float16, text, after), text.size()) << text;
    ASSERT_EQ(std::memcmp(before, after, 2), 0) << text << " for " << bits;
  }
}

template <class T>
void expect_random_values_read_back(Scalar scalar, std::size_t bytes) {
  constexpr unsigned kSeed = 20240607;
  std::mt19937_64 random(kSeed);
  for (int i = 0; i < 2000; ++i) {
    T value = static_cast<T>(static_cast<std::int64_t>(random())) / static_cast<T>(random() | 1);
    for (auto scale = random() % 60; scale > 0; --scale) value *= i % 2 == 0 ? T{10} : T{0.1};
    if (value > T{1e38F} || value < T{-1e38F}) continue;
    alignas(16) std::byte before[16]{};
    alignas(16) std::byte after[16]{};
    std::memcpy(before, &value, bytes);
    const std::string text = print_floating(scalar, before);
    ASSERT_EQ(*read_floating(scalar, text, after), text.size()) << text;
    ASSERT_EQ(std::memcmp(before, after, bytes), 0) << text << ", seed " << kSeed << ", case " << i;
  }
}

TEST(Floating, RandomValuesReadBack) {
  expect_random_values_read_back<float>(Scalar::Float, 4);
  expect_random_values_read_back<double>(Scalar::Double, 8);
  expect_random_values_read_back<long double>(Scalar::LongDouble, 10);
  expect_random_values_read_back<__float128>(Scalar::Float128, 16);
}

}  // namespace
}  // namespace pinion::cli
