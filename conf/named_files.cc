#include "conf/named_files.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <system_error>

#include "conf/values.h"
#include "conf/zone_text.h"
#include "resolver/wire/rrset.h"

namespace vouch {

namespace {

// Paths in a configuration start at its own folder, so that a folder can be moved as a whole.
std::string beside(const std::string& configuration_file, const std::string& path) {
  const std::size_t slash = configuration_file.rfind('/');
  if (path.starts_with('/') || slash == std::string::npos) { return path; }
  return configuration_file.substr(0, slash + 1) + path;
}

// Of a file that is read again later, when the working directory may be another (server.state_dir).
std::string for_later(const std::string& path) {
  std::error_code failed;  // the working directory is gone: then what is relative to it leads nowhere anyway
  const std::filesystem::path absolute = std::filesystem::absolute(path, failed);
  return failed ? path : absolute.string();
}

// Of at least one octet, padded (RFC 4648 section 4).
bool is_base64(std::string_view text) {
  if (text.empty() || text.size() % 4 != 0) { return false; }
  for (std::size_t pads = 0; pads < 2 && text.ends_with('='); ++pads) { text.remove_suffix(1); }
  return std::ranges::all_of(text, [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/';
  });
}

class NamedFileReader {
 public:
  NamedFileReader(Configuration& configuration, const KeyPlaces& places, const FileReader& reader, Problems& problems)
      : configuration_(configuration), places_(places), reader_(reader), problems_(problems) {}

  void read_root_hints() {
    const auto file = open("resolver.root_hints_file", configuration_.files.root_hints);
    if (!file) { return; }
    const auto records = records_of(*file);
    if (!records) { return; }
    HintBuilder hints;
    for (const ZoneLine& line : *records) {
      const auto record = parse_record(line.text);
      if (!record) {
        problems_.add(file->path, line.line, 1, "not a record: " + quoted_value(line.text));
      } else if (!hints.add(*record)) {
        problems_.add(file->path, line.line, 1, quoted_value(line.text) + " is no root hint",
                      "hints are `. NS name`, and A and AAAA records");
      }
    }
    std::vector<RootHint> found = hints.with_addresses();
    if (found.empty()) { problems_.add(file->path, 0, 0, "no root server with an address in it"); }
    configuration_.resolver.root_hints = std::move(found);
  }

  void read_trust_anchors() {
    const auto file = open("dnssec.trust_anchors_file", configuration_.files.trust_anchors);
    if (!file) { return; }
    const auto records = records_of(*file);
    if (!records) { return; }
    for (const ZoneLine& line : *records) {
      auto anchor = TrustAnchorItem::parse(line.text);
      if (anchor) {
        configuration_.dnssec.trust_anchors.push_back(std::move(*anchor));
      } else {
        problems_.add(file->path, line.line, 1, anchor.error().problem, anchor.error().remedy);
      }
    }
  }

  void read_cookie_secret() {
    const auto file = open("server.cookie_secret_file", configuration_.files.cookie_secret);
    if (!file) { return; }
    if (file->text.is_world_readable) {
      problems_.add(file->path, 0, 0, "everybody on this machine may read it", "run `chmod o-r` on it");
    }
    std::string_view text = file->text.text;
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' ')) {
      text.remove_suffix(1);
    }
    auto secret = parse_secret(text);
    if (!secret || secret->empty()) {
      problems_.add(file->path, 0, 0, "must hold 32 hexadecimal digits and nothing else",
                    "`openssl rand -hex 16` makes a good one");
      return;
    }
    configuration_.front.cookie_secret = std::move(*secret);
  }

  void read_web_token() {
    const auto file = open("web.token_file", configuration_.files.web_token);
    if (!file) { return; }
    if (file->text.is_world_readable) {
      problems_.add(file->path, 0, 0, "everybody on this machine may read it", "run `chmod o-r` on it");
    }
    std::string_view text = file->text.text;
    text = text.substr(0, text.find_first_of("\r\n"));
    const auto is_fit = [](char c) { return c > ' ' && c <= '~'; };
    if (text.size() < kMinWebToken || text.size() > kMaxWebToken || !std::ranges::all_of(text, is_fit)) {
      problems_.add(file->path, 0, 0,
                    "its first line must be a token of " + std::to_string(kMinWebToken) + " to " +
                        std::to_string(kMaxWebToken) + " printable characters without spaces",
                    "`openssl rand -hex 24` makes a good one");
      return;
    }
    configuration_.web.token = text;
  }

  void read_shared_cache() {
    SharedCacheOptions& shared = configuration_.shared_cache;
    if (const auto secret = first_line("shared_cache.secret_file", shared.secret_file)) {
      if (secret->size() < SharedCacheOptions::kLeastSecret || secret->size() > SharedCacheOptions::kMostSecret) {
        problems_.add(beside(problems_.file(), shared.secret_file), 0, 0,
                      "its first line must be a secret of " + std::to_string(SharedCacheOptions::kLeastSecret) +
                          " to " + std::to_string(SharedCacheOptions::kMostSecret) + " characters",
                      "`openssl rand -base64 33` makes a good one");
      }
      shared.secret.assign(secret->begin(), secret->end());
    }
    if (auto password = first_line("shared_cache.password_file", shared.password_file)) {
      if (password->empty()) {
        problems_.add(beside(problems_.file(), shared.password_file), 0, 0, "its first line is empty",
                      "write the password there, or name no file");
      }
      shared.password = std::move(*password);
    }
    look_at_certificates("shared_cache.tls_ca_file", shared.tls_ca_file);
  }

