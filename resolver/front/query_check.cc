#include "resolver/front/query_check.h"

#include <algorithm>

namespace vouch {

namespace {

constexpr Type kNxname{128};  // RFC 9824: stands in type bitmaps only

void read_flags(HeaderView header, const QueryContext& context, Inquiry& inquiry) noexcept {
  inquiry.id = header.id();
  inquiry.rd = header.rd();
  inquiry.ad = header.ad();
  inquiry.cd = header.cd();
  inquiry.protocol = context.protocol;
  inquiry.limit = context.protocol == ClientProtocol::udp ? kPlainUdpSize : u16(kMaxMessage);
}

// Walks the options. False when they are malformed.
bool read_options(Bytes options, const QueryContext& context, Inquiry& inquiry) noexcept {
  OptionReader reader(options);
  while (const auto option = reader.next()) {
    switch (option->code) {
      case OptionCode::cookie:
        if (context.cookies == nullptr || inquiry.cookie_state != CookieState::none) {
          break;
        }  // the first alone counts
        inquiry.cookie_state = context.cookies->check(option->data, context.client, context.now, inquiry.cookie);
        break;
      case OptionCode::nsid:
        inquiry.wants_nsid = true;
        break;
      case OptionCode::keepalive:  // means nothing over UDP and must not be answered over QUIC (RFC 9250 section 5.5.2)
        inquiry.wants_keepalive = context.protocol == ClientProtocol::tcp || context.protocol == ClientProtocol::tls;
        break;
      default:
        break;  // unknown options are ignored (RFC 6891 section 6.1.2); client-subnet, too: nothing of the client goes
                // upstream
    }
  }
  return !reader.failed() && inquiry.cookie_state != CookieState::malformed;
}

std::optional<EarlyReply> read_edns(const EdnsAt& edns, Bytes options, const QueryContext& context,
                                    Inquiry& inquiry) noexcept {
  inquiry.edns = true;
  inquiry.dnssec_ok = edns.dnssec_ok;
  if (context.protocol == ClientProtocol::udp) {
    const std::uint16_t ours = std::max(context.options.edns_size, kPlainUdpSize);
    inquiry.limit = std::clamp(edns.udp_size, kPlainUdpSize, ours);
  }
  if (edns.version != 0) { return EarlyReply{Rcode::bad_version, {}}; }  // RFC 6891 section 6.1.3
  if (!read_options(options, context, inquiry)) { return EarlyReply{Rcode::format_error, {}}; }
  return std::nullopt;
}

std::optional<EarlyReply> check_type(Type type) noexcept {
  switch (type) {
    case Type::ANY:
      return std::nullopt;
    case Type::AXFR:
    case Type::IXFR:  // no zone to transfer
      return EarlyReply{Rcode::refused, Ede::not_authoritative};
    case Type::none:
    case Type::OPT:
    case Type::TSIG:
    case kNxname:  // what can stand in no question
      return EarlyReply{Rcode::format_error, Ede::invalid_query_type};
    default:
      // TKEY, MAILA, MAILB (RFC 1035 section 3.2.3, obsolete) and QTYPEs yet unassigned: they name no data (RFC 6895
      // section 3.1).
      if (is_meta(type)) { return EarlyReply{Rcode::not_implemented, Ede::invalid_query_type}; }
      return std::nullopt;
  }
}

std::optional<EarlyReply> check_class(Class rclass) noexcept {
  if (rclass == Class::IN) { return std::nullopt; }
  if (rclass == Class::ANY) { return EarlyReply{Rcode::not_implemented, {}}; }
  // CH included: version.bind and its kin tell an attacker what to try, and an operator has better ways to ask.
  return EarlyReply{Rcode::refused, {}};
}

}  // namespace

std::optional<EarlyReply> check_query(const QueryView& query, const QueryContext& context, Inquiry& inquiry) noexcept {
  read_flags(query.header(), context, inquiry);
  inquiry.type = query.question.type;
  inquiry.rclass = query.question.rclass;
  if (query.edns) {
    if (const auto reply = read_edns(*query.edns, query.option_octets(), context, inquiry)) { return reply; }
  }
  if (const auto reply = check_class(inquiry.rclass)) { return reply; }
  return check_type(inquiry.type);
}

EarlyReply check_cookie_query(const MessageView& message, const QueryContext& context, Inquiry& inquiry) noexcept {
  read_flags(message.header(), context, inquiry);
  if (!message.edns()) { return {Rcode::format_error, {}}; }
  if (const auto reply = read_edns(*message.edns(), message.option_octets(), context, inquiry)) { return *reply; }
  switch (inquiry.cookie_state) {
    case CookieState::client_only:
    case CookieState::valid:
      return {Rcode::no_error, {}};
    case CookieState::invalid:
      return {Rcode::bad_cookie, {}};
    case CookieState::none:
    case CookieState::malformed:
      break;
  }
  return {Rcode::format_error, {}};
}

}  // namespace vouch
