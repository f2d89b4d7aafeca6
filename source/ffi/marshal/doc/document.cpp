// Prints docs/marshaling.md: what is written here, and what the instruction table says.
//
//   marshaling_doc FILE          writes the page
//   marshaling_doc --check FILE  exit status 1 when FILE is another page
#include <fmt/format.h>

#include <cstdio>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <string_view>

#include "ffi/abi/print.hpp"
#include "ffi/ctype/parser.hpp"
#include "ffi/marshal/compiler.hpp"
#include "ffi/marshal/sista.hpp"

namespace {

using namespace pinion;
using namespace pinion::marshal;

// -- the prose

constexpr std::string_view kIntroduction = R"(# Marshaling code

*This page is generated from the instruction table (source/ffi/marshal/instruction.hpp) by `marshaling_doc`. To change it,
change the table or source/ffi/marshal/doc/document.cpp, build, and run `marshaling_doc docs/marshaling.md` from the build
tree.*

A C signature is compiled once. What comes out is *marshaling code*: a straight line of instructions that moves arguments
from where the host keeps them to where the calling convention wants them, calls, and moves the result back. Nothing looks
at types while a call is made. Two executors run the same code: the interpreter (source/ffi/marshal/execute.hpp), which
needs no executable memory, and machine code (source/ffi/codegen), one emitter per instruction.

Two things are decided before there is any code, and by different parts of the engine:

* **placement**: which bytes of which argument go where. The calling convention decides; the outcome is a *call layout*
  (source/ffi/abi/call_layout.hpp), which mentions no types, so that many signatures share it.
* **conversion**: how the host hands over each argument, and what becomes of the result. The host decides; the outcome is
  a *plan* (source/ffi/marshal/compiler.hpp).

The compiler joins them; the verifier proves the code before it first runs.

## Slots and modes

The host hands over an array of 64-bit *slots*, one for each argument, and a buffer for the result. An instruction that
takes a piece of an argument exists in four modes, which say how its slot is to be read:

| mode | the slot |
|---|---|
| Slot | is the value itself (8 bytes at most) |
| Through | holds the address of the value |
| Frame | does not matter any more: the value was built in the call's *frame storage* by an earlier instruction |
| Tagged | holds a tagged object of the host, to be checked and converted as a literal says; may fail |

and one that takes a piece of the result in four more:

| mode | the result goes |
|---|---|
| Buffer | to the result buffer, its exact bytes |
| Word | to the result buffer, extended to 64 bits |
| Frame | to frame storage, for `box` to make an object from |
| Tagged | to the result buffer, as a tagged object made as a literal says; may fail |

Two plans come with the engine. *Addresses*: every slot holds the address of its value (Through, Buffer). *Words*: values
of up to 8 bytes are in their slots, larger ones behind them (Slot, Through, Word). A virtual machine with tagged objects
makes plans of its own, with Tagged modes for what can be checked in a few instructions, and Frame modes, filled by
`coerce`, for the rest.

*Literals* are the host's: words in a table beside the code, which `coerce`, `box` and the Tagged modes name by number.
The engine never looks into them.

## Failure

The only exits are the end and a conversion that fails. The outcome of a call is 0, or 1 + the number of the instruction
that failed; a number before that of `call` means that nothing was called. The host knows then which argument was at
fault. When the result of a call cannot be made into an object by a Tagged mode, errno is not saved; `box` comes after it
is.

## Phases

Instructions come in the order of these phases, and the verifier refuses any other. What may clobber registers comes
before what fills them, so that machine code never has to save one.

| phase | what happens | instructions |
|---|---|---|
)";

constexpr std::string_view kPhaseSummaries[] = {
    "frame storage is filled; the host may be called; then errno is set",
    "the argument area is filled; block copies use registers",
    "vector registers are filled; general registers are still scratch",
    "general registers are filled; rax is scratch, for the addresses of Through modes",
    "al is set, for System V's variadic calls",
    "the call",
    "result registers are stored",
    "errno is saved; the host may be called again",
    "the end"};

constexpr std::string_view kTable = R"(
## The instructions

Fields: *a* argument, *o* offset of the piece in the value, *e* extent (bytes of a copy, or the number of a literal), *f*
offset in frame storage, *p* place (a register's number, an offset in the argument area, a count). Fields that an
instruction does not use are 0. A row of the first two tables is four instructions, one for each mode; Frame modes use *f*
as well, Tagged modes *e*.

Values narrower than their place are extended to fill it, since callees compiled by clang rely on that. Pieces of
aggregates promise nothing about the bits above them; they are zero-extended, so that the same call always leaves the same
bits. An odd number of bytes at the end of an aggregate is read and written exactly, never past its end.

)";

