#include "tests/scenarios/player.h"

#include <algorithm>
#include <cstdio>
#include <map>

namespace vouch::simulation {
namespace {

constexpr Duration kLongestAnswer = 30s;  // virtual; whatever has not come by then is missing

std::string indented(std::string_view text) {
  std::string out = "    ";
  for (const char c : text) {
    out += c;
    if (c == '\n') { out += "    "; }
  }
  while (!out.empty() && (out.back() == ' ' || out.back() == '\n')) { out.pop_back(); }
  return out + "\n";
}

// Name of the part that does not match; nothing when all do.
std::optional<std::string> mismatch(const Entry& entry, const Message& got, bool over_tcp) {
  const Match& match = entry.match;
  const Message& want = entry.message;
  const bool both_ask = want.question && got.question;
  const auto dnssec_ok = [](const Message& message) { return message.edns && message.edns->dnssec_ok; };
  if (match.opcode && want.opcode != got.opcode) { return "opcode"; }
  if (match.qtype && !(both_ask && want.question->type == got.question->type)) { return "qtype"; }
  if (match.qname && !(both_ask && want.question->name == got.question->name)) { return "qname"; }
  if (match.qcase && !(both_ask && want.question->name.view().is_same_with_case(got.question->name))) {
    return "qcase";
  }
  if (match.subdomain && !(both_ask && got.question->name.view().is_at_or_below(want.question->name))) {
    return "subdomain";
  }
  if (match.flags && want.flags_text() != got.flags_text()) { return "flags"; }
  if (match.rcode && want.rcode != got.rcode) { return "rcode"; }
  if (match.answer && !same_records(want.answer, got.answer, match.ttl)) { return "answer"; }
  if (match.authority && !same_records(want.authority, got.authority, match.ttl)) { return "authority"; }
  if (match.additional && !same_records(want.additional, got.additional, match.ttl)) { return "additional"; }
  if (match.edns && want.edns.has_value() != got.edns.has_value()) { return "edns"; }
  if (match.nsid && !(got.edns && got.edns->option(OptionCode::nsid) != nullptr)) { return "nsid"; }
  if (match.dnssec_ok && dnssec_ok(want) != dnssec_ok(got)) { return "DO"; }
  if (match.tcp && !over_tcp) { return "TCP"; }
  if (match.udp && over_tcp) { return "UDP"; }
  return std::nullopt;
}

class Player {
 public:
  Player(const Scenario& scenario, const ScenarioSetup& setup)
      : scenario_(scenario),
        used_(scenario.steps.size()),
        world_(setup.world, [this](const Asked& asked) { return answer(asked); }) {}

  Playback play() {
    for (const ScenarioStep& step : scenario_.steps) {
      number_ = step.number;
      switch (step.kind) {
        case ScenarioStep::Kind::query:
          query(step);
          break;
        case ScenarioStep::Kind::check_answer:
          check(step);
          break;
        case ScenarioStep::Kind::time_passes:
          note("time passes: " + std::to_string(step.elapse) + " s");
          world_.pass(std::chrono::seconds(step.elapse));
          break;
        case ScenarioStep::Kind::reply:
          break;  // taken by whichever question it fits, see one_shot()
      }
    }
    for (const auto& [what, times] : unanswered_) {
      problem(what + (times > 1 ? " (" + std::to_string(times) + " times)" : "") + ", and no entry answers it\n");
    }
    playback_.verdict = playback_.problems.empty() ? Playback::Verdict::passed : Playback::Verdict::failed;
    return std::move(playback_);
  }

 private:
  void note(const std::string& what) {
    playback_.transcript.push_back("step " + std::to_string(number_) + ": " + what);
  }
  void problem(std::string what) { playback_.problems.push_back(std::move(what)); }

  void query(const ScenarioStep& step) {
    Message query = step.entry.message;
    query.id = static_cast<std::uint16_t>(0x1000 + step.number);
    Asking how;
    how.protocol = step.tcp || step.entry.match.tcp ? ClientProtocol::tcp : ClientProtocol::udp;
    if (step.from) { how.client = SocketAddress(*step.from, 40000); }
    if (query.edns) { query.edns->udp_size = 4096; }
    note("client asks " + query.question_text() + " [" + query.flags_text() + (query.edns ? " DO]" : "]"));
    const Pending pending[] = {world_.send(query.encode(), how)};
    world_.wait(pending, kLongestAnswer);
    answer_ = pending[0].answer();
    note("client gets " + (answer_.is_readable() ? answer_.message().text() : answer_.summary()));
    world_.settle();
  }

