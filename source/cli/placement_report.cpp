#include "cli/placement_report.hpp"

#include <algorithm>
#include <bit>
#include <iterator>
#include <map>
#include <vector>

#include "cli/class_reasons.hpp"
#include "cli/fields.hpp"
#include "ffi/abi/classify.hpp"
#include "ffi/abi/print.hpp"
#include "ffi/ctype/print.hpp"

namespace pinion::cli {
namespace {

using abi::CallLayout;
using abi::Convention;
using abi::Location;
using abi::Passing;
using abi::Piece;
using abi::Value;
using ctype::Kind;
using ctype::Type;

constexpr std::uint64_t kHomeArea = 32;

// A type in few words: the body of a struct without a tag is left out.
std::string short_name(const Type& type) {
  const Type& resolved = ctype::resolve(type);
  const bool record = resolved.kind == Kind::Struct || resolved.kind == Kind::Union || resolved.kind == Kind::Enum;
  if (!record || !resolved.name.empty() || type.kind == Kind::Alias) return ctype::to_c(type);
  return resolved.kind == Kind::Struct ? "struct {...}" : resolved.kind == Kind::Union ? "union {...}" : "enum {...}";
}

// "arg 2 count", by the number that the marshaling code uses too.
std::string argument_name(const Type& function, std::size_t i) {
  const std::string_view name = function.parameters[i].name;
  return fmt::format("arg {}{}{}", i, name.empty() ? "" : " ", name);
}

std::string bytes_of(const Piece& p) {
  return p.size == 1 ? fmt::format("byte {}", p.offset) : fmt::format("bytes {}..{}", p.offset, p.offset + p.size - 1);
}

std::string extension_of(const Piece& p) {
  switch (p.extension) {
    case abi::Extension::Sign: return "sign-extended to 64 bits";
    case abi::Extension::Zero: return "zero-extended to 64 bits";
    case abi::Extension::Bool: return "as 0 or 1, zero-extended";
    default: return {};
  }
}

// Why the Microsoft convention passes a value as it does (Microsoft Learn, "x64 calling convention").
std::string microsoft_reason(const Type& declared, const Value& value, bool result) {
  const Type& type = ctype::resolve(declared);
  if (type.kind == Kind::Void) return {};
  const bool fits = type.size <= 8 && std::has_single_bit(type.size);
  switch (value.passing) {
    case Passing::Nothing: return "nothing";
    case Passing::Reference:
      return fits ? "by reference" : fmt::format("by reference: {} bytes are not 1, 2, 4 or 8", type.size);
    case Passing::Hidden:
      return fits ? "through a hidden pointer"
                  : fmt::format("through a hidden pointer: {} bytes are not 1, 2, 4 or 8", type.size);
    case Passing::Direct:
      return ctype::is_aggregate(type) && fits
                 ? fmt::format("as an integer of {} byte{}", type.size, type.size == 1 ? "" : "s")
             : result ? "in a register"
                      : "by value";
  }
  return {};
}

// -- arguments and result

class ValueTable {
 public:
  ValueTable(const Placement& placement, const Style& style) : placement_(placement), style_(style) {}

  std::string draw() {
    const auto& [function, layout, dialect] = placement_;
    for (std::size_t i = 0; i < layout.arguments.size(); ++i) {
      add(argument_name(function, i), *function.parameters[i].type, layout.arguments[i], false);
    }
    if (layout.variadic && layout.convention == Convention::SysV) {
      out_ += fmt::format("    {}\n", style_.heading("vector registers in use, for a variadic callee"));
      line("al", fmt::format("{}", layout.vector_registers));
    }
    add("result", *function.target, layout.result, true);
    return out_;
  }

 private:
  void line(std::string_view place, std::string_view text) {
    // Formatted before it is coloured: colours have no width.
    out_ += fmt::format("      {}  {}\n", style_.place(fmt::format("{:<10}", place)), text);
  }

  void add(const std::string& name, const Type& type, const Value& value, bool result) {
    const CallLayout& layout = placement_.layout;
    const bool sysv = layout.convention == Convention::SysV;
    const std::string how = sysv ? class_names(type, placement_.dialect) : microsoft_reason(type, value, result);
    const bool is_void = ctype::resolve(type).kind == Kind::Void;
    out_ += fmt::format("    {}: {}{}{}\n", style_.heading(name), style_.code(short_name(type)), is_void ? "" : "  ",
                        is_void ? "" : how + (result ? "" : remark(type, value)));
    const std::vector<Field> fields = fields_of(type);
    for (const Piece& p : layout.pieces_of(value)) line(place_of(p), text_of(p, value, fields, result));
    if (value.passing == Passing::Hidden) {
      line(abi::name_of(layout.hidden), fmt::format("the address of a buffer of {} bytes, {}-aligned, for the result "
                                                    "(hidden first argument)",
                                                    value.size, value.align));
      line("rax", "the same address, when the callee returns");
    }
  }

  // "[rsp+16..39]" for what takes several stack slots.
  static std::string place_of(const Piece& p) {
    if (p.location.kind != Location::Kind::Stack || p.size <= 8) return abi::name_of(p.location, p.size);
    return fmt::format("[rsp+{}..{}]", p.location.at, p.location.at + p.size - 1);
  }

