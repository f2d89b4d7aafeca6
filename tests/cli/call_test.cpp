// `pinion call` from outside: what it prints, and how it ends.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "run_pinion.hpp"

namespace pinion::cli {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

constexpr const char* kTypes = R"(
  struct pair { long x; double y; };
  struct record { struct pair in; char name[8]; unsigned a : 3; int b : 5; };
  union number { int i; float f; };
  enum color { RED, GREEN = 5, BLUE };
  typedef float v4 __attribute__((vector_size(16)));
  struct list { int value; struct list *next; };
)";

Outcome call(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "call");
  return run_pinion(arguments);
}

// A function of fixture.c.
std::vector<std::string> fixture(const std::string& function, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {PINION_CLI_FIXTURE, kTypes + function});
  return arguments;
}

struct Example {
  const char* name;
  std::vector<std::string> arguments;
  const char* out;
};
std::ostream& operator<<(std::ostream& out, const Example& example) {
  return out << example.name;
}

// Both executors print the same.
class Call : public testing::TestWithParam<std::tuple<Example, bool>> {};

TEST_P(Call, Prints) {
  const auto& [example, interpreted] = GetParam();
  std::vector<std::string> arguments = example.arguments;
  if (interpreted) arguments.insert(arguments.begin(), "--no-jit");
  const Outcome outcome = call(arguments);
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_EQ(outcome.out, example.out);
  EXPECT_THAT(outcome.err, IsEmpty());
}

const Example kExamples[] = {
    {"Pow", {"libm.so.6", "double pow(double, double)", "2", "10"}, "1024\n"},
    {"PowWithoutTheMark", {"m", "double pow(double x, double y);", "-2", "-1"}, "-0.5\n"},
    {"PowWithTheMark", {"libm.so.6", "double pow(double, double)", "--", "-inf", "3"}, "-inf\n"},
    {"MarkAmongTheArguments", {"libm.so.6", "double pow(double, double)", "2", "--", "-inf"}, "0\n"},
    {"Float", {"libm.so.6", "float sqrtf(float)", "2"}, "1.4142135\n"},
    {"LongDouble", {"libm.so.6", "long double sqrtl(long double)", "2"}, "1.4142135623730950488\n"},
    {"Float128", {"libm.so.6", "__float128 sqrtf128(__float128)", "2"}, "1.414213562373095048801688724209698\n"},
    {"Complex", {"libm.so.6", "double _Complex conj(double _Complex)", "1+2i"}, "1-2i\n"},
    {"Process", {"", "int abs(int)", "-5"}, "5\n"},
    {"TheLastFunctionIsCalled", {"", "int nosuch(void); int abs(int); extern int other;", "-5"}, "5\n"},
    {"AsmLabel", {"", "int magnitude(int) __asm__(\"abs\");", "-5"}, "5\n"},
    {"NoPrototype", {"", "int abs()", "-5"}, "5\n"},
    {"Void", {"", "void srand(unsigned)", "1"}, ""},
    {"Text", {"", "char *strchr(const char *, int)", "two words", "'w'"}, "\"wo words\"\n"},
    {"NullText", {"", "char *strchr(const char *, int)", "abc", "120"}, "null\n"},
    {"OutputOfTheCalleeComesFirst",
     {"", "int printf(const char *, ...)", "%s %d %.1f %c %ld %Lg\\n", "text", "42", "2.5F", "'x'", "5000000000",
      "1.5L"},
     "text 42 2.5 x 5000000000 1.5\n29\n"},
    {"OutParameter",
     {"", "long strtol(const char *text, char **end, int base)", "12abc", "&null", "10"},
     "12\n*end = \"abc\"\n"},
    {"VariadicOutParameters",
     {"", "int sscanf(const char *, const char *, ...)", "5 abc", "%d %s", "&0", "&[10]"},
     "2\n*argument 3 = 5\nargument 4 = \"abc\"\n"},
    {"Buffer", {"", "char *strcpy(char *to, const char *from)", "&[10]", "h\u00E9"}, "\"h\u00E9\"\nto = \"h\u00E9\"\n"},
    {"Comparator",
     {"", "void qsort(void *array, size_t n, size_t size, int (*compare)(const void *, const void *))", "&\"pinion\"",
      "6", "1", "strcmp"},
     "array = \"iinnop\"\n"},
    {"StructResult",
     {"", "typedef struct { int quot, rem; } div_t; div_t div(int, int)", "17", "5"},
     "{quot = 3, rem = 2}\n"},
    {"Struct", fixture("struct pair swap(struct pair);", {"{1, 2.5}"}), "{x = 2, y = 1}\n"},
    {"StructInMemory", fixture("struct record same(struct record);", {"{.name = \"ab\", .b = -16, .in = {1, 1e100}}"}),
     "{in = {x = 1, y = 1e+100}, name = \"ab\", a = 0, b = -16}\n"},
    {"StructByPointer", fixture("void fill(struct record *out);", {"&{.a = 1}"}),
     "*out = {in = {x = 7, y = 0}, name = \"hey\", a = 1, b = -3}\n"},
    {"PointersInside", fixture("int total(const struct list *l);", {"&{1, &{2, null}}"}),
     "3\n*l.next = {value = -1, next = null}\n"},
    {"Union", fixture("union number same_union(union number);", {"{.f = 1}"}), "{i = 1065353216, f = 1}\n"},
    {"Enum", fixture("enum color next_color(enum color);", {"RED"}), "GREEN\n"},
    {"Vector", fixture("v4 add_vectors(v4, v4);", {"{1, 2, 3, 4}", "{.5, .25}"}), "{1.5, 2.25, 3, 4}\n"},
    {"Int128", fixture("__int128 twice(__int128);", {"-85070591730234615865843651857942052864"}),
     "-170141183460469231731687303715884105728\n"},
    {"Bool", fixture("_Bool negate(_Bool);", {"true"}), "false\n"},
    {"Char", fixture("char to_upper(char);", {"a"}), "'A'\n"},
    {"Array", fixture("int sum(const int *, int);", {"&[]{1, 2, 3}", "3"}), "6\n"},
    {"Microsoft",
     fixture("__attribute__((ms_abi)) double mixed(int, double, struct pair, float, long);",
             {"1", "2", "{3, 4}", "5", "6"}),
     "654321\n"},
    {"UnreadableText", fixture("const char *bad_text(void);", {}), "0x3039 (not readable)\n"},
};

