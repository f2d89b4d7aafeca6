/* Pinion's engine: calling C functions, given their C declarations.
 *
 * From a declaration to a call:
 *
 *   pn_engine *engine = pn_engine_new(NULL, &error);
 *   pn_library *libm = pn_library_open("libm.so.6", &error);
 *   pn_function *pow = pn_load(engine, libm, "double pow(double, double)", &error);
 *   double x = 2, y = 10, result;
 *   void *arguments[] = {&x, &y};
 *   pn_call(pow, &result, arguments);
 *
 * Ownership: what a function named *_new, pn_parse, pn_load or pn_library_open returns is the caller's, to be freed by
 * the function of that name. Objects keep alive what they need (a function its signature, a signature its engine), so
 * they may be freed in any order; freeing NULL does nothing. A pn_type belongs to its engine and lives until the engine
 * and all that keeps it alive is freed. The strings that are returned belong to the object they were asked of.
 *
 * Errors: a function that can fail takes a pn_error, which may be NULL, and returns NULL or 0. The error is written
 * then, and only then.
 *
 * Threads: every function may be called from any thread. An object may be used by many threads at once, save that a
 * pn_declarations must not be added to, and nothing freed, while another thread uses it. Calls run on the calling
 * thread.
 */
#ifndef PINION_PINION_H
#define PINION_PINION_H

#include <stddef.h>
#include <stdint.h>

#include "pinion/version.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct pn_engine pn_engine;
typedef struct pn_declarations pn_declarations;
typedef struct pn_type pn_type;
typedef struct pn_signature pn_signature;
typedef struct pn_function pn_function;
typedef struct pn_library pn_library;
typedef struct pn_callback pn_callback;

/* One sentence for a person. A text that does not parse also has its place, from 1; otherwise line is 0. */
typedef struct pn_error {
  char message[1000];
  unsigned line;
  unsigned column;
} pn_error;

/* -- Engines ------------------------------------------------------------------------------------------------------ */

typedef enum pn_data_model {
  PN_LP64, /* Linux, macOS */
  PN_LLP64 /* 64-bit Windows: long and wchar_t are smaller, bit-fields are laid out differently */
} pn_data_model;

typedef struct pn_engine_options {
  pn_data_model model; /* PN_LP64 (0) for what runs on this machine */
  int no_machine_code; /* nonzero: everything is interpreted, no executable memory is made */
  int perf_map;        /* nonzero: the names of compiled functions go to /tmp/perf-PID.map, for perf(1) */
  /* Gets a sentence when C calls a callback that was freed, from any thread; NULL: it goes to stderr. */
  void (*report)(void* data, const char* sentence);
  void* report_data;
} pn_engine_options;

/* `options` may be NULL: all zero. An engine owns types, compiled code and nothing else; programs usually have one. */
PN_API pn_engine* pn_engine_new(const pn_engine_options* options, pn_error* error);
PN_API void pn_engine_free(pn_engine* engine);

/* Why calls are interpreted rather than run as machine code: NULL when they are not, else a sentence (asked for, or the
 * system forbids executable memory). */
PN_API const char* pn_engine_interprets(const pn_engine* engine);

/* -- Declarations and types --------------------------------------------------------------------------------------- */

/* Parses C declarations as they stand in manual pages and headers. On error the message shows the line and a caret. */
PN_API pn_declarations* pn_parse(pn_engine* engine, const char* text, pn_error* error);

/* Parses more declarations on top. 1, or 0 and `declarations` is as it was. */
PN_API int pn_parse_more(pn_declarations* declarations, const char* text, pn_error* error);
PN_API void pn_declarations_free(pn_declarations* declarations);

typedef enum pn_declaration_kind { PN_FUNCTION_DECLARATION, PN_VARIABLE_DECLARATION, PN_TYPEDEF } pn_declaration_kind;
typedef struct pn_declaration {
  pn_declaration_kind kind;
  const char* name;
  const char* symbol; /* what to look up in a library: the asm label, or the name */
  const pn_type* type;
} pn_declaration;

PN_API size_t pn_declaration_count(const pn_declarations* declarations);
/* 1, or 0 when there is no declaration of that number or name. The last one of a name counts. */
PN_API int pn_declaration_at(const pn_declarations* declarations, size_t index, pn_declaration* out);
PN_API int pn_declaration_named(const pn_declarations* declarations, const char* name, pn_declaration* out);
/* The value of an enum constant. 1, or 0 when there is none of that name or it needs more than 64 bits. */
PN_API int pn_constant(const pn_declarations* declarations, const char* name, int64_t* value);

