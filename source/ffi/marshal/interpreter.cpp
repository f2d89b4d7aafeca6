#include "ffi/marshal/interpreter.hpp"

namespace pinion::marshal {

Outcome interpret(const Code& code, const Invocation& call) {
  return execute<NoTags>(code, call);
}

}  // namespace pinion::marshal
