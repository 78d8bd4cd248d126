#include "tests/lab/tcp_proxy.h"

#include <netinet/tcp.h>

#include <deque>
#include <optional>
#include <utility>

namespace vouch::lab {

namespace {

constexpr std::size_t kMostSessions = 1000;           // NSD's tcp-count per back end in our configuration
constexpr std::size_t kMostWaitingReplies = 4 << 20;  // octets; a client that does not read is dropped beyond
constexpr timeval kIdle = {.tv_sec = 20, .tv_usec = 0};

// One message with its two octets of length (RFC 1035 section 4.2.2), once it is there in full.
std::optional<std::string> next_message(evbuffer* input) {
  unsigned char length[2];
  if (evbuffer_copyout(input, length, sizeof(length)) < 2) { return std::nullopt; }
  const std::size_t size = static_cast<std::size_t>(length[0]) << 8 | length[1];
  if (evbuffer_get_length(input) < 2 + size) { return std::nullopt; }
  evbuffer_drain(input, 2);
  std::string message(size, '\0');
  evbuffer_remove(input, message.data(), size);
  return message;
}

void add_message(bufferevent* to, const std::string& message) {
  const char length[2] = {static_cast<char>(message.size() >> 8), static_cast<char>(message.size() & 0xff)};
  std::string framed(length, 2);
  framed += message;
  bufferevent_write(to, framed.data(), framed.size());
}

}  // namespace

struct TcpProxy::Listener {
  TcpProxy* proxy;
  std::size_t server;
  Socket socket;
  Event readable;
};

struct TcpProxy::Upstream {
  Session* session;
  Bufferevent connection;
  std::deque<Actions> asked;  // one for each reply to come, in order
};

struct TcpProxy::Session {
  TcpProxy* proxy;
  std::uint64_t number;
  std::size_t server;
  Bufferevent client;
  std::map<std::size_t, std::unique_ptr<Upstream>> upstreams;
  std::uint32_t answered = 0;
  bool ends_when_sent = false;
};

TcpProxy::TcpProxy(event_base* base, Authority& authority, DelayLine& delays)
    : base_(base), authority_(authority), delays_(delays) {}
TcpProxy::~TcpProxy() = default;

Outcome<void> TcpProxy::bind(std::uint16_t port) {
  for (std::size_t i = 0; i < authority_.servers().size(); ++i) {
    const std::optional<Endpoint> where = Endpoint::parse(authority_.servers()[i].address, port);
    if (!where) { return failure("bad server address " + authority_.servers()[i].address); }
    if (!authority_.servers()[i].reachable) {
      listeners_.push_back(nullptr);
      continue;
    }
    Outcome<Socket> socket = listen_tcp(*where);
    if (!socket) { return failure(socket.error()); }
    auto listener = std::unique_ptr<Listener>(new Listener{this, i, std::move(*socket), nullptr});
    listener->readable.reset(
        event_new(base_, listener->socket.fd(), EV_READ | EV_PERSIST, &TcpProxy::on_connection, listener.get()));
    listeners_.push_back(std::move(listener));
  }
  return {};
}

void TcpProxy::connect(const std::string& address, const std::vector<std::uint16_t>& ports) {
  for (const std::uint16_t port : ports) { backends_.push_back(*Endpoint::parse(address, port)); }
  for (const auto& listener : listeners_) {
    if (listener) { event_add(listener->readable.get(), nullptr); }
  }
}

void TcpProxy::on_connection(evutil_socket_t, short, void* argument) {
  auto& listener = *static_cast<Listener*>(argument);
  const int fd = accept4(listener.socket.fd(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd >= 0) { listener.proxy->open_session(listener.server, fd); }
}

void TcpProxy::open_session(std::size_t server, int fd) {
  Socket socket(fd);
  if (sessions_.size() >= kMostSessions) { return; }
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  auto session = std::make_unique<Session>();
  session->proxy = this;
  session->number = next_session_++;
  session->server = server;
  session->client.reset(
      bufferevent_socket_new(base_, socket.release(), BEV_OPT_CLOSE_ON_FREE | BEV_OPT_DEFER_CALLBACKS));
  bufferevent_setcb(session->client.get(), &on_client_data, &on_client_sent, &on_client_event, session.get());
  bufferevent_set_timeouts(session->client.get(), &kIdle, &kIdle);
  bufferevent_enable(session->client.get(), EV_READ | EV_WRITE);
  sessions_.emplace(session->number, std::move(session));
}

void TcpProxy::on_client_data(bufferevent* client, void* argument) {
  auto* session = static_cast<Session*>(argument);
  TcpProxy* proxy = session->proxy;
  const std::uint64_t number = session->number;
  while (!session->ends_when_sent) {
    std::optional<std::string> message = next_message(bufferevent_get_input(client));
    if (!message) { return; }
    proxy->take_question(*session, std::move(*message));
    if (!proxy->sessions_.contains(number)) { return; }  // that question ended the session
  }
}

void TcpProxy::take_question(Session& session, std::string packet) {
  Decision decision = authority_.decide(session.server, packet, Transport::tcp);
  switch (decision.fate) {
    case Fate::ignore:
      return;
    case Fate::close:
    case Fate::reset:
      end(session, decision.fate == Fate::reset);
      return;
    case Fate::answer:
      take_reply(session, std::move(decision.packet), decision.actions);
      return;
    case Fate::forward:
      break;
  }
  Upstream* upstream = upstream_for(session, decision.backend);
  if (upstream == nullptr) {
    end(session, false);
    return;
  }
  upstream->asked.push_back(std::move(decision.actions));
  add_message(upstream->connection.get(), decision.packet);
}

TcpProxy::Upstream* TcpProxy::upstream_for(Session& session, std::size_t backend) {
  std::unique_ptr<Upstream>& upstream = session.upstreams[backend];
  if (upstream) { return upstream.get(); }
  upstream = std::make_unique<Upstream>();
  upstream->session = &session;
  upstream->connection.reset(bufferevent_socket_new(base_, -1, BEV_OPT_CLOSE_ON_FREE | BEV_OPT_DEFER_CALLBACKS));
  bufferevent_setcb(upstream->connection.get(), &on_upstream_data, nullptr, &on_upstream_event, upstream.get());
  bufferevent_enable(upstream->connection.get(), EV_READ | EV_WRITE);
  Endpoint where = backends_[backend];
  if (bufferevent_socket_connect(upstream->connection.get(), where.get(), static_cast<int>(where.length)) != 0) {
    return nullptr;
  }
  return upstream.get();
}

void TcpProxy::on_upstream_data(bufferevent* connection, void* argument) {
  auto* upstream = static_cast<Upstream*>(argument);
  Session& session = *upstream->session;
  TcpProxy* proxy = session.proxy;
  const std::uint64_t number = session.number;
  while (!upstream->asked.empty()) {
    std::optional<std::string> message = next_message(bufferevent_get_input(connection));
    if (!message) { return; }
    const Actions actions = std::move(upstream->asked.front());
    upstream->asked.pop_front();
    proxy->take_reply(session, std::move(*message), actions);
    if (!proxy->sessions_.contains(number)) { return; }
  }
}

void TcpProxy::take_reply(Session& session, std::string genuine, const Actions& actions) {
  Replies replies = authority_.replies(std::move(genuine), actions, Transport::tcp);
  if (replies.delay == 0) {
    send_now(session, replies.packets, actions);
    return;
  }
  delays_.after(std::chrono::milliseconds(replies.delay),
                [this, number = session.number, packets = std::move(replies.packets), actions] {
                  const auto found = sessions_.find(number);  // it may have ended meanwhile
                  if (found != sessions_.end()) { send_now(*found->second, packets, actions); }
                });
}

void TcpProxy::send_now(Session& session, const std::vector<std::string>& packets, const Actions& actions) {
  if (session.ends_when_sent) { return; }
  for (const std::string& packet : packets) { add_message(session.client.get(), packet); }
  ++session.answered;
  session.ends_when_sent = actions.tcp_limit && session.answered >= *actions.tcp_limit;
  if (evbuffer_get_length(bufferevent_get_output(session.client.get())) > kMostWaitingReplies) { end(session, true); }
}

void TcpProxy::on_client_sent(bufferevent*, void* argument) {
  auto* session = static_cast<Session*>(argument);
  if (session->ends_when_sent) { session->proxy->end(*session, false); }
}

void TcpProxy::on_client_event(bufferevent*, short, void* argument) {
  auto* session = static_cast<Session*>(argument);
  session->proxy->end(*session, false);
}

void TcpProxy::on_upstream_event(bufferevent*, short what, void* argument) {
  if ((what & (BEV_EVENT_EOF | BEV_EVENT_ERROR)) == 0) { return; }
  auto* upstream = static_cast<Upstream*>(argument);
  upstream->session->proxy->end(*upstream->session, false);
}

void TcpProxy::end(Session& session, bool rudely) {
  if (rudely) {
    const linger now = {.l_onoff = 1, .l_linger = 0};
    setsockopt(bufferevent_getfd(session.client.get()), SOL_SOCKET, SO_LINGER, &now, sizeof(now));
  }
  sessions_.erase(session.number);
}

}  // namespace vouch::lab
