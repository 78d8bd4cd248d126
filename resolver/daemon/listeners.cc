#include "resolver/daemon/listeners.h"

#include <algorithm>
#include <utility>

#include "transports/http/cleartext_service.h"

namespace vouch {

Listeners::Listeners(const Parts& parts, const ListenerOptions& options)
    : parts_(parts),
      tcp_sessions_(parts.loop, options.sessions),
      tls_sessions_(parts.loop, options.tls_sessions),
      quic_sessions_(parts.loop, options.quic_sessions) {}

bool Listeners::is_open(ListenerKind kind, const SocketAddress& address) const {
  return std::ranges::any_of(listeners_, [&](const Listener& listener) {
    return listener.kind == kind && listener.wanted == address && !listener.unwanted_since;
  });
}

Listeners::Opened Listeners::open(const GenerationPtr& next) {
  for (const ListenerGroup& group : listener_groups()) {
    for (const SocketAddress& address : next->listen.of(group.kind)) {
      if (is_open(group.kind, address)) { continue; }
      Listener listener{.kind = group.kind, .wanted = address, .opened_by = next, .udp = {}, .stream = {}, .quic = {}};
      if (auto opened = open_one(listener); !opened) {
        abandon();
        return opened;
      }
      listeners_.push_back(std::move(listener));
    }
  }
  return {};
}

Listeners::Opened Listeners::open_one(Listener& listener) {
  const ListenerOptions& options = listener.opened_by->configuration.listeners;
  switch (listener.kind) {
    case ListenerKind::dns: {
      auto udp =
          UdpListener::open(parts_.loop, listener.wanted, options.udp, parts_.sink, parts_.counters, options.proxies);
      if (!udp) { return std::unexpected(std::move(udp.error())); }
      listener.udp = std::move(*udp);
      return open_stream(listener, tcp_sessions_, parts_.counters.tcp, dns_over_tcp());
    }
    case ListenerKind::tls:
      return open_stream(listener, tls_sessions_, parts_.counters.tls,
                         dns_over_tls(tls_for(TlsServerContext::Service::dot)));
    case ListenerKind::https:
      return open_stream(listener, tls_sessions_, parts_.counters.https,
                         dns_over_https(tls_for(TlsServerContext::Service::https), options.http));
    case ListenerKind::cleartext_https:
      return open_stream(listener, tls_sessions_, parts_.counters.https, dns_over_cleartext_http(options.http));
    case ListenerKind::quic:
      return open_quic(listener);
  }
  return {};
}

std::shared_ptr<TlsServer> Listeners::tls_for(TlsServerContext::Service service) const {
  return std::make_shared<TlsServer>(parts_.identity.identities(), parts_.identity.ticket_keys(), service);
}

Listeners::Opened Listeners::open_stream(Listener& listener, SessionLimits& limits, SessionCounters& counters,
                                         const StreamService& service) {
  const ListenerOptions& options = listener.opened_by->configuration.listeners;
  auto opened = StreamListener::open({.loop = parts_.loop,
                                      .options = options.stream,
                                      .proxies = options.proxies,
                                      .limits = limits,
                                      .sink = parts_.sink,
                                      .counters = counters},
                                     listener.wanted, service);
  if (!opened) { return std::unexpected(std::move(opened.error())); }
  listener.stream = std::move(*opened);
  return {};
}

Listeners::Opened Listeners::open_quic(Listener& listener) {
  const ListenerOptions& options = listener.opened_by->configuration.listeners;
  const QuicSetup setup{.options = options.quic_limits,
                        .http = options.http,
                        .secrets = parts_.identity.quic_secrets(),
                        .memory = quic_memory_,
                        .worker = parts_.worker,
                        .workers = parts_.workers};
  auto opened = QuicListener::open(parts_.loop, listener.wanted, setup, quic_sessions_, parts_.sink, parts_.counters,
                                   parts_.identity.identities());
  if (!opened) { return std::unexpected(std::move(opened.error())); }
  listener.quic = std::move(*opened);
  return {};
}

void Listeners::abandon() {
  std::erase_if(listeners_, [](const Listener& listener) { return listener.is_new; });
}

void Listeners::take(const Generation& next, Instant now) {
  const ListenerOptions& options = next.configuration.listeners;
  tcp_sessions_.adopt(options.sessions);
  tls_sessions_.adopt(options.tls_sessions);
  quic_sessions_.adopt(options.quic_sessions);
  for (Listener& listener : listeners_) {
    listener.is_new = false;
    if (listener.udp) { listener.udp->adopt(options.udp, options.proxies); }
    if (listener.stream) { listener.stream->adopt(options.stream, options.proxies); }
    const auto& wanted = next.listen.of(listener.kind);
    const bool is_wanted = std::ranges::find(wanted, listener.wanted) != wanted.end();
    if (!is_wanted && !listener.unwanted_since) { listener.unwanted_since = now; }
  }
}

void Listeners::close_unwanted(Instant then) {
  std::erase_if(listeners_, [then](Listener& listener) {
    if (!listener.unwanted_since || *listener.unwanted_since > then) { return false; }
    if (listener.udp) { listener.udp->drain(); }  // what came before the socket goes is answered
    return true;
  });
}

void Listeners::close_all() noexcept { listeners_.clear(); }

}  // namespace vouch
