#include <pinion/version.h>
#include <stdio.h>

int main(void) {
  return puts(pn_version()) < 0;
}
