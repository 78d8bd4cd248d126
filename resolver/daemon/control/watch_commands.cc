// What is being asked, live, for the operator who looks: `trace` tells each answer, `top` counts them. Clients are not
// in it, nothing is kept, and with the last looker it ends.
#include <algorithm>

#include "resolver/daemon/control/answer_feed.h"
#include "resolver/daemon/control/busiest.h"
#include "resolver/daemon/control/commands.h"
#include "telemetry/web/figures_json.h"

namespace vouch {

namespace {

Json answer_json(const WatchedAnswer& answer) {
  const auto since = answer.when.time_since_epoch();
  const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(since).count();
  Json object{{"time", static_cast<double>(milliseconds) / 1000},
              {"name", answer.name.text()},
              {"type", type_text(answer.type)},
              {"rcode", rcode_text(answer.rcode)},
              {"source", kAnswerSourceIds[static_cast<std::size_t>(answer.source)]},
              {"verdict", kStandingIds[static_cast<std::size_t>(answer.standing)]}};
  if (answer.reason != Reason::none) {
    object["reason"] = reason_id(answer.reason);
    object["zone"] = answer.zone.text();
  }
  if (answer.took) {
    const auto took = std::chrono::duration_cast<std::chrono::microseconds>(*answer.took).count();
    object["milliseconds"] = static_cast<double>(took) / 1000;
  }
  return object;
}

// One who looks. Ends when he hangs up.
class Looker : public std::enable_shared_from_this<Looker> {
 public:
  Looker(CallPtr call, std::shared_ptr<AnswerFeed> feed) : call_(std::move(call)), feed_(std::move(feed)) {}
  virtual ~Looker() = default;
  void begin() {
    call_->goes_on();
    number_ = feed_->begin([self = shared_from_this()](std::span<const WatchedAnswer> answers, std::uint64_t dropped) {
      // Over without the asker's doing: the command failed after it had begun to look.
      if (self->call_->is_over()) { return self->feed_->end(self->number_); }
      self->look(answers, dropped);
    });
    call_->when_gone([self = shared_from_this()] { self->feed_->end(self->number_); });
  }

 protected:
  virtual void look(std::span<const WatchedAnswer> answers, std::uint64_t dropped) = 0;
  CallPtr call_;
  std::shared_ptr<AnswerFeed> feed_;

 private:
  std::uint64_t number_ = 0;
};

class Tracer final : public Looker {
 public:
  Tracer(CallPtr call, std::shared_ptr<AnswerFeed> feed, Name zone)
      : Looker(std::move(call), std::move(feed)), zone_(zone) {}

 private:
  void look(std::span<const WatchedAnswer> answers, std::uint64_t dropped) override {
    left_out_ += dropped;
    for (const WatchedAnswer& answer : answers) {
      if (answer.type == Type::none || !answer.name.view().is_at_or_below(zone_)) { continue; }
      if (call_->is_full()) {
        ++left_out_;
        continue;
      }
      if (left_out_ != 0) { call_->item({{"dropped", std::exchange(left_out_, 0)}}); }
      call_->item(answer_json(answer));
    }
    if (left_out_ != 0 && !call_->is_full()) { call_->item({{"dropped", std::exchange(left_out_, 0)}}); }
  }

  const Name zone_;
  std::uint64_t left_out_ = 0;  // since the last line that told of it
};

class TopCounter final : public Looker {
 public:
  struct Shape {
    Duration interval = std::chrono::seconds(2);
    std::size_t rows = 15;
  };
  TopCounter(CallPtr call, std::shared_ptr<AnswerFeed> feed, const ControlParts& parts, const Shape& shape)
      : Looker(std::move(call), std::move(feed)), parts_(parts), shape_(shape), began_(parts.clock.monotonic()) {
    told_ = began_;
    first_ = last_ = sums();
  }

