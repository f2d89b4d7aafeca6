#include "scene.hpp"

#include <cstring>

#include "ffi/ctype/parser.hpp"
#include "ffi/marshal/callback_compiler.hpp"

namespace pinion::callback {

Scene::Scene(threads::OwnershipPolicy policy)
    : rig(policy), callbacks([this](const std::string& report) { reports.push_back(report); }), gate(rig.ownership) {
  ctype::TypeTable types(ctype::DataModel::Lp64);
  ctype::Declarations declared;
  static_cast<void>(ctype::parse_into(types, "long f(long)", declared));
  auto layout = abi::lay_out_call(*declared.last_function()->type, abi::Convention::SysV, {});
  auto code = marshal::compile_callback(std::make_shared<const abi::CallLayout>(*std::move(layout)));
  code_ = std::make_unique<marshal::Code>(*std::move(code));
  machine_ = *codegen::assemble_callback(arena_, *code_);
}

Descriptor* Scene::make(Body body, long default_result, std::string name) {
  bodies_.push_back(std::make_unique<Body>(std::move(body)));
  const Handler handler = [](void* data, void* const* arguments, void* result) {
    const long answer = (*static_cast<Body*>(data))(*static_cast<const long*>(arguments[0]));
    std::memcpy(result, &answer, sizeof answer);
    return 0;
  };
  auto made = callbacks.make(machine_.entry(), *code_,
                             {.name = std::move(name),
                              .handler = handler,
                              .data = bodies_.back().get(),
                              .default_result = std::as_bytes(std::span(&default_result, 1)),
                              .gate = &gate});
  return *made;
}

Scene::Function Scene::function(const Descriptor* callback) {
  return reinterpret_cast<Function>(const_cast<void*>(Callbacks::address(callback)));
}

}  // namespace pinion::callback