  // The zones themselves are read by those who make rules of them.
  void read_policy_zones() {
    for (RpzZoneOptions& zone : configuration_.rpz) {
      if (!zone.file.empty()) { zone.file = for_later(beside(problems_.file(), zone.file)); }
      const auto file = open("policy.rpz", zone.tsig_secret_file);
      if (!file) { continue; }
      if (file->text.is_world_readable) {
        problems_.add(file->path, 0, 0, "everybody on this machine may read it", "run `chmod o-r` on it");
      }
      std::string secret = file->text.text;
      std::erase_if(secret, [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; });
      if (!is_base64(secret)) {
        problems_.add(file->path, 0, 0, "must hold the key's secret in base64 and nothing else",
                      "`openssl rand -base64 32` makes a good one");
        continue;
      }
      zone.tsig_secret = std::move(secret);
    }
  }

  // Those who check certificates read it again; here a wrong path is found before anything starts.
  void look_at_authorities() { look_at_certificates("outgoing.tls_ca_file", configuration_.outgoing.tls_ca_file); }

 private:
  void look_at_certificates(std::string_view key, std::string& path) {
    const auto file = open(key, path);
    if (!file) { return; }
    path = for_later(file->path);
    if (file->text.text.find("-----BEGIN CERTIFICATE-----") == std::string::npos) {
      problems_.add(file->path, 0, 0, "there is no certificate in it",
                    "it must hold certificates in PEM; `openssl x509 -inform der` makes PEM of others");
    }
  }

  // Of a file that nobody else may read; nothing where none is named.
  std::optional<std::string> first_line(std::string_view key, const std::string& path) {
    const auto file = open(key, path);
    if (!file) { return std::nullopt; }
    if (file->text.is_world_readable) {
      problems_.add(file->path, 0, 0, "everybody on this machine may read it", "run `chmod o-r` on it");
    }
    return file->text.text.substr(0, file->text.text.find_first_of("\r\n"));
  }

  struct File {
    std::string path;
    FileText text;
  };

  // Root servers by name, in the file's order of addresses.
  class HintBuilder {
   public:
    bool add(const TextRecord& record) {
      if (record.type == Type::NS) { return record.owner.view().is_root(); }
      if (record.type != Type::A && record.type != Type::AAAA) { return false; }
      const IpAddress address = record.type == Type::A ? IpAddress::v4(record.rdata) : IpAddress::v6(record.rdata);
      Name owner = record.owner;
      owner.lower_case();
      RootHint& hint = hints_[owner.text()];
      hint.name = owner;
      if (std::ranges::find(hint.addresses, address) == hint.addresses.end()) { hint.addresses.push_back(address); }
      return true;
    }
    std::vector<RootHint> with_addresses() {
      std::vector<RootHint> out;
      for (auto& [name, hint] : hints_) { out.push_back(std::move(hint)); }
      return out;
    }

   private:
    std::map<std::string, RootHint> hints_;
  };

  std::optional<File> open(std::string_view key, const std::string& path) {
    const auto place = places_.find(key);
    if (path.empty() || place == places_.end()) { return std::nullopt; }
    const std::string full = beside(problems_.file(), path);
    auto text = reader_(full);
    if (!text) {
      problems_.add(*place->second, std::string(key) + ": " + quoted_value(full) + " cannot be read: " + text.error());
      return std::nullopt;
    }
    return File{full, std::move(*text)};
  }

  std::optional<std::vector<ZoneLine>> records_of(const File& file) {
    auto records = split_zone_text(file.text.text);
    if (!records) {
      problems_.add(file.path, records.error().line, 1, records.error().problem);
      return std::nullopt;
    }
    if (records->empty() || records->size() > kMaxRecordsInFile) {
      problems_.add(file.path, 0, 0,
                    records->empty() ? "there is no record in it"
                                     : "more than " + std::to_string(kMaxRecordsInFile) + " records in it");
      return std::nullopt;
    }
    return std::move(*records);
  }

  Configuration& configuration_;
  const KeyPlaces& places_;
  const FileReader& reader_;
  Problems& problems_;
};

}  // namespace

namespace {
// Read by whoever uses them, and again while running.
void place_beside(const std::string& configuration_file, IdentityOptions& identity) {
  for (std::string* path : {&identity.certificate_file, &identity.key_file, &identity.ticket_secret_file}) {
    if (!path->empty()) { *path = for_later(beside(configuration_file, *path)); }
  }
}
}  // namespace

void read_named_files(Configuration& configuration, const KeyPlaces& places, const FileReader& reader,
                      Problems& problems) {
  NamedFileReader files(configuration, places, reader, problems);
  files.read_root_hints();
  files.read_trust_anchors();
  files.read_cookie_secret();
  files.read_web_token();
  files.look_at_authorities();
  files.read_shared_cache();
  files.read_policy_zones();
  place_beside(problems.file(), configuration.listeners.identity);
  for (PolicyListOptions& list : configuration.policy.lists) {
    list.file = for_later(beside(problems.file(), list.file));
  }
  std::string& root_zone = configuration.resolver.local_root.file;
  if (!root_zone.empty()) { root_zone = for_later(beside(problems.file(), root_zone)); }
}

}  // namespace vouch
