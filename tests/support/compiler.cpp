#include "compiler.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace pinion::tests {

namespace {

// A file that is gone with its owner.
class TemporaryFile {
 public:
  explicit TemporaryFile(std::string_view text) {
    const char* directory = std::getenv("TMPDIR");
    path_ = fmt::format("{}/pinion-XXXXXX", directory != nullptr ? directory : "/tmp");
    const int file = ::mkstemp(path_.data());
    if (file < 0) return;
    std::FILE* stream = ::fdopen(file, "w");
    good_ = std::fwrite(text.data(), 1, text.size(), stream) == text.size();
    good_ = std::fclose(stream) == 0 && good_;
  }
  ~TemporaryFile() { ::unlink(path_.c_str()); }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  const std::string& path() const { return path_; }
  bool good() const { return good_; }

 private:
  std::string path_;
  bool good_ = false;
};

struct Outcome {
  std::string output;
  bool success = false;
};

Outcome run(const std::string& command) {
  std::FILE* pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) return {};
  Outcome outcome;
  char buffer[1 << 16];
  while (const std::size_t count = std::fread(buffer, 1, sizeof buffer, pipe)) outcome.output.append(buffer, count);
  outcome.success = ::pclose(pipe) == 0;
  return outcome;
}

// The few data directives that gcc and clang write for initialised objects.
class DataReader {
 public:
  Status read(std::string_view assembly) {
    while (!assembly.empty()) {
      const std::size_t end = assembly.find('\n');
      if (Status good = line(assembly.substr(0, end)); !good) return good;
      assembly.remove_prefix(end == std::string_view::npos ? assembly.size() : end + 1);
    }
    return Unit{};
  }

  Objects take() { return std::move(objects_); }

 private:
  Status line(std::string_view text) {
    if (text.empty()) return Unit{};
    if (text[0] != '\t' && text[0] != ' ') return label(text);
    text = trimmed(text);
    if (text.empty() || text[0] != '.') return Unit{};
    const std::size_t space = text.find_first_of(" \t");
    const std::string_view directive = text.substr(0, space);
    const std::string_view operands = space == std::string_view::npos ? "" : trimmed(text.substr(space));
    if (directive == ".ascii") return characters(operands, false);
    if (directive == ".asciz" || directive == ".string") return characters(operands, true);
    return data(directive, trimmed(operands.substr(0, operands.find('#'))));
  }

