// DNS over HTTPS on a client's connection (RFC 8484, HTTP/2): over TLS, or in the clear for a proxy on this machine
// that speaks HTTP/2 from its first octet. Whoever speaks HTTP/1 is told so and leaves; there is no upgrade (RFC 9113
// section 3.1 has done away with it), so that nothing can come past a proxy's rules that way.
//
// Each answer is an HTTP/2 response in a TLS record of its own; the answers of a turn leave in one system call.
//
// Memory: what Http2Connection holds, below 1 MiB, of which max_output in answers; while idle some 30 KiB.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "transports/http/http2_connection.h"
#include "transports/stream_session.h"

namespace vouch {

// What a listener serves; shared by its sessions, never changed.
struct DohSite {
  std::string path;
  std::string alternative;  // Alt-Svc, or empty
};

class HttpSession final : public StreamSession {
 public:
  HttpSession(StreamSessionHome& home, std::unique_ptr<ByteStream> stream, const Ends& ends,
              std::shared_ptr<const DohSite> site);

 private:
  Taken take(Bytes fresh) override;
  bool has_work() const noexcept override;
  bool is_mid_message() const noexcept override;
  void answer_late(Tag tag, Bytes message) override;
  void give_up(Tag tag) override;
  void send_late() override { send(); }
  void before_close(End) override;

  std::size_t unsent() const noexcept;
  bool may_serve() const noexcept;
  bool has_too_much(std::size_t octets) const noexcept;
  void serve(const Http2Connection::Request& request);
  void gather();
  void send();
  void end();
  void refuse_http1();

  const std::shared_ptr<const DohSite> site_;
  const ByteStream& wire_;
  const std::size_t max_output_;
  std::unique_ptr<Http2Connection> connection_;  // null until the first octet
  bool is_serving_ = false;
};

// What StreamService::session is for DNS over HTTPS.
std::function<std::unique_ptr<StreamSession>(StreamSessionHome&, std::unique_ptr<ByteStream>,
                                             const StreamSession::Ends&)>
http_sessions(const HttpOptions& options);

}  // namespace vouch
