// Pinion's engine for C++: the C API (pinion.h) with owners, results and typed functions.
//
//   pinion::engine engine;
//   pinion::library libm = pinion::library::open("libm.so.6").value();
//   auto pow = pinion::function<double(double, double)>::load(engine, libm, "double pow(double, double)").value();
//   double kilo = pow(2, 10);
//
// A typed function is checked against its C declaration once, when it is loaded. Calls go through the compiled
// marshaling code: its direct entry where there is one, which costs what a call of the C function costs, else the
// general entry.
//
// Ownership and thread rules are those of pinion.h; objects here are movable handles that free what they own.
#ifndef PINION_PINION_HPP
#define PINION_PINION_HPP

#include <array>
#include <cstddef>
#include <memory>
#include <new>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

#include "pinion/pinion.h"

namespace pinion {

// Why something failed: one sentence; for text that does not parse also its place.
class error : public std::runtime_error {
 public:
  explicit error(const pn_error& from) : std::runtime_error(from.message), line(from.line), column(from.column) {}
  explicit error(const std::string& message) : std::runtime_error(message) {}
  unsigned line = 0, column = 0;
};

// A value, or the error that there is none. value() throws the error when there is one.
template <class T>
class [[nodiscard]] result {
 public:
  result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  result(error why) : state_(std::in_place_index<1>, std::move(why)) {}

  explicit operator bool() const { return state_.index() == 0; }
  const error& why() const { return std::get<1>(state_); }
  T& value() & { return *this ? std::get<0>(state_) : throw why(); }
  T&& value() && { return *this ? std::get<0>(std::move(state_)) : throw why(); }

 private:
  std::variant<T, error> state_;
};

namespace detail {

template <class T, void (*Free)(T*)>
struct deleter {
  void operator()(T* owned) const { Free(owned); }
};
template <class T, void (*Free)(T*)>
using owner = std::unique_ptr<T, deleter<T, Free>>;

// Runs `make`, which takes a pn_error* and answers null on failure.
template <class Owner, class Make>
result<Owner> own(Make make) {
  pn_error why{};
  auto* made = make(&why);
  if (made == nullptr) return error(why);
  return Owner(made);
}

}  // namespace detail

class library {
 public:
  static result<library> open(const char* name) {
    return detail::own<library>([&](pn_error* why) { return pn_library_open(name, why); });
  }
  explicit library(pn_library* owned) : owned_(owned) {}

  result<void*> symbol(const char* name) const {
    pn_error why{};
    void* address = pn_library_symbol(get(), name, &why);
    if (address == nullptr) return error(why);
    return address;
  }
  const char* path() const { return pn_library_path(get()); }
  pn_library* get() const { return owned_.get(); }

 private:
  detail::owner<pn_library, pn_library_free> owned_;
};

class engine {
 public:
  explicit engine(const pn_engine_options& options = {}) : owned_(pn_engine_new(&options, nullptr)) {}
  pn_engine* get() const { return owned_.get(); }
  const char* interprets() const { return pn_engine_interprets(get()); }

 private:
  detail::owner<pn_engine, pn_engine_free> owned_;
};

class declarations {
 public:
  static result<declarations> parse(const engine& with, const char* text) {
    return detail::own<declarations>([&](pn_error* why) { return pn_parse(with.get(), text, why); });
  }
  explicit declarations(pn_declarations* owned) : owned_(owned) {}

  // The last function declared; type is null when there is none.
  pn_declaration last_function() const {
    pn_declaration found{};
    for (std::size_t i = pn_declaration_count(get()); i-- > 0;) {
      if (pn_declaration_at(get(), i, &found) != 0 && found.kind == PN_FUNCTION_DECLARATION) return found;
    }
    return {};
  }
  pn_declarations* get() const { return owned_.get(); }

 private:
  detail::owner<pn_declarations, pn_declarations_free> owned_;
};

namespace detail {

// How a typed function takes an argument before it passes it by value: structs by reference, lest they be copied twice.
template <class T>
using parameter = std::conditional_t<std::is_class_v<T> || std::is_union_v<T>, const T&, T>;

inline std::string c_text(const pn_type* type) {
  std::string text(pn_type_to_c(type, nullptr, nullptr, 0), '\0');
  pn_type_to_c(type, nullptr, text.data(), text.size() + 1);
  return text;
}

// Whether a C++ object of type T is what C calls `type`: the same kind of thing, of the same size.
template <class T>
bool matches(const pn_type* type) {
  const pn_kind kind = pn_type_kind(type);
  if constexpr (std::is_void_v<T>) {
    return kind == PN_VOID;
  } else if (pn_type_size(type) != sizeof(T) || pn_type_is_complete(type) == 0) {
    return false;
  } else if constexpr (std::is_same_v<T, bool>) {
    return kind == PN_BOOL;
  } else if constexpr (std::is_enum_v<T>) {
    return kind == PN_ENUM || kind == PN_INTEGER;
  } else if constexpr (std::is_integral_v<T>) {
    return (kind == PN_INTEGER || kind == PN_ENUM) && (pn_type_is_signed(type) != 0) == std::is_signed_v<T>;
  } else if constexpr (std::is_floating_point_v<T>) {
    return kind == PN_FLOATING;
  } else if constexpr (std::is_pointer_v<T>) {
    return kind == PN_POINTER;
  } else {
    static_assert(std::is_trivially_copyable_v<T>, "C passes only plain data");
    return (kind == PN_STRUCT || kind == PN_UNION || kind == PN_COMPLEX || kind == PN_VECTOR || kind == PN_INTEGER ||
            kind == PN_FLOATING) &&
           pn_type_align(type) <= alignof(T);
  }
}

// The C type of an argument after the fixed ones of a variadic function; null for one that has no name here.
template <class T>
const pn_type* variadic_type(const engine& with) {
  constexpr const char* kInteger[2][4] = {{"unsigned char", "unsigned short", "unsigned int", "unsigned long"},
                                          {"signed char", "short", "int", "long"}};
  constexpr auto kLog = [](std::size_t size) { return size == 1 ? 0 : size == 2 ? 1 : size == 4 ? 2 : 3; };
  const char* name = nullptr;
  if constexpr (std::is_pointer_v<T>) {
    name = "void *";
  } else if constexpr (std::is_integral_v<T>) {
    name = std::is_same_v<T, bool> ? "_Bool" : kInteger[std::is_signed_v<T>][kLog(sizeof(T))];
  } else if constexpr (std::is_floating_point_v<T>) {
    name = sizeof(T) == sizeof(float) ? "float" : sizeof(T) == sizeof(double) ? "double" : "long double";
  }
  return name == nullptr ? nullptr : pn_type_parse(with.get(), nullptr, name, nullptr);
}

}  // namespace detail

template <class Signature>
class function;

// A C function that takes A... and returns R.
template <class R, class... A>
class function<R(A...)> {
  static_assert((std::is_same_v<A, std::remove_cvref_t<A>> && ...), "C passes arguments by value");

