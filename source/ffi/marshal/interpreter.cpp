#include "ffi/marshal/interpreter.hpp"

#include "ffi/marshal/execute.hpp"

namespace pinion::marshal {
namespace {

// For code that has nothing but a call: no arguments, no result.
Outcome invoke_bare(const Callable* self, void*, const std::uint64_t*, CallState*) {
  reinterpret_cast<void (*)()>(const_cast<void*>(self->target))();
  return 0;
}

}  // namespace

Invoke interpreter_for(const Code& code) {
  const bool bare = code.instructions.size() == 2 && code.layout->x87_results == 0 && code.stack_size == 0;
  return bare ? invoke_bare : execute<NoTags>;
}

}  // namespace pinion::marshal
