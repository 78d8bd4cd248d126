// One client of the WebServer: takes in a head, has it handled, sends the response, and begins again. Nothing is read
// while a request is handled or a response is under way, so pipelined requests wait in the kernel's buffers.
#pragma once

#include <event2/bufferevent.h>

#include <memory>

#include "resolver/base/lack_of_memory.h"
#include "telemetry/web/web_server.h"

namespace vouch {

class WebConnection : public std::enable_shared_from_this<WebConnection> {
 public:
  // Takes the descriptor over. Null: no memory for it.
  static std::shared_ptr<WebConnection> create(event_base* base, int fd, const WebPeer& peer, WebTable& table);
  ~WebConnection();
  WebConnection(const WebConnection&) = delete;
  WebConnection& operator=(const WebConnection&) = delete;

  const IpAddress& source() const noexcept { return peer_.remote; }
  bool is_idle() const noexcept { return state_ == State::idle; }
  Instant since() const noexcept { return since_; }  // when the present state began
  // Its time is up: whatever it does next, it may have destroyed itself.
  bool is_overdue(Instant now) const noexcept { return now >= since_ + allowance(); }
  void expire();

 private:
  enum class State : std::uint8_t {
    idle,       // nothing of a next request has come
    receiving,  // a part has
    handling,   // the handler has not answered yet
    sending,
    lingering,  // all is sent and the sending side closed; what still comes is thrown away
  };
  WebConnection(bufferevent* buffers, int fd, const WebPeer& peer, WebTable& table);
  Duration allowance() const noexcept;
  void enter(State state) noexcept;
  void take_input();
  void begin(std::string_view head_text);
  void respond(std::uint64_t request, WebResponse response);
  void response_sent();
  void remove() { table_.remove(*this); }

  static void on_read(bufferevent*, void* self) {
    survive_lack_of_memory([self] { static_cast<WebConnection*>(self)->take_input(); });
  }
  static void on_sent(bufferevent*, void* self) {
    survive_lack_of_memory([self] { static_cast<WebConnection*>(self)->response_sent(); });
  }
  static void on_event(bufferevent*, short, void* self) { static_cast<WebConnection*>(self)->remove(); }

  bufferevent* buffers_;
  const int fd_;
  const WebPeer peer_;
  WebTable& table_;
  State state_ = State::idle;
  Instant since_;
  std::uint64_t requests_ = 0;
  std::size_t unsent_ = 0;
  bool is_head_ = false;  // the request's method
  bool closes_ = false;   // after this response
};

}  // namespace vouch
