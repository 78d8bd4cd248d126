#include "transports/dnstap/dnstap_recorder.h"

namespace vouch {

namespace {

using Moment = DnstapRecorder::Moment;

Moment now() { return std::chrono::system_clock::now(); }

DnstapProtocol protocol_of(ClientProtocol protocol) noexcept {
  switch (protocol) {
    case ClientProtocol::udp:
      return DnstapProtocol::udp;
    case ClientProtocol::tcp:
      return DnstapProtocol::tcp;
    case ClientProtocol::tls:
      return DnstapProtocol::dot;
    case ClientProtocol::https:
    case ClientProtocol::http3:
      return DnstapProtocol::doh;
    case ClientProtocol::quic:
      return DnstapProtocol::doq;
  }
  return DnstapProtocol::udp;
}

DnstapHttp http_of(ClientProtocol protocol) noexcept {
  if (protocol == ClientProtocol::https) { return DnstapHttp::http2; }  // the only one spoken there
  return protocol == ClientProtocol::http3 ? DnstapHttp::http3 : DnstapHttp::none;
}

DnstapProtocol protocol_of(UpstreamProtocol protocol) noexcept {
  switch (protocol) {
    case UpstreamProtocol::udp:
      return DnstapProtocol::udp;
    case UpstreamProtocol::tcp:
      return DnstapProtocol::tcp;
    case UpstreamProtocol::tls:
      return DnstapProtocol::dot;
  }
  return DnstapProtocol::udp;
}

// A resolver is asked with recursion desired, an authoritative server without it (RFC 1034 section 4.3.1): the schema
// has names of its own for the former.
bool is_to_forwarder(Bytes query) noexcept {
  constexpr std::size_t kFlags = 2;
  constexpr Octet kRecursionDesired = 0x01;
  return query.size() > kFlags && (query[kFlags] & kRecursionDesired) != 0;
}

}  // namespace

DnstapMessage DnstapRecorder::client_message(const Asked& asked) const {
  const IpAddress& client = asked.client.ip();
  const std::uint32_t bits = client.is_v4() ? options_.ipv4_prefix : options_.ipv6_prefix;
  DnstapMessage message;
  message.protocol = protocol_of(asked.protocol);
  message.http = http_of(asked.protocol);
  message.query_address = Prefix(client, u8(bits)).address();
  // Behind one address of many a port tells one client from another.
  const bool is_whole = bits == client.octets().size() * 8;
  message.query_port = is_whole ? asked.client.port() : std::uint16_t{0};
  message.response_address = asked.local;
  message.query_time = asked.when;
  return message;
}

DnstapRecorder::Asked DnstapRecorder::client_query(const ClientQuery& query) {
  const Asked asked{query.client, query.local, query.protocol, now()};
  if (options_.client_queries && queue_.is_open()) {
    DnstapMessage message = client_message(asked);
    message.type = DnstapType::client_query;
    message.dns = query.packet;
    tell(message);
  }
  return asked;
}

void DnstapRecorder::client_response(const Asked& asked, Bytes octets) {
  if (!options_.client_responses || !queue_.is_open()) { return; }
  DnstapMessage message = client_message(asked);
  message.type = DnstapType::client_response;
  message.response_time = now();
  message.dns = octets;
  tell(message);
}

DnstapMessage DnstapRecorder::resolver_message(const UpstreamQuestion& question, Moment asked) {
  DnstapMessage message;  // which of our own addresses asks, the kernel chooses
  message.protocol = protocol_of(question.protocol);
  message.response_address = question.server;
  message.query_time = asked;
  return message;
}

Moment DnstapRecorder::resolver_query(const UpstreamQuestion& question) {
  const Moment asked = now();
  if (options_.resolver_queries && queue_.is_open()) {
    DnstapMessage message = resolver_message(question, asked);
    message.type = is_to_forwarder(question.packet) ? DnstapType::forwarder_query : DnstapType::resolver_query;
    message.dns = question.packet;
    tell(message);
  }
  return asked;
}

void DnstapRecorder::resolver_response(const UpstreamQuestion& question, Moment asked, Bytes octets) {
  if (!options_.resolver_responses || !queue_.is_open()) { return; }
  DnstapMessage message = resolver_message(question, asked);
  message.type = is_to_forwarder(question.packet) ? DnstapType::forwarder_response : DnstapType::resolver_response;
  message.response_time = now();
  message.dns = octets;
  tell(message);
}

void DnstapRecorder::tell(const DnstapMessage& message) { queue_.submit(encoder_.encode(message)); }

}  // namespace vouch
