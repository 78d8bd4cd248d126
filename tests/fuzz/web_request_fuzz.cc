// Any octets as a request to the web server: it is answered once, with a status we mean and a head that no octet of the
// request can break; and nobody without the token gets what is the operator's. Typed names, hosts and credentials too.
#include <memory>
#include <set>
#include <string>

#include "telemetry/web/router.h"
#include "telemetry/web/site_name.h"
#include "tests/fuzz/fuzz_input.h"

namespace vouch {
namespace {

constexpr std::string_view kToken = "0123456789abcdef";
constexpr std::string_view kSecret = "private.example.";

struct StillClock final : Clock {
  Instant monotonic() const override { return Instant{std::chrono::hours(1)}; }
  UnixTime wall() const override { return 1'790'000'000; }
  TtlTime ttl() const override { return 0; }
};

struct SampleSource final : WebSource, SiteChecker {
  SampleSource() {
    figures_.taken = 1'790'000'000;
    figures_.counters = std::make_shared<WorkerCounters>();
    ZoneFigures zone;
    zone.zone = kSecret;
    zone.causes.emplace_back().reason = Reason::rrsig_expired;
    figures_.zones.push_back(zone);
    status_.validation = "enforce";
  }
  const Figures& figures() override { return figures_; }
  const StatusFigures& status() override { return status_; }
  std::vector<HourFigures> hours(UnixTime from, UnixTime to) override {
    must(from >= 0 && from <= to && to - from <= 31 * 24 * 3600, "a bounded stretch of hours");
    return {};
  }
  SiteChecker& sites() override { return *this; }
  bool is_serving() override { return true; }
  void check(std::string_view name, Done done) override {
    const auto parsed = Name::parse(name);
    must(parsed && parsed->view().text() == name, "a name in its one spelling");
    SiteReport report;
    report.name = name;
    done(std::move(report));
  }
  Figures figures_;
  StatusFigures status_;
};

void check_head(const WebResponse& response) {
  static const std::set<std::uint16_t> kStatuses{200, 304, 400, 401, 403, 404, 405, 413, 417, 421, 429, 500, 503};
  must(kStatuses.contains(response.status), "a status we mean");
  const std::string head = response_head(response, response.body.size(), response.closes, 1'790'000'000);
  must(head.find("\r\n\r\n") == head.size() - 4, "one end of the head");
  for (std::size_t i = 0; i < head.size(); ++i) {
    const bool is_line_end = head[i] == '\n' ? i > 0 && head[i - 1] == '\r' : head[i] == '\r' && head[i + 1] == '\n';
    must(is_line_end || (head[i] >= ' ' && head[i] <= '~'), "a clean head");
  }
  must(head.contains("\r\nContent-Security-Policy: default-src 'none';"), "its policy");
  must(!head.contains("Access-Control"), "no other origin");
}

void handle(std::string_view text, std::uint8_t flags) {
  const auto end = end_of_head(text);
  if (!end) { return; }
  const std::string head_text(text.substr(0, *end));
  const auto head = WebHead::parse(head_text);
  if (!head) {
    must(head.error().status >= 400 && !head.error().text.empty(), "a refusal in words");
    return;
  }
  StillClock clock;
  SampleSource source;
  WebOptions options;
  if ((flags & 1) != 0) { options.token = kToken; }
  options.host_names = {"dns.example.net"};
  Router router(source, options, clock);
  const auto shown = head->field("authorization");
  const bool knows_the_token = shown && token_in(*shown) == kToken;
  int answers = 0;
  router.handle(*head, {.remote = IpAddress(), .local = IpAddress()}, [&](const WebResponse& response) {
    ++answers;
    check_head(response);
    // What was typed is echoed, and may be the name itself.
    const bool may_know = options.token.empty() || knows_the_token || text.contains('?');
    must(may_know || !response.body.contains(kSecret), "the operator's alone");
  });
  must(answers == 1, "one answer");
}

void read_parts(std::string_view text) {
  if (const auto name = site_name_in(text)) {
    const auto again = site_name_in(*name);
    must(again && *again == *name, "a name stays the name it is");
    must(name->ends_with('.') && name->size() <= 1024, "absolute and bounded");
  }
  const HostGuard guard({"dns.example.net"});
  if (guard.allows(text, IpAddress())) {
    must(text.find_first_of("/@\\ \t\r\n") == std::string_view::npos, "an authority");
  }
  Access access(std::string(kToken), true);
  const auto judged = access.judge(text, IpAddress(), {});
  must(judged.grant != Access::Grant::resolver_operator || token_in(text) == kToken, "the token itself");
  const Language language = choose_language(text.substr(0, text.size() / 2), text);
  must(static_cast<std::size_t>(language) < kLanguageTags.size(), "a language we speak");
}

}  // namespace
}  // namespace vouch

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace vouch;
  FuzzInput input({data, std::min(size, kMaxWebHead + 1)});
  const std::uint8_t flags = input.octet();
  const std::string_view text = text_of(input.rest());
  if ((flags & 2) != 0) {
    read_parts(text);
  } else if ((flags & 4) != 0) {
    // A whole head around what the fuzzer makes of the target.
    handle("GET " + std::string(text.substr(0, text.find('\n'))) + " HTTP/1.1\r\nHost: localhost\r\n\r\n", flags);
  } else {
    handle(text, flags);
  }
  return 0;
}
