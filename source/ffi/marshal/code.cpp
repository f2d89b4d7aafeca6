#include "ffi/marshal/code.hpp"

#include <algorithm>

namespace pinion::marshal {

CallVariant needed_variant(const Code& code) {
  bool vectors = false, wide = false;
  for (const Instruction& i : code.instructions) {
    const InstructionInfo& row = info(i.op);
    if (is_step(i.op) || row.bank != Bank::Xmm) continue;
    vectors = true;
    wide |= is_take(i.op) && row.size > 8;
  }
  const bool general = wide || code.stack_size != 0 || code.layout->x87_results != 0 || code.layout->uses_ymm;
  return general ? CallVariant::General : vectors ? CallVariant::Vectors : CallVariant::Integers;
}

bool captures_errno(const Code& code) {
  return std::any_of(code.instructions.begin(), code.instructions.end(),
                     [](const Instruction& i) { return i.op == opcode(Step::ErrnoIn); });
}

bool may_fail(const Code& code) {
  return std::any_of(code.instructions.begin(), code.instructions.end(), [](const Instruction& i) {
    if (is_take(i.op)) return source_of(i.op) == Source::Tagged;
    if (is_give(i.op)) return destination_of(i.op) == Destination::Tagged;
    return step_of(i.op) == Step::Coerce || step_of(i.op) == Step::Box;
  });
}

}  // namespace pinion::marshal
