// DNS over dedicated QUIC connections (RFC 9250): one query on each stream, one answer behind it.
#pragma once

#include "transports/quic/doq_query.h"
#include "transports/quic/error_codes.h"
#include "transports/quic/query_streams.h"

namespace vouch {

struct ReadyAnswers;
struct EndingStreams;
struct DoqStreamList;

class DoqStreams final : public QueryStreams {
 public:
  explicit DoqStreams(QuicConnection& connection) noexcept;
  ~DoqStreams() override;

  bool opened(std::int64_t id) override;
  bool received(std::int64_t id, QueryStream* stream, Bytes octets, bool is_last, bool is_early) override;
  bool acknowledged(std::int64_t, std::uint64_t) override { return true; }
  bool reset_by_client(std::int64_t id, QueryStream* stream) override;
  bool closed(std::int64_t id, QueryStream* stream, std::uint64_t code) override;
  bool may_send_more(std::int64_t id, QueryStream* stream) override;
  void end_streams() override;
  Output next_output() override;
  void sent(const Output& output, std::size_t octets) override;
  void blocked(const Output& output) override;
  void unwanted(const Output& output) override;
  std::uint64_t no_error() const noexcept override { return code_of(DoqError::no_error); }
  std::uint64_t excessive_load() const noexcept override { return code_of(DoqError::excessive_load); }

 private:
  class Stream;
  void serve_one(QueryStream& stream) override;
  bool may_be_replayed(const QueryStream& stream) const override;
  void forget_query(Stream& stream);

  LinkedList<Stream, DoqStreamList> all_;
  LinkedList<Stream, ReadyAnswers> ready_;
  LinkedList<Stream, EndingStreams> ending_;
  ngtcp2_vec piece_{};
};

}  // namespace vouch
