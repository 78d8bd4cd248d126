// Figures: the counters in groups, the zone ledger, the trust anchors.
#include <algorithm>

#include "resolver/daemon/control/commands.h"
#include "resolver/daemon/control/shared_cache_json.h"
#include "telemetry/taxonomy.h"
#include "telemetry/web/figures_json.h"

namespace vouch {

namespace {

template <typename Counters>
std::uint64_t sum_of(const Counters& counters) {
  std::uint64_t sum = 0;
  for (const Counter& counter : counters) { sum += counter.value(); }
  return sum;
}

Json mean_of(const DurationHistogram& histogram) {
  const std::uint64_t count = sum_of(histogram.buckets);
  constexpr std::uint64_t kNanosecondsInMicrosecond = 1000;
  return {{"count", count},
          {"mean_microseconds", count == 0 ? 0 : histogram.nanoseconds.value() / count / kNanosecondsInMicrosecond}};
}

Json queries_json(const FrontCounters& front) {
  Json object = by_id(kTransportIds, [&](std::size_t i) { return sum_of(front.queries[i]); });
  object["want_signatures"] = front.queries_do.value();
  object["want_ad_alone"] = front.queries_ad.value();
  return object;
}

Json answers_json(const FrontCounters& front) {
  return {{"by_source", by_id(kAnswerSourceIds,
                              [&](std::size_t source) {
                                std::uint64_t sum = 0;
                                for (const auto& standing : front.answers) { sum += standing[source].value(); }
                                return sum;
                              })},
          {"by_verdict", by_id(kStandingIds, [&](std::size_t standing) { return sum_of(front.answers[standing]); })},
          {"by_rcode", by_id(kRcodeIds, [&](std::size_t i) { return front.rcodes[i].value(); })},
          {"stale", by_id(kStaleCauseIds, [&](std::size_t i) { return front.stale[i].value(); })},
          {"special_names", sum_of(front.special_names)}};
}

Json clients_json(const FrontCounters& front) {
  return {{"refused", front.refused.value()},
          {"dropped", front.dropped.value()},
          {"malformed", front.malformed.value()},
          {"rate_limited", front.rate_limited.value()},
          {"stood_back", front.stood_back.value()},
          {"truncated", front.truncated.value()},
          {"joined_in_flight", front.joined_in_flight.value()},
          {"internal_errors", front.internal_errors.value()}};
}

Json upstream_json(const ResolverCounters& resolver) {
  return {{"udp", resolver.upstream_udp.value()},
          {"tcp", resolver.upstream_tcp.value()},
          {"tls", resolver.upstream_tls.value()},
          {"timeouts", resolver.upstream_timeouts.value()},
          {"unreachable", resolver.upstream_unreachable.value()},
          {"untrusted", resolver.upstream_untrusted.value()},
          {"lame", resolver.replies_lame.value()},
          {"rejected", rejected_object(resolver)},
          {"records_scrubbed", resolver.records_scrubbed.value()},
          {"tcp_after_truncation", resolver.tcp_after_truncation.value()},
          {"tcp_after_forgery", resolver.tcp_after_forgery.value()},
          {"questions", sum_of(resolver.asked)},
          {"minimised", sum_of(resolver.minimised)},
          {"minimisation_fallbacks", resolver.minimisation_fallbacks.value()},
          {"exchanges_shared", resolver.exchanges_shared.value()},
          {"budget_spent", resolver.budget_spent.value()},
          {"internal_errors", resolver.internal_errors.value()}};
}

Json validation_json(const ValidationCounters& validation) {
  Json failures = Json::object();
  for (std::size_t i = 0; i < kReasons; ++i) {
    const std::uint64_t count = validation.failures[i].value();
    if (count != 0) { failures[std::string(reason_id(static_cast<Reason>(i)))] = count; }
  }
  std::uint64_t synthesised = 0;
  for (const auto& proof : validation.synthesised) { synthesised += sum_of(proof); }
  return {{"secure", validation.judged_secure.value()},
          {"insecure", validation.judged_insecure.value()},
          {"bogus", validation.judged_bogus.value()},
          {"indeterminate", validation.judged_indeterminate.value()},
          {"test_zones", validation.judged_test_zone.value()},
          {"signatures_verified", sum_of(validation.verified)},
          {"signatures_failed", sum_of(validation.failed)},
          {"milliseconds", validation.nanoseconds.value() / 1'000'000},
          {"second_opinions", validation.second_opinions.value()},
          {"recovered", validation.recovered.value()},
          {"key_fetches", validation.key_fetches.value()},
          {"synthesised", synthesised},
          {"failures", std::move(failures)}};
}

Json sessions_json(const SessionCounters& sessions) {
  return {{"accepted", sessions.accepted.value()},
          {"refused", sessions.refused.value()},
          {"handshakes", sessions.handshakes.value()},
          {"resumed", sessions.resumed.value()},
          {"handshake_failures", sessions.handshake_failures.value()},
          {"closed_idle", sessions.closed_idle.value()},
          {"closed_abuse", sessions.closed_abuse.value()},
          {"octets_received", sessions.octets_received.value()},
          {"octets_sent", sessions.octets_sent.value()}};
}

Json connections_json(const TransportCounters& transport) {
  return {{"tcp", sessions_json(transport.tcp)},
          {"tls", sessions_json(transport.tls)},
          {"https", sessions_json(transport.https)},
          {"quic", sessions_json(transport.quic)},
          {"http3", sessions_json(transport.http3)}};
}

Json stats_json(const Figures& figures) {
  const WorkerCounters& counters = *figures.counters;
  WithheldFigures withheld;
  for (const WithheldFigures& one : figures.withheld) { withheld += one; }
  return {{"started", figures.started},
          {"now", figures.taken},
          {"queries", queries_json(counters.front)},
          {"answers", answers_json(counters.front)},
          {"clients", clients_json(counters.front)},
          {"times",
           {{"from_cache_sampled", mean_of(counters.front.from_cache)},
            {"by_resolution", mean_of(counters.front.by_recursion)},
            {"round_trips", mean_of(counters.resolver.round_trip)}}},
          {"upstream", upstream_json(counters.resolver)},
          {"validation", validation_json(counters.validation)},
          {"withheld", withheld_object(withheld)},
          {"policy", policy_object(figures.policy)},
          {"datagrams",
           {{"received", counters.transport.udp_received.value()},
            {"sent", counters.transport.udp_sent.value()},
            {"send_failed", counters.transport.udp_send_failed.value()}}},
          {"dnstap",
           {{"sent", counters.transport.dnstap_sent.value()},
            {"queue_full", counters.transport.dnstap_overflowed.value()},
            {"disconnected", counters.transport.dnstap_cut_off.value()},
            {"no_collector", counters.transport.dnstap_unheard.value()}}},
          {"connections", connections_json(counters.transport)}};
}

// The ledger's zones, worst first, as fast as they are taken.
class ZoneList : public std::enable_shared_from_this<ZoneList> {
 public:
  ZoneList(CallPtr call, const Figures& figures, bool failing) : call_(std::move(call)), failing_(failing) {
    for (const ZoneFigures& zone : figures.zones) {
      if (!failing || zone.state == ZoneState::failing) { zones_.push_back(zone); }
    }
  }
  void go_on() {
    while (next_ < zones_.size() && !call_->is_over()) {
      if (call_->is_full()) {
        call_->when_drained([self = shared_from_this()] { self->go_on(); });
        return;
      }
      call_->item(zone_object(zones_[next_++]));
    }
    call_->done({{"failing", failing_}, {"zones", zones_.size()}});
  }

