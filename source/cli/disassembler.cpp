#include "cli/disassembler.hpp"

#include <capstone/capstone.h>
#include <dlfcn.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <memory>
#include <optional>

namespace pinion::cli {
namespace {

class Capstone {
 public:
  Capstone() {
    open_ = cs_open(CS_ARCH_X86, CS_MODE_64, &handle_) == CS_ERR_OK;
    if (open_) cs_option(handle_, CS_OPT_DETAIL, CS_OPT_ON);
  }
  ~Capstone() {
    if (open_) cs_close(&handle_);
  }
  Capstone(const Capstone&) = delete;
  Capstone& operator=(const Capstone&) = delete;

  bool open() const { return open_; }
  csh handle() const { return handle_; }

 private:
  csh handle_ = 0;
  bool open_ = false;
};

struct FreeInstruction {
  void operator()(cs_insn* instruction) const { cs_free(instruction, 1); }
};

// The address that an instruction names relative to rip.
std::optional<std::uint64_t> rip_target(const cs_insn& instruction) {
  const cs_x86& x86 = instruction.detail->x86;
  for (std::uint8_t i = 0; i < x86.op_count; ++i) {
    const cs_x86_op& op = x86.operands[i];
    if (op.type == X86_OP_MEM && op.mem.base == X86_REG_RIP) {
      return instruction.address + instruction.size + static_cast<std::uint64_t>(op.mem.disp);
    }
  }
  return std::nullopt;
}

std::string bytes_of(std::span<const std::byte> bytes) {
  std::string out;
  for (const std::byte b : bytes) out += fmt::format("{}{:02x}", out.empty() ? "" : " ", std::to_integer<int>(b));
  return out;
}

// A number that may be a function's address, with that function's name.
std::string literal_text(std::uint64_t value) {
  Dl_info found{};
  // NOLINTNEXTLINE(performance-no-int-to-ptr): literal pools hold addresses as numbers
  const bool known = value > 0xFFFF && dladdr(reinterpret_cast<const void*>(value), &found) != 0;
  return fmt::format("{:#018x}{}", value,
                     known && found.dli_sname != nullptr ? fmt::format("  ; {}", found.dli_sname) : "");
}

std::string literal_pool(std::span<const std::byte> code, std::size_t begin) {
  std::string out;
  for (std::size_t at = begin; at < code.size(); at += 8) {
    std::uint64_t value = 0;
    const std::size_t size = std::min<std::size_t>(8, code.size() - at);
    std::memcpy(&value, code.data() + at, size);
    fmt::format_to(std::back_inserter(out), "    {:>4x}  {:<30}  .quad {}\n", at, bytes_of(code.subspan(at, size)),
                   literal_text(value));
  }
  return out;
}

}  // namespace

std::string disassemble(std::span<const std::byte> code, const Style& style) {
  const Capstone capstone;
  if (!capstone.open()) return "    (Capstone cannot disassemble here)\n";
  const std::unique_ptr<cs_insn, FreeInstruction> instruction(cs_malloc(capstone.handle()));
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(code.data());
  std::size_t left = code.size();
  std::uint64_t address = 0;  // offsets read better than addresses
  std::uint64_t pool = code.size();
  std::string out;
  while (address < pool && cs_disasm_iter(capstone.handle(), &bytes, &left, &address, instruction.get())) {
    const auto target = rip_target(*instruction);
    if (target && *target < code.size()) pool = std::min(pool, *target);
    const std::string text = fmt::format("{:<9} {}", instruction->mnemonic, instruction->op_str);
    const auto own = code.subspan(instruction->address, instruction->size);
    fmt::format_to(std::back_inserter(out), "    {:>4x}  {:<30}  {}{}\n", instruction->address, bytes_of(own),
                   style.code(text), target ? style.quiet(fmt::format("  ; literal at {:x}", *target)) : "");
  }
  return out + literal_pool(code, std::min<std::uint64_t>(pool, address));
}

}  // namespace pinion::cli
