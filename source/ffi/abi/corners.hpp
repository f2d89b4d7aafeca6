// The corners of the two conventions that compilers fill differently: one row each, and what each compiler does there.
//
// The rules themselves are in classify.cpp, sysv.cpp and microsoft.cpp, which ask a Corners at exactly these places.
// The ids are those of the marshaling reference, sections 2.8 (MS), 4.1 (SV); rows without one (AB) were found while
// this was written. Clang is 18 and 19 (later ones have no SV14 and no AB08), Clang14 is 17 and earlier.
#pragma once

#include "ffi/abi/call_layout.hpp"

namespace pinion::abi {

// clang-format off
#define PINION_ABI_CORNERS(X)                                                                                    \
  /* name                            gcc    clang  clang14 */                                                    \
  /* System V */                                                                                                 \
  X(unnamed_bit_fields_count,       true,  false, false) /* SV01..SV07: they make their eightbytes INTEGER */    \
  X(union_bit_field_is_integer,     true,  false, false) /* SV06, SV07, AB03: whole, and to be aligned */        \
  X(flexible_struct_in_memory,      false, true,  true)  /* SV10: a flexible array member makes it MEMORY */     \
  X(int128_halves_apart,            false, false, true)  /* SV12, SV13: each half is passed as a long is */      \
  X(int128_takes_last_gpr,          false, true,  false) /* SV14: when it does not fit */                        \
  X(float128_member_in_memory,      false, false, true)  /* SV15: an aggregate with one is MEMORY */             \
  X(bare_vector_never_hidden,       false, true,  true)  /* SV16, SV17, SV19: MEMORY results in xmm */           \
  X(long_array_is_no_class,         false, true,  true)  /* SV18: beside a 32-byte vector in a union */          \
  X(short_float_vector_is_integer,  false, true,  true)  /* SV20; gcc: MEMORY, or SSE if several elements */     \
  X(typedef_alignment_counts,       false, false, true)  /* SV21: in place of the alignment of its target */     \
  X(aggregates_must_be_aligned,     false, true,  true)  /* AB01: not only the scalars in them */                \
  X(array_repeats_first_element,    true,  false, false) /* SV08, SV09, AB02: the others are not looked at */    \
  X(wide_vector_must_be_alone,      false, true,  true)  /* AB04: not even a zero-size member beside it */       \
  X(padding_is_empty,               true,  false, false) /* AB06, MS03: on the stack and as result; both */      \
  X(xmm_after_padding_is_forgotten, false, true,  true)  /* AB08: so later values may be taken apart, as in AB05 */\
  X(float128_is_forgotten,          false, false, true)  /* AB08, likewise */                                    \
  X(full_bit_field_is_integer,      true,  false, false) /* AB09: if not packed, so to be aligned */             \
  X(variadic_has_no_ymm,            false, true,  true)  /* AB10: not for its named arguments either */          \
  X(has_float16,                    true,  true,  false) /* SV24, MS09 */                                        \
  X(has_complex_int128,             true,  false, false) /* SV26 */                                              \
  /* Microsoft */                                                                                                \
  X(ms_long_double_result_in_st0,   false, true,  true)  /* MS01, for Linux; gcc: hidden pointer */              \
  X(ms_float128_in_xmm,             false, true,  true)  /* MS02; gcc: by reference, hidden pointer */           \
  X(ms_flexible_by_reference,       false, true,  true)  /* MS04; gcc: as any struct of its size */              \
  X(ms_small_vector_by_reference,   false, true,  true)  /* MS05; gcc: as a struct of its size */                \
  X(ms_one_float_vector_as_scalar,  false, true,  true)  /* MS06; gcc: by reference, result in rax */            \
  X(ms_wide_vector_in_registers,    false, true,  true)  /* MS07, MS08: results; gcc: hidden pointer */          \
  X(ms_float16_in_xmm,              false, true,  true)  /* MS09; gcc: as an integer */
// clang-format on

struct Corners {
#define X(name, gcc, clang, clang14) bool name;
  PINION_ABI_CORNERS(X)
#undef X
};

inline constexpr Corners kGccCorners{
#define X(name, gcc, clang, clang14) gcc,
    PINION_ABI_CORNERS(X)
#undef X
};

inline constexpr Corners kClangCorners{
#define X(name, gcc, clang, clang14) clang,
    PINION_ABI_CORNERS(X)
#undef X
};

inline constexpr Corners kClang14Corners{
#define X(name, gcc, clang, clang14) clang14,
    PINION_ABI_CORNERS(X)
#undef X
};

constexpr const Corners& corners_of(Compiler compiler) {
  switch (compiler) {
    case Compiler::Clang: return kClangCorners;
    case Compiler::Clang14: return kClang14Corners;
    default: return kGccCorners;
  }
}

}  // namespace pinion::abi
