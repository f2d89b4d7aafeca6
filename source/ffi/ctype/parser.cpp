#include "ffi/ctype/parser.hpp"

#include <fmt/format.h>

#include "ffi/ctype/parsing.hpp"

namespace pinion::ctype {

namespace {

Error report(const ParseError& error, ParseError* detail) {
  if (detail) *detail = error;
  return Error{error.message};
}

Error too_long(std::string_view text, ParseError* detail) {
  ParseError error;
  error.message = fmt::format("a text of {} bytes: expected at most {}", text.size(), kMaxText);
  return report(error, detail);
}

template <class Map>
void move_into(Map& to, Map& from) {
  for (auto& [name, value] : from) to.insert_or_assign(name, value);
}

void merge(Declarations& into, Declarations& block) {
  for (const auto& [name, position] : block.index) {
    into.index.insert_or_assign(name, into.declarations.size() + position);
  }
  into.declarations.insert(into.declarations.end(), block.declarations.begin(), block.declarations.end());
  move_into(into.typedefs, block.typedefs);
  move_into(into.tags, block.tags);
  move_into(into.constants, block.constants);
  move_into(into.constant_types, block.constant_types);
}

// Parses `text` after everything that led to `known`, with types of its own. False: `error` says what is wrong.
bool rehearse(DataModel model, const SourceText& source, const Declarations& known, ParseError& error) {
  TypeTable scratch(model);
  Declarations past;
  for (const std::string& text : known.texts) {
    SourceText past_source(text);
    Parser parser(scratch, past_source, &past, true);
    parser.parse_block();
    merge(past, parser.block());
  }
  Parser parser(scratch, source, &past, true);
  parser.parse_block();
  if (parser.failed()) error = parser.error();
  return !parser.failed();
}

}  // namespace

const Declaration* Declarations::find(std::string_view name) const {
  auto found = index.find(name);
  return found == index.end() ? nullptr : &declarations[found->second];
}

const Declaration* Declarations::last_function() const {
  for (auto d = declarations.rbegin(); d != declarations.rend(); ++d) {
    if (d->kind == Declaration::Kind::Function) return &*d;
  }
  return nullptr;
}

Result<Unit> parse_into(TypeTable& table, std::string_view text, Declarations& into, ParseError* detail) {
  if (text.size() > kMaxText) return too_long(text, detail);
  SourceText source(text);
  bool may_complete = false;
  for (;;) {
    Parser parser(table, source, &into, may_complete);
    parser.parse_block();
    if (parser.needs_rehearsal()) {
      // The block completes types of earlier blocks, which nothing can undo: first see whether all of it is right.
      ParseError error;
      if (!rehearse(table.model(), source, into, error)) return report(error, detail);
      may_complete = true;
      continue;
    }
    if (parser.failed()) return report(parser.error(), detail);
    merge(into, parser.block());
    into.texts.emplace_back(text);
    return Unit{};
  }
}

Result<const Type*> parse_type(TypeTable& table, std::string_view text, const Declarations* known, ParseError* detail) {
  if (text.size() > kMaxText) return too_long(text, detail);
  SourceText source(text);
  Parser parser(table, source, known, false);
  const Type* type = parser.parse_type_name();
  if (parser.failed()) return report(parser.error(), detail);
  return type;
}

}  // namespace pinion::ctype
