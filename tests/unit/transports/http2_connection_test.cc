#include "transports/http/http2_connection.h"

#include <gmock/gmock.h>

#include <functional>
#include <set>

#include "tests/unit/transports/http2_client.h"

namespace vouch {
namespace {

using namespace std::chrono_literals;
using namespace std::string_view_literals;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Pair;
using ::testing::SizeIs;
using State = Http2Connection::State;
using Body = Http2Client::Body;

class Http2ConnectionTest : public ::testing::Test {
 protected:
  Http2ConnectionTest() : connection(Http2Connection::create(now)) {}
  ~Http2ConnectionTest() override {
    EXPECT_LE(most_library_octets, Http2Connection::kMaxLibrary);
    EXPECT_LE(connection->library_octets(), Http2Connection::kMaxLibrary);
  }

  State receive(std::string_view octets) {
    const State state = connection->receive(bytes_of(octets), now);
    most_library_octets = std::max(most_library_octets, connection->library_octets());
    return state;
  }
  std::string record() {
    const Bytes octets = connection->next_record(room);
    return std::string(text_of(octets));
  }
  std::string records() {
    std::string all;
    for (std::string one; !(one = record()).empty();) { all += one; }
    return all;
  }
  void respond(std::uint32_t stream, std::string_view body) {
    connection->respond(stream, ResponseHead::answer(body.size(), 60, {}), bytes_of(body));
  }
  // Answers every whole request with its target, or its body.
  std::size_t serve() {
    std::size_t served = 0;
    for (; const auto* const request = connection->request(); ++served) {
      const std::string body(request->method == "POST" ? text_of(request->body) : request->target);
      respond(request->stream, body);
      connection->drop_request();
    }
    return served;
  }
  // To and fro until neither has anything to say.
  void talk(Http2Client& client, bool is_served = true) {
    for (int silent = 0; silent < 2;) {
      const std::string said = client.output();
      receive(said);
      if (is_served) { serve(); }
      const std::string answer = records();
      client.receive(answer);
      silent = said.empty() && answer.empty() ? silent + 1 : 0;
    }
  }
  static bool is_end_of_answer(std::string_view record) {
    const auto frames = frames_in(record);
    return !frames.empty() && frames.back().type <= NGHTTP2_HEADERS &&
           (frames.back().flags & NGHTTP2_FLAG_END_STREAM) != 0;
  }
  // Repeats what `make` gives until the connection has had enough; how many it took.
  int flood(const std::function<std::string(std::uint32_t)>& make, bool is_read = true, int enough = 20'000) {
    receive(kHttp2Opening);
    int sent = 0;
    for (; sent < enough && connection->state() == State::open && !connection->is_over(); ++sent) {
      receive(make(static_cast<std::uint32_t>(2 * sent + 1)));
      if (is_read) { heard += records(); }
    }
    heard += records();
    return sent;
  }
  // The error of the GOAWAY with which it all ended.
  std::uint32_t last_word() {
    EXPECT_TRUE(connection->is_over());
    const auto frames = frames_in(heard);
    if (frames.empty() || frames.back().type != NGHTTP2_GOAWAY) { return 0xffffffff; }
    return load32(bytes_of(frames.back().payload).data() + 4);
  }

