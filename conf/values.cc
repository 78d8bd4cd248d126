#include "conf/values.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

#include "conf/problems.h"
#include "conf/zone_text.h"
#include "resolver/wire/rrset.h"

namespace vouch {

namespace {

constexpr std::uint16_t kDnsPort = 53;
constexpr std::size_t kCookieSecretOctets = 16;  // RFC 9018 section 4.4: SipHash-2-4's key

struct Suffix {
  std::string_view text;
  std::uint64_t factor;
};
constexpr std::array<Suffix, 3> kOctetSuffixes = {{{"K", 1U << 10}, {"M", 1U << 20}, {"G", 1U << 30}}};
constexpr std::array<Suffix, 5> kSecondSuffixes = {{{"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400}, {"w", 604800}}};
constexpr std::array<Suffix, 3> kMillisecondSuffixes = {{{"ms", 1}, {"s", 1000}, {"m", 60000}}};

std::span<const Suffix> suffixes_of(Unit unit) {
  switch (unit) {
    case Unit::none:
      return {};
    case Unit::octets:
      return kOctetSuffixes;
    case Unit::seconds:
      return kSecondSuffixes;
    case Unit::milliseconds:
      return kMillisecondSuffixes;
  }
  return {};
}

std::string_view example_of(Unit unit) {
  switch (unit) {
    case Unit::none:
      return "";
    case Unit::octets:
      return ", maybe with K, M or G behind it (such as 100M)";
    case Unit::seconds:
      return " of seconds, or with s, m, h, d or w behind it (such as 2h)";
    case Unit::milliseconds:
      return " of milliseconds, or with ms, s or m behind it (such as 2s)";
  }
  return "";
}

std::unexpected<ValueFault> fault(std::string problem, std::string remedy = {}) {
  return std::unexpected(ValueFault{std::move(problem), std::move(remedy)});
}

std::string range_text(const Shape& shape) {
  std::string word = shape.names.empty() ? "" : ", or `" + std::string(shape.names) + "`";
  return show_number(shape.least, shape) + " to " + show_number(shape.most, shape) + word;
}

Parsed<SocketAddress> parse_socket_address(std::string_view text, std::uint16_t standard_port,
                                           std::string_view example) {
  const auto address = SocketAddress::parse(text, standard_port);
  if (!address) {
    return fault("not an address: " + quoted_value(text), "write it like `" + std::string(example) + "`");
  }
  return *address;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') { return c - '0'; }
  if (c >= 'a' && c <= 'f') { return c - 'a' + 10; }
  if (c >= 'A' && c <= 'F') { return c - 'A' + 10; }
  return -1;
}

}  // namespace

Parsed<bool> parse_boolean(std::string_view text) {
  if (text == "true") { return true; }
  if (text == "false") { return false; }
  constexpr std::array<std::string_view, 5> kMeansTrue = {"yes", "on", "True", "TRUE", "1"};
  constexpr std::array<std::string_view, 5> kMeansFalse = {"no", "off", "False", "FALSE", "0"};
  std::string remedy = "write `true` or `false`";
  if (std::ranges::find(kMeansTrue, text) != kMeansTrue.end()) { remedy = "write `true`"; }
  if (std::ranges::find(kMeansFalse, text) != kMeansFalse.end()) { remedy = "write `false`"; }
  return fault("must be true or false, not " + quoted_value(text), std::move(remedy));
}

Parsed<std::uint64_t> parse_number(std::string_view text, const Shape& shape) {
  if (!shape.names.empty() && text == shape.names) { return 0; }
  const auto not_a_number = [&] {
    return fault("must be a whole number, not " + quoted_value(text),
                 "write a number" + std::string(example_of(shape.unit)) + ", " + range_text(shape));
  };
  const char* const end = text.data() + text.size();
  std::uint64_t number = 0;
  const auto [digits_end, error] = std::from_chars(text.data(), end, number);
  if (error == std::errc::result_out_of_range) {
    return fault(quoted_value(text) + " is too large", "write " + range_text(shape));
  }
  if (error != std::errc{}) { return not_a_number(); }
  if (digits_end != end) {
    const std::string_view suffix(digits_end, end);
    const auto known = std::ranges::find(suffixes_of(shape.unit), suffix, &Suffix::text);
    if (known == suffixes_of(shape.unit).end()) { return not_a_number(); }
    if (number > std::numeric_limits<std::uint64_t>::max() / known->factor) {
      return fault(quoted_value(text) + " is too large", "write " + range_text(shape));
    }
    number *= known->factor;
  }
  if (number < shape.least || number > shape.most) {
    return fault(quoted_value(text) + " is out of range", "write " + range_text(shape));
  }
  return number;
}

std::string show_number(std::uint64_t number, const Shape& shape) {
  if (shape.unit == Unit::octets && number != 0) {
    for (std::size_t i = kOctetSuffixes.size(); i > 0; --i) {
      const Suffix& suffix = kOctetSuffixes[i - 1];
      if (number % suffix.factor == 0) { return std::to_string(number / suffix.factor) + std::string(suffix.text); }
    }
  }
  return std::to_string(number);
}

std::vector<std::string_view> split_names(std::string_view names) {
  std::vector<std::string_view> out;
  while (!names.empty()) {
    const std::size_t bar = std::min(names.find('|'), names.size());
    out.push_back(names.substr(0, bar));
    names.remove_prefix(std::min(bar + 1, names.size()));
  }
  return out;
}

Parsed<std::size_t> parse_choice(std::string_view text, std::string_view names) {
  const std::vector<std::string_view> choices = split_names(names);
  const auto found = std::ranges::find(choices, text);
  if (found != choices.end()) { return static_cast<std::size_t>(found - choices.begin()); }
  std::string all;
  for (const std::string_view choice : choices) {
    all += (all.empty() ? "`" : (choice == choices.back() ? " or `" : ", `")) + std::string(choice) + "`";
  }
  const std::string_view near = nearest(text, choices);
  return fault("must be " + all + ", not " + quoted_value(text),
               near.empty() ? "" : "did you mean `" + std::string(near) + "`?");
}

Parsed<Buffer> parse_secret(std::string_view text) {
  if (text.empty()) { return Buffer{}; }
  Buffer secret;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    const int high = hex_digit(text[i]);
    const int low = hex_digit(text[i + 1]);
    if (high < 0 || low < 0) { break; }
    secret.push_back(static_cast<Octet>(high * 16 + low));
  }
  // The value itself is not shown: an error message may end in a ticket.
  if (text.size() != 2 * kCookieSecretOctets || secret.size() != kCookieSecretOctets) {
    return fault("must be 32 hexadecimal digits", "`openssl rand -hex 16` makes a good one");
  }
  return secret;
}

std::string show_hex(Bytes octets) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  for (const Octet octet : octets) {
    out.push_back(kDigits[octet >> 4U]);
    out.push_back(kDigits[octet & 0xfU]);
  }
  return out;
}

std::string show_text(std::string_view text) {
  const bool is_plain = !text.empty() &&
                        std::ranges::all_of(text,
                                            [](char c) {
                                              return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                                                     (c >= '0' && c <= '9') || c == '.' || c == '/' || c == '_' ||
                                                     c == '-' || c == '@';
                                            }) &&
                        text.front() != '-' && text.front() != '@';
  if (is_plain && text != "null") { return std::string(text); }
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') { out.push_back('\\'); }
    out.push_back(c);
  }
  return out + "\"";
}

Parsed<SocketAddress> parse_listen_address(std::string_view text, std::uint16_t standard_port) {
  auto address = parse_socket_address(text, standard_port, "127.0.0.1@" + std::to_string(standard_port));
  if (address && address->ip().is_multicast()) { return fault("a multicast address: " + quoted_value(text)); }
  return address;
}

Parsed<SocketAddress> ListenAddressItem::parse(std::string_view text) { return parse_listen_address(text, kDnsPort); }

namespace {
Parsed<SocketAddress> parse_server_address(std::string_view text, std::uint16_t standard_port) {
  auto address = parse_socket_address(text, standard_port, "192.0.2.1@" + std::to_string(standard_port));
  if (address && address->ip().is_unusable_server()) {
    return fault("no server can have the address " + quoted_value(text), "name the server's own unicast address");
  }
  return address;
}
}  // namespace

Parsed<SocketAddress> ServerAddressItem::parse(std::string_view text) { return parse_server_address(text, kDnsPort); }

Parsed<SocketAddress> StoreAddressItem::parse(std::string_view text) {
  constexpr std::uint16_t kStorePort = 6379;  // IANA: redis
  return parse_server_address(text, kStorePort);
}

Parsed<std::string> HostNameItem::parse(std::string_view text) {
  std::string name(text.substr(0, text.size() - (text.ends_with('.') ? 1 : 0)));
  const auto is_fit = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.'; };
  std::ranges::transform(name, name.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
  if (name.empty() || !std::ranges::all_of(name, is_fit) || !Name::parse(name)) {
    return std::unexpected(ValueFault{quoted_value(text) + " is no host name", "write it like `dns.example.net`"});
  }
  return name;
}

Parsed<std::string> PinItem::parse(std::string_view text) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  constexpr std::size_t kCharacters = 44;  // 32 octets: 43 digits, and one `=` (RFC 4648 section 4)
  const std::string_view digits = text.substr(0, kCharacters - 1);
  const bool is_base64 = text.size() == kCharacters && text.back() == '=' &&
                         digits.find_first_not_of(kDigits) == std::string_view::npos &&
                         kDigits.find(digits.back()) % 4 == 0;  // two bits are left over, and zero
  if (!is_base64) {
    return fault("not a pin: " + quoted_value(text),
                 "it is 44 characters of base64, as `kdig -d +tls @server` shows under SHA-256 PIN");
  }
  return std::string(text);
}

Parsed<IpAddress> IpAddressItem::parse(std::string_view text) {
  const auto address = IpAddress::parse(text);
  if (!address) {
    return fault("not an IP address: " + quoted_value(text), "write it like `192.0.2.1` or `2001:db8::1`");
  }
  return *address;
}

Parsed<Prefix> PrefixItem::parse(std::string_view text) {
  const auto prefix = Prefix::parse(text);
  if (!prefix) {
    return fault("not an address prefix: " + quoted_value(text), "write it like `192.0.2.0/24` or `2001:db8::/32`");
  }
  // 10.1.2.3/8 is a slip: was the host meant, or the network?
  const auto host = IpAddress::parse(text.substr(0, text.find('/')));
  if (host && *host != prefix->address()) {
    return fault(quoted_value(text) + " has bits set beyond its length",
                 "write `" + prefix->text() + "` for the network, `" + host->text() + "` for the one address");
  }
  return *prefix;
}

Parsed<std::string> FolderItem::parse(std::string_view text) {
  constexpr std::size_t kLongest = 4096;  // PATH_MAX
  if (!text.starts_with('/') || text.size() > kLongest || text.contains('\0')) {
    return fault("not the path of a folder: " + quoted_value(text), "write it from the root: `/etc/vouch-extra`");
  }
  return std::string(text);
}

Parsed<Name> NameItem::parse(std::string_view text) {
  const auto name = text.empty() ? std::nullopt : Name::parse(text);
  if (!name) { return fault("not a domain name: " + quoted_value(text), "write it like `example.org`"); }
  return *name;
}

Parsed<std::string> RecordItem::parse(std::string_view text) {
  if (!parse_record(text)) {
    return fault("not a record: " + quoted_value(text), "write it like `printer.home.arpa. 3600 IN A 192.168.1.9`");
  }
  return std::string(text);
}

Parsed<TrustAnchor> TrustAnchorItem::parse(std::string_view text) {
  const auto line = single_record(text);
  const auto record = line ? parse_record(*line) : std::nullopt;
  if (!record || (record->type != Type::DS && record->type != Type::DNSKEY)) {
    return fault("not a trust anchor: " + quoted_value(text),
                 "write a DS or DNSKEY record, such as `. DS 20326 8 2 E06D44B8...`");
  }
  if (record->type == Type::DS) {
    // RFC 4034 section 5.1.4, RFC 4509, RFC 6605: a digest's length follows from its type.
    constexpr std::array<std::size_t, 5> kDigestOctets = {0, 20, 32, 32, 48};
    const std::size_t digest_type = record->rdata.size() > 4 ? record->rdata[3] : 0;
    if (digest_type == 0 ||
        (digest_type < kDigestOctets.size() && record->rdata.size() != 4 + kDigestOctets[digest_type])) {
      return fault("the digest in " + quoted_value(text) + " has the wrong length for its type",
                   "copy the record whole");
    }
  } else if (record->rdata.size() <= 4 || (record->rdata[0] & 1U) == 0 || record->rdata[2] != 3) {
    // RFC 4034 section 2.1: bit 7 of the flags says zone key, the protocol is always 3.
    return fault(quoted_value(text) + " is not a zone's key", "its flags are 256 or 257 and its protocol 3");
  }
  return TrustAnchor{.owner = record->owner, .type = record->type, .rdata = record->rdata};
}

std::string TrustAnchorItem::show(const TrustAnchor& anchor) {
  return record_text(anchor.owner, anchor.type, 0, anchor.rdata);
}

}  // namespace vouch
