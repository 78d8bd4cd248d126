#include "resolver/wire/service_binding.h"

#include <algorithm>

namespace vouch {

namespace {

// IANA's registry "Service Parameter Keys (SvcParamKeys)".
enum class SvcParamKey : std::uint16_t { alpn = 1, port = 3, ipv4hint = 4, ipv6hint = 6, dohpath = 7 };

void append(Buffer& out, Bytes octets) { out.insert(out.end(), octets.begin(), octets.end()); }

void append16(Buffer& out, std::size_t value) {
  Octet octets[2];
  store16(octets, u16(value));
  append(out, octets);
}

// False when the value is longer than its length field can say.
bool append_param(Buffer& out, SvcParamKey key, Bytes value) {
  constexpr std::size_t kLongest = 65535;
  if (value.size() > kLongest) { return false; }
  append16(out, static_cast<std::uint16_t>(key));
  append16(out, value.size());
  append(out, value);
  return true;
}

std::optional<Buffer> alpn_value(const std::vector<std::string>& protocols) {
  constexpr std::size_t kLongestId = 255;  // its length is one octet (RFC 7301 section 3.1)
  Buffer value;
  for (const std::string& protocol : protocols) {
    if (protocol.empty() || protocol.size() > kLongestId) { return std::nullopt; }
    value.push_back(u8(protocol.size()));
    append(value, bytes_of(protocol));
  }
  return value;
}

Buffer hints_of(Family family, const std::vector<IpAddress>& addresses) {
  Buffer value;
  for (const IpAddress& address : addresses) {
    if (address.family() == family) { append(value, address.octets()); }
  }
  return value;
}

}  // namespace

std::optional<Buffer> svcb_rdata(const ServiceBinding& binding) {
  Buffer out;
  append16(out, binding.priority);
  append(out, binding.target.view().octets());  // never compressed (RFC 9460 section 2.2)
  const std::size_t without_params = out.size();

  const auto alpn = alpn_value(binding.alpn);
  if (!alpn) { return std::nullopt; }
  Buffer port;
  if (binding.port) { append16(port, *binding.port); }
  const Buffer v4 = hints_of(Family::v4, binding.hints);
  const Buffer v6 = hints_of(Family::v6, binding.hints);
  // In ascending order of the keys, each once: receivers refuse anything else.
  const std::pair<SvcParamKey, Bytes> params[] = {{SvcParamKey::alpn, *alpn},
                                                  {SvcParamKey::port, port},
                                                  {SvcParamKey::ipv4hint, v4},
                                                  {SvcParamKey::ipv6hint, v6},
                                                  {SvcParamKey::dohpath, bytes_of(binding.dohpath)}};
  for (const auto& [key, value] : params) {
    if (!value.empty() && !append_param(out, key, value)) { return std::nullopt; }
  }
  const bool is_alias = binding.priority == 0;
  if (is_alias && out.size() != without_params) { return std::nullopt; }  // RFC 9460 section 2.4.2
  return out;
}

}  // namespace vouch