/* The type that a type name says, as in a cast: "const struct point *". `known` may be NULL. */
PN_API const pn_type* pn_type_parse(pn_engine* engine, const pn_declarations* known, const char* text, pn_error* error);

typedef enum pn_kind {
  PN_VOID,
  PN_BOOL,
  PN_INTEGER,
  PN_FLOATING,
  PN_COMPLEX,
  PN_VECTOR,
  PN_POINTER,
  PN_ARRAY,
  PN_STRUCT,
  PN_UNION,
  PN_ENUM,
  PN_FUNCTION
} pn_kind;

/* Typedefs and qualifiers at the top of the type are seen through. */
PN_API pn_kind pn_type_kind(const pn_type* type);
PN_API size_t pn_type_size(const pn_type* type);  /* bytes; 0 when incomplete */
PN_API size_t pn_type_align(const pn_type* type); /* bytes */
PN_API int pn_type_is_complete(const pn_type* type);
PN_API int pn_type_is_signed(const pn_type* type);         /* integers and enums */
PN_API const pn_type* pn_type_target(const pn_type* type); /* pointee, element, function's result; or NULL */
PN_API size_t pn_type_count(const pn_type* type);          /* elements, members or parameters */
PN_API const pn_type* pn_type_parameter(const pn_type* type, size_t index); /* NULL when there is none */
PN_API int pn_type_is_variadic(const pn_type* type);

typedef struct pn_member {
  const char* name; /* empty for anonymous members */
  const pn_type* type;
  size_t offset;      /* bytes */
  unsigned bit_field; /* nonzero: it is a bit-field of bit_width bits from bit bit_position of the aggregate */
  unsigned bit_width;
  size_t bit_position;
} pn_member;
PN_API int pn_type_member(const pn_type* type, size_t index, pn_member* out); /* 1, or 0 when there is none */

/* The type, or with `name` (not NULL) a declaration of it, as C. Writes at most `size` bytes, the ending NUL included,
 * and returns the length of the whole text, as snprintf does. */
PN_API size_t pn_type_to_c(const pn_type* type, const char* name, char* buffer, size_t size);

/* The type of one call of a variadic function: with the types of the arguments that follow the fixed ones. They are
 * promoted as C promotes them: float becomes double, integers narrower than int become int. */
PN_API const pn_type* pn_variadic_call(pn_engine* engine, const pn_type* function, const pn_type* const* extra,
                                       size_t count, pn_error* error);

/* -- Signatures --------------------------------------------------------------------------------------------------- */

typedef enum pn_convention { PN_SYSV, PN_MICROSOFT } pn_convention;
/* Whose reading of the conventions' corners: gcc's, clang's of version 18 and later, or of 17 and earlier. */
typedef enum pn_compiler { PN_GCC, PN_CLANG, PN_CLANG_17 } pn_compiler;
/* What a call is given. PN_ADDRESSES: the address of each argument; the result buffer receives exactly the result's
 * bytes. PN_WORDS: 64-bit words that hold values of up to 8 bytes, and the addresses of larger ones; the result buffer
 * is whole words, and a result of up to 8 bytes is extended to fill its word. */
typedef enum pn_slots { PN_ADDRESSES, PN_WORDS } pn_slots;

typedef struct pn_signature_options {
  pn_convention convention; /* of functions that name none by an attribute */
  pn_compiler compiler;
  int avx; /* nonzero: the callee was compiled with AVX (32-byte vectors travel in ymm registers) */
  pn_slots slots;
  int capture_errno; /* nonzero: calls take a pn_call_state, see pn_call_errno */
  int interpret;     /* nonzero: no machine code for this one */
} pn_signature_options;

/* Compiles calls of a function type. `options` may be NULL: all zero. Equal signatures share all that is compiled;
 * asking again for one that is in use costs a look-up. Error: what cannot be passed, and why. */
PN_API pn_signature* pn_signature_new(pn_engine* engine, const pn_type* function, const pn_signature_options* options,
                                      pn_error* error);
PN_API void pn_signature_free(pn_signature* signature);

typedef enum pn_view {
  PN_LAYOUT,         /* where each piece of each argument and of the result goes */
  PN_MARSHALING_CODE /* the instructions, one a line */
} pn_view;
/* As snprintf: see pn_type_to_c. */
PN_API size_t pn_signature_describe(const pn_signature* signature, pn_view view, char* buffer, size_t size);
/* The machine code; NULL and 0 when the signature is interpreted. */
PN_API const void* pn_signature_machine_code(const pn_signature* signature, size_t* size);

/* -- Functions and calls ------------------------------------------------------------------------------------------ */