constexpr std::string_view kSista = R"(
## Sista encoding

In Smalltalk the instructions are SistaV1 bytecodes: call primitive (248) with the inlined bit and operation set 10, which
SistaV1 leaves to others. Fields ride on the extension bytecodes in front of it, most significant byte first, as few as
the value needs; a field that is 0 costs nothing.

    [224 byte]...   extension A, unsigned:  a + o * 2^8 + e * 2^16
    [225 byte]...   extension B, signed:    p + f * 2^21
    248 iiiiiiii 1 10 jjjjj                 instruction jjjjjiiiiiiii of the tables above

The first byte of extension B carries a sign, so a value whose top bit is set has a 0 in front. In the engine an
instruction is 16 bytes with the same fields.

## What the verifier proves

* Every opcode exists, its operands are in range, the fields it does not use are 0, and the phases are in order.
* Every location that the layout needs (argument pieces, hidden result pointer, al) is written exactly once, with the
  right bytes of the right argument and the right extension, and nothing else is written.
* Every read of an argument stays inside its value; every access to frame storage and argument area stays inside those;
  frame storage is filled before it is read or its address is passed.
* An argument's slot is read in one way only: as the value, as its address, or as an object.
* There is exactly one call; it pops the x87 registers the layout says; every piece of the result is taken once, and all
  go to one destination; what goes to frame storage is boxed, and nothing else is.
* Nothing that may change errno comes between where it is set and the call, or the call and where it is saved.
* The header says what the layout and the instructions say.

It cannot know whether the slots really hold what the modes say: that is between the host and its plan.

## Three examples
)";

// -- the tables

std::string fields_text(Opcode op) {
  static constexpr std::pair<std::uint8_t, char> kNames[] = {
      {kArgument, 'a'}, {kOffset, 'o'}, {kExtent, 'e'}, {kFrame, 'f'}, {kPlace, 'p'}};
  std::string text;
  for (const auto& [field, name] : kNames) {
    if ((fields_of(op) & field) != 0) text += fmt::format("{}{}", text.empty() ? "" : " ", name);
  }
  return text;
}

std::string phases() {
  std::string text;
  for (std::size_t phase = 0; phase < std::size(kPhaseSummaries); ++phase) {
    std::string members;
    const auto add = [&](Opcode op) {
      const InstructionInfo& row = info(op);
      if (static_cast<std::size_t>(row.phase) != phase) return;
      std::string name(row.mnemonic);
      if (!is_step(op) && name != "stack.copy" && name != "frame.copy") name = name.substr(0, name.find('.')) + ".\\*";
      if (members.find("`" + name + "`") == std::string::npos && members.find(name) == std::string::npos) {
        members += (members.empty() ? "" : ", ") + (name.ends_with('*') ? name : "`" + name + "`");
      }
    };
    for (int i = 0; i < kTakes; ++i) add(opcode(static_cast<Take>(i), Source::Slot));
    for (int i = 0; i < kGives; ++i) add(opcode(static_cast<Give>(i), Destination::Buffer));
    for (int i = 0; i < kSteps; ++i) add(opcode(static_cast<Step>(i)));
    text += fmt::format("| {} | {} | {} |\n", phase + 1, kPhaseSummaries[phase], members);
  }
  return text;
}

std::string takes() {
  std::string text =
      "### Taking a piece of an argument\n\n"
      "| number (Slot, Through, Frame, Tagged) | mnemonic | fields | what it moves |\n|---|---|---|---|\n";
  for (int i = 0; i < kTakes; ++i) {
    const Opcode op = opcode(static_cast<Take>(i), Source::Slot);
    text += fmt::format("| {}..{} | `{}` | {} | {} |\n", op, op + kModes - 1, info(op).mnemonic, fields_text(op),
                        info(op).summary);
  }
  return text;
}

std::string gives() {
  std::string text =
      "\n### Taking a piece of the result\n\n"
      "| number (Buffer, Word, Frame, Tagged) | mnemonic | fields | what it moves |\n|---|---|---|---|\n";
  for (int i = 0; i < kGives; ++i) {
    const Opcode op = opcode(static_cast<Give>(i), Destination::Buffer);
    text += fmt::format("| {}..{} | `{}` | {} | {} |\n", op, op + kModes - 1, info(op).mnemonic, fields_text(op),
                        info(op).summary);
  }
  return text;
}

