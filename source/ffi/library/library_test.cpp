#include "ffi/library/library.hpp"

#include <dlfcn.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <set>
#include <thread>
#include <vector>

#include "ffi/library/platform.hpp"

#if defined(__SANITIZE_THREAD__)
// The loader's records are written and read under a lock of its own, which ThreadSanitizer cannot see: ld.so is not
// instrumented.
extern "C" __attribute__((visibility("default"))) const char* __tsan_default_suppressions() {
  return "race:pinion::loader::\nrace:_dl_close\n";
}
#endif

namespace pinion {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;

Library open(std::string_view name) {
  Result<Library> library = Library::open(name);
  if (!library) ADD_FAILURE() << library.error().message;
  return library ? *library : *Library::open("");
}

std::string open_error(std::string_view name) {
  const Result<Library> library = Library::open(name);
  return library ? "opened " + library->path() : library.error().message;
}

template <class Function>
Function* function(const Library& library, std::string_view name) {
  const Result<void*> address = library.symbol(name);
  if (!address) ADD_FAILURE() << address.error().message;
  return address ? reinterpret_cast<Function*>(*address) : nullptr;
}

std::string symbol_error(const Library& library, std::string_view name) {
  const Result<void*> address = library.symbol(name);
  return address ? "found" : address.error().message;
}

bool is_loaded(const std::string& path) {
  void* const handle = dlopen(path.c_str(), RTLD_NOW | RTLD_NOLOAD);
  if (handle != nullptr) dlclose(handle);
  return handle != nullptr;
}

TEST(Library, EveryFormOfANameOpensTheSame) {
  const Library math = open("libm.so.6");
  EXPECT_EQ(function<double(double, double)>(math, "pow")(2, 10), 1024);
  EXPECT_THAT(math.path(), AllOf(testing::StartsWith("/"), HasSubstr("/libm")));
  // libm.so is, where it exists, a linker script.
  for (const std::string& name : {std::string("m"), std::string("libm"), std::string("libm.so"), math.path()}) {
    const Library again = open(name);
    EXPECT_TRUE(again == math) << name;
    EXPECT_EQ(again.name(), name);
    EXPECT_EQ(again.path(), math.path());
  }
  const Library c = open("c");
  EXPECT_EQ(function<std::size_t(const char*)>(c, "strlen")("four"), 4u);
  EXPECT_FALSE(c == math);
}

TEST(Library, ABareNameOpensTheHighestVersion) {
  EXPECT_EQ(function<int()>(open("pinion_fixture"), "fixture_major")(), 10);
  EXPECT_EQ(function<int()>(open("libpinion_fixture.so"), "fixture_major")(), 10);
  EXPECT_EQ(function<int()>(open(PINION_TESTDATA "/libpinion_fixture.so.2"), "fixture_major")(), 2);
}

TEST(Library, TheEmptyNameIsTheProcess) {
  const Library process = open("");
  EXPECT_EQ(*process.symbol("malloc"), dlsym(RTLD_DEFAULT, "malloc"));
  EXPECT_EQ(process.path(), "");
  EXPECT_THAT(symbol_error(process, "frobnicate"), HasSubstr("the running process has no symbol 'frobnicate'"));
  EXPECT_THAT(symbol_error(process, "strlne"), HasSubstr("'strlen'"));
}

TEST(Library, ErrorsNameEverythingThatWasTried) {
  const std::string error = open_error("frobnicate");
  EXPECT_THAT(
      error,
      AllOf(HasSubstr("cannot open the library 'frobnicate'"), HasSubstr("frobnicate (cannot open shared"),
            HasSubstr("libfrobnicate.so (cannot open shared"), HasSubstr("libfrobnicate.so.N"), HasSubstr("/usr/lib")));
  EXPECT_THAT(open_error("libfrobnicate.so.3"), AllOf(HasSubstr("No such file"), Not(HasSubstr("so.N"))));
  EXPECT_THAT(open_error("/nowhere/libm.so"),
              AllOf(HasSubstr("/nowhere/libm.so (cannot open"), Not(HasSubstr("so.N"))));
  EXPECT_THAT(open_error(std::string_view("libm.so.6\0x", 11)), HasSubstr("NUL"));
}

TEST(Library, ALinkerScriptIsExplained) {
  const std::string path = testing::TempDir() + "/libpinion_script.so";
  std::ofstream(path) << "/* GNU ld script */ GROUP ( /lib/libm.so.6 )" << std::string(200, '\n');
  EXPECT_THAT(open_error(path), AllOf(HasSubstr("invalid ELF header"), HasSubstr("linker script")));
  std::filesystem::remove(path);
}

TEST(Library, TheLastOwnerCloses) {
  const std::string path = PINION_TESTDATA "/libpinion_fixture.so.2";
  ASSERT_FALSE(is_loaded(path));
  {
    Library first = open(path);
    const Library copy = first;
    const Library second = open(path);
    first = open("");
    EXPECT_TRUE(copy == second);
    EXPECT_EQ(*copy.symbol("fixture_number"), *second.symbol("fixture_number"));
    EXPECT_TRUE(is_loaded(path));
  }
  EXPECT_FALSE(is_loaded(path));
}

TEST(Library, GlobalSymbolsAreSeenByTheProcess) {
  const std::string path = PINION_TESTDATA "/libpinion_fixture.so.2";
  {
    const Library local = open(path);
    EXPECT_FALSE(open("").symbol("fixture_major").ok());
  }
  const Result<Library> global = Library::open(path, Library::Symbols::Global);
  ASSERT_TRUE(global.ok());
  EXPECT_EQ(*open("").symbol("fixture_major"), *global->symbol("fixture_major"));
}

TEST(Symbol, DataAndFunctions) {
  const Library fixture = open("pinion_fixture");
  EXPECT_EQ(*static_cast<int*>(*fixture.symbol("fixture_number")), 10);
  EXPECT_EQ(function<double(double)>(fixture, "fixture_square")(3), 9);
}

TEST(Symbol, Versions) {
  const Library fixture = open("pinion_fixture");
  EXPECT_EQ(function<int()>(fixture, "fixture_answer")(), 42);
  EXPECT_EQ(function<int()>(fixture, "fixture_answer@FIXTURE_1")(), 41);
  EXPECT_EQ(function<int()>(fixture, "fixture_answer@FIXTURE_2")(), 42);
  EXPECT_EQ(function<int()>(fixture, "fixture_answer@@FIXTURE_2")(), 42);
  EXPECT_THAT(symbol_error(fixture, "fixture_answer@FIXTURE_3"),
              HasSubstr("it has 'fixture_answer', but not in the version 'FIXTURE_3'"));
}

TEST(Symbol, ErrorsNameLibrarySymbolAndNearNames) {
  const Library fixture = open("pinion_fixture");
  const std::string error = symbol_error(fixture, "fixture_sqare");
  EXPECT_THAT(error, AllOf(HasSubstr(fixture.path()), HasSubstr("no symbol 'fixture_sqare'"),
                           HasSubstr("it has 'fixture_square'"), HasSubstr("undefined symbol")));
  EXPECT_THAT(symbol_error(fixture, "completely_different"), Not(HasSubstr("it has")));
  EXPECT_THAT(symbol_error(fixture, "old_answer_"), Not(HasSubstr("'old_answer'")));  // not exported under that name
}

TEST(Symbol, NamesThatAreNone) {
  const Library fixture = open("pinion_fixture");
  for (const std::string_view name : {std::string_view(""), std::string_view("fixture_major\0", 14)})
    EXPECT_THAT(symbol_error(fixture, name), HasSubstr("wants a name"));
  for (const char* name : {"@FIXTURE_1", "fixture_answer@", "fixture_answer@@"})
    EXPECT_THAT(symbol_error(fixture, name), HasSubstr("NAME@VERSION"));
}

TEST(Exports, AreTheLibrarysOwn) {
  const Result<std::shared_ptr<void>> fixture = loader::open(PINION_TESTDATA "/libpinion_fixture.so.10", false);
  ASSERT_TRUE(fixture.ok());
  const std::vector<std::string> names = loader::exported_names(fixture->get());
  for (const char* name : {"fixture_number", "fixture_major", "fixture_square", "fixture_answer"})
    EXPECT_THAT(names, Contains(name));
  EXPECT_THAT(names, Not(Contains("malloc")));
  EXPECT_THAT(names, Not(Contains("")));
}

// What nm prints: address, type, name with its version. A is an absolute symbol, the name of a version.
std::set<std::string> names_by_nm(const std::string& path) {
  std::set<std::string> names;
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> lines(popen(("nm -D --defined-only " + path).c_str(), "r"),
                                                              pclose);
  char type = 0;
  char name[4096];
  while (std::fscanf(lines.get(), "%*x %c %4095[^@\n]%*[^\n]", &type, name) == 2)
    if (type != 'A') names.insert(name);
  return names;
}

TEST(Exports, AgreeWithNm) {
  for (const char* soname : {"libc.so.6", "libm.so.6", "libstdc++.so.6"}) {
    const Result<std::shared_ptr<void>> library = loader::open(soname, false);
    ASSERT_TRUE(library.ok());
    const std::vector<std::string> names = loader::exported_names(library->get());
    EXPECT_GT(names.size(), 900u);
    EXPECT_EQ(std::set<std::string>(names.begin(), names.end()), names_by_nm(loader::path(library->get()))) << soname;
  }
}

TEST(Library, ThreadsOpenAndCloseAtOnce) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([] {
      for (int round = 0; round < 50; ++round) {
        const Library fixture = open("pinion_fixture");
        EXPECT_EQ(function<int()>(fixture, "fixture_answer@FIXTURE_1")(), 41);
        EXPECT_THAT(symbol_error(fixture, "fixture_majr"), HasSubstr("'fixture_major'"));
      }
    });
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace pinion