std::string name_of(const testing::TestParamInfo<std::tuple<Example, bool>>& instance) {
  const auto& [example, interpreted] = instance.param;
  return std::string(example.name) + (interpreted ? "Interpreted" : "");
}
INSTANTIATE_TEST_SUITE_P(Cli, Call, testing::Combine(testing::ValuesIn(kExamples), testing::Bool()), name_of);

TEST(CallOptions, ErrnoIsThatOfTheCall) {
  const Outcome failed = call({"--errno", "", "int open(const char *path, int flags, ...)", "/nowhere/at/all", "0"});
  EXPECT_EQ(failed.status, 0);
  EXPECT_EQ(failed.out, "-1\nerrno = ENOENT (No such file or directory)\n");
  EXPECT_EQ(call({"--errno", "", "int abs(int)", "1"}).out, "1\nerrno = 0\n");
}

TEST(CallOptions, AddressesInsteadOfText) {
  const Outcome outcome = call({"--addresses", "", "char *strchr(const char *, int)", "text", "'t'"});
  EXPECT_EQ(outcome.status, 0);
  EXPECT_THAT(outcome.out, testing::MatchesRegex("0x[0-9a-f]+\n"));
}

TEST(CallOptions, FollowsAResultThatPoints) {
  const std::string decl = "struct tm { int sec, min, hour, mday, mon, year; }; struct tm *gmtime(const long *time);";
  const Outcome outcome = call({"--follow", "", decl, "&86399"});
  EXPECT_EQ(outcome.status, 0);
  EXPECT_THAT(outcome.out, HasSubstr("\n*result = {sec = 59, min = 59, hour = 23, mday = 1, mon = 0, year = 70}\n"));
  EXPECT_EQ(call({"--follow", PINION_CLI_FIXTURE, "int *bad_text(void);"}).out, "0x3039\n*result is not readable\n");
  EXPECT_EQ(call({"--follow", "", "int abs(int);", "1"}).out, "1\n");
}

