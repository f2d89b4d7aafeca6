/* A library with symbols of known names. It is built twice, as versions 2 and 10 of the same library, and each has
   symbols of two versions (fixture.map). */
#define EXPORT __attribute__((visibility("default")))

EXPORT int fixture_number = FIXTURE_MAJOR;
EXPORT int fixture_major(void) {
  return FIXTURE_MAJOR;
}
EXPORT double fixture_square(double x) {
  return x * x;
}

int old_answer(void);
int new_answer(void);
EXPORT int old_answer(void) {
  return 41;
}
EXPORT int new_answer(void) {
  return 42;
}
__asm__(".symver old_answer, fixture_answer@FIXTURE_1");
__asm__(".symver new_answer, fixture_answer@@FIXTURE_2");
