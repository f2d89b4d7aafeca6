#include "cli/explanation.hpp"

#include <algorithm>
#include <iterator>
#include <memory>

#include "cli/class_reasons.hpp"
#include "cli/disassembler.hpp"
#include "cli/placement_report.hpp"
#include "cli/type_diagram.hpp"
#include "ffi/codegen/machine_code.hpp"
#include "ffi/ctype/parser.hpp"
#include "ffi/ctype/print.hpp"
#include "ffi/marshal/compiler.hpp"
#include "ffi/marshal/sista.hpp"

namespace pinion::cli {
namespace {

using abi::Convention;
using ctype::Kind;
using ctype::Type;

bool is_record(const Type& type) {
  return type.kind == Kind::Struct || type.kind == Kind::Union;
}

std::string_view word_for(Kind kind) {
  return kind == Kind::Struct ? "struct" : kind == Kind::Union ? "union" : "enum";
}

// The table's summary, with this instruction's numbers in place of the names of its fields.
std::string remark_on(const marshal::Instruction& i) {
  std::string text(marshal::info(i.op).summary);
  if (marshal::is_step(i.op) && marshal::step_of(i.op) == marshal::Step::Call && i.place == 0) {
    return text.substr(0, text.find(';'));
  }
  const std::pair<std::string_view, std::uint32_t> fields[] = {{"`extent`", i.extent}, {"`place`", i.place}};
  for (const auto& [name, value] : fields) {
    if (const auto at = text.find(name); at != std::string::npos) {
      text.replace(at, name.size(), fmt::format("{}", value));
    }
  }
  return text;
}

class Explainer {
 public:
  Explainer(const ExplainRequest& request, const Style& style)
      : request_(request), style_(style), types_(request.model) {}

  Result<std::string> explain();

 private:
  struct Described {
    const Type* type;  // resolved
    std::string name;
  };

  void add_platform();
  void add_declared_types();
  void add_enum(const Type&, const std::string& name);
  void add_typedef(const ctype::Declaration&);
  Status add_function(const ctype::Declaration&);
  void add_types_of(const Type& function);
  void add_type(const Type& declared);
  void add_record(const Type& record, const std::string& name);
  void add_classes(const Type& record);
  void add_call(const Type& function, const abi::CallLayout&);
  Status add_code(std::shared_ptr<const abi::CallLayout>);
  void add_machine_code(const marshal::Code&);
  Result<const Type*> type_of_call(const Type& function);

  void heading(std::string_view text) { put("\n  {}\n", style_.heading(text)); }
  template <class... Arguments>
  void put(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    fmt::format_to(std::back_inserter(out_), format, std::forward<Arguments>(arguments)...);
  }

