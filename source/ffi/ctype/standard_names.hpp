// The type names that are known without a declaration: size_t, uint8_t, FILE, va_list, __m128 and so on.
#pragma once

#include <cstdint>
#include <string_view>

#include "ffi/ctype/type_table.hpp"

namespace pinion::ctype {

struct StandardName {
  enum class Shape : std::uint8_t {
    Plain,   // the scalar
    Vector,  // a vector of the scalar, `bytes` long
    VaList,
    Opaque  // a struct nobody sees into, by its tag
  };
  std::string_view name;
  Shape shape = Shape::Plain;
  // Scalar::Void: the data model has no such name.
  Scalar lp64 = Scalar::Void;
  Scalar llp64 = Scalar::Void;
  std::uint64_t bytes = 0;
  std::string_view tag_lp64;
  std::string_view tag_llp64;

  std::string_view tag(DataModel model) const { return model == DataModel::Lp64 ? tag_lp64 : tag_llp64; }
};

// The row of that name in that data model, or null.
const StandardName* find_standard_name(DataModel, std::string_view name);

// What the name stands for. `opaque` is the struct of an Opaque row, which is nominal and so belongs to the caller's
// declarations.
const Type* standard_type(TypeTable&, const StandardName&, const Type* opaque);

// All rows, for proposals.
std::size_t standard_name_count();
const StandardName& standard_name(std::size_t index);

}  // namespace pinion::ctype
