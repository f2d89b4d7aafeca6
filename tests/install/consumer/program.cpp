// A program against the installed library, as a C++ programmer writes one.
#include <iostream>
#include <pinion/pinion.hpp>

int main() {
  const pinion::engine engine;
  auto libm = pinion::library::open("libm.so.6").value();
  auto pow = pinion::function<double(double, double)>::load(engine, libm, "double pow(double, double)").value();
  std::cout << pn_version() << ' ' << pow(2, 10) << '\n';
}
