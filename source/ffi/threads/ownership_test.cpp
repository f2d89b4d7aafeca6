// The five entry points, one thread at a time. What happens between threads: tests/threads.

#include "ffi/threads/ownership.hpp"

#include <gtest/gtest.h>

#include <cerrno>

#include "ffi/threads/current_thread.hpp"

namespace pinion::threads {
namespace {

class CountingHost : public OwnershipHost {
 public:
  void save(VmThread&) override { ++saves; }
  void restore(VmThread&) override { ++restores; }
  void detached(VmThread&) override { ++detaches; }
  int saves = 0;
  int restores = 0;
  int detaches = 0;
};

TEST(OwnerWord, KeepsTagSequenceAndInApart) {
  const Word away = make_away(7, 3);
  EXPECT_EQ(tag_of(away), 7U);
  EXPECT_FALSE(is_in(away));
  EXPECT_TRUE(is_in(make_in(7, 3)));
  EXPECT_EQ(make_in(7, 3), (away | 1));
  EXPECT_NE(away, make_away(7, 4));
  EXPECT_NE(away, make_away(8, 3));
}

TEST(OwnerWord, ASequenceThatWrapsDoesNotReachTheTag) {
  EXPECT_EQ(tag_of(make_in(7, 0xFFFFFFFF)), 7U);
  EXPECT_EQ(tag_of(make_in((Tag{1} << 40) - 1, 0xFFFFFFFF)), (Tag{1} << 40) - 1);
}

TEST(CallSiteTest, LearnsAndForgets) {
  CallSite site;
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(site.stays_long(), i >= CallSite::kCertain);
    site.stayed();
  }
  site.returned_at_once();
  EXPECT_FALSE(site.stays_long());
  for (int i = 0; i < 5; ++i) site.returned_at_once();
  EXPECT_EQ(site.stays(), 0);
}

class OwnershipTest : public testing::Test {
 protected:
  CountingHost host;
  Ownership ownership{host, {std::chrono::seconds(100), std::chrono::seconds(100)}};
  VmThread* a = ownership.attach();
  VmThread* b = ownership.attach();
};

TEST_F(OwnershipTest, AFreshMachineIsNobodys) {
  EXPECT_EQ(ownership.owner_tag(), 0U);
  ASSERT_TRUE(ownership.request(*a));
  EXPECT_TRUE(ownership.owns(*a));
  EXPECT_EQ(ownership.owner_tag(), a->tag);
  EXPECT_EQ(host.saves, 0);
}

TEST_F(OwnershipTest, ACallThatNobodyInterruptsIsFast) {
  ASSERT_TRUE(ownership.request(*a));
  const auto before = ownership.counters().slow_entries;
  for (int i = 0; i < 1000; ++i) {
    ownership.release(*a);
    EXPECT_FALSE(ownership.owns(*a));
    ASSERT_TRUE(ownership.reacquire(*a));
    ASSERT_TRUE(ownership.poll(*a));
  }
  EXPECT_EQ(ownership.counters().slow_entries, before);
  EXPECT_EQ(host.saves + host.restores, 0);
}

TEST_F(OwnershipTest, AVisitAfterAVisitIsFast) {
  ASSERT_TRUE(ownership.request(*a));
  ownership.retire(*a);
  const auto before = ownership.counters().slow_entries;
  ASSERT_TRUE(ownership.request(*a));
  EXPECT_EQ(ownership.counters().slow_entries, before);
}

TEST_F(OwnershipTest, WhoIsVisitingNoMoreIsTakenFromAtOnceAndItsStateKept) {
  ASSERT_TRUE(ownership.request(*a));
  ownership.retire(*a);
  ASSERT_TRUE(ownership.request(*b));
  EXPECT_EQ(host.saves, 1);
  EXPECT_EQ(host.restores, 0);
  ownership.retire(*b);
  ASSERT_TRUE(ownership.request(*a));
  EXPECT_EQ(host.saves, 2);
  EXPECT_EQ(host.restores, 1);
  EXPECT_EQ(ownership.counters().at_once, 3U);  // and from nobody
  EXPECT_EQ(ownership.counters().monitor_looks, 0U);
}

TEST_F(OwnershipTest, ASiteThatStaysIsTakenFromAtOnceUntilItDoesNotStay) {
  CallSite site(CallSite::kCertain);
  ASSERT_TRUE(ownership.request(*a));
  ownership.release(*a, &site);
  ASSERT_TRUE(ownership.request(*b));
  ownership.retire(*b);
  ASSERT_TRUE(ownership.reacquire(*a, &site));
  EXPECT_EQ(site.stays(), CallSite::kCertain - 1);
}

TEST_F(OwnershipTest, TheStateOfOneThatDetachesIsGivenUp) {
  ASSERT_TRUE(ownership.request(*a));
  EXPECT_FALSE(ownership.detach(a)) << "it owns";
  ownership.release(*a);
  EXPECT_FALSE(ownership.detach(a)) << "it will come back";
  ASSERT_TRUE(ownership.reacquire(*a));
  ownership.retire(*a);
  EXPECT_TRUE(ownership.detach(a));
  EXPECT_EQ(host.detaches, 1);
  EXPECT_EQ(ownership.attached_threads(), 1U);
  ASSERT_TRUE(ownership.request(*b));
  EXPECT_EQ(host.saves, 0);
}

TEST_F(OwnershipTest, TagsAreNeverUsedAgain) {
  const Tag first = a->tag;
  ASSERT_TRUE(ownership.detach(a));
  EXPECT_GT(ownership.attach()->tag, b->tag);
  EXPECT_NE(b->tag, first);
}

TEST_F(OwnershipTest, HandingOverToOneThatDoesNotWaitDoesNothing) {
  ASSERT_TRUE(ownership.request(*a));
  EXPECT_EQ(ownership.hand_over(*a, *b), Ownership::HandOver::NotWaiting);
  EXPECT_TRUE(ownership.owns(*a));
}

TEST_F(OwnershipTest, AfterShutdownNobodyEntersButItsOwner) {
  ASSERT_TRUE(ownership.request(*a));
  ownership.shutdown();
  EXPECT_FALSE(ownership.request(*b));
  EXPECT_FALSE(b->inside);
  EXPECT_TRUE(ownership.poll(*a));
  ownership.release(*a);
  EXPECT_TRUE(ownership.reacquire(*a));
  ownership.shutdown();  // once more does nothing
  ownership.retire(*a);
  EXPECT_FALSE(ownership.request(*b));
}

TEST_F(OwnershipTest, AShutdownWhileNobodyOwnsClosesTheFastWayToo) {
  ASSERT_TRUE(ownership.request(*a));
  ownership.release(*a);
  ownership.shutdown();
  EXPECT_FALSE(ownership.reacquire(*a));
}

TEST_F(OwnershipTest, TheSequenceMayWrap) {  // F-123
  ASSERT_TRUE(ownership.request(*a));
  for (const std::uint32_t start : {0x7FFFFDU, 0xFFFFFFFDU}) {
    a->sequence = start;
    for (int i = 0; i < 6; ++i) {
      ownership.release(*a);
      ASSERT_TRUE(ownership.reacquire(*a));
      ASSERT_TRUE(ownership.owns(*a));
    }
  }
  ownership.retire(*a);
  ASSERT_TRUE(ownership.request(*b));
}

TEST(CurrentThread, IsKnownPerMachineUntilItDetaches) {  // F-49, F-94
  CountingHost host;
  const auto one = std::make_shared<Ownership>(host);
  const auto other = std::make_shared<Ownership>(host);
  EXPECT_EQ(current(*one), nullptr);
  VmThread* mine = attach_current(one, 5);
  EXPECT_EQ(mine->priority.load(), 5);
  EXPECT_FALSE(mine->foreign);
  EXPECT_EQ(current(*one), mine);
  EXPECT_EQ(current(*other), nullptr);
  EXPECT_EQ(current_or_attach(one), mine) << "attached twice is attached once";
  VmThread* foreign = current_or_attach(other);
  EXPECT_TRUE(foreign->foreign);
  EXPECT_EQ(current(*one), mine);
  EXPECT_EQ(current(*other), foreign);
  EXPECT_EQ(one.use_count(), 2) << "the thread keeps it";
  EXPECT_TRUE(detach_current(*one));
  EXPECT_FALSE(detach_current(*one));
  EXPECT_EQ(one.use_count(), 1);
  EXPECT_EQ(current(*one), nullptr);
  EXPECT_TRUE(detach_current(*other));
}

TEST(CurrentThread, AnOwnershipNobodyElseHoldsEndsWithItsLastThread) {
  CountingHost host;
  auto mine = std::make_shared<Ownership>(host);
  const std::weak_ptr<Ownership> watch = mine;
  ASSERT_NE(attach_current(mine), nullptr);
  const Ownership& it = *mine;
  mine.reset();
  EXPECT_FALSE(watch.expired());
  EXPECT_TRUE(detach_current(it));
  EXPECT_TRUE(watch.expired());
}

}  // namespace
}  // namespace pinion::threads
