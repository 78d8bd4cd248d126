#include "tests/web/sample_figures.h"

#include <algorithm>
#include <utility>

namespace vouch {
namespace {

constexpr std::int64_t kMinute = 60, kQuarter = 900, kHour = 3600, kDay = 86'400;
constexpr std::uint32_t kThreshold = 5;

// Numbers that look grown and are the same in every run.
class Wobble {
 public:
  std::uint64_t around(std::uint64_t middle) {
    state_ = state_ * 6364136223846793005ULL + 1442695040888963407ULL;
    return middle - middle / 6 + middle * (state_ >> 40U) / (3ULL << 24U);
  }

 private:
  std::uint64_t state_ = 20'261'130;
};

// The load of a day, by the hour of UTC, in percent of its peak.
std::uint64_t load_at(UnixTime time) {
  constexpr std::array<std::uint64_t, 24> kLoad{88, 80, 66, 48, 34, 24, 18, 14, 13, 15, 22, 38,
                                                52, 60, 64, 70, 74, 72, 70, 72, 78, 88, 98, 100};
  return kLoad[static_cast<std::size_t>(time / kHour % 24)];
}

void set(std::array<std::array<std::uint64_t, kAnswerSources>, kStandings>& answers, Standing standing,
         AnswerSource source, std::uint64_t value) {
  answers[static_cast<std::size_t>(standing)][static_cast<std::size_t>(source)] = value;
}

Movement moved(UnixTime from, std::uint32_t seconds, std::uint64_t queries, Wobble& wobble) {
  Movement movement;
  movement.from = from;
  movement.seconds = seconds;
  const std::uint64_t secure = wobble.around(queries * 31 / 100), insecure = wobble.around(queries * 60 / 100);
  set(movement.answers, Standing::secure, AnswerSource::cache, secure * 4 / 5);
  set(movement.answers, Standing::secure, AnswerSource::recursion, secure / 5);
  set(movement.answers, Standing::secure, AnswerSource::synthesised, secure / 30);
  set(movement.answers, Standing::insecure, AnswerSource::cache, insecure * 4 / 5);
  set(movement.answers, Standing::insecure, AnswerSource::recursion, insecure / 5);
  set(movement.answers, Standing::unchecked, AnswerSource::recursion, queries / 90);
  set(movement.answers, Standing::unchecked, AnswerSource::local, queries / 40);
  movement.queries = {wobble.around(queries * 34 / 100), queries / 50, wobble.around(queries * 38 / 100),
                      wobble.around(queries * 18 / 100), queries / 40, queries / 60};
  movement.upstream_queries = queries / 4;
  return movement;
}

void withhold(Movement& movement, Evidence evidence, std::uint64_t lookups, bool observes) {
  if (observes) {
    movement.shadow.lookups += lookups;
    movement.shadow.answers += lookups * 3;
  } else {
    movement.withheld[static_cast<std::size_t>(evidence)].lookups += lookups;
    movement.withheld[static_cast<std::size_t>(evidence)].answers += lookups * 3;
  }
  set(movement.answers, Standing::bogus, AnswerSource::recursion, lookups * 3);
}

void add_movements(Figures& figures, bool observes) {
  Wobble wobble;
  for (int i = 95; i >= 0; --i) {
    const UnixTime from = kSampleTime / kQuarter * kQuarter - i * kQuarter;
    Movement quarter = moved(from, kQuarter, load_at(from) * 9, wobble);
    if (i % 17 == 3) { withhold(quarter, Evidence::error_shown, 2, observes); }
    if (i % 40 == 9) { withhold(quarter, Evidence::error_likely, 1, observes); }
    if (i == 22) { withhold(quarter, Evidence::undetermined, 2, observes); }
    figures.day += quarter;
    figures.quarter_hours.push_back(quarter);
  }
  figures.day.from = kSampleTime - kDay;
  for (int i = 60; i > 0; --i) {
    const UnixTime from = kSampleTime / kMinute * kMinute - i * kMinute;
    figures.minutes.push_back(moved(from, kMinute, 42, wobble));
  }
}

void fill(DurationHistogram& histogram, std::initializer_list<std::uint64_t> counts, std::uint64_t mean) {
  std::size_t at = 0;
  std::uint64_t all = 0;
  for (const std::uint64_t count : counts) {
    histogram.buckets[at++].add(count);
    all += count;
  }
  histogram.nanoseconds.add(all * mean);
}

void fill_validation(ValidationCounters& validation) {
  validation.judged_secure.add(21'844);
  validation.judged_insecure.add(58'210);
  validation.judged_bogus.add(73);
  validation.judged_test_zone.add(12);
  validation.failures[static_cast<std::size_t>(Reason::rrsig_expired)].add(41);
  validation.failures[static_cast<std::size_t>(Reason::ds_dnskey_mismatch)].add(19);
  validation.failures[static_cast<std::size_t>(Reason::rrsig_invalid)].add(9);
  validation.failures[static_cast<std::size_t>(Reason::nsec_not_proving)].add(4);
  validation.verified[algorithm_class(8)].add(31'204);
  validation.verified[algorithm_class(13)].add(48'911);
  validation.verified[algorithm_class(15)].add(802);
  validation.failed[algorithm_class(8)].add(11);
  validation.failed[algorithm_class(13)].add(37);
  validation.nanoseconds.add(9'812'000'000);
  validation.second_opinions.add(96);
  validation.recovered.add(23);
  validation.key_fetches.add(9'120);
  validation.synthesised[0][0].add(4'120);
  validation.synthesised[0][1].add(980);
  validation.synthesised[1][0].add(311);
  validation.synthesised[1][2].add(6);
}

void fill_transports(TransportCounters& transport) {
  const auto sessions = [](SessionCounters& session, std::uint64_t accepted) {
    session.accepted.add(accepted);
    session.refused.add(accepted / 900);
    session.handshakes.add(accepted * 2 / 5);
    session.resumed.add(accepted * 3 / 5);
    session.handshake_failures.add(accepted / 300);
    session.closed_idle.add(accepted * 4 / 5);
    session.closed_abuse.add(accepted / 2000);
  };
  sessions(transport.tcp, 3'312);
  sessions(transport.tls, 12'870);
  sessions(transport.https, 5'210);
  sessions(transport.quic, 1'020);
  sessions(transport.http3, 644);
}

std::shared_ptr<const WorkerCounters> sample_counters() {
  auto counters = std::make_shared<WorkerCounters>();
  ResolverCounters& resolver = counters->resolver;
  resolver.upstream_udp.add(84'310);
  resolver.upstream_tcp.add(1'204);
  resolver.upstream_timeouts.add(1'911);
  resolver.upstream_unreachable.add(84);
  resolver.exchanges_shared.add(6'022);
  resolver.tcp_after_truncation.add(1'080);
  resolver.replies_rejected_id.add(31);
  resolver.replies_rejected_question.add(4);
  resolver.replies_rejected_case.add(2);
  resolver.tcp_after_forgery.add(2);
  resolver.replies_lame.add(512);
  resolver.records_scrubbed.add(1'802);
  resolver.minimisation_fallbacks.add(209);
  resolver.asked[0].add(1'020), resolver.minimised[0].add(1'020);
  resolver.asked[1].add(22'870), resolver.minimised[1].add(22'655);
  resolver.asked[2].add(60'400), resolver.minimised[2].add(9'120);
  fill(resolver.round_trip, {0, 0, 0, 90, 1'200, 2'900, 21'000, 24'000, 19'000, 11'000, 4'100, 900, 300, 60, 0},
       38'000'000);
  fill_validation(counters->validation);
  FrontCounters& front = counters->front;
  constexpr std::array<std::uint64_t, kTransports> kQueries{112'000, 3'900, 128'000, 61'000, 8'100, 5'300};
  for (std::size_t i = 0; i < kTransports; ++i) {
    front.queries[i][0].add(kQueries[i] * 3 / 5);
    front.queries[i][1].add(kQueries[i] * 2 / 5);
  }
  front.queries_do.add(90'230);
  front.queries_ad.add(41'002);
  front.answers[0][0].add(76'000), front.answers[0][1].add(19'800), front.answers[0][3].add(3'100);
  front.answers[1][0].add(148'000), front.answers[1][1].add(38'000), front.answers[1][2].add(212);
  front.answers[2][1].add(231), front.answers[5][1].add(3'400), front.answers[5][4].add(8'000);
  front.rcodes[0].add(251'000), front.rcodes[2].add(1'940), front.rcodes[3].add(44'300), front.rcodes[5].add(12);
  front.special_names[0].add(5'210), front.special_names[3].add(811), front.special_names[2].add(1'904);
  front.refused.add(12), front.malformed.add(7), front.joined_in_flight.add(2'904), front.truncated.add(1'480);
  fill(front.from_cache, {1'900, 1'500, 60, 12, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, 18'000);
  fill(front.by_recursion, {0, 0, 0, 40, 310, 2'100, 9'800, 16'200, 14'900, 8'800, 5'200, 1'100, 420, 190, 31},
       52'000'000);
  fill_transports(counters->transport);
  return counters;
}

ZoneFigures failing(std::string zone, Reason reason, Evidence evidence, std::int64_t since, std::uint32_t prefixes) {
  ZoneFigures figures;
  figures.zone = std::move(zone);
  figures.reason = reason;
  figures.evidence = evidence;
  figures.began = kSampleTime - since;
  figures.last_failure = kSampleTime - 40;
  figures.last_good = kSampleTime - since - 7 * kMinute;
  figures.failures = 12 + prefixes * 4;
  figures.withheld = {prefixes * 31ULL, prefixes * 6ULL};
  figures.prefixes = std::min(prefixes, kThreshold);
  figures.is_public = prefixes >= kThreshold;
  figures.causes.push_back({.reason = reason,
                            .evidence = evidence,
                            .key_tag = 12'345,
                            .algorithm = 13,
                            .time = kSampleTime - since - kMinute,
                            .server = "2001:db8:53::7",
                            .first_seen = kSampleTime - since,
                            .last_seen = kSampleTime - 40,
                            .failures = figures.failures});
  return figures;
}

void add_zones(Figures& figures) {
  figures.zones.push_back(
      failing("municipio-ejemplo.example.", Reason::rrsig_expired, Evidence::error_shown, 3 * kDay + kHour, 9));
  ZoneFigures moved_away =
      failing("banco.example.", Reason::ds_dnskey_mismatch, Evidence::error_likely, 6 * kHour + 20 * kMinute, 7);
  moved_away.causes[0].time.reset();
  moved_away.causes.push_back({.reason = Reason::rrsig_unknown_key,
                               .evidence = Evidence::error_likely,
                               .key_tag = 60'718,
                               .algorithm = 8,
                               .time = std::nullopt,
                               .server = "192.0.2.53",
                               .first_seen = kSampleTime - 8 * kHour,
                               .last_seen = kSampleTime - 7 * kHour,
                               .failures = 3});
  figures.zones.push_back(std::move(moved_away));
  ZoneFigures rare = failing("club.example.net.", Reason::rrsig_invalid, Evidence::undetermined, 35 * kMinute, 2);
  rare.causes[0].time.reset();
  figures.zones.push_back(std::move(rare));
  ZoneFigures over = failing("periodico.example.org.", Reason::nsec_not_proving, Evidence::error_likely, 9 * kHour, 6);
  over.state = ZoneState::recovered;
  over.ended = kSampleTime - 4 * kHour;
  over.causes[0].time.reset();
  figures.zones.push_back(std::move(over));
  figures.incidents = {{.zone = "escuela.example.",
                        .reason = Reason::rrsig_expired,
                        .evidence = Evidence::error_shown,
                        .began = kSampleTime - 5 * kDay,
                        .last_failure = kSampleTime - 4 * kDay,
                        .ended = kSampleTime - 4 * kDay,
                        .state = ZoneState::recovered,
                        .failures = 88,
                        .withheld = {402, 77},
                        .shadow = {},
                        .prefixes = 5,
                        .is_public = true},
                       {.zone = "tld.",
                        .reason = Reason::rrsig_unknown_key,
                        .evidence = Evidence::error_likely,
                        .began = kSampleTime - 12 * kDay,
                        .last_failure = kSampleTime - 12 * kDay + 2 * kHour,
                        .ended = kSampleTime - 12 * kDay + 2 * kHour,
                        .state = ZoneState::recovered,
                        .failures = 4'011,
                        .withheld = {18'044, 2'209},
                        .shadow = {},
                        .prefixes = 5,
                        .is_public = true},
                       {.zone = "tienda.example.com.",
                        .reason = Reason::dnskey_unreachable,
                        .evidence = Evidence::undetermined,
                        .began = kSampleTime - 20 * kDay,
                        .last_failure = kSampleTime - 20 * kDay + 11 * kMinute,
                        .ended = kSampleTime - 19 * kDay,
                        .state = ZoneState::quiet,
                        .failures = 4,
                        .withheld = {9, 3},
                        .shadow = {},
                        .prefixes = 1,
                        .is_public = false}};
}

void add_policy(Figures& figures) {
  figures.policy.actions = {61, 1'204, 37, 0, 0, 601, 0};
  figures.policy.sources = {{"rpz:feed.example", 212},
                            {"anuncios", 1'393},
                            {"rpz:silent.example", 0},
                            {"_configuration", 237},
                            {"_other", 0}};
  figures.policy.stripped = 4;
}

void add_adoption(Figures& figures) {
  const auto tld = [&figures](std::string name, std::uint64_t answers, std::uint64_t signed_share) {
    TldFigures one{std::move(name), {}};
    one.answers[0] = answers * signed_share / 100;
    one.answers[1] = answers - one.answers[0];
    one.answers[2] = answers / 4000;
    figures.tlds.push_back(std::move(one));
  };
  tld("com.", 112'400, 18), tld("net.", 38'900, 22), tld("org.", 21'300, 34), tld("ar.", 18'800, 9);
  tld("br.", 15'210, 63), tld("mx.", 8'040, 12), tld("uy.", 3'390, 28), tld("cl.", 2'980, 31);
  tld("io.", 2'110, 26), tld("xn--p1ai.", 310, 8), tld(".", 120, 100), tld("_other", 9'870, 38);
  figures.adoption.signed_zones = {0, 14, 1'102, 21, 2'840, 33, 61, 0, 2};
  figures.adoption.denial_zones = {{{1'610, 0, 0}, {1'880, 211, 4}, {302, 60, 0}}};
  figures.clients = {.prefixes = 1'183, .only_encrypted = 402};
  figures.expiring = {{"cooperativa.example.", kSampleTime + 19 * kHour, kSampleTime - 300, 14 * kDay, true, false},
                      {"ministerio.example.", kSampleTime + 2 * kDay, kSampleTime - 900, 30 * kDay, true, false},
                      {"arpa.", kSampleTime + 6 * kDay, kSampleTime - 1'200, 13 * kDay, false, true}};
}

StatusFigures sample_status() {
  StatusFigures status;
  status.version = "0.2.0";
  status.libraries = {"OpenSSL 3.0.19", "ldns 1.8.3", "nghttp2 1.52.0", "ngtcp2 0.12.1", "SQLite 3.40.1"};
  status.validation = "enforce";
  status.workers = 4;
  status.anchors = {{".", 20'326, 8, "valid"}, {".", 38'696, 8, "valid"}};
  status.negative_anchors = {
      {"obras.example.", "Rollover went wrong; owner called on the 29th", kSampleTime + 2 * kDay},
      {"vieja.example.", "", 0}};
  status.root_validated = kSampleTime - 4 * kHour;
  status.local_root = LocalRootFigures{.in_use = true,
                                       .serial = 2026082900,
                                       .checked = kSampleTime - 11 * kMinute,
                                       .expires = kSampleTime + 7 * kDay - 11 * kMinute,
                                       .source = "192.0.32.132@53",
                                       .failure = "",
                                       .failed = 0,
                                       .whole = 3,
                                       .incremental = 11,
                                       .up_to_date = 96,
                                       .failures = 0,
                                       .rejected = 0,
                                       .foreign = 0,
                                       .replies = 41'200,
                                       .octets = 2'900'000};
  status.certificate = CertificateFigures{"dns.red-comunitaria.example", kSampleTime + 61 * kDay, false,
                                          "7q0tWc7eQ6Wv2mUyQ9mT0y2mX3o1T5m7cV0u1cPzq3E="};
  status.listeners = {{"dns", "192.0.2.10@53"},    {"dns", "2001:db8::53@53"}, {"tls", "192.0.2.10@853"},
                      {"https", "192.0.2.10@443"}, {"quic", "192.0.2.10@853"}, {"web", "127.0.0.1@8053"}};
  status.caches = {{"rrset", 81'200, 42'300'000, 67'108'864, 212'000, 57'000, 1'204, 90'100},
                   {"delegation", 9'120, 3'900'000, 8'388'608, 0, 0, 0, 0},
                   {"server", 14'020, 2'100'000, 4'194'304, 0, 0, 0, 0},
                   {"failure", 211, 40'000, 2'097'152, 0, 0, 0, 0},
                   {"denial", 5'120, 2'700'000, 8'388'608, 0, 0, 0, 0},
                   {"trust", 3'304, 1'800'000, 4'194'304, 0, 0, 0, 0}};
  status.history = {true, "/var/lib/vouch/history.sqlite", "", kSampleTime - 41 * kMinute, 400};
  status.privacy = {kThreshold, 32, 56, 50, 60, true, true};
  status.resident_octets = 118'000'000;
  status.cpu_seconds = 412.7;
  status.open_descriptors = 341;
  status.max_descriptors = 65'536;
  status.queries_in_flight = 3;
  return status;
}

std::vector<HourFigures> sample_month() {
  Wobble wobble;
  std::vector<HourFigures> month;
  for (int i = 24 * 30; i > 0; --i) {
    HourFigures hour;
    hour.hour = kSampleTime / kHour * kHour - i * kHour;
    const std::uint64_t answers = load_at(hour.hour) * 33;
    hour.answers[0] = wobble.around(answers * static_cast<std::uint64_t>(31 - i / 100) / 100);
    hour.answers[1] = wobble.around(answers * 65 / 100);
    hour.answers[5] = answers / 60;
    hour.lookups_withheld = i % 9 == 0 ? 3 : 0;
    hour.lookups_shadow = i % 9 == 0 ? 2 : 0;
    hour.queries_encrypted = wobble.around(answers * 55 / 100);
    hour.queries_clear = wobble.around(answers * 45 / 100);
    month.push_back(hour);
  }
  return month;
}

SiteReport::Link link(std::string zone, Standing standing, Reason reason, std::vector<SiteReport::Key> keys) {
  return {std::move(zone), standing, reason, std::move(keys)};
}

SiteReport report(std::string name, SiteReport::Outcome outcome, Standing standing) {
  SiteReport one;
  one.name = std::move(name);
  one.outcome = outcome;
  one.standing = standing;
  one.milliseconds = 84;
  one.chain = {link(".", Standing::secure, Reason::none, {{20'326, 8}, {38'696, 8}, {61'050, 8}}),
               link("example.", Standing::secure, Reason::none, {{31'589, 8}, {2'485, 13}})};
  return one;
}

std::vector<SiteReport> sample_reports(bool observes) {
  std::vector<SiteReport> reports;
  SiteReport good = report("www.universidad.example.", SiteReport::Outcome::answered, Standing::secure);
  good.addresses = {"192.0.2.80", "2001:db8:80::1"};
  good.alias_of = "web.universidad.example.";
  good.chain.push_back(link("universidad.example.", Standing::secure, Reason::none, {{4'711, 13}}));
  reports.push_back(good);
  SiteReport expired =
      report("turnos.municipio-ejemplo.example.",
             observes ? SiteReport::Outcome::answered : SiteReport::Outcome::withheld, Standing::bogus);
  expired.reason = Reason::rrsig_expired;
  expired.zone_at_fault = "municipio-ejemplo.example.";
  expired.key = SiteReport::Key{12'345, 13};
  expired.time = kSampleTime - 3 * kDay - kHour;
  expired.server = "2001:db8:53::7";
  expired.extra_text = "rrsig_expired zone=municipio-ejemplo.example. key=12345 alg=13 since=2026-11-27";
  expired.extended_error = 7;
  expired.has_extended_error = true;
  expired.chain.push_back(link("municipio-ejemplo.example.", Standing::bogus, Reason::rrsig_expired, {}));
  reports.push_back(expired);
  SiteReport unsigned_site = report("tienda.example.com.", SiteReport::Outcome::answered, Standing::insecure);
  unsigned_site.addresses = {"198.51.100.7"};
  unsigned_site.chain.push_back(link("tienda.example.", Standing::insecure, Reason::none, {}));
  reports.push_back(unsigned_site);
  SiteReport mismatch = report("banco.example.", SiteReport::Outcome::withheld, Standing::bogus);
  mismatch.reason = Reason::ds_dnskey_mismatch;
  mismatch.zone_at_fault = "banco.example.";
  mismatch.chain.push_back(link("banco.example.", Standing::bogus, Reason::ds_dnskey_mismatch, {}));
  reports.push_back(mismatch);
  reports.push_back(report("no-existe.example.", SiteReport::Outcome::no_such_name, Standing::secure));
  reports.push_back(report("sin-direccion.example.", SiteReport::Outcome::no_data, Standing::insecure));
  reports.push_back(report("lejos.example.", SiteReport::Outcome::unreachable, Standing::unchecked));
  SiteReport local = report("impresora.home.arpa.", SiteReport::Outcome::local, Standing::unchecked);
  local.chain.clear();
  reports.push_back(local);
  SiteReport test = mismatch;
  test.name = "dnssec-failed.example.";
  test.is_test_zone = true;
  reports.push_back(test);
  SiteReport anchored = report("obras.example.", SiteReport::Outcome::answered, Standing::negative_anchor);
  anchored.reason = Reason::negative_anchor;
  anchored.chain.push_back(link("obras.example.", Standing::negative_anchor, Reason::negative_anchor, {}));
  reports.push_back(anchored);
  return reports;
}

Sample sample_on(bool observes) {
  Sample sample;
  sample.figures.taken = kSampleTime;
  sample.figures.started = kSampleTime - 9 * kDay - 4 * kHour;
  sample.figures.counters = sample_counters();
  add_movements(sample.figures, observes);
  add_zones(sample.figures);
  add_adoption(sample.figures);
  add_policy(sample.figures);
  sample.status = sample_status();
  sample.month = sample_month();
  sample.reports = sample_reports(observes);
  sample.utc_offset = -3 * static_cast<std::int32_t>(kHour);
  return sample;
}

}  // namespace

Sample rich_sample() {
  Sample sample = sample_on(false);
  sample.name = "rich";
  return sample;
}

Sample fresh_sample() {
  Sample sample;
  sample.name = "fresh";
  sample.figures.taken = kSampleTime;
  sample.figures.started = kSampleTime - 40;
  sample.figures.counters = std::make_shared<WorkerCounters>();
  sample.figures.day = {
      .from = kSampleTime - 40, .seconds = 40, .answers = {}, .queries = {}, .withheld = {}, .shadow = {}};
  sample.status.version = "0.2.0";
  sample.status.validation = "enforce";
  sample.status.anchors = {{".", 20'326, 8, "configured"}, {".", 38'696, 8, "configured"}};
  sample.status.privacy = {kThreshold, 32, 56, 20, 40, true, false};
  return sample;
}

Sample young_sample() {
  Sample sample = fresh_sample();
  sample.name = "young";
  sample.figures.started = kSampleTime - 20 * kMinute;
  sample.figures.day = {};
  sample.figures.day.from = sample.figures.started;
  Wobble wobble;
  for (int i = 1; i >= 0; --i) {
    const UnixTime from = kSampleTime / kQuarter * kQuarter - i * kQuarter;
    sample.figures.quarter_hours.push_back(moved(from, i == 1 ? 9 * kMinute : 11 * kMinute, 240, wobble));
    sample.figures.day += sample.figures.quarter_hours.back();
  }
  for (int i = 20; i > 0; --i) {
    sample.figures.minutes.push_back(moved(kSampleTime / kMinute * kMinute - i * kMinute, kMinute, 24, wobble));
  }
  sample.figures.counters = sample_counters();
  sample.status.root_validated = kSampleTime - 19 * kMinute;
  sample.utc_offset = -3 * static_cast<std::int32_t>(kHour);
  return sample;
}

Sample observing_sample() {
  Sample sample = sample_on(true);
  sample.name = "observing";
  sample.status.validation = "observe";
  for (ZoneFigures& zone : sample.figures.zones) { std::swap(zone.withheld, zone.shadow); }
  for (IncidentFigures& incident : sample.figures.incidents) { std::swap(incident.withheld, incident.shadow); }
  return sample;
}

Sample off_sample() {
  Sample sample = sample_on(false);
  sample.name = "off";
  sample.status.validation = "off";
  sample.figures.zones.clear();
  sample.figures.incidents.clear();
  sample.figures.expiring.clear();
  const auto unjudged = [](Movement& movement) {
    auto& unchecked = movement.answers[static_cast<std::size_t>(Standing::unchecked)];
    for (std::size_t i = 0; i + 1 < kStandings; ++i) {
      for (std::size_t j = 0; j < kAnswerSources; ++j) { unchecked[j] += std::exchange(movement.answers[i][j], 0); }
    }
    movement.withheld = {};
  };
  unjudged(sample.figures.day);
  for (Movement& quarter : sample.figures.quarter_hours) { unjudged(quarter); }
  return sample;
}

Sample troubled_sample() {
  Sample sample = sample_on(false);
  sample.name = "troubled";
  sample.status.clock_trusted = false;
  sample.status.anchors = {{".", 19'036, 8, "revoked"}, {".", 20'326, 8, "missing"}, {".", 38'696, 8, "pending"}};
  sample.status.certificate->not_after = kSampleTime - kDay;
  sample.status.certificate->self_made = true;
  sample.status.history.problem = "/var/lib/vouch/history.sqlite: disk I/O error";
  sample.status.root_validated.reset();
  sample.status.privacy.minimises = false;
  return sample;
}

const std::string& hostile_text() {
  static constexpr char kText[] =
      "\"><script>alert(1)</script><img src=x onerror='alert(2)'>&amp;`{0}{1}\xE2\x80\xAE\xE2\x80\x8B\n\r\t\0\x1b[31m"
      "\xff\xc0\xaf\xed\xa0\x80 javascript:alert(3) </title></style><!-- ]]> \\\"";
  static const std::string text(kText, sizeof kText - 1);
  return text;
}

Sample hostile_sample() {
  Sample sample = sample_on(false);
  sample.name = "hostile";
  const std::string& bad = hostile_text();
  for (ZoneFigures& zone : sample.figures.zones) {
    zone.zone = bad;
    for (ZoneCause& cause : zone.causes) { cause.server = bad; }
  }
  for (IncidentFigures& incident : sample.figures.incidents) { incident.zone = bad; }
  for (TldFigures& tld : sample.figures.tlds) { tld.tld = bad; }
  for (PolicyFigures::Source& source : sample.figures.policy.sources) { source.name = bad; }
  for (ExpiringZone& zone : sample.figures.expiring) { zone.zone = bad; }
  sample.figures.listed_zones.push_back({bad, {}, kSampleTime, Reason::rrsig_expired});
  StatusFigures& status = sample.status;
  status.version = bad;
  for (std::string& library : status.libraries) { library = bad; }
  status.anchors.push_back({bad, 1, 250, bad});
  for (NegativeAnchorFigures& anchor : status.negative_anchors) { anchor.zone = bad, anchor.reason = bad; }
  *status.certificate = {bad, kSampleTime, false, bad};
  for (ListenerFigures& listener : status.listeners) { listener.protocol = bad, listener.address = bad; }
  for (CacheFigures& cache : status.caches) { cache.cache = bad; }
  status.history.file = bad, status.history.problem = bad;
  for (SiteReport& one : sample.reports) {
    one.name = bad, one.alias_of = bad, one.zone_at_fault = bad, one.server = bad, one.extra_text = bad;
    one.has_extended_error = true;
    one.addresses = {bad, bad};
    for (SiteReport::Link& each : one.chain) { each.zone = bad; }
  }
  return sample;
}

std::vector<Sample> all_samples() {
  std::vector<Sample> samples;
  samples.push_back(rich_sample());
  samples.push_back(fresh_sample());
  samples.push_back(young_sample());
  samples.push_back(observing_sample());
  samples.push_back(off_sample());
  samples.push_back(troubled_sample());
  samples.push_back(hostile_sample());
  return samples;
}

}  // namespace vouch
