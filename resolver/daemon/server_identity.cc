#include "resolver/daemon/server_identity.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <span>
#include <system_error>
#include <utility>

#include "resolver/base/log.h"
#include "resolver/base/random.h"
#include "transports/quic/credentials.h"
#include "transports/tls/tls_server_context.h"

namespace vouch {

namespace {

constexpr std::int64_t kDay = 86400;
constexpr std::string_view kQuicSecretFile = "quic.secret";

std::int64_t seconds_now() {
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

std::string text_of_day(std::int64_t time) {
  const std::chrono::sys_days day =
      std::chrono::floor<std::chrono::days>(std::chrono::sys_seconds(std::chrono::seconds(time)));
  const std::chrono::year_month_day date(day);
  char text[16];
  std::snprintf(text, sizeof text, "%04d-%02u-%02u", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                static_cast<unsigned>(date.day()));
  return text;
}

void take_part(Bytes from, std::size_t& at, std::span<Octet> part) {
  std::copy_n(from.begin() + static_cast<std::ptrdiff_t>(at), part.size(), part.begin());
  at += part.size();
}

// OpenSSL and GnuTLS must both be able to serve with it, before it takes the place of one with which they can.
std::expected<void, std::string> try_out(const std::shared_ptr<const Identity>& identity, const QuicSecrets& secrets) {
  const auto tls = TlsServerContext::make(identity, nullptr, TlsServerContext::Service::dot);
  if (!tls) { return std::unexpected(tls.error()); }
  const auto quic = QuicCredentials::make(identity, secrets.ticket);
  if (!quic) { return std::unexpected(quic.error()); }
  return {};
}

// The working directory is another one later on. Empty: both are.
std::string absolute_path(const std::string& start, const std::string& path) {
  const std::filesystem::path whole = std::filesystem::path(start) / path;
  std::error_code failed;
  const std::filesystem::path absolute = whole.empty() ? whole : std::filesystem::absolute(whole, failed);
  return failed ? whole.string() : absolute.string();
}

}  // namespace

Name name_for_clients(const Identity& identity) {
  for (const std::string& text : identity.names()) {
    const std::size_t dot = text.find('.');
    const bool is_bare = dot == std::string::npos || dot + 1 == text.size();
    if (is_bare || text.starts_with('*') || IpAddress::parse(text)) { continue; }
    if (const auto name = Name::parse(text)) { return *name; }
  }
  return {};
}

ServerIdentity::ServerIdentity(const ListenerOptions& options, const std::string& state_dir)
    : options_(options),
      state_directory_(absolute_path(state_dir, options.identity.state_directory)),
      files_({options.identity.certificate_file, options.identity.key_file}) {}

bool ServerIdentity::is_wanted() const noexcept {
  return !options_.tls.empty() || !options_.https.empty() || !options_.quic.empty();
}

std::expected<void, std::string> ServerIdentity::read_named_files() {
  if (!is_wanted()) { return {}; }
  const std::string& secret_file = options_.identity.ticket_secret_file;
  Buffer secret(TicketKeys::kLeastSecret);
  if (secret_file.empty()) {
    SystemRandom().fill(secret);
  } else {
    auto loaded = load_secret(secret_file, TicketKeys::kLeastSecret);
    if (!loaded) { return std::unexpected("server.tls.ticket_secret_file: " + loaded.error()); }
    secret = std::move(*loaded);
  }
  ticket_keys_ = std::make_shared<const TicketKeys>(secret);
  quic_secrets_.ticket = ticket_keys_->derived_for("quic");
  if (!is_named()) { return {}; }
  files_.has_changed();
  auto identity = load_identity(options_.identity.certificate_file, options_.identity.key_file);
  if (!identity) { return std::unexpected("server.tls: " + identity.error()); }
  if (auto tried = try_out(*identity, quic_secrets_); !tried) {
    return std::unexpected("server.tls.certificate_file: " + tried.error());
  }
  take(std::move(*identity));
  return {};
}

std::expected<void, std::string> ServerIdentity::make_the_rest() {
  if (!is_wanted()) { return {}; }
  if (auto drawn = draw_quic_secrets(); !drawn) { return drawn; }
  return is_named() ? std::expected<void, std::string>() : make_own_pair();
}

std::expected<void, std::string> ServerIdentity::draw_quic_secrets() {
  if (options_.quic.empty()) { return {}; }
  auto secret = secret_file(state_directory_, kQuicSecretFile, quic_secrets_.reset.size() + quic_secrets_.token.size());
  if (!secret) { return std::unexpected("server.tls.state_directory: " + secret.error()); }
  remarks_.emplace_back("quic_secret", std::move(secret->remark));
  std::size_t at = 0;
  take_part(secret->octets, at, quic_secrets_.reset);
  take_part(secret->octets, at, quic_secrets_.token);
  return {};
}

void ServerIdentity::announce() {
  for (const auto& [event, text] : std::exchange(remarks_, {})) {
    if (!text.empty()) { log(LogLevel::notice, event, {{"remark", text}}); }
  }
  if (const auto identity = identities_.current()) { describe(*identity); }
}

std::vector<std::string> ServerIdentity::own_names() const {
  std::vector<std::string> names;
  for (const auto* listeners : {&options_.tls, &options_.https, &options_.quic}) {
    for (const SocketAddress& address : *listeners) { names.push_back(address.ip().text()); }
  }
  return names;
}

std::expected<void, std::string> ServerIdentity::make_own_pair() {
  own_looked_at_ = seconds_now();
  auto own = own_identity(state_directory_, own_names(), own_looked_at_, identities_.current());
  if (!own) { return std::unexpected("server.tls: " + own.error()); }
  own_remark_ = own->remark;
  remarks_.emplace_back("own_certificate", std::move(own->remark));
  if (auto tried = try_out(own->identity, quic_secrets_); !tried) { return tried; }
  take(std::move(own->identity));
  return {};
}

// Whoever must tell clients to trust a self-signed pair finds its pin here.
void ServerIdentity::describe(const Identity& identity) const {
  std::string names;
  for (const std::string& name : identity.names()) { names += (names.empty() ? "" : ", ") + name; }
  log(LogLevel::notice, "certificate",
      {{"names", names},
       {"valid_until", text_of_day(identity.valid_until())},
       {"pin", identity.pin()},
       {"self_signed", identity.is_self_signed()}});
  for (const std::string& doubt : doubts_about(identity, options_.identity.key_file, seconds_now())) {
    log(LogLevel::warning, "certificate_doubt", {{"problem", doubt}});
  }
}

void ServerIdentity::look_again(bool asked) {
  if (!is_wanted()) { return; }
  if (is_named()) {
    look_at_named_files(asked);
  } else if (asked || seconds_now() - own_looked_at_ >= kDay) {
    look_at_own_pair(asked);
  }
}

void ServerIdentity::look_at_own_pair(bool asked) {
  const auto before = identities_.current();
  const std::string remark = own_remark_;
  if (const auto made = make_own_pair(); !made) {
    log(LogLevel::error, "certificate_kept", {{"problem", made.error()}});
  } else if (asked || identities_.current() != before || own_remark_ != remark) {
    announce();
  }
  remarks_.clear();
}

// What could not be used before is tried again: a folder may have been opened meanwhile, which no file shows.
void ServerIdentity::look_at_named_files(bool asked) {
  const bool has_changed = files_.has_changed();
  if (!has_changed && !asked && problem_.empty()) { return; }
  auto identity = load_identity(options_.identity.certificate_file, options_.identity.key_file);
  const std::expected<void, std::string> usable =
      identity ? try_out(*identity, quic_secrets_)
               : std::expected<void, std::string>(std::unexpected(identity.error()));
  if (!usable) {
    const bool is_news = has_changed || asked || usable.error() != problem_;
    problem_ = usable.error();
    if (!is_news) { return; }
    log(LogLevel::error, "certificate_kept",
        {{"problem", problem_}, {"remedy", "the one before serves on; mend the files, and they are taken"}});
    return;
  }
  problem_.clear();
  take(std::move(*identity));
  announce();
}

// Workers make their contexts anew for another pair, so the same one stays where it is.
void ServerIdentity::take(std::shared_ptr<const Identity> identity) {
  const auto before = identities_.current();
  if (before != nullptr && before->chain() == identity->chain() && before->key() == identity->key()) { return; }
  const Name name = name_for_clients(*identity);
  if (before == nullptr) {
    name_at_start_ = name;
  } else if (name != name_at_start_) {
    const auto shown = [](const Name& which) { return which.view().is_root() ? std::string("none") : which.text(); };
    log(LogLevel::warning, "certificate_name_changed",
        {{"told_to_clients", shown(name_at_start_)},
         {"now", shown(name)},
         {"remedy", "restart vouchd, for resolver.arpa tells clients the name of its start"}});
  }
  identities_.replace(std::move(identity));
}

}  // namespace vouch