  // What the class of an argument, or its type, does not tell.
  std::string remark(const Type& type, const Value& value) const {
    const CallLayout& layout = placement_.layout;
    const auto pieces = layout.pieces_of(value);
    if (value.passing != Passing::Direct || pieces.empty()) return {};
    if (layout.convention == Convention::Microsoft) {
      const bool twice = pieces.size() == 2 && pieces[0].offset == pieces[1].offset;
      return twice ? ", in both registers: a variadic callee cannot know which to look in" : "";
    }
    const abi::Eightbytes classes = abi::eightbytes_of(type, placement_.dialect);
    if (pieces.front().location.kind != Location::Kind::Stack || classes.in_memory()) return {};
    if (classes.classes[0] == abi::Class::X87 || classes.classes[0] == abi::Class::ComplexX87) {
      return "; x87 values are passed on the stack";
    }
    return classes.count > 1 ? "; too few registers are left, so all of it is on the stack"
                             : "; no register for it is left";
  }

  std::string text_of(const Piece& p, const Value& value, const std::vector<Field>& fields, bool result) const {
    if (value.passing == Passing::Reference) {
      return fmt::format("the address of a {}-aligned copy, which the callee may overwrite", value.align);
    }
    std::string text = p.offset == 0 && p.size == value.size ? "all of it" : bytes_of(p);
    if (const std::string names = names_in(fields, p.offset, p.size); !names.empty()) text += ": " + names;
    if (const std::string extension = extension_of(p); !extension.empty() && !result) text += ", " + extension;
    if (p.location.kind == Location::Kind::X87) text += " (80 bits; the caller pops it)";
    return text;
  }

  const Placement& placement_;
  const Style& style_;
  std::string out_;
};

// -- the stack

class StackPicture {
 public:
  StackPicture(const Placement& placement, const Style& style) : placement_(placement), style_(style) {}

  std::string draw() {
    const CallLayout& layout = placement_.layout;
    if (layout.stack_size == 0) return "    nothing on it\n";
    collect();
    const std::string edge = fmt::format("    {:>9} +{:-<42}+\n", "", "");
    std::string out = edge;
    bool skipping = false;
    for (std::uint64_t slot = layout.stack_size / 8; slot-- > 0;) {
      const std::uint64_t at = slot * 8;
      if (is_inside(at)) {
        if (!skipping) out += fmt::format("    {:>9} |{:^42}|\n", "", "...");
        skipping = true;
        continue;
      }
      skipping = false;
      const std::string text = contents(at);
      const std::string cell = fmt::format(" {:<41}", text.substr(0, 41));
      const std::string place = fmt::format("{:>9}", at == 0 ? "rsp" : fmt::format("rsp+{}", at));
      out += fmt::format("    {} |{}|\n", style_.place(place), slots_.contains(at) ? cell : style_.quiet(cell));
      out += edge;
    }
    return out + "    " + style_.quiet(fmt::format("{:>9} the call pushes the return address here\n", "rsp-8"));
  }

 private:
  struct Slot {
    std::string text;
    bool middle = false;  // of a large value: not worth a line
  };

  void collect() {
    const auto& [function, layout, dialect] = placement_;
    for (std::size_t i = 0; i < layout.arguments.size(); ++i) {
      const Value& value = layout.arguments[i];
      const std::vector<Field> fields = fields_of(*function.parameters[i].type);
      for (const Piece& p : layout.pieces_of(value)) {
        if (p.location.kind == Location::Kind::Stack) add(argument_name(function, i), value, p, fields);
      }
    }
    if (layout.result.passing == Passing::Hidden && layout.hidden.kind == Location::Kind::Stack) {
      slots_[layout.hidden.at] = {"hidden pointer to the result", false};
    }
  }

  void add(const std::string& name, const Value& value, const Piece& p, const std::vector<Field>& fields) {
    const std::uint64_t count = (std::uint64_t{p.size} + 7) / 8;
    for (std::uint64_t i = 0; i < count; ++i) {
      const std::uint64_t offset = p.offset + i * 8;
      const std::uint64_t size = std::min<std::uint64_t>(8, p.size - i * 8);
      std::string text = name;
      if (value.passing == Passing::Reference) {
        text = "address of a copy of " + name;
      } else {
        if (value.size > 8) text += fmt::format(", bytes {}..{}", offset, offset + size - 1);
        if (const std::string names = names_in(fields, offset, size); !names.empty()) text += ": " + names;
        if (p.extension != abi::Extension::None) text += ", extended";
      }
      slots_[p.location.at + i * 8] = {text, count > 10 && i >= 3 && i + 3 < count};
    }
  }

  bool is_inside(std::uint64_t at) const {
    const auto found = slots_.find(at);
    return found != slots_.end() && found->second.middle;
  }

  std::string contents(std::uint64_t at) const {
    const auto found = slots_.find(at);
    if (found != slots_.end()) return found->second.text;
    static constexpr std::string_view kHomes[] = {"rcx", "rdx", "r8", "r9"};
    const bool home = placement_.layout.convention == Convention::Microsoft && at < kHomeArea;
    return home ? fmt::format("(home area for {}: the callee's)", kHomes[at / 8]) : "(padding)";
  }

  const Placement& placement_;
  const Style& style_;
  std::map<std::uint64_t, Slot> slots_;
};

}  // namespace

std::string describe_values(const Placement& placement, const Style& style) {
  return ValueTable(placement, style).draw();
}

std::string draw_stack(const Placement& placement, const Style& style) {
  return StackPicture(placement, style).draw();
}

}  // namespace pinion::cli
