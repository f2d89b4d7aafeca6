#include "derived_types.hpp"

#include <fmt/format.h>

#include <iterator>
#include <utility>
#include <vector>

#include "ffi/ctype/print.hpp"

namespace pinion::tests {

using ctype::Kind;
using ctype::Scalar;
using ctype::Type;

DerivedTypes::DerivedTypes(ctype::TypeTable& table, std::uint64_t seed, std::string prefix)
    : table_(table), random_(seed), prefix_(std::move(prefix)) {}

Named DerivedTypes::make(unsigned steps) {
  static constexpr Scalar kScalars[] = {Scalar::Char, Scalar::UInt, Scalar::Long, Scalar::Double, Scalar::LongDouble};
  const Type* scalar = table_.scalar(kScalars[random_() % std::size(kScalars)]);
  Named current = define(scalar, fmt::format("{} {{}}", ctype::to_c(*scalar)));
  while (steps-- > 0) current = step(current, steps);
  return current;
}

Named DerivedTypes::define(const Type* type, std::string_view shape) {
  const std::string name = fmt::format("{}_{}", prefix_, count_++);
  const std::size_t at = shape.find("{}");
  text_ += fmt::format("typedef {}{}{};\n", shape.substr(0, at), name, shape.substr(at + 2));
  return {type, name};
}

Named DerivedTypes::step(const Named& from, unsigned depth) {
  const bool is_function = from.type->kind == Kind::Function;
  const bool is_array = from.type->kind == Kind::Array;
  switch (random_() % 5) {
    case 0: return is_function ? pointer(from) : array(from);
    case 1: return is_function || is_array ? pointer(from) : function(from, depth);
    case 2: return is_function ? pointer(from) : constant(from);
    default: return pointer(from);
  }
}

Named DerivedTypes::pointer(const Named& to) {
  return define(table_.pointer_to(to.type), fmt::format("{} *{{}}", to.name));
}

Named DerivedTypes::constant(const Named& of) {
  return define(table_.qualified(of.type, ctype::Const), fmt::format("const {} {{}}", of.name));
}

Named DerivedTypes::array(const Named& of) {
  const std::uint64_t count = 1 + random_() % 4;
  return define(*table_.array_of(of.type, count), fmt::format("{} {{}}[{}]", of.name, count));
}

Named DerivedTypes::function(const Named& result, unsigned depth) {
  static constexpr std::pair<ctype::Convention, std::string_view> kConventions[] = {
      {ctype::Convention::Default, ""},
      {ctype::Convention::SysV, "__attribute__((sysv_abi))"},
      {ctype::Convention::Microsoft, "__attribute__((ms_abi))"}};
  const auto& [convention, attribute] = kConventions[random_() % std::size(kConventions)];
  std::vector<ctype::Parameter> parameters;
  std::string list;
  for (std::uint64_t i = 0, count = random_() % 3; i < count; ++i) {
    const Named parameter = make(depth / 2);
    parameters.push_back({{}, parameter.type});
    list += fmt::format("{}{}", list.empty() ? "" : ", ", parameter.name);
  }
  const bool variadic = !parameters.empty() && random_() % 4 == 0;
  const bool prototyped = !parameters.empty() || random_() % 4 != 0;
  if (variadic) list += ", ...";
  if (parameters.empty() && prototyped) list = "void";
  const Result<const Type*> type = table_.function({.result = result.type,
                                                    .parameters = parameters,
                                                    .variadic = variadic,
                                                    .prototyped = prototyped,
                                                    .convention = convention});
  return define(*type, fmt::format("{} {{}}({}) {}", result.name, list, attribute));
}

}  // namespace pinion::tests
