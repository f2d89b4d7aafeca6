// Which integer type stands for an enum.
#pragma once

#include <span>

#include "ffi/base/result.hpp"
#include "ffi/ctype/type.hpp"

namespace pinion::ctype {

// gcc's choice, the same in both data models (measured; reference marshaling section 1.1 and MS15): int or unsigned
// int, unsigned unless a value is negative; 64 bits wide when a value needs that. `packed`: the narrowest that holds
// all values. Error: no enumerators, one name twice, or values beyond 64 bits.
Result<Scalar> enum_scalar(std::span<const Enumerator> enumerators, bool packed, DataModel model);

// Error: a value that does not fit the type C23's `enum E : T` fixes.
Status check_fixed_enum(std::span<const Enumerator> enumerators, const Type& fixed);

}  // namespace pinion::ctype
