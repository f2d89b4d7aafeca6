// A virtual machine (tests/threads/test_machine.hpp) and callbacks into it, as the scenarios need them: C functions of
// type `long f(long)` whose handlers run as the machine's owner.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "ffi/callback/ownership_gate.hpp"
#include "ffi/codegen/machine_code.hpp"
#include "test_machine.hpp"

namespace pinion::callback {

class Scene {
 public:
  using Function = long (*)(long);
  // What a handler does: gets the argument, answers the result; may throw. Runs as the owner of rig's machine.
  using Body = std::function<long(long)>;

  explicit Scene(threads::OwnershipPolicy policy = {});

  Descriptor* make(Body body, long default_result = 0, std::string name = "test");
  static Function function(const Descriptor* callback);
  Function make_function(Body body, long default_result = 0) { return function(make(std::move(body), default_result)); }

  // The calling host thread goes into C, calls `in_c`, and comes back. False: shut down meanwhile.
  template <class InC>
  bool call_out(InC in_c, threads::CallSite* site = nullptr) {
    threads::VmThread& self = *threads::current(*rig.ownership);
    rig.ownership->release(self, site);
    in_c();
    return rig.ownership->reacquire(self, site);
  }

  threads::Rig rig;
  std::vector<std::string> reports;
  Callbacks callbacks;
  OwnershipGate gate;

 private:
  codegen::CodeArena arena_;
  std::unique_ptr<marshal::Code> code_;
  codegen::MachineCode machine_;
  std::vector<std::unique_ptr<Body>> bodies_;
};

}  // namespace pinion::callback
