#include "signature.hpp"

#include <fmt/format.h>

#include <set>

#include "ffi/ctype/print.hpp"

namespace pinion::differential {

using ctype::Kind;
using ctype::Type;

namespace {

ctype::Convention attribute(abi::Convention convention) {
  return convention == abi::Convention::SysV ? ctype::Convention::SysV : ctype::Convention::Microsoft;
}

// Writes the definitions of tags and typedefs, each after those it needs.
class Definitions {
 public:
  void add(const Type* type) {
    if (type == nullptr || !seen_.insert(type).second) return;
    if (type->natural != type) add(type->natural);
    if (type->kind != Kind::Enum) add(type->target);
    for (const ctype::Member& member : type->members) add(member.type);
    for (const ctype::Parameter& parameter : type->parameters) add(parameter.type);
    if (type->natural != type && type->kind != Kind::Alias) return;
    switch (type->kind) {
      case Kind::Alias: text_ += fmt::format("typedef {};\n", ctype::to_c(*type->target, type->name)); break;
      case Kind::Struct:
      case Kind::Union:
      case Kind::Enum:
        if (!type->name.empty()) text_ += ctype::declaration(*type);
        break;
      default: break;
    }
  }

  const std::string& text() const { return text_; }

 private:
  std::set<const Type*> seen_;
  std::string text_;
};

}  // namespace

Result<const Type*> call_type(ctype::TypeTable& table, const Signature& signature) {
  const bool unprototyped = signature.style == Style::Unprototyped;
  const bool variadic = signature.style == Style::Variadic;
  const std::size_t fixed = unprototyped ? 0 : variadic ? signature.fixed : signature.arguments.size();
  std::vector<ctype::Parameter> parameters;
  for (std::size_t i = 0; i < fixed; ++i) parameters.push_back({{}, signature.arguments[i]});
  Result<const Type*> function = table.function({.result = signature.result,
                                                 .parameters = parameters,
                                                 .variadic = variadic,
                                                 .prototyped = !unprototyped,
                                                 .convention = attribute(signature.convention)});
  if (!function || fixed == signature.arguments.size()) return function;
  return table.variadic_call(*function, std::span(signature.arguments).subspan(fixed));
}

Signature promoted(ctype::TypeTable& table, Signature signature) {
  const Result<const Type*> call = call_type(table, signature);
  if (!call) return signature;
  for (std::size_t i = 0; i < signature.arguments.size(); ++i) signature.arguments[i] = (*call)->parameters[i].type;
  return signature;
}

std::string definitions(const Signature& signature, std::string_view prefix) {
  Definitions definitions;
  definitions.add(signature.result);
  for (const Type* type : signature.arguments) definitions.add(type);
  std::string text = definitions.text();
  text += fmt::format("typedef {};\n", ctype::to_c(*signature.result, fmt::format("{}r", prefix)));
  for (std::size_t i = 0; i < signature.arguments.size(); ++i) {
    text += fmt::format("typedef {};\n", ctype::to_c(*signature.arguments[i], fmt::format("{}{}", prefix, i)));
  }
  return text;
}

std::string prototype(const Signature& signature, std::string_view name, bool with_definitions) {
  Definitions definitions;
  definitions.add(signature.result);
  std::string list;
  for (std::size_t i = 0; i < signature.arguments.size(); ++i) {
    definitions.add(signature.arguments[i]);
    const bool first_variable = signature.style == Style::Variadic && i == signature.fixed;
    list += fmt::format("{}{}{}", i == 0 ? "" : ", ", first_variable ? "... /* called with: " : "",
                        ctype::to_c(*signature.arguments[i]));
  }
  switch (signature.style) {
    case Style::Prototyped: break;
    case Style::Variadic: list += signature.fixed < signature.arguments.size() ? " */" : ", ..."; break;
    case Style::Unprototyped: list = fmt::format("/* called with: {} */", list); break;
  }
  const std::string_view convention =
      signature.convention == abi::Convention::Microsoft ? "__attribute__((ms_abi)) " : "";
  const std::string function = fmt::format("{}({})", name, list.empty() ? "void" : list);
  return fmt::format("{}{}{};\n", with_definitions ? definitions.text() : "", convention,
                     ctype::to_c(*signature.result, function));
}

}  // namespace pinion::differential
