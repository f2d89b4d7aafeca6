// Our record layout against the compilers': random aggregates, every size, alignment, offset and bit position.
//
// Each batch of aggregates is one C text. For each struct and union with a tag it defines a table of sizeof, _Alignof
// and offsetof, and for each of its bit-fields an object with all of that bit-field's bits set; compile_data() reads
// both from the assembly, so that the cross compiler for Windows serves as well. The text is ctype's own printing,
// which is thereby tested too.
//
// gcc decides. What clang lays out otherwise is kept away from it, see clang_knobs().
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "compiler.hpp"
#include "ctype_test.hpp"
#include "ffi/ctype/print.hpp"
#include "options.hpp"
#include "random_types.hpp"

namespace pinion::tests {
namespace {

using ctype::DataModel;
using ctype::Kind;
using ctype::Member;
using ctype::Type;

constexpr std::uint64_t kDefaultCount = 3000;
constexpr std::uint64_t kBatch = 500;

// What clang does not have, or lays out differently from gcc, which we follow.
TypeKnobs clang_knobs() {
  TypeKnobs knobs;
  knobs.float16 = 0;               // clang 14 has no _Float16 (reference SV24)
  knobs.complex_float128 = false;  // no spelling for it that gcc shares
  knobs.complex_int128 = false;    // SV26
  // A bit-field whose type is a typedef with an alignment that is not its size: gcc counts units of that alignment,
  // clang sees it in the record's alignment only.
  knobs.aligned_bit_fields = 0;
  // aligned(n) on a bit-field itself: clang ignores it under #pragma pack, and lets the bit-field cross its unit where
  // n is less than the type's alignment.
  knobs.gcc_aligned_bit_fields = false;
  return knobs;
}

// A member with a place to compare, and where its record lies in the outermost one.
struct Leaf {
  const Member* member;
  std::uint64_t base;  // bytes
};

// The members that C can name in `record`: its own and those of its anonymous members.
void collect(const Type& record, std::uint64_t base, std::vector<Leaf>& into) {
  for (const Member& member : record.members) {
    if (!member.name.empty()) into.push_back({&member, base});
    if (member.name.empty() && !member.bit_field) collect(ctype::resolve(*member.type), base + member.offset, into);
  }
}

std::vector<Leaf> leaves(const Type& record) {
  std::vector<Leaf> all;
  collect(record, 0, all);
  return all;
}

struct Number {
  std::string expression;
  std::uint64_t expected;
};

std::vector<Number> numbers(const Type& record) {
  const std::string name = ctype::to_c(record);
  // Not _Alignof: gcc limits that to the largest vector's alignment where it thinks that no user asked for more.
  std::vector<Number> all = {{fmt::format("sizeof({})", name), record.size},
                             {fmt::format("__builtin_offsetof(struct {{ char c; {} r; }}, r)", name), record.align}};
  for (const Leaf& leaf : leaves(record)) {
    if (leaf.member->bit_field) continue;
    const std::string_view member = leaf.member->name;
    all.push_back({fmt::format("__builtin_offsetof({}, {})", name, member), leaf.base + leaf.member->offset});
    if (leaf.member->type->complete) {
      all.push_back({fmt::format("sizeof((({}*)0)->{})", name, member), leaf.member->type->size});
    }
  }
  return all;
}

std::string table_name(const Type& record) {
  return fmt::format("table_{}", record.name);
}
std::string bits_name(const Type& record, const Leaf& leaf) {
  return fmt::format("bits_{}_{}", record.name, leaf.member->name);
}

std::string checks(const Type& record) {
  std::string text = fmt::format("const unsigned long long {}[] = {{", table_name(record));
  for (const Number& number : numbers(record)) text += number.expression + ", ";
  text += "};\n";
  for (const Leaf& leaf : leaves(record)) {
    if (!leaf.member->bit_field) continue;
    const bool boolean = ctype::resolve(*leaf.member->type).kind == Kind::Bool;
    text += fmt::format("{} {} = {{ .{} = {} }};\n", ctype::to_c(record), bits_name(record, leaf), leaf.member->name,
                        boolean ? "1" : "-1");
  }
  return text;
}

std::vector<std::uint8_t> expected_bits(const Type& record, const Leaf& leaf) {
  std::vector<std::uint8_t> bytes(record.size, 0);
  const std::uint64_t first = leaf.base * 8 + leaf.member->bit_position;
  for (std::uint64_t bit = first; bit < first + leaf.member->bit_width; ++bit) {
    bytes.at(bit / 8) |= static_cast<std::uint8_t>(1U << (bit % 8));
  }
  return bytes;
}

std::string bit_runs(const std::vector<std::uint8_t>& bytes) {
  std::string text = fmt::format("{} bytes, set bits", bytes.size());
  for (std::uint64_t bit = 0; bit < bytes.size() * 8; ++bit) {
    const auto set = [&](std::uint64_t at) { return at < bytes.size() * 8 && ((bytes[at / 8] >> (at % 8)) & 1) != 0; };
    if (!set(bit) || (bit > 0 && set(bit - 1))) continue;
    std::uint64_t end = bit;
    while (set(end)) ++end;
    text += fmt::format(" {}..{}", bit, end - 1);
  }
  return text;
}

// What differs, in words; empty when nothing does.
std::string differences(const Type& record, const Objects& objects) {
  const auto table = objects.find(table_name(record));
  if (table == objects.end()) return "the compiler's numbers are missing";
  const std::vector<std::uint64_t> found = words_of(table->second);
  const std::vector<Number> wanted = numbers(record);
  if (found.size() != wanted.size()) return fmt::format("{} numbers, not {}", found.size(), wanted.size());
  std::string text;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (found[i] == wanted[i].expected) continue;
    text += fmt::format("  {}: the compiler {}, we {}\n", wanted[i].expression, found[i], wanted[i].expected);
  }
  for (const Leaf& leaf : leaves(record)) {
    if (!leaf.member->bit_field) continue;
    const auto object = objects.find(bits_name(record, leaf));
    if (object == objects.end()) return text + "  the compiler's bits are missing\n";
    const std::vector<std::uint8_t> expected = expected_bits(record, leaf);
    if (object->second == expected) continue;
    text +=
        fmt::format("  {}: the compiler {}; we {}\n", leaf.member->name, bit_runs(object->second), bit_runs(expected));
  }
  return text;
}

struct Case {
  std::uint64_t index;
  RandomTypes types;
};

Case make_case(ctype::TypeTable& table, const TypeKnobs& knobs, std::uint64_t index) {
  Case made{index, RandomTypes(table, options().seed_of(index), knobs, fmt::format("c{}_", index))};
  made.types.aggregate();
  return made;
}

void check_batch(const Target& target, const TypeKnobs& knobs, std::uint64_t first, std::uint64_t count,
                 unsigned& failures) {
  ctype::TypeTable table(target.model);
  std::vector<Case> cases;
  std::string text;
  for (std::uint64_t index = first; index < first + count; ++index) {
    cases.push_back(make_case(table, knobs, index));
    text += cases.back().types.text();
    for (const Type* record : cases.back().types.aggregates()) text += checks(*record);
  }
  const Result<Objects> objects = compile_data(target.compiler, text);
  ASSERT_TRUE(objects.ok()) << objects.error().message;
  for (const Case& one : cases) {
    for (const Type* record : one.types.aggregates()) {
      const std::string wrong = differences(*record, *objects);
      if (wrong.empty()) continue;
      ADD_FAILURE() << target.compiler.command << " " << options().repeat(one.index) << "\n"
                    << one.types.text() << ctype::to_c(*record) << ":\n"
                    << wrong;
      ++failures;
      break;
    }
    if (failures >= 10) return;
  }
}

void check(const Target& target, const TypeKnobs& knobs) {
  if (!target.compiler.installed()) GTEST_SKIP() << target.compiler.missing();
  unsigned failures = 0;
  if (options().only) return check_batch(target, knobs, *options().only, 1, failures);
  const std::uint64_t count = options().count.value_or(kDefaultCount);
  fmt::print("{} aggregates, --seed {}\n", count, options().seed);
  for (std::uint64_t first = 0; first < count && failures < 10; first += kBatch) {
    check_batch(target, knobs, first, std::min(kBatch, count - first), failures);
    if (testing::Test::HasFatalFailure()) return;
  }
}

TEST(LayoutDifferential, Gcc) {
  check(gcc(), {});
}
TEST(LayoutDifferential, Clang) {
  check(clang(), clang_knobs());
}
TEST(LayoutDifferential, MingwGcc) {
  check(mingw(), {});
}

}  // namespace
}  // namespace pinion::tests