 private:
  // Of the workers' own counters, which drop nothing.
  struct Sums {
    std::array<std::uint64_t, kAnswerSources> sources{};
    std::array<std::uint64_t, kStandings> standings{};
    std::array<std::uint64_t, kRcodeClasses> rcodes{};
    std::uint64_t answers = 0, upstream = 0;
  };
  Sums sums() const {
    Sums sums;
    for (const Recorder* const recorder : feed_->recorders()) {
      const WorkerCounters& counters = recorder->counters();
      for (std::size_t standing = 0; standing < kStandings; ++standing) {
        for (std::size_t source = 0; source < kAnswerSources; ++source) {
          const std::uint64_t count = counters.front.answers[standing][source].value();
          sums.standings[standing] += count;
          sums.sources[source] += count;
          sums.answers += count;
        }
      }
      for (std::size_t i = 0; i < kRcodeClasses; ++i) { sums.rcodes[i] += counters.front.rcodes[i].value(); }
      const ResolverCounters& resolver = counters.resolver;
      sums.upstream += resolver.upstream_udp.value() + resolver.upstream_tcp.value() + resolver.upstream_tls.value();
    }
    return sums;
  }

  void look(std::span<const WatchedAnswer> answers, std::uint64_t dropped) override {
    dropped_ += dropped;
    const TtlTime now = parts_.clock.ttl();
    for (const WatchedAnswer& answer : answers) {
      if (answer.type == Type::none) { continue; }
      names_.add(answer.name);
      const DelegationPtr cut = parts_.caches.delegations.closest_above(answer.name, now);
      zones_.add(cut ? cut->zone().view() : NameView());
    }
    const Instant at = parts_.clock.monotonic();
    if (at - told_ < shape_.interval || call_->is_full()) { return; }
    tell(at);
  }

  template <std::size_t kCount>
  static Json since(const std::array<std::string_view, kCount>& ids, const std::array<std::uint64_t, kCount>& first,
                    const std::array<std::uint64_t, kCount>& now) {
    return by_id(ids, [&](std::size_t i) { return now[i] - first[i]; });
  }
  static Json rows(const Busiest& busiest, std::size_t most) {
    Json rows = Json::array();
    for (const Busiest::Row& row : busiest.most(most)) {
      rows.push_back({{"name", row.name.text()}, {"answers", row.count}});
    }
    return rows;
  }
  void tell(Instant at) {
    const Sums now = sums();
    const double interval = std::chrono::duration<double>(at - told_).count();
    const auto rate = [interval](std::uint64_t after, std::uint64_t before) {
      return static_cast<double>(after - before) / interval;
    };
    call_->item({{"seconds", std::chrono::duration_cast<std::chrono::seconds>(at - began_).count()},
                 {"answers", now.answers - first_.answers},
                 {"answers_per_second", rate(now.answers, last_.answers)},
                 {"upstream_per_second", rate(now.upstream, last_.upstream)},
                 {"sources", since(kAnswerSourceIds, first_.sources, now.sources)},
                 {"standings", since(kStandingIds, first_.standings, now.standings)},
                 {"rcodes", since(kRcodeIds, first_.rcodes, now.rcodes)},
                 {"dropped", dropped_},
                 {"names", rows(names_, shape_.rows)},
                 {"zones", rows(zones_, shape_.rows)}});
    last_ = now;
    told_ = at;
  }

  const ControlParts parts_;
  const Shape shape_;
  const Instant began_;
  Instant told_;
  Sums first_, last_;
  Busiest names_, zones_;
  std::uint64_t dropped_ = 0;
};

}  // namespace

void add_watch_commands(ControlRegistry& registry, Executor& executor, const ControlParts& parts) {
  const auto feed = std::make_shared<AnswerFeed>(parts.recorders, executor);
  // They show what people ask, if not who: that somebody looks is told in the log.
  registry.add({.name = "trace",
                .arguments = {"zone"},
                .run =
                    [feed](const CallPtr& call) {
                      std::optional<Name> zone = Name();
                      if (call->has("zone")) { zone = call->name("zone"); }
                      if (zone) { std::make_shared<Tracer>(call, feed, *zone)->begin(); }
                    },
                .changes = true});
  registry.add({.name = "top",
                .arguments = {"seconds", "rows"},
                .run =
                    [feed, parts](const CallPtr& call) {
                      TopCounter::Shape shape;
                      const auto seconds = call->number("seconds", 2, 1, 60);
                      if (!seconds) { return; }
                      const auto rows = call->number("rows", shape.rows, 1, 100);
                      if (!rows) { return; }
                      shape.interval = std::chrono::seconds(*seconds);
                      shape.rows = static_cast<std::size_t>(*rows);
                      std::make_shared<TopCounter>(call, feed, parts, shape)->begin();
                    },
                .changes = true});
}

}  // namespace vouch
