// One query and its answer: a stream that a client opened. What DNS over QUIC and DNS over HTTP/3 have in common.
//
// Owner: the QueryStreams of its connection. The handle of a late answer and the stream point at each other, and
// whichever goes first tells the other.
#pragma once

#include <cstdint>
#include <memory>

#include "resolver/front/query_sink.h"
#include "transports/linked_list.h"

namespace vouch {

struct IncompleteQueries;
struct ArrivedQueries;
struct WaitingQueries;

class QueryStream : public Linked<IncompleteQueries>, public Linked<ArrivedQueries>, public Linked<WaitingQueries> {
 public:
  explicit QueryStream(std::int64_t id) noexcept : id_(id) {}
  virtual ~QueryStream();

  std::int64_t id() const noexcept { return id_; }
  // Once, unless the stream has ended before. May be called from within QuerySink::answer().
  virtual void answer(Bytes message) = 0;
  virtual void give_up() = 0;  // there will be no answer

  std::unique_ptr<ReplyHandle> make_handle();  // at most one
  bool awaits_reply() const noexcept { return reply_ != nullptr; }

  bool is_early = false;  // some of it came as early data

 private:
  class Reply;
  const std::int64_t id_;
  Reply* reply_ = nullptr;
};

}  // namespace vouch
