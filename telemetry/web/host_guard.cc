#include "telemetry/web/host_guard.h"

#include <algorithm>
#include <optional>

namespace vouch {
namespace {

constexpr std::size_t kMaxAuthority = 300;  // a name, brackets and a port

std::string canonical(std::string_view name) {
  if (name.ends_with('.')) { name.remove_suffix(1); }
  std::string text(name);
  std::ranges::transform(text, text.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; });
  return text;
}

bool is_port(std::string_view text) noexcept {
  return text.size() <= 5 && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

// The host part; nothing when the authority is malformed.
std::optional<std::string_view> host_of(std::string_view authority) noexcept {
  if (authority.empty() || authority.size() > kMaxAuthority) { return std::nullopt; }
  const bool is_bracketed = authority.starts_with('[');
  const std::size_t end = is_bracketed ? authority.find(']') : std::min(authority.find(':'), authority.size());
  if (end == std::string_view::npos) { return std::nullopt; }
  const std::string_view rest = authority.substr(is_bracketed ? end + 1 : end);
  if (!rest.empty() && (rest.front() != ':' || !is_port(rest.substr(1)))) { return std::nullopt; }
  return authority.substr(is_bracketed ? 1 : 0, is_bracketed ? end - 1 : end);
}

}  // namespace

HostGuard::HostGuard(const std::vector<std::string>& host_names) {
  names_.emplace_back("localhost");
  for (const std::string& name : host_names) {
    // An empty name would let an empty Host in.
    if (!canonical(name).empty()) { names_.push_back(canonical(name)); }
  }
}

bool HostGuard::allows(std::string_view authority, const IpAddress& local) const {
  const auto host = host_of(authority);
  if (!host || host->empty()) { return false; }
  const auto literal = IpAddress::parse(*host);
  const bool is_bracketed = authority.starts_with('[');
  // IPv6 literals stand in brackets, and nothing else does (RFC 3986 section 3.2.2).
  if (is_bracketed || literal) {
    if (!literal || literal->is_v4() == is_bracketed) { return false; }
    return *literal == local || literal->is_loopback();
  }
  return std::ranges::find(names_, canonical(*host)) != names_.end();
}

}  // namespace vouch
