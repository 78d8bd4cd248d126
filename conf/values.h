// From the text of one value to the value and back. Pure functions; what is wrong comes back in words for the operator.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "resolver/base/address.h"
#include "resolver/dnssec/dnssec_options.h"
#include "resolver/wire/name.h"
#include "telemetry/web/web_options.h"

namespace vouch {

enum class Unit : std::uint8_t { none, octets, seconds, milliseconds };

// What values a key takes, beyond the type of its field.
struct Shape {
  Unit unit = Unit::none;
  std::uint64_t least = 0;  // numbers: the range, both ends included
  std::uint64_t most = 0;
  std::string_view names =
      {};  // choices, "off|relaxed|strict", in the order of the enumeration; for a number the word for 0
};

struct ValueFault {
  std::string problem;
  std::string remedy;
};
template <typename T>
using Parsed = std::expected<T, ValueFault>;

Parsed<bool> parse_boolean(std::string_view text);
// Digits and maybe a suffix of the unit: K M G; s m h d w; ms s m.
Parsed<std::uint64_t> parse_number(std::string_view text, const Shape& shape);
std::string show_number(std::uint64_t number, const Shape& shape);
Parsed<std::size_t> parse_choice(std::string_view text, std::string_view names);  // the index among the names
std::vector<std::string_view> split_names(std::string_view names);
Parsed<Buffer> parse_secret(std::string_view text);  // 32 hexadecimal digits, or nothing at all
std::string show_hex(Bytes octets);
// As YAML takes it: plain where that is safe, in double quotes otherwise.
std::string show_text(std::string_view text);

// Items of lists. `parse` says what is wrong; `show` gives the text that parse() takes back.
struct ListenAddressItem {
  using Value = SocketAddress;
  static constexpr std::string_view kWhat = "addresses, each with `@port` unless it is 53";
  static Parsed<SocketAddress> parse(std::string_view text);
  static std::string show(const SocketAddress& address) { return address.text(); }
};
// The same for listeners that have another standard port.
Parsed<SocketAddress> parse_listen_address(std::string_view text, std::uint16_t standard_port);
struct TlsListenAddressItem {  // RFC 7858 section 3.1, RFC 9250 section 4.1.1
  using Value = SocketAddress;
  static constexpr std::string_view kWhat = "addresses, each with `@port` unless it is 853";
  static Parsed<SocketAddress> parse(std::string_view text) { return parse_listen_address(text, 853); }
  static std::string show(const SocketAddress& address) { return address.text(); }
};
struct HttpsListenAddressItem {
  using Value = SocketAddress;
  static constexpr std::string_view kWhat = "addresses, each with `@port` unless it is 443";
  static Parsed<SocketAddress> parse(std::string_view text) { return parse_listen_address(text, 443); }
  static std::string show(const SocketAddress& address) { return address.text(); }
};
struct WebListenAddressItem {
  using Value = SocketAddress;
  static constexpr std::string_view kWhat = "addresses, each with `@port` unless it is 8053";
  static Parsed<SocketAddress> parse(std::string_view text) { return parse_listen_address(text, kWebPort); }
  static std::string show(const SocketAddress& address) { return address.text(); }
};
struct HostNameItem {  // in lower case, without the final dot, as in a Host header
  using Value = std::string;
  static constexpr std::string_view kWhat = "host names";
  static Parsed<std::string> parse(std::string_view text);
  static std::string show(const std::string& name) { return name; }
};
struct ServerAddressItem {
  using Value = SocketAddress;
  static constexpr std::string_view kWhat = "addresses, each with `@port` unless it is 53";
  static Parsed<SocketAddress> parse(std::string_view text);
  static std::string show(const SocketAddress& address) { return address.text(); }
};
struct StoreAddressItem {  // of a Redis or Valkey server
  using Value = SocketAddress;
  static constexpr std::string_view kWhat = "one address, with `@port` unless it is 6379";
  static Parsed<SocketAddress> parse(std::string_view text);
  static std::string show(const SocketAddress& address) { return address.text(); }
};
struct ForwarderAddressItem {  // the port stands at 53 where none is written: read_zones() knows better
  using Value = SocketAddress;
  static constexpr std::string_view kWhat = "addresses, each with `@port` unless it is 53, or 853 with tls";
  static Parsed<SocketAddress> parse(std::string_view text) { return ServerAddressItem::parse(text); }
  static std::string show(const SocketAddress& address) { return address.text(); }
};
struct PinItem {  // RFC 7858 appendix A
  using Value = std::string;
  static constexpr std::string_view kWhat = "pins: base64 of a public key's SHA-256";
  static Parsed<std::string> parse(std::string_view text);
  static std::string show(const std::string& pin) { return pin; }
};
struct IpAddressItem {
  using Value = IpAddress;
  static constexpr std::string_view kWhat = "IP addresses";
  static Parsed<IpAddress> parse(std::string_view text);
  static std::string show(const IpAddress& address) { return address.text(); }
};
struct PrefixItem {
  using Value = Prefix;
  static constexpr std::string_view kWhat = "address prefixes";
  static Parsed<Prefix> parse(std::string_view text);
  static std::string show(const Prefix& prefix) { return prefix.text(); }
};
struct FolderItem {
  using Value = std::string;
  static constexpr std::string_view kWhat = "folders";
  static Parsed<std::string> parse(std::string_view text);
  static std::string show(const std::string& folder) { return folder; }
};
struct NameItem {
  using Value = Name;
  static constexpr std::string_view kWhat = "domain names";
  static Parsed<Name> parse(std::string_view text);
  static std::string show(const Name& name) { return name.text(); }
};
struct RecordItem {  // kept as text: the module that serves it parses it again
  using Value = std::string;
  static constexpr std::string_view kWhat = "records in zone-file text";
  static Parsed<std::string> parse(std::string_view text);
  static std::string show(const std::string& record) { return record; }
};
struct TrustAnchorItem {
  using Value = TrustAnchor;
  static constexpr std::string_view kWhat = "DS or DNSKEY records in zone-file text; TTL and class may be left out";
  static Parsed<TrustAnchor> parse(std::string_view text);
  static std::string show(const TrustAnchor& anchor);
};

}  // namespace vouch
