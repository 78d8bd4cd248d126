// One question to one server: the query with its id, 0x20 case, EDNS and cookie, the checks that a reply must pass, and
// the ways out when it does not: over TCP after truncation or a suspected forgery, without EDNS where the server knows
// none (RFC 6891 section 7), again with the cookie that a server insists on (RFC 7873 section 5.3). Nothing here knows
// what the answer means.
#pragma once

#include "resolver/base/budget.h"
#include "resolver/base/random.h"
#include "resolver/cache/server_cache.h"
#include "resolver/iterate/resolver_options.h"
#include "resolver/iterate/shared_exchanges.h"
#include "resolver/iterate/upstream.h"
#include "resolver/wire/message_view.h"
#include "telemetry/counters.h"

namespace vouch {

struct ExchangeRequest {
  SocketAddress server;
  Name name;
  Type type = Type::none;
  NameView zone;  // whose server it is, for whoever explains
  bool recursion_desired =
      false;  // forwarders only: RD=1 to an authority would let resolvers chase each other (TsuKing)
  bool checking_disabled =
      false;                  // a forwarder's own verdict must not keep from us what we judge (RFC 6840 section 5.9)
  bool tls = false;           // and then in no other way, whatever happens
  std::string_view tls_name;  // see UpstreamQuestion
  std::span<const std::string> tls_pins;
  bool is_last_try = false;
  int earlier_tries = 0;  // of this question at this server: each is given four times as long as the one before
};

class Exchanger {
 public:
  // Of one exchange: the first try, and two more for TCP, no EDNS or a cookie, in whatever mixture (CVE-2026-5950).
  static constexpr int kMaxTries = 3;
  static constexpr Duration kTcpTimeout =
      std::chrono::milliseconds(2000);  // a handshake and a question at half a second each way
  // Two handshakes and a question to a resolver that has to ask others first; and a second forwarder must have its turn
  // within the client's five seconds.
  static constexpr Duration kTlsTimeout = std::chrono::milliseconds(2400);
  static constexpr std::size_t kPaddedTo = 128;  // octets, of queries over TLS (RFC 8467 section 4.1)

  Exchanger(const ResolverOptions& options, ServerCache& servers, Upstream& upstream, const Clock& clock,
            Random& random, ResolverCounters& counters);

  // The request and the budget must outlive the task.
  Task<ExchangeResult> exchange(const ExchangeRequest& request, Budget& budget);

 private:
  struct Try;
  struct ReplyFacts;
  struct Sent;
  Sent compose(const ExchangeRequest& request, const Try& how);
  ReplyFit check(Bytes packet, Sent& sent);
  ReplyFit check_cookie(const MessageView& reply, const Sent& sent);
  void learn_cookie(const IpAddress& server, const MessageView& reply, const Sent& sent, Try& how);
  static bool try_without_case(Try& how);
  bool read(const ExchangeRequest& request, const Sent& sent, UpstreamReply& reply, Try& how, ExchangeResult& result);
  bool read_failure(const IpAddress& server, const Sent& sent, UpstreamReply::Status status, Try& how,
                    ExchangeResult& result);
  void read_failure_over_tls(const IpAddress& server, UpstreamReply& reply, ExchangeResult& result);
  static ReplyFacts facts_of(const UpstreamReply& reply, Instant began, Instant ended);
  static void tell(const ExchangeRequest& request, const Sent& sent, const ReplyFacts& reply, Trace& trace);

  const ResolverOptions& options_;
  ServerCache& servers_;
  Upstream& upstream_;
  const Clock& clock_;
  Random& random_;
  ResolverCounters& counters_;
  SipKey cookie_secret_;
};

}  // namespace vouch
