#include <gtest/gtest.h>

#include "ctype_test.hpp"

namespace {

pinion::tests::Options& parsed_options() {
  static pinion::tests::Options options;
  return options;
}

}  // namespace

const pinion::tests::Options& pinion::tests::options() {
  return parsed_options();
}

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  parsed_options() = pinion::tests::Options::from(argc, argv);
  return RUN_ALL_TESTS();
}
