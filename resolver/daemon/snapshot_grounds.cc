#include "resolver/daemon/snapshot_grounds.h"

#include <algorithm>

#include "resolver/daemon/version.h"
#include "resolver/dnssec/algorithms.h"

namespace vouch {

namespace {

constexpr std::uint8_t kSha256 = 2;  // IANA's digest type

// Values in a form in which no two different lists look alike: each with its length before it.
class Listing {
 public:
  void add(Bytes octets) {
    std::array<Octet, 4> size{};
    store32(size.data(), u32(octets.size()));
    all_.insert(all_.end(), size.begin(), size.end());
    all_.insert(all_.end(), octets.begin(), octets.end());
  }
  void add(std::string_view text) { add(bytes_of(text)); }
  void add(std::uint64_t number) { add(std::to_string(number)); }
  void add(const Name& name) {
    Name lower = name;
    lower.lower_case();
    add(lower.view().octets());
  }

  // What cannot be told apart must not be taken for the same: without SHA-256 there is no fingerprint but a random one.
  Fingerprint fingerprint() const {
    Fingerprint print{};
    if (const auto digest = digest_of(kSha256, all_, {}); digest && digest->size == print.size()) {
      std::ranges::copy(digest->view(), print.begin());
      return print;
    }
    static const std::uint64_t kHere = process_hash_key().k0;
    store64(print.data(), kHere);
    return print;
  }

 private:
  Buffer all_;
};

void add_zones(Listing& listing, const std::vector<ConfiguredZone>& zones) {
  listing.add(zones.size());
  for (const ConfiguredZone& zone : zones) {
    listing.add(zone.zone);
    listing.add(zone.servers.size());
    for (const SocketAddress& server : zone.servers) { listing.add(server.text()); }
    listing.add(std::uint64_t{zone.first} | std::uint64_t{zone.cache} << 1U | std::uint64_t{zone.tls} << 2U);
    listing.add(zone.tls_name);
    listing.add(zone.tls_pins.size());
    for (const std::string& pin : zone.tls_pins) { listing.add(pin); }
  }
}

Fingerprint sources_of(const ResolverOptions& options) {
  Listing listing;
  listing.add(std::uint64_t{options.upstream_port});
  listing.add(std::uint64_t{options.ask_loopback} | std::uint64_t{options.harden_glue} << 1U);
  listing.add(options.root_hints.size());
  for (const RootHint& hint : options.root_hints) {
    listing.add(hint.name);
    listing.add(hint.addresses.size());
    for (const IpAddress& address : hint.addresses) { listing.add(address.octets()); }
  }
  add_zones(listing, options.stub_zones);
  add_zones(listing, options.forward_zones);
  return listing.fingerprint();
}

void add_anchors(Listing& listing, const AnchorSet& anchors) {
  std::vector<Buffer> all;  // their order says nothing
  for (const AnchorSet::Point& point : anchors.points()) {
    const auto note = [&](Octet kind, const Buffer& rdata) {
      Name zone = point.zone;
      zone.lower_case();
      Buffer& one = all.emplace_back();
      one.push_back(kind);
      one.insert(one.end(), zone.view().data(), zone.view().data() + zone.view().length());
      one.insert(one.end(), rdata.begin(), rdata.end());
    };
    for (const Buffer& rdata : point.ds) { note('s', rdata); }
    for (const Buffer& rdata : point.dnskeys) { note('k', rdata); }
  }
  for (const Name& name : anchors.negatives()) {
    Name zone = name;
    zone.lower_case();
    Buffer& one = all.emplace_back();
    one.push_back('n');
    one.insert(one.end(), zone.view().data(), zone.view().data() + zone.view().length());
  }
  std::ranges::sort(all);
  listing.add(all.size());
  for (const Buffer& one : all) { listing.add(Bytes(one)); }
}

Fingerprint verdicts_of(const DnssecOptions& options, const AnchorSet& anchors) {
  Listing listing;
  listing.add(kVersion);
  listing.add(static_cast<std::uint64_t>(options.mode));
  listing.add(static_cast<std::uint64_t>(options.sha1));
  listing.add(std::uint64_t{options.nsec3_max_iterations});
  listing.add(std::uint64_t{options.signature_skew});
  listing.add(options.time_names.size());
  for (const Name& name : options.time_names) { listing.add(name); }
  add_anchors(listing, anchors);
  if (options.mode != DnssecMode::off) {
    for (unsigned number = 0; number < 256; ++number) {
      if (is_supported_algorithm(u8(number), options.sha1)) { listing.add(std::uint64_t{number}); }
      if (is_supported_digest(u8(number))) { listing.add("digest " + std::to_string(number)); }
    }
  }
  return listing.fingerprint();
}

}  // namespace

SnapshotGrounds snapshot_grounds(const ResolverOptions& resolver, const DnssecOptions& dnssec,
                                 const AnchorSet& anchors) {
  return {.sources = sources_of(resolver), .verdicts = verdicts_of(dnssec, anchors)};
}

}  // namespace vouch
