// What a call costs: a direct C call, a C stub written by hand, our machine code, our interpreter, the typed wrapper,
// and libffi, side by side in one run.
//
// Everything but the direct call and the typed wrapper goes through the same interface: function, result, array of
// argument addresses. The table at the end has the ratios; --benchmark_repetitions=5 makes them steadier.
#include <benchmark/benchmark.h>
#include <ffi.h>
#include <malloc.h>

#include <array>
#include <string>
#include <vector>

#include "callees.h"
#include "pinion/pinion.hpp"
#include "table.hpp"

namespace {

// The values that all signatures draw their arguments from.
struct Values {
  int i[12] = {3, 1, 2, 3, 5, 6, 7, 8, 9, 10, 11, 12};
  double d[2] = {1.5, 2.5};
  float f = 0.5F;
  pair p = {1, 2};
  triple t = {1, 2, 3};
} values;

struct Case {
  const char* name;
  const char* declaration;
  const void* function;
  stub* hand_written;
  std::vector<void*> arguments;
  ffi_type* result;
  std::vector<ffi_type*> types;
  unsigned fixed = 0;                   // variadic: how many come before the ...
  std::vector<const char*> extra = {};  // variadic: types of the rest
};

ffi_type* pair_members[] = {&ffi_type_double, &ffi_type_double, nullptr};
ffi_type pair_type = {0, 0, FFI_TYPE_STRUCT, pair_members};
ffi_type* triple_members[] = {&ffi_type_sint64, &ffi_type_sint64, &ffi_type_sint64, nullptr};
ffi_type triple_type = {0, 0, FFI_TYPE_STRUCT, triple_members};

template <class F>
const void* address(F* function) {
  return reinterpret_cast<const void*>(function);
}

std::vector<void*> ints(std::size_t count) {
  std::vector<void*> addresses;
  for (std::size_t k = 0; k < count; ++k) addresses.push_back(&values.i[k]);
  return addresses;
}

const std::vector<Case>& cases() {
  static const std::vector<Case> all = {
      {"f0", "void f(void)", address(f0), stub_f0, {nullptr}, &ffi_type_void, {}},
      {"add2", "int f(int, int)", address(add2), stub_add2, ints(2), &ffi_type_sint, std::vector(2, &ffi_type_sint)},
      {"add6", "int f(int, int, int, int, int, int)", address(add6), stub_add6, ints(6), &ffi_type_sint,
       std::vector(6, &ffi_type_sint)},
      {"dmix",
       "double f(int, double, int, double, float)",
       address(dmix),
       stub_dmix,
       {&values.i[0], &values.d[0], &values.i[1], &values.d[1], &values.f},
       &ffi_type_double,
       {&ffi_type_sint, &ffi_type_double, &ffi_type_sint, &ffi_type_double, &ffi_type_float}},
      {"sum12", "int f(int, int, int, int, int, int, int, int, int, int, int, int)", address(sum12), stub_sum12,
       ints(12), &ffi_type_sint, std::vector(12, &ffi_type_sint)},
      {"struct16",
       "struct pair { double x, y; }; double f(struct pair)",
       address(pair_sum),
       stub_pair_sum,
       {&values.p},
       &ffi_type_double,
       {&pair_type}},
      {"struct16 in, out",
       "struct pair { double x, y; }; struct pair f(struct pair)",
       address(pair_swap),
       stub_pair_swap,
       {&values.p},
       &pair_type,
       {&pair_type}},
      {"struct24 in, out",
       "struct triple { long a, b, c; }; struct triple f(struct triple)",
       address(triple_turn),
       stub_triple_turn,
       {&values.t},
       &triple_type,
       {&triple_type}},
      {"variadic",
       "int f(int, ...)",
       address(vsum),
       stub_vsum,
       ints(4),
       &ffi_type_sint,
       std::vector(4, &ffi_type_sint),
       1,
       {"int", "int", "int"}},
  };
  return all;
}

pinion::engine& engine() {
  static pinion::engine the_engine;
  return the_engine;
}

alignas(32) std::byte result[64];

void hand_written_stub(benchmark::State& state, const Case& c) {
  void* function = const_cast<void*>(c.function);
  stub* call = c.hand_written;
  benchmark::DoNotOptimize(call);
  for (auto _ : state) call(function, result, c.arguments.data());
}

pn_function* compile(const Case& c, bool interpret) {
  pn_error why{};
  auto declared = pinion::declarations::parse(engine(), c.declaration).value();
  const pn_type* type = declared.last_function().type;
  if (c.fixed != 0) {
    std::vector<const pn_type*> extra;
    for (const char* name : c.extra) extra.push_back(pn_type_parse(engine().get(), nullptr, name, &why));
    type = pn_variadic_call(engine().get(), type, extra.data(), extra.size(), &why);
  }
  pn_signature_options options{};
  options.interpret = interpret;
  pn_signature* signature = pn_signature_new(engine().get(), type, &options, &why);
  pn_function* function = pn_function_new(signature, c.function, &why);
  pn_signature_free(signature);
  return function;
}

void through_pinion(benchmark::State& state, const Case& c, bool interpret) {
  pn_function* function = compile(c, interpret);
  for (auto _ : state) pn_call(function, result, c.arguments.data());
  pn_function_free(function);
}

void through_libffi(benchmark::State& state, const Case& c) {
  ffi_cif cif;
  std::vector<ffi_type*> types = c.types;
  if (c.fixed != 0) {
    ffi_prep_cif_var(&cif, FFI_DEFAULT_ABI, c.fixed, static_cast<unsigned>(types.size()), c.result, types.data());
  } else {
    ffi_prep_cif(&cif, FFI_DEFAULT_ABI, static_cast<unsigned>(types.size()), c.result, types.data());
  }
  // libffi 3.4 overwrites the addresses of struct arguments with addresses inside its own frame, so a caller must
  // restore them before each call (reference figures; libffi release notes 3.7.0).
  std::array<void*, 16> arguments;
  const auto function = reinterpret_cast<void (*)()>(const_cast<void*>(c.function));
  const bool has_struct = !c.types.empty() && c.types[0]->type == FFI_TYPE_STRUCT;
  std::copy(c.arguments.begin(), c.arguments.end(), arguments.begin());
  for (auto _ : state) {
    if (has_struct) arguments[0] = c.arguments[0];
    ffi_call(&cif, function, result, arguments.data());
  }
}

// Makes the compiler believe that `value` may have changed, or is used. (benchmark::DoNotOptimize lets gcc choose
// between register and memory, and gcc 12 then mixes the two up for some of these calls.)
template <class T>
void touch(T& value) {
  if constexpr (std::is_integral_v<T> || std::is_pointer_v<T>) {
    asm volatile("" : "+r"(value) : : "memory");
  } else if constexpr (std::is_floating_point_v<T>) {
    asm volatile("" : "+x"(value) : : "memory");
  } else {
    asm volatile("" : "+m"(value) : : "memory");
  }
}

template <class F, class... A>
void call_and_use(const F& function, A&... arguments) {
  (touch(arguments), ...);
  if constexpr (std::is_void_v<decltype(function(arguments...))>) {
    function(arguments...);
  } else {
    auto answer = function(arguments...);
    touch(answer);
  }
}

// The direct call and the typed wrapper need the C++ type, so each case is a template instance.
template <class F, class... A>
void direct(benchmark::State& state, F* function, A... arguments) {
  touch(function);
  for (auto _ : state) call_and_use(function, arguments...);
}

template <class R, class... P, class... A>
void typed(benchmark::State& state, std::type_identity<R(P...)>, const Case& c, A... arguments) {
  auto declared = pinion::declarations::parse(engine(), c.declaration).value();
  const auto function = pinion::function<R(P...)>::bind(engine(), declared.last_function().type, c.function).value();
  for (auto _ : state) call_and_use(function, arguments...);
}

template <class Signature, class F, class... A>
void add_typed(std::size_t number, F* function, A... arguments) {
  const Case& c = cases()[number];
  benchmark::RegisterBenchmark((std::string(c.name) + "/C").c_str(),
                               [=](benchmark::State& state) { direct(state, function, arguments...); });
  benchmark::RegisterBenchmark((std::string(c.name) + "/pinion typed").c_str(), [=, &c](benchmark::State& state) {
    typed(state, std::type_identity<Signature>(), c, arguments...);
  });
}

void add_case(const Case& c) {
  const auto add = [&c](const char* how, auto run) {
    benchmark::RegisterBenchmark((std::string(c.name) + "/" + how).c_str(), run);
  };
  add("C stub", [&c](benchmark::State& state) { hand_written_stub(state, c); });
  add("pinion", [&c](benchmark::State& state) { through_pinion(state, c, false); });
  add("pinion interpreted", [&c](benchmark::State& state) { through_pinion(state, c, true); });
  add("libffi", [&c](benchmark::State& state) { through_libffi(state, c); });
}

void add_all() {
  for (const Case& c : cases()) add_case(c);
  const Values& v = values;
  add_typed<void()>(0, f0);
  add_typed<int(int, int)>(1, add2, 1, 2);
  add_typed<int(int, int, int, int, int, int)>(2, add6, 1, 2, 3, 4, 5, 6);
  add_typed<double(int, double, int, double, float)>(3, dmix, 1, 2.0, 3, 4.0, 5.0F);
  add_typed<int(int, int, int, int, int, int, int, int, int, int, int, int)>(4, sum12, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
                                                                             11, 12);
  add_typed<double(pair)>(5, pair_sum, v.p);
  add_typed<pair(pair)>(6, pair_swap, v.p);
  add_typed<triple(triple)>(7, triple_turn, v.t);
  add_typed<int(int, int, int, int)>(8, vsum, 3, 1, 2, 3);
}

// What compiling costs: a declaration parsed before, compiled, bound and freed, each time for a placement not seen
// before (the engine would share it) by alternating engines.
void compile_signature(benchmark::State& state, bool interpret) {
  pinion::engine fresh;
  auto declared =
      pinion::declarations::parse(
          fresh, "struct pair { double x, y; }; double f(int, double, struct pair, const char *, float, short)")
          .value();
  const pn_type* type = declared.last_function().type;
  pn_signature_options options{};
  options.interpret = interpret;
  for (auto _ : state) {
    pn_signature* signature = pn_signature_new(fresh.get(), type, &options, nullptr);
    benchmark::DoNotOptimize(signature);
    pn_signature_free(signature);  // the last user: the code is freed, so the next round compiles again
  }
}

// Memory per signature: a thousand of different placement, all alive, heap and machine code together.
void report_memory() {
  constexpr int kSignatures = 1000;
  pinion::engine fresh;
  std::vector<const pn_type*> types;
  for (int k = 0; k < kSignatures; ++k) {
    std::string text = "double f(";
    for (int bit = 0; bit < 10; ++bit) text += (k >> bit & 1) != 0 ? "double, " : "short, ";
    types.push_back(pinion::declarations::parse(fresh, (text + "const char *)").c_str()).value().last_function().type);
  }
  const std::size_t before = mallinfo2().uordblks;
  std::vector<pn_signature*> signatures;
  std::size_t code = 0;
  for (const pn_type* type : types) {
    signatures.push_back(pn_signature_new(fresh.get(), type, nullptr, nullptr));
    std::size_t size = 0;
    pn_signature_machine_code(signatures.back(), &size);
    code += size;
  }
  const std::size_t heap = mallinfo2().uordblks - before;
  std::printf("\nmemory per signature of 11 arguments: %zu bytes of heap, %zu of machine code\n", heap / kSignatures,
              code / kSignatures);
  for (pn_signature* signature : signatures) pn_signature_free(signature);
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  add_all();
  benchmark::RegisterBenchmark("compile/machine code", [](benchmark::State& s) { compile_signature(s, false); });
  benchmark::RegisterBenchmark("compile/interpreted", [](benchmark::State& s) { compile_signature(s, true); });
  pinion::bench::TableReporter table("C stub");
  benchmark::RunSpecifiedBenchmarks(&table);
  report_memory();
}
