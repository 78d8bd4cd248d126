#include "resolver/daemon/rpz_transfers.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cinttypes>
#include <cstdio>
#include <tuple>

#include "resolver/base/durable_file.h"
#include "resolver/base/regular_file.h"
#include "resolver/base/siphash.h"
#include "resolver/wire/zone_file.h"

namespace vouch {

namespace {

constexpr std::size_t kWriteAtOnce = std::size_t{1} << 20;  // octets of text between two system calls
constexpr mode_t kStateMode = 0640;

// The last line of a kept zone, a comment: how many records there are, and a sum over them. Without it a file that was
// cut between two lines would pass for a smaller zone. It tells damage, not malice: whoever may write there writes
// rules.
class EndLine {
 public:
  static constexpr std::size_t kSize = 40;

  void add(NameView owner, Type type, std::uint32_t ttl, Bytes rdata) {
    constexpr std::size_t kFixed = 6;
    octets_.assign(owner.octets().begin(), owner.octets().end());
    octets_.resize(octets_.size() + kFixed);
    store16(octets_.data() + octets_.size() - kFixed, static_cast<std::uint16_t>(type));
    store32(octets_.data() + octets_.size() - 4, ttl);
    octets_.insert(octets_.end(), rdata.begin(), rdata.end());
    ++records_;
    sum_ += siphash13(SipKey{}, octets_);  // in whichever order they stand
  }
  std::string text() const {
    std::array<char, kSize + 1> line{};
    std::snprintf(line.data(), line.size(), "; end %016" PRIx64 " %016" PRIx64 "\n", records_, sum_);
    return line.data();
  }

 private:
  std::uint64_t records_ = 0, sum_ = 0;
  Buffer octets_;  // of one record
};

// What a file ends with; the file is read from its beginning afterwards.
std::string last_line_of(std::FILE& file) {
  std::string line(EndLine::kSize, '\0');
  if (std::fseek(&file, -static_cast<long>(line.size()), SEEK_END) != 0) { return {}; }
  line.resize(std::fread(line.data(), 1, line.size(), &file));
  std::rewind(&file);
  return line;
}

struct Remembered {
  ZonePtr zone;
  UnixTime checked = 0;  // when a primary last confirmed it: the file's time
};

std::expected<std::optional<Remembered>, std::string> read_state(const std::string& path, const Name& apex) {
  const auto file = open_regular_file(path);
  if (!file) {
    if (file.error().is_absent) { return std::nullopt; }
    return std::unexpected(file.error().reason);
  }
  struct stat status {};
  if (::fstat(::fileno(file->get()), &status) != 0) { return std::unexpected("no file"); }
  const std::string end = last_line_of(**file);
  EndLine found;
  RecordList records;
  bool fits = true;
  const auto fault =
      read_zone_file(**file, apex, [&](NameView owner, Type type, std::uint32_t ttl, Bytes rdata, std::uint64_t) {
        found.add(owner, type, ttl, rdata);
        fits = fits && records.size() < RpzTransfers::kLimits.records && records.add(owner, type, ttl, rdata);
      });
  if (fault) { return std::unexpected("line " + std::to_string(fault->line) + ": " + fault->problem); }
  if (!fits) { return std::unexpected("too large"); }
  if (end != found.text()) { return std::unexpected("it was cut short, damaged, or changed by hand"); }
  auto zone = Zone::make(apex, std::move(records));
  if (!zone) { return std::unexpected(std::move(zone.error())); }
  return Remembered{std::move(*zone), status.st_mtim.tv_sec};
}

std::expected<void, std::string> write_state(const std::string& path, const Zone& zone) {
  auto file = DurableFile::create(path, kStateMode);
  if (!file) { return std::unexpected(std::move(file.error())); }
  std::string text;
  EndLine end;
  for (std::size_t i = 0; i < zone.size(); ++i) {
    const ZoneRecord record = zone[i];
    end.add(record.owner, record.type, record.ttl, record.rdata);
    text += zone_file_line(record.owner, record.type, record.ttl, record.rdata);
    if (text.size() < kWriteAtOnce) { continue; }
    if (auto done = file->append(text); !done) { return done; }
    text.clear();
  }
  text += end.text();
  if (auto done = file->append(text); !done) { return done; }
  return file->commit();
}

// Its first octet, written again: a confined process may do that, and not set times.
void renew_time(const std::string& path) {
  const FilePtr file(std::fopen(path.c_str(), "r+e"));
  if (!file) { return; }
  const int first = std::fgetc(file.get());
  if (first == EOF || std::fseek(file.get(), 0, SEEK_SET) != 0) { return; }
  std::fputc(first, file.get());
}

// Null: transfers are not signed.
TsigKeyPtr key_of(const RpzZoneOptions& zone) {
  if (zone.tsig_secret.empty()) { return nullptr; }
  TsigKey key{.name = zone.tsig_key, .algorithm = TsigAlgorithm::hmac_sha256, .secret = {}};
  switch (zone.tsig_algorithm) {
    case TransferSigning::hmac_sha256:
      break;
    case TransferSigning::hmac_sha384:
      key.algorithm = TsigAlgorithm::hmac_sha384;
      break;
    case TransferSigning::hmac_sha512:
      key.algorithm = TsigAlgorithm::hmac_sha512;
      break;
  }
  // The loader has checked it. Were it none after all, then no answer is one that this key signed: nothing is taken.
  key.secret = parse_tsig_secret(zone.tsig_secret).value_or(Buffer(1, 0));
  return std::make_shared<const TsigKey>(std::move(key));
}

SecondaryOptions secondary_options(const RpzZoneOptions& zone) {
  SecondaryOptions options;
  options.zone = zone.zone;
  options.limits = RpzTransfers::kLimits;
  const TsigKeyPtr key = key_of(zone);
  for (const SocketAddress& address : zone.primaries) {
    Primary& primary = options.primaries.emplace_back();
    primary.address = address;
    primary.key = key;
  }
  return options;
}

}  // namespace

std::string rpz_state_path(const std::string& directory, const Name& zone) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  Name lower = zone;
  lower.lower_case();
  std::string name = "rpz-";
  for (const char c : lower.text()) {
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
    if (is_plain) {
      name += c;
      continue;
    }
    const auto octet = static_cast<unsigned char>(c);
    name += {'%', kDigits[octet >> 4], kDigits[octet & 15U]};
  }
  return path_in(directory, name + "zone");
}

