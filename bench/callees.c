#include "callees.h"

#include <stdarg.h>

void f0(void) {}
int add2(int a, int b) {
  return a + b;
}
int add6(int a, int b, int c, int d, int e, int f) {
  return a + b + c + d + e + f;
}
double dmix(int a, double b, int c, double d, float e) {
  return a + b + c + d + e;
}
int sum12(int a, int b, int c, int d, int e, int f, int g, int h, int i, int j, int k, int l) {
  return a + b + c + d + e + f + g + h + i + j + k + l;
}
double pair_sum(struct pair p) {
  return p.x + p.y;
}
struct pair pair_swap(struct pair p) {
  return (struct pair){p.y, p.x};
}
struct triple triple_turn(struct triple t) {
  return (struct triple){t.b, t.c, t.a};
}
int vsum(int count, ...) {
  va_list list;
  va_start(list, count);
  int sum = 0;
  while (count-- > 0) sum += va_arg(list, int);
  va_end(list);
  return sum;
}

int64_t same(int64_t value) {
  return value;
}

void loop_f0(const void* function, long times) {
  for (; times > 0; --times) ((void (*)(void))function)();
}
void loop_same(const void* function, long times) {
  for (int64_t value = 1; times > 0; --times) value = ((int64_t(*)(int64_t))function)(value);
}
void loop_dmix(const void* function, long times) {
  for (; times > 0; --times) ((double (*)(int, double, int, double, float))function)(1, 2, 3, 4, 5);
}
void loop_pair(const void* function, long times) {
  for (struct pair p = {1, 2}; times > 0; --times) p = ((struct pair(*)(struct pair))function)(p);
}
