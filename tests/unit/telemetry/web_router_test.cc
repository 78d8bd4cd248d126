// Which request gets what, and who may have it.
#include "telemetry/web/router.h"

#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "telemetry/web/api.h"
#include "telemetry/web/csv.h"
#include "telemetry/web/openapi.h"
#include "tests/unit/telemetry/web_harness.h"

namespace vouch {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

using Json = nlohmann::json;

constexpr const char* kToken = "0123456789abcdef";

class Routes : public WebTest {
 protected:
  Routes() { use({}); }
  void use(const WebOptions& options) { router = std::make_unique<Router>(source, options, clock); }
  WebResponse handle(const std::string& request, const char* from = "127.0.0.1") {
    const auto head = WebHead::parse(request);
    EXPECT_TRUE(head) << request;
    WebResponse got{.status = 0};
    router->handle(*head, {.remote = IpAddress::parse(from).value(), .local = IpAddress::parse("127.0.0.1").value()},
                   [&](WebResponse response) { got = std::move(response); });
    return got;
  }
  WebResponse fetch(std::string_view target, std::string_view more = "") { return handle(get(target, more)); }
  Json api(std::string_view target) {
    const WebResponse response = fetch(target);
    EXPECT_EQ(response.status, 200) << response.body;
    EXPECT_EQ(response.content_type, kJsonType);
    return Json::parse(response.body);
  }
};

TEST_F(Routes, EveryPageAndAssetIsThere) {
  for (const std::string_view path : kPagePaths) {
    const WebResponse response = fetch(path);
    EXPECT_EQ(response.status, 200) << path;
    EXPECT_EQ(response.content_type, kHtmlType);
    EXPECT_THAT(response.body, StartsWith("<!doctype html>"));
  }
  for (const Asset& asset : assets()) {
    const WebResponse response = fetch(asset.path);
    EXPECT_EQ(response.body, asset.body);
    EXPECT_EQ(response.etag, asset.etag);
    const std::string tag = "If-None-Match: \"other\", W/" + std::string(asset.etag) + "\r\n";
    EXPECT_EQ(fetch(asset.path, tag).status, 304);
    EXPECT_EQ(fetch(asset.path, "If-None-Match: \"other\"\r\n").status, 200);
  }
  EXPECT_EQ(fetch("/metrics").content_type, "text/plain; version=0.0.4; charset=utf-8");
}

TEST_F(Routes, TheMonthIsReadForThosePagesAloneThatShowIt) {
  for (const std::string_view path : kPagePaths) {
    source.asked_hours = {};
    fetch(path);
    EXPECT_EQ(source.asked_hours.second != 0, path == "/" || path == "/adoption") << path;
  }
}

TEST_F(Routes, WhatIsNotThereIsToldInItsOwnForm) {
  EXPECT_EQ(fetch("/nothing").content_type, kHtmlType);
  EXPECT_EQ(fetch("/nothing").status, 404);
  for (const char* path : {"/api/v1/nothing", "/api", "/api/", "/api/v1/"}) {
    EXPECT_EQ(fetch(path).status, 404) << path;
    EXPECT_EQ(fetch(path).content_type, kJsonType) << path;
  }
  for (const char* path : {"//", "/../etc/passwd", "/%2e%2e/", "/status/", "/STATUS"}) {
    EXPECT_EQ(fetch(path).status, 404) << path;
  }
}

TEST_F(Routes, HostsThatAreNotOursAreRefused) {
  EXPECT_EQ(handle("GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n").status, 421);
  EXPECT_EQ(handle("GET http://evil.example/ HTTP/1.1\r\nHost: localhost\r\n\r\n").status, 421);
  EXPECT_EQ(handle("GET http://localhost/ HTTP/1.1\r\nHost: evil.example\r\n\r\n").status, 421);
  EXPECT_EQ(handle("GET http://localhost/ HTTP/1.1\r\nHost: localhost\r\n\r\n").status, 200);
  EXPECT_EQ(handle("GET / HTTP/1.1\r\n\r\n").status, 400);
  EXPECT_EQ(handle("GET / HTTP/1.0\r\n\r\n").status, 400);
  EXPECT_EQ(handle("GET / HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n").status, 400);
  EXPECT_EQ(handle("GET /style.css HTTP/1.1\r\nHost: evil.example\r\n\r\n").content_type, kPlainType);
  use({.host_names = {"dns.example.net"}});
  EXPECT_EQ(handle("GET / HTTP/1.1\r\nHost: DNS.example.net:8053\r\n\r\n").status, 200);
}

TEST_F(Routes, TheTokenOpensWhatIsTheOperators) {
  use({.token = kToken});
  const std::string bearer = std::string("Authorization: Bearer ") + kToken + "\r\n";
  for (const char* path : {"/problems", "/operator", "/adoption", "/status", "/metrics", "/api/v1/summary",
                           "/api/v1/check?name=example.org", "/api/v1/zones.csv", "/api/v1/openapi.json"}) {
    const WebResponse closed = fetch(path);
    EXPECT_EQ(closed.status, 401) << path;
    EXPECT_THAT(closed.challenge, StartsWith("Basic realm="));
    EXPECT_THAT(closed.body, Not(HasSubstr("example.org")));
    EXPECT_EQ(fetch(path, bearer).status, 200) << path;
  }
  for (const char* path : {"/", "/check", "/check?name=example.org", "/privacy", "/healthz", "/readyz", "/style.css"}) {
    EXPECT_EQ(fetch(path).status, 200) << path;
  }
}

TEST_F(Routes, SubscribersSeeNoNameThatFewMet) {
  use({.token = kToken});
  EXPECT_THAT(fetch("/").body, Not(HasSubstr("calc")));
  EXPECT_THAT(fetch("/check?name=example.com").body, Not(HasSubstr("calc")));
}

TEST_F(Routes, AWrongTokenIsRefusedEverywhereAndSlowedDown) {
  use({.token = kToken});
  for (int i = 0; i < 5; ++i) { EXPECT_EQ(fetch("/", "Authorization: Bearer guess\r\n").status, 401); }
  const WebResponse response = fetch("/metrics", std::string("Authorization: Bearer ") + kToken + "\r\n");
  EXPECT_EQ(response.status, 429);
  EXPECT_GE(response.retry_after, 1U);
  EXPECT_EQ(fetch("/").status, 200) << "without a credential the open pages stay open";
  clock.now += 1s;
  EXPECT_EQ(fetch("/metrics", std::string("Authorization: Bearer ") + kToken + "\r\n").status, 200);
  const std::string twice = std::string("Authorization: Bearer x\r\nAuthorization: Bearer ") + kToken + "\r\n";
  EXPECT_EQ(fetch("/metrics", twice).status, 400);
}

TEST_F(Routes, BeyondLoopbackNothingOpensWithoutAToken) {
  use({.listen = {SocketAddress(IpAddress::parse("192.0.2.1").value(), 8053)}});
  EXPECT_EQ(fetch("/status").status, 403);
  EXPECT_EQ(fetch("/metrics").status, 403);
  EXPECT_EQ(fetch("/").status, 200);
}

TEST_F(Routes, AnotherSiteOrdersNoLookUps) {
  for (const char* target : {"/check?name=example.org", "/api/v1/check?name=example.org"}) {
    EXPECT_EQ(fetch(target, "Sec-Fetch-Site: cross-site\r\n").status, 403);
    EXPECT_EQ(fetch(target, "Sec-Fetch-Site: same-site\r\n").status, 403);
    EXPECT_EQ(fetch(target, "Sec-Fetch-Site: none\r\nSec-Fetch-Site: cross-site\r\n").status, 403);
    EXPECT_TRUE(source.sites_.asked.empty());
    EXPECT_EQ(fetch(target, "Sec-Fetch-Site: same-origin\r\n").status, 200);
    EXPECT_EQ(fetch(target, "Sec-Fetch-Site: none\r\n").status, 200);
    EXPECT_EQ(fetch(target).status, 200);
    source.sites_.asked.clear();
  }
  EXPECT_EQ(fetch("/check", "Sec-Fetch-Site: cross-site\r\n").status, 200) << "a link to the empty form is fine";
}

TEST_F(Routes, ACheckAsksForTheNameThatWasMeant) {
  EXPECT_EQ(fetch("/check?name=https%3A%2F%2FWWW.example.org%2Fx").status, 200);
  EXPECT_EQ(api("/api/v1/check?name=espa%C3%B1a.es")["name"], "xn--espaa-rta.es.");
  EXPECT_THAT(source.sites_.asked, ElementsAre("www.example.org.", "xn--espaa-rta.es."));
  EXPECT_EQ(fetch("/check?name=192.0.2.1").status, 400);
  EXPECT_EQ(fetch("/api/v1/check").status, 400);
  EXPECT_EQ(fetch("/api/v1/check?name=a..b").status, 400);
  source.sites_.is_full = true;
  EXPECT_EQ(fetch("/check?name=example.org").status, 503);
  EXPECT_EQ(fetch("/api/v1/check?name=example.org").status, 503);
}

TEST_F(Routes, ReadyIsWhoCanAnswerAndJudge) {
  EXPECT_EQ(fetch("/readyz").status, 200);
  source.status_.root_validated.reset();
  EXPECT_EQ(fetch("/readyz").status, 503);
  EXPECT_EQ(fetch("/readyz").body, "The root's keys have not been validated yet.\n");
  source.status_.validation = "off";
  EXPECT_EQ(fetch("/readyz").status, 200);
  source.serving = false;
  EXPECT_EQ(fetch("/readyz").status, 503);
  EXPECT_EQ(fetch("/healthz").status, 200);
}

TEST_F(Routes, TheApiIsDescribedAndAnswersAsDescribed) {
  std::ifstream file(std::string(VOUCH_SOURCE_DIR) + "/telemetry/web/openapi.json", std::ios::binary);
  const std::string on_disk{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  EXPECT_EQ(openapi_text(), on_disk) << "what is built in";
  const Json description = api("/api/v1/openapi.json");
  std::set<std::string> described, routed;
  for (const auto& [path, methods] : description["paths"].items()) {
    described.insert(path);
    std::string target = path;
    if (const auto at = target.find("{name}"); at != std::string::npos) { target.replace(at, 6, "example.org"); }
    if (path == kApiCheckPath) { target += "?name=example.org"; }
    EXPECT_EQ(fetch(target).status, 200) << path;
    std::set<std::string> parameters;
    for (Json parameter : methods["get"].value("parameters", Json::array())) {
      if (parameter.contains("$ref")) {
        parameter = description.at(Json::json_pointer(parameter["$ref"].get<std::string>().substr(1)));
      }
      if (parameter["in"] == "query") { parameters.insert(parameter["name"]); }
    }
    const auto route = std::ranges::find(api_routes(), path, &ApiRoute::path);
    ASSERT_NE(route, api_routes().end()) << path;
    EXPECT_EQ(parameters, std::set<std::string>(route->parameters.begin(), route->parameters.end())) << path;
  }
  for (const ApiRoute& route : api_routes()) { routed.insert(std::string(route.path)); }
  EXPECT_EQ(described, routed);
}

// Enough of JSON Schema for our own description: types, required members, references, items.
void expect_fits(const Json& value, Json schema, const Json& description, const std::string& where) {
  while (schema.contains("$ref")) {
    schema = description.at(Json::json_pointer(schema["$ref"].get<std::string>().substr(1)));
  }
  if (schema.contains("type")) {
    Json types = schema["type"];
    if (!types.is_array()) { types = Json::array({types}); }
    const auto fits = [&](const Json& type) {
      return (type == "object" && value.is_object()) || (type == "array" && value.is_array()) ||
             (type == "string" && value.is_string()) || (type == "integer" && value.is_number_integer()) ||
             (type == "number" && value.is_number()) || (type == "boolean" && value.is_boolean()) ||
             (type == "null" && value.is_null());
    };
    EXPECT_TRUE(std::ranges::any_of(types, fits)) << where << ": " << value << " is no " << types;
  }
  for (const auto& name : schema.value("required", Json::array())) {
    EXPECT_TRUE(value.contains(name.get<std::string>())) << where << " lacks " << name;
  }
  if (value.is_object() && schema.contains("properties")) {
    for (const auto& [name, member] : value.items()) {
      ASSERT_TRUE(schema["properties"].contains(name)) << where << "." << name << " is not described";
      expect_fits(member, schema["properties"][name], description, where + "." + name);
    }
  }
  if (value.is_array() && schema.contains("items")) {
    for (const auto& item : value) { expect_fits(item, schema["items"], description, where + "[]"); }
  }
}

TEST_F(Routes, WhatTheApiSaysFitsItsDescription) {
  source.status_.anchors.push_back({.zone = ".", .key_tag = 20326, .algorithm = 8, .state = "valid"});
  source.status_.negative_anchors.push_back({.zone = "example.", .reason = "moving", .until = 0});
  source.status_.certificate.emplace().name = "dns.example";
  source.status_.listeners.push_back({.protocol = "dns", .address = "127.0.0.1@53"});
  source.status_.caches.emplace_back().cache = "rrset";
  const Json description = Json::parse(openapi_text());
  for (const auto& [path, methods] : description["paths"].items()) {
    const Json& content = methods["get"]["responses"]["200"]["content"];
    if (!content.contains("application/json") || !content["application/json"].contains("schema")) { continue; }
    std::string target = path;
    if (const auto at = target.find("{name}"); at != std::string::npos) { target.replace(at, 6, "example.org"); }
    if (path == kApiCheckPath) { target += "?name=example.org"; }
    expect_fits(api(target), content["application/json"]["schema"], description, path);
  }
  expect_fits(Json::parse(fetch("/api/v1/zones?limit=x").body),
              description["components"]["responses"]["Problem"]["content"]["application/json"]["schema"], description,
              "problem");
}

TEST_F(Routes, HostileNamesComeBackAsTheyAre) {
  const WebResponse response = fetch("/api/v1/zones");
  for (const char c : response.body) { ASSERT_TRUE(c == '\n' || (c >= ' ' && c <= '~')); }
  const Json zones = Json::parse(response.body)["zones"];
  ASSERT_EQ(zones.size(), 4U);
  EXPECT_EQ(zones[1]["zone"], kScriptZone);
  EXPECT_EQ(zones[2]["zone"], kFormulaZone);
  source.figures_.zones[0].zone = "\xff\xfe<\"\\\n\xe2\x80\xae";
  for (const char c : fetch("/api/v1/zones").body) { ASSERT_TRUE(c == '\n' || (c >= ' ' && c <= '~')); }
}

TEST_F(Routes, ListsAreBoundedAndFiltered) {
  EXPECT_EQ(api("/api/v1/zones?state=failing")["total"], 1);
  EXPECT_EQ(api("/api/v1/zones?state=recovered&limit=1")["zones"].size(), 1U);
  EXPECT_EQ(api("/api/v1/zones?state=recovered&limit=1")["total"], 3);
  EXPECT_EQ(api("/api/v1/zones?offset=2&limit=1")["zones"][0]["zone"], kFormulaZone);
  EXPECT_EQ(api("/api/v1/zones?offset=1000000")["zones"].size(), 0U);
  EXPECT_THAT(fetch("/api/v1/zones.csv?offset=3").body, Not(HasSubstr("calc")));
  EXPECT_EQ(api("/api/v1/zones/EXAMPLE.org.")["causes"][0]["reason"], "rrsig_expired");
  EXPECT_EQ(api("/api/v1/zones/%3Cscript%3Ealert(1)%3C%2Fscript%3E.example")["zone"], kScriptZone);
  for (const char* wrong :
       {"/api/v1/zones?limit=0", "/api/v1/zones?limit=251", "/api/v1/zones?offset=-1", "/api/v1/zones?offset=1000001",
        "/api/v1/zones?limit=-1", "/api/v1/zones?limit=1x",
        "/api/v1/zones?limit=", "/api/v1/zones?limit=99999999999999999999", "/api/v1/zones?state=odd",
        "/api/v1/zones?unknown=1", "/api/v1/summary?x", "/api/v1/zones/a..b", "/api/v1/zones/", "/api/v1/zones/%zz"}) {
    EXPECT_EQ(fetch(wrong).status, 400) << wrong;
  }
  EXPECT_EQ(fetch("/api/v1/zones/example.com").status, 404);
}

TEST_F(Routes, TheLongestNamesFitIntoAnAnswer) {
  std::string longest;
  for (int i = 0; i < 250; ++i) { longest += "\\255"; }
  source.figures_.zones.assign(kMaxApiRows + 1, source.figures_.zones[0]);
  for (ZoneFigures& zone : source.figures_.zones) {
    zone.zone = longest;
    zone.causes.resize(4);
  }
  EXPECT_LT(fetch("/api/v1/zones?limit=250").body.size(), WebLimits().response);
}

TEST_F(Routes, HistoryIsBoundedInTime) {
  api("/api/v1/history");
  EXPECT_EQ(source.asked_hours, std::pair(source.figures_.taken - 86'400, source.figures_.taken));
  api("/api/v1/history?from=1000&to=5000");
  EXPECT_EQ(source.asked_hours, (std::pair<UnixTime, UnixTime>(1000, 5000)));
  for (const char* wrong : {"?from=2&to=1", "?from=0", "?to=x", "?from=-5&to=5", "?from=0&to=9223372036854775807"}) {
    EXPECT_EQ(fetch("/api/v1/history" + std::string(wrong)).status, 400) << wrong;
  }
}

TEST_F(Routes, PeopleAreToldWithTwoDigits) {
  const Json figures = api("/api/v1/summary")["figures"];
  EXPECT_EQ(figures["encrypted"]["prefixes"], 1200);
  EXPECT_DOUBLE_EQ(figures["encrypted"]["share"], 0.4);
  EXPECT_DOUBLE_EQ(figures["authenticated_share"], 0.3);
}

TEST_F(Routes, TablesHoldNoFormulas) {
  const WebResponse zones = fetch("/api/v1/zones.csv");
  EXPECT_EQ(zones.content_type, kCsvType);
  EXPECT_EQ(zones.download, "zones.csv");
  EXPECT_THAT(zones.body, HasSubstr("\r\n\"'=cmd|'/c calc'!A1.example.\",recovered,"));
  EXPECT_THAT(fetch("/api/v1/incidents.csv").body, HasSubstr("\r\n\"'@sum.example.\","));
}

TEST(CsvCell, QuotesAndDefuses) {
  EXPECT_EQ(csv_cell("plain.example."), "plain.example.");
  EXPECT_EQ(csv_cell("a,b"), "\"a,b\"");
  EXPECT_EQ(csv_cell("a\"b"), "\"a\"\"b\"");
  EXPECT_EQ(csv_cell("a\r\nb"), "\"a\r\nb\"");
  for (const char* formula : {"=1", "+1", "-1", "@x", "\tx", "\rx"}) {
    EXPECT_EQ(csv_cell(formula), "\"'" + std::string(formula) + "\"");
  }
  EXPECT_EQ(csv_cell(""), "");
}

}  // namespace
}  // namespace vouch
