#include "telemetry/web/site_name.h"

#include <idn2.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "resolver/base/address.h"
#include "resolver/wire/name.h"

namespace vouch {
namespace {

// Before any conversion: a name of 253 characters at up to four octets each.
constexpr std::size_t kMaxTyped = 1024;

bool is_ascii(std::string_view text) noexcept {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

std::string_view trimmed(std::string_view text) noexcept {
  constexpr std::string_view kSpace = " \t\r\n";
  const std::size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) { return {}; }
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

// "//user:password@host:port/path?query#fragment" after an optional scheme, or any part of that which has the host.
std::string_view host_in(std::string_view text) noexcept {
  if (const std::size_t scheme = text.find("://"); scheme != std::string_view::npos) {
    text.remove_prefix(scheme + 3);
  } else if (text.starts_with("//")) {
    text.remove_prefix(2);
  }
  text = text.substr(0, text.find_first_of("/?#"));
  if (const std::size_t user = text.rfind('@'); user != std::string_view::npos) { text.remove_prefix(user + 1); }
  return text;
}

std::string_view without_port(std::string_view host) noexcept {
  const std::size_t colon = host.rfind(':');
  if (colon == std::string_view::npos) { return host; }
  const std::string_view port = host.substr(colon + 1);
  const bool is_port = std::ranges::all_of(port, [](char c) { return c >= '0' && c <= '9'; });
  return is_port ? host.substr(0, colon) : host;
}

// What names of sites and services are made of. The DNS carries any octet, but whoever types another one has mistyped.
bool is_site_character(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || std::string_view("-._*").contains(c);
}

bool is_address(std::string_view host) {
  if (host.starts_with('[')) { return true; }
  if (host.ends_with('.')) { host.remove_suffix(1); }
  return IpAddress::parse(host).has_value();
}

std::optional<std::string> to_ascii(std::string_view host) {
  if (is_ascii(host)) { return std::string(host); }
  std::uint8_t* converted = nullptr;
  const std::string terminated(host);
  // STD 3: characters that fold to '/' or '@' must not come back as such.
  const int result = idn2_lookup_u8(reinterpret_cast<const std::uint8_t*>(terminated.c_str()), &converted,
                                    IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL | IDN2_USE_STD3_ASCII_RULES);
  const std::unique_ptr<std::uint8_t, void (*)(void*)> owner(converted, &idn2_free);
  if (result != IDN2_OK || converted == nullptr) { return std::nullopt; }
  return std::string(reinterpret_cast<const char*>(converted));
}

}  // namespace

std::string_view site_name_fault_text(SiteNameFault fault) noexcept {
  switch (fault) {
    case SiteNameFault::empty:
      return "Give a name, such as www.example.org.";
    case SiteNameFault::address:
      return "This is an address. Give a name, such as www.example.org.";
    case SiteNameFault::no_name:
      return "This is not a domain name. Give one such as www.example.org.";
  }
  return {};
}

std::expected<std::string, SiteNameFault> site_name_in(std::string_view typed) {
  if (typed.size() > kMaxTyped || typed.contains('\0')) { return std::unexpected(SiteNameFault::no_name); }
  const std::string_view host = trimmed(host_in(trimmed(typed)));
  if (host.empty()) { return std::unexpected(SiteNameFault::empty); }
  if (is_address(host)) { return std::unexpected(SiteNameFault::address); }
  const std::string_view bare = without_port(host);
  if (is_address(bare)) { return std::unexpected(SiteNameFault::address); }
  auto ascii = to_ascii(bare);
  if (!ascii) { return std::unexpected(SiteNameFault::no_name); }
  std::ranges::transform(*ascii, ascii->begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; });
  const auto name = Name::parse(*ascii);
  if (!name || !std::ranges::all_of(*ascii, is_site_character)) { return std::unexpected(SiteNameFault::no_name); }
  return name->view().text();
}

}  // namespace vouch