 public:
  // The last function that `text` declares, from `from`. Error: whatever pn_load reports; or the declaration does not
  // say what the C++ type says. For a variadic function the C++ type has the arguments of one call.
  static result<function> load(const engine& with, const library& from, const char* text,
                               const pn_signature_options& options = {}) {
    auto declared = declarations::parse(with, text);
    if (!declared) return declared.why();
    const pn_declaration declaration = declared.value().last_function();
    if (declaration.type == nullptr) return error("the declarations declare no function");
    auto address = from.symbol(declaration.symbol);
    if (!address) return address.why();
    return bind(with, declaration.type, address.value(), options, declaration.name);
  }

  // A function type bound to an address.
  static result<function> bind(const engine& with, const pn_type* type, const void* address,
                               const pn_signature_options& options = {}, const char* name = "the function") {
    pn_error why{};
    if (options.slots != PN_ADDRESSES || options.capture_errno != 0) {
      return error("a typed function takes addresses and captures no errno: use pn_call for other options");
    }
    if (pn_type_is_variadic(type) != 0) {
      type = complete_variadic(with, type, &why);
      if (type == nullptr) return error(why);
    }
    if (auto mismatch = compare(type, name); !mismatch.empty()) return error(mismatch);
    const detail::owner<pn_signature, pn_signature_free> signature(pn_signature_new(with.get(), type, &options, &why));
    if (signature == nullptr) return error(why);
    pn_function* bound = pn_function_new(signature.get(), address, &why);
    if (bound == nullptr) return error(why);
    return function(bound);
  }

  R operator()(detail::parameter<A>... arguments) const {
    if (direct_ != nullptr) return direct_(arguments...);
    return call(arguments...);
  }

  pn_function* get() const { return owned_.get(); }

 private:
  using Direct = R (*)(A...);

  // The general entry. Not inlined: it takes the arguments' addresses, and operator() should not have to.
  [[gnu::noinline]] R call(detail::parameter<A>... arguments) const {
    void* addresses[sizeof...(A) + 1] = {const_cast<void*>(static_cast<const void*>(&arguments))...};
    if constexpr (std::is_void_v<R>) {
      pn_call(owned_.get(), nullptr, addresses);
    } else {
      alignas(R) std::byte storage[sizeof(R)];
      pn_call(owned_.get(), storage, addresses);
      return *std::launder(reinterpret_cast<R*>(storage));
    }
  }

  explicit function(pn_function* owned)
      : owned_(owned), direct_(reinterpret_cast<Direct>(const_cast<void*>(pn_function_direct(owned)))) {}

  // The type of this call of a variadic function: its own parameters, then what A... has beyond them.
  static const pn_type* complete_variadic(const engine& with, const pn_type* type, pn_error* why) {
    const std::array<const pn_type*, sizeof...(A)> all = {detail::variadic_type<A>(with)...};
    const std::size_t fixed = pn_type_count(type);
    if (fixed > all.size()) return type;  // compare() says so
    return pn_variadic_call(with.get(), type, all.data() + fixed, all.size() - fixed, why);
  }

  // Empty when the C function type is R(A...), else the sentence that says where it is not.
  static std::string compare(const pn_type* type, const char* name) {
    if (pn_type_count(type) != sizeof...(A)) {
      return std::string("'") + name + "' takes " + std::to_string(pn_type_count(type)) +
             " arguments, the C++ type has " + std::to_string(sizeof...(A));
    }
    std::string problem;
    std::size_t index = 0;
    const auto check = [&](bool fits, const pn_type* wanted, std::string_view what) {
      if (fits || !problem.empty()) return;
      problem = std::string(what) + " of '" + name + "' is '" + detail::c_text(wanted) +
                "' in C; the C++ type there is another kind of type, or of another size or sign";
    };
    [[maybe_unused]] const auto check_argument = [&](auto tag) {
      using T = typename decltype(tag)::type;
      const pn_type* wanted = pn_type_parameter(type, index++);
      check(detail::matches<T>(wanted), wanted, "argument " + std::to_string(index));
    };
    (check_argument(std::type_identity<A>{}), ...);
    check(detail::matches<R>(pn_type_target(type)), pn_type_target(type), "the result");
    return problem;
  }

  detail::owner<pn_function, pn_function_free> owned_;
  Direct direct_;
};

}  // namespace pinion

#endif
