// The guard notices each thing that a callback may fail to preserve.
#include "guarded_callback.hpp"

#include <gtest/gtest.h>

namespace pinion::differential {
namespace {

// A callback in assembly that does one thing wrong, or nothing.
#define BAD_CALLBACK(name, text) \
  extern "C" void name();        \
  asm(".text\n" #name ":\n" text "\n ret\n")

BAD_CALLBACK(bad_nothing, "");
BAD_CALLBACK(bad_rbx, "inc %rbx");
BAD_CALLBACK(bad_r15, "xor %r15d, %r15d");
BAD_CALLBACK(bad_rdi, "xor %edi, %edi");
BAD_CALLBACK(bad_rsi, "xor %esi, %esi");
BAD_CALLBACK(bad_xmm6, "xorps %xmm6, %xmm6");
BAD_CALLBACK(bad_xmm15, "unpckhpd %xmm0, %xmm15");
BAD_CALLBACK(bad_rsp, "pop %rax\n lea -8(%rsp), %rsp\n jmp *%rax");
BAD_CALLBACK(bad_mxcsr, "movl $0x1f80, -8(%rsp)\n ldmxcsr -8(%rsp)");
BAD_CALLBACK(bad_control_word, "fninit");
BAD_CALLBACK(bad_x87_stack, "fldz");
BAD_CALLBACK(bad_direction, "std");

struct Wrong {
  void (*entry)();
  const char* sysv;       // what is noticed; null: it is right
  const char* microsoft;  // likewise
};

std::optional<std::string> noticed(void (*entry)(), abi::Convention convention) {
  marshal::CallbackHead head;
  head.entry = reinterpret_cast<const void*>(entry);
  const auto* guarded = guard_callback(head, convention);
  reinterpret_cast<void (*)()>(const_cast<void*>(guarded))();  // nothing is passed, so any convention will do
  EXPECT_EQ(callback_return().calls, 1U);
  return not_preserved(0);
}

TEST(GuardedCallback, NoticesWhatIsNotPreserved) {
  const Wrong wrongs[] = {
      {bad_nothing, nullptr, nullptr},
      {bad_rbx, "rbx is not", "rbx is not"},
      {bad_r15, "r15 is not", "r15 is not"},
      {bad_rdi, nullptr, "rdi is not"},
      {bad_rsi, nullptr, "rsi is not"},
      {bad_xmm6, nullptr, "xmm6 is not"},
      {bad_xmm15, nullptr, "xmm15 is not"},
      {bad_rsp, "rsp is off by -8", "rsp is off by -8"},
      {bad_mxcsr, "MXCSR", "MXCSR"},
      {bad_control_word, "x87 control word", "x87 control word"},
      {bad_x87_stack, "1 x87 registers are in use, not 0", "1 x87 registers are in use, not 0"},
      {bad_direction, "direction flag", "direction flag"},
  };
  for (std::size_t i = 0; i < std::size(wrongs); ++i) {
    for (const abi::Convention convention : {abi::Convention::SysV, abi::Convention::Microsoft}) {
      const char* expected = convention == abi::Convention::SysV ? wrongs[i].sysv : wrongs[i].microsoft;
      const auto text = noticed(wrongs[i].entry, convention);
      EXPECT_EQ(text.has_value(), expected != nullptr) << i << ": " << text.value_or("nothing");
      if (text && expected != nullptr) {
        EXPECT_NE(text->find(expected), std::string::npos) << *text;
      }
      asm volatile("fninit");
    }
  }
}

}  // namespace
}  // namespace pinion::differential
