#include "ffi/library/near_names.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pinion {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(EditDistance, CountsEdits) {
  EXPECT_EQ(edit_distance("pow", "pow", 9), 0u);
  EXPECT_EQ(edit_distance("pow", "powf", 9), 1u);
  EXPECT_EQ(edit_distance("powf", "pow", 9), 1u);
  EXPECT_EQ(edit_distance("pow", "how", 9), 1u);
  EXPECT_EQ(edit_distance("printf", "pritnf", 9), 1u);  // neighbours swapped
  EXPECT_EQ(edit_distance("kitten", "sitting", 9), 3u);
  EXPECT_EQ(edit_distance("", "abc", 9), 3u);
  EXPECT_EQ(edit_distance("", "", 9), 0u);
}

TEST(EditDistance, StopsAtTheLimit) {
  EXPECT_EQ(edit_distance("kitten", "sitting", 3), 3u);
  EXPECT_EQ(edit_distance("kitten", "sitting", 2), 3u);
  EXPECT_EQ(edit_distance("a", "bcdefghijkl", 2), 3u);
  EXPECT_EQ(edit_distance("abcd", "wxyz", 2), 3u);
}

TEST(NearNames, NearestFirstThenByName) {
  EXPECT_THAT(near_names("sqr", {"sqrtf", "sin", "sqrt", "sqr2", "sqrt"}), ElementsAre("sqr2", "sqrt"));
  EXPECT_THAT(near_names("strlenn", {"strnlen", "strlen", "strcmp", "strlcpy", "strlens"}, 2),
              ElementsAre("strlen", "strlens"));
}

TEST(NearNames, NothingFarIsOffered) {
  EXPECT_THAT(near_names("frobnicate", {"sin", "cos", "fabricate"}), ElementsAre("fabricate"));
  EXPECT_THAT(near_names("frobnicate", {"sin", "cos"}), IsEmpty());
  EXPECT_THAT(near_names("x", {}), IsEmpty());
}

}  // namespace
}  // namespace pinion
