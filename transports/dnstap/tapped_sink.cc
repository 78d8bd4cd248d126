#include "transports/dnstap/tapped_sink.h"

#include <utility>

namespace vouch {

class TappedSink::Reply final : public ReplyHandle {
 public:
  Reply(std::unique_ptr<ReplyHandle> reply, DnstapRecorder& recorder, const DnstapRecorder::Asked& asked)
      : reply_(std::move(reply)), recorder_(recorder), asked_(asked) {}
  void send(Bytes message) override {
    recorder_.client_response(asked_, message);
    reply_->send(message);
  }

 private:
  const std::unique_ptr<ReplyHandle> reply_;
  DnstapRecorder& recorder_;
  const DnstapRecorder::Asked asked_;
};

class TappedSink::Room final : public ReplyRoom {
 public:
  Room(ReplyRoom& room, DnstapRecorder& recorder, const DnstapRecorder::Asked& asked)
      : room_(room), recorder_(recorder), asked_(asked) {}
  MutableBytes buffer() override { return buffer_ = room_.buffer(); }
  std::unique_ptr<ReplyHandle> keep() override {
    auto reply = room_.keep();
    if (reply == nullptr) { return nullptr; }
    return std::make_unique<Reply>(std::move(reply), recorder_, asked_);
  }
  Bytes written(std::size_t size) const noexcept { return Bytes(buffer_).first(size); }

 private:
  ReplyRoom& room_;
  DnstapRecorder& recorder_;
  const DnstapRecorder::Asked& asked_;
  MutableBytes buffer_;
};

std::size_t TappedSink::answer(const ClientQuery& query, ReplyRoom& room) {
  const DnstapRecorder::Asked asked = recorder_.client_query(query);
  Room tapped(room, recorder_, asked);
  const std::size_t size = sink_.answer(query, tapped);
  if (size != 0) { recorder_.client_response(asked, tapped.written(size)); }
  return size;
}

Task<UpstreamReply> TappedUpstream::ask(UpstreamQuestion question) {
  const DnstapRecorder::Moment asked = recorder_.resolver_query(question);
  UpstreamReply reply = co_await upstream_->ask(question);
  if (reply.status == UpstreamReply::Status::ok) { recorder_.resolver_response(question, asked, reply.packet); }
  co_return reply;
}

}  // namespace vouch
