// The C API: thin functions over the engine. Nothing here decides anything; it translates.
#include <algorithm>
#include <cstring>
#include <memory>
#include <mutex>
#include <string>

#include "ffi/abi/print.hpp"
#include "ffi/callback/active_calls.hpp"
#include "ffi/ctype/parser.hpp"
#include "ffi/ctype/print.hpp"
#include "ffi/engine/engine.hpp"
#include "ffi/library/library.hpp"
#include "ffi/marshal/varargs.hpp"
#include "pinion/pinion.h"

namespace ctype = pinion::ctype;

struct pn_engine {
  std::shared_ptr<pinion::Engine> engine;
};
struct pn_declarations {
  std::shared_ptr<pinion::Engine> engine;
  ctype::Declarations declarations;
};
struct pn_signature {
  std::shared_ptr<pinion::Engine> engine;
  std::shared_ptr<const pinion::Signature> signature;
};
struct pn_callback {
  std::shared_ptr<pinion::Engine> engine;
  pinion::callback::Descriptor* descriptor;
};
struct pn_library {
  pinion::Library library;
};

namespace {

// What a pn_function points to: the Callable that machine code enters with, and what keeps it alive.
struct Function {
  pinion::marshal::Callable callable;
  std::shared_ptr<pinion::Engine> engine;
  std::shared_ptr<const pinion::Signature> signature;
  std::shared_ptr<const pinion::Library> library;  // from pn_load
  std::once_flag direct_once;
  pinion::codegen::MachineCode direct;
};

// The public structs are the first fields of the internal ones, under other names.
static_assert(offsetof(pinion::marshal::Callable, invoke) == offsetof(pn_function, invoke));
static_assert(offsetof(pinion::marshal::Callable, target) == offsetof(pn_function, target));
static_assert(offsetof(pinion::marshal::CallState, error_number) == offsetof(pn_call_state, error_number));
static_assert(sizeof(pinion::marshal::CallState) == sizeof(pn_call_state));

void report(pn_error* to, const std::string& message, unsigned line = 0, unsigned column = 0) {
  if (to == nullptr) return;
  const std::size_t length = std::min(message.size(), sizeof to->message - 1);
  std::memcpy(to->message, message.data(), length);
  to->message[length] = '\0';
  to->line = line;
  to->column = column;
}
std::nullptr_t fail(pn_error* to, const pinion::Error& error) {
  return report(to, error.message), nullptr;
}
std::nullptr_t fail(pn_error* to, const ctype::ParseError& error) {
  return report(to, error.message, error.line, error.column), nullptr;
}

std::size_t copy_out(const std::string& text, char* buffer, std::size_t size) {
  if (size > 0 && buffer != nullptr) {
    const std::size_t length = std::min(text.size(), size - 1);
    std::memcpy(buffer, text.data(), length);
    buffer[length] = '\0';
  }
  return text.size();
}

const pn_type* wrap(const ctype::Type* type) {
  return reinterpret_cast<const pn_type*>(type);
}
const ctype::Type& plain(const pn_type* type) {
  return *reinterpret_cast<const ctype::Type*>(type);
}
const ctype::Type& resolved(const pn_type* type) {
  return ctype::resolve(plain(type));
}

Function* unwrap(pn_function* function) {
  return reinterpret_cast<Function*>(function);
}

pinion::SignatureOptions options_from(pn_convention convention, pn_compiler compiler, int avx) {
  using pinion::abi::Compiler;
  pinion::SignatureOptions options;
  options.convention = convention == PN_MICROSOFT ? pinion::abi::Convention::Microsoft : pinion::abi::Convention::SysV;
  options.dialect.compiler = compiler == PN_GCC     ? Compiler::Gcc
                             : compiler == PN_CLANG ? Compiler::Clang
                                                    : Compiler::Clang14;
  options.dialect.vectors = avx != 0 ? pinion::abi::Vectors::Avx : pinion::abi::Vectors::Sse;
  return options;
}

pinion::SignatureOptions options_from(const pn_signature_options* given) {
  if (given == nullptr) return {};
  pinion::SignatureOptions options = options_from(given->convention, given->compiler, given->avx);
  options.slots = given->slots == PN_WORDS ? pinion::Slots::Words : pinion::Slots::Addresses;
  options.capture_errno = given->capture_errno != 0;
  options.interpret = given->interpret != 0;
  return options;
}

pn_function* make_function(std::shared_ptr<pinion::Engine> engine, std::shared_ptr<const pinion::Signature> signature,
                           const void* address, std::shared_ptr<const pinion::Library> library) {
  auto function = std::make_unique<Function>();
  function->callable = {signature->compiled->invoke, address, &signature->compiled->code, nullptr};
  function->engine = std::move(engine);
  function->signature = std::move(signature);
  function->library = std::move(library);
  return reinterpret_cast<pn_function*>(function.release());
}

int describe(const ctype::Declaration* declaration, pn_declaration* out) {
  if (declaration == nullptr) return 0;
  static constexpr pn_declaration_kind kKinds[] = {PN_FUNCTION_DECLARATION, PN_VARIABLE_DECLARATION, PN_TYPEDEF};
  *out = {kKinds[static_cast<int>(declaration->kind)], declaration->name.data(), declaration->symbol.data(),
          wrap(declaration->type)};
  return 1;
}

bool is_kind(const pn_type* type, ctype::Kind kind) {
  return resolved(type).kind == kind;
}

}  // namespace