TEST(CallOptions, HelpHasExamples) {
  const Outcome outcome = call({"--help"});
  EXPECT_EQ(outcome.status, 0);
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("pinion call [OPTIONS] LIBRARY DECLARATIONS [--] [ARGS...]"),
                                 HasSubstr("pinion call libm.so.6 'double pow(double, double)' 2 10")));
}

TEST(CallUsage, IsStatusTwo) {
  const std::vector<std::string> mistakes[] = {
      {}, {"libm.so.6"}, {"--nojit", "", "int abs(int)", "1"}, {"", "int abs(int)", "-inf"}};
  for (const auto& mistake : mistakes) {
    const Outcome outcome = call(mistake);
    EXPECT_EQ(outcome.status, 2) << testing::PrintToString(mistake);
    EXPECT_THAT(outcome.out, IsEmpty());
    EXPECT_THAT(outcome.err, AllOf(StartsWith("pinion: "), HasSubstr("--help")));
  }
}

struct Mistake {
  const char* name;
  std::vector<std::string> arguments;
  const char* complaint;
};
std::ostream& operator<<(std::ostream& out, const Mistake& mistake) {
  return out << mistake.name;
}

class FailedCall : public testing::TestWithParam<Mistake> {};

TEST_P(FailedCall, EndsWithStatusOneAndAReason) {
  const Outcome outcome = call(GetParam().arguments);
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.out, IsEmpty());
  EXPECT_THAT(outcome.err, AllOf(StartsWith("pinion: "), HasSubstr(GetParam().complaint)));
}

const Mistake kMistakes[] = {
    {"Argument",
     {"libm.so.6", "double pow(double, double)", "2", "ten"},
     "argument 2 of 'pow' wants double, got 'ten'\n"},
    {"Range",
     {"", "int abs(int)", "2147483648"},
     "argument 1 of 'abs' wants int (-2147483648 to 2147483647), got '2147483648'\n"},
    {"Member", fixture("struct pair swap(struct pair);", {"{1, y}"}),
     "argument 1 of 'swap', at .y, wants double, got 'y'\n"},
    {"TooFew",
     {"libm.so.6", "double pow(double, double)", "2"},
     "'pow' takes 2 arguments, got 1: double pow(double, double)\n"},
    {"TooMany", {"", "int abs(int)", "1", "2"}, "'abs' takes 1 argument, got 2: int abs(int)\n"},
    {"TooFewForVariadic",
     {"", "int printf(const char *, ...)"},
     "'printf' takes at least 1 argument, got 0: int printf(const char *, ...)\n"},
    {"Library", {"libnosuch.so.1", "int f(void)"}, "libnosuch.so.1"},
    {"Symbol", {"libm.so.6", "double poww(double, double)", "1", "2"}, "'poww'"},
    {"Declaration", {"", "int abs(it)", "1"}, "line 1, column 9: unknown type name 'it'"},
    {"NoFunction", {"", "int x;"}, "declare no function"},
    {"OpaqueArgument", {"", "struct s; int abs(struct s);", "{}"}, "struct s"},
    {"Crash", fixture("void crash(struct pair p, const char *why);", {"{1, 2.5}", "to see"}),
     "SIGSEGV (it used memory that is not there, or not for that) at address 0x8\n"
     "  function    void crash(struct pair p, const char *why)\n"},
    {"CrashNamesTheArguments", fixture("void crash(struct pair p, const char *why);", {"{1, 2.5}", "to see"}),
     "  argument 1  {x = 1, y = 2.5}\n  argument 2  \"to see\"\n"},
    {"CrashInterpreted", {"--no-jit", "", "size_t strlen(const char *)", "0x10"}, "SIGSEGV"},
    {"StackOverflow", fixture("int recurse(int);", {"1"}), "SIGSEGV"},
    {"Abort", fixture("void give_up(void);", {}), "SIGABRT"},
};

INSTANTIATE_TEST_SUITE_P(Cli, FailedCall, testing::ValuesIn(kMistakes),
                         [](const auto& mistake) { return mistake.param.name; });

}  // namespace
}  // namespace pinion::cli
