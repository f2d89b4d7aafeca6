// Every live Ownership, for fork(). One of the two places of this module that a process has only once
// (the other is current_thread.hpp).
//
// fork() copies one thread and all memory. Every Ownership's lock is taken before, so that the child finds a
// consistent one; there, the surviving thread keeps the machine if its state is in it, or nobody's is. Otherwise the
// machine holds the state of a thread that does not exist, and its gate is closed. Threads that were not copied are
// marked `lost` (reference threading F-88, F-89).
#pragma once

namespace pinion::threads {

class Ownership;

class ForkRegistry {
 public:
  static void add(Ownership&);
  static void remove(Ownership&);

 private:
  static void before();
  static void in_parent();
  static void in_child();
};

}  // namespace pinion::threads
