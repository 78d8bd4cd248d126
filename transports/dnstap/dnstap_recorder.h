// Tells the collector of messages (dnstap): what clients asked and got, what servers were asked and said. Each is
// encoded where it passes, and handed to this worker's queue.
//
// Whose privacy it is: clients' addresses are cut to a prefix and their ports left out before anything leaves this
// object, unless the operator says otherwise. Questions are told as they are; that is what dnstap is for, and why it is
// off unless somebody listens to it (docs/dnstap.md).
//
// One per worker, used on its thread; there is none where dnstap is not configured.
#pragma once

#include "resolver/front/query_sink.h"
#include "resolver/iterate/upstream.h"
#include "transports/dnstap/dnstap_message.h"
#include "transports/dnstap/dnstap_options.h"
#include "transports/dnstap/dnstap_stream.h"

namespace vouch {

class DnstapRecorder {
 public:
  using Moment = DnstapMessage::Moment;

  // The stream of the queue outlives this. `version`: what this server calls itself.
  DnstapRecorder(const DnstapOptions& options, std::string_view version, DnstapStream::Queue& queue)
      : options_(options), encoder_(options.identity, version), queue_(queue) {}

  // Who asked, and when: what of a query is needed to tell of its answer.
  struct Asked {
    SocketAddress client, local;
    ClientProtocol protocol = ClientProtocol::udp;
    Moment when{};
  };
  Asked client_query(const ClientQuery& query);
  void client_response(const Asked& asked, Bytes message);

  // The moment at which it was asked.
  Moment resolver_query(const UpstreamQuestion& question);
  void resolver_response(const UpstreamQuestion& question, Moment asked, Bytes message);

 private:
  DnstapMessage client_message(const Asked& asked) const;
  static DnstapMessage resolver_message(const UpstreamQuestion& question, Moment asked);
  void tell(const DnstapMessage& message);

  const DnstapOptions options_;
  DnstapEncoder encoder_;
  DnstapStream::Queue& queue_;
};

}  // namespace vouch
