#include "cli/foreign_call.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <cstring>
#include <exception>
#include <iterator>
#include <optional>

#include "cli/platform.hpp"
#include "cli/value_parser.hpp"
#include "cli/value_printer.hpp"
#include "ffi/ctype/print.hpp"
#include "ffi/engine/engine.hpp"
#include "ffi/library/library.hpp"

namespace pinion::cli {
namespace {

using ctype::Kind;
using ctype::Type;

// Everything that one call needs, made step by step; a step that fails says why, and the call is not made.
class ForeignCall {
 public:
  explicit ForeignCall(const CallRequest& request) : request_(request), engine_({.machine_code = !request.interpret}) {}

  Result<Outcome> run();

 private:
  // What `&` in an argument made, and whose it is.
  struct Output {
    std::string name;
    TypedValue value;
  };

  Status parse_declarations();
  Status find_function();
  Status check_count() const;
  Status parse_arguments();
  Result<std::shared_ptr<const Signature>> compile();
  Status call(const Signature&);
  Outcome outcome() const;

  std::string pointed_to_by_result(const ValuePrinter&) const;
  std::string signature() const { return ctype::to_c(*function_->type, function_->name); }
  std::string crash_details() const;
  std::string name_of(std::size_t argument) const;
  const void* find_symbol(std::string_view name) const;

