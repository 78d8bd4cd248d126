// What the tests of the web server share: figures with hostile names in them, a source that the test scripts, clients
// on loopback, and a loop that turns while they wait.
#pragma once

#include <event2/event.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "resolver/base/clock.h"
#include "telemetry/web/router.h"
#include "telemetry/web/web_server.h"

namespace vouch {

using namespace std::chrono_literals;

inline constexpr auto kWebPatience = 20s;  // only a failing test waits this long

// Names as queries can make them: the presentation form is printable ASCII, and that is all that can be said for it.
inline constexpr std::string_view kScriptZone = "<script>alert(1)</script>.example.";
inline constexpr std::string_view kFormulaZone = "=cmd|'/c calc'!A1.example.";

inline Figures sample_web_figures() {
  Figures figures;
  figures.taken = 1'790'000'000;
  figures.started = figures.taken - 7200;
  figures.counters = std::make_shared<WorkerCounters>();
  ZoneFigures zone;
  zone.zone = "example.org.";
  zone.began = figures.taken - 3600;
  ZoneCause cause;
  cause.reason = Reason::rrsig_expired;
  cause.key_tag = 4711;
  cause.failures = 7;
  zone.causes.push_back(cause);
  zone.withheld = {.answers = 12, .lookups = 5};
  zone.is_public = true;
  figures.zones.push_back(zone);
  for (const std::string_view name : {kScriptZone, kFormulaZone, std::string_view("\\226\\128\\174.example.")}) {
    zone.zone = name;
    zone.is_public = false;
    zone.state = ZoneState::recovered;
    figures.zones.push_back(zone);
  }
  IncidentFigures incident;
  incident.zone = "@sum.example.";
  incident.reason = Reason::rrsig_invalid;
  figures.incidents.push_back(incident);
  figures.tlds.push_back({.tld = "org.", .answers = {3, 2, 1, 0, 0, 0}});
  figures.expiring.emplace_back().zone = "example.net.";
  figures.day.answers[0][0] = 30;
  figures.day.answers[1][1] = 70;
  figures.day.queries = {50, 10, 40, 0, 0, 0};
  figures.clients = {.prefixes = 1234, .only_encrypted = 7};
  return figures;
}

class FakeSites final : public SiteChecker {
 public:
  void check(std::string_view name, Done done) override {
    asked.emplace_back(name);
    if (is_full) {
      done(std::nullopt);
    } else if (is_slow) {
      waiting.push_back(std::move(done));
    } else {
      done(report_of(name));
    }
  }
  static SiteReport report_of(std::string_view name) {
    SiteReport report;
    report.name = name;
    report.outcome = SiteReport::Outcome::answered;
    return report;
  }
  std::vector<std::string> asked;
  std::vector<Done> waiting;
  bool is_full = false, is_slow = false;
};

class FakeSource final : public WebSource {
 public:
  FakeSource() : figures_(sample_web_figures()) {
    status_.version = "0.1";
    status_.validation = "enforce";
    status_.root_validated = 1'790'000'000;
  }
  const Figures& figures() override { return figures_; }
  const StatusFigures& status() override { return status_; }
  std::vector<HourFigures> hours(UnixTime from, UnixTime to) override {
    asked_hours = {from, to};
    HourFigures hour;
    hour.hour = from;
    return {hour};
  }
  SiteChecker& sites() override { return sites_; }
  bool is_serving() override { return serving; }

