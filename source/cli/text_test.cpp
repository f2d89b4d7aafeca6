#include "cli/text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pinion::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(Items, AreWhatStandsBetweenTheOutermostCommas) {
  EXPECT_THAT(*split_items(" 1, {2, 3}, \"a,b}\", ',' , &[2]{1, 2}"),
              ElementsAre("1", "{2, 3}", "\"a,b}\"", "','", "&[2]{1, 2}"));
  EXPECT_THAT(*split_items(""), IsEmpty());
  EXPECT_THAT(*split_items("1,"), ElementsAre("1"));
}

TEST(Items, WhatIsNotClosedIsAnError) {
  for (const char* text : {"{1", "1}", "(1]", "\"abc", "'", "1,,2", ","}) EXPECT_FALSE(split_items(text)) << text;
}

TEST(Brackets, AreClosedByTheirOwn) {
  EXPECT_EQ(closing_bracket("[1]{2}"), 2U);
  EXPECT_EQ(closing_bracket("{\"}\"}x"), 4U);
  EXPECT_EQ(closing_bracket("[1"), std::string_view::npos);
}

TEST(Quotes, MustEndTheText) {
  EXPECT_EQ(inside_quotes("\"a\\\"b\""), "a\\\"b");
  EXPECT_EQ(inside_quotes("\"\""), "");
  for (const char* text : {"", "\"", "abc", "\"a\"b", "\"a\\\""}) EXPECT_FALSE(inside_quotes(text)) << text;
}

TEST(Escapes, AreThoseOfC) {
  EXPECT_EQ(*unescape("a\\n\\t\\\\\\\"\\x41\\101\\u20AC\\0b"), std::string("a\n\t\\\"AA\xE2\x82\xAC\0b", 12));
  EXPECT_EQ(*unescape("\\U0001F600"), "\xF0\x9F\x98\x80");
  EXPECT_THAT(unescape("\\q").error().message, HasSubstr("'\\q'"));
  EXPECT_THAT(unescape("abc\\").error().message, HasSubstr("backslash"));
  for (const char* text : {"\\x", "\\u12", "\\UFFFFFFFF"}) EXPECT_FALSE(unescape(text)) << text;
}

TEST(Quoting, KeepsUtf8AndEscapesTheRest) {
  EXPECT_EQ(quote("h\xC3\xA9 \"\n\x01"), "\"h\xC3\xA9 \\\"\\n\\1\"");
  EXPECT_EQ(quote("\xFF\x31"), "\"\\3771\"");
  EXPECT_EQ(quote(std::string_view("\0001", 2)), "\"\\0001\"");
  EXPECT_EQ(quote_character('a'), "'a'");
  EXPECT_EQ(quote_character('\''), "'\\''");
  EXPECT_EQ(quote_character(0), "'\\0'");
}

TEST(Quoting, IsUndoneByUnescaping) {
  std::string all;
  for (int c = 1; c < 256; ++c) all += static_cast<char>(c);
  all += all;
  const std::string quoted = quote(all);
  EXPECT_EQ(*unescape(*inside_quotes(quoted)), all);
}

TEST(Utf8, GoesToCodePointsAndBack) {
  const std::string text = "a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80";
  EXPECT_EQ(from_utf8(text), U"a\u00E9\u20AC\U0001F600");
  EXPECT_EQ(to_utf8(from_utf8(text)), text);
  EXPECT_EQ(from_utf8("\xC0\x80"), U"\u00C0\u0080") << "an overlong sequence is no UTF-8";
}

}  // namespace
}  // namespace pinion::cli
