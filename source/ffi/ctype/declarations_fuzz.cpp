// libFuzzer: no text makes the parser crash, hang, or print a type that it does not read back.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "ffi/ctype/parser.hpp"
#include "ffi/ctype/print.hpp"

using namespace pinion::ctype;

namespace {

[[noreturn]] void broken(std::string_view why, const std::string& text) {
  std::fprintf(stderr, "%.*s: %s\n", static_cast<int>(why.size()), why.data(), text.c_str());
  std::abort();
}

// Aliases do not survive parse_type without their declarations, so the block is given along.
void check_reads_back(TypeTable& table, const Declarations& block) {
  for (const Declaration& d : block.declarations) {
    if (d.kind == Declaration::Kind::Typedef) continue;
    std::string once = to_c(*d.type);
    if (once.size() > 10000 || once.find('{') != std::string::npos) continue;  // a tagless type is a new one each time
    auto again = parse_type(table, once, &block);
    if (!again.ok()) broken(again.error().message, once);
    if (to_c(**again) != once) broken("read back as " + to_c(**again), once);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  DataModel model = size % 2 == 0 ? DataModel::Lp64 : DataModel::Llp64;
  TypeTable table(model);
  Declarations block;
  std::size_t half = text.find('\f');  // two blocks, one on top of the other
  bool first = parse_into(table, text.substr(0, half), block).ok();
  std::size_t before = block.declarations.size();
  if (half != text.npos && !parse_into(table, text.substr(half), block).ok() && block.declarations.size() != before) {
    broken("a failed parse left something", std::string(text));
  }
  if (first) check_reads_back(table, block);
  return 0;
}