  Figures figures_;
  StatusFigures status_;
  FakeSites sites_;
  std::pair<UnixTime, UnixTime> asked_hours;
  bool serving = true;
};

class FakeClock final : public Clock {
 public:
  Instant monotonic() const override { return now; }
  UnixTime wall() const override { return 1'790'000'000; }
  TtlTime ttl() const override { return 0; }
  Instant now{std::chrono::hours(1)};
};

inline std::string get(std::string_view target, std::string_view more = "") {
  return "GET " + std::string(target) + " HTTP/1.1\r\nHost: localhost\r\n" + std::string(more) + "\r\n";
}

inline std::string head_of(const std::string& response) { return response.substr(0, response.find("\r\n\r\n") + 4); }
inline std::string body_of(const std::string& response) { return response.substr(response.find("\r\n\r\n") + 4); }
inline int status_of(const std::string& response) {
  return response.starts_with("HTTP/1.1 ") ? std::stoi(response.substr(9, 3)) : 0;
}
inline std::string field_of(const std::string& response, const std::string& name) {
  const std::string head = head_of(response);
  const std::size_t at = head.find("\r\n" + name + ": ");
  if (at == std::string::npos) { return ""; }
  const std::size_t begin = at + name.size() + 4;
  return head.substr(begin, head.find("\r\n", begin) - begin);
}

// A client's socket; the loop turns while it waits.
class WebClient {
 public:
  WebClient(event_base* base, const SocketAddress& server) : base_(base) {
    sockaddr_storage to{};
    const socklen_t length = server.to(to);
    fd_ = socket(server.ip().is_v4() ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    const int result = connect(fd_, reinterpret_cast<const sockaddr*>(&to), length);
    if (result != 0 && errno != EINPROGRESS) { is_open_ = false; }
  }
  WebClient(WebClient&& other) noexcept
      : base_(other.base_), fd_(std::exchange(other.fd_, -1)), is_open_(other.is_open_), got_(std::move(other.got_)) {}
  ~WebClient() {
    if (fd_ >= 0) { close(fd_); }
  }

  void send(std::string_view text) {
    const auto deadline = std::chrono::steady_clock::now() + kWebPatience;
    while (!text.empty() && is_open_ && std::chrono::steady_clock::now() < deadline) {
      const ssize_t sent = ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL);
      if (sent > 0) {
        text.remove_prefix(static_cast<std::size_t>(sent));
      } else if (errno != EAGAIN && errno != ENOTCONN) {
        return;
      }
      turn();
    }
  }
  // Everything until the response is whole, or the server closes.
  std::string response(bool has_body = true) {
    wait([&] { return length(has_body).has_value(); });
    const std::size_t end = length(has_body).value_or(got_.size());
    std::string one = got_.substr(0, end);
    got_.erase(0, end);
    return one;
  }
  std::string ask(std::string_view request, bool has_body = true) {
    send(request);
    return response(has_body);
  }
  bool wait_for_close() {
    wait([] { return false; });
    return !is_open_;
  }
  bool is_open() {
    take();
    return is_open_;
  }
  void turn() {
    event_base_loop(base_, EVLOOP_NONBLOCK);
    take();
  }
  int fd() const { return fd_; }

 private:
  std::optional<std::size_t> length(bool has_body) const {
    const std::size_t end = got_.find("\r\n\r\n");
    if (end == std::string::npos) { return std::nullopt; }
    const std::string body_length = field_of(got_, "Content-Length");
    const std::size_t body = has_body && !body_length.empty() ? std::stoul(body_length) : 0;
    return got_.size() >= end + 4 + body ? std::optional(end + 4 + body) : std::nullopt;
  }
  void take() {
    char octets[16384];
    while (is_open_) {
      const ssize_t count = recv(fd_, octets, sizeof octets, 0);
      if (count > 0) {
        got_.append(octets, static_cast<std::size_t>(count));
      } else {
        if (count == 0 || (errno != EAGAIN && errno != ENOTCONN)) { is_open_ = false; }
        return;
      }
    }
  }
  void wait(const std::function<bool()>& done) {
    const auto deadline = std::chrono::steady_clock::now() + kWebPatience;
    while (!done() && is_open_ && std::chrono::steady_clock::now() < deadline) {
      turn();
      pollfd ready{.fd = fd_, .events = POLLIN, .revents = 0};
      poll(&ready, 1, 1);
    }
  }

  event_base* base_;
  int fd_ = -1;
  bool is_open_ = true;
  std::string got_;
};

class WebTest : public ::testing::Test {
 protected:
  WebTest() : base(event_base_new(), &event_base_free) {}

  void serve(WebOptions options = {}, WebLimits limits = {}) {
    options.listen = {SocketAddress(IpAddress::parse("127.0.0.1").value(), 0)};
    router = std::make_unique<Router>(source, options, clock);
    listen(*router, limits);
  }
  void listen(WebHandler& handler, const WebLimits& limits) {
    server = WebServer::create(base.get(), handler, limits);
    const auto bound = server->listen_on(SocketAddress(IpAddress::parse("127.0.0.1").value(), 0));
    ASSERT_TRUE(bound) << bound.error();
    address = server->addresses().front();
  }
  WebClient client() { return WebClient(base.get(), address); }
  std::string ask(std::string_view request, bool has_body = true) { return client().ask(request, has_body); }
  bool turn_until(const std::function<bool()>& happened) { return turn(happened, kWebPatience); }
  void turn_for(Duration time) {
    turn([] { return false; }, time);
  }

  bool turn(const std::function<bool()>& happened, Duration at_most) {
    const auto end = std::chrono::steady_clock::now() + at_most;
    while (!happened()) {
      if (std::chrono::steady_clock::now() >= end) { return false; }
      event_base_loop(base.get(), EVLOOP_NONBLOCK);
      usleep(1000);
    }
    return true;
  }

  std::unique_ptr<event_base, void (*)(event_base*)> base;
  FakeSource source;
  FakeClock clock;
  std::unique_ptr<Router> router;
  std::unique_ptr<WebServer> server;
  SocketAddress address;
};

}  // namespace vouch
