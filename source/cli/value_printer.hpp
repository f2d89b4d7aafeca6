// C values as text, in the notation that value_parser.hpp reads, with the names of members.
#pragma once

#include <cstddef>
#include <string>

#include "ffi/ctype/type.hpp"

namespace pinion::cli {

class ValuePrinter {
 public:
  // `addresses`: pointers to text are printed as addresses too.
  explicit ValuePrinter(bool addresses = false) : addresses_(addresses) {}

  // The value of a complete type in `data`, which must be readable; what it points to need not be.
  std::string print(const ctype::Type&, const std::byte* data) const;

 private:
  std::string print_pointer(const ctype::Type&, const std::byte* data) const;
  std::string print_elements(const ctype::Type&, const std::byte* data) const;
  std::string print_record(const ctype::Type&, const std::byte* data) const;
  void append_members(std::string& out, const ctype::Type& record, const std::byte* data) const;

  bool addresses_;
};

}  // namespace pinion::cli