std::expected<RpzZonePtr, std::string> rpz_zone_of(const Zone& zone) {
  RpzZoneBuilder builder(zone.apex());
  for (std::size_t i = 0; i < zone.size(); ++i) {
    const ZoneRecord record = zone[i];
    builder.add(record.owner, record.type, record.ttl, record.rdata, i + 1);
  }
  return builder.finish();
}

// One zone. Its secondary's task ends with it.
class RpzTransfers::Kept final : public ZoneOwner {
 public:
  Kept(const RpzZoneOptions& options, std::string path, const Parts& parts)
      : options_(options),
        path_(std::move(path)),
        parts_(parts),
        secondary_(secondary_options(options), parts.network, *this) {}

  // Where it has no zone to begin with, nobody would ever give up what the store still has under that name: another
  // primary's rules, or a file's.
  void start() {
    if (!restore()) { give_up(); }
    running_.spawn(secondary_.run());
  }
  // What the transfer depends on. What else is said of the zone is the business of the sources made of it: for that
  // alone no transfer begins anew, and no expiry is forgotten.
  bool is_for(const RpzZoneOptions& options, const std::string& path) const {
    const auto transfer = [](const RpzZoneOptions& of) {
      return std::tie(of.zone, of.primaries, of.tsig_key, of.tsig_algorithm, of.tsig_secret);
    };
    return transfer(options_) == transfer(options) && path_ == path;
  }

  std::expected<void, std::string> take(const Transfer& transfer, const Primary& from, UnixTime) override {
    auto made = rpz_zone_of(*transfer.zone);
    if (!made) { return std::unexpected(std::move(made.error())); }
    put(std::move(*made), from.address.text());
    if (path_.empty()) { return {}; }
    if (auto written = write_state(path_, *transfer.zone); !written) { tell_of_state(written.error()); }
    return {};
  }
  // The file's time says until when it may be believed after a restart.
  void confirm(UnixTime) override {
    if (!path_.empty()) { renew_time(path_); }
  }
  void expire() override {
    parts_.store.remove(options_.zone);
    parts_.changed();
  }

 private:
  void put(RpzZonePtr made, std::string source) {
    tell_of_rpz_zone(*made, source);
    parts_.store.put(options_.zone, std::move(made), std::move(source));
    parts_.changed();
  }

  // True: the secondary has a zone, and the store that zone's rules, whatever it had before: differences will be
  // applied to the one, and must lead to the other.
  bool restore() {
    if (path_.empty()) { return false; }
    auto state = read_state(path_, options_.zone);
    if (!state) {
      tell_of_state(state.error());
      return false;
    }
    if (!*state) { return false; }
    const ZonePtr zone = (*state)->zone;
    // Before the secondary has the zone: it would be told that this is current, and the rules would never come.
    auto made = rpz_zone_of(*zone);
    if (!made) {
      tell_of_state(made.error());
      return false;
    }
    if (!secondary_.restore(zone, (*state)->checked, path_)) {
      log(LogLevel::warning, "rpz_state_expired", {{"zone", options_.zone.text()}, {"file", path_}});
      return false;
    }
    put(std::move(*made), path_);
    return true;
  }

  void give_up() {
    if (!parts_.store.has(options_.zone)) { return; }
    log(LogLevel::notice, "rpz_rules_given_up",
        {{"zone", options_.zone.text()}, {"why", "it comes from elsewhere now"}, {"until", "it is transferred"}});
    expire();
  }

  void tell_of_state(const std::string& problem) const {
    log(LogLevel::warning, "rpz_state_failed",
        {{"zone", options_.zone.text()},
         {"file", path_},
         {"problem", problem},
         {"remedy",
          "without it, a restart begins with no rules until the zone is transferred; see "
          "policy.state_directory"}});
  }

  const RpzZoneOptions options_;
  const std::string path_;  // empty: nothing is kept
  const Parts& parts_;
  Secondary secondary_;
  TaskScope running_{1};
};

RpzTransfers::RpzTransfers(Parts parts) : parts_(std::move(parts)) {}
RpzTransfers::~RpzTransfers() = default;

void RpzTransfers::keep(const std::vector<RpzZoneOptions>& zones, const std::string& state_directory) {
  std::vector<std::unique_ptr<Kept>> kept;
  std::vector<Kept*> fresh;
  for (const RpzZoneOptions& zone : zones) {
    if (zone.primaries.empty()) { continue; }
    const std::string path = state_directory.empty() ? "" : rpz_state_path(state_directory, zone.zone);
    const auto same = std::ranges::find_if(kept_, [&](const auto& one) { return one && one->is_for(zone, path); });
    if (same != kept_.end()) {
      kept.push_back(std::move(*same));
      continue;
    }
    kept.push_back(std::make_unique<Kept>(zone, path, parts_));
    fresh.push_back(kept.back().get());
  }
  kept_ = std::move(kept);  // what is not named any more ends here, before another of its name begins
  for (Kept* const one : fresh) { one->start(); }
}

}  // namespace vouch
