// What the differential tests of ctype share: the compilers to compare with, and the options of the command line.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "compiler.hpp"
#include "ffi/ctype/type.hpp"
#include "options.hpp"

namespace pinion::tests {

struct Target {
  Compiler compiler;
  ctype::DataModel model;
};

inline Target gcc() {
  return {{"gcc", "gcc"}, ctype::DataModel::Lp64};
}
inline Target clang() {
  return {{"clang", "clang"}, ctype::DataModel::Lp64};
}
inline Target mingw() {
  return {{"x86_64-w64-mingw32-gcc", "gcc-mingw-w64-x86-64"}, ctype::DataModel::Llp64};
}

// The last part of a parameterised test's name.
inline std::string name_of(const testing::TestParamInfo<Target>& target) {
  return target.param.model == ctype::DataModel::Llp64 ? "mingw" : target.param.compiler.command;
}

const Options& options();

}  // namespace pinion::tests
