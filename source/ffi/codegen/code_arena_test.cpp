// Code memory: reuse, growth, release, threads, and that no page is ever writable and executable.
#include "ffi/codegen/code_arena.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <random>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

namespace pinion::codegen {
namespace {

// `mov eax, VALUE; ret`, then `size` bytes in all.
std::vector<std::byte> returning(std::uint32_t value, std::size_t size = 6) {
  std::vector<std::byte> code(size, std::byte{0x90});
  code[0] = std::byte{0xB8};
  std::memcpy(&code[1], &value, sizeof value);
  code[5] = std::byte{0xC3};
  return code;
}

std::uint32_t run(const CodeArena::Block& block) {
  return reinterpret_cast<std::uint32_t (*)()>(const_cast<std::byte*>(block.code().data()))();
}

CodeArena::Block installed(CodeArena& arena, std::span<const std::byte> code) {
  auto block = arena.install(code);
  EXPECT_TRUE(block.ok()) << block.error().message;
  return *std::move(block);
}

// Mappings of the arenas of this process, as /proc/self/maps has them.
struct Mapping {
  std::uintptr_t begin = 0, end = 0;
  std::string permissions;
  bool holds(const void* address) const {
    const auto at = reinterpret_cast<std::uintptr_t>(address);
    return at >= begin && at < end;
  }
};

std::vector<Mapping> mappings(const std::string& name) {
  std::ifstream file("/proc/self/maps");
  std::vector<Mapping> found;
  for (std::string line; std::getline(file, line);) {
    if (line.find(name) == std::string::npos) continue;
    Mapping mapping;
    char dash;
    std::istringstream(line) >> std::hex >> mapping.begin >> dash >> mapping.end >> mapping.permissions;
    found.push_back(mapping);
  }
  return found;
}

constexpr const char* kFile = "memfd:pinion-code";

TEST(CodeArena, RunsWhatIsInstalled) {
  CodeArena arena;
  const auto one = installed(arena, returning(1)), two = installed(arena, returning(2));
  EXPECT_EQ(run(one), 1U);
  EXPECT_EQ(run(two), 2U);
  EXPECT_EQ(arena.bytes_in_use(), 12U);
  for (const auto* block : {&one, &two}) EXPECT_EQ(reinterpret_cast<std::uintptr_t>(block->code().data()) % 32, 0U);
}

TEST(CodeArena, BlocksMove) {
  CodeArena arena;
  auto first = installed(arena, returning(1));
  CodeArena::Block second = std::move(first);
  EXPECT_TRUE(first.code().empty());
  EXPECT_EQ(run(second), 1U);
  second = installed(arena, returning(2));
  EXPECT_EQ(run(second), 2U);
  EXPECT_EQ(arena.bytes_in_use(), 6U) << "what was assigned over is freed";
  second = CodeArena::Block();
  EXPECT_EQ(arena.bytes_in_use(), 0U);
}

TEST(CodeArena, NeighboursMergeWhateverTheOrder) {
  std::mt19937 random(1);
  CodeArena arena(4096);
  const void* begin = installed(arena, returning(0)).code().data();
  for (int round = 0; round < 50; ++round) {
    std::vector<CodeArena::Block> blocks;
    for (std::uint32_t i = 0; i < 16; ++i) blocks.push_back(installed(arena, returning(i, 256)));
    std::shuffle(blocks.begin(), blocks.end(), random);
    blocks.clear();
    // Only if all the parts are one again, is there room for this at the same place.
    EXPECT_EQ(installed(arena, returning(7, 4096)).code().data(), begin) << "round " << round;
  }
}

TEST(CodeArena, TheFirstGapThatSufficesIsUsed) {
  CodeArena arena(4096);
  std::vector<CodeArena::Block> blocks;
  for (std::uint32_t i = 0; i < 5; ++i) blocks.push_back(installed(arena, returning(i, 64)));
  const void* gap = blocks[1].code().data();
  blocks[1] = {};
  blocks[3] = {};
  const auto large = installed(arena, returning(1, 96));
  EXPECT_GT(large.code().data(), blocks[4].code().data());
  const auto small = installed(arena, returning(2, 33));
  EXPECT_EQ(small.code().data(), gap);
}

TEST(CodeArena, FreedCodeTraps) {
  CodeArena arena;
  const auto kept = installed(arena, returning(1));
  auto freed = installed(arena, returning(2, 40));
  const std::byte* code = freed.code().data();
  freed = {};
  for (int i = 0; i < 64; ++i) EXPECT_EQ(code[i], std::byte{0xCC}) << i;
  EXPECT_DEATH(reinterpret_cast<void (*)()>(const_cast<std::byte*>(code))(), "");
}

TEST(CodeArena, WhatLiesBehindCodeTraps) {
  CodeArena arena;
  const auto block = installed(arena, returning(1, 33));
  for (int i = 33; i < 64; ++i) EXPECT_EQ(block.code().data()[i], std::byte{0xCC}) << i;
}

TEST(CodeArena, AFunctionLargerThanAChunk) {
  CodeArena arena(4096);
  const auto small = installed(arena, returning(1));
  const auto large = installed(arena, returning(2, 1 << 20));
  EXPECT_EQ(run(small), 1U);
  EXPECT_EQ(run(large), 2U);
  EXPECT_EQ(large.code().size(), 1U << 20);
}

TEST(CodeArena, EmptyChunksGoBackButOne) {
  const std::size_t before = mappings(kFile).size();
  {
    CodeArena arena(4096);
    std::vector<CodeArena::Block> blocks;
    for (std::uint32_t i = 0; i < 10; ++i) blocks.push_back(installed(arena, returning(i, 4096)));
    EXPECT_EQ(mappings(kFile).size(), before + 20) << "ten chunks, each mapped twice";
    blocks.resize(3);
    EXPECT_EQ(mappings(kFile).size(), before + 6);
    blocks.clear();
    EXPECT_EQ(mappings(kFile).size(), before + 2);
  }
  EXPECT_EQ(mappings(kFile).size(), before);
}

TEST(CodeArena, NothingIsWritableAndExecutable) {
  CodeArena arena(4096);
  std::vector<CodeArena::Block> blocks;
  for (std::uint32_t i = 0; i < 5; ++i) blocks.push_back(installed(arena, returning(i, 3000)));
  blocks[2] = {};
  const std::vector<Mapping> all = mappings("");
  ASSERT_FALSE(all.empty());
  for (const Mapping& mapping : all) {
    EXPECT_FALSE(mapping.permissions[1] == 'w' && mapping.permissions[2] == 'x') << std::hex << mapping.begin;
  }
  for (const CodeArena::Block& block : blocks) {
    if (block.code().empty()) continue;
    const auto of_code =
        std::find_if(all.begin(), all.end(), [&](const Mapping& m) { return m.holds(block.code().data()); });
    ASSERT_NE(of_code, all.end());
    EXPECT_EQ(of_code->permissions, "r-xs");
  }
  EXPECT_EQ(blocks.size(), 5U);
}

// Meant for ThreadSanitizer too: code is written while other code of the same page runs.
TEST(CodeArena, ManyThreads) {
  CodeArena arena(4096);
  std::vector<std::thread> threads;
  std::vector<int> wrong(8);
  for (std::uint32_t thread = 0; thread < 8; ++thread) {
    threads.emplace_back([&, thread] {
      std::mt19937 random(thread);
      std::vector<std::pair<std::uint32_t, CodeArena::Block>> mine;
      for (std::uint32_t i = 0; i < 500; ++i) {
        const std::uint32_t value = thread << 16 | i;
        auto block = arena.install(returning(value, 6 + random() % 600));
        if (block.ok()) mine.emplace_back(value, *std::move(block));
        for (const auto& [expected, code] : mine) wrong[thread] += run(code) != expected;
        if (mine.size() > 12) mine.erase(mine.begin() + static_cast<std::ptrdiff_t>(random() % mine.size()));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, std::vector<int>(8));
  EXPECT_EQ(arena.bytes_in_use(), 0U);
}

}  // namespace
}  // namespace pinion::codegen
