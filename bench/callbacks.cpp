// What a callback costs: C calls a plain function pointer, one of our callbacks (machine code, interpreted) and a
// libffi closure, side by side in one run. Every handler does nothing but answer.
#include <benchmark/benchmark.h>
#include <ffi.h>

#include <cstdint>
#include <cstdlib>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "callees.h"
#include "pinion/pinion.hpp"
#include "table.hpp"

namespace {

struct Case {
  const char* name;
  const char* declaration;
  const void* plain;                               // a C function of the type
  void (*loop)(const void* function, long times);  // C that calls it
  pn_handler handler;
  void (*closure)(ffi_cif*, void*, void**, void*);
  ffi_type* result;
  std::vector<ffi_type*> types;
};

ffi_type* pair_members[] = {&ffi_type_double, &ffi_type_double, nullptr};
ffi_type pair_type = {0, 0, FFI_TYPE_STRUCT, pair_members};

template <class F>
const void* address(F* function) {
  return reinterpret_cast<const void*>(function);
}

const std::vector<Case>& cases() {
  static const std::vector<Case> all = {
      {"empty",
       "void f(void)",
       address(f0),
       loop_f0,
       [](void*, void* const*, void*) { return 0; },
       [](ffi_cif*, void*, void**, void*) {},
       &ffi_type_void,
       {}},
      {"int64",
       "long f(long)",
       address(same),
       loop_same,
       [](void*, void* const* a, void* r) {
         *static_cast<int64_t*>(r) = *static_cast<int64_t*>(a[0]);
         return 0;
       },
       [](ffi_cif*, void* r, void** a, void*) { *static_cast<int64_t*>(r) = *static_cast<int64_t*>(a[0]); },
       &ffi_type_sint64,
       {&ffi_type_sint64}},
      {"mixed",
       "double f(int, double, int, double, float)",
       address(dmix),
       loop_dmix,
       [](void*, void* const* a, void* r) {
         *static_cast<double*>(r) = *static_cast<double*>(a[1]) + *static_cast<double*>(a[3]);
         return 0;
       },
       [](ffi_cif*, void* r, void** a, void*) {
         *static_cast<double*>(r) = *static_cast<double*>(a[1]) + *static_cast<double*>(a[3]);
       },
       &ffi_type_double,
       {&ffi_type_sint, &ffi_type_double, &ffi_type_sint, &ffi_type_double, &ffi_type_float}},
      {"struct16",
       "struct pair { double x, y; }; struct pair f(struct pair)",
       address(pair_swap),
       loop_pair,
       [](void*, void* const* a, void* r) {
         const auto* p = static_cast<pair*>(a[0]);
         *static_cast<pair*>(r) = {p->y, p->x};
         return 0;
       },
       [](ffi_cif*, void* r, void** a, void*) {
         const auto* p = static_cast<pair*>(a[0]);
         *static_cast<pair*>(r) = {p->y, p->x};
       },
       &pair_type,
       {&pair_type}},
  };
  return all;
}

constexpr long kCalls = 1000;

void run(benchmark::State& state, const Case& c, const void* function) {
  for (auto _ : state) c.loop(function, kCalls);
}

class Callback {
 public:
  Callback(const char* declaration, pn_handler handler, bool interpret)
      : engine_({.model = PN_LP64,
                 .no_machine_code = interpret,
                 .perf_map = 0,
                 .report = nullptr,
                 .report_data = nullptr}) {
    auto declared = pinion::declarations::parse(engine_, declaration).value();
    callback_ = pn_callback_new(engine_.get(), declared.last_function().type, handler, nullptr, nullptr, nullptr);
  }
  ~Callback() { pn_callback_free(callback_); }
  Callback(const Callback&) = delete;
  Callback& operator=(const Callback&) = delete;
  const void* address() const { return pn_callback_address(callback_); }

 private:
  pinion::engine engine_;
  pn_callback* callback_;
};

class Closure {
 public:
  explicit Closure(const Case& c) : types_(c.types) {
    ffi_prep_cif(&cif_, FFI_DEFAULT_ABI, static_cast<unsigned>(types_.size()), c.result, types_.data());
    closure_ = static_cast<ffi_closure*>(ffi_closure_alloc(sizeof(ffi_closure), &code_));
    ffi_prep_closure_loc(closure_, &cif_, c.closure, nullptr, code_);
  }
  ~Closure() { ffi_closure_free(closure_); }
  Closure(const Closure&) = delete;
  Closure& operator=(const Closure&) = delete;
  const void* address() const { return code_; }

 private:
  ffi_cif cif_{};
  std::vector<ffi_type*> types_;
  ffi_closure* closure_ = nullptr;
  void* code_ = nullptr;
};

template <class Compare>
void sort_million(benchmark::State& state, const Compare& compare) {
  std::mt19937 random(1);
  std::vector<int> original(1000000);
  for (int& number : original) number = static_cast<int>(random());
  for (auto _ : state) {
    std::vector<int> numbers = original;
    qsort(numbers.data(), numbers.size(), sizeof(int), compare);
  }
}

int compare_ints(const void* a, const void* b) {
  const int x = *static_cast<const int*>(a), y = *static_cast<const int*>(b);
  return x < y ? -1 : x > y;
}
int handle_compare(void*, void* const* arguments, void* result) {
  *static_cast<int*>(result) =
      compare_ints(*static_cast<const void* const*>(arguments[0]), *static_cast<const void* const*>(arguments[1]));
  return 0;
}

using Compare = int(const void*, const void*);

void make_and_free(benchmark::State& state) {
  pinion::engine engine;
  auto declared = pinion::declarations::parse(engine, "int f(int)").value();
  const pn_type* type = declared.last_function().type;
  for (auto _ : state) {
    pn_callback_free(pn_callback_new(engine.get(), type, handle_compare, nullptr, nullptr, nullptr));
  }
}

void add(const std::string& name, std::function<void(benchmark::State&)> body) {
  benchmark::RegisterBenchmark(name.c_str(), std::move(body));
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  for (const Case& c : cases()) {
    const std::string name = std::string(c.name) + " x1000";
    add(name + "/C", [&c](benchmark::State& s) { run(s, c, c.plain); });
    add(name + "/pinion",
        [&c](benchmark::State& s) { run(s, c, Callback(c.declaration, c.handler, false).address()); });
    add(name + "/pinion interpreted",
        [&c](benchmark::State& s) { run(s, c, Callback(c.declaration, c.handler, true).address()); });
    add(name + "/libffi", [&c](benchmark::State& s) { run(s, c, Closure(c).address()); });
  }
  add("qsort 1M ints/C", [](benchmark::State& s) { sort_million(s, compare_ints); });
  add("qsort 1M ints/pinion", [](benchmark::State& s) {
    const Callback callback("int f(const void *, const void *)", handle_compare, false);
    sort_million(s, reinterpret_cast<Compare*>(const_cast<void*>(callback.address())));
  });
  add("make and free/pinion", make_and_free);
  pinion::bench::TableReporter table("C");
  benchmark::RunSpecifiedBenchmarks(&table);
}
