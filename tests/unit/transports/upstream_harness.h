// For the tests of asking servers: questions in flight, and real random numbers.
#pragma once

#include <list>

#include "tests/unit/transports/harness.h"
#include "transports/network_upstream.h"

namespace vouch {

inline void PrintTo(UpstreamReply::Status status, std::ostream* out) {
  constexpr const char* kNames[] = {"ok", "timeout", "unreachable", "forgery", "no_room", "untrusted"};
  *out << kNames[static_cast<std::size_t>(status)];
}

class UpstreamTest : public LoopTest {
 protected:
  using Status = UpstreamReply::Status;
  using Check = std::function<ReplyFit(Bytes)>;

  // A question under way. Destroying it gives it up.
  struct Asking {
    std::string packet;
    std::string tls_name;
    std::vector<std::string> tls_pins;
    Check check;
    std::optional<UpstreamReply> reply;
    std::function<void()> after;  // done as soon as the reply is there, within the transport's own call
    Task<void> task;
  };

  void connect_upstream(OutgoingOptions options = {}) {
    upstream = std::make_unique<NetworkUpstream>(*loop, options, random);
  }
  // Accepts what echoes the question, unless the test brings a check of its own.
  std::unique_ptr<Asking> ask(const SocketAddress& server, std::string packet, Duration patience = 10s,
                              Check check = {}, UpstreamProtocol protocol = UpstreamProtocol::udp,
                              std::string tls_name = {}, std::vector<std::string> tls_pins = {}) {
    if (upstream == nullptr) { connect_upstream(); }
    auto asking = std::make_unique<Asking>();
    asking->packet = std::move(packet);
    asking->tls_name = std::move(tls_name);
    asking->tls_pins = std::move(tls_pins);
    asking->check = check ? std::move(check) : [wanted = asking->packet](Bytes reply) {
      return text_of(reply) == wanted ? ReplyFit::accept : ReplyFit::ignore;
    };
    UpstreamQuestion question;
    question.server = server;
    question.protocol = protocol;
    question.packet = bytes_of(asking->packet);
    question.deadline = loop->now() + patience;
    question.check = &asking->check;
    question.tls_name = asking->tls_name;
    question.tls_pins = asking->tls_pins;
    asking->task = wait_for(upstream->ask(question), *asking);
    asking->task.start();
    return asking;
  }
  std::unique_ptr<Asking> ask_tcp(const SocketAddress& server, std::string packet, Duration patience = 10s,
                                  Check check = {}) {
    return ask(server, std::move(packet), patience, std::move(check), UpstreamProtocol::tcp);
  }
  bool ends(const std::unique_ptr<Asking>& asking) {
    return run_until([&] { return asking->reply.has_value(); });
  }

  SystemRandom random;
  std::unique_ptr<NetworkUpstream> upstream;

 private:
  static Task<void> wait_for(Task<UpstreamReply> task, Asking& asking) {
    UpstreamReply came = co_await task;
    asking.reply = std::move(came);
    if (asking.after) { asking.after(); }
  }
};

}  // namespace vouch
