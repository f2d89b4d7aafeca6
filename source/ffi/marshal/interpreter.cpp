#include "ffi/marshal/interpreter.hpp"

#include "ffi/marshal/callable.hpp"

namespace pinion::marshal {

Outcome interpret(const Code& code, const Invocation& call) {
  return execute<NoTags>(code, call);
}

Outcome invoke_interpreted(const Callable* self, void* result, const std::uint64_t* slots, CallState* state) {
  return execute<NoTags>(*self->code, {.target = self->target,
                                       .slots = slots,
                                       .result = static_cast<std::byte*>(result),
                                       .state = state,
                                       .host = self->host});
}

}  // namespace pinion::marshal