  const CallRequest& request_;
  Engine engine_;
  ctype::Declarations declarations_;
  const ctype::Declaration* function_ = nullptr;
  std::optional<Library> library_;
  const void* target_ = nullptr;
  Storage storage_;
  std::vector<TypedValue> arguments_;
  std::vector<Output> outputs_;
  const Type* type_ = nullptr;  // of this call: for a variadic function with the types of all arguments
  TypedValue result_;
  marshal::CallState state_;
};

Result<Outcome> ForeignCall::run() {
  if (Status parsed = parse_declarations(); !parsed) return parsed.error();
  if (Status counted = check_count(); !counted) return counted.error();
  if (Status found = find_function(); !found) return found.error();
  if (Status parsed = parse_arguments(); !parsed) return parsed.error();
  auto signature = compile();
  if (!signature) return signature.error();
  if (Status called = call(**signature); !called) return called.error();
  return outcome();
}

Status ForeignCall::parse_declarations() {
  if (Status parsed = ctype::parse_into(engine_.types(), request_.declarations, declarations_); !parsed) return parsed;
  function_ = declarations_.last_function();
  if (function_ == nullptr) return Error{"the declarations declare no function"};
  return Unit{};
}

Status ForeignCall::find_function() {
  auto library = Library::open(request_.library);
  if (!library) return library.error();
  auto symbol = library->symbol(function_->symbol);
  if (!symbol) return symbol.error();
  target_ = *symbol;
  library_ = *std::move(library);
  return Unit{};
}

Status ForeignCall::check_count() const {
  const std::size_t given = request_.arguments.size();
  const std::size_t wanted = function_->type->parameters.size();
  const bool open = function_->type->variadic || !function_->type->prototyped;
  if (open ? given >= wanted : given == wanted) return Unit{};
  return Error{fmt::format("'{}' takes {}{} argument{}, got {}: {}", function_->name, open ? "at least " : "", wanted,
                           wanted == 1 ? "" : "s", given, signature())};
}

Status ForeignCall::parse_arguments() {
  ValueParser parser(engine_.types(), declarations_, storage_,
                     [this](std::string_view name) { return find_symbol(name); });
  const auto parameters = function_->type->parameters;
  for (std::size_t i = 0; i < request_.arguments.size(); ++i) {
    const std::string& text = request_.arguments[i];
    auto value = i < parameters.size() ? parser.parse(*parameters[i].type, text) : parser.parse_variadic(text);
    if (!value) return Error{fmt::format("argument {} of '{}'{}", i + 1, function_->name, value.error().message)};
    arguments_.push_back(*value);
    for (const Pointed& p : parser.pointed()) outputs_.push_back({name_of(i) + p.path, p.value});
  }
  return Unit{};
}

Result<std::shared_ptr<const Signature>> ForeignCall::compile() {
  type_ = function_->type;
  if (type_->variadic || !type_->prototyped) {
    std::vector<const Type*> extra;
    for (std::size_t i = type_->parameters.size(); i < arguments_.size(); ++i) extra.push_back(arguments_[i].type);
    auto call = engine_.types().variadic_call(type_, extra);
    if (!call) return call.error();
    type_ = *call;
  }
  SignatureOptions options;
  options.capture_errno = request_.show_errno;
  return engine_.compile(*type_, options);
}

Status ForeignCall::call(const Signature& signature) {
  const Type& result = *type_->target;
  result_ = {&result, storage_.allocate(ctype::resolve(result).size, result.align)};
  std::vector<std::uint64_t> slots;
  for (const TypedValue& argument : arguments_) slots.push_back(reinterpret_cast<std::uint64_t>(argument.data));
  const CompiledCode& compiled = *signature.compiled;
  const marshal::Callable callable{compiled.invoke, target_, &compiled.code, nullptr};
  std::optional<std::string> thrown;
  {
    const CrashGuard guard(crash_details());
    try {
      callable.invoke(&callable, result_.data, slots.data(), &state_);
    } catch (const std::exception& e) {
      thrown = e.what();
    } catch (...) {
      thrown = "something that is no std::exception";
    }
  }
  std::fflush(nullptr);  // what the callee printed comes before what we print
  if (thrown) return Error{fmt::format("the call ended with a C++ exception: {}\n{}", *thrown, crash_details())};
  return Unit{};
}

Outcome ForeignCall::outcome() const {
  const ValuePrinter printer(request_.addresses);
  std::string text;
  if (ctype::resolve(*result_.type).kind != Kind::Void) text = printer.print(*result_.type, result_.data) + "\n";
  if (request_.follow) text += pointed_to_by_result(printer);
  for (const Output& output : outputs_) {
    const bool array = output.value.type->kind == Kind::Array;
    const std::string value = printer.print(*output.value.type, output.value.data);
    fmt::format_to(std::back_inserter(text), "{}{} = {}\n", array ? "" : "*", output.name, value);
  }
  if (request_.show_errno) {
    fmt::format_to(std::back_inserter(text), "errno = {}\n", describe_errno(state_.error_number));
  }
  return {text};
}

// "*result = {...}", or nothing when the result points to nothing that has a value.
std::string ForeignCall::pointed_to_by_result(const ValuePrinter& printer) const {
  const Type& type = ctype::resolve(*result_.type);
  if (type.kind != Kind::Pointer) return {};
  const Type& target = ctype::resolve(*type.target);
  if (!target.complete || target.kind == Kind::Void || target.kind == Kind::Function) return {};
  std::uint64_t address = 0;
  std::memcpy(&address, result_.data, sizeof address);
  std::vector<std::byte> copy(target.size);
  if (address == 0 || read_memory(address, copy) != copy.size()) return "*result is not readable\n";
  return fmt::format("*result = {}\n", printer.print(target, copy.data()));
}

std::string ForeignCall::crash_details() const {
  const ValuePrinter printer;
  std::string text = fmt::format("  function    {}\n", signature());
  if (!library_->path().empty()) text += fmt::format("  library     {}\n", library_->path());
  for (std::size_t i = 0; i < arguments_.size(); ++i) {
    text += fmt::format("  argument {}  {}\n", i + 1, printer.print(*arguments_[i].type, arguments_[i].data));
  }
  return text;
}

// The parameter's name, or "argument 2".
std::string ForeignCall::name_of(std::size_t argument) const {
  const auto parameters = function_->type->parameters;
  if (argument < parameters.size() && !parameters[argument].name.empty()) return std::string(parameters[argument].name);
  return fmt::format("argument {}", argument + 1);
}

const void* ForeignCall::find_symbol(std::string_view name) const {
  if (auto symbol = library_->symbol(name)) return *symbol;
  const auto process = Library::open("");
  if (!process) return nullptr;
  auto symbol = process->symbol(name);
  return symbol ? *symbol : nullptr;
}

}  // namespace

Result<Outcome> call_foreign(const CallRequest& request) {
  return ForeignCall(request).run();
}

}  // namespace pinion::cli