 private:
  CallPtr call_;
  const bool failing_;
  std::vector<ZoneFigures> zones_;
  std::size_t next_ = 0;
};

Json anchors_json(const StatusFigures& status) {
  return {{"anchors", array_of(status.anchors, anchor_object)},
          {"negative_anchors", array_of(status.negative_anchors, negative_anchor_object)},
          {"root_validated", value_or_null(status.root_validated)}};
}

}  // namespace

void add_stats_commands(ControlRegistry& registry, const ControlParts& parts) {
  registry.add({.name = "stats", .arguments = {}, .run = [parts](const CallPtr& call) {
                  with_figures(parts, call, [call](const Figures& figures, const StatusFigures& status) {
                    Json json = stats_json(figures);
                    if (status.shared_cache) {
                      json["shared_cache"] = shared_cache_counts(figures.counters->shared_cache);
                    }
                    call->done(std::move(json));
                  });
                }});
  registry.add({.name = "zones", .arguments = {"failing"}, .run = [parts](const CallPtr& call) {
                  const auto failing = call->flag("failing");
                  if (!failing) { return; }
                  with_figures(parts, call, [call, failing = *failing](const Figures& figures, const StatusFigures&) {
                    std::make_shared<ZoneList>(call, figures, failing)->go_on();
                  });
                }});
  registry.add({.name = "anchors", .arguments = {}, .run = [parts](const CallPtr& call) {
                  with_figures(parts, call, [call](const Figures&, const StatusFigures& status) {
                    call->done(anchors_json(status));
                  });
                }});
}

}  // namespace vouch