/* What a call carries besides arguments and result. */
typedef struct pn_call_state {
  int error_number; /* errno: set from here before the call, saved here after it */
  void* reserved;
} pn_call_state;

/* A signature bound to an address. The first field may be called; the rest is private. */
struct pn_function {
  uint32_t (*invoke)(const pn_function* self, void* result, const uint64_t* slots, pn_call_state* state);
  const void* target;
};

PN_API pn_function* pn_function_new(pn_signature* signature, const void* address, pn_error* error);
PN_API void pn_function_free(pn_function* function);

/* Calls. `arguments` holds the address of each argument; an argument's object is only read. `result` must be as large
 * and aligned as the result type, and must not overlap memory that the callee writes; NULL for void. */
static inline void pn_call(const pn_function* function, void* result, void* const* arguments) {
  function->invoke(function, result, (const uint64_t*)arguments, NULL);
}

/* Calls a function whose signature has PN_WORDS. */
static inline void pn_call_words(const pn_function* function, void* result, const uint64_t* words) {
  function->invoke(function, result, words, NULL);
}

/* Calls a function whose signature has capture_errno: errno is state->error_number when the callee begins, and what the
 * callee left is in state->error_number afterwards, whatever this thread does in between. For signatures with PN_WORDS,
 * cast `arguments`. */
static inline void pn_call_errno(const pn_function* function, void* result, void* const* arguments,
                                 pn_call_state* state) {
  function->invoke(function, result, (const uint64_t*)arguments, state);
}

/* A function pointer of the function's own C type, to be called from code that knows the type when it is compiled;
 * lives as long as `function`. NULL when such a pointer would need conversions: use pn_call then. See pinion::function.
 */
PN_API const void* pn_function_direct(pn_function* function);

/* -- Libraries ---------------------------------------------------------------------------------------------------- */

/* A path, a soname ("libm.so.6") or a bare name ("m"); "" is the running process. The error lists what was tried. */
PN_API pn_library* pn_library_open(const char* name, pn_error* error);
PN_API void pn_library_free(pn_library* library);
PN_API const char* pn_library_path(const pn_library* library);
/* "name" or "name@VERSION". The error names similar symbols. */
PN_API void* pn_library_symbol(const pn_library* library, const char* name, pn_error* error);

/* All at once: parses `declarations`, and compiles, looks up and binds the last function they declare, with a signature
 * of default options. The library stays open while the function lives. */
PN_API pn_function* pn_load(pn_engine* engine, const pn_library* library, const char* declarations, pn_error* error);

/* -- Callbacks ---------------------------------------------------------------------------------------------------- */

/* Handles one call from C, on the thread that C calls on. `arguments` holds the address of each argument; a variadic
 * function's has one more, for pn_next_argument. `result` is as large and aligned as the result (8 bytes at least), and
 * not initialised. Returns 0; anything else, and a C++ exception, means that it failed: C gets the default result, and
 * the failure is kept for pn_take_failure. */
typedef int (*pn_handler)(void* data, void* const* arguments, void* result);

typedef struct pn_callback_options {
  const char* name;           /* for reports; NULL: "callback" */
  const void* default_result; /* as large as the result, copied; NULL: all bytes 0 */
  pn_convention convention;   /* of a function type that names none */
  pn_compiler compiler;
  int avx;
} pn_callback_options;

/* A function that C can call, of the type `function`. `options` may be NULL. */
PN_API pn_callback* pn_callback_new(pn_engine* engine, const pn_type* function, pn_handler handler, void* data,
                                    const pn_callback_options* options, pn_error* error);
/* What to give to C: a function pointer. */
PN_API const void* pn_callback_address(const pn_callback* callback);
/* The callback may be running. C must not call it any more; if it does within the next 1,024 callbacks that are freed,
 * the call is reported by name and answers the default result. The engine must live as long as C might call. */
PN_API void pn_callback_free(pn_callback* callback);

/* The next variable argument of a callback of variadic type, which must be of `type`, into `value`. `rest` is the last
 * of the handler's arguments. 1, or 0. */
PN_API int pn_next_argument(void* rest, const pn_type* type, void* value, pn_error* error);

/* What went wrong in a callback on this thread since the last time: the oldest failure, which is forgotten. 1, or 0
 * when there is none. Look when the call into C that may have called back returns. */
typedef struct pn_failure {
  char callback[100]; /* its name */
  int status;         /* what the handler returned; 0 when it threw */
  char message[900];
} pn_failure;
PN_API int pn_take_failure(pn_failure* out);

#ifdef __cplusplus
}
#endif

#endif
