#include "transports/network_upstream.h"

namespace vouch {

namespace {
Task<UpstreamReply> unreachable() {
  UpstreamReply reply;
  reply.status = UpstreamReply::Status::unreachable;
  co_return reply;
}
}  // namespace

Task<UpstreamReply> NetworkUpstream::ask(UpstreamQuestion question) {
  switch (question.protocol) {
    case UpstreamProtocol::udp:
      return udp_.ask(question);
    case UpstreamProtocol::tcp:
      return tcp_.ask(question);
    case UpstreamProtocol::tls:
      return unreachable();
  }
  return unreachable();
}

}  // namespace vouch
