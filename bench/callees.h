/* The functions that the benchmark calls: in a file of their own, so that no compiler sees both sides. */
#ifndef PINION_BENCH_CALLEES_H
#define PINION_BENCH_CALLEES_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct pair {
  double x, y;
}; /* 16 bytes: two vector registers */
struct triple {
  int64_t a, b, c;
}; /* 24 bytes: memory, hidden result pointer */

void f0(void);
int add2(int a, int b);
int add6(int a, int b, int c, int d, int e, int f);
double dmix(int a, double b, int c, double d, float e);
int sum12(int a, int b, int c, int d, int e, int f, int g, int h, int i, int j, int k, int l);
double pair_sum(struct pair p);
struct pair pair_swap(struct pair p);
struct triple triple_turn(struct triple t);
int vsum(int count, ...);

int64_t same(int64_t value);

/* C that calls a function pointer `times` times, for callbacks. */
typedef void caller(const void* function, long times);
caller loop_f0, loop_same, loop_dmix, loop_pair;

/* The stubs that a C programmer would write by hand behind the same interface: the limit for it. */
typedef void stub(void* function, void* result, void* const* arguments);
stub stub_f0, stub_add2, stub_add6, stub_dmix, stub_sum12, stub_pair_sum, stub_pair_swap, stub_triple_turn, stub_vsum;

#ifdef __cplusplus
}
#endif

#endif
