#include "test_machine.hpp"

#include <gtest/gtest.h>

#include <functional>

namespace pinion::threads {

TestMachine::Context& TestMachine::context(VmThread& thread) {
  return contexts_[thread.tag];
}

TestMachine::Registers TestMachine::after(Tag tag, std::uint64_t step) {
  return {tag, step, tag * 0x9E3779B97F4A7C15U + step, ~step};
}

void TestMachine::save(VmThread& absent) {
  if (owner_.load() != 0) fault();
  ++saves_;
  context(absent).saved = registers_;
  registers_.fill(0xDEADBEEF);
}

void TestMachine::restore(VmThread& returned) {
  if (owner_.load() != 0) fault();
  ++restores_;
  registers_ = context(returned).saved;
}

// Under the Ownership's lock, but not by the owner: touches nothing of the machine.
void TestMachine::detached(VmThread&) {
  ++detached_;
}

void TestMachine::work(VmThread& owner) {
  if (owner_.exchange(owner.tag) != 0) fault();
  Context& mine = context(owner);
  if (mine.expected != Registers{} && registers_ != mine.expected) fault();
  registers_ = mine.expected = after(owner.tag, ++counter_);
  if (owner_.exchange(0) != owner.tag) fault();
}

Rig::Rig(OwnershipPolicy policy) : ownership(std::make_shared<Ownership>(machine, policy)) {}

Rig::~Rig() {
  if (!ownership->is_shut_down()) ownership->shutdown();
  EXPECT_EQ(machine.faults(), 0U) << "two owners, or registers that are not the owner's";
  EXPECT_EQ(ownership->waiting_threads(), 0U);
}

bool Rig::visit() {
  VmThread* self = current_or_attach(ownership);
  if (!ownership->request(*self)) return false;
  machine.work(*self);
  ownership->retire(*self);
  return true;
}

std::thread host_thread(Rig& rig, std::function<void(VmThread&)> body, int priority) {
  return std::thread([&rig, body = std::move(body), priority] {
    VmThread* self = attach_current(rig.ownership, priority);
    if (!rig.ownership->request(*self)) return;
    body(*self);
    if (rig.ownership->owns(*self)) rig.ownership->retire(*self);
  });
}

}  // namespace pinion::threads
