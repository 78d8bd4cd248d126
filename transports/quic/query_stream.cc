#include "transports/quic/query_stream.h"

#include <utility>

namespace vouch {

class QueryStream::Reply final : public ReplyHandle {
 public:
  explicit Reply(QueryStream& stream) noexcept : stream_(&stream) {}
  ~Reply() override {
    if (QueryStream* const stream = detach()) { stream->give_up(); }
  }
  void send(Bytes message) override {
    if (QueryStream* const stream = detach()) { stream->answer(message); }
  }
  QueryStream* detach() noexcept {
    if (stream_ != nullptr) {
      stream_->reply_ = nullptr;
      stream_->Linked<WaitingQueries>::unlink();
    }
    return std::exchange(stream_, nullptr);
  }

 private:
  QueryStream* stream_;
};

QueryStream::~QueryStream() {
  if (reply_ != nullptr) { reply_->detach(); }
}

std::unique_ptr<ReplyHandle> QueryStream::make_handle() {
  if (reply_ != nullptr) { return nullptr; }
  auto handle = std::make_unique<Reply>(*this);
  reply_ = handle.get();
  return handle;
}

}  // namespace vouch
