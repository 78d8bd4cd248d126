#include "transports/message_dialer.h"

#include <sys/socket.h>

#include <cerrno>
#include <system_error>

#include "transports/connecting_socket.h"
#include "transports/length_framer.h"
#include "transports/plain_stream.h"

namespace vouch {

using Status = StreamMessage::Status;

class MessageDialer::Stream final : public MessageStream {
 public:
  Stream(MessageDialer& dialer, Socket socket);  // already connecting
  // What failed before there was anything to connect with.
  Stream(MessageDialer& dialer, Status status, std::string why);

  bool start();  // false: the kernel cannot watch it
  void send(Bytes message) override;
  Task<StreamMessage> receive(Instant deadline) override;

 private:
  // Who waits in receive(): stands in its frame, and takes itself out when the frame goes.
  struct Waiter {
    explicit Waiter(Stream& of) : stream(of) { stream.waiter_ = this; }
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;
    ~Waiter() { stream.stop_waiting(this); }
    Stream& stream;
    OneShot<StreamMessage> done;
  };

  void stop_waiting(const Waiter* waiter) noexcept;
  std::optional<Buffer> next_message();
  void finish(StreamMessage with);
  void end(Status status, std::string why);
  void on_readable();
  void on_writable();
  void flush();

  MessageDialer& dialer_;
  std::optional<PlainStream> stream_;
  Buffer output_;  // frames that the stream has not been given yet
  Buffer input_;   // read and not yet handed out, from at_ on
  std::size_t at_ = 0;
  std::optional<StreamMessage> ended_;  // why nothing more will come
  Waiter* waiter_ = nullptr;
  bool connected_ = false;
  std::optional<LoopTimer> timer_;
  std::optional<LoopWatch> reads_;
  std::optional<LoopWatch> writes_;
};

MessageDialer::Stream::Stream(MessageDialer& dialer, Socket socket) : dialer_(dialer), stream_(std::move(socket)) {
  event_base* const base = dialer_.loop_.base();
  timer_.emplace(
      base, [](void* self) { static_cast<Stream*>(self)->finish({.status = Status::timeout, .message = {}}); }, this);
  reads_.emplace(
      base, stream_->fd(), EV_READ, [](void* self) { static_cast<Stream*>(self)->on_readable(); }, this);
  writes_.emplace(
      base, stream_->fd(), EV_WRITE, [](void* self) { static_cast<Stream*>(self)->on_writable(); }, this);
}

MessageDialer::Stream::Stream(MessageDialer& dialer, Status status, std::string why)
    : dialer_(dialer), ended_(StreamMessage{.status = status, .message = {}, .why = std::move(why)}) {}

bool MessageDialer::Stream::start() { return writes_->watch(true); }

void MessageDialer::Stream::send(Bytes message) {
  if (ended_ || message.size() > LengthFramer::kMaxMessage) { return; }
  append_frame(output_, message);
  if (connected_) { flush(); }
}

Task<StreamMessage> MessageDialer::Stream::receive(Instant deadline) {
  if (auto message = next_message()) { co_return StreamMessage{.status = Status::ok, .message = std::move(*message)}; }
  if (ended_) { co_return *ended_; }
  Waiter waiter(*this);
  timer_->arm(deadline - dialer_.loop_.now());
  if (!reads_->watch(true)) { end(Status::unreachable, "no descriptor left to wait with"); }
  StreamMessage came = co_await waiter.done;
  co_return came;
}

void MessageDialer::Stream::stop_waiting(const Waiter* waiter) noexcept {
  if (waiter_ != waiter) { return; }
  waiter_ = nullptr;
  timer_->disarm();
  if (!ended_) { reads_->watch(false); }
}

std::optional<Buffer> MessageDialer::Stream::next_message() {
  const Bytes left = Bytes(input_).subspan(at_);
  if (left.size() < LengthFramer::kPrefix) { return std::nullopt; }
  const std::size_t length = load16(left.data());
  if (left.size() - LengthFramer::kPrefix < length) { return std::nullopt; }
  const Bytes message = left.subspan(LengthFramer::kPrefix, length);
  at_ += LengthFramer::kPrefix + length;
  return Buffer(message.begin(), message.end());
}

// Resumes whoever waits, who may destroy this: nothing of ours may be touched afterwards.
void MessageDialer::Stream::finish(StreamMessage with) {
  Waiter* const waiter = waiter_;
  if (waiter == nullptr || waiter->done.is_set()) { return; }
  stop_waiting(waiter);
  waiter->done.set(std::move(with));
}

// As finish(): nothing may be touched afterwards.
void MessageDialer::Stream::end(Status status, std::string why) {
  if (ended_) { return; }
  ended_ = StreamMessage{.status = status, .message = {}, .why = std::move(why)};
  reads_->watch(false);
  writes_->watch(false);
  stream_->close();
  finish(*ended_);
}

void MessageDialer::Stream::on_writable() {
  if (!connected_) {
    int error = 0;
    socklen_t length = sizeof error;
    getsockopt(stream_->fd(), SOL_SOCKET, SO_ERROR, &error, &length);
    if (error != 0) {
      end(Status::unreachable, std::generic_category().message(error));
      return;
    }
    connected_ = true;
  }
  flush();
}

// As finish(): nothing may be touched afterwards.
void MessageDialer::Stream::flush() {
  const bool is_open = stream_->send(output_).has_value();
  if (!is_open) {
    end(Status::closed, {});
    return;
  }
  output_ = Buffer();  // what the kernel did not take the stream has
  if (!writes_->watch(stream_->unsent() != 0)) { end(Status::unreachable, "no descriptor left to wait with"); }
}

void MessageDialer::Stream::on_readable() {
  if (!connected_) { return; }  // an error: on_writable() is told as well, and finds out which
  auto& scratch = *dialer_.scratch_;
  const ByteStream::Read got = stream_->read(scratch);
  input_.erase(input_.begin(), input_.begin() + static_cast<std::ptrdiff_t>(at_));
  at_ = 0;
  input_.insert(input_.end(), scratch.begin(), scratch.begin() + static_cast<std::ptrdiff_t>(got.octets));
  if (waiter_ != nullptr) {
    if (auto message = next_message()) {
      // The end, if it came along, is told by the next read.
      finish({.status = Status::ok, .message = std::move(*message)});
      return;
    }
  }
  if (got.status != ByteStream::Status::open) { end(Status::closed, {}); }
}

MessageDialer::MessageDialer(EventLoop& loop, const OutgoingOptions& options, Random& random)
    : loop_(loop),
      random_(random),
      sources_(options.source_addresses),
      scratch_(std::make_unique_for_overwrite<std::array<Octet, kRead>>()) {}

MessageDialer::~MessageDialer() = default;

std::unique_ptr<MessageStream> MessageDialer::dial(const SocketAddress& server) {
  const auto failed = [this](std::string why) {
    return std::make_unique<Stream>(*this, Status::unreachable, std::move(why));
  };
  Socket socket = begin_connecting(server, sources_, random_);
  if (!socket.is_open()) { return failed(std::generic_category().message(errno)); }
  auto stream = std::make_unique<Stream>(*this, std::move(socket));
  if (!stream->start()) { return failed("no descriptor left to wait with"); }
  return stream;
}

}  // namespace vouch