  const ExplainRequest& request_;
  const Style& style_;
  ctype::TypeTable types_;
  ctype::Declarations declarations_;
  std::vector<const Type*> described_;
  std::string out_;
};

Result<std::string> Explainer::explain() {
  if (Status parsed = ctype::parse_into(types_, request_.declarations, declarations_); !parsed) return parsed.error();
  add_platform();
  const auto& all = declarations_.declarations;
  const bool any =
      std::any_of(all.begin(), all.end(), [](const auto& d) { return d.kind == ctype::Declaration::Kind::Function; });
  if (!any) add_declared_types();
  for (const ctype::Declaration& d : all) {
    if (d.kind != ctype::Declaration::Kind::Function) continue;
    if (Status added = add_function(d); !added) return added.error();
  }
  return out_;
}

// What the answer depends on, in one line.
void Explainer::add_platform() {
  static constexpr std::string_view kCompilers[] = {"gcc", "clang 18 and later", "clang 17 and earlier"};
  const bool lp64 = request_.model == ctype::DataModel::Lp64;
  const bool ms_abi = lp64 && request_.convention == Convention::Microsoft;
  put("{}\n", style_.quiet(fmt::format(
                  "{}; {}; compiled by {}{}",
                  request_.convention == Convention::SysV ? "System V AMD64 convention" : "Microsoft x64 convention",
                  !lp64    ? "LLP64, as on Windows: long has 4 bytes (--model lp64 for ms_abi functions on Linux)"
                  : ms_abi ? "LP64, as ms_abi functions on Linux have it: long has 8 bytes"
                           : "LP64: long has 8 bytes",
                  kCompilers[static_cast<int>(request_.dialect.compiler)],
                  request_.dialect.vectors == abi::Vectors::Avx ? " with AVX" : "")));
}

// -- types

void Explainer::add_declared_types() {
  std::vector<std::pair<std::size_t, const Type*>> tags;  // in the order in which the text names them
  for (const auto& [name, type] : declarations_.tags) tags.emplace_back(request_.declarations.find(name), type);
  std::sort(tags.begin(), tags.end());
  for (const auto& [where, type] : tags) {
    if (type->complete) add_type(*type);
  }
  for (const ctype::Declaration& d : declarations_.declarations) add_typedef(d);
}

void Explainer::add_typedef(const ctype::Declaration& d) {
  const Type& type = ctype::resolve(*d.type);
  if ((is_record(type) || type.kind == Kind::Enum) && type.complete) {
    return type.name.empty() && is_record(type) ? add_record(type, std::string(d.name)) : add_type(*d.type);
  }
  const Type& target =
      d.kind == ctype::Declaration::Kind::Typedef && d.type->kind == Kind::Alias ? *d.type->target : *d.type;
  if (!type.complete) return put("\n{}: incomplete\n", style_.heading(ctype::to_c(target, d.name)));
  put("\n{}\n    {} byte{}, aligned to {}", style_.heading(ctype::to_c(target, d.name)), type.size,
      type.size == 1 ? "" : "s", d.type->align);
  if (request_.convention == Convention::SysV) put("; class {}", class_names(type, request_.dialect));
  put("\n");
}

// The records and enums in the signature, by value or pointed to.
void Explainer::add_types_of(const Type& function) {
  std::vector<const Type*> types{function.target};
  for (const ctype::Parameter& p : function.parameters)
    types.insert(types.begin() + static_cast<std::ptrdiff_t>(types.size()) - 1, p.type);
  for (const Type* type : types) {
    while (ctype::resolve(*type).kind == Kind::Pointer || ctype::resolve(*type).kind == Kind::Array) {
      type = ctype::resolve(*type).target;
    }
    add_type(*type);
  }
}

void Explainer::add_type(const Type& declared) {
  const Type& type = ctype::resolve(declared);
  if (!type.complete || (!is_record(type) && type.kind != Kind::Enum)) return;
  if (std::find(described_.begin(), described_.end(), &type) != described_.end()) return;
  described_.push_back(&type);
  const Type* unqualified = &declared;
  while (unqualified->kind == Kind::Qualified) unqualified = unqualified->target;
  const bool unnamed = type.name.empty() && unqualified->kind != Kind::Alias;
  const std::string name = unnamed ? fmt::format("{} without a tag", word_for(type.kind)) : ctype::to_c(*unqualified);
  type.kind == Kind::Enum ? add_enum(type, name) : add_record(type, name);
}

void Explainer::add_enum(const Type& type, const std::string& name) {
  put("\n{}\n    {}, {} byte{}:", style_.heading(name), ctype::to_c(*type.target), type.size,
      type.size == 1 ? "" : "s");
  for (const ctype::Enumerator& e : type.enumerators)
    put("{}{} = {}", &e == type.enumerators.data() ? " " : ", ", e.name, e.value);
  put("\n");
}

void Explainer::add_record(const Type& record, const std::string& name) {
  put("\n{}: {} byte{}, aligned to {}\n", style_.heading(name), record.size, record.size == 1 ? "" : "s", record.align);
  if (!record.members.empty()) put("{}\n{}", member_table(record, style_), byte_diagram(record, style_));
  add_classes(record);
}

void Explainer::add_classes(const Type& record) {
  if (request_.convention != Convention::SysV) return;
  put("\n");
  for (const std::string& line : class_reasons(record, request_.dialect)) put("    {}\n", line);
  const std::string names = class_names(record, request_.dialect);
  if (names == "(nothing)") put("    It is empty: nothing is passed for it.\n");
  if (names.starts_with("X87") || names == "COMPLEX_X87") {
    put("    x87 classes: as an argument it goes on the stack, as a result into st0.\n");
  }
}

// -- functions

Status Explainer::add_function(const ctype::Declaration& d) {
  auto function = type_of_call(*d.type);
  if (!function) return function.error();
  put("\n{}\n", style_.heading(ctype::to_c(*d.type, d.name) + ";"));
  if (d.type->variadic) {
    put("    {}\n", style_.quiet(request_.extra_types.empty()
                                     ? "a call without arguments for '...'; --extra TYPE adds one"
                                     : "arguments for '...' are promoted: float to double, narrow integers to int"));
  }
  auto layout = abi::lay_out_call(**function, request_.convention, request_.dialect);
  if (!layout) return Error{fmt::format("'{}' cannot be called: {}", d.name, layout.error().message)};
  add_types_of(**function);
  add_call(**function, *layout);
  return add_code(std::make_shared<const abi::CallLayout>(*std::move(layout)));
}

Result<const Type*> Explainer::type_of_call(const Type& function) {
  if (!function.variadic && function.prototyped) return &function;
  std::vector<const Type*> extra;
  for (const std::string& text : request_.extra_types) {
    auto type = ctype::parse_type(types_, text, &declarations_);
    if (!type) return type.error();
    extra.push_back(*type);
  }
  return types_.variadic_call(&function, extra);
}

void Explainer::add_call(const Type& function, const abi::CallLayout& layout) {
  const Placement placement{function, layout, request_.dialect};
  heading("Where everything goes");
  if (layout.convention != request_.convention) {
    put("    {}\n", style_.quiet(layout.convention == Convention::SysV ? "by its attribute: System V AMD64 convention"
                                                                       : "by its attribute: Microsoft x64 convention"));
  }
  put("{}", describe_values(placement, style_));
  heading(
      fmt::format("The stack at the call: {} bytes, rsp is a multiple of {}", layout.stack_size, layout.stack_align));
  put("{}", draw_stack(placement, style_));
  if (layout.convention == Convention::Microsoft) {
    put("    {}\n",
        style_.quiet("home area (shadow space): 32 bytes where the callee may save its register arguments"));
  }
}

Status Explainer::add_code(std::shared_ptr<const abi::CallLayout> layout) {
  const marshal::Plan plan = marshal::plan_for_addresses(*layout, false);
  auto code = marshal::compile(std::move(layout), plan);
  if (!code) return code.error();
  heading("Marshaling code, for arguments given by their addresses");
  for (const marshal::Instruction& i : code->instructions) {
    put("    {} {}\n", style_.code(fmt::format("{:<44}", marshal::to_string(i))), style_.quiet("; " + remark_on(i)));
    if (!request_.bytecodes) continue;
    put("        SistaV1: {:02x}\n", fmt::join(marshal::to_sista({&i, 1}), " "));
  }
  if (request_.machine_code) add_machine_code(*code);
  return Unit{};
}

void Explainer::add_machine_code(const marshal::Code& code) {
  codegen::CodeArena arena;
  const auto machine = codegen::assemble(arena, code);
  if (!machine) {
    heading("Machine code");
    return put("    none: {}\n", machine.error().message);
  }
  heading(fmt::format("Machine code, {} bytes", machine->bytes().size()));
  put("    {}\n", style_.quiet("enters with rdi: the function (its target at +8), rsi: the result buffer, rdx: the "
                               "addresses of the arguments, rcx: the call state"));
  if (code.layout->convention == Convention::Microsoft) {
    put("    {}\n", style_.quiet("this is what runs on Linux to call a function of the Microsoft convention (ms_abi)"));
  }
  put("{}", disassemble(machine->bytes(), style_));
}

}  // namespace

Result<std::string> explain(const ExplainRequest& request, const Style& style) {
  return Explainer(request, style).explain();
}

}  // namespace pinion::cli
