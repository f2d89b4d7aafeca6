// The protocol holds in every order of its steps; each way to get it wrong is found.

#include "ownership_model.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "explorer.hpp"
#include "fence_free_model.hpp"

namespace pinion::model {
namespace {

// As it is built: a monitor, no barrier but the compilers', calls of unknown length.
constexpr Configuration kBuilt{.host_calls = 3};
// Every site known to stay, and no monitor: then a release must be seen by who falls asleep, or the look before.
constexpr Configuration kWithoutMonitor{.monitor = false, .heavy_barrier = true, .host_stays = true};

Outcome explored(const Configuration& configuration) {
  const Outcome outcome = explore(OwnershipModel(configuration));
  ::testing::Test::RecordProperty("states", static_cast<int>(outcome.states));
  return outcome;
}

Configuration with(Configuration configuration, Mutant mutant) {
  configuration.mutant = mutant;
  return configuration;
}

TEST(Protocol, HoldsInEveryOrder) {
  const Outcome outcome = explored(kBuilt);
  EXPECT_EQ(outcome.violation, nullptr) << outcome.violation;
  EXPECT_GT(outcome.states, 10'000U) << "a model that cannot move is always right";
}

TEST(Protocol, HoldsWithACallThatWaitsForTheCallbacks) {
  Configuration blocking = kBuilt;
  blocking.host_blocks = true;
  EXPECT_EQ(explored(blocking).violation, nullptr);
}

TEST(Protocol, HoldsWithAnOwnerThatPolls) {
  Configuration polling = kBuilt;
  polling.polls = 2;
  polling.host_calls = 1;
  EXPECT_EQ(explored(polling).violation, nullptr);
}

TEST(Protocol, HoldsWithSitesThatStay) {
  Configuration staying = kBuilt;
  staying.host_stays = true;
  EXPECT_EQ(explored(staying).violation, nullptr);
}

TEST(Protocol, HoldsWithVisitorsThatComeAgain) {
  Configuration again = kBuilt;
  again.host_calls = 2;
  again.visits = 2;
  EXPECT_EQ(explored(again).violation, nullptr);
}

TEST(Protocol, WithABarrierNeedsNoMonitorWhereSitesStay) {
  EXPECT_EQ(explored(kWithoutMonitor).violation, nullptr);
}

TEST(Protocol, WithoutMonitorAndBarrierLosesAWakeUpInAStoreBuffer) {
  Configuration neither = kWithoutMonitor;
  neither.heavy_barrier = false;
  EXPECT_STREQ(explored(neither).violation, "somebody waits for ever");
}

TEST(Protocol, WithoutMonitorACallThatStaysStopsEverybody) {
  Configuration unknown = kWithoutMonitor;
  unknown.host_stays = false;
  unknown.host_blocks = true;
  EXPECT_STREQ(explored(unknown).violation, "somebody waits for ever");
}

TEST(FenceFree, HoldsWithAProcessWideBarrierOnly) {
  EXPECT_EQ(explore(FenceFreeModel(RevokerFence::ProcessWide)).violation, nullptr);
  EXPECT_STREQ(explore(FenceFreeModel(RevokerFence::Own)).violation, "two owners");
  EXPECT_STREQ(explore(FenceFreeModel(RevokerFence::None)).violation, "two owners");
}

struct Wrong {
  Mutant mutant;
  Configuration base;
  const char* name;
  const char* finding;
};

class MutantTest : public testing::TestWithParam<Wrong> {};

TEST_P(MutantTest, IsFound) {
  EXPECT_STREQ(explored(with(GetParam().base, GetParam().mutant)).violation, GetParam().finding);
}

constexpr Configuration kVisitorsAgain{.host_calls = 1, .visits = 2};

INSTANTIATE_TEST_SUITE_P(
    Model, MutantTest,
    testing::Values(Wrong{Mutant::IgnoreTag, kBuilt, "IgnoreTag", "a fast return after the machine was taken"},
                    Wrong{Mutant::TagUsedAgain, kVisitorsAgain, "TagUsedAgain",
                          "a fast return after the machine was taken"},
                    Wrong{Mutant::ReacquireLoadStore, kBuilt, "ReacquireLoadStore", "two owners"},
                    Wrong{Mutant::TakeByStore, kBuilt, "TakeByStore", "two owners"},
                    Wrong{Mutant::GrantByStore, kBuilt, "GrantByStore", "two owners"},
                    Wrong{Mutant::GrantStaysQueued, kBuilt, "GrantStaysQueued", "somebody waits for ever"},
                    Wrong{Mutant::LookBeforeStore, kWithoutMonitor, "LookBeforeStore", "somebody waits for ever"},
                    Wrong{Mutant::NoSecondLook, kWithoutMonitor, "NoSecondLook", "somebody waits for ever"},
                    Wrong{Mutant::ReturnKeepsNoRecord, kBuilt, "ReturnKeepsNoRecord", "somebody waits for ever"}),
    [](const auto& wrong) { return wrong.param.name; });

}  // namespace
}  // namespace pinion::model
