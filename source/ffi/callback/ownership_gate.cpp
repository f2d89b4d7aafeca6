#include "ffi/callback/ownership_gate.hpp"

namespace pinion::callback {

Gate::Entry OwnershipGate::enter() {
  threads::VmThread* self = threads::current_or_attach(ownership_);
  if (self == nullptr || self->critical) return Entry::Refused;
  if (self->inside) return ownership_->reacquire(*self) ? Entry::Returned : Entry::Refused;
  return ownership_->request(*self) ? Entry::Visiting : Entry::Refused;
}

void OwnershipGate::leave(Entry entry) {
  threads::VmThread& self = *threads::current(*ownership_);
  if (entry == Entry::Visiting) {
    ownership_->retire(self);
  } else {
    ownership_->release(self);
  }
}

}  // namespace pinion::callback
