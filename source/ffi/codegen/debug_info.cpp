#include "ffi/codegen/debug_info.hpp"

#include <elf.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <mutex>
#include <string>
#include <vector>

#include "fmt/format.h"

// The C++ runtime's registry of unwind tables: libgcc, "unwind-dw2-fde.h".
extern "C" void __register_frame(void* begin);
extern "C" void __deregister_frame(void* begin);

// gdb puts a breakpoint on this function and reads the descriptor when it is reached. Names and layout are given by the
// gdb manual, section "JIT Compilation Interface"; they must be visible to the debugger under these very names.
extern "C" {
struct jit_code_entry {
  jit_code_entry* next_entry;
  jit_code_entry* prev_entry;
  const char* symfile_addr;
  std::uint64_t symfile_size;
};
struct jit_descriptor {
  std::uint32_t version;
  std::uint32_t action_flag;
  jit_code_entry* relevant_entry;
  jit_code_entry* first_entry;
};
// Weak, so that a program which contains another code generator has one list for both.
__attribute__((weak, noinline, visibility("default"))) void __jit_debug_register_code() {
  asm volatile("" ::: "memory");
}
__attribute__((weak, visibility("default"))) jit_descriptor __jit_debug_descriptor = {1, 0, nullptr, nullptr};
}

