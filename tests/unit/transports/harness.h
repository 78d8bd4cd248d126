// What the tests of the transports share: a loop that runs until something has happened, plain blocking-free clients
// and servers on loopback, and a sink that does what the test says.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "resolver/front/query_sink.h"
#include "transports/event_loop.h"
#include "transports/length_framer.h"

namespace vouch {

using namespace std::chrono_literals;

inline IpAddress ip(const char* text) { return IpAddress::parse(text).value(); }
inline SocketAddress at(const char* text, std::uint16_t port = 0) { return SocketAddress(ip(text), port); }
inline std::string text(Bytes octets) { return std::string(text_of(octets)); }

// Far beyond what anything here takes, also on a loaded machine: only a failing test waits this long.
inline constexpr auto kPatience = 20s;

class LoopTest : public ::testing::Test {
 protected:
  LoopTest() : loop(EventLoop::create()) {
    if (loop == nullptr) { std::abort(); }
  }

  // Turns the loop until `happened` says so; looks once per turn.
  bool run_until(std::function<bool()> happened) {
    struct Look final : EventLoop::TurnHook {
      EventLoop* loop = nullptr;
      std::function<bool()> happened;
      Instant give_up;
      bool did_happen = false;
      void end_of_turn() override {
        did_happen = happened();
        if (did_happen || loop->now() > give_up) {
          loop->stop();
        } else {
          loop->at_end_of_turn(*this);
        }
      }
    } look;
    look.loop = loop.get();
    look.happened = std::move(happened);
    look.give_up = loop->now() + kPatience;
    loop->at_end_of_turn(look);
    loop->run();
    return look.did_happen;
  }

  // Long enough for whatever is under way on loopback to arrive, so that a test can say "nothing more came".
  void run_for(Duration time) {
    const Instant end = loop->now() + time;
    run_until([&] { return loop->now() >= end; });
  }

  std::unique_ptr<EventLoop> loop;
};

// A sink that the test scripts, and that echoes unless it is.
class ScriptedSink final : public QuerySink {
 public:
  using Script = std::function<std::size_t(const ClientQuery&, ReplyRoom&)>;
  Script script = &ScriptedSink::echo;
  std::size_t answer(const ClientQuery& query, ReplyRoom& room) override {
    ++queries;
    return script(query, room);
  }
  static std::size_t echo(const ClientQuery& query, ReplyRoom& room) { return write(text_of(query.packet), room); }
  static std::size_t write(std::string_view answer, ReplyRoom& room) {
    const MutableBytes out = room.buffer();
    std::copy(answer.begin(), answer.end(), out.begin());
    return answer.size();
  }
  bool admits(const IpAddress& client) const override { return client != stranger; }
  std::size_t queries = 0;
  IpAddress stranger;  // the one who is not served; unspecified: nobody
};

// A socket of the other side.
class Peer {
 public:
  explicit Peer(int type, const SocketAddress& local) : socket_(open_socket(local.ip(), type)) {
    if (!socket_.bind(local)) { ADD_FAILURE() << "bind " << local.text() << ": " << errno; }
  }
  explicit Peer(Socket socket) : socket_(std::move(socket)) {}

  static Peer udp(const char* local = "127.0.0.1") { return Peer(SOCK_DGRAM, at(local)); }
  static Peer listening(const char* local = "127.0.0.1", std::uint16_t port = 0) {
    Peer peer(SOCK_STREAM, at(local, port));
    ::listen(peer.socket().fd(), 64);
    return peer;
  }
  static Peer connected_to(const SocketAddress& server, const char* local = nullptr, int receive_buffer = 0) {
    Peer peer(SOCK_STREAM, local != nullptr ? at(local) : SocketAddress(server.ip(), 0));
    if (receive_buffer != 0) { peer.socket().set(SOL_SOCKET, SO_RCVBUF, receive_buffer); }
    if (!peer.socket().connect(server) && errno != EINPROGRESS) { ADD_FAILURE() << "connect: " << errno; }
    return peer;
  }

  Socket& socket() { return socket_; }
  SocketAddress address() const { return socket_.local_address(); }

  void send_to(const SocketAddress& to, std::string_view content) {
    sockaddr_storage storage;
    const socklen_t length = to.to(storage);
    const ssize_t sent =
        ::sendto(socket_.fd(), content.data(), content.size(), 0, reinterpret_cast<const sockaddr*>(&storage), length);
    EXPECT_EQ(sent, static_cast<ssize_t>(content.size()));
  }
  struct Received {
    std::string content;
    SocketAddress from;
  };
  std::optional<Received> receive() {
    std::string content(65536, '\0');
    sockaddr_storage storage{};
    socklen_t length = sizeof storage;
    const ssize_t got = ::recvfrom(socket_.fd(), content.data(), content.size(), MSG_DONTWAIT,
                                   reinterpret_cast<sockaddr*>(&storage), &length);
    if (got < 0) { return std::nullopt; }
    content.resize(static_cast<std::size_t>(got));
    return Received{content,
                    SocketAddress::from(reinterpret_cast<const sockaddr*>(&storage)).value_or(SocketAddress{})};
  }

  // Streams. A connection still being made takes nothing yet: the rest is sent by the following calls.
  void queue(std::string_view octets) { unsent_ += octets; }
  void queue_message(std::string_view message) {
    Octet length[2];
    store16(length, u16(message.size()));
    queue(text_of({length, 2}));
    queue(message);
  }
  void pump_out() {
    const ssize_t sent = ::send(socket_.fd(), unsent_.data(), unsent_.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent > 0) { unsent_.erase(0, static_cast<std::size_t>(sent)); }
  }
  void pump_in() {
    Octet room[65536];
    const ssize_t got = ::recv(socket_.fd(), room, sizeof room, MSG_DONTWAIT);
    is_ended = is_ended || got == 0 || (got < 0 && errno != EAGAIN && errno != ENOTCONN && errno != EINTR);
    if (got <= 0) { return; }
    framer_.add({room, static_cast<std::size_t>(got)});
    while (const auto message = framer_.next()) { messages.push_back(text(*message)); }
    framer_.settle();
  }
  void pump() {
    if (!unsent_.empty()) { pump_out(); }
    pump_in();
  }
  bool has_unsent() const { return !unsent_.empty(); }
  std::optional<Peer> accept() {
    Socket accepted(::accept4(socket_.fd(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!accepted.is_open()) { return std::nullopt; }
    return Peer(std::move(accepted));
  }

  std::vector<std::string> messages;  // that have come in
  bool is_ended = false;              // closed or reset by the other side

 private:
  Socket socket_;
  LengthFramer framer_;
  std::string unsent_;
};

}  // namespace vouch