std::string steps() {
  std::string text = "\n### The rest\n\n| number | mnemonic | fields | what it does |\n|---|---|---|---|\n";
  for (int i = 0; i < kSteps; ++i) {
    const Opcode op = opcode(static_cast<Step>(i));
    text += fmt::format("| {} | `{}` | {} | {} |\n", op, info(op).mnemonic, fields_text(op), info(op).summary);
  }
  return text;
}

// -- the examples

std::shared_ptr<const abi::CallLayout> layout_of(std::string_view text, abi::Convention convention) {
  ctype::TypeTable types{ctype::DataModel::Lp64};
  ctype::Declarations declarations;
  if (const Status parsed = ctype::parse_into(types, text, declarations); !parsed) {
    std::fprintf(stderr, "%s\n", parsed.error().message.c_str());
    std::exit(2);
  }
  return std::make_shared<const abi::CallLayout>(
      *abi::lay_out_call(*declarations.last_function()->type, convention, {}));
}

std::string indented(const std::string& text) {
  std::istringstream lines(text);
  std::string result;
  for (std::string line; std::getline(lines, line);) result += "    " + line + "\n";
  return result;
}

Code compiled(const std::shared_ptr<const abi::CallLayout>& layout, const Plan& plan) {
  return *compile(layout, plan);
}

std::string pow_example() {
  const auto layout = layout_of("double pow(double x, double y);", abi::Convention::SysV);
  const Code code = compiled(layout, plan_for_addresses(*layout, false));
  std::string sista;
  for (const Instruction& i : code.instructions) {
    std::string bytes;
    for (const std::uint8_t byte : to_sista({&i, 1})) bytes += fmt::format("{}{}", bytes.empty() ? "" : " ", byte);
    sista += fmt::format("{:<26}{}\n", bytes, to_string(i));
  }
  return fmt::format(R"(
### `double pow(double x, double y)`

System V puts both in vector registers, and returns in one:

{}
With slots that hold words:

{}
With slots that hold addresses, and as SistaV1 bytecodes (decimal):

{})",
                     indented(to_string(*layout)),
                     indented(to_string(compiled(layout, plan_for_words(*layout, false)))), indented(sista));
}

std::string struct_example() {
  constexpr std::string_view kText = "struct s { long a, b, c; }; struct s f(struct s, int);";
  const auto sysv = layout_of(kText, abi::Convention::SysV), microsoft = layout_of(kText, abi::Convention::Microsoft);
  return fmt::format(R"(
### `struct s {{ long a, b, c; }}; struct s f(struct s, int);`

24 bytes are too many for registers in either convention. System V copies them to the argument area and passes the address
of the result in rdi, as if it were the first argument:

{}
Microsoft's convention passes the address of a copy that the callee may overwrite, which is made in frame storage. The
first position, rcx, is the result's; the home area of 32 bytes is part of the argument area.

{})",
                     indented(to_string(compiled(sysv, plan_for_addresses(*sysv, false)))),
                     indented(to_string(compiled(microsoft, plan_for_addresses(*microsoft, false)))));
}

std::string tagged_example() {
  const auto layout = layout_of("int open(const char *path, int flags);", abi::Convention::SysV);
  Plan plan;
  plan.arguments = {{Source::Frame, {1}}, {Source::Tagged, {2}}};
  plan.result = Destination::Tagged;
  plan.result_literal = {2};
  plan.capture_errno = true;
  return fmt::format(R"(
### `int open(const char *path, int flags)`, for a host of tagged objects

The string is coerced: the host's own code makes a `char *` from it, in frame storage. The flags are a small integer,
checked and untagged on the way to their register. Literal 0 says "a C string", literal 1 "an int". errno is set after the
coercion, which may change it, and saved after the call.

{}
If the path is no string, the outcome is 1; if the flags do not fit an int, it is 4; and nothing was called.
)",
                     indented(to_string(compiled(layout, plan))));
}

std::string page() {
  std::string text(kIntroduction);
  text += phases();
  text += kTable;
  text += takes() + gives() + steps();
  text += kSista;
  text += pow_example() + struct_example() + tagged_example();
  return text;
}

std::string contents(const char* path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

int main(int argc, char** argv) {
  const bool check = argc == 3 && std::string_view(argv[1]) == "--check";
  if (argc != 2 && !check) {
    std::fprintf(stderr, "usage: marshaling_doc [--check] FILE\n");
    return 2;
  }
  if (!check) {
    std::ofstream(argv[1], std::ios::binary) << page();
    return 0;
  }
  if (contents(argv[2]) == page()) return 0;
  std::fprintf(stderr, "%s is not what the instruction table says. Update it with\n  %s docs/marshaling.md\n", argv[2],
               argv[0]);
  return 1;
}
