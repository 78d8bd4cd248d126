#include "tests/lab/udp_proxy.h"

#include <array>
#include <utility>

namespace vouch::lab {

namespace {

constexpr std::size_t kBatch = 32;           // datagrams per system call
constexpr std::size_t kQuestionSize = 4096;  // more than any query needs
constexpr std::size_t kReplySize = 65535;
constexpr int kBatchesPerWake = 8;  // so that no socket starves the others
constexpr std::size_t kIds = 65536;
constexpr std::size_t kIdTries = 64;
constexpr auto kGivenUp = std::chrono::seconds(3);  // NSD answers at once or, its buffer full, never

}  // namespace

struct UdpProxy::Listener {
  UdpProxy* proxy;
  std::size_t server;
  Socket socket;
  Event readable;
  std::array<std::array<char, kQuestionSize>, kBatch> buffers;
};

struct UdpProxy::Backend {
  UdpProxy* proxy;
  Socket socket;
  Event readable;
  std::vector<Asked> asked;
  std::uint16_t next_id = 0;
};

UdpProxy::UdpProxy(event_base* base, Authority& authority, DelayLine& delays)
    : base_(base), authority_(authority), delays_(delays) {}
UdpProxy::~UdpProxy() = default;

Outcome<void> UdpProxy::bind(std::uint16_t port) {
  for (std::size_t i = 0; i < authority_.servers().size(); ++i) {
    const std::optional<Endpoint> where = Endpoint::parse(authority_.servers()[i].address, port);
    if (!where) { return failure("bad server address " + authority_.servers()[i].address); }
    if (!authority_.servers()[i].reachable) {
      listeners_.push_back(nullptr);
      continue;
    }
    Outcome<Socket> socket = bind_udp(*where);
    if (!socket) { return failure(socket.error()); }
    auto listener = std::unique_ptr<Listener>(new Listener{this, i, std::move(*socket), nullptr, {}});
    listener->readable.reset(
        event_new(base_, listener->socket.fd(), EV_READ | EV_PERSIST, &UdpProxy::on_question, listener.get()));
    listeners_.push_back(std::move(listener));
  }
  return {};
}

Outcome<void> UdpProxy::connect(const std::string& address, const std::vector<std::uint16_t>& ports) {
  for (const std::uint16_t port : ports) {
    Outcome<Socket> socket = connect_udp(*Endpoint::parse(address, port));
    if (!socket) { return failure(socket.error()); }
    auto backend = std::make_unique<Backend>(Backend{this, std::move(*socket), nullptr, std::vector<Asked>(kIds), 0});
    backend->readable.reset(
        event_new(base_, backend->socket.fd(), EV_READ | EV_PERSIST, &UdpProxy::on_reply, backend.get()));
    event_add(backend->readable.get(), nullptr);
    backends_.push_back(std::move(backend));
  }
  // Only now does anybody get an answer: a resolver that is quick off the mark finds all zones or none.
  for (const auto& listener : listeners_) {
    if (listener) { event_add(listener->readable.get(), nullptr); }
  }
  return {};
}

void UdpProxy::on_question(evutil_socket_t, short, void* argument) {
  auto& listener = *static_cast<Listener*>(argument);
  std::array<mmsghdr, kBatch> messages{};
  std::array<iovec, kBatch> parts{};
  std::array<sockaddr_storage, kBatch> senders{};
  for (int batch = 0; batch < kBatchesPerWake; ++batch) {
    for (std::size_t i = 0; i < kBatch; ++i) {
      parts[i] = {.iov_base = listener.buffers[i].data(), .iov_len = kQuestionSize};
      messages[i] = {};
      messages[i].msg_hdr.msg_name = &senders[i];
      messages[i].msg_hdr.msg_namelen = sizeof(senders[i]);
      messages[i].msg_hdr.msg_iov = &parts[i];
      messages[i].msg_hdr.msg_iovlen = 1;
    }
    const int got = recvmmsg(listener.socket.fd(), messages.data(), kBatch, MSG_DONTWAIT, nullptr);
    if (got <= 0) { return; }
    for (std::size_t i = 0; i < static_cast<std::size_t>(got); ++i) {
      const Client client = {listener.server, senders[i], messages[i].msg_hdr.msg_namelen};
      listener.proxy->take_question(client, {listener.buffers[i].data(), messages[i].msg_len});
    }
    if (static_cast<std::size_t>(got) < kBatch) { return; }
  }
}

void UdpProxy::take_question(const Client& client, std::string_view packet) {
  Decision decision = authority_.decide(client.server, packet, Transport::udp);
  if (decision.fate == Fate::answer) { send(client, std::move(decision.packet), decision.actions); }
  if (decision.fate == Fate::forward) { forward(client, std::move(decision)); }
}

void UdpProxy::forward(const Client& client, Decision decision) {
  Backend& backend = *backends_[decision.backend];
  const auto now = std::chrono::steady_clock::now();
  for (std::size_t tries = 0; tries < kIdTries; ++tries) {
    const std::uint16_t id = backend.next_id++;
    Asked& asked = backend.asked[id];
    if (asked.since != std::chrono::steady_clock::time_point() && now - asked.since < kGivenUp) { continue; }
    const Actions& actions = decision.actions;
    asked = {.client = client,
             .id = id_of(decision.packet),
             .since = now,
             .actions = actions.touches_reply() ? std::make_unique<Actions>(actions) : nullptr};
    set_id(decision.packet, id);
    ::send(backend.socket.fd(), decision.packet.data(), decision.packet.size(), MSG_DONTWAIT);
    return;
  }
  // Every id in reach waits for a reply: NSD is behind by thousands, and one question more would not be answered
  // either.
}

void UdpProxy::on_reply(evutil_socket_t, short, void* argument) {
  auto& backend = *static_cast<Backend*>(argument);
  std::array<char, kReplySize> buffer;
  for (std::size_t i = 0; i < kBatch * kBatchesPerWake; ++i) {
    const ssize_t got = recv(backend.socket.fd(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (got < static_cast<ssize_t>(kHeaderSize)) { return; }
    backend.proxy->take_reply(backend, {buffer.data(), static_cast<std::size_t>(got)});
  }
}

void UdpProxy::take_reply(Backend& backend, std::string_view packet) {
  Asked& asked = backend.asked[id_of(packet)];
  if (asked.since == std::chrono::steady_clock::time_point()) { return; }
  asked.since = {};
  std::string genuine(packet);
  set_id(genuine, asked.id);
  if (!asked.actions) {
    send_now(asked.client, genuine);
    return;
  }
  const std::unique_ptr<Actions> actions = std::move(asked.actions);
  send(asked.client, std::move(genuine), *actions);
}

void UdpProxy::send(const Client& client, std::string genuine, const Actions& actions) {
  Replies replies = authority_.replies(std::move(genuine), actions, Transport::udp);
  if (replies.delay == 0) {
    for (const std::string& packet : replies.packets) { send_now(client, packet); }
    return;
  }
  delays_.after(std::chrono::milliseconds(replies.delay), [this, client, packets = std::move(replies.packets)] {
    for (const std::string& packet : packets) { send_now(client, packet); }
  });
}

void UdpProxy::send_now(const Client& client, const std::string& packet) {
  sendto(listeners_[client.server]->socket.fd(), packet.data(), packet.size(), MSG_DONTWAIT,
         reinterpret_cast<const sockaddr*>(&client.address), client.length);
}

}  // namespace vouch::lab
