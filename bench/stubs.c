#include "callees.h"

#define A(type, i) (*(type*)arguments[i])
#define R(type) *(type*)result

#define STUB(name, ...)                                             \
  void name(void* function, void* result, void* const* arguments) { \
    __VA_ARGS__;                                                    \
    (void)result;                                                   \
    (void)arguments;                                                \
  }

STUB(stub_f0, ((void (*)(void))function)())
STUB(stub_add2, R(int) = ((int (*)(int, int))function)(A(int, 0), A(int, 1)))
STUB(stub_add6, R(int) = ((int (*)(int, int, int, int, int, int))function)(A(int, 0), A(int, 1), A(int, 2), A(int, 3),
                                                                           A(int, 4), A(int, 5)))
STUB(stub_dmix, R(double) = ((double (*)(int, double, int, double, float))function)(A(int, 0), A(double, 1), A(int, 2),
                                                                                    A(double, 3), A(float, 4)))
STUB(stub_sum12, R(int) = ((int (*)(int, int, int, int, int, int, int, int, int, int, int,
                                    int))function)(A(int, 0), A(int, 1), A(int, 2), A(int, 3), A(int, 4), A(int, 5),
                                                   A(int, 6), A(int, 7), A(int, 8), A(int, 9), A(int, 10), A(int, 11)))
STUB(stub_pair_sum, R(double) = ((double (*)(struct pair))function)(A(struct pair, 0)))
STUB(stub_pair_swap, R(struct pair) = ((struct pair(*)(struct pair))function)(A(struct pair, 0)))
STUB(stub_triple_turn, R(struct triple) = ((struct triple(*)(struct triple))function)(A(struct triple, 0)))
STUB(stub_vsum, R(int) = ((int (*)(int, ...))function)(A(int, 0), A(int, 1), A(int, 2), A(int, 3)))
