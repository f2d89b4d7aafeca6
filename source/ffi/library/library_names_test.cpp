#include "ffi/library/library_names.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace pinion {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(LibraryNames, WhatMeansOneFileIsTriedAsGiven) {
  for (const char* name : {"", "/usr/lib/libm.so", "./libm", "libm.so.6", "libssl.so.1.1"}) {
    const LibraryNames names = library_names(name);
    EXPECT_THAT(names.plain, ElementsAre(name));
    EXPECT_THAT(names.versioned, IsEmpty());
  }
}

TEST(LibraryNames, BareNamesEndInVersions) {
  EXPECT_THAT(library_names("m").plain, ElementsAre("m", "libm.so"));
  EXPECT_EQ(library_names("m").versioned, "libm.so");
  EXPECT_THAT(library_names("libm").plain, ElementsAre("libm", "libm.so"));
  EXPECT_EQ(library_names("libm").versioned, "libm.so");
  EXPECT_THAT(library_names("libm.so").plain, ElementsAre("libm.so"));
  EXPECT_EQ(library_names("libm.so").versioned, "libm.so");
}

// Two directories with empty files; the test's own, gone with it.
class FindVersions : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "pinion-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
    std::filesystem::create_directory(root_ / "a");
    std::filesystem::create_directory(root_ / "b");
  }
  void TearDown() override { std::filesystem::remove_all(root_); }

  void add(const std::string& file) { std::ofstream(root_ / file) << '\n'; }
  std::vector<std::string> find(const std::string& stem) {
    std::vector<std::string> found = find_versions(stem, {root_ / "a", root_ / "missing", root_ / "b"});
    for (std::string& path : found) path.erase(0, root_.string().size() + 1);
    return found;
  }

 private:
  std::filesystem::path root_;
};

TEST_F(FindVersions, HigherMajorThenShorterNameThenEarlierDirectory) {
  for (const char* file :
       {"b/libz.so.9", "b/libz.so.10.2.1", "b/libz.so.10", "a/libz.so.2", "a/libz.so.10.2.9", "a/libz.so.9"})
    add(file);
  EXPECT_THAT(find("libz.so"), ElementsAre("b/libz.so.10", "a/libz.so.10.2.9", "b/libz.so.10.2.1", "a/libz.so.9",
                                           "b/libz.so.9", "a/libz.so.2"));
}

TEST_F(FindVersions, OnlyNumbersAreVersions) {
  for (const char* file : {"a/libz.so", "a/libz.so.", "a/libz.so.1-gdb.py", "a/libz.so.old", "a/libz.so.1..2",
                           "a/libzz.so.1", "a/libz.so.99999999999999999999"})
    add(file);
  EXPECT_THAT(find("libz.so"), IsEmpty());
}

}  // namespace
}  // namespace pinion
