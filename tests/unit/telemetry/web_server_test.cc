// Limits and framing, over real sockets.
#include "telemetry/web/web_server.h"

#include <sys/resource.h>

#include <algorithm>

#include "tests/unit/telemetry/web_harness.h"

namespace vouch {
namespace {

using ::testing::AllOf;
using ::testing::Ge;
using ::testing::HasSubstr;
using ::testing::Le;
using ::testing::Not;

WebLimits quick() {
  WebLimits limits;
  limits.idle = 200ms;
  limits.request = 200ms;
  limits.handling = 200ms;
  limits.sending = 400ms;
  limits.stall = 200ms;
  limits.linger = 100ms;
  limits.sweep = 10ms;
  return limits;
}

TEST_F(WebTest, AnswersAndKeepsTheConnection) {
  serve();
  WebClient one = client();
  for (int i = 0; i < 3; ++i) {
    const std::string response = one.ask(get("/healthz"));
    EXPECT_EQ(status_of(response), 200);
    EXPECT_EQ(body_of(response), "ok\n");
  }
  EXPECT_EQ(server->connections(), 1U);
}

TEST_F(WebTest, EveryResponseHasTheSameSecurityHeadersAndNoOthers) {
  serve({.token = "0123456789abcdef"});
  const std::string too_large = "GET /" + std::string(9000, 'a');
  for (const std::string& request :
       {get("/"), get("/healthz"), get("/metrics"), get("/api/v1/summary"), get("/nothing"), get("/style.css"),
        std::string("POST / HTTP/1.1\r\nHost: localhost\r\n\r\n"), std::string("nonsense\r\n\r\n"), too_large,
        std::string("GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n"), std::string("GET / HTTP/2.0\r\n\r\n")}) {
    const std::string response = ask(request);
    EXPECT_EQ(field_of(response, "Content-Security-Policy"),
              "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
              "frame-ancestors 'none'; base-uri 'none'; form-action 'self'")
        << request << response;
    EXPECT_EQ(field_of(response, "X-Content-Type-Options"), "nosniff");
    EXPECT_EQ(field_of(response, "Referrer-Policy"), "no-referrer");
    EXPECT_EQ(field_of(response, "Cross-Origin-Resource-Policy"), "same-origin");
    EXPECT_EQ(field_of(response, "Cross-Origin-Opener-Policy"), "same-origin");
    EXPECT_NE(field_of(response, "Cache-Control"), "");
    EXPECT_THAT(response, Not(HasSubstr("Access-Control")));
    EXPECT_THAT(head_of(response), Not(HasSubstr("Server:")));
  }
}

TEST_F(WebTest, HeadIsGetWithoutTheBody) {
  serve();
  const auto undated = [](std::string head) {
    const std::size_t at = head.find("\r\nDate: ");
    return head.erase(at, head.find("\r\n", at + 2) - at);
  };
  for (const char* path : {"/", "/metrics", "/api/v1/zones", "/style.css", "/gone", "/healthz"}) {
    const std::string full = ask(get(path));
    std::string head_request = get(path);
    head_request.replace(0, 3, "HEAD");
    WebClient one = client();
    const std::string bare = one.ask(head_request, false);
    EXPECT_EQ(undated(bare), undated(head_of(full)));
    EXPECT_EQ(status_of(one.ask(get("/healthz"))), 200) << "nothing of a body is in between";
  }
}

TEST_F(WebTest, OnlyGetAndHead) {
  serve();
  for (const char* method : {"POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "get", "BREW"}) {
    const std::string response = ask(std::string(method) + " / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    EXPECT_EQ(status_of(response), 405) << method;
    EXPECT_EQ(field_of(response, "Allow"), "GET, HEAD");
  }
  EXPECT_EQ(status_of(ask("CONNECT localhost:1 HTTP/1.1\r\nHost: localhost\r\n\r\n")), 405);
}

TEST_F(WebTest, PipelinedRequestsAreAnsweredInOrder) {
  serve();
  WebClient one = client();
  one.send(get("/healthz") + get("/gone") + get("/readyz") + "\r\n" + get("/healthz"));
  EXPECT_EQ(body_of(one.response()), "ok\n");
  EXPECT_EQ(status_of(one.response()), 404);
  EXPECT_EQ(body_of(one.response()), "ready\n");
  EXPECT_EQ(body_of(one.response()), "ok\n");
}

TEST_F(WebTest, AConnectionEndsAfterItsShareOfRequests) {
  WebLimits limits;
  limits.requests = 3;
  serve({}, limits);
  WebClient one = client();
  EXPECT_EQ(field_of(one.ask(get("/healthz")), "Connection"), "");
  EXPECT_EQ(field_of(one.ask(get("/healthz")), "Connection"), "");
  EXPECT_EQ(field_of(one.ask(get("/healthz")), "Connection"), "close");
  EXPECT_TRUE(one.wait_for_close());
}

TEST_F(WebTest, ClosesForThoseWhoWishIt) {
  serve();
  for (const char* request : {"GET /healthz HTTP/1.0\r\nHost: localhost\r\n\r\n",
                              "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: x, Close\r\n\r\n"}) {
    WebClient one = client();
    EXPECT_EQ(field_of(one.ask(request), "Connection"), "close");
    EXPECT_TRUE(one.wait_for_close());
  }
}

TEST_F(WebTest, ABodyIsRefusedAndNotTakenForARequest) {
  serve();
  const std::string hidden = get("/metrics");
  for (const std::string& fields :
       {"Content-Length: " + std::to_string(hidden.size()) + "\r\n", std::string("Transfer-Encoding: chunked\r\n"),
        std::string("Content-Length: 0\r\nContent-Length: 5\r\n"), std::string("Content-Length: -1\r\n"),
        std::string("Content-Length: 100000000000000000000\r\n")}) {
    WebClient one = client();
    one.send(get("/healthz", fields) + hidden);
    EXPECT_EQ(status_of(one.response()), 413) << fields;
    EXPECT_EQ(one.response(), "") << "what follows is not answered";
    EXPECT_FALSE(one.is_open());
  }
  EXPECT_EQ(status_of(ask(get("/healthz", "Content-Length: 0\r\n"))), 200);
  EXPECT_EQ(status_of(ask(get("/healthz", "Expect: 100-continue\r\nContent-Length: 5\r\n"))), 417);
}

TEST_F(WebTest, ALargeUploadIsToldBeforeItIsCut) {
  serve();
  WebClient one = client();
  one.send("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 200000\r\n\r\n" + std::string(200'000, 'x'));
  EXPECT_EQ(status_of(one.response()), 405);
  EXPECT_TRUE(one.wait_for_close());
}

TEST_F(WebTest, HugeHeadsAreRefused) {
  serve();
  EXPECT_EQ(status_of(ask(get("/healthz", "X: " + std::string(9000, 'x') + "\r\n"))), 431);
  EXPECT_EQ(status_of(ask(get("/" + std::string(3000, 'a')))), 414);
  EXPECT_EQ(status_of(ask(std::string(100'000, 'a'))), 431);
  std::string many;
  for (int i = 0; i < 100; ++i) { many += "A: b\r\n"; }
  EXPECT_EQ(status_of(ask(get("/healthz", many))), 431);
  EXPECT_EQ(status_of(ask(get("/healthz", "X: " + std::string(7000, 'x') + "\r\n"))), 200);
}

TEST_F(WebTest, WhatIsMalformedIsRefused) {
  serve();
  for (const char* request : {
           "\r\n\r\n",
           "GET /\r\n\r\n",
           "GET  / HTTP/1.1\r\n\r\n",
           "GET / HTTP/1.1 \r\n\r\n",
           "GET / HTTP/1.1\nHost: localhost\n\n",
           "GET / HTTP/1.1\r\nHost: localhost\n\r\n",
           "GET / HTTP/1.1\r\nHost : localhost\r\n\r\n",
           "GET / HTTP/1.1\r\n Host: localhost\r\n\r\n",
           "GET / HTTP/1.1\r\nHost: localhost\r\n folded\r\n\r\n",
           "GET / HTTP/1.1\r\nHost localhost\r\n\r\n",
           "GET / HTTP/1.1\r\nHost: local\rhost\r\n\r\n",
           "GET * HTTP/1.1\r\nHost: localhost\r\n\r\n",
           "GET /#top HTTP/1.1\r\nHost: localhost\r\n\r\n",
           "GET /a\x80 HTTP/1.1\r\nHost: localhost\r\n\r\n",
           "GET /check?name=%zz HTTP/1.1\r\nHost: localhost\r\n\r\n",
           "GET /check?name=%00 HTTP/1.1\r\nHost: localhost\r\n\r\n",
           "GET /check?name=a&name=b HTTP/1.1\r\nHost: localhost\r\n\r\n",
           "GET https://localhost/ HTTP/1.1\r\nHost: localhost\r\n\r\n",
       }) {
    EXPECT_EQ(status_of(ask(request)), 400) << request;
  }
  EXPECT_EQ(status_of(ask("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")), 505);
  EXPECT_EQ(status_of(ask(std::string("GET / HTTP/1.1\r\nHost: local") + '\0' + "host\r\n\r\n")), 400);
}

TEST_F(WebTest, SlowlorisIsCut) {
  serve({}, quick());
  WebClient slow = client();
  const auto begin = std::chrono::steady_clock::now();
  std::string request = get("/healthz", "X: " + std::string(4000, 'x') + "\r\n");
  for (const char octet : request) {
    if (!slow.is_open()) { break; }
    slow.send(std::string_view(&octet, 1));
    turn_for(20ms);
  }
  EXPECT_FALSE(slow.is_open());
  EXPECT_THAT(std::chrono::steady_clock::now() - begin, AllOf(Ge(200ms), Le(10s)));
  EXPECT_EQ(server->traffic().overdue, 1U);
}

TEST_F(WebTest, SilenceIsCut) {
  serve({}, quick());
  WebClient silent = client();
  WebClient done = client();
  done.ask(get("/healthz"));
  EXPECT_TRUE(silent.wait_for_close());
  EXPECT_TRUE(done.wait_for_close());
  EXPECT_EQ(server->connections(), 0U);
}

TEST_F(WebTest, ThousandConnectionsTakeSixtyFourPlaces) {
  rlimit descriptors{};
  getrlimit(RLIMIT_NOFILE, &descriptors);
  descriptors.rlim_cur = std::min<rlim_t>(descriptors.rlim_max, 4096);
  setrlimit(RLIMIT_NOFILE, &descriptors);
  WebLimits limits = quick();
  limits.idle = 1s;
  limits.grace = 1h;
  serve({}, limits);
  std::vector<WebClient> crowd;
  for (int i = 0; i < 1000; ++i) {
    crowd.push_back(client());
    event_base_loop(base.get(), EVLOOP_NONBLOCK);
    ASSERT_LE(server->connections(), 64U);
  }
  EXPECT_TRUE(turn_until([&] { return server->traffic().accepted + server->traffic().refused == 1000; }));
  EXPECT_GT(server->traffic().refused, 0U);
  EXPECT_TRUE(turn_until([&] { return server->connections() == 0; })) << "they are counted back";
  EXPECT_EQ(status_of(ask(get("/healthz"))), 200);
}

TEST_F(WebTest, TheIdleMakeRoomForThoseWhoAsk) {
  WebLimits limits;
  limits.connections = 4;
  limits.grace = 0s;
  serve({}, limits);
  std::vector<WebClient> idle;
  for (int i = 0; i < 4; ++i) {
    idle.push_back(client());
    EXPECT_EQ(status_of(idle.back().ask(get("/healthz"))), 200);
  }
  EXPECT_EQ(status_of(ask(get("/healthz"))), 200);
  EXPECT_EQ(server->traffic().evicted, 1U);
  EXPECT_FALSE(idle.front().is_open()) << "the one that has been idle for longest";
  EXPECT_TRUE(idle.back().is_open());
}

TEST_F(WebTest, NobodyMakesRoomBeforeTheyHadTheTimeToAsk) {
  WebLimits limits;
  limits.connections = 2;
  limits.grace = 1h;
  serve({}, limits);
  WebClient first = client();
  WebClient second = client();
  EXPECT_EQ(client().ask(get("/healthz")), "");
  EXPECT_EQ(status_of(first.ask(get("/healthz"))), 200);
  EXPECT_EQ(status_of(second.ask(get("/healthz"))), 200);
  EXPECT_EQ(server->traffic().refused, 1U);
}

// A body as large as it may be, however often it is asked for.
class LargeAnswers final : public WebHandler {
 public:
  void handle(const WebHead&, const WebPeer&, WebDone done) override { done({.body = std::string(size, 'x')}); }
  std::size_t size = 1024 * 1024;
};

TEST_F(WebTest, AnswersThatNobodyTakesAreBounded) {
  LargeAnswers large;
  WebLimits limits = quick();
  limits.stall = 5s;
  limits.sending = 1s;
  listen(large, limits);
  std::vector<WebClient> deaf;
  int refused = 0;
  for (int i = 0; i < 20; ++i) {
    deaf.push_back(client());
    const std::string request = get("/");
    ASSERT_EQ(::send(deaf.back().fd(), request.data(), request.size(), MSG_NOSIGNAL), std::ssize(request));
    for (int turns = 0; turns < 20; ++turns) { event_base_loop(base.get(), EVLOOP_NONBLOCK); }
    std::string start(12, '\0');
    if (recv(deaf.back().fd(), start.data(), start.size(), MSG_PEEK) == 12 && start.ends_with("503")) { ++refused; }
  }
  EXPECT_GE(refused, 10);
  EXPECT_TRUE(turn_until([&] { return server->connections() == 0; })) << "who takes nothing is cut";
  large.size = limits.response + 1;
  EXPECT_EQ(status_of(ask(get("/"))), 500);
}

TEST_F(WebTest, ASlowCheckIsGivenUpAndItsLateAnswerDropped) {
  serve({}, quick());
  source.sites_.is_slow = true;
  WebClient one = client();
  EXPECT_EQ(status_of(one.ask(get("/check?name=example.org"))), 504);
  ASSERT_EQ(source.sites_.waiting.size(), 1U);
  turn_for(20ms);  // the connection waits for its next request
  source.sites_.waiting[0](FakeSites::report_of("example.org."));
  EXPECT_EQ(body_of(one.ask(get("/healthz"))), "ok\n") << "or each request gets the answer to the one before";
}

TEST_F(WebTest, ACheckOutlivesItsConnection) {
  serve({}, quick());
  source.sites_.is_slow = true;
  {
    WebClient one = client();
    one.send(get("/check?name=example.org"));
    while (source.sites_.waiting.empty()) { one.turn(); }
  }
  server.reset();
  source.sites_.waiting[0](FakeSites::report_of("example.org."));
}

TEST_F(WebTest, WhereItCannotListenItSaysSo) {
  serve();
  const auto again = server->listen_on(address);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error(), "cannot serve the pages on " + address.text() + " (HTTP): Address already in use");
  EXPECT_EQ(status_of(ask(get("/healthz"))), 200) << "elsewhere it serves on";
}

TEST_F(WebTest, ServesIpv6) {
  serve();
  if (const auto bound = server->listen_on(SocketAddress(IpAddress::parse("::1").value(), 0)); !bound) {
    GTEST_SKIP() << bound.error();
  }
  address = server->addresses().back();
  EXPECT_EQ(status_of(ask("GET /healthz HTTP/1.1\r\nHost: [::1]:8053\r\n\r\n")), 200);
}

TEST_F(WebTest, AddressesShareTheLimits) {
  WebLimits limits;
  limits.connections = 1;
  limits.grace = 1h;
  serve({}, limits);
  const WebClient other = client();
  turn_until([&] { return server->connections() == 1; });
  ASSERT_TRUE(server->listen_on(SocketAddress(IpAddress::parse("127.0.0.2").value(), 0)));
  address = server->addresses().back();
  EXPECT_EQ(ask(get("/healthz")), "") << "the one place is taken";
}

}  // namespace
}  // namespace vouch
