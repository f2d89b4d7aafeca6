/* A program against the installed library, as a C programmer writes one: calls pow, and sorts with a callback. */
#include <pinion/pinion.h>
#include <stdio.h>
#include <stdlib.h>

static int compare(void* data, void* const* arguments, void* result) {
  const int a = **(const int*const*)arguments[0], b = **(const int*const*)arguments[1];
  (void)data;
  *(int*)result = (a > b) - (a < b);
  return 0;
}

static int give_up(const pn_error* why) {
  fprintf(stderr, "%s\n", why->message);
  return 1;
}

int main(void) {
  pn_error why;
  pn_engine* engine = pn_engine_new(NULL, &why);
  pn_library* libm = pn_library_open("libm.so.6", &why);
  pn_library* libc = pn_library_open("libc.so.6", &why);
  if (libm == NULL || libc == NULL) return give_up(&why);

  pn_function* power = pn_load(engine, libm, "double pow(double, double)", &why);
  if (power == NULL) return give_up(&why);
  double x = 2, y = 10, result = 0;
  void* of_pow[] = {&x, &y};
  pn_call(power, &result, of_pow);

  pn_function* sort =
      pn_load(engine, libc, "void qsort(void *, size_t, size_t, int (*)(const void *, const void *))", &why);
  pn_declarations* declared = pn_parse(engine, "int compare(const void *, const void *)", &why);
  pn_declaration declaration;
  if (sort == NULL || declared == NULL || !pn_declaration_named(declared, "compare", &declaration))
    return give_up(&why);
  pn_callback* callback = pn_callback_new(engine, declaration.type, compare, NULL, NULL, &why);
  if (callback == NULL) return give_up(&why);
  int numbers[] = {3, 1, 2};
  void* base = numbers;
  size_t count = 3, size = sizeof *numbers;
  const void* comparison = pn_callback_address(callback);
  void* of_qsort[] = {&base, &count, &size, &comparison};
  pn_call(sort, NULL, of_qsort);

  printf("%s %g %d%d%d\n", pn_version(), result, numbers[0], numbers[1], numbers[2]);
  pn_callback_free(callback);
  pn_declarations_free(declared);
  pn_function_free(sort);
  pn_function_free(power);
  pn_library_free(libc);
  pn_library_free(libm);
  pn_engine_free(engine);
  return 0;
}
