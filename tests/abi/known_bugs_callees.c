// Callees for known_bugs_test.cpp, compiled by gcc and clang, each with -O0 and -O2, for each convention (ABI).
// Most answer whether their arguments are those that the test passes.
#include <stdarg.h>

#define CALLEE __attribute__((ABI, visibility("default")))

// Bytes of every size: each comes back one larger, and the callee's own copy is overwritten.
#define SIZE(n)                                            \
  struct bytes##n {                                        \
    unsigned char c[n];                                    \
  };                                                       \
  CALLEE struct bytes##n plus_one_##n(struct bytes##n s) { \
    struct bytes##n result;                                \
    for (int i = 0; i < n; ++i) result.c[i] = s.c[i] + 1;  \
    __builtin_memset(&s, 0, sizeof s);                     \
    __asm__ volatile("" : : "r"(&s) : "memory");           \
    return result;                                         \
  }
#define SIZES(X)                                                                                                  \
  X(1)                                                                                                            \
  X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14) X(15) X(16) X(17) X(18) X(19) X(20) X(21) \
      X(22) X(23) X(24) X(25) X(26) X(27) X(28) X(29) X(30) X(31) X(32) X(33)
SIZES(SIZE)

struct char_double {
  char c;
  double d;
};
CALLEE int lf01(char a, char b, char c, char d, char e, float f, struct char_double s) {
  return a == 1 && b == 2 && c == 3 && d == 4 && e == 5 && f == 6.5f && s.c == 7 && s.d == 8.25;
}

struct longs5 {
  long v[5];
};
CALLEE long lf03(struct longs5 s) {
  long sum = 0;
  for (int i = 0; i < 5; ++i) {
    sum += s.v[i];
    s.v[i] = -1;
    __asm__ volatile("" : : "r"(&s) : "memory");
  }
  return sum;
}

CALLEE int lf05(signed char index, const int* middle) {
  return middle[index];
}
CALLEE long lf05_all(signed char a, unsigned char b, short c, unsigned short d, signed char e, short f, signed char g,
                     unsigned short h) {
  return a == -3 && b == 253 && c == -3 && d == 65533 && e == -3 && f == -3 && (long)g == -3 && (long)h == 65533;
}
CALLEE int ml01(_Bool a, _Bool b) {
  return a * 10 + b;
}

struct longs3 {
  long a, b, c;
};
CALLEE long lf07(struct longs3 a, struct longs3 b, struct longs3 c, struct longs3 d, struct longs3 e, struct longs3 f,
                 struct longs3 g, struct longs3 h, struct longs3 i, const long* p) {
  return a.a + b.b + c.c + d.a + e.b + f.c + g.a + h.b + i.c + *p;
}

CALLEE signed char lf12(int x) {
  return (signed char)x;
}

struct floats2 {
  float v[2];
};
struct doubles2 {
  double v[2];
};
struct chars16 {
  char v[16];
};
CALLEE int ct01(struct floats2 a, struct doubles2 b, struct chars16 c) {
  return a.v[0] == 1.5f && a.v[1] == 2.5f && b.v[0] == 3.5 && b.v[1] == 4.5 && c.v[0] == 5 && c.v[15] == 6;
}

union double_long {
  double d;
  long l;
};
struct bits4 {
  int b : 4;
};
CALLEE int ct02(union double_long u, struct bits4 s, double d) {
  return u.l == -77 && s.b == -5 && d == 0.5;
}
union int_double {
  int i;
  double d;
};
union float_floats {
  float f;
  float v[2];
};
struct with_union {
  float f;
  union {
    int i;
    float g;
  } u;
};
CALLEE int ct02b(union int_double a, union float_floats b, struct with_union c, float last) {
  return a.d == 1.5 && b.v[0] == 2.5f && b.v[1] == 3.5f && c.f == 4.5f && c.u.i == 5 && last == 6.5f;
}
struct __attribute__((packed)) bits20 {
  unsigned a : 5, b : 11, c : 4;
};
CALLEE int ct04(struct bits20 s) {
  return s.a == 21 && s.b == 1500 && s.c == 9;
}
struct doubles3 {
  double v[3];
};
CALLEE struct doubles3 ct05(double x) {
  return (struct doubles3){{x, x + 1, x + 2}};
}
struct chars2 {
  signed char a, b;
};
CALLEE struct chars2 ct06(int a) {
  return (struct chars2){(signed char)a, (signed char)-a};
}

struct __attribute__((aligned(16))) aligned16 {
  long a;
  int b;
};
CALLEE int lj01(int a, int b, int c, int d, int e, int f, int g, struct aligned16 s, int h) {
  void* address = &s;
  __asm__ volatile("" : "+r"(address));
  return a == 1 && b == 2 && c == 3 && d == 4 && e == 5 && f == 6 && g == 7 && s.a == 8 && s.b == 9 && h == 10 &&
         (unsigned long)address % 16 == 0;
}
struct doubles4 {
  double v[4];
};
CALLEE double lj02(struct doubles4 s, const double* p) {
  return s.v[0] + s.v[1] + s.v[2] + s.v[3] + *p;
}

struct __attribute__((packed)) packed_char_int {
  char c;
  int i;
};
struct __attribute__((packed)) packed_int_double {
  int i;
  double d;
};
CALLEE int pa02(struct packed_char_int a, int b, struct packed_int_double c) {
  return a.c == 1 && a.i == 2 && b == 3 && c.i == 4 && c.d == 5.5;
}
union double_float {
  double d;
  float f;
};
CALLEE union double_float pa03(union double_float u) {
  u.d += 1;
  return u;
}

struct floats3 {
  float a, b, c;
};
struct float_int {
  float f;
  int i;
};
CALLEE struct floats3 sq01(struct floats3 s, struct float_int t) {
  return (struct floats3){s.a + t.f, s.b + (float)t.i, s.c};
}
CALLEE struct doubles2 sq06(struct doubles2 s) {
  return (struct doubles2){{s.v[1], s.v[0]}};
}

// The variable argument's first value says how many doubles follow.
CALLEE double sq04(int count, ...) {
#if MICROSOFT
  __builtin_ms_va_list list;
  __builtin_ms_va_start(list, count);
#else
  va_list list;
  va_start(list, count);
#endif
  double sum = 0;
  for (int i = 0; i < count; ++i) sum += __builtin_va_arg(list, double);
  return sum;
}

CALLEE double lc01(double a, double b, double c, double d, double e, double f, double g, double h, double i, double j) {
  return a + b * 2 + c * 4 + d * 8 + e * 16 + f * 32 + g * 64 + h * 128 + i * 256 + j * 512;
}
struct long_double2 {
  long l;
  double d;
};
CALLEE struct long_double2 lc02(double d, long l) {
  return (struct long_double2){l, d};
}
CALLEE int lc03(int a, int b) {
  return a - b;
}

CALLEE long jn01(struct longs3 a, long b, long c, long d) {
  const long result = a.a + a.b + a.c + b * 2 + c * 3 + d * 5;
  a.a = b = c = d = -1;
  __asm__ volatile("" : : "r"(&a), "r"(&b), "r"(&c), "r"(&d) : "memory");
  return result;
}

CALLEE int rs01(long a, long b, long c, long d, long e, __int128 x, long f, __int128 y) {
  return a == 1 && b == 2 && c == 3 && d == 4 && e == 5 && f == 6 && (long)x == -7 && (long)(x >> 64) == 8 &&
         (long)y == 9 && (long)(y >> 64) == -10;
}