extern "C" {

// -- engines

pn_engine* pn_engine_new(const pn_engine_options* given, pn_error*) {
  pinion::Engine::Options options;
  if (given != nullptr) {
    options.model = given->model == PN_LLP64 ? ctype::DataModel::Llp64 : ctype::DataModel::Lp64;
    options.machine_code = given->no_machine_code == 0;
    options.perf_map = given->perf_map != 0;
    if (given->report != nullptr) {
      options.report = [report = given->report, data = given->report_data](const std::string& sentence) {
        report(data, sentence.c_str());
      };
    }
  }
  return new pn_engine{std::make_shared<pinion::Engine>(options)};
}

void pn_engine_free(pn_engine* engine) {
  delete engine;
}

const char* pn_engine_interprets(const pn_engine* engine) {
  return engine->engine->interprets();
}

// -- declarations and types

pn_declarations* pn_parse(pn_engine* engine, const char* text, pn_error* error) {
  auto declarations = std::make_unique<pn_declarations>();
  declarations->engine = engine->engine;
  return pn_parse_more(declarations.get(), text, error) != 0 ? declarations.release() : nullptr;
}

int pn_parse_more(pn_declarations* declarations, const char* text, pn_error* error) {
  ctype::ParseError detail;
  if (ctype::parse_into(declarations->engine->types(), text, declarations->declarations, &detail)) return 1;
  fail(error, detail);
  return 0;
}

void pn_declarations_free(pn_declarations* declarations) {
  delete declarations;
}

size_t pn_declaration_count(const pn_declarations* declarations) {
  return declarations->declarations.declarations.size();
}

int pn_declaration_at(const pn_declarations* declarations, size_t index, pn_declaration* out) {
  const auto& all = declarations->declarations.declarations;
  return describe(index < all.size() ? &all[index] : nullptr, out);
}

int pn_declaration_named(const pn_declarations* declarations, const char* name, pn_declaration* out) {
  return describe(declarations->declarations.find(name), out);
}

int pn_constant(const pn_declarations* declarations, const char* name, int64_t* value) {
  const auto& constants = declarations->declarations.constants;
  const auto found = constants.find(std::string_view(name));
  if (found == constants.end() || found->second > INT64_MAX || found->second < INT64_MIN) return 0;
  *value = static_cast<int64_t>(found->second);
  return 1;
}

const pn_type* pn_type_parse(pn_engine* engine, const pn_declarations* known, const char* text, pn_error* error) {
  ctype::ParseError detail;
  auto type =
      ctype::parse_type(engine->engine->types(), text, known == nullptr ? nullptr : &known->declarations, &detail);
  return type ? wrap(*type) : fail(error, detail);
}

pn_kind pn_type_kind(const pn_type* type) {
  // Alias and Qualified, the last kinds, never come out of resolve().
  static constexpr pn_kind kKinds[] = {PN_VOID,    PN_BOOL,  PN_INTEGER, PN_FLOATING, PN_COMPLEX, PN_VECTOR,
                                       PN_POINTER, PN_ARRAY, PN_STRUCT,  PN_UNION,    PN_ENUM,    PN_FUNCTION};
  return kKinds[static_cast<int>(resolved(type).kind)];
}
size_t pn_type_size(const pn_type* type) {
  return resolved(type).size;
}
size_t pn_type_align(const pn_type* type) {
  return plain(type).align;
}
int pn_type_is_complete(const pn_type* type) {
  return resolved(type).complete;
}
int pn_type_is_signed(const pn_type* type) {
  return resolved(type).is_signed;
}
const pn_type* pn_type_target(const pn_type* type) {
  return wrap(resolved(type).target);
}
int pn_type_is_variadic(const pn_type* type) {
  return resolved(type).variadic;
}

size_t pn_type_count(const pn_type* type) {
  const ctype::Type& t = resolved(type);
  if (t.kind == ctype::Kind::Function) return t.parameters.size();
  return t.kind == ctype::Kind::Struct || t.kind == ctype::Kind::Union ? t.members.size() : t.count;
}

const pn_type* pn_type_parameter(const pn_type* type, size_t index) {
  const ctype::Type& t = resolved(type);
  return index < t.parameters.size() ? wrap(t.parameters[index].type) : nullptr;
}

int pn_type_member(const pn_type* type, size_t index, pn_member* out) {
  const ctype::Type& t = resolved(type);
  if (index >= t.members.size()) return 0;
  const ctype::Member& member = t.members[index];
  *out = {member.name.empty() ? "" : member.name.data(),
          wrap(member.type),
          member.offset,
          member.bit_field,
          member.bit_width,
          member.bit_position};
  return 1;
}

size_t pn_type_to_c(const pn_type* type, const char* name, char* buffer, size_t size) {
  return copy_out(ctype::to_c(plain(type), name == nullptr ? "" : name), buffer, size);
}

const pn_type* pn_variadic_call(pn_engine* engine, const pn_type* function, const pn_type* const* extra, size_t count,
                                pn_error* error) {
  std::vector<const ctype::Type*> types;
  types.reserve(count);
  for (size_t i = 0; i < count; ++i) types.push_back(&plain(extra[i]));
  auto call = engine->engine->types().variadic_call(&resolved(function), types);
  return call ? wrap(*call) : fail(error, call.error());
}

// -- signatures

pn_signature* pn_signature_new(pn_engine* engine, const pn_type* function, const pn_signature_options* options,
                               pn_error* error) {
  if (!is_kind(function, ctype::Kind::Function)) {
    return fail(error,
                pinion::Error{"a signature is made of a function type, not of '" + ctype::to_c(plain(function)) + "'"});
  }
  auto signature = engine->engine->compile(plain(function), options_from(options));
  if (!signature) return fail(error, signature.error());
  return new pn_signature{engine->engine, *std::move(signature)};
}

void pn_signature_free(pn_signature* signature) {
  delete signature;
}

size_t pn_signature_describe(const pn_signature* signature, pn_view view, char* buffer, size_t size) {
  const pinion::marshal::Code& code = signature->signature->compiled->code;
  return copy_out(view == PN_LAYOUT ? pinion::abi::to_string(*code.layout) : pinion::marshal::to_string(code), buffer,
                  size);
}

const void* pn_signature_machine_code(const pn_signature* signature, size_t* size) {
  const auto bytes = signature->signature->compiled->machine.bytes();
  *size = bytes.size();
  return bytes.data();
}

// -- functions

pn_function* pn_function_new(pn_signature* signature, const void* address, pn_error* error) {
  if (address == nullptr) return fail(error, pinion::Error{"a function needs the address of its target, not NULL"});
  return make_function(signature->engine, signature->signature, address, nullptr);
}

void pn_function_free(pn_function* function) {
  delete unwrap(function);
}

const void* pn_function_direct(pn_function* public_function) {
  Function& function = *unwrap(public_function);
  std::call_once(function.direct_once, [&] {
    if (!function.signature->compiled->machine) return;  // interpreted: no machine code at all
    if (!(function.signature->options.dialect == pinion::abi::Dialect{})) return;  // not how our caller passes it
    auto direct = pinion::codegen::assemble_direct(function.engine->arena(), function.signature->compiled->code,
                                                   function.callable.target);
    if (direct) function.direct = *std::move(direct);
  });
  return function.direct ? function.direct.entry() : nullptr;
}

// -- libraries

pn_library* pn_library_open(const char* name, pn_error* error) {
  auto library = pinion::Library::open(name);
  return library ? new pn_library{*std::move(library)} : fail(error, library.error());
}

void pn_library_free(pn_library* library) {
  delete library;
}

const char* pn_library_path(const pn_library* library) {
  return library->library.path().c_str();
}

void* pn_library_symbol(const pn_library* library, const char* name, pn_error* error) {
  auto symbol = library->library.symbol(name);
  return symbol ? *symbol : fail(error, symbol.error());
}

pn_function* pn_load(pn_engine* engine, const pn_library* library, const char* text, pn_error* error) {
  ctype::Declarations declarations;
  ctype::ParseError detail;
  if (!ctype::parse_into(engine->engine->types(), text, declarations, &detail)) return fail(error, detail);
  const ctype::Declaration* declaration = declarations.last_function();
  if (declaration == nullptr) return fail(error, pinion::Error{"the declarations declare no function"});
  auto symbol = library->library.symbol(declaration->symbol);
  if (!symbol) return fail(error, symbol.error());
  auto signature = engine->engine->compile(*declaration->type, {});
  if (!signature) return fail(error, signature.error());
  return make_function(engine->engine, *std::move(signature), *symbol,
                       std::make_shared<const pinion::Library>(library->library));
}

// -- callbacks

pn_callback* pn_callback_new(pn_engine* engine, const pn_type* function, pn_handler handler, void* data,
                             const pn_callback_options* given, pn_error* error) {
  const pn_callback_options options = given != nullptr ? *given : pn_callback_options{};
  if (!is_kind(function, ctype::Kind::Function)) {
    return fail(error,
                pinion::Error{"a callback is made of a function type, not of '" + ctype::to_c(plain(function)) + "'"});
  }
  const pinion::SignatureOptions placed = options_from(options.convention, options.compiler, options.avx);
  auto code = engine->engine->compile_callback(plain(function), placed.convention, placed.dialect);
  if (!code) return fail(error, code.error());
  const std::size_t size = (*code)->code.layout->result.size;
  std::span<const std::byte> fallback;
  if (options.default_result != nullptr) fallback = {static_cast<const std::byte*>(options.default_result), size};
  auto made = engine->engine->callbacks().make((*code)->entry, (*code)->code,
                                               {.name = options.name != nullptr ? options.name : "callback",
                                                .handler = handler,
                                                .data = data,
                                                .default_result = fallback,
                                                .gate = nullptr});
  if (!made) return fail(error, made.error());
  return new pn_callback{engine->engine, *made};
}

const void* pn_callback_address(const pn_callback* callback) {
  return pinion::callback::Callbacks::address(callback->descriptor);
}

void pn_callback_free(pn_callback* callback) {
  if (callback == nullptr) return;
  callback->engine->callbacks().free(callback->descriptor);
  delete callback;
}

int pn_next_argument(void* rest, const pn_type* type, void* value, pn_error* error) {
  auto& varargs = *static_cast<pinion::marshal::Varargs*>(rest);
  if (auto taken = pinion::marshal::next_argument(varargs, resolved(type), {}, value); !taken) {
    fail(error, taken.error());
    return 0;
  }
  return 1;
}

int pn_take_failure(pn_failure* out) {
  auto& failures = pinion::callback::this_thread().failures;
  if (failures.empty()) return 0;
  const pinion::callback::Failure oldest = std::move(failures.front());
  failures.erase(failures.begin());
  copy_out(oldest.callback, out->callback, sizeof out->callback);
  copy_out(oldest.message, out->message, sizeof out->message);
  out->status = oldest.status;
  return 1;
}

}  // extern "C"
