// A hostile HTTP/2 client, in octets and in frames: whatever it does, memory and work stay bounded, every whole request
// can be answered or given up, and what comes out is whole frames.
#include <deque>

#include "tests/fuzz/fuzz_input.h"
#include "transports/http/http2_connection.h"

namespace vouch {
namespace {

using namespace std::string_view_literals;
using State = Http2Connection::State;

constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"sv;
constexpr std::string_view kSettings = "\0\0\0\4\0\0\0\0\0"sv;
constexpr std::size_t kMaxFrames = 3000;
// One frame may bring a window, for which all that waits leaves; nobody says more than this for nothing.
constexpr std::size_t kMaxAnswer = 3000;
constexpr std::size_t kMaxOutput = 16 * 1024 * 1024;

class Server {
 public:
  explicit Server(FuzzInput& input) : input_(input), connection_(Http2Connection::create(now_)) {
    must(connection_ != nullptr, "there is memory");
  }
  bool is_over() const { return connection_->is_over(); }

  void hear(Bytes octets) {
    const Buffer exact(octets.begin(), octets.end());  // so that a read beyond is seen
    const bool was_open = connection_->state() == State::open;
    const State state = connection_->receive(exact, now_);
    must(was_open || state != State::open, "there is no way back");
    check();
  }
  void wait(std::uint32_t milliseconds) { now_ += std::chrono::milliseconds(milliseconds); }

  // Answers, keeps or gives up what is whole.
  void serve(std::uint8_t how) {
    std::size_t served = 0;
    while (const auto* const request = connection_->request()) {
      must(++served <= Http2Connection::kMaxStreams, "no more than there are streams");
      must(request->stream % 2 == 1, "a client's stream");
      must(request->target.size() <= kMaxHttpTarget && !(request->has_long_target && !request->target.empty()),
           "target");
      must(is_oversized(*request) || request->body.size() <= kMaxHttpBody, "body");
      touch(*request);
      switch (how % 4) {
        case 0:
          late_.push_back(request->stream);
          if (late_.size() > Http2Connection::kMaxStreams) { late_.pop_front(); }
          break;
        case 1:
          connection_->give_up(request->stream);
          break;
        default:
          answer(request->stream);
      }
      connection_->drop_request();
      check();
    }
  }
  void serve_late() {
    for (const auto stream : late_) { answer(stream); }
    late_.clear();
    check();
  }

  void drain() {
    for (;;) {
      Buffer room(Http2Connection::kRecordRoom);
      const Bytes record = connection_->next_record(room);
      if (record.empty()) { break; }
      output_ += record.size();
      must(output_ <= kMaxOutput, "bounded output");
      check_frames(record);
    }
    check();
    must(!connection_->has_record(), "all that could be said has been");
  }

 private:
  void answer(Http2Connection::StreamId stream) {
    const Buffer body(input_.below(kMaxAnswer), Octet{'a'});
    connection_->respond(stream, ResponseHead::answer(body.size(), input_.octet(), "h3=\":443\""), body);
  }
  void touch(const HttpRequest& request) const {
    Buffer room(kMaxGetMessage);
    const auto query = dns_query_in(request, "/", room);
    must(query || query.error().status >= 400, "a query or a status");
  }
  void check_frames(Bytes record) const {
    while (!record.empty()) {
      must(record.size() >= 9, "a frame's head");
      const std::size_t length = std::size_t{record[0]} << 16 | load16(record.data() + 1);
      must(record.size() >= 9 + length, "a whole frame");
      record = record.subspan(9 + length);
    }
  }
  void check() const {
    must(connection_->library_octets() <= Http2Connection::kMaxLibrary, "bounded memory");
    must(connection_->unsent() <= Http2Connection::kMaxStreams * kMaxAnswer, "bounded answers");
    must(!connection_->is_over() || connection_->request() == nullptr || connection_->state() == State::open,
         "nothing to serve once it is over");
  }

