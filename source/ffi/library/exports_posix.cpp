// The dynamic symbol table of a loaded ELF object (generic ABI, "Dynamic Section" and "Symbol Table"; the GNU hash
// table as glibc writes it). Nothing in the file is trusted: every access is checked against the object's loaded
// segments.

#include <dlfcn.h>
#include <link.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

#include "ffi/library/platform.hpp"

namespace pinion::loader {
namespace {

using Address = ElfW(Addr);
using Symbol = ElfW(Sym);

// One object's memory.
class Image {
 public:
  explicit Image(const dl_phdr_info& info) : info_(info) {}

  Address base() const { return info_.dlpi_addr; }

  // The dynamic section, which tells objects apart: two are never in the same place.
  Address dynamic_section() const {
    for (unsigned i = 0; i < info_.dlpi_phnum; ++i)
      if (info_.dlpi_phdr[i].p_type == PT_DYNAMIC) return base() + info_.dlpi_phdr[i].p_vaddr;
    return 0;
  }

  // How many bytes can be read from there: up to the end of its segment.
  std::size_t readable(Address address) const {
    for (unsigned i = 0; i < info_.dlpi_phnum; ++i) {
      const auto& segment = info_.dlpi_phdr[i];
      if (segment.p_type != PT_LOAD || (segment.p_flags & PF_R) == 0) continue;
      const Address start = base() + segment.p_vaddr;
      if (address >= start && address - start < segment.p_memsz) return segment.p_memsz - (address - start);
    }
    return 0;
  }

  template <class T>
  std::optional<T> read(Address address) const {
    if (readable(address) < sizeof(T)) return std::nullopt;
    T value;
    std::memcpy(&value, reinterpret_cast<const void*>(address), sizeof value);
    return value;
  }

 private:
  const dl_phdr_info& info_;
};

// What the dynamic section says; addresses are absolute, 0 stands for absent.
struct Tables {
  Address symbols = 0;
  Address strings = 0;
  Address hash = 0;
  Address gnu_hash = 0;
  std::size_t strings_size = 0;
};

Tables read_tables(const Image& image) {
  Tables tables;
  // glibc relocates these entries in place, except in objects whose dynamic section is read-only (the vDSO).
  const auto absolute = [&](Address value) { return value < image.base() ? value + image.base() : value; };
  for (Address at = image.dynamic_section(); at != 0; at += sizeof(ElfW(Dyn))) {
    const auto entry = image.read<ElfW(Dyn)>(at);
    if (!entry || entry->d_tag == DT_NULL) break;
    switch (entry->d_tag) {
      case DT_SYMTAB: tables.symbols = absolute(entry->d_un.d_ptr); break;
      case DT_STRTAB: tables.strings = absolute(entry->d_un.d_ptr); break;
      case DT_HASH: tables.hash = absolute(entry->d_un.d_ptr); break;
      case DT_GNU_HASH: tables.gnu_hash = absolute(entry->d_un.d_ptr); break;
      case DT_STRSZ: tables.strings_size = entry->d_un.d_val; break;
      default: break;
    }
  }
  return tables;
}

// The GNU hash table: number of buckets, first hashed symbol, size of the filter in words, a shift; the filter; the
// buckets, each the first symbol of a chain; for each hashed symbol its hash, with the lowest bit set at a chain's end.
// The symbol after the end of the last chain is past the table.
std::size_t count_by_gnu_hash(const Image& image, Address table) {
  const auto word = [&](Address at) { return image.read<std::uint32_t>(at); };
  const auto buckets = word(table), first = word(table + 4), filter_words = word(table + 8);
  if (!buckets || !first || !filter_words) return 0;
  const Address bucket_table = table + 16 + Address{*filter_words} * sizeof(Address);
  const Address chains = bucket_table + Address{*buckets} * 4;

  std::uint32_t last = 0;
  for (std::uint32_t i = 0; i < *buckets; ++i) {
    const auto start = word(bucket_table + Address{i} * 4);
    if (!start) return 0;
    last = std::max(last, *start);
  }
  if (last < *first) return *first;  // nothing is hashed, so nothing is exported
  while (true) {
    const auto hash = word(chains + Address{last - *first} * 4);
    if (!hash) return 0;
    ++last;
    if ((*hash & 1) != 0) return last;
  }
}

std::size_t count_symbols(const Image& image, const Tables& tables) {
  if (tables.gnu_hash != 0) return count_by_gnu_hash(image, tables.gnu_hash);
  if (tables.hash != 0) return image.read<std::uint32_t>(tables.hash + 4).value_or(0);  // nchain is the symbol count
  return 0;
}

// Absolute symbols are left out: they are the names of symbol versions.
bool is_exported(const Symbol& symbol) {
  const auto binding = ELF64_ST_BIND(symbol.st_info);
  return symbol.st_shndx != SHN_UNDEF && symbol.st_shndx != SHN_ABS &&
         (binding == STB_GLOBAL || binding == STB_WEAK || binding == STB_GNU_UNIQUE);
}

void add_exported_names(const Image& image, std::vector<std::string>& names) {
  const Tables tables = read_tables(image);
  const std::size_t strings_size = std::min(tables.strings_size, image.readable(tables.strings));
  const std::string_view strings(reinterpret_cast<const char*>(tables.strings), strings_size);
  const std::size_t count = count_symbols(image, tables);
  for (std::size_t i = 1; i < count; ++i) {
    const auto symbol = image.read<Symbol>(tables.symbols + i * sizeof(Symbol));
    if (!symbol) return;
    if (!is_exported(*symbol) || symbol->st_name >= strings.size()) continue;
    const std::string_view rest = strings.substr(symbol->st_name);
    if (const std::size_t length = rest.find('\0'); length != 0 && length != rest.npos)
      names.emplace_back(rest.substr(0, length));
  }
}

struct Search {
  Address dynamic_section = 0;  // of the object wanted; 0 for all
  std::vector<std::string> names;
};

int visit(dl_phdr_info* info, std::size_t, void* data) {
  Search& search = *static_cast<Search*>(data);
  const Image image(*info);
  if (search.dynamic_section == 0 || search.dynamic_section == image.dynamic_section())
    add_exported_names(image, search.names);
  return 0;
}

}  // namespace

std::vector<std::string> exported_names(void* handle) {
  link_map* map = nullptr;
  if (dlinfo(handle, RTLD_DI_LINKMAP, &map) != 0 || map == nullptr) return {};
  Search search;
  // The first object of the list is the program: its handle stands for the whole process.
  if (map->l_prev != nullptr || map->l_name[0] != '\0') search.dynamic_section = reinterpret_cast<Address>(map->l_ld);
  dl_iterate_phdr(visit, &search);
  return std::move(search.names);
}

}  // namespace pinion::loader
