// DNS messages behind their lengths on a client's connection: TCP (RFC 7766) and TLS (RFC 7858) alike.
//
// Memory while idle: this object and its stream. At most: one read and one message in, max_output out.
#pragma once

#include "transports/stream_session.h"

namespace vouch {

class DnsStreamSession final : public StreamSession {
 public:
  using StreamSession::StreamSession;

 private:
  Taken take(Bytes fresh) override;
  bool has_work() const noexcept override { return framer_.has_whole_message(); }
  bool is_mid_message() const noexcept override { return framer_.is_mid_message(); }
  bool is_busy() const noexcept override { return !late_.empty(); }
  void answer_late(Tag tag, Bytes message) override;
  void send_late() override;
  std::size_t serve(Bytes message, std::size_t used);

  LengthFramer framer_;
  Buffer late_;  // answers of this turn that were not ready at once
};

}  // namespace vouch