  FuzzInput& input_;
  Instant now_{};
  std::unique_ptr<Http2Connection> connection_;
  std::deque<Http2Connection::StreamId> late_;
  std::size_t output_ = 0;
};

// A frame of the input's choice, with contents that make sense more often than not.
Buffer frame_from(FuzzInput& input, std::uint32_t& newest) {
  constexpr std::array<std::string_view, 8> kBlocks = {"\x82\x87\x84\x41\x01x"sv,
                                                       "\x83\x87\x84\x41\x01x"sv,
                                                       "\x82\x87\x44\x03/ab\x41\x01x"sv,
                                                       "\x40\x01y\x01z"sv,
                                                       "\xbe\xbe\xbe\xbe"sv,
                                                       "\x0f\x0d\x05\x36\x35\x35\x33\x36"sv,
                                                       "\x82\x87"sv,
                                                       "\x40\x06"
                                                       "expect\x0c"
                                                       "100-continue"sv};
  const std::uint8_t type = input.octet() % 12;
  const std::uint8_t flags = input.octet();
  const std::uint8_t which = input.octet();
  std::uint32_t stream = 0;
  if (which < 0x60) {
    stream = newest += 2;
  } else if (which < 0xc0) {
    stream = newest > 2U * (which % 8U) ? newest - 2U * (which % 8U) : newest;
  } else if (which < 0xe0) {
    stream = which;
  }
  Buffer payload;
  if (type == 1 || type == 9) {
    for (std::size_t blocks = input.octet() % 4U; blocks > 0; --blocks) {
      const std::string_view block = kBlocks[input.octet() % kBlocks.size()];
      payload.insert(payload.end(), block.begin(), block.end());
    }
  } else if (type == 0) {
    payload.assign(input.below(4) == 0 ? input.below(16385) : input.below(300), Octet{0});
  } else if (type == 6) {
    payload.assign(8, Octet{6});
  } else if (type == 3 || type == 8) {
    payload.resize(4);
    store32(payload.data(), input.number32());
  }
  const Bytes more = input.octets(input.octet() % 16U);
  if (input.octet() % 4 == 0) { payload.insert(payload.end(), more.begin(), more.end()); }
  Buffer frame(9);
  frame[0] = u8(payload.size() >> 16);
  store16(frame.data() + 1, u16(payload.size() & 0xffff));
  frame[3] = type;
  frame[4] = flags;
  store32(frame.data() + 5, stream);
  frame.insert(frame.end(), payload.begin(), payload.end());
  return frame;
}

void act(Server& server, FuzzInput& input) {
  const std::uint8_t action = input.octet();
  if (action < 0xa0) { server.serve(action); }
  if (action % 8 == 1) { server.serve_late(); }
  if (action % 4 != 3) { server.drain(); }
  if (action % 32 == 5) { server.wait(input.number16()); }
}

void in_frames(FuzzInput& input) {
  Server server(input);
  server.hear(bytes_of(kPreface));
  server.hear(bytes_of(kSettings));
  std::uint32_t newest = 0xffffffff;  // the first stream is 1
  for (std::size_t i = 0; i < kMaxFrames && !input.is_empty() && !server.is_over(); ++i) {
    const Buffer frame = frame_from(input, newest);
    server.hear(frame);
    act(server, input);
  }
  server.serve(2);
  server.serve_late();
  server.drain();
}

void in_octets(FuzzInput& input, bool is_greeted) {
  Server server(input);
  if (is_greeted) {
    server.hear(bytes_of(kPreface));
    server.hear(bytes_of(kSettings));
  }
  while (!input.is_empty() && !server.is_over()) {
    const std::uint8_t piece = input.octet();
    server.hear(input.octets(piece < 0x40 ? std::size_t{piece} : std::size_t{piece} * 16U));
    server.serve(piece);
    if (piece % 2 == 0) { server.drain(); }
  }
  server.serve_late();
  server.drain();
}

}  // namespace
}  // namespace vouch

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace vouch;
  FuzzInput input({data, size});
  switch (input.octet() % 4) {
    case 0:
      in_octets(input, false);
      break;
    case 1:
      in_octets(input, true);
      break;
    default:
      in_frames(input);
  }
  return 0;
}
