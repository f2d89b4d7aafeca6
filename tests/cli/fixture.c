/* Functions for call_test.cpp to call. */
#include <stdlib.h>
#include <string.h>

struct pair {
  long x;
  double y;
};
struct pair swap(struct pair p) {
  struct pair r = {(long)p.y, (double)p.x};
  return r;
}

struct record {
  struct pair in;
  char name[8];
  unsigned a : 3;
  int b : 5;
};
struct record same(struct record r) {
  return r;
}
void fill(struct record* r) {
  r->in.x = 7;
  strcpy(r->name, "hey");
  r->b = -3;
}

union number {
  int i;
  float f;
};
union number same_union(union number u) {
  return u;
}

enum color { RED, GREEN = 5, BLUE };
enum color next_color(enum color c) {
  return c == RED ? GREEN : BLUE;
}

typedef float v4 __attribute__((vector_size(16)));
v4 add_vectors(v4 a, v4 b) {
  return a + b;
}

__int128 twice(__int128 n) {
  return n * 2;
}
_Bool negate(_Bool b) {
  return !b;
}
char to_upper(char c) {
  return (char)(c - 'a' + 'A');
}
int sum(const int* numbers, int count) {
  int total = 0;
  for (int i = 0; i < count; ++i) total += numbers[i];
  return total;
}

struct list {
  int value;
  struct list* next;
};
int total(struct list* l) {
  int n = 0;
  for (; l; l = l->next) {
    n += l->value;
    l->value = -1;
  }
  return n;
}

__attribute__((ms_abi)) double mixed(int a, double b, struct pair c, float d, long e) {
  return a + 10 * b + 100.0 * (double)c.x + 1000 * c.y + 10000 * d + 100000.0 * (double)e;
}

const char* bad_text(void) {
  return (const char*)12345;
}
void crash(struct pair p, const char* why) {
  (void)p, (void)why;
  *(volatile int*)8 = 1;
}
int recurse(int n) {
  volatile char stack[4096];
  stack[0] = (char)n;
  return recurse(n + 1) + stack[0];
}
void give_up(void) {
  abort();
}