namespace pinion::codegen {
namespace {

enum JitAction : std::uint32_t { JitNoAction, JitRegister, JitUnregister };

// Guards the descriptor and the perf map: the process has one of each.
std::mutex& process_mutex() {
  static std::mutex mutex;
  return mutex;
}

void append(std::vector<std::byte>& bytes, const void* data, std::size_t size) {
  const auto* from = static_cast<const std::byte*>(data);
  bytes.insert(bytes.end(), from, from + size);
}
template <class T>
void append(std::vector<std::byte>& bytes, T value) {
  append(bytes, &value, sizeof value);
}

// A .eh_frame section with one entry for [start, start + size): the frame of machine_code.hpp, everywhere.
// Format: System V AMD64 psABI 3.7 and Linux Standard Base 5.0, 10.6.1; opcodes: DWARF 4, 6.4.2.
std::vector<std::byte> make_eh_frame(std::uint64_t start, std::uint64_t size) {
  constexpr std::uint8_t kDefCfa = 0x0c, kOffset = 0x80, kNop = 0;
  constexpr std::uint8_t kRbp = 6, kReturnAddress = 16;
  const std::array<std::uint8_t, 20> cie = {1,               // version
                                            0,               // augmentation: none, so the addresses below are absolute
                                            1,               // code alignment factor
                                            0x78,            // data alignment factor -8, as SLEB128
                                            kReturnAddress,  // return address column
                                            kDefCfa,
                                            kRbp,
                                            16,  // the frame begins at rbp + 16
                                            kOffset | kReturnAddress,
                                            1,  // return address at CFA - 8
                                            kOffset | kRbp,
                                            2,  // caller's rbp at CFA - 16
                                            kNop,
                                            kNop,
                                            kNop,
                                            kNop,
                                            kNop,
                                            kNop,
                                            kNop,
                                            kNop};
  std::vector<std::byte> bytes;
  append<std::uint32_t>(bytes, 4 + cie.size());
  append<std::uint32_t>(bytes, 0);  // CIE
  append(bytes, cie.data(), cie.size());
  append<std::uint32_t>(bytes, 4 + 16 + 4);
  append<std::uint32_t>(bytes, static_cast<std::uint32_t>(bytes.size()));  // distance back to the CIE
  append<std::uint64_t>(bytes, start);
  append<std::uint64_t>(bytes, size);
  append<std::uint32_t>(bytes, 0);  // nops
  append<std::uint32_t>(bytes, 0);  // terminator
  return bytes;
}

// A minimal ELF object that tells gdb: code at [start, start + size), its unwind table, and one symbol for it all.
std::vector<std::byte> make_elf(std::uint64_t start, std::uint64_t size, const std::vector<std::byte>& eh_frame) {
  constexpr char kNames[] = "\0.text\0.eh_frame\0.symtab\0.strtab\0pinion_callout";
  constexpr std::uint32_t kText = 1, kEhFrame = 7, kSymtab = 17, kStrtab = 25, kSymbol = 33;
  enum Section : std::uint16_t { Null, Text, EhFrame, Symtab, Strtab, Count };

  const std::uint64_t eh_frame_at = sizeof(Elf64_Ehdr) + Count * sizeof(Elf64_Shdr);
  const std::uint64_t symtab_at = eh_frame_at + (eh_frame.size() + 7) / 8 * 8;
  const std::uint64_t strtab_at = symtab_at + 2 * sizeof(Elf64_Sym);

  Elf64_Ehdr header{};
  std::memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = ELFCLASS64;
  header.e_ident[EI_DATA] = ELFDATA2LSB;
  header.e_ident[EI_VERSION] = EV_CURRENT;
  header.e_type = ET_EXEC;  // addresses are final
  header.e_machine = EM_X86_64;
  header.e_version = EV_CURRENT;
  header.e_shoff = sizeof(Elf64_Ehdr);
  header.e_ehsize = sizeof(Elf64_Ehdr);
  header.e_shentsize = sizeof(Elf64_Shdr);
  header.e_shnum = Count;
  header.e_shstrndx = Strtab;

  std::array<Elf64_Shdr, Count> sections{};
  sections[Text] = {kText, SHT_NOBITS, SHF_ALLOC | SHF_EXECINSTR, start, 0, size, 0, 0, 32, 0};
  sections[EhFrame] = {kEhFrame, SHT_PROGBITS, SHF_ALLOC, 0, eh_frame_at, eh_frame.size(), 0, 0, 8, 0};
  sections[Symtab] = {kSymtab, SHT_SYMTAB, 0, 0, symtab_at, 2 * sizeof(Elf64_Sym), Strtab, 1, 8, sizeof(Elf64_Sym)};
  sections[Strtab] = {kStrtab, SHT_STRTAB, 0, 0, strtab_at, sizeof kNames, 0, 0, 1, 0};

  std::array<Elf64_Sym, 2> symbols{};
  symbols[1] = {kSymbol, ELF64_ST_INFO(STB_GLOBAL, STT_FUNC), STV_DEFAULT, Text, start, size};

  std::vector<std::byte> bytes;
  append(bytes, header);
  append(bytes, sections.data(), sizeof sections);
  append(bytes, eh_frame.data(), eh_frame.size());
  bytes.resize(symtab_at);
  append(bytes, symbols.data(), sizeof symbols);
  append(bytes, kNames, sizeof kNames);
  return bytes;
}

void tell_gdb(jit_code_entry* entry, JitAction action) {
  __jit_debug_descriptor.relevant_entry = entry;
  __jit_debug_descriptor.action_flag = action;
  __jit_debug_register_code();
  __jit_debug_descriptor.relevant_entry = nullptr;
  __jit_debug_descriptor.action_flag = JitNoAction;
}

}  // namespace

struct DebugInfo::State {
  std::vector<std::byte> eh_frame;
  std::vector<std::byte> elf;
  jit_code_entry entry{};
};

DebugInfo::DebugInfo(std::span<const std::byte> code) : state_(std::make_unique<State>()) {
  const auto start = reinterpret_cast<std::uint64_t>(code.data());
  state_->eh_frame = make_eh_frame(start, code.size());
  state_->elf = make_elf(start, code.size(), state_->eh_frame);
  state_->entry.symfile_addr = reinterpret_cast<const char*>(state_->elf.data());
  state_->entry.symfile_size = state_->elf.size();
  __register_frame(state_->eh_frame.data());

  const std::lock_guard lock(process_mutex());
  jit_code_entry*& first = __jit_debug_descriptor.first_entry;
  state_->entry.next_entry = first;
  if (first != nullptr) first->prev_entry = &state_->entry;
  first = &state_->entry;
  tell_gdb(&state_->entry, JitRegister);
}

DebugInfo::~DebugInfo() {
  {
    const std::lock_guard lock(process_mutex());
    jit_code_entry& entry = state_->entry;
    (entry.prev_entry != nullptr ? entry.prev_entry->next_entry : __jit_debug_descriptor.first_entry) =
        entry.next_entry;
    if (entry.next_entry != nullptr) entry.next_entry->prev_entry = entry.prev_entry;
    tell_gdb(&entry, JitUnregister);
  }
  __deregister_frame(state_->eh_frame.data());
}

void add_to_perf_map(std::span<const std::byte> code, std::string_view name) {
  const std::lock_guard lock(process_mutex());
  const std::string path = fmt::format("/tmp/perf-{}.map", getpid());
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "ae"), std::fclose);
  if (file == nullptr) return;
  const std::string line =
      fmt::format("{:x} {:x} {}\n", reinterpret_cast<std::uintptr_t>(code.data()), code.size(), name);
  std::fwrite(line.data(), 1, line.size(), file.get());
}

}  // namespace pinion::codegen
