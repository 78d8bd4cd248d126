#include "transports/http/http_session.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <utility>

#include "resolver/wire/message_facts.h"

namespace vouch {

namespace {

// A hundred connections that all send without pause then still leave UDP a turn every few milliseconds.
constexpr int kRequestsPerTurn = 32;

// So much may wait in the stream for the kernel to take it; more stays where it can still be given up by stream.
constexpr std::size_t kGathered = 64 * 1024;

constexpr std::string_view kNotHttp2 =
    "HTTP/1.1 400 Bad Request\r\n"
    "content-type: text/plain; charset=utf-8\r\n"
    "content-length: 41\r\n"
    "connection: close\r\n"
    "\r\n"
    "DNS over HTTPS is served by HTTP/2 here.\n";
static_assert(kNotHttp2.substr(kNotHttp2.find("\r\n\r\n") + 4).size() == 41);

// Some clients send a request's head and its body in two segments, and hold the second back until the first has been
// acknowledged (Nagle); a kernel that then delays the acknowledgement makes each query take 40 ms. Not lasting: the
// kernel falls back to delaying by itself, hence at every read.
void acknowledge_now(int fd) noexcept {
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
}

}  // namespace

HttpSession::HttpSession(StreamSessionHome& home, std::unique_ptr<ByteStream> stream, const Ends& ends,
                         std::shared_ptr<const DohSite> site)
    : StreamSession(home, std::move(stream), ends),
      site_(std::move(site)),
      wire_(this->stream()),
      max_output_(home.options.max_output) {}

StreamSession::Taken HttpSession::take(Bytes fresh) {
  const auto owed = connection_ == nullptr ? 0 : connection_->oldest_incomplete();
  if (!fresh.empty()) {
    if (connection_ == nullptr) { connection_ = Http2Connection::create(home().loop.now()); }
    if (connection_ == nullptr) {  // no memory for another
      close_in_order();
      return {};
    }
    if (connection_->receive(fresh, home().loop.now()) == Http2Connection::State::not_http2) {
      refuse_http1();
      return {};
    }
    if (connection_->is_mid_request()) { acknowledge_now(stream().fd()); }
  }
  bool has_completed = false;
  for (int left = kRequestsPerTurn; left > 0 && may_serve(); --left) {
    const auto* const request = connection_->request();
    if (request == nullptr) { break; }
    has_completed = true;
    is_serving_ = true;
    serve(*request);
    is_serving_ = false;
    connection_->drop_request();
    gather();
  }
  send();
  // A request that was begun before these and is not whole yet is still owed.
  const bool still_owed = owed != 0 && owed == connection_->oldest_incomplete();
  return {has_completed, has_completed && !still_owed};
}

bool HttpSession::has_work() const noexcept {
  return connection_ != nullptr && (connection_->has_record() || (connection_->request() != nullptr && may_serve()));
}

// A client that keeps its windows shut owes us as much as one that keeps the rest of its request.
bool HttpSession::is_mid_message() const noexcept {
  return connection_ != nullptr && (connection_->is_mid_request() || connection_->is_held_up());
}

std::size_t HttpSession::unsent() const noexcept { return connection_->unsent() + wire_.unsent(); }

bool HttpSession::has_too_much(std::size_t octets) const noexcept { return unsent() + octets > max_output_; }

// One answer is always allowed, however little the operator's bound.
bool HttpSession::may_serve() const noexcept {
  if (!may_take() || connection_->state() != Http2Connection::State::open) { return false; }
  return unsent() == 0 || !has_too_much(kMaxHttpBody);
}

void HttpSession::serve(const Http2Connection::Request& request) {
  const Tag tag = request.stream;
  const auto query = dns_query_in(request, site_->path, home().scratch.input);  // what was read there has been used
  if (!query) {
    connection_->respond(tag, ResponseHead::refusal(query.error()), bytes_of(query.error().text));
    return;
  }
  Room room(*this, MutableBytes(home().scratch.output).first(kMaxHttpBody), tag);
  const std::size_t octets = home().sink.answer({*query, ends().client, ends().local, home().protocol}, room);
  if (octets != 0 && octets <= kMaxHttpBody) {
    const Bytes answer = Bytes(home().scratch.output).first(octets);
    connection_->respond(tag, ResponseHead::answer(octets, lifetime_of(answer), site_->alternative), answer);
  } else if (!room.was_kept()) {
    connection_->give_up(tag);
  }
}

void HttpSession::answer_late(Tag tag, Bytes message) {
  if (is_closed()) { return; }
  if (message.size() > kMaxHttpBody) {
    connection_->give_up(tag);
    return;
  }
  if (has_too_much(message.size())) { write({}); }
  if (is_closed()) { return; }
  // It waits behind others that the client has opened no window for. A client that opens none at all is ended in time:
  // it counts as one that owes us something.
  if (has_too_much(message.size())) {
    connection_->give_up(tag);
    wake_at_end_of_turn();
    return;
  }
  connection_->respond(tag, ResponseHead::answer(message.size(), lifetime_of(message), site_->alternative), message);
  if (!is_serving_) { gather(); }
  wake_at_end_of_turn();
}

void HttpSession::give_up(Tag tag) {
  if (!is_closed()) { connection_->give_up(tag); }
}

// What there is to say goes to the stream, a record at a time.
void HttpSession::gather() {
  // Behind the place where an answer is made.
  const MutableBytes room = MutableBytes(home().scratch.output).subspan(kMaxHttpBody);
  static_assert(2 * StreamScratch::kAnswer - kMaxHttpBody >= Http2Connection::kRecordRoom);
  while (!is_closed() && stream().unsent() < kGathered) {
    const Bytes record = connection_->next_record(room);
    if (record.empty()) { return; }
    home().counters.octets_sent.add(record.size());
    if (!stream().put(record)) {
      close_in_order();
      return;
    }
  }
}

void HttpSession::send() {
  if (connection_ == nullptr || is_closed()) { return; }
  gather();
  write({});
  if (!is_closed() && connection_->is_over()) { end(); }
}

// Nothing more will be read or said: by the client's own wish, or because it broke the rules.
void HttpSession::end() {
  if (connection_->state() != Http2Connection::State::open) { home().counters.closed_abuse.add(); }
  close_in_order();
}

void HttpSession::before_close(End) {
  if (connection_ == nullptr) { return; }
  connection_->say_goodbye();
  gather();
}

void HttpSession::refuse_http1() {
  home().counters.closed_abuse.add();
  write(bytes_of(kNotHttp2));
  close_in_order();
}

std::function<std::unique_ptr<StreamSession>(StreamSessionHome&, std::unique_ptr<ByteStream>,
                                             const StreamSession::Ends&)>
http_sessions(const HttpOptions& options) {
  auto site = std::make_shared<const DohSite>(options.path, alternative_service(options.http3_port));
  return [site = std::move(site)](StreamSessionHome& home, std::unique_ptr<ByteStream> stream,
                                  const StreamSession::Ends& ends) {
    return std::make_unique<HttpSession>(home, std::move(stream), ends, site);
  };
}

}  // namespace vouch
