#include "transports/quic/query_streams.h"

#include "transports/quic/quic_connection.h"

namespace vouch {

void QueryStreams::serve() {
  QueryStream* next = arrived_.front();
  while (next != nullptr && connection_.may_take()) {
    QueryStream& stream = *next;
    next = arrived_.after(stream);
    if (stream.is_early && !connection_.is_established() && !may_be_replayed(stream)) { continue; }
    stream.Linked<ArrivedQueries>::unlink();
    serve_one(stream);
    if (stream.awaits_reply()) { waiting_.push_back(stream); }
  }
}

}  // namespace vouch
