#include "sabotage.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace pinion::differential {

using abi::CallLayout;
using abi::Extension;
using abi::Location;
using abi::Piece;

namespace {

// The pieces of direct arguments in one kind of place.
std::vector<Piece*> argument_pieces(CallLayout& layout, Location::Kind kind) {
  std::vector<Piece*> found;
  for (const abi::Value& value : layout.arguments) {
    if (value.passing != abi::Passing::Direct) continue;
    for (std::uint32_t i = 0; i < value.count; ++i) {
      Piece& piece = layout.pieces[value.first + i];
      if (piece.location.kind == kind) found.push_back(&piece);
    }
  }
  return found;
}

bool swap_first_two(CallLayout& layout, Location::Kind kind) {
  const std::vector<Piece*> pieces = argument_pieces(layout, kind);
  if (pieces.size() < 2 || pieces[0]->size != pieces[1]->size) return false;
  std::swap(pieces[0]->location, pieces[1]->location);
  return true;
}

bool drop_sign_extension(CallLayout& layout) {
  bool found = false;
  for (const Location::Kind kind : {Location::Kind::Gpr}) {
    for (Piece* piece : argument_pieces(layout, kind)) {
      if (piece->extension != Extension::Sign || piece->size >= 4) continue;
      piece->extension = Extension::Zero;
      found = true;
    }
  }
  return found;
}

bool shorten_struct(CallLayout& layout) {
  for (const abi::Value& value : layout.arguments) {
    if (value.passing == abi::Passing::Direct && value.count > 0 && layout.pieces[value.first].size == 8) {
      layout.pieces[value.first].size = 7;
      return layout.pieces[value.first].location.kind == Location::Kind::Gpr;
    }
  }
  return false;
}

bool result_in_other_register(CallLayout& layout) {
  if (layout.result.passing != abi::Passing::Direct) return false;
  Location& location = layout.pieces[layout.result.first].location;
  if (location.kind != Location::Kind::Xmm) return false;
  location.at ^= 1;
  return true;
}

bool no_vector_count(CallLayout& layout) {
  const bool counts = layout.variadic && layout.vector_registers > 0 && layout.convention == abi::Convention::SysV;
  layout.vector_registers = 0;
  return counts;
}

constexpr Sabotage kSabotages[] = {
    {"swap-registers", [](CallLayout& layout) { return swap_first_two(layout, Location::Kind::Gpr); }},
    {"swap-vectors", [](CallLayout& layout) { return swap_first_two(layout, Location::Kind::Xmm); }},
    {"swap-stack", [](CallLayout& layout) { return swap_first_two(layout, Location::Kind::Stack); }},
    {"no-sign", drop_sign_extension, true},
    {"shorten", shorten_struct},
    {"wrong-result", result_in_other_register},
    {"no-vector-count", no_vector_count, true},
};

}  // namespace

std::span<const Sabotage> sabotages() {
  return kSabotages;
}

const Sabotage* find_sabotage(std::string_view name) {
  const auto found = std::find_if(std::begin(kSabotages), std::end(kSabotages),
                                  [&](const Sabotage& sabotage) { return sabotage.name == name; });
  return found == std::end(kSabotages) ? nullptr : &*found;
}

}  // namespace pinion::differential
