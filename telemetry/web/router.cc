#include "telemetry/web/router.h"

#include <algorithm>
#include <ctime>

#include "telemetry/metrics.h"
#include "telemetry/web/api.h"
#include "telemetry/web/site_name.h"

namespace vouch {
namespace {

constexpr std::string_view kChallenge = "Basic realm=\"Vouch\", charset=\"UTF-8\"";
constexpr std::string_view kMetricsType = "text/plain; version=0.0.4; charset=utf-8";
constexpr std::string_view kMetricsPath = "/metrics";
constexpr UnixTime kMonth = 30 * 24 * 3600;

// Of the machine's own time zone.
std::int32_t utc_offset_at(UnixTime now) noexcept {
  const std::time_t seconds = now;
  std::tm parts{};
  return localtime_r(&seconds, &parts) == nullptr ? 0 : static_cast<std::int32_t>(parts.tm_gmtoff);
}

std::optional<Page> page_at(std::string_view path) noexcept {
  const auto found = std::ranges::find(kPagePaths, path);
  if (found == kPagePaths.end()) { return std::nullopt; }
  return static_cast<Page>(found - kPagePaths.begin());
}

bool is_api(std::string_view path) noexcept {
  return path.starts_with(kApiPrefix) || path == "/api" || path == "/api/";
}

bool needs_operator(std::string_view path) noexcept {
  if (const auto page = page_at(path)) { return !is_for_subscribers(*page); }
  return is_api(path) || path == kMetricsPath;
}

// What everybody may have without being asked who they are.
bool is_open(std::string_view path) noexcept { return !page_at(path) && !is_api(path) && path != kMetricsPath; }

bool all_loopback(const std::vector<SocketAddress>& listen) {
  return std::ranges::all_of(listen, [](const SocketAddress& address) { return address.ip().is_loopback(); });
}

// A look-up is work that another site must not make its visitors' browsers order here, and what it takes would tell
// that site about the cache. Browsers say where a request comes from (Fetch Metadata); `same-site` is another service
// on this host. Who says nothing is no browser, an old one, or one that came over plain HTTP from another machine:
// there browsers keep it to themselves, and this is no defence.
bool is_from_elsewhere(const WebHead& head) noexcept {
  const auto site = head.field("sec-fetch-site");
  return site && (head.count("sec-fetch-site") > 1 || (*site != "same-origin" && *site != "none"));
}

// If-None-Match (RFC 9110 section 13.1.2), compared weakly.
bool has_tag(std::string_view field, std::string_view etag) noexcept {
  if (field == "*") { return true; }
  for (std::size_t at = field.find(etag); at != std::string_view::npos; at = field.find(etag, at + 1)) {
    const std::string_view rest = field.substr(at + etag.size());
    if (rest.empty() || rest.front() == ',' || rest.front() == ' ') { return true; }
  }
  return false;
}

}  // namespace

Router::Router(WebSource& source, const WebOptions& options, const Clock& clock)
    : source_(source),
      clock_(clock),
      hosts_(options.host_names),
      access_(options.token, all_loopback(options.listen)) {}

void Router::handle(const WebHead& head, const WebPeer& peer, WebDone done) {
  if (auto refused = refuse(head, peer)) {
    done(std::move(*refused));
    return;
  }
  auto target = WebTarget::parse(head.target);
  if (!target) {
    done(plain_response(target.error().status, target.error().text));
    return;
  }
  if (auto refused = refuse_target(*target, peer)) {
    done(std::move(*refused));
    return;
  }
  Request request{.head = head, .target = std::move(*target), .peer = peer};
  request.language = choose_language(request.target.parameter(kLanguageParameter),
                                     head.field("accept-language").value_or(std::string_view()));
  if (auto refused = admit(request)) {
    done(std::move(*refused));
    return;
  }
  route(request, std::move(done));
}

std::optional<WebResponse> Router::refuse(const WebHead& head, const WebPeer& peer) const {
  const auto refusal = [](std::uint16_t status, std::string_view line) {
    WebResponse response = plain_response(status, line);
    response.closes = true;
    return response;
  };
  if (head.count("expect") > 0) { return refusal(417, "Nothing that is announced is waited for here."); }
  if (head.method != "GET" && head.method != "HEAD") { return refusal(405, "Only GET and HEAD are allowed here."); }
  if (head.has_body()) { return refusal(413, "A request has no body here."); }
  // RFC 9112 section 3.2: one, whatever the form of the target.
  if (head.count("host") != 1) { return refusal(400, "A request must have one Host field."); }
  if (!hosts_.allows(*head.field("host"), peer.local)) {
    return refusal(421, "This host name is not one of ours. The operator can add it to the configuration.");
  }
  return std::nullopt;
}

std::optional<WebResponse> Router::refuse_target(const WebTarget& target, const WebPeer& peer) const {
  if (!target.authority || hosts_.allows(*target.authority, peer.local)) { return std::nullopt; }
  WebResponse response = plain_response(421, "This is no proxy.");
  response.closes = true;
  return response;
}

std::optional<WebResponse> Router::admit(Request& request) {
  const std::string_view path = request.target.path;
  if (is_open(path)) { return std::nullopt; }
  if (request.head.count("authorization") > 1) { return problem(request, 400, "Two credentials are none."); }
  const auto judged = access_.judge(request.head.field("authorization"), request.peer.remote, clock_.monotonic());
  switch (judged.grant) {
    case Access::Grant::resolver_operator:
      request.viewer = Viewer::resolver_operator;
      return std::nullopt;
    case Access::Grant::wait: {
      WebResponse response = problem(request, 429, "Too many wrong tokens came from here. Wait.");
      response.retry_after = judged.retry_after;
      return response;
    }
    case Access::Grant::none:
      if (!needs_operator(path)) { return std::nullopt; }
      break;
    case Access::Grant::wrong:
      break;
  }
  if (!access_.can_be_granted()) { return problem(request, 403, "This needs a token, and none is configured."); }
  WebResponse response = problem(request, 401, "This needs the operator's token.");
  response.challenge = kChallenge;
  return response;
}

void Router::route(const Request& request, WebDone done) {
  const std::string_view path = request.target.path;
  if (path == kApiCheckPath) {
    site_api(request, std::move(done));
    return;
  }
  if (const auto wanted = page_at(path)) {
    if (*wanted == Page::site && !request.target.parameter(kAskedParameter).empty()) {
      site_page(request, std::move(done));
    } else {
      done(page(request, *wanted));
    }
    return;
  }
  if (is_api(path)) {
    done(api(request));
  } else if (path == kMetricsPath) {
    done({.content_type = kMetricsType, .body = metrics_text(source_.figures(), source_.status())});
  } else if (path == "/healthz") {
    done(plain_response(200, "ok"));
  } else if (path == "/readyz") {
    done(readiness());
  } else if (auto found = asset(request)) {
    done(std::move(*found));
  } else {
    done(problem(request, 404, "There is nothing here."));
  }
}

WebResponse Router::page(const Request& request, Page page) {
  const UnixTime now = clock_.wall();
  std::vector<HourFigures> month;
  if (page == Page::home || page == Page::adoption) { month = source_.hours(now - kMonth, now); }
  return {.content_type = kHtmlType,
          .body = render_page({.page = page,
                               .language = request.language,
                               .viewer = request.viewer,
                               .figures = source_.figures(),
                               .status = source_.status(),
                               .month = month,
                               .utc_offset = utc_offset_at(now)})};
}

WebResponse Router::site_document(Language language, Viewer viewer, std::string_view asked, const SiteReport* report,
                                  std::uint16_t status) {
  return {.status = status,
          .content_type = kHtmlType,
          .body = render_page({.page = Page::site,
                               .language = language,
                               .viewer = viewer,
                               .figures = source_.figures(),
                               .status = source_.status(),
                               .utc_offset = utc_offset_at(clock_.wall()),
                               .asked = asked,
                               .report = report})};
}

void Router::site_page(const Request& request, WebDone done) {
  if (is_from_elsewhere(request.head)) {
    done(problem(request, 403, "Another site may not order look-ups."));
    return;
  }
  const std::string_view asked = request.target.parameter(kAskedParameter);
  const auto name = site_name_in(asked);
  if (!name) {
    done(site_document(request.language, request.viewer, asked, nullptr, 400));
    return;
  }
  source_.sites().check(*name, [this, done = std::move(done), language = request.language, viewer = request.viewer,
                                typed = std::string(asked)](std::optional<SiteReport> report) {
    done(site_document(language, viewer, typed, report ? &*report : nullptr, report ? 200 : 503));
  });
}

void Router::site_api(const Request& request, WebDone done) {
  if (is_from_elsewhere(request.head)) {
    done(api_problem(403, "Another site may not order look-ups."));
    return;
  }
  if (auto refused = refuse_parameters(kApiCheckPath, request.target)) {
    done(std::move(*refused));
    return;
  }
  const auto name = site_name_in(request.target.parameter("name"));
  if (!name) {
    done(api_problem(400, site_name_fault_text(name.error())));
    return;
  }
  source_.sites().check(*name, [done = std::move(done)](std::optional<SiteReport> report) {
    done(report ? api_site_report(*report) : api_problem(503, "Too many look-ups are under way. Try again."));
  });
}

WebResponse Router::api(const Request& request) {
  const HourReader hours = [this](UnixTime from, UnixTime to) { return source_.hours(from, to); };
  return answer_api(
      {.target = request.target, .figures = source_.figures(), .status = source_.status(), .hours = hours});
}

WebResponse Router::readiness() {
  if (!source_.is_serving()) { return plain_response(503, "Queries are not being answered."); }
  const StatusFigures& status = source_.status();
  if (status.validation != "off" && !status.root_validated) {
    return plain_response(503, "The root's keys have not been validated yet.");
  }
  return plain_response(200, "ready");
}

std::optional<WebResponse> Router::asset(const Request& request) const {
  const auto found = std::ranges::find(assets(), request.target.path, &Asset::path);
  if (found == assets().end()) { return std::nullopt; }
  const auto tag = request.head.field("if-none-match");
  if (tag && has_tag(*tag, found->etag)) { return WebResponse{.status = 304, .etag = found->etag}; }
  return WebResponse{.content_type = found->content_type, .body = std::string(found->body), .etag = found->etag};
}

// In the form that whoever asks for such a path can read.
WebResponse Router::problem(const Request& request, std::uint16_t status, std::string_view text) const {
  const std::string_view path = request.target.path;
  if (is_api(path)) { return api_problem(status, text); }
  if (path == kMetricsPath) { return plain_response(status, text); }
  return {.status = status, .content_type = kHtmlType, .body = render_problem(status, request.language)};
}

}  // namespace vouch
