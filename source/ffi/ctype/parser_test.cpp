#include "ffi/ctype/parser.hpp"

#include <gtest/gtest.h>

#include "ffi/ctype/print.hpp"

namespace pinion::ctype {
namespace {

class ParserTest : public testing::Test {
 protected:
  TypeTable table{DataModel::Lp64};
  Declarations block;

  void parse(std::string_view text) {
    auto result = parse_into(table, text, block);
    EXPECT_TRUE(result.ok()) << result.error().message;
  }

  // How the last function or variable of that name prints.
  std::string printed(std::string_view name) {
    const Declaration* found = block.find(name);
    return found ? to_c(*found->type, name) : "nothing";
  }

  // The text of one declaration, parsed and printed.
  std::string again(std::string_view text, std::string_view name = "f") {
    block = {};
    parse(text);
    return printed(name);
  }

  std::string type(std::string_view text) {
    auto result = parse_type(table, text, &block);
    return result.ok() ? to_c(**result) : result.error().message;
  }

  const Type& resolved(std::string_view text) {
    auto result = parse_type(table, text, &block);
    EXPECT_TRUE(result.ok()) << result.error().message;
    return result.ok() ? resolve(**result) : *table.scalar(Scalar::Void);
  }

  __int128 constant(std::string_view name) {
    auto found = block.constants.find(name);
    EXPECT_NE(found, block.constants.end()) << name;
    return found == block.constants.end() ? -9999 : found->second;
  }
};

TEST_F(ParserTest, OneSignature) {
  parse("double pow(double x, double y)");
  ASSERT_NE(block.last_function(), nullptr);
  EXPECT_EQ(block.last_function()->name, "pow");
  EXPECT_EQ(block.last_function()->symbol, "pow");
  EXPECT_EQ(printed("pow"), "double pow(double x, double y)");
}

TEST_F(ParserTest, SpecifiersInAnyOrder) {
  EXPECT_EQ(type("long unsigned int long"), "unsigned long long");
  EXPECT_EQ(type("int short signed"), "short");
  EXPECT_EQ(type("signed"), "int");
  EXPECT_EQ(type("__signed__ char"), "signed char");
  EXPECT_EQ(type("char const *"), "const char *");
  EXPECT_EQ(type("double long"), "long double");
  EXPECT_EQ(type("double _Complex long"), "_Complex long double");
  EXPECT_EQ(type("float complex"), "_Complex float");
  EXPECT_EQ(type("complex double"), "_Complex double");
  EXPECT_EQ(type("_Complex"), "_Complex double");
  EXPECT_EQ(type("unsigned __int128"), "unsigned __int128");
  EXPECT_EQ(type("unsigned __int64"), "unsigned long long");
  EXPECT_EQ(type("volatile int const"), "const volatile int");
  EXPECT_EQ(type("_Bool"), "_Bool");
  EXPECT_EQ(type("_Atomic(int) *"), "_Atomic int *");
  EXPECT_EQ(type("_Atomic int"), "_Atomic int");
  EXPECT_EQ(resolved("_Float32x").scalar, Scalar::Double);
  EXPECT_EQ(resolved("_Float64x").scalar, Scalar::LongDouble);
  EXPECT_EQ(resolved("__uint128_t").scalar, Scalar::UInt128);
  EXPECT_EQ(resolved("_Complex _Float128").target->scalar, Scalar::Float128);
}

TEST_F(ParserTest, Declarators) {
  EXPECT_EQ(type("int *(*)[3]"), "int *(*)[3]");
  EXPECT_EQ(type("int (*(*)(void))[3]"), "int (*(*)(void))[3]");
  EXPECT_EQ(type("void (*(*)(int, void (*)(int)))(int)"), "void (*(*)(int, void (*)(int)))(int)");
  EXPECT_EQ(type("int (((*)))"), "int *");
  EXPECT_EQ(type("int [2][3]"), "int [2][3]");
  EXPECT_EQ(type("char *const *restrict"), "char *const *restrict");
  EXPECT_EQ(again("int (f)(void);"), "int f(void)");
  EXPECT_EQ(again("char (*(*f[3])())[5];"), "char (*(*f[3])())[5]");
  EXPECT_EQ(again("int f(int (size_t));"), "int f(int (*)(size_t))");  // C11 6.7.6.3 paragraph 11
  EXPECT_EQ(again("int f(int (x));"), "int f(int x)");
  EXPECT_EQ(again("int f(int size_t, unsigned time_t);"), "int f(int size_t, unsigned int time_t)");
}

TEST_F(ParserTest, SeveralDeclarators) {
  parse("int a, *b, c[4], (*d)(int), e(void);");
  EXPECT_EQ(printed("a"), "int a");
  EXPECT_EQ(printed("b"), "int *b");
  EXPECT_EQ(printed("c"), "int c[4]");
  EXPECT_EQ(printed("d"), "int (*d)(int)");
  EXPECT_EQ(printed("e"), "int e(void)");
  EXPECT_EQ(block.last_function()->name, "e");
  EXPECT_EQ(block.find("a")->kind, Declaration::Kind::Variable);
}

TEST_F(ParserTest, Parameters) {
  EXPECT_EQ(again("int f();"), "int f()");
  EXPECT_FALSE(block.find("f")->type->prototyped);
  EXPECT_EQ(again("int f(void);"), "int f(void)");
  EXPECT_EQ(again("typedef void V; int f(V);"), "int f(void)");
  EXPECT_EQ(again("int f(const char *, ...);"), "int f(const char *, ...)");
  EXPECT_TRUE(block.find("f")->type->variadic);
  EXPECT_EQ(again("int f(...);"), "int f(...)");
  EXPECT_EQ(again("int f(register int x);"), "int f(int x)");
  EXPECT_EQ(again("int f(int a[], int b[3], int c[static 2], int d[const 5], int e[*], int g[3][4]);"),
            "int f(int *a, int *b, int *c, int *const d, int *e, int (*g)[4])");
  EXPECT_EQ(again("int f(int cb(int));"), "int f(int (*cb)(int))");
  EXPECT_EQ(again("int f(int n, int a[n]);"), "int f(int n, int *a)");
  EXPECT_EQ(again("int f(va_list ap);"), "int f(va_list ap)");
}

TEST_F(ParserTest, ManualPages) {
  parse(R"(
       #include <unistd.h>
       #define _GNU_SOURCE         /* See feature_test_macros(7) */
       #include <stdlib.h>

       ssize_t read(int fd, void buf[.count], size_t count);
       void qsort(void base[.size * .nmemb], size_t nmemb, size_t size,
                  int (*compar)(const void [.size], const void [.size]));
       [[noreturn]] void exit(int status);
       [[deprecated]] char *gets(char *s);
       typedef void (*sighandler_t)(int);
       sighandler_t signal(int signum, sighandler_t handler);
       int printf(const char *restrict format, ...);
       double complex cpow(double complex x, complex double z);
       FILE *fopen(const char *restrict pathname, const char *restrict mode);
       int getgroups(int size, gid_t list[_Nullable size]))"
        ";");
  EXPECT_EQ(printed("read"), "ssize_t read(int fd, void *buf, size_t count)");
  EXPECT_EQ(printed("qsort"),
            "void qsort(void *base, size_t nmemb, size_t size, int (*compar)(const void *, const void *))");
  EXPECT_EQ(printed("exit"), "void exit(int status)");
  EXPECT_EQ(printed("signal"), "sighandler_t signal(int signum, sighandler_t handler)");
  EXPECT_EQ(printed("printf"), "int printf(const char *restrict format, ...)");
  EXPECT_EQ(printed("cpow"), "_Complex double cpow(_Complex double x, _Complex double z)");
  EXPECT_EQ(printed("fopen"), "FILE *fopen(const char *restrict pathname, const char *restrict mode)");
  EXPECT_EQ(printed("getgroups"), "int getgroups(int size, gid_t *list)");
}

TEST_F(ParserTest, SignalWithoutATypedef) {
  EXPECT_EQ(again("void (*signal(int sig, void (*func)(int)))(int);", "signal"),
            "void (*signal(int sig, void (*func)(int)))(int)");
}

TEST_F(ParserTest, Structs) {
  parse(R"(
    struct timespec { time_t tv_sec; long tv_nsec; };
    int nanosleep(const struct timespec *req, struct timespec *rem);
    struct node { struct node *next, *previous; int value; };
    union number { int i; double d; unsigned char bytes[sizeof(double)]; };
    struct shape { int kind; union { struct { double r; } circle; struct { double w, h; }; }; };
    struct line { unsigned length; char text[]; };
    struct flags { unsigned a : 3, b : 5; int : 0; signed c : 1; };
    struct opaque;
    struct opaque *make(void);)");
  EXPECT_EQ(printed("nanosleep"), "int nanosleep(const struct timespec *req, struct timespec *rem)");
  EXPECT_EQ(resolved("struct timespec").size, 16u);
  EXPECT_EQ(resolved("struct node").size, 24u);
  EXPECT_EQ(resolved("struct node").members[1].name, "previous");
  EXPECT_EQ(resolved("struct node").members[0].type->target, block.tags.at("node"));
  EXPECT_EQ(resolved("union number").size, 8u);
  EXPECT_EQ(resolved("struct shape").size, 24u);
  EXPECT_EQ(resolved("struct line").size, 4u);
  EXPECT_TRUE(resolved("struct line").flexible);
  EXPECT_EQ(resolved("struct flags").members[1].bit_position, 3u);
  EXPECT_EQ(resolved("struct flags").size, 8u);
  EXPECT_FALSE(block.tags.at("opaque")->complete);
}

TEST_F(ParserTest, Enums) {
  parse(R"(
    enum color { RED, GREEN = 5, BLUE, };
    enum { ANSWER = 6 * 7, NEGATIVE = -1, SHIFT = 1 << 10 };
    typedef enum : unsigned char { SMALL = 200 } small_t;
    enum wide : long;
    enum __attribute__((packed)) tiny { TINY };
    enum big { BIG = 0x80000000u, ONE = 1 };
    _Static_assert(sizeof(BIG) == 4 && BIG > 0 && BLUE == 6, "values");
    enum color paint(enum color);)");
  EXPECT_EQ(constant("RED"), 0);
  EXPECT_EQ(constant("BLUE"), 6);
  EXPECT_EQ(constant("ANSWER"), 42);
  EXPECT_EQ(constant("NEGATIVE"), -1);
  EXPECT_EQ(constant("SHIFT"), 1024);
  EXPECT_EQ(resolved("small_t").size, 1u);
  EXPECT_EQ(resolved("enum tiny").size, 1u);
  EXPECT_EQ(resolved("enum color").size, 4u);
  EXPECT_EQ(printed("paint"), "enum color paint(enum color)");
}

TEST_F(ParserTest, AttributesAreHonouredWhereGccAllowsThem) {
  parse(R"(
    struct __attribute__((packed)) a { char c; int i; };
    struct b { char c; int i; } __attribute__((__packed__));
    struct c { char c; int i __attribute__((packed)); };
    struct __attribute__((aligned(32))) d { char c; };
    struct e { char c; _Alignas(16) int i; };
    struct f { char c; _Alignas(double) char d; };
    struct __declspec(align(8)) g { char c; };
    struct h { char c; __attribute__((aligned)) int i; };
    typedef int wide_int __attribute__((aligned(16)));
    typedef float v4 __attribute__((vector_size(16)));
    typedef double v2d __attribute__((ext_vector_type(2)));
    typedef int int_di __attribute__((mode(DI)));
    typedef unsigned int uint_ti __attribute__((__mode__(__TI__)));
    typedef union { int i; } __attribute__((unknown_one(1, (2, "x")), deprecated("y"))) u;)");
  EXPECT_EQ(resolved("struct a").size, 5u);
  EXPECT_EQ(resolved("struct b").size, 5u);
  EXPECT_EQ(resolved("struct c").size, 5u);
  EXPECT_EQ(resolved("struct d").size, 32u);
  EXPECT_EQ(resolved("struct e").members[1].offset, 16u);
  EXPECT_EQ(resolved("struct f").members[1].offset, 8u);
  EXPECT_EQ(resolved("struct g").size, 8u);
  EXPECT_EQ(resolved("struct h").members[1].offset, 16u);
  EXPECT_EQ(block.typedefs.at("wide_int")->align, 16u);
  EXPECT_EQ(resolved("v4").kind, Kind::Vector);
  EXPECT_EQ(resolved("v4").size, 16u);
  EXPECT_EQ(resolved("v2d").count, 2u);
  EXPECT_EQ(resolved("int_di").scalar, Scalar::Long);
  EXPECT_EQ(resolved("uint_ti").scalar, Scalar::UInt128);
}

TEST_F(ParserTest, ATransparentUnionIsItsFirstMember) {
  parse(R"(struct sockaddr; struct sockaddr_in;
    typedef union { const struct sockaddr *a; const struct sockaddr_in *b; } any __attribute__((__transparent_union__));
    int bind(int fd, any address, socklen_t length);)");
  EXPECT_EQ(resolve(*block.find("bind")->type->parameters[1].type).kind, Kind::Pointer);
}

TEST_F(ParserTest, Conventions) {
  for (std::string_view text :
       {"__attribute__((ms_abi)) int f(int);", "int __attribute__((ms_abi)) f(int);",
        "int f(int) __attribute__((ms_abi));", "extern int (__attribute__((ms_abi)) f)(int);"}) {
    EXPECT_EQ(again(text), "int f(int) __attribute__((ms_abi))") << text;
  }
  for (std::string_view text : {"int (__attribute__((ms_abi)) *f)(int);", "__attribute__((ms_abi)) int (*f)(int);",
                                "int (*f)(int) __attribute__((ms_abi));", "int (* __attribute__((ms_abi)) f)(int);"}) {
    EXPECT_EQ(again(text), "int (__attribute__((ms_abi)) *f)(int)") << text;
  }
  EXPECT_EQ(again("void (__attribute__((ms_abi)) *f(int))(void);"), "void (__attribute__((ms_abi)) *f(int))(void)");
  EXPECT_EQ(again("int __stdcall f(int); typedef int (WINAPI *proc)(void);"), "int f(int)");
  EXPECT_EQ(again("int f(int cb(void) __attribute__((sysv_abi)));"),
            "int f(int (__attribute__((sysv_abi)) *cb)(void))");
}

TEST_F(ParserTest, StorageClassesAndOtherWords) {
  EXPECT_EQ(again("extern __inline int __attribute__((__nothrow__ , __leaf__)) f(int) __THROW __nonnull ((1));"),
            "int f(int)");
  EXPECT_EQ(again("__extension__ static inline _Noreturn void f(void);"), "void f(void)");
  EXPECT_EQ(again("extern _Thread_local int f;"), "int f");
  EXPECT_EQ(again("static inline int f(int x) { return x ? (x + 1) : ({ 3; }); } int g(void);"), "int f(int x)");
  EXPECT_EQ(printed("g"), "int g(void)");
  EXPECT_EQ(again("__declspec(dllimport) int __cdecl f(int);"), "int f(int)");
}

TEST_F(ParserTest, AsmLabels) {
  parse(R"(extern int scan(const char *, ...) __asm__ ("" "__isoc99_scanf") __attribute__ ((unused));)");
  EXPECT_EQ(block.find("scan")->symbol, "__isoc99_scanf");
  parse("extern int scan(const char *, ...);");  // a second declaration does not forget it
  EXPECT_EQ(block.find("scan")->symbol, "__isoc99_scanf");
}

TEST_F(ParserTest, ExternC) {
  parse("extern \"C\" { int a(void); extern \"C\" int b(void); } int c(void);");
  EXPECT_EQ(printed("a"), "int a(void)");
  EXPECT_EQ(printed("b"), "int b(void)");
  EXPECT_EQ(printed("c"), "int c(void)");
}

TEST_F(ParserTest, PreprocessorLines) {
  parse(R"(# 1 "file.h" 1 3
#line 12 "other.h"
#include <stdio.h>
#pragma once
#define SIZE (4 * sizeof(int)) /* a comment
   over lines */
#define EMPTY
#define MINUS -1
#pragma pack(push, 1)
struct packed { char c; int i; };
#pragma pack(pop)
struct loose { char c; int i; };
#pragma pack(2)
struct two { char c; int i; };
#pragma pack()
struct loose2 { char c; int i; };
int f(int a[SIZE], \
      int b);)");
  EXPECT_EQ(constant("SIZE"), 16);
  EXPECT_EQ(constant("MINUS"), -1);
  EXPECT_EQ(resolved("struct packed").size, 5u);
  EXPECT_EQ(resolved("struct loose").size, 8u);
  EXPECT_EQ(resolved("struct two").size, 6u);
  EXPECT_EQ(resolved("struct loose2").size, 8u);
}

TEST_F(ParserTest, APragmaBehindAStructIsNotForIt) {
  parse("#pragma pack(push, 1)\nstruct s { char c; int i; }\n#pragma pack(pop)\n*p;");
  EXPECT_EQ(resolved("struct s").size, 5u);
}

TEST_F(ParserTest, ConstantDeclarations) {
  parse("static const int LIMIT = 3 + 4; static const unsigned char BYTE = 300; int f(int (*a)[LIMIT]);");
  EXPECT_EQ(constant("LIMIT"), 7);
  EXPECT_EQ(constant("BYTE"), 44);
  EXPECT_EQ(printed("f"), "int f(int (*a)[7])");
}

TEST_F(ParserTest, StandardNamesFollowTheDataModel) {
  TypeTable windows(DataModel::Llp64);
  auto size = [&](TypeTable& t, std::string_view name) {
    auto result = parse_type(t, name);
    return result.ok() ? resolve(**result).size : 0;
  };
  struct Row {
    std::string_view name;
    unsigned lp64, llp64;
  };
  for (const Row& row : {Row{"size_t", 8, 8}, Row{"wchar_t", 4, 2}, Row{"long", 8, 4}, Row{"int64_t", 8, 8},
                         Row{"int_fast16_t", 8, 2}, Row{"off_t", 8, 4}, Row{"va_list", 24, 8}, Row{"__m128", 16, 16},
                         Row{"__m256i", 32, 32}, Row{"bool", 1, 1}, Row{"uid_t", 4, 0}, Row{"char16_t", 2, 2}}) {
    EXPECT_EQ(size(table, row.name), row.lp64) << row.name;
    EXPECT_EQ(size(windows, row.name), row.llp64) << row.name;
  }
}

TEST_F(ParserTest, VaListIsAPointerAsAParameter) {
  parse("int vprintf(const char *format, va_list ap);");
  const Type* parameter = block.find("vprintf")->type->parameters[1].type;
  EXPECT_EQ(resolve(*parameter).kind, Kind::Pointer);
}

TEST_F(ParserTest, UsersMayDeclareStandardNames) {
  parse("typedef unsigned long size_t; typedef unsigned long size_t; typedef int bool; bool f(size_t);");
  EXPECT_EQ(resolved("bool").scalar, Scalar::Int);
  Declarations other;
  EXPECT_TRUE(parse_into(table, "typedef struct my_file { int fd; } FILE; int g(FILE *);", other).ok());
  EXPECT_EQ(resolve(*other.typedefs.at("FILE")).name, "my_file");
}

TEST_F(ParserTest, BlocksUponBlocks) {
  parse("struct point; typedef struct point point; enum { N = 3 }; point *make(void);");
  parse("struct point { double x, y; }; point copy(point p, int (*rows)[N]);");
  EXPECT_EQ(printed("copy"), "point copy(point p, int (*rows)[3])");
  EXPECT_EQ(resolved("point").size, 16u);
  EXPECT_EQ(block.find("make")->type->target->target->size, 16u);
}

TEST_F(ParserTest, AFailureLeavesEverythingAsItWas) {
  parse("struct s; typedef struct s s_t; int f(void);");
  std::size_t before = block.declarations.size();
  for (std::string_view text :
       {"struct s { int a; }; int g(s_t); oops", "int g(void); typedef int t; enum { A }; int f(int);",
        "struct t { int x; }; int x y;"}) {
    EXPECT_FALSE(parse_into(table, text, block).ok()) << text;
    EXPECT_EQ(block.declarations.size(), before);
    EXPECT_EQ(block.typedefs.size(), 1u);
    EXPECT_EQ(block.tags.size(), 1u);
    EXPECT_TRUE(block.constants.empty());
    EXPECT_EQ(block.find("g"), nullptr);
    EXPECT_FALSE(block.tags.at("s")->complete);
  }
  parse("struct s { char other[3]; }; s_t h(void);");
  EXPECT_EQ(resolved("struct s").size, 3u);
}

TEST_F(ParserTest, DefinitionsMayBeRepeated) {
  std::string_view text =
      "struct n { struct n *next; struct { int a; } in; union { int b; float c; }; unsigned d : 3; };"
      "enum e { E1, E2 }; typedef struct n n_t; int f(n_t *); extern int table[]; extern int table[4];";
  parse(text);
  const Type* first = block.tags.at("n");
  parse(text);
  EXPECT_EQ(block.tags.at("n"), first);
  EXPECT_EQ(printed("table"), "int table[4]");
}

TEST_F(ParserTest, LastSemicolonMayBeMissingAndEmptyTextIsFine) {
  parse("");
  parse("  /* nothing */ // at all");
  parse(";;");
  EXPECT_TRUE(block.declarations.empty());
  EXPECT_EQ(block.last_function(), nullptr);
  parse("struct s { int a; }");
  EXPECT_TRUE(block.tags.at("s")->complete);
}

TEST_F(ParserTest, ByteOrderMarkAndCarriageReturns) {
  parse("\xEF\xBB\xBFint f(int a,\\\r\n int b);\r\nint g(void);\r\n");
  EXPECT_EQ(printed("f"), "int f(int a, int b)");
}

TEST_F(ParserTest, RealHeaders) {
  parse(R"(
    typedef struct sqlite3 sqlite3;
    typedef struct sqlite3_stmt sqlite3_stmt;
    typedef long long int sqlite3_int64;
    typedef int (*sqlite3_callback)(void*,int,char**, char**);
    int sqlite3_exec(sqlite3*, const char *sql, int (*callback)(void*,int,char**,char**), void *, char **errmsg);
    int sqlite3_prepare_v2(sqlite3 *db, const char *zSql, int nByte, sqlite3_stmt **ppStmt, const char **pzTail);
    int sqlite3_bind_text(sqlite3_stmt*,int,const char*,int,void(*)(void*));
    void (*sqlite3_trace(sqlite3*, void(*xTrace)(void*,const char*), void*))(void*,const char*);

    typedef unsigned char Byte; typedef unsigned int uInt; typedef unsigned long uLong; typedef Byte Bytef;
    typedef void *voidpf;
    typedef voidpf (*alloc_func) (voidpf opaque, uInt items, uInt size);
    typedef void (*free_func) (voidpf opaque, voidpf address);
    struct internal_state;
    typedef struct z_stream_s {
        const Bytef *next_in; uInt avail_in; uLong total_in;
        Bytef *next_out; uInt avail_out; uLong total_out;
        const char *msg; struct internal_state *state;
        alloc_func zalloc; free_func zfree; voidpf opaque;
        int data_type; uLong adler; uLong reserved;
    } z_stream;
    typedef z_stream *z_streamp;
    extern int deflate (z_streamp strm, int flush);
    extern uLong crc32 (uLong crc, const Bytef *buf, uInt len);

    struct sockaddr { sa_family_t sa_family; char sa_data[14]; };
    struct addrinfo {
        int ai_flags; int ai_family; int ai_socktype; int ai_protocol; socklen_t ai_addrlen;
        struct sockaddr *ai_addr; char *ai_canonname; struct addrinfo *ai_next; };
    int getaddrinfo(const char *restrict node, const char *restrict service,
                    const struct addrinfo *restrict hints, struct addrinfo **restrict res);

    struct dirent { ino_t d_ino; off_t d_off; unsigned short d_reclen; unsigned char d_type; char d_name[256]; };
    struct dirent *readdir(DIR *dirp);

    typedef union epoll_data { void *ptr; int fd; uint32_t u32; uint64_t u64; } epoll_data_t;
    struct epoll_event { uint32_t events; epoll_data_t data; } __attribute__ ((__packed__));
    int epoll_wait(int epfd, struct epoll_event *events, int maxevents, int timeout);

    typedef struct _cairo cairo_t; typedef struct _cairo_surface cairo_surface_t;
    typedef enum _cairo_format { CAIRO_FORMAT_INVALID = -1, CAIRO_FORMAT_ARGB32 = 0, CAIRO_FORMAT_RGB24 } cairo_format_t;
    typedef struct _cairo_matrix { double xx; double yx; double xy; double yy; double x0; double y0; } cairo_matrix_t;
    cairo_surface_t *cairo_image_surface_create (cairo_format_t format, int width, int height);
    void cairo_set_matrix (cairo_t *cr, const cairo_matrix_t *matrix);)");
  EXPECT_EQ(resolved("z_stream").size, 112u);
  EXPECT_EQ(resolved("struct addrinfo").size, 48u);
  EXPECT_EQ(resolved("struct dirent").size, 280u);
  EXPECT_EQ(resolved("struct epoll_event").size, 12u);
  EXPECT_EQ(resolved("cairo_matrix_t").size, 48u);
  EXPECT_TRUE(resolved("cairo_format_t").is_signed);
  EXPECT_EQ(printed("sqlite3_trace"),
            "void (*sqlite3_trace(sqlite3 *, void (*xTrace)(void *, const char *), void *))(void *, const char *)");
  EXPECT_EQ(printed("cairo_set_matrix"), "void cairo_set_matrix(cairo_t *cr, const cairo_matrix_t *matrix)");
}

}  // namespace
}  // namespace pinion::ctype