  Status label(std::string_view text) {
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos || text[0] == '#') return Unit{};
    current_ = &objects_[std::string(text.substr(0, colon))];
    return Unit{};
  }

  Status data(std::string_view directive, std::string_view operands) {
    static constexpr std::pair<std::string_view, unsigned> kIntegers[] = {{".byte", 1}, {".value", 2}, {".short", 2},
                                                                          {".word", 2}, {".long", 4},  {".quad", 8}};
    for (const auto& [name, size] : kIntegers) {
      if (directive == name) return integers(operands, size);
    }
    if (directive == ".zero" || directive == ".skip" || directive == ".space") return zeros(operands);
    if (directive == ".comm" || directive == ".lcomm") return common(operands);
    return Unit{};
  }

  Status integers(std::string_view operands, unsigned size) {
    while (!operands.empty()) {
      const std::size_t comma = operands.find(',');
      const Result<std::uint64_t> value = number(trimmed(operands.substr(0, comma)));
      if (!value) return value.error();
      for (unsigned i = 0; i < size; ++i) append(static_cast<std::uint8_t>(*value >> (8 * i)));
      operands.remove_prefix(comma == std::string_view::npos ? operands.size() : comma + 1);
    }
    return Unit{};
  }

  Status zeros(std::string_view operands) {
    const std::size_t comma = operands.find(',');
    const Result<std::uint64_t> count = number(trimmed(operands.substr(0, comma)));
    if (!count) return count.error();
    Result<std::uint64_t> fill = std::uint64_t{0};
    if (comma != std::string_view::npos) fill = number(trimmed(operands.substr(comma + 1)));
    if (!fill) return fill.error();
    for (std::uint64_t i = 0; i < *count; ++i) append(static_cast<std::uint8_t>(*fill));
    return Unit{};
  }

  Status characters(std::string_view operands, bool terminated) {
    if (operands.size() < 2 || operands.front() != '"') return Error{"a string directive without a string"};
    operands = operands.substr(1, operands.rfind('"') - 1);
    for (std::size_t i = 0; i < operands.size(); ++i) {
      if (operands[i] != '\\') {
        append(static_cast<std::uint8_t>(operands[i]));
      } else if (operands[i + 1] >= '0' && operands[i + 1] <= '7') {
        unsigned value = 0, digits = 0;
        for (; digits < 3 && operands[i + 1] >= '0' && operands[i + 1] <= '7'; ++digits) {
          value = value * 8 + static_cast<unsigned>(operands[++i] - '0');
        }
        append(static_cast<std::uint8_t>(value));
      } else {
        static constexpr std::string_view kEscapes = "b\bf\fn\nr\rt\t\"\"\\\\";
        const std::size_t at = kEscapes.find(operands[++i]);
        if (at == std::string_view::npos) return Error{fmt::format("unknown escape in .ascii \"{}\"", operands)};
        append(static_cast<std::uint8_t>(kEscapes[at + 1]));
      }
    }
    if (terminated) append(0);
    return Unit{};
  }

  // An object of zeros that has no label: `.comm name, size, align`.
  Status common(std::string_view operands) {
    const std::size_t comma = operands.find(',');
    std::string_view rest = operands.substr(comma + 1);
    const Result<std::uint64_t> size = number(trimmed(rest.substr(0, rest.find(','))));
    if (!size) return size.error();
    objects_[std::string(operands.substr(0, comma))].assign(*size, 0);
    return Unit{};
  }

  static std::string_view trimmed(std::string_view text) {
    const std::size_t first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
  }

  static Result<std::uint64_t> number(std::string_view text) {
    const std::string digits(text);
    char* end = nullptr;
    const bool negative = !digits.empty() && digits[0] == '-';
    const std::uint64_t value = negative ? static_cast<std::uint64_t>(std::strtoll(digits.c_str(), &end, 0))
                                         : std::strtoull(digits.c_str(), &end, 0);
    if (digits.empty() || *end != '\0') return Error{fmt::format("'{}' in the assembly is not a number", text)};
    return value;
  }

  void append(std::uint8_t byte) {
    if (current_ != nullptr) current_->push_back(byte);
  }

  Objects objects_;
  std::vector<std::uint8_t>* current_ = nullptr;
};

}  // namespace

bool Compiler::installed() const {
  return std::system(fmt::format("command -v {} >/dev/null 2>&1", command).c_str()) == 0;
}

std::string Compiler::missing() const {
  return fmt::format("{} is missing: install the package {}", command, package);
}

Result<Objects> compile_data(const Compiler& compiler, std::string_view text, std::string_view options) {
  const TemporaryFile source(text);
  const TemporaryFile errors("");
  if (!source.good() || !errors.good()) return Error{"a temporary file cannot be written"};
  const Outcome outcome = run(fmt::format("{} -std=gnu11 -w {} -S -fno-asynchronous-unwind-tables -x c -o - {} 2>{}",
                                          compiler.command, options, source.path(), errors.path()));
  if (!outcome.success) {
    const std::string said = run("head -c 4000 " + errors.path()).output;
    return Error{fmt::format("{} refuses the text: {}", compiler.command, said)};
  }
  DataReader reader;
  if (Status good = reader.read(outcome.output); !good) return good.error();
  return reader.take();
}

std::vector<std::uint64_t> words_of(const std::vector<std::uint8_t>& bytes) {
  std::vector<std::uint64_t> words(bytes.size() / 8);
  std::memcpy(words.data(), bytes.data(), words.size() * 8);
  return words;
}

}  // namespace pinion::tests