  void check(const ScenarioStep& step) {
    const std::string where =
        "step " + std::to_string(step.number) + " CHECK_ANSWER (line " + std::to_string(step.line) + "): ";
    if (!answer_.is_readable()) {
      problem(where + "there is no answer: " + answer_.summary() + "\n  expected:\n" +
              indented(step.entry.message.text()));
      return;
    }
    const auto part = mismatch(step.entry, answer_.message(), false);
    if (!part) { return; }
    problem(where + *part + " differs\n  expected:\n" + indented(step.entry.message.text()) + "  got:\n" +
            indented(answer_.message().text()));
  }

  Scripted answer(const Asked& asked) {
    const bool over_tcp = asked.protocol != UpstreamProtocol::udp;
    const auto query = Message::decode(asked.packet);
    const std::string what = asked.server.ip().text() + " is asked " +
                             (query ? query->question_text() : "(unreadable)") + (over_tcp ? " over TCP" : "");
    if (!query) {
      problem("step " + std::to_string(number_) + ": " + what + ": " + query.error() + "\n");
      return Scripted::silence();
    }
    const Entry* entry = entry_for(asked.server.ip(), *query, over_tcp);
    if (entry == nullptr) { entry = one_shot(*query, over_tcp); }
    if (entry == nullptr) {
      note(what + ": no entry, so silence");
      ++unanswered_["step " + std::to_string(number_) + ": " + what];
      return Scripted::silence();
    }
    note(what + ": entry of line " + std::to_string(entry->line) + (entry->adjust.do_not_answer ? ", silence" : ""));
    if (entry->adjust.do_not_answer) { return Scripted::silence(); }
    return Scripted::reply(reply(*entry, *query), kUsualDelay + std::chrono::seconds(entry->adjust.sleep));
  }

  const Entry* entry_for(const IpAddress& server, const Message& query, bool over_tcp) const {
    for (const Range& range : scenario_.ranges) {
      const bool is_there =
          range.addresses.empty() || std::ranges::find(range.addresses, server) != range.addresses.end();
      if (number_ < range.first || number_ > range.last || !is_there) { continue; }
      for (const Entry& entry : range.entries) {
        if (!mismatch(entry, query, over_tcp)) { return &entry; }
      }
    }
    return nullptr;
  }

  // STEP n REPLY: the first unused one, from the present step on, that fits the question, whatever the server.
  const Entry* one_shot(const Message& query, bool over_tcp) {
    for (std::size_t i = 0; i < scenario_.steps.size(); ++i) {
      const ScenarioStep& step = scenario_.steps[i];
      const bool is_due = step.kind == ScenarioStep::Kind::reply && step.number >= number_ && !used_[i];
      if (!is_due || mismatch(step.entry, query, over_tcp)) { continue; }
      used_[i] = true;
      return &step.entry;
    }
    return nullptr;
  }

  static Buffer reply(const Entry& entry, const Message& query) {
    if (entry.raw) {
      Buffer raw = *entry.raw;
      if (entry.adjust.raw_id && raw.size() >= 2) { store16(raw.data(), query.id); }
      return raw;
    }
    Message message = entry.message;
    if (entry.adjust.copy_id) {
      message.id = query.id;
      if (message.question && query.question) { message.question->name = query.question->name; }
    }
    if (entry.adjust.copy_query) { message.question = query.question; }
    // Stories do not write OPT down: a server that was asked with EDNS answers with EDNS (RFC 6891 section 6.1.1).
    if (query.edns && !message.edns) {
      message.edns = EdnsPart{};
      message.edns->dnssec_ok = query.edns->dnssec_ok;
    }
    if (!query.edns) { message.edns.reset(); }
    return message.encode();
  }

  const Scenario& scenario_;
  int number_ = 0;
  std::vector<bool> used_;
  std::map<std::string, int> unanswered_;
  ClientAnswer answer_;
  Playback playback_;
  World world_;  // last: it calls answer() while it lives
};

}  // namespace

Playback play(std::string_view text) {
  const auto impossible = [](std::vector<std::string> why, Playback::Verdict verdict) {
    Playback playback;
    playback.verdict = verdict;
    playback.problems = std::move(why);
    return playback;
  };
  const auto scenario = parse_scenario(text);
  if (!scenario) { return impossible({scenario.error() + "\n"}, Playback::Verdict::failed); }
  const auto setup = set_up(*scenario);
  if (!setup) { return impossible({setup.error() + "\n"}, Playback::Verdict::failed); }
  if (!setup->not_built.empty()) {
    std::vector<std::string> why;
    for (const std::string& what : setup->not_built) { why.push_back("needs " + what + ", which is not built yet\n"); }
    return impossible(std::move(why), Playback::Verdict::not_playable);
  }
  return Player(*scenario, *setup).play();
}

}  // namespace vouch::simulation
