// Connections of clients, and datagrams.
#include <array>
#include <string_view>
#include <utility>

#include "telemetry/metrics_parts.h"
#include "telemetry/taxonomy.h"

namespace vouch {

namespace {

struct SessionKind {
  std::string_view transport;  // as in kTransportIds
  SessionCounters TransportCounters::*counters;
  bool has_handshake;
};
constexpr std::array kSessionKinds{
    SessionKind{kTransportIds[1], &TransportCounters::tcp, false},
    SessionKind{kTransportIds[2], &TransportCounters::tls, true},
    SessionKind{kTransportIds[3], &TransportCounters::https, true},
    SessionKind{kTransportIds[4], &TransportCounters::quic, true},
    SessionKind{kTransportIds[5], &TransportCounters::http3, true},
};

void add_by_transport(MetricFamilies& families, const TransportCounters& counters, std::string_view name,
                      std::string_view help, Counter SessionCounters::*counter) {
  MetricFamilyBuilder family = counter_family(name, help);
  for (const SessionKind& kind : kSessionKinds) {
    family.add({{"transport", kind.transport}}, counters.*kind.counters.*counter);
  }
  std::move(family).into(families);
}

void add_dnstap_metrics(MetricFamilies& families, const TransportCounters& counters) {
  add_counter(families, "vouch_dnstap_messages_total", "Messages written to the dnstap collector.",
              counters.dnstap_sent);
  MetricFamilyBuilder lost = counter_family(
      "vouch_dnstap_lost_total",
      "Messages that the dnstap collector was not told of: queue_full (it does not keep up), disconnected (the "
      "connection broke, or it did not come back in time), no_collector (nobody is there).");
  lost.add({{"cause", "queue_full"}}, counters.dnstap_overflowed);
  lost.add({{"cause", "disconnected"}}, counters.dnstap_cut_off);
  lost.add({{"cause", "no_collector"}}, counters.dnstap_unheard);
  std::move(lost).into(families);
}

}  // namespace

void add_session_metrics(MetricFamilies& families, const TransportCounters& counters) {
  add_by_transport(families, counters, "vouch_sessions_accepted_total", "Connections accepted.",
                   &SessionCounters::accepted);
  add_by_transport(families, counters, "vouch_sessions_refused_total",
                   "Connections refused by a limit or by the access list, before anything was said.",
                   &SessionCounters::refused);
  add_by_transport(families, counters, "vouch_session_handshake_failures_total",
                   "Connections that ended before they stood: garbage, nothing in common, not finished in time.",
                   &SessionCounters::handshake_failures);

  MetricFamilyBuilder handshakes =
      counter_family("vouch_session_handshakes_total", "TLS handshakes completed: in full, or resumed by a ticket.");
  MetricFamilyBuilder closed = counter_family(
      "vouch_sessions_closed_total",
      "Connections closed by this side: idle (silent too long) or abuse (slow, deaf, flooding, against the protocol).");
  for (const SessionKind& kind : kSessionKinds) {
    const SessionCounters& session = counters.*kind.counters;
    closed.add({{"transport", kind.transport}, {"cause", "idle"}}, session.closed_idle);
    closed.add({{"transport", kind.transport}, {"cause", "abuse"}}, session.closed_abuse);
    if (!kind.has_handshake) { continue; }
    handshakes.add({{"transport", kind.transport}, {"kind", "full"}}, session.handshakes);
    handshakes.add({{"transport", kind.transport}, {"kind", "resumed"}}, session.resumed);
  }
  std::move(handshakes).into(families);
  std::move(closed).into(families);

  add_by_transport(families, counters, "vouch_session_received_bytes_total",
                   "Contents received over connections, without encryption.", &SessionCounters::octets_received);
  add_by_transport(families, counters, "vouch_session_sent_bytes_total",
                   "Contents sent over connections, before encryption.", &SessionCounters::octets_sent);
  add_counter(families, "vouch_udp_datagrams_received_total", "Datagrams of plain DNS from clients.",
              counters.udp_received);
  add_counter(families, "vouch_udp_datagrams_sent_total", "Datagrams of plain DNS to clients.", counters.udp_sent);
  add_counter(families, "vouch_udp_datagrams_unsent_total", "Replies that the system would not send.",
              counters.udp_send_failed);
  add_dnstap_metrics(families, counters);
}

}  // namespace vouch
