#include "transports/network_upstream.h"

namespace vouch {

Task<UpstreamReply> NetworkUpstream::ask(UpstreamQuestion question) {
  return question.protocol == UpstreamProtocol::udp ? udp_.ask(question) : stream_.ask(question);
}

}  // namespace vouch
