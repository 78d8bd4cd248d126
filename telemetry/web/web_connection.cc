#include "telemetry/web/web_connection.h"

#include <event2/buffer.h>
#include <sys/socket.h>

#include <algorithm>
#include <ctime>

namespace vouch {
namespace {

timeval timeval_of(Duration time) {
  const auto microseconds = std::chrono::duration_cast<std::chrono::microseconds>(time).count();
  return {.tv_sec = microseconds / 1'000'000, .tv_usec = microseconds % 1'000'000};
}

WebResponse refusal(const WebRefusal& wrong) {
  WebResponse response = plain_response(wrong.status, wrong.text);
  response.closes = true;  // where the next request begins is anybody's guess
  return response;
}

}  // namespace

std::shared_ptr<WebConnection> WebConnection::create(event_base* base, int fd, const WebPeer& peer, WebTable& table) {
  bufferevent* buffers = bufferevent_socket_new(base, fd, BEV_OPT_CLOSE_ON_FREE);
  if (buffers == nullptr) {
    evutil_closesocket(fd);
    return nullptr;
  }
  try {
    return std::shared_ptr<WebConnection>(new WebConnection(buffers, fd, peer, table));
  } catch (const std::bad_alloc&) {
    bufferevent_free(buffers);
    return nullptr;
  }
}

WebConnection::WebConnection(bufferevent* buffers, int fd, const WebPeer& peer, WebTable& table)
    : buffers_(buffers), fd_(fd), peer_(peer), table_(table), since_(std::chrono::steady_clock::now()) {
  bufferevent_setcb(buffers_, &WebConnection::on_read, &WebConnection::on_sent, &WebConnection::on_event, this);
  // Not a high-water mark, which libevent 2.1 sets up without looking whether it has memory for it. What is left of one
  // read is less than a head, so that together with the next it stays within the limit.
  bufferevent_set_max_single_read(buffers_, std::max<std::size_t>(1, table_.limits.unread - kMaxWebHead));
  const timeval stall = timeval_of(table_.limits.stall);
  bufferevent_set_timeouts(buffers_, nullptr, &stall);
  bufferevent_enable(buffers_, EV_READ | EV_WRITE);
}

WebConnection::~WebConnection() {
  table_.unsent -= unsent_;
  bufferevent_free(buffers_);
}

void WebConnection::enter(State state) noexcept {
  state_ = state;
  since_ = std::chrono::steady_clock::now();
  const bool reads = state != State::handling && state != State::sending;
  if (reads) {
    bufferevent_enable(buffers_, EV_READ);
  } else {
    bufferevent_disable(buffers_, EV_READ);
  }
}

Duration WebConnection::allowance() const noexcept {
  switch (state_) {
    case State::idle:
      return table_.limits.idle;
    case State::receiving:
      return table_.limits.request;
    case State::handling:
      return table_.limits.handling;
    case State::sending:
      return table_.limits.sending;
    case State::lingering:
      return table_.limits.linger;
  }
  return {};
}

void WebConnection::expire() {
  if (state_ == State::handling) {
    respond(requests_, plain_response(504, "This took too long."));
  } else {
    remove();
  }
}

void WebConnection::take_input() {
  evbuffer* input = bufferevent_get_input(buffers_);
  if (state_ == State::lingering) {
    evbuffer_drain(input, evbuffer_get_length(input));
    return;
  }
  if ((state_ != State::idle && state_ != State::receiving) || evbuffer_get_length(input) == 0) { return; }
  if (state_ == State::idle) { enter(State::receiving); }
  const std::size_t length = std::min(evbuffer_get_length(input), kMaxWebHead);
  const unsigned char* octets = evbuffer_pullup(input, static_cast<ev_ssize_t>(length));
  if (octets == nullptr) {
    remove();
    return;
  }
  std::string_view text(reinterpret_cast<const char*>(octets), length);
  // One empty line before a request is borne (RFC 9112 section 2.2).
  const std::size_t skipped = text.starts_with("\r\n") ? 2 : 0;
  text.remove_prefix(skipped);
  const auto end = end_of_head(text);
  if (end) {
    const std::string head(text.substr(0, *end));
    evbuffer_drain(input, skipped + *end);
    begin(head);
  } else if (length == kMaxWebHead) {
    ++requests_;
    enter(State::handling);
    respond(requests_, refusal({431, "The request's head is too large."}));
  }
}

void WebConnection::begin(std::string_view head_text) {
  const std::uint64_t request = ++requests_;
  ++table_.traffic.requests;
  enter(State::handling);
  const auto head = WebHead::parse(head_text);
  is_head_ = head && head->method == "HEAD";
  closes_ = requests_ >= table_.limits.requests || !head || head->wants_close() || head->has_body();
  if (!head) {
    respond(request, refusal(head.error()));
  } else if (table_.unsent > table_.limits.unsent) {
    respond(request, plain_response(503, "Too many answers are waiting to be taken. Try again."));
  } else {
    table_.handler.handle(*head, peer_, [weak = weak_from_this(), request](WebResponse response) {
      if (const auto self = weak.lock()) { self->respond(request, std::move(response)); }
    });
  }
}

void WebConnection::respond(std::uint64_t request, WebResponse response) {
  // Late: the request was answered already, for having taken too long. The client may be about to ask the next one, and
  // would take this for its answer.
  if (request != requests_ || state_ != State::handling) { return; }
  if (response.body.size() > table_.limits.response) { response = plain_response(500, "The answer is too large."); }
  closes_ = closes_ || response.closes;
  const std::string head = response_head(response, response.body.size(), closes_, std::time(nullptr));
  enter(State::sending);
  bufferevent_write(buffers_, head.data(), head.size());
  unsent_ = head.size();
  if (!is_head_ && response.status != 304) {
    bufferevent_write(buffers_, response.body.data(), response.body.size());
    unsent_ += response.body.size();
  }
  table_.unsent += unsent_;
}

void WebConnection::response_sent() {
  if (state_ != State::sending) { return; }
  table_.unsent -= unsent_;
  unsent_ = 0;
  is_head_ = false;
  if (closes_) {
    shutdown(fd_, SHUT_WR);
    enter(State::lingering);
    take_input();
    return;
  }
  enter(State::idle);
  take_input();  // the next one may have come already
}

}  // namespace vouch
