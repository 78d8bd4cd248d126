// A TCP connection as a ByteStream: its octets as they are. At most one read and what was put and not taken are held.
// One thread.
#pragma once

#include "transports/byte_stream.h"
#include "transports/socket.h"

namespace vouch {

class PlainStream final : public ByteStream {
 public:
  explicit PlainStream(Socket socket) noexcept : socket_(std::move(socket)) {}

  int fd() const noexcept override { return socket_.fd(); }
  void close() noexcept override { socket_.close(); }
  Read read(MutableBytes into) override;
  bool is_established() const noexcept override { return true; }
  bool was_resumed() const noexcept override { return false; }
  bool put(Bytes octets) override;
  std::optional<std::size_t> flush() override { return send({}); }
  std::optional<std::size_t> send(Bytes octets) override;
  std::size_t unsent() const noexcept override { return output_.size(); }
  void say_goodbye() noexcept override {}

 private:
  Socket socket_;
  Buffer output_;
};

}  // namespace vouch
