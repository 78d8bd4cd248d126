// Any octets as a line of the control channel: it is refused with a sentence or is a command with arguments, and runs
// to exactly one last line, which is clean ASCII whatever was asked.
#include <memory>
#include <string>

#include "resolver/daemon/control/registry.h"
#include "tests/fuzz/fuzz_input.h"

namespace vouch {
namespace {

// What the parser's depth bound is held against: a count of our own, by the grammar of RFC 8259.
std::size_t depth_of(const Json& value) {
  std::size_t deepest = 0;
  if (!value.is_structured()) { return 0; }
  for (const auto& member : value) { deepest = std::max(deepest, depth_of(member)); }
  return deepest + 1;
}

struct Heard final : CallReplies {
  void put(std::string line, bool is_last) override {
    must(!is_ended, "nothing after the last line");
    is_ended = is_last;
    must(line.find('\n') == line.size() - 1, "one line");
    for (std::size_t i = 0; i + 1 < line.size(); ++i) { must(line[i] >= ' ' && line[i] <= '~', "printable ASCII"); }
    const Json answer = Json::parse(line, nullptr, false);
    must(answer.is_object() && answer.contains("ok") == is_last, "`ok` marks the last line");
    must(answer.value("ok", true) || !answer.at("error").get<std::string>().empty(), "a refusal in words");
  }
  bool is_full() const override { return false; }
  void when_drained(std::function<void()>) override {}
  bool is_ended = false;
};

void add_samples(ControlRegistry& registry) {
  registry.add({.name = "a", .arguments = {"name", "type", "flag"}, .run = [](const CallPtr& call) {
                  call->item({{"arguments", call->arguments()}});
                  const auto name = call->name();
                  if (!name) { return; }
                  const auto type = call->type("type", Type::A);
                  if (!type) { return; }
                  const auto flag = call->flag("flag");
                  if (flag) { call->done({{"name", name->text()}, {"type", type_text(*type)}, {"flag", *flag}}); }
                }});
}

}  // namespace
}  // namespace vouch

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace vouch;
  const std::string_view line = text_of(Bytes(data, std::min(size, kMaxRequestOctets + 64)));
  auto request = parse_request(line);
  if (!request) {
    must(!request.error().empty(), "a refusal in words");
    return 0;
  }
  must(line.size() <= kMaxRequestOctets, "a bounded line");
  must(request->arguments.is_object() && !request->arguments.contains("command"), "arguments alone");
  must(depth_of(request->arguments) <= kMaxRequestDepth, "a bounded depth");
  ControlRegistry registry;
  add_samples(registry);
  Heard heard;
  registry.run(std::make_shared<Call>(std::move(*request), heard));
  must(heard.is_ended, "an answer");
  return 0;
}
