// Every rule of the verifier refuses what breaks it: code that is right but for one thing.
#include "ffi/marshal/verifier.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "ffi/marshal/test_support.hpp"

namespace pinion::marshal {
namespace {

using testing::code_of;
using testing::compiled;
using testing::Convention;
using testing::layout_of;
using testing::words_code_of;

// A signed byte in rdi, 13 bytes in rsi and rdx, a double in xmm0, 24 bytes on the stack; 13 bytes back.
Code mixed() {
  return code_of(
      "struct s { char c[13]; }; struct t { long a, b, c; }; struct s f(signed char, struct s, double, struct t);",
      Convention::SysV, true);
}

// The result's address in rcx, a copy's in rdx, and one's on the stack.
Code by_reference() {
  return code_of("struct t { long a, b, c; }; struct t f(struct t, int, int, struct t);", Convention::Microsoft);
}

Code variadic() {
  const auto layout = std::make_shared<const abi::CallLayout>(
      abi::testing::variadic_layout("int f(const char*, ...);", "void g(double);", Convention::SysV));
  return compiled(layout, plan_for_addresses(*layout, false));
}

// Converts an int in place, a struct in frame storage, and boxes a struct.
Code tagged() {
  const auto layout = layout_of("struct t { long a, b, c; }; struct t f(int, struct t);");
  return compiled(layout, {.arguments = {{Source::Tagged, {1}}, {Source::Frame, {2}}},
                           .result = Destination::Frame,
                           .result_literal = {3},
                           .capture_errno = true});
}

Code tagged_result(const char* declarations) {
  const auto layout = layout_of(declarations);
  return compiled(layout, {.result = Destination::Tagged});
}

std::size_t index_of(const Code& code, Opcode op, int nth = 0) {
  for (std::size_t i = 0; i < code.instructions.size(); ++i) {
    if (code.instructions[i].op == op && nth-- == 0) return i;
  }
  ADD_FAILURE() << "no such instruction in\n" << to_string(code);
  return 0;
}

Instruction& the(Code& code, Opcode op, int nth = 0) {
  return code.instructions[index_of(code, op, nth)];
}

void insert(Code& code, std::size_t at, const Instruction& i) {
  code.instructions.insert(code.instructions.begin() + static_cast<std::ptrdiff_t>(at), i);
}

void erase(Code& code, std::size_t at) {
  code.instructions.erase(code.instructions.begin() + static_cast<std::ptrdiff_t>(at));
}

// What verify() says after the instruction it names.
std::string rule_broken(const Code& code) {
  const Status status = verify(code);
  if (status) return "none";
  const std::string& message = status.error().message;
  return message.substr(message.rfind(": ") + 2);
}

// The code after a change to the one instruction that `op` names.
template <class Change>
std::string broken_by(Code code, Opcode op, Change change) {
  EXPECT_EQ(rule_broken(code), "none");
  change(the(code, op));
  return rule_broken(code);
}

constexpr Opcode kByte = opcode(Take::GprI8, Source::Through), kWord = opcode(Take::Gpr64, Source::Through),
                 kTail = opcode(Take::Gpr5, Source::Through), kDouble = opcode(Take::Xmm8, Source::Through),
                 kCopy = opcode(Take::StackCopy, Source::Through),
                 kFrameCopy = opcode(Take::FrameCopy, Source::Through),
                 kTaggedInt = opcode(Take::GprI32, Source::Tagged), kFromFrame = opcode(Take::StackCopy, Source::Frame),
                 kCall = opcode(Step::Call), kGive = opcode(Give::Result64, Destination::Buffer);

TEST(Verifier, AcceptsWhatTheCompilerMakes) {
  for (const Code& code : {mixed(), by_reference(), variadic(), tagged()}) EXPECT_EQ(rule_broken(code), "none");
}

TEST(Verifier, NamesTheInstruction) {
  Code code = mixed();
  the(code, kDouble).place = 1;
  EXPECT_EQ(verify(code).error().message,
            "marshaling code refused: instruction 2 xmm.8         xmm1 <- *(arg 2): the layout puts nothing there");
}

// -- opcodes, operands, order

TEST(Verifier, Opcodes) {
  EXPECT_EQ(broken_by(mixed(), kByte, [](Instruction& i) { i.op = kOpcodes; }), "there is no such opcode");
  EXPECT_EQ(broken_by(mixed(), kByte, [](Instruction& i) { i.op = 0xFFFF; }), "there is no such opcode");
}

TEST(Verifier, FieldsThatAreNotUsedAreZero) {
  const std::string rule = "a field that it does not use is not 0";
  EXPECT_EQ(broken_by(mixed(), kByte, [](Instruction& i) { i.extent = 1; }), rule);
  EXPECT_EQ(broken_by(mixed(), kByte, [](Instruction& i) { i.frame = 1; }), rule);
  EXPECT_EQ(broken_by(mixed(), kCall, [](Instruction& i) { i.argument = 1; }), rule);
  EXPECT_EQ(broken_by(mixed(), kCall, [](Instruction& i) { i.offset = 1; }), rule);
  EXPECT_EQ(broken_by(by_reference(), kFrameCopy, [](Instruction& i) { i.place = 8; }), rule);
  EXPECT_EQ(broken_by(mixed(), kGive, [](Instruction& i) { i.argument = 1; }), rule);
}

TEST(Verifier, PhasesComeInOrder) {
  const std::string rule = "it comes after an instruction of a later phase";
  Code code = mixed();
  std::swap(the(code, kDouble), the(code, kByte));
  EXPECT_EQ(rule_broken(code), rule) << "a vector register after a general one";
  code = mixed();
  std::swap(the(code, kCopy), the(code, kDouble));
  EXPECT_EQ(rule_broken(code), rule) << "the stack after a vector register";
  code = by_reference();
  std::swap(the(code, kFrameCopy, 1), the(code, opcode(Step::StackAddress)));
  std::swap(the(code, kFrameCopy, 0), the(code, opcode(Step::StackAddress)));
  EXPECT_EQ(rule_broken(code), "the argument's copy is not in this frame storage") << "so it is not filled yet";
  code = mixed();
  std::swap(the(code, opcode(Step::ErrnoOut)), the(code, kGive));
  EXPECT_EQ(rule_broken(code), rule);
}

// Through modes use rax.
TEST(Verifier, NothingComesBetweenTheVectorCountAndTheCall) {
  Code code = variadic();
  std::swap(the(code, opcode(Step::VectorCount)), the(code, kWord));
  EXPECT_EQ(rule_broken(code), "it comes after an instruction of a later phase");
}

TEST(Verifier, Ends) {
  Code code = mixed();
  code.instructions.pop_back();
  EXPECT_EQ(rule_broken(code), "it does not return");
  code = mixed();
  code.instructions.push_back({.op = opcode(Step::Return)});
  EXPECT_EQ(rule_broken(code), "it returns before the end");
  code.instructions.clear();
  EXPECT_NE(rule_broken(code), "none");
}

// -- every location once, with the right bytes

TEST(Verifier, EveryLocationIsFilled) {
  for (const Opcode op : {kByte, kWord, kTail, kDouble, kCopy}) {
    Code code = mixed();
    const unsigned argument = the(code, op).argument;
    erase(code, index_of(code, op));
    EXPECT_EQ(rule_broken(code), "a piece of argument " + std::to_string(argument) + " never reaches its place");
  }
  Code code = by_reference();
  erase(code, index_of(code, opcode(Step::GprResult)));
  EXPECT_EQ(rule_broken(code), "the result's address is never set");
  code = by_reference();
  erase(code, index_of(code, opcode(Step::StackAddress)));
  EXPECT_EQ(rule_broken(code), "a piece of argument 3 never reaches its place");
  code = variadic();
  erase(code, index_of(code, opcode(Step::VectorCount)));
  EXPECT_EQ(rule_broken(code), "the vector count is never set");
}

TEST(Verifier, EveryLocationIsFilledOnce) {
  for (const Opcode op : {kByte, kWord, kTail, kDouble, kCopy}) {
    Code code = mixed();
    insert(code, index_of(code, op), the(code, op));
    EXPECT_EQ(rule_broken(code), "this location is filled already");
  }
  Code code = by_reference();
  insert(code, index_of(code, opcode(Step::GprResult)), the(code, opcode(Step::GprResult)));
  EXPECT_EQ(rule_broken(code), "this location is filled already");
  code = variadic();
  insert(code, index_of(code, opcode(Step::VectorCount)), the(code, opcode(Step::VectorCount)));
  EXPECT_EQ(rule_broken(code), "this location is filled already");
}

TEST(Verifier, NothingElseIsFilled) {
  const std::string rule = "the layout puts nothing there";
  EXPECT_EQ(broken_by(mixed(), kByte, [](Instruction& i) { i.place = 5; }), rule);
  EXPECT_EQ(broken_by(mixed(), kByte, [](Instruction& i) { i.place = 6; }), rule) << "rax";
  EXPECT_EQ(broken_by(mixed(), kByte, [](Instruction& i) { i.place = 0xFFFFFFFF; }), rule);
  EXPECT_EQ(broken_by(mixed(), kDouble, [](Instruction& i) { i.place = 8; }), rule);
  EXPECT_EQ(broken_by(mixed(), kCopy, [](Instruction& i) { i.place = 8; }), rule);
  EXPECT_EQ(broken_by(by_reference(), opcode(Step::StackAddress), [](Instruction& i) { i.place = 64; }), rule);
}

TEST(Verifier, TheRightBytesOfTheRightArgument) {
  Code code = mixed();
  std::swap(the(code, kWord).place, the(code, kTail).place);
  EXPECT_EQ(rule_broken(code), "another piece belongs there");
  EXPECT_EQ(broken_by(mixed(), kWord, [](Instruction& i) { i.offset = 5; }), "another piece belongs there");
  EXPECT_EQ(broken_by(mixed(), kWord, [](Instruction& i) { i.argument = 2; }), "another piece belongs there");
  EXPECT_EQ(broken_by(mixed(), kTail, [](Instruction& i) { i.op = opcode(Take::Gpr3, Source::Through); }),
            "the piece has another size");
  EXPECT_EQ(broken_by(mixed(), kDouble, [](Instruction& i) { i.op = opcode(Take::Xmm4, Source::Through); }),
            "the piece has another size");
  EXPECT_EQ(broken_by(mixed(), kCopy, [](Instruction& i) { i.extent = 16; }), "the piece has another size");
  EXPECT_EQ(broken_by(mixed(), kByte, [](Instruction& i) { i.argument = 9; }), "there is no such argument");
}

TEST(Verifier, TheRightExtension) {
  const std::string rule = "the piece wants another extension";
  for (const Take take : {Take::GprU8, Take::GprBool}) {
    EXPECT_EQ(broken_by(mixed(), kByte, [&](Instruction& i) { i.op = opcode(take, Source::Through); }), rule);
  }
  // The byte of a struct is not a truth value, and is zero-extended.
  for (const Take take : {Take::GprBool, Take::GprI8}) {
    EXPECT_EQ(broken_by(code_of("struct s { char c; }; void f(struct s);"), opcode(Take::GprU8, Source::Through),
                        [&](Instruction& i) { i.op = opcode(take, Source::Through); }),
              rule);
  }
  // A copy does not extend.
  const Code on_stack = code_of("void f(long, long, long, long, long, long, int);");
  EXPECT_EQ(broken_by(on_stack, opcode(Take::StackI32, Source::Through),
                      [](Instruction& i) {
                        i.op = kCopy;
                        i.extent = 4;
                      }),
            rule);
}

TEST(Verifier, AddressesWhereTheLayoutWantsThem) {
  // A result's address where an argument belongs.
  Code code = code_of("void f(long);");
  the(code, kWord) = {.op = opcode(Step::GprResult)};
  EXPECT_EQ(rule_broken(code), "the layout wants no result address there");
  // The address of frame storage likewise.
  code = code_of("void f(long);");
  the(code, kWord) = {.op = opcode(Step::GprAddress)};
  EXPECT_EQ(rule_broken(code), "the layout passes this argument by value");
  // Either in al.
  constexpr auto kRax = static_cast<std::uint32_t>(abi::Gpr::Rax);
  code = variadic();
  the(code, opcode(Step::VectorCount)) = {.op = opcode(Step::GprResult), .place = kRax};
  EXPECT_EQ(rule_broken(code), "the layout wants no result address there");
  the(code, opcode(Step::GprResult)) = {.op = opcode(Step::GprAddress), .place = kRax};
  EXPECT_EQ(rule_broken(code), "the layout wants a count there");
  // A value where an address belongs.
  code = by_reference();
  the(code, opcode(Step::GprAddress)) = {.op = kWord, .place = the(code, opcode(Step::GprAddress)).place};
  EXPECT_EQ(rule_broken(code), "the layout wants an address or a count there");
  // The wrong copy's address.
  EXPECT_EQ(broken_by(by_reference(), opcode(Step::GprAddress), [](Instruction& i) { i.frame = 32; }),
            "the argument's copy is not in this frame storage");
  EXPECT_EQ(broken_by(variadic(), opcode(Step::VectorCount), [](Instruction& i) { i.place = 0; }),
            "the layout uses another number of vector registers");
}

// -- memory

TEST(Verifier, ReadsStayInTheValue) {
  EXPECT_EQ(broken_by(mixed(), kTail, [](Instruction& i) { i.offset = 9; }), "it reads outside the argument's value");
  EXPECT_EQ(broken_by(mixed(), kTail, [](Instruction& i) { i.op = kWord; }), "it reads outside the argument's value");
  EXPECT_EQ(broken_by(mixed(), kCopy, [](Instruction& i) { i.extent = 25; }), "it reads outside the argument's value");
  EXPECT_EQ(broken_by(mixed(), kCopy, [](Instruction& i) { i.extent = 0; }), "it reads outside the argument's value");
  EXPECT_EQ(broken_by(mixed(), kCopy, [](Instruction& i) { i.extent = 0xFFFFFFFF; }),
            "it reads outside the argument's value");
  EXPECT_EQ(broken_by(mixed(), kWord, [](Instruction& i) { i.op = opcode(Take::Gpr64, Source::Slot); }),
            "a value larger than 8 bytes cannot be in its slot");
}

TEST(Verifier, FrameStorage) {
  EXPECT_EQ(broken_by(by_reference(), kFrameCopy, [](Instruction& i) { i.extent = 16; }),
            "the copy is not the whole value");
  EXPECT_EQ(broken_by(by_reference(), kFrameCopy, [](Instruction& i) { i.frame = 8; }),
            "the storage is not aligned for the value");
  EXPECT_EQ(broken_by(by_reference(), kFrameCopy, [](Instruction& i) { i.frame = 64; }),
            "it writes outside the frame storage");
  EXPECT_EQ(broken_by(by_reference(), kFrameCopy, [](Instruction& i) { i.frame = 0xFFFFFFF0; }),
            "it writes outside the frame storage");
  Code code = by_reference();
  the(code, kFrameCopy, 1).frame = 16;
  EXPECT_EQ(rule_broken(code), "the storage is in use for another value");
  code = by_reference();
  the(code, kFrameCopy, 1) = {.op = kFrameCopy, .argument = 0, .extent = 24, .frame = 32};
  EXPECT_EQ(rule_broken(code), "the argument is stored already");
  code = by_reference();
  erase(code, index_of(code, kFrameCopy));
  EXPECT_EQ(rule_broken(code), "the argument's copy is not in this frame storage");
  EXPECT_EQ(
      broken_by(by_reference(), kFrameCopy, [](Instruction& i) { i.op = opcode(Take::FrameCopy, Source::Tagged); }),
      "only a whole scalar can be taken from a tagged object");
  EXPECT_EQ(
      broken_by(by_reference(), kFrameCopy, [](Instruction& i) { i.op = opcode(Take::FrameCopy, Source::Frame); }),
      "the argument's value is not in this frame storage");
  EXPECT_EQ(broken_by(tagged(), kFromFrame, [](Instruction& i) { i.frame = 24; }),
            "the argument's value is not in this frame storage");
}

TEST(Verifier, SlotsAreReadInOneWay) {
  Code code = words_code_of("struct s { float x; int i; long double *p; }; void f(struct s);");
  the(code, kWord, 1).op = opcode(Take::Gpr64, Source::Slot);
  EXPECT_EQ(rule_broken(code), "a value larger than 8 bytes cannot be in its slot");
  // A variadic double is taken twice.
  const auto layout = std::make_shared<const abi::CallLayout>(
      abi::testing::variadic_layout("int f(const char*, ...);", "void g(double);", Convention::Microsoft));
  code = compiled(layout, plan_for_words(*layout, false));
  EXPECT_EQ(rule_broken(code), "none");
  the(code, opcode(Take::Xmm8, Source::Slot)).op = kDouble;
  EXPECT_EQ(rule_broken(code), "the argument's slot was read in another way before");
}

// -- hosts

TEST(Verifier, Literals) {
  const std::string rule = "there is no such literal";
  EXPECT_EQ(broken_by(tagged(), kTaggedInt, [](Instruction& i) { i.extent = 3; }), rule);
  EXPECT_EQ(broken_by(tagged(), opcode(Step::Coerce), [](Instruction& i) { i.extent = 3; }), rule);
  EXPECT_EQ(broken_by(tagged(), opcode(Step::Box), [](Instruction& i) { i.extent = 3; }), rule);
  EXPECT_EQ(broken_by(tagged_result("int f(void);"), opcode(Give::ResultI32, Destination::Tagged),
                      [](Instruction& i) { i.extent = 1; }),
            rule);
}

TEST(Verifier, TaggedModesAreForWholeScalars) {
  EXPECT_EQ(broken_by(mixed(), kWord, [](Instruction& i) { i.op = opcode(Take::Gpr64, Source::Tagged); }),
            "only a whole scalar can be taken from a tagged object");
  EXPECT_EQ(broken_by(mixed(), kGive, [](Instruction& i) { i.op = opcode(Give::Result64, Destination::Tagged); }),
            "only a whole result of 8 bytes at most becomes a word");
  EXPECT_EQ(broken_by(mixed(), kGive, [](Instruction& i) { i.op = opcode(Give::Result64, Destination::Word); }),
            "only a whole result of 8 bytes at most becomes a word");
}

TEST(Verifier, Coercions) {
  Code code = tagged();
  Instruction again = the(code, opcode(Step::Coerce));
  again.frame = code.frame_size;
  code.frame_size += 32;
  insert(code, 1, again);
  EXPECT_EQ(rule_broken(code), "the argument is stored already");
  EXPECT_EQ(broken_by(tagged(), opcode(Step::Coerce), [](Instruction& i) { i.argument = 2; }),
            "there is no such argument");
  // An object's slot is no address.
  EXPECT_EQ(broken_by(tagged(), kFromFrame,
                      [](Instruction& i) {
                        i.op = kCopy;
                        i.frame = 0;
                      }),
            "the argument's slot was read in another way before");
}

// -- the call and its result

TEST(Verifier, OneCall) {
  Code code = mixed();
  insert(code, index_of(code, kCall), the(code, kCall));
  EXPECT_EQ(rule_broken(code), "the call was made already");
  code = code_of("void f(void);");
  erase(code, index_of(code, kCall));
  EXPECT_EQ(rule_broken(code), "it makes no call");
  code = code_of("int f(void);");
  erase(code, index_of(code, kCall));
  EXPECT_EQ(rule_broken(code), "there is no result before the call");
}

TEST(Verifier, X87Results) {
  const Code code = code_of("_Complex long double f(void);");
  for (const std::uint32_t count : {0U, 1U, 3U}) {
    EXPECT_EQ(broken_by(code, kCall, [&](Instruction& i) { i.place = count; }),
              "the layout leaves another number of x87 results");
  }
  Code swapped = code;
  constexpr Opcode kX87 = opcode(Give::ResultX87, Destination::Buffer);
  std::swap(the(swapped, kX87, 0), the(swapped, kX87, 1));
  EXPECT_EQ(rule_broken(swapped), "x87 results are taken out of order");
}

TEST(Verifier, ResultPieces) {
  Code code = mixed();
  erase(code, index_of(code, kGive));
  EXPECT_EQ(rule_broken(code), "a piece of the result is lost");
  code = mixed();
  insert(code, index_of(code, kGive), the(code, kGive));
  EXPECT_EQ(rule_broken(code), "this piece of the result is taken already");
  EXPECT_EQ(broken_by(mixed(), kGive, [](Instruction& i) { i.offset = 8; }), "the layout returns nothing there");
  EXPECT_EQ(broken_by(mixed(), kGive, [](Instruction& i) { i.place = 0; }), "the layout returns nothing there");
  EXPECT_EQ(broken_by(mixed(), kGive, [](Instruction& i) { i.op = opcode(Give::Result7, Destination::Buffer); }),
            "the piece has another size");
  code = by_reference();
  insert(code, code.instructions.size() - 1, {.op = kGive, .place = 6});
  EXPECT_EQ(rule_broken(code), "the layout returns nothing in registers");
  // Pieces may be taken in any order.
  code = mixed();
  std::swap(the(code, kGive), the(code, opcode(Give::Result5, Destination::Buffer)));
  EXPECT_EQ(rule_broken(code), "none");
}

TEST(Verifier, ResultsAreExtendedAsTheirTypeSays) {
  const Code code = words_code_of("signed char f(void);");
  for (const Give give : {Give::ResultU8, Give::ResultBool}) {
    EXPECT_EQ(broken_by(code, opcode(Give::ResultI8, Destination::Word),
                        [&](Instruction& i) { i.op = opcode(give, Destination::Word); }),
              "the piece has another extension");
  }
}

TEST(Verifier, OneDestination) {
  Code code = mixed();
  the(code, opcode(Give::Result5, Destination::Buffer)).op = opcode(Give::Result5, Destination::Frame);
  EXPECT_EQ(rule_broken(code), "the result goes elsewhere");
  code = tagged();
  the(code, opcode(Step::GprAddress)) = {.op = opcode(Step::GprResult), .place = 0};
  EXPECT_EQ(rule_broken(code), "the result goes elsewhere") << "it is boxed, but never was in frame storage";
}

TEST(Verifier, WhatIsInFrameStorageIsBoxed) {
  Code code = tagged();
  erase(code, index_of(code, opcode(Step::Box)));
  EXPECT_EQ(rule_broken(code), "the result in frame storage is never boxed");
  code = tagged();
  insert(code, index_of(code, opcode(Step::Box)), the(code, opcode(Step::Box)));
  EXPECT_EQ(rule_broken(code), "the result is boxed already");
  EXPECT_EQ(broken_by(tagged(), opcode(Step::Box), [](Instruction& i) { i.frame = 0; }),
            "the result's storage is elsewhere");
  EXPECT_EQ(broken_by(tagged(), opcode(Step::GprAddress), [](Instruction& i) { i.frame = 0; }),
            "the storage is in use for another value");
  const auto layout = layout_of("struct s { char c[13]; }; struct s f(void);");
  code = compiled(layout, {.result = Destination::Frame});
  the(code, opcode(Give::Result5, Destination::Frame)).frame = 8;
  EXPECT_EQ(rule_broken(code), "the result's storage is elsewhere");
}

TEST(Verifier, Errno) {
  Code code = mixed();
  erase(code, index_of(code, opcode(Step::ErrnoIn)));
  EXPECT_EQ(rule_broken(code), "errno was not set before the call");
  code = mixed();
  erase(code, index_of(code, opcode(Step::ErrnoOut)));
  EXPECT_EQ(rule_broken(code), "errno is set but not saved");
  code = mixed();
  insert(code, 0, {.op = opcode(Step::ErrnoIn)});
  EXPECT_EQ(rule_broken(code), "errno is set already");
  code = mixed();
  insert(code, index_of(code, opcode(Step::ErrnoOut)), {.op = opcode(Step::ErrnoOut)});
  EXPECT_EQ(rule_broken(code), "errno is saved already");
  code = tagged();
  std::swap(the(code, opcode(Step::ErrnoIn)), the(code, opcode(Step::Coerce)));
  EXPECT_EQ(rule_broken(code), "the host could change errno, which is set already");
  code = tagged();
  std::swap(the(code, opcode(Step::ErrnoOut)), the(code, opcode(Step::Box)));
  EXPECT_EQ(rule_broken(code), "errno is saved after the result was boxed");
}

// -- the header

template <class Change>
std::string header_broken_by(Code code, Change change) {
  change(code);
  const Status status = verify(code);
  return status ? "none" : status.error().message;
}

TEST(Verifier, Header) {
  const std::string refused = "marshaling code refused: ", disagree = refused + "its header and its instructions ";
  EXPECT_EQ(header_broken_by(mixed(), [](Code& c) { c.stack_size += 16; }),
            refused + "its argument area is not the layout's");
  EXPECT_EQ(header_broken_by(mixed(), [](Code& c) { c.frame_size = 8; }),
            refused + "an area is not a multiple of 16 bytes");
  for (const std::uint32_t alignment : {0U, 8U, 24U}) {
    EXPECT_EQ(header_broken_by(mixed(), [&](Code& c) { c.alignment = alignment; }),
              refused + "its stack alignment is not a power of two that suffices");
  }
  EXPECT_EQ(header_broken_by(code_of("struct s { _Alignas(32) char c[65]; }; void f(struct s);"),
                             [](Code& c) { c.alignment = 16; }),
            refused + "its stack alignment is not a power of two that suffices");
  EXPECT_EQ(header_broken_by(mixed(), [](Code& c) { c.frame_size = 1 << 20; }), refused + "it needs too much stack");
  EXPECT_EQ(header_broken_by(mixed(), [](Code& c) { c.frame_size = 0xFFFFFFF0; }), refused + "it needs too much stack");
  EXPECT_EQ(header_broken_by(mixed(), [](Code& c) { c.alignment = 1U << 31; }), refused + "it needs too much stack");
  EXPECT_EQ(header_broken_by(mixed(), [](Code& c) { c.variant = CallVariant::Vectors; }),
            disagree + "disagree about the variant of the call");
  EXPECT_EQ(header_broken_by(mixed(), [](Code& c) { c.uses_errno = false; }), disagree + "disagree about errno");
  EXPECT_EQ(header_broken_by(tagged(), [](Code& c) { c.can_fail = false; }), disagree + "disagree about failure");
}

}  // namespace
}  // namespace pinion::marshal
