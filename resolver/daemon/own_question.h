// A question that this process asks itself, on the way that a client's takes.
#pragma once

#include <functional>

#include "resolver/base/bytes.h"
#include "resolver/front/query_sink.h"

namespace vouch {

// `done` is called once: with the reply, or with nothing when the query was dropped or the sink ends before it has
// answered. On the sink's thread, maybe before this returns. `query` as over TCP from `client`.
void ask_as_client(QuerySink& sink, Bytes query, const SocketAddress& client,
                   std::move_only_function<void(Buffer)> done);

}  // namespace vouch
