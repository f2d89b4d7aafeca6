#include "ffi/marshal/sista.hpp"

#include "fmt/format.h"

namespace pinion::marshal {
namespace {

constexpr std::uint8_t kExtendA = 224, kExtendB = 225, kCallPrimitive = 248;
constexpr std::uint8_t kInlinedMarshaling = 0x80 | (2 << 5);  // inlined bit, operation set 10
constexpr int kFrameShift = 21;
constexpr std::uint64_t kPlaceMask = (std::uint64_t{1} << kFrameShift) - 1;

// Each extension bytecode shifts what came before by eight bits: most significant byte first.
void extend(std::vector<std::uint8_t>& bytes, std::uint8_t prefix, std::uint64_t value, bool is_signed) {
  if (value == 0) return;
  int last = 7;
  while (last > 0 && (value >> (8 * last)) == 0) --last;
  // The first byte of extension B carries the sign: a value with its top bit set needs a leading 0.
  if (is_signed && ((value >> (8 * last)) & 0x80) != 0) ++last;
  for (int byte = last; byte >= 0; --byte) {
    bytes.push_back(prefix);
    bytes.push_back(byte == 8 ? 0 : static_cast<std::uint8_t>(value >> (8 * byte)));
  }
}

}  // namespace

std::vector<std::uint8_t> to_sista(std::span<const Instruction> code) {
  std::vector<std::uint8_t> bytes;
  bytes.reserve(code.size() * 7);
  for (const Instruction& i : code) {
    extend(bytes, kExtendA, i.argument | std::uint64_t{i.offset} << 8 | std::uint64_t{i.extent} << 16, false);
    extend(bytes, kExtendB, i.place | std::uint64_t{i.frame} << kFrameShift, true);
    bytes.push_back(kCallPrimitive);
    bytes.push_back(static_cast<std::uint8_t>(i.op));
    bytes.push_back(static_cast<std::uint8_t>(kInlinedMarshaling | i.op >> 8));
  }
  return bytes;
}

namespace {

// The extension bytecodes in front of a bytecode.
struct Extensions {
  std::uint64_t a = 0, b = 0;
  int count_a = 0, count_b = 0;
  bool b_is_negative = false;

  // Null, or what is wrong.
  const char* add(std::uint8_t prefix, std::uint8_t byte) {
    const bool is_a = prefix == kExtendA;
    std::uint64_t& value = is_a ? a : b;
    if (!is_a && count_b == 0) b_is_negative = byte >= 0x80;
    ++(is_a ? count_a : count_b);
    if ((value >> 56) != 0) return "the extension is larger than 64 bits";
    value = value << 8 | byte;
    return nullptr;
  }
  bool fit() const { return (a >> 48) == 0 && !b_is_negative && (b >> (2 * kFrameShift)) == 0; }
  bool any() const { return count_a + count_b != 0; }
};

}  // namespace

Result<std::vector<Instruction>> from_sista(std::span<const std::uint8_t> bytes) {
  std::vector<Instruction> code;
  Extensions extensions;
  for (std::size_t at = 0; at < bytes.size();) {
    const auto bad = [&](std::string_view why) { return Error{fmt::format("byte {}: {}", at, why)}; };
    const std::size_t length = bytes[at] == kCallPrimitive ? 3 : 2;
    if (at + length > bytes.size()) return bad("the bytes end inside a bytecode");
    if (bytes[at] == kExtendA || bytes[at] == kExtendB) {
      if (const char* wrong = extensions.add(bytes[at], bytes[at + 1])) return bad(wrong);
    } else if (bytes[at] == kCallPrimitive && (bytes[at + 2] & 0xE0) == kInlinedMarshaling) {
      const auto op = static_cast<Opcode>(bytes[at + 1] | (bytes[at + 2] & 0x1F) << 8);
      if (op >= kOpcodes) return bad(fmt::format("there is no marshaling operation {}", op));
      if (!extensions.fit()) return bad("an operand is negative or too large");
      code.push_back({.op = op,
                      .argument = static_cast<std::uint8_t>(extensions.a),
                      .offset = static_cast<std::uint8_t>(extensions.a >> 8),
                      .extent = static_cast<std::uint32_t>(extensions.a >> 16),
                      .frame = static_cast<std::uint32_t>(extensions.b >> kFrameShift),
                      .place = static_cast<std::uint32_t>(extensions.b & kPlaceMask)});
      extensions = {};
    } else {
      return bad(fmt::format("bytecode {} is no marshaling instruction", bytes[at]));
    }
    at += length;
  }
  if (extensions.any()) return Error{fmt::format("byte {}: the bytes end inside a bytecode", bytes.size())};
  return code;
}

}  // namespace pinion::marshal
