// A QuerySink before another, and an Upstream before another, that tell a DnstapRecorder of what passes. Neither is
// there unless dnstap is configured.
//
// One thread, the worker's.
#pragma once

#include <memory>

#include "transports/dnstap/dnstap_recorder.h"

namespace vouch {

// The sink and the recorder outlive it, and every handle that a sink has kept.
class TappedSink final : public QuerySink {
 public:
  TappedSink(QuerySink& sink, DnstapRecorder& recorder) : sink_(sink), recorder_(recorder) {}
  std::size_t answer(const ClientQuery& query, ReplyRoom& room) override;
  void expect(Bytes packet) const noexcept override { sink_.expect(packet); }
  bool admits(const IpAddress& client) const override { return sink_.admits(client); }

 private:
  class Room;
  class Reply;
  QuerySink& sink_;
  DnstapRecorder& recorder_;
};

// The recorder outlives it and its tasks.
class TappedUpstream final : public Upstream {
 public:
  TappedUpstream(std::shared_ptr<Upstream> upstream, DnstapRecorder& recorder)
      : upstream_(std::move(upstream)), recorder_(recorder) {}
  Task<UpstreamReply> ask(UpstreamQuestion question) override;

 private:
  const std::shared_ptr<Upstream> upstream_;
  DnstapRecorder& recorder_;
};

}  // namespace vouch
