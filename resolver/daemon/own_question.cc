#include "resolver/daemon/own_question.h"

#include <utility>

#include "resolver/base/lack_of_memory.h"

namespace vouch {

namespace {

// Calls what it holds once, at the latest when it goes.
class Done {
 public:
  explicit Done(std::move_only_function<void(Buffer)> done) : done_(std::move(done)) {}
  Done(Done&& other) noexcept : done_(std::exchange(other.done_, nullptr)) {}
  Done& operator=(Done&&) = delete;
  ~Done() {  // noexcept, and whoever is told may have to allocate
    survive_lack_of_memory([this] { tell({}); });
  }
  void tell(Buffer reply) {
    auto done = std::exchange(done_, nullptr);
    if (done != nullptr) { done(std::move(reply)); }
  }

 private:
  std::move_only_function<void(Buffer)> done_;
};

class Later final : public ReplyHandle {
 public:
  explicit Later(Done done) : done_(std::move(done)) {}
  void send(Bytes message) override { done_.tell(Buffer(message.begin(), message.end())); }

 private:
  Done done_;
};

class Room final : public ReplyRoom {
 public:
  explicit Room(Done done) : octets_(kMostOctets), done_(std::move(done)) {}
  MutableBytes buffer() override { return octets_; }
  std::unique_ptr<ReplyHandle> keep() override { return std::make_unique<Later>(std::move(done_)); }
  void answer(std::size_t size) {
    octets_.resize(size);
    done_.tell(std::move(octets_));
  }

 private:
  static constexpr std::size_t kMostOctets = 65'535;  // what TCP can carry
  Buffer octets_;
  Done done_;
};

}  // namespace

void ask_as_client(QuerySink& sink, Bytes query, const SocketAddress& client,
                   std::move_only_function<void(Buffer)> done) {
  Room room{Done(std::move(done))};
  const ClientQuery asked{.packet = query, .client = client, .local = client, .protocol = ClientProtocol::tcp};
  const std::size_t size = sink.answer(asked, room);
  if (size != 0) { room.answer(size); }
}

}  // namespace vouch
