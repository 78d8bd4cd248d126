#include "resolver/policy/discovery.h"

#include <algorithm>
#include <string_view>

#include "resolver/wire/service_binding.h"

namespace vouch {

namespace {

using enum DesignatedProtocol;

// IANA's registry "TLS Application-Layer Protocol Negotiation (ALPN) Protocol IDs".
std::string_view alpn_of(DesignatedProtocol protocol) noexcept {
  switch (protocol) {
    case dot:
      return "dot";
    case doh:
      return "h2";
    case doq:
      return "doq";
    case doh3:
      return "h3";
  }
  std::abort();
}

bool is_http(DesignatedProtocol protocol) noexcept { return protocol == doh || protocol == doh3; }

// Where clients may connect before they have looked up the target's addresses. A listener on all addresses says
// nothing; and a loopback address is of use only to clients of this machine, who need no hint when there are others.
std::vector<IpAddress> hints_of(const Designation& designation) {
  std::vector<IpAddress> all = designation.addresses;
  if (std::ranges::any_of(all, &IpAddress::is_unspecified)) { return {}; }
  std::vector<IpAddress> reachable;
  std::ranges::copy_if(all, std::back_inserter(reachable), [](const IpAddress& ip) { return !ip.is_loopback(); });
  return reachable.empty() ? all : reachable;
}

// HTTP/2 and HTTP/3 at the same place are one service with two protocols, of which the client picks.
bool joins(const ServiceBinding& binding, const ServiceBinding& other) {
  return !binding.dohpath.empty() && binding.dohpath == other.dohpath && binding.port == other.port &&
         binding.hints == other.hints;
}

std::vector<ServiceBinding> bindings_of(const DiscoveryOptions& options) {
  std::vector<ServiceBinding> bindings;
  for (const Designation& designation : options.designations) {
    ServiceBinding binding;
    binding.priority = u16(bindings.size() + 1);
    binding.target = options.name;
    binding.alpn.emplace_back(alpn_of(designation.protocol));
    binding.port = designation.port;
    binding.hints = hints_of(designation);
    if (is_http(designation.protocol)) { binding.dohpath = designation.path + "{?dns}"; }
    const auto same = std::ranges::find_if(bindings, [&](const auto& known) { return joins(known, binding); });
    if (same == bindings.end()) {
      bindings.push_back(std::move(binding));
    } else {
      same->alpn.push_back(std::move(binding.alpn.front()));
    }
  }
  return bindings;
}

// "0-3,18,22-23": codes in ascending order, neighbours as a range (RFC 9606 section 5).
std::string ranges_of(std::vector<Ede> errors) {
  std::ranges::sort(errors);
  errors.erase(std::ranges::unique(errors).begin(), errors.end());
  std::string out;
  for (std::size_t i = 0; i < errors.size();) {
    const auto code = [&](std::size_t at) { return static_cast<unsigned>(errors[at]); };
    std::size_t last = i;
    while (last + 1 < errors.size() && code(last + 1) == code(last) + 1) { ++last; }
    if (!out.empty()) { out += ","; }
    out += std::to_string(code(i));
    if (last > i) { out += "-" + std::to_string(code(last)); }
    i = last + 1;
  }
  return out;
}

bool append_string(Buffer& out, std::string_view text) {
  constexpr std::size_t kLongest = 255;  // a <character-string>, RFC 1035 section 3.3
  if (text.size() > kLongest) { return false; }
  out.push_back(u8(text.size()));
  out.insert(out.end(), text.begin(), text.end());
  return true;
}

}  // namespace

std::vector<Designation> designations_of(DesignatedProtocol protocol, std::span<const SocketAddress> listeners,
                                         const std::string& path) {
  std::vector<Designation> found;
  for (const SocketAddress& listener : listeners) {
    const auto same = std::ranges::find(found, listener.port(), &Designation::port);
    if (same != found.end()) {
      same->addresses.push_back(listener.ip());
    } else {
      found.push_back({protocol, listener.port(), {listener.ip()}, path});
    }
  }
  return found;
}

std::expected<RRsetPtr, std::string> designated_resolvers(const DiscoveryOptions& options) {
  if (options.name.view().is_root() || options.designations.empty()) { return RRsetPtr(); }
  std::vector<Buffer> records;
  for (const ServiceBinding& binding : bindings_of(options)) {
    auto rdata = svcb_rdata(binding);
    if (!rdata) { return std::unexpected("too many addresses or too long a path for one SVCB record"); }
    records.push_back(std::move(*rdata));
  }
  const std::vector<Bytes> views(records.begin(), records.end());
  RRsetPtr rrset = RRset::make(Name::of("_dns.resolver.arpa."), Type::SVCB, kDiscoveryTtl, views);
  if (!rrset) { return std::unexpected("too many encrypted listeners for one set of SVCB records"); }
  return rrset;
}

std::expected<RRsetPtr, std::string> resolver_information(NameView owner, const DiscoveryOptions& options) {
  Buffer rdata;
  if (options.qname_minimisation) { append_string(rdata, "qnamemin"); }
  const std::string errors = ranges_of(options.errors);
  bool fits = errors.empty() || append_string(rdata, "exterr=" + errors);
  fits = fits && (options.info_url.empty() || append_string(rdata, "infourl=" + options.info_url));
  if (!fits) {
    return std::unexpected("the resolver's information: no URL may be longer than " +
                           std::to_string(DiscoveryOptions::kMaxInfoUrl) + " octets");
  }
  // Nothing to say is said with an empty string: a record there must be (RFC 9606 section 3; RFC 6763 section 6.1).
  if (rdata.empty()) { append_string(rdata, ""); }
  const Bytes records[] = {rdata};
  return RRset::make(owner, Type::RESINFO, kDiscoveryTtl, records);
}

}  // namespace vouch
