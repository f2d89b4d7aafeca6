// A program for debugger_test.cpp to run in a debugger: main calls a C function through machine code.
#include <cstdio>

#include "ffi/codegen/machine_code.hpp"
#include "ffi/ctype/parser.hpp"
#include "ffi/marshal/compiler.hpp"

extern "C" [[gnu::noinline]] int debuggee_callee(int a, double b) {
  asm volatile("" : "+r"(a));
  return a + static_cast<int>(b);
}

int main() {
  using namespace pinion;
  ctype::TypeTable types{ctype::DataModel::Lp64};
  ctype::Declarations declarations;
  if (!ctype::parse_into(types, "int debuggee_callee(int, double);", declarations)) return 1;
  auto layout = abi::lay_out_call(*declarations.last_function()->type, abi::Convention::SysV, {});
  if (!layout) return 1;
  const auto shared = std::make_shared<const abi::CallLayout>(*std::move(layout));
  const auto code = marshal::compile(shared, marshal::plan_for_addresses(*shared, false));
  if (!code) return 1;
  codegen::CodeArena arena;
  const auto machine = codegen::assemble(arena, *code);
  if (!machine) return 1;

  int a = 40, result = 0;
  double b = 2;
  const std::uint64_t slots[] = {reinterpret_cast<std::uint64_t>(&a), reinterpret_cast<std::uint64_t>(&b)};
  const marshal::Callable callable{machine->invoke(), reinterpret_cast<const void*>(debuggee_callee), &*code, nullptr};
  callable.invoke(&callable, &result, slots, nullptr);
  std::printf("%d\n", result);
  return result == 42 ? 0 : 1;
}