  Instant now{};
  std::unique_ptr<Http2Connection> connection;
  std::array<Octet, Http2Connection::kRecordRoom> room;
  std::size_t most_library_octets = 0;
  std::string heard;
};

TEST_F(Http2ConnectionTest, ARequestIsAnswered) {
  Http2Client client;
  const auto stream = client.get("/dns-query?dns=x");
  receive(client.output());
  const auto* const request = connection->request();
  ASSERT_NE(request, nullptr);
  EXPECT_EQ(request->method, "GET");
  EXPECT_EQ(request->target, "/dns-query?dns=x");
  EXPECT_EQ(request->stream, static_cast<std::uint32_t>(stream));
  connection->respond(request->stream, ResponseHead::answer(6, 300, "h3=\":443\""), bytes_of("answer"));
  connection->drop_request();
  EXPECT_EQ(connection->request(), nullptr);
  client.receive(records());
  EXPECT_TRUE(client[stream].is_whole);
  EXPECT_EQ(client[stream].body, "answer");
  EXPECT_THAT(client[stream].fields,
              ElementsAre(Pair(":status", "200"), Pair("alt-svc", "h3=\":443\""), Pair("cache-control", "max-age=300"),
                          Pair("content-length", "6"), Pair("content-type", "application/dns-message")));
}

TEST_F(Http2ConnectionTest, HowTheOctetsComeDoesNotMatter) {
  Http2Client client;
  Body body{.octets = "a question"};
  const auto post = client.post("/", body, {{"content-length", "10"}});
  const auto get = client.get("/2");
  const std::string said = client.output();
  constexpr std::size_t kPreface = sizeof NGHTTP2_CLIENT_MAGIC - 1, kSettings = kPreface + 9;
  for (std::size_t i = 0; i < said.size(); ++i) {
    EXPECT_EQ(connection->is_mid_request(), i != 0 && i != kPreface && i != kSettings) << i;
    ASSERT_EQ(receive(said.substr(i, 1)), State::open);
  }
  EXPECT_FALSE(connection->is_mid_request());
  EXPECT_EQ(serve(), 2U);
  client.receive(records());
  EXPECT_EQ(client[post].body, "a question");
  EXPECT_EQ(client[get].body, "/2");
}

TEST_F(Http2ConnectionTest, EachResponseEndsItsRecord) {
  Http2Client client;
  talk(client);
  for (int i = 0; i < 20; ++i) { client.get("/" + std::to_string(i)); }
  receive(client.output());
  ASSERT_EQ(serve(), 20U);
  std::size_t answers = 0;
  for (std::string one; !(one = record()).empty();) {
    const auto frames = frames_in(one);
    for (std::size_t i = 0; i < frames.size(); ++i) {
      const bool is_end = frames[i].type == NGHTTP2_DATA && (frames[i].flags & NGHTTP2_FLAG_END_STREAM) != 0;
      EXPECT_EQ(is_end, i + 1 == frames.size());
      answers += is_end;
    }
  }
  EXPECT_EQ(answers, 20U);
}

TEST_F(Http2ConnectionTest, AResponseThatIsTakenAtOnceIsARecordByItself) {
  Http2Client client;
  talk(client);
  for (int i = 0; i < 5; ++i) { client.get("/" + std::to_string(i)); }
  receive(client.output());
  while (const auto* const request = connection->request()) {
    respond(request->stream, request->target);
    connection->drop_request();
    const auto frames = frames_in(record());
    ASSERT_THAT(frames, SizeIs(2));
    EXPECT_EQ(frames[0].type, NGHTTP2_HEADERS);
    EXPECT_EQ(frames[1].type, NGHTTP2_DATA);
    EXPECT_EQ(record(), "");
  }
}

TEST_F(Http2ConnectionTest, ThousandsOfRequestsLeaveNothingBehind) {
  Http2Client client;
  std::size_t early = 0;
  for (int i = 0; i < 3000; ++i) {
    Body body{.octets = std::string(static_cast<std::size_t>(i % 700), 'q')};
    const auto get = client.get("/" + std::to_string(i));
    const auto post = client.post("/", body);
    talk(client);
    ASSERT_EQ(client[get].body, "/" + std::to_string(i));
    ASSERT_EQ(client[post].body, body.octets);
    if (i == 1000) { early = connection->library_octets(); }
  }
  EXPECT_EQ(connection->unsent(), 0U);
  EXPECT_NEAR(static_cast<double>(connection->library_octets()), static_cast<double>(early), 4096);
  EXPECT_LT(connection->library_octets(), 40U * 1024) << "of an idle connection";
}

TEST_F(Http2ConnectionTest, AnswersComeInAnyOrderAndAtAnyTime) {
  Http2Client client;
  const auto first = client.get("/first"), second = client.get("/second");
  talk(client, false);
  while (connection->request() != nullptr) { connection->drop_request(); }
  EXPECT_FALSE(connection->is_mid_request()) << "it is we who owe something";
  respond(static_cast<std::uint32_t>(second), "two");
  talk(client);
  EXPECT_EQ(client[second].body, "two");
  EXPECT_FALSE(client[first].is_whole);
  respond(static_cast<std::uint32_t>(first), "one");
  talk(client);
  EXPECT_EQ(client[first].body, "one");
}

TEST_F(Http2ConnectionTest, ASecondAnswerAndOneToNobodyAreIgnored) {
  Http2Client client;
  const auto stream = client.get("/");
  talk(client, false);
  connection->drop_request();
  respond(static_cast<std::uint32_t>(stream), "one");
  respond(static_cast<std::uint32_t>(stream), "two");
  connection->give_up(static_cast<std::uint32_t>(stream));
  respond(77, "to nobody");
  respond(0, "to nobody");
  connection->give_up(78);
  talk(client);
  EXPECT_EQ(client[stream].body, "one");
  EXPECT_EQ(connection->unsent(), 0U);
  respond(static_cast<std::uint32_t>(stream), "three");
  EXPECT_EQ(connection->unsent(), 0U);
}

TEST_F(Http2ConnectionTest, AQueryThatIsGivenUpIsResetAndHeldAgainstNobody) {
  Http2Client client;
  for (int i = 0; i < 10 * FrameMeter::kResets; ++i) {
    const auto stream = client.get("/");
    receive(client.output());
    ASSERT_NE(connection->request(), nullptr) << i;
    connection->drop_request();
    connection->give_up(static_cast<std::uint32_t>(stream));
    client.receive(records());
    ASSERT_TRUE(client[stream].is_closed);
    ASSERT_EQ(client[stream].error, std::uint32_t{NGHTTP2_ENHANCE_YOUR_CALM});
    now += 20ms;  // its frames cost what frames cost
  }
  EXPECT_EQ(connection->state(), State::open);
}

TEST_F(Http2ConnectionTest, TheLargestMessagesPassBothWaysTwoAtATime) {
  Http2Client client;
  for (int round = 0; round < 10; ++round) {
    std::array<Body, 2> bodies;
    std::array<std::int32_t, 2> streams{};
    for (std::size_t i = 0; i < bodies.size(); ++i) {
      bodies[i].octets.assign(65535, static_cast<char>('a' + i));
      streams[i] = client.post("/", bodies[i], {{"content-length", "65535"}});
    }
    talk(client);
    for (std::size_t i = 0; i < bodies.size(); ++i) {
      EXPECT_TRUE(client[streams[i]].body == bodies[i].octets) << round << " " << i;
    }
  }
}

TEST_F(Http2ConnectionTest, BodiesTogetherAreBoundedByTheConnectionsWindow) {
  Http2Client client;
  talk(client);
  std::vector<Body> bodies(50);
  std::vector<std::int32_t> streams;
  for (Body& body : bodies) {
    body.octets.assign(60'000, 'b');
    streams.push_back(client.post("/", body));
  }
  talk(client);
  std::size_t sent = 0;
  for (const Body& body : bodies) { sent += body.sent; }
  EXPECT_LE(sent, Http2Connection::kMaxBodies);
  EXPECT_GT(sent, Http2Connection::kMaxBodies - 16384);
  EXPECT_TRUE(connection->is_mid_request()) << "fifty bodies, each begun and none finished, wait for the clock";
  for (std::size_t i = 2; i < streams.size(); ++i) { client.reset(streams[i]); }
  talk(client);
  EXPECT_EQ(client.answered(), 2U) << "what is given up makes room for the rest";
}

TEST_F(Http2ConnectionTest, ABodyThatIsTooLargeIsKnownByItsAnnouncement) {
  Http2Client client;
  Body body{.octets = std::string(70'000, 'x')};
  const auto stream = client.post("/", body, {{"content-length", "70000"}});
  const std::string said = client.output();
  receive(said.substr(0, 300));  // the fields, and little more
  ASSERT_NE(connection->request(), nullptr);
  EXPECT_TRUE(is_oversized(*connection->request()));
  respond(static_cast<std::uint32_t>(stream), "too large");
  connection->drop_request();
  client.receive(records());
  EXPECT_EQ(client[stream].body, "too large");
  EXPECT_TRUE(client[stream].is_closed);
  EXPECT_EQ(client[stream].error, std::uint32_t{NGHTTP2_NO_ERROR}) << "no need to send the rest";
  receive(said.substr(300));
  talk(client);
  const auto next = client.get("/still-there");
  talk(client);
  EXPECT_EQ(client[next].body, "/still-there");
}

TEST_F(Http2ConnectionTest, ABodyThatIsTooLargeWithoutAWordIsCutOff) {
  Http2Client client;
  talk(client);                   // so that it knows our window
  for (int i = 0; i < 20; ++i) {  // each would hold a quarter of the connection's window if it were not given back
    Body body{.octets = std::string(200'000, 'x')};
    const auto stream = client.post("/", body);
    talk(client, false);
    ASSERT_NE(connection->request(), nullptr);
    EXPECT_GT(connection->request()->body.size(), kMaxHttpBody);
    EXPECT_LE(connection->request()->body.size(), kMaxHttpBody + 16384);
    EXPECT_TRUE(is_oversized(*connection->request()));
    respond(static_cast<std::uint32_t>(stream), "too large");
    connection->drop_request();
    talk(client);
    EXPECT_EQ(client[stream].body, "too large");
    EXPECT_TRUE(client[stream].is_closed);
  }
  EXPECT_EQ(connection->state(), State::open);
}

TEST_F(Http2ConnectionTest, TrailersEndARequestAndSayNothing) {
  Http2Client client;
  Body body{.octets = "question", .trailers = {{"content-type", "text/html"}, {"checksum", "0"}}};
  const auto stream = client.post("/", body);
  receive(client.output());
  ASSERT_NE(connection->request(), nullptr);
  EXPECT_EQ(connection->request()->content_type, "application/dns-message");
  EXPECT_EQ(text_of(connection->request()->body), "question");
  talk(client);
  EXPECT_EQ(client[stream].body, "question");
}

TEST_F(Http2ConnectionTest, WhoAsksWhetherToGoOnIsToldTo) {
  Http2Client client;
  Body body{.octets = "", .has_end = false};
  const auto stream = client.post("/", body, {{"expect", "100-continue"}});
  talk(client);
  EXPECT_THAT(client[stream].interim, ElementsAre("100"));
  EXPECT_TRUE(connection->is_mid_request());
  body.octets = "at last";
  body.has_end = true;
  client.go_on(stream);
  talk(client);
  EXPECT_EQ(client[stream].body, "at last");
  EXPECT_THAT(client[stream].interim, SizeIs(1));
}

TEST_F(Http2ConnectionTest, TheAnswerToHeadHasNoBody) {
  Http2Client client;
  const auto head = client.ask("HEAD", "/");
  talk(client, false);
  connection->drop_request();
  respond(static_cast<std::uint32_t>(head), "answer");
  EXPECT_EQ(connection->unsent(), 0U);
  const std::string answer = record();
  EXPECT_TRUE(is_end_of_answer(answer));
  client.receive(answer);
  EXPECT_TRUE(client[head].is_whole);
  EXPECT_EQ(client[head].body, "");
  const auto get = client.get("/next");
  talk(client);
  EXPECT_EQ(client[get].body, "/next");
}

TEST_F(Http2ConnectionTest, PaddingIsNoPartOfTheBody) {
  receive(kHttp2Opening + http2_post_head(1));
  const std::string padded = std::string("\x05", 1) + "question" + std::string(5, '\0');
  receive(http2_frame(NGHTTP2_DATA, NGHTTP2_FLAG_END_STREAM | NGHTTP2_FLAG_PADDED, 1, padded));
  ASSERT_NE(connection->request(), nullptr);
  EXPECT_EQ(text_of(connection->request()->body), "question");
}

TEST_F(Http2ConnectionTest, ALongTargetIsNotedAndNotKept) {
  Http2Client client;
  const auto fits = client.get("/" + std::string(kMaxHttpTarget - 1, 'x'));
  const auto longer = client.get("/" + std::string(kMaxHttpTarget, 'x'));
  const auto longest = client.get("/" + std::string(60'000, 'x'));
  receive(client.output());
  std::map<std::uint32_t, std::pair<bool, std::size_t>> seen;
  for (; const auto* const request = connection->request(); connection->drop_request()) {
    seen[request->stream] = {request->has_long_target, request->target.size()};
    EXPECT_EQ(is_oversized(*request), request->has_long_target);
  }
  EXPECT_EQ(seen[static_cast<std::uint32_t>(fits)], (std::pair<bool, std::size_t>(false, kMaxHttpTarget)));
  EXPECT_EQ(seen[static_cast<std::uint32_t>(longer)], (std::pair<bool, std::size_t>(true, 0)));
  EXPECT_EQ(seen[static_cast<std::uint32_t>(longest)], (std::pair<bool, std::size_t>(true, 0)));
}

TEST_F(Http2ConnectionTest, TooManyFieldsAreNoted) {
  Http2Client client;
  Http2Client::Fields many;
  for (int i = 0; i < 20; ++i) { many.emplace_back("x-" + std::to_string(i), std::string(400, 'v')); }
  client.ask("GET", "/", many);
  many.resize(18);
  client.ask("GET", "/", many);
  receive(client.output());
  ASSERT_NE(connection->request(), nullptr);
  EXPECT_TRUE(connection->request()->has_too_many_fields);
  connection->drop_request();
  ASSERT_NE(connection->request(), nullptr);
  EXPECT_FALSE(connection->request()->has_too_many_fields);
  EXPECT_EQ(connection->state(), State::open);
}

TEST_F(Http2ConnectionTest, AHundredStreamsAndNoMore) {
  receive(kHttp2Opening);
  for (std::uint32_t i = 0; i < 130; ++i) { receive(http2_get(2 * i + 1)); }
  std::size_t refused = 0;
  for (const auto& frame : frames_in(records())) { refused += frame.type == NGHTTP2_RST_STREAM; }
  EXPECT_EQ(refused, 30U);
  EXPECT_EQ(serve(), 100U);
}

TEST_F(Http2ConnectionTest, AResetRequestIsForgottenAndItsLateAnswerToo) {
  Http2Client client;
  const auto waiting = client.get("/waiting"), in_hand = client.get("/in-hand");
  Body body{.octets = std::string(3000, 'h'), .has_end = false};
  const auto half = client.post("/half", body);
  talk(client, false);
  EXPECT_TRUE(connection->is_mid_request());
  connection->drop_request();
  for (const auto stream : {waiting, in_hand, half}) { client.reset(stream); }
  talk(client, false);
  EXPECT_EQ(connection->request(), nullptr);
  EXPECT_FALSE(connection->is_mid_request());
  respond(static_cast<std::uint32_t>(waiting), "late");
  EXPECT_EQ(connection->unsent(), 0U);
  EXPECT_EQ(record(), "");
  const auto next = client.get("/next");
  talk(client);
  EXPECT_EQ(client[next].body, "/next");
}

TEST_F(Http2ConnectionTest, AShutWindowHoldsAnswersUpUntilItOpens) {
  Http2Client client({{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 0}}, false);
  const auto stream = client.get("/" + std::string(999, 'x'));
  talk(client);
  EXPECT_FALSE(client[stream].is_whole);
  EXPECT_EQ(connection->unsent(), 1000U);
  EXPECT_TRUE(connection->is_held_up());
  EXPECT_FALSE(connection->has_record());
  client.open_window(stream, 400);
  talk(client);
  EXPECT_EQ(connection->unsent(), 600U);
  EXPECT_TRUE(connection->is_held_up());
  client.open_window(stream, 600);
  talk(client);
  EXPECT_TRUE(client[stream].is_whole);
  EXPECT_EQ(connection->unsent(), 0U);
  EXPECT_FALSE(connection->is_held_up());
}

TEST_F(Http2ConnectionTest, WhoNeverOpensItsWindowsHoldsNoMoreThanItsStreams) {
  Http2Client client({{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 0}}, false);
  for (int i = 0; i < 500; ++i) { client.get("/" + std::string(499, 'x')); }
  talk(client);
  EXPECT_EQ(connection->unsent(), 100U * 500);
  EXPECT_TRUE(connection->is_held_up());
  connection->say_goodbye();
  client.receive(records());
  EXPECT_TRUE(connection->is_over()) << "and does not keep us";
}

TEST_F(Http2ConnectionTest, AStreamThatIsResetTakesItsAnswerAlong) {
  Http2Client client({{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 0}}, false);
  const auto stream = client.get("/12345");
  talk(client);
  EXPECT_EQ(connection->unsent(), 6U);
  client.reset(stream);
  talk(client);
  EXPECT_EQ(connection->unsent(), 0U);
}

TEST_F(Http2ConnectionTest, AnythingElseThanHttp2IsSeenAtItsFirstWrongOctet) {
  for (const std::string_view other : {"GET / HTTP/1.1\r\n"sv, "POST /dns-query HTTP/1.1\r\n"sv, "PRI * HTTP/1.1\r\n"sv,
                                       "P0"sv, "\x16\x03\x01"sv, "\0\0"sv}) {
    connection = Http2Connection::create(now);
    EXPECT_EQ(receive(other), State::not_http2) << other;
    EXPECT_TRUE(connection->is_over());
    EXPECT_EQ(receive(kHttp2Opening), State::not_http2) << "it is too late";
    EXPECT_EQ(record(), "");
  }
  connection = Http2Connection::create(now);
  EXPECT_FALSE(connection->is_mid_request());
  EXPECT_EQ(receive("PRI * HTTP/2.0\r\n\r\nSM"), State::open);
  EXPECT_TRUE(connection->is_mid_request());
  EXPECT_EQ(receive("\r\n\r\n" + http2_frame(NGHTTP2_SETTINGS, 0, 0, "")), State::open);
}

TEST_F(Http2ConnectionTest, ThePrefaceIsFollowedBySettings) {
  receive(NGHTTP2_CLIENT_MAGIC + http2_get(1));
  heard = records();
  EXPECT_EQ(connection->request(), nullptr);
  EXPECT_EQ(last_word(), std::uint32_t{NGHTTP2_PROTOCOL_ERROR});
  EXPECT_EQ(connection->state(), State::abused);
}

TEST_F(Http2ConnectionTest, BothSidesMaySayGoodbye) {
  Http2Client client;
  talk(client);
  const auto stream = client.get("/last");
  client.say_goodbye();
  talk(client);
  EXPECT_EQ(client[stream].body, "/last");
  EXPECT_TRUE(connection->is_over());
  EXPECT_EQ(connection->state(), State::open) << "nobody broke a rule";

  connection = Http2Connection::create(now);
  Http2Client other;
  talk(other);
  connection->say_goodbye();
  other.receive(records());
  EXPECT_TRUE(other.was_told_to_go());
  EXPECT_EQ(other.goaway_error(), std::uint32_t{NGHTTP2_NO_ERROR});
  EXPECT_TRUE(connection->is_over());
}

// Attacks: threats each with a name. All end with ENHANCE_YOUR_CALM after a bounded number of frames.

TEST_F(Http2ConnectionTest, AFloodOfPingsEnds) {
  EXPECT_LE(flood([](auto) { return http2_frame(NGHTTP2_PING, 0, 0, "12345678"); }), FrameMeter::kFrames);
  EXPECT_EQ(last_word(), std::uint32_t{NGHTTP2_ENHANCE_YOUR_CALM});
}

TEST_F(Http2ConnectionTest, AFloodOfPingsWhoseAnswersNobodyReadsEnds) {
  EXPECT_LE(flood([](auto) { return http2_frame(NGHTTP2_PING, 0, 0, "12345678"); }, false), FrameMeter::kFrames);
  EXPECT_NE(connection->state(), State::open);
}

TEST_F(Http2ConnectionTest, AFloodOfSettingsEnds) {
  EXPECT_LE(flood([](auto i) { return http2_frame(NGHTTP2_SETTINGS, 0, 0, std::string("\0\4", 2) + four_octets(i)); }),
            FrameMeter::kFrames);
  EXPECT_EQ(last_word(), std::uint32_t{NGHTTP2_ENHANCE_YOUR_CALM});
}

TEST_F(Http2ConnectionTest, AFloodOfPrioritiesEnds) {
  EXPECT_LE(flood([](auto i) { return http2_frame(NGHTTP2_PRIORITY, 0, i, four_octets(0) + "1"); }),
            FrameMeter::kFrames);
  EXPECT_EQ(last_word(), std::uint32_t{NGHTTP2_ENHANCE_YOUR_CALM});
}

TEST_F(Http2ConnectionTest, AFloodOfWindowUpdatesEnds) {
  EXPECT_LE(flood([](auto) { return http2_frame(NGHTTP2_WINDOW_UPDATE, 0, 0, four_octets(1)); }), FrameMeter::kFrames);
  EXPECT_EQ(last_word(), std::uint32_t{NGHTTP2_ENHANCE_YOUR_CALM});
}

TEST_F(Http2ConnectionTest, AFloodOfUnknownFramesEnds) {
  EXPECT_LE(flood([](auto) { return http2_frame(0xbe, 0, 0, std::string(100, '?')); }), FrameMeter::kFrames);
  EXPECT_EQ(last_word(), std::uint32_t{NGHTTP2_ENHANCE_YOUR_CALM});
}

TEST_F(Http2ConnectionTest, AFloodOfEmptyDataEnds) {
  EXPECT_LE(flood([](auto i) { return i == 1 ? http2_post_head(1) : http2_frame(NGHTTP2_DATA, 0, 1, ""); }),
            FrameMeter::kFrames);
  EXPECT_EQ(last_word(), std::uint32_t{NGHTTP2_ENHANCE_YOUR_CALM});
}

TEST_F(Http2ConnectionTest, RapidResetEnds) {
  const auto ask_and_cancel = [](std::uint32_t i) {
    return http2_get(i) + http2_frame(NGHTTP2_RST_STREAM, 0, i, four_octets(NGHTTP2_CANCEL));
  };
  EXPECT_EQ(flood(ask_and_cancel), FrameMeter::kResets + 1);
  EXPECT_EQ(last_word(), std::uint32_t{NGHTTP2_ENHANCE_YOUR_CALM});
  EXPECT_EQ(connection->request(), nullptr);
}

// CVE-2025-8671: the client makes the server do the resetting, so that no RST_STREAM of its own can be counted.
TEST_F(Http2ConnectionTest, ResetsThatTheClientMakesUsSendAreCountedToo) {
  const auto window_of_nothing = [](std::uint32_t i) {
    return http2_post_head(i) + http2_frame(NGHTTP2_WINDOW_UPDATE, 0, i, four_octets(0));
  };
  EXPECT_LE(flood(window_of_nothing), FrameMeter::kResets + 1);
  EXPECT_NE(connection->state(), State::open);
  EXPECT_TRUE(connection->is_over());

  connection = Http2Connection::create(now);
  heard.clear();
  const auto window_of_too_much = [](std::uint32_t i) {
    return http2_post_head(i) + http2_frame(NGHTTP2_WINDOW_UPDATE, 0, i, four_octets(0x7fffffff));
  };
  EXPECT_EQ(flood(window_of_too_much), FrameMeter::kResets + 1);
  EXPECT_EQ(last_word(), std::uint32_t{NGHTTP2_ENHANCE_YOUR_CALM});

  connection = Http2Connection::create(now);
  heard.clear();
  const auto against_http = [](std::uint32_t i) {  // no :path
    return http2_frame(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS | NGHTTP2_FLAG_END_STREAM, i, "\x82\x87");
  };
  EXPECT_EQ(flood(against_http), FrameMeter::kResets + 1);
  EXPECT_EQ(last_word(), std::uint32_t{NGHTTP2_ENHANCE_YOUR_CALM});
}

TEST_F(Http2ConnectionTest, StreamsBeyondTheLimitAreCountedAsResets) {
  EXPECT_LE(flood(http2_get), 100 + FrameMeter::kResets + 1);
  EXPECT_EQ(last_word(), std::uint32_t{NGHTTP2_ENHANCE_YOUR_CALM});
}

TEST_F(Http2ConnectionTest, AFloodOfRequestsThatAreNoQueriesEnds) {
  const auto refused = [this](std::uint32_t i) {
    while (const auto* const request = connection->request()) {
      connection->respond(request->stream, ResponseHead::refusal({404, "no\n"}), bytes_of("no\n"));
      connection->drop_request();
    }
    return http2_get(i);
  };
  EXPECT_LE(flood(refused), FrameMeter::kFrames);
  EXPECT_EQ(last_word(), std::uint32_t{NGHTTP2_ENHANCE_YOUR_CALM});
}

TEST_F(Http2ConnectionTest, EndlessContinuationEnds) {
  receive(kHttp2Opening + http2_frame(NGHTTP2_HEADERS, 0, 1, kGetBlock));
  int sent = 0;
  while (sent < 1000 && receive(http2_frame(NGHTTP2_CONTINUATION, 0, 1, "\x40\x01y\x01z")) == State::open) { ++sent; }
  EXPECT_EQ(sent, FrameMeter::kMaxContinuations);
  heard = records();
  EXPECT_EQ(last_word(), std::uint32_t{NGHTTP2_ENHANCE_YOUR_CALM});
}

// One long field goes into the table and is then named again and again, for an octet each time.
TEST_F(Http2ConnectionTest, ASmallBlockThatUnpacksToMuchEnds) {
  std::string block(kGetBlock);
  block += std::string("\x40\x01y\x7f", 4) + "\xa1\x1e" + std::string(4000, 'z');  // 127 + 0x21 + 0x1e * 128 = 4000
  block += std::string(9000, '\xbe');                                              // the newest entry of the table
  receive(kHttp2Opening + http2_frame(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS | NGHTTP2_FLAG_END_STREAM, 1, block));
  heard = records();
  EXPECT_EQ(connection->request(), nullptr);
  EXPECT_EQ(last_word(), std::uint32_t{NGHTTP2_ENHANCE_YOUR_CALM});
}

TEST_F(Http2ConnectionTest, TheClientCannotMakeOurTableLarger) {
  const std::string larger = "\x3f\xe1\xff\x03" + std::string(kGetBlock);  // a table of 64 KiB
  receive(kHttp2Opening + http2_frame(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS | NGHTTP2_FLAG_END_STREAM, 1, larger));
  heard = records();
  EXPECT_EQ(last_word(), std::uint32_t{NGHTTP2_COMPRESSION_ERROR});
}

// Every stream with as many fields as are kept, and none of them ended.
TEST_F(Http2ConnectionTest, AHundredOfTheLargestUnfinishedRequestsStayWithinTheBound) {
  Http2Client client;
  talk(client);
  std::vector<std::unique_ptr<Body>> bodies;
  for (int i = 0; i < 100; ++i) {
    bodies.push_back(std::make_unique<Body>(Body{.octets = std::string(60'000, 'b'), .has_end = false}));
    Http2Client::Fields fields;
    for (const char* name : {"content-encoding", "expect", "x-more"}) {
      fields.emplace_back(name, std::string(250, 'v'));
    }
    client.ask("POST", "/" + std::string(kMaxHttpTarget - 1, static_cast<char>('a' + i % 26)), fields,
               bodies.back().get());
  }
  talk(client, false);
  EXPECT_TRUE(connection->is_mid_request());
  EXPECT_EQ(connection->request(), nullptr);
  EXPECT_LE(connection->library_octets(), Http2Connection::kMaxLibrary);
}

TEST_F(Http2ConnectionTest, AfterTheLastWordNothingIsHeard) {
  flood([](auto) { return http2_frame(NGHTTP2_PING, 0, 0, "12345678"); });
  EXPECT_EQ(receive(http2_get(1)), State::abused);
  EXPECT_EQ(connection->request(), nullptr);
  respond(1, "nothing");
  EXPECT_EQ(connection->unsent(), 0U);
  EXPECT_EQ(record(), "");
}

}  // namespace
}  // namespace vouch
