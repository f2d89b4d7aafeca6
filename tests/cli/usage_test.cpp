#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pinion/version.h"
#include "run_pinion.hpp"

namespace pinion::cli {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

TEST(Usage, HelpGoesToStandardOutput) {
  const Outcome outcome = run_pinion({"--help"});
  EXPECT_EQ(outcome.status, 0);
  EXPECT_THAT(outcome.out, HasSubstr("Usage: pinion"));
  EXPECT_THAT(outcome.out, HasSubstr("--version"));
  EXPECT_THAT(outcome.err, IsEmpty());
}

TEST(Usage, VersionIsThatOfTheHeaders) {
  const Outcome outcome = run_pinion({"--version"});
  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(outcome.out, "pinion " PN_VERSION "\n");
  EXPECT_THAT(outcome.err, IsEmpty());
}

struct Mistake {
  const char* name;
  std::vector<std::string> arguments;
  const char* complaint;
};

class WrongUsage : public testing::TestWithParam<Mistake> {};

TEST_P(WrongUsage, EndsWithStatusTwoAndAHint) {
  const Outcome outcome = run_pinion(GetParam().arguments);
  EXPECT_EQ(outcome.status, 2);
  EXPECT_THAT(outcome.out, IsEmpty());
  EXPECT_THAT(outcome.err, StartsWith("pinion: "));
  EXPECT_THAT(outcome.err, HasSubstr(GetParam().complaint));
  EXPECT_THAT(outcome.err, HasSubstr("--help"));
}

INSTANTIATE_TEST_SUITE_P(Cli, WrongUsage,
                         testing::Values(Mistake{"NoArguments", {}, "subcommand"},
                                         Mistake{"UnknownSubcommand", {"frobnicate"}, "'frobnicate'"},
                                         Mistake{"UnknownSubcommandWithArguments", {"frob", "--x", "1"}, "'frob'"},
                                         Mistake{"UnknownOption", {"--frobnicate"}, "option '--frobnicate'"},
                                         Mistake{"EmptyWord", {""}, "''"}),
                         [](const auto& mistake) { return mistake.param.name; });

}  // namespace
}  // namespace pinion::cli
