#include "ffi/engine/engine.hpp"

#include <algorithm>
#include <cstdio>
#include <string_view>

#include "ffi/codegen/debug_info.hpp"
#include "ffi/ctype/print.hpp"
#include "ffi/marshal/callback_compiler.hpp"

namespace pinion {
namespace {

constexpr const char* kNoAvx = "the call passes 32-byte vectors in registers, which need AVX; this processor has none";

std::size_t mix(std::size_t hash, std::size_t value) {
  return (hash ^ value) * 0x9E3779B97F4A7C15U;
}

std::size_t hash_of(const marshal::Code& code) {
  static_assert(std::has_unique_object_representations_v<marshal::Instruction>);
  const auto* bytes = reinterpret_cast<const char*>(code.instructions.data());
  return std::hash<std::string_view>()({bytes, code.instructions.size() * sizeof(marshal::Instruction)});
}

void report_to_stderr(const std::string& sentence) {
  std::fprintf(stderr, "pinion: %s\n", sentence.c_str());
}

}  // namespace

std::size_t Engine::KeyHash::operator()(const Key& key) const {
  const SignatureOptions& o = key.options;
  std::size_t hash = mix(reinterpret_cast<std::size_t>(key.type), static_cast<std::size_t>(o.convention));
  hash = mix(hash, static_cast<std::size_t>(o.dialect.compiler) << 8 | static_cast<std::size_t>(o.dialect.vectors));
  return mix(hash, static_cast<std::size_t>(o.slots) << 2 | static_cast<std::size_t>(o.capture_errno) << 1 |
                       static_cast<std::size_t>(o.interpret));
}

Engine::Engine(const Options& options)
    : options_(options),
      types_(options.model),
      callbacks_(options.report ? options.report : std::function(report_to_stderr)) {
  if (!options.machine_code) interprets_ = "machine code is turned off";
}

const char* Engine::interprets() const {
  const std::shared_lock lock(mutex_);
  return interprets_.empty() ? nullptr : interprets_.c_str();
}

std::shared_ptr<const Signature> Engine::find(const Key& key) const {
  const auto found = signatures_.find(key);
  return found == signatures_.end() ? nullptr : found->second.lock();
}

Result<std::shared_ptr<const Signature>> Engine::compile(const ctype::Type& function, const SignatureOptions& options) {
  const Key key{&ctype::resolve(function), options};
  {
    const std::shared_lock lock(mutex_);
    if (auto signature = find(key)) return signature;
  }
  auto layout = abi::lay_out_call(*key.type, options.convention, options.dialect);
  if (!layout) return layout.error();
  auto shared_layout = std::make_shared<const abi::CallLayout>(*std::move(layout));
  const marshal::Plan plan = options.slots == Slots::Words
                                 ? marshal::plan_for_words(*shared_layout, options.capture_errno)
                                 : marshal::plan_for_addresses(*shared_layout, options.capture_errno);
  auto code = marshal::compile(std::move(shared_layout), plan);
  if (!code) return code.error();

  const std::unique_lock lock(mutex_);
  if (auto signature = find(key)) return signature;  // another thread was faster
  sweep();
  auto compiled = share(*std::move(code), key);
  if (!compiled) return compiled.error();
  auto signature = std::make_shared<const Signature>(Signature{key.type, options, *std::move(compiled)});
  signatures_[key] = signature;
  return signature;
}

// The code compiled before for the same instructions, or new. The caller holds the lock.
Result<std::shared_ptr<const CompiledCode>> Engine::share(marshal::Code code, const Key& key) {
  const std::size_t hash = hash_of(code);
  for (auto [at, end] = compiled_.equal_range(hash); at != end;) {
    const auto candidate = at->second.lock();
    if (candidate == nullptr) {
      at = compiled_.erase(at);
      continue;
    }
    if (candidate->code == code && (!key.options.interpret || !candidate->machine)) return candidate;
    ++at;
  }
  auto compiled = std::make_shared<CompiledCode>();
  compiled->code = std::move(code);
  if (Status assembled = assemble(*compiled, key); !assembled) return assembled.error();
  compiled_.emplace(hash, compiled);
  return std::shared_ptr<const CompiledCode>(std::move(compiled));
}

// Machine code where it is wanted and can be had; otherwise the interpreter does the work.
Status Engine::assemble(CompiledCode& compiled, const Key& key) {
  if (compiled.code.layout->uses_ymm && !codegen::has_avx()) {
    return Error{kNoAvx};
  }
  compiled.invoke = marshal::interpreter_for(compiled.code);
  if (key.options.interpret || !interprets_.empty()) return Unit{};
  auto machine = codegen::assemble(arena_, compiled.code);
  if (!machine) {
    interprets_ = machine.error().message;
    return Unit{};
  }
  compiled.machine = *std::move(machine);
  compiled.invoke = compiled.machine.invoke();
  if (options_.perf_map) codegen::add_to_perf_map(compiled.machine.bytes(), "pinion: " + ctype::to_c(*key.type));
  return Unit{};
}

Result<const CallbackCode*> Engine::compile_callback(const ctype::Type& function, abi::Convention convention,
                                                     abi::Dialect dialect) {
  auto layout = abi::lay_out_call(ctype::resolve(function), convention, dialect);
  if (!layout) return layout.error();
  const std::unique_lock lock(mutex_);
  for (const auto& known : callback_codes_) {
    if (*known->code.layout == *layout) return known.get();
  }
  auto code = marshal::compile_callback(std::make_shared<const abi::CallLayout>(*std::move(layout)));
  if (!code) return code.error();
  if (code->uses_ymm && !codegen::has_avx()) return Error{kNoAvx};
  auto made = std::make_unique<CallbackCode>();
  made->code = *std::move(code);
  made->entry = reinterpret_cast<const void*>(made->code.layout->convention == abi::Convention::Microsoft
                                                  ? &marshal::pinion_callback_microsoft
                                                  : &marshal::pinion_callback_sysv);
  if (interprets_.empty()) {
    if (auto machine = codegen::assemble_callback(arena_, made->code)) {
      made->machine = *std::move(machine);
      made->entry = made->machine.entry();
      if (options_.perf_map) {
        codegen::add_to_perf_map(made->machine.bytes(), "pinion callback: " + ctype::to_c(function));
      }
    }
  }
  callback_codes_.push_back(std::move(made));
  return callback_codes_.back().get();
}

// Forgets what nobody uses any more, each time the tables have doubled. The caller holds the lock.
void Engine::sweep() {
  if (std::max(signatures_.size(), compiled_.size()) < sweep_at_) return;
  std::erase_if(signatures_, [](const auto& entry) { return entry.second.expired(); });
  std::erase_if(compiled_, [](const auto& entry) { return entry.second.expired(); });
  sweep_at_ = std::max<std::size_t>(64, 2 * std::max(signatures_.size(), compiled_.size()));
}

}  // namespace pinion
