#include "values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace pinion::differential {

using ctype::Kind;
using ctype::Scalar;
using ctype::Type;

namespace {

constexpr std::size_t kX87Bytes = 10;

// Calls leaf(offset, type) for every scalar in the type, and field(bit, width) for every named bit-field.
template <class Leaf, class Field>
void visit(const Type& declared, std::size_t at, Leaf& leaf, Field& field) {
  const Type& type = ctype::resolve(declared);
  switch (type.kind) {
    case Kind::Array:
    case Kind::Complex:
    case Kind::Vector: {
      const std::size_t count = type.kind == Kind::Complex ? 2 : type.count;
      if (type.complete) {
        for (std::size_t i = 0; i < count; ++i) visit(*type.target, at + i * type.target->size, leaf, field);
      }
      break;
    }
    case Kind::Struct:
    case Kind::Union:
      for (const ctype::Member& member : type.members) {
        if (!member.bit_field) {
          visit(*member.type, at + member.offset, leaf, field);
        } else if (!member.name.empty()) {
          field(at * 8 + member.bit_position, member.bit_width);
        }
      }
      break;
    case Kind::Void: break;
    default: leaf(at, type); break;
  }
}

std::size_t value_bytes(const Type& type) {
  return type.kind == Kind::Floating && type.scalar == Scalar::LongDouble ? kX87Bytes : type.size;
}

void edge_number(unsigned char* at, std::size_t size, std::mt19937_64& random) {
  const auto choice = random() % 10;
  if (choice == 0) std::memset(at, 0xff, size);
  if (choice == 1 || choice == 2) std::memset(at, 0, size);
  if (choice == 2) at[size - 1] = 0x80;
  if (choice == 3) std::memset(at, 0xff, size), at[size - 1] = 0x7f;
  if (choice == 4) at[size - 1] |= 0x80;
}

}  // namespace

Bytes significant_bits(const Type& type) {
  Bytes mask(type.size);
  auto leaf = [&](std::size_t at, const Type& scalar) {
    std::fill_n(mask.begin() + static_cast<std::ptrdiff_t>(at), value_bytes(scalar), 0xff);
  };
  auto field = [&](std::size_t bit, std::size_t width) {
    for (; width > 0; --width, ++bit) mask[bit / 8] = static_cast<unsigned char>(mask[bit / 8] | 1U << bit % 8);
  };
  visit(type, 0, leaf, field);
  return mask;
}

Bytes random_value(const Type& type, std::mt19937_64& random) {
  Bytes value(type.size);
  std::generate(value.begin(), value.end(), [&] { return static_cast<unsigned char>(random()); });
  const bool aggregate = ctype::is_aggregate(ctype::resolve(type));
  auto leaf = [&](std::size_t at, const Type& scalar) {
    if (scalar.kind == Kind::Bool) {
      if (aggregate || random() % 4 != 0) value[at] &= 1;
    } else {
      edge_number(&value[at], value_bytes(scalar), random);
    }
  };
  auto field = [](std::size_t, std::size_t) {};
  visit(type, 0, leaf, field);
  return value;
}

Bytes as_seen(const Type& type, Bytes value) {
  if (ctype::resolve(type).kind == Kind::Bool) value[0] = value[0] != 0;
  return value;
}

std::int64_t widened(const Type& declared, const Bytes& value) {
  const Type& type = ctype::resolve(declared);
  std::uint64_t word = 0;
  std::memcpy(&word, value.data(), type.size);
  const unsigned above = 64 - 8 * static_cast<unsigned>(type.size);
  if (!type.is_signed) return static_cast<std::int64_t>(word);
  return static_cast<std::int64_t>(word << above) >> above;
}

std::optional<std::string> difference(const Type& type, const Bytes& expected, const unsigned char* seen) {
  const Bytes mask = significant_bits(type);
  for (std::size_t i = 0; i < mask.size(); ++i) {
    if (((expected[i] ^ seen[i]) & mask[i]) == 0) continue;
    const std::size_t from = i / 16 * 16;
    const std::size_t size = std::min<std::size_t>(32, mask.size() - from);
    return fmt::format(
        "byte {} differs\n      expected  {}\n      arrived   {}\n      matters   {}{}", i, hex(&expected[from], size),
        hex(seen + from, size), hex(&mask[from], size),
        from == 0 && size == mask.size() ? "" : fmt::format("   (bytes {} to {})", from, from + size - 1));
  }
  return std::nullopt;
}

std::string hex(const unsigned char* bytes, std::size_t size) {
  std::string text;
  for (std::size_t i = 0; i < size; ++i) text += fmt::format("{:02x}{}", bytes[i], i % 8 == 7 ? "  " : " ");
  return text;
}

}  // namespace pinion::differential
