#include <pinion/version.h>

#include <iostream>

int main() {
  std::cout << pn_version() << '\n';
}
