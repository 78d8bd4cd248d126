#include <algorithm>
#include <array>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>

#include "resolver/daemon/confinement.h"

namespace vouch {

namespace {

namespace fs = std::filesystem;

// What libraries open late: authorities, time zones, their own configuration, randomness; and what the kernel says of
// this process, which the status page shows.
constexpr auto kOfTheSystem = std::to_array<const char*>({
    "/etc/ssl/certs",
    "/etc/ssl/openssl.cnf",
    "/usr/lib/ssl",
    "/usr/share/ca-certificates",
    "/usr/local/share/ca-certificates",
    "/etc/gnutls",
    "/usr/share/zoneinfo",
    "/etc/localtime",
    "/dev/urandom",
    "/dev/null",
    "/proc/self",
});

// Folders in which files of many owners lie. One of ours in there does not open the rest.
constexpr auto kShared = std::to_array<std::string_view>({
    "/etc/ssl",
    "/run/user",
    "/usr/lib",
    "/usr/local",
    "/usr/share",
    "/usr/local/etc",
    "/var/cache",
    "/var/lib",
    "/var/log",
    "/var/run",
    "/var/tmp",
});

bool is_shared(const fs::path& folder) {
  const auto depth = std::distance(folder.begin(), folder.end());
  return depth <= 2 || std::ranges::find(kShared, folder.native()) != kShared.end();  // "/" is one, "/etc" two
}

// connect: to a Unix socket that somebody else has made. To Landlock that is no access to a file; the system-call
// filter says whether there are such sockets (SocketKinds), and the socket's own permissions, who may connect.
enum class Use : std::uint8_t { read_file, write_folder, append_file, connect };

struct NamedPath {
  std::string_view key;
  Use use;
  std::string (*path)(const Configuration& configuration);
};

constexpr auto kPaths = std::to_array<NamedPath>({
    {"server.state_dir", Use::write_folder, [](const Configuration& c) { return c.process.state_dir; }},
    {"server.cookie_secret_file", Use::read_file, [](const Configuration& c) { return c.files.cookie_secret; }},
    {"server.tls.certificate_file", Use::read_file,
     [](const Configuration& c) { return c.listeners.identity.certificate_file; }},
    {"server.tls.key_file", Use::read_file, [](const Configuration& c) { return c.listeners.identity.key_file; }},
    {"server.tls.state_directory", Use::write_folder,
     [](const Configuration& c) { return c.listeners.identity.state_directory; }},
    {"server.tls.ticket_secret_file", Use::read_file,
     [](const Configuration& c) { return c.listeners.identity.ticket_secret_file; }},
    {"outgoing.tls_ca_file", Use::read_file, [](const Configuration& c) { return c.outgoing.tls_ca_file; }},
    {"resolver.root_hints_file", Use::read_file, [](const Configuration& c) { return c.files.root_hints; }},
    {"resolver.local_root.file", Use::read_file, [](const Configuration& c) { return c.resolver.local_root.file; }},
    {"dnssec.trust_anchors_file", Use::read_file, [](const Configuration& c) { return c.files.trust_anchors; }},
    {"dnssec.state_directory", Use::write_folder, [](const Configuration& c) { return c.dnssec.state_directory; }},
    {"policy.state_directory", Use::write_folder, [](const Configuration& c) { return c.policy_state_directory; }},
    {"telemetry.state_directory", Use::write_folder,
     [](const Configuration& c) { return c.telemetry.state_directory; }},
    {"cache.snapshot.state_directory", Use::write_folder,
     [](const Configuration& c) { return c.cache.snapshot.state_directory; }},
    {"shared_cache.secret_file", Use::read_file, [](const Configuration& c) { return c.shared_cache.secret_file; }},
    {"shared_cache.password_file", Use::read_file, [](const Configuration& c) { return c.shared_cache.password_file; }},
    {"shared_cache.tls_ca_file", Use::read_file, [](const Configuration& c) { return c.shared_cache.tls_ca_file; }},
    {"web.token_file", Use::read_file, [](const Configuration& c) { return c.files.web_token; }},
    {"dnstap.socket", Use::connect, [](const Configuration& c) { return c.dnstap.socket; }},
    {"control.socket", Use::append_file, [](const Configuration& c) { return c.control.socket; }},
    {"logging.file", Use::append_file,
     [](const Configuration& c) { return c.logging.target == LogTarget::file ? c.logging.file : std::string(); }},
});

class Collector {
 public:
  Collector(const Configuration& configuration, fs::path working_directory)
      : configuration_(configuration), working_directory_(std::move(working_directory)) {
    const fs::path file = configuration.files.configuration;
    if (!file.empty()) {
      beside_ = (working_directory_ / file).parent_path();
      add_file(working_directory_ / file, found_.grants.readable);
    }
  }

  ConfiguredGrants collect() && {
    for (const NamedPath& named : kPaths) { add(named.use, named.path(configuration_)); }
    for (const PolicyListOptions& list : configuration_.policy.lists) { add(Use::read_file, list.file); }
    for (const RpzZoneOptions& zone : configuration_.rpz) {
      add(Use::read_file, zone.file);
      add(Use::read_file, zone.tsig_secret_file);
    }
    for (const std::string& folder : configuration_.process.confinement_folders) {
      found_.grants.readable.push_back((working_directory_ / folder).string());
    }
    found_.grants.readable.insert(found_.grants.readable.end(), kOfTheSystem.begin(), kOfTheSystem.end());
    for (auto* const list : {&found_.grants.readable, &found_.grants.writable, &found_.narrow}) {
      std::ranges::sort(*list);
      const auto [first, last] = std::ranges::unique(*list);
      list->erase(first, last);
    }
    return std::move(found_);
  }

 private:
  void add(Use use, const std::string& path) {
    if (path.empty()) { return; }
    switch (use) {
      case Use::read_file:
        // What is in the configuration's folder is written without it, and the loader knows; nobody else need.
        if (!beside_.empty()) { add_file(beside_ / path, found_.grants.readable); }
        add_file(working_directory_ / path, found_.grants.readable);
        break;
      case Use::write_folder:
        found_.grants.writable.push_back((working_directory_ / path).string());
        break;
      case Use::append_file:
        add_file(working_directory_ / path, found_.grants.writable);
        break;
      case Use::connect:
        break;
    }
  }

  // Where the name lies, and where it leads: both may be replaced (a link to the newest certificate).
  void add_file(const fs::path& file, std::vector<std::string>& grants) {
    std::error_code failed;
    add_folder_of(file.lexically_normal(), grants);
    const fs::path target = fs::canonical(file, failed);
    if (!failed && target != file) { add_folder_of(target, grants); }
  }

  void add_folder_of(const fs::path& file, std::vector<std::string>& grants) {
    const fs::path folder = file.parent_path();
    std::error_code failed;
    if (!is_shared(folder)) {
      grants.push_back(folder.string());
    } else if (fs::exists(file, failed)) {
      grants.push_back(file.string());
      found_.narrow.push_back(file.string());
    }
  }

  const Configuration& configuration_;
  fs::path working_directory_;
  fs::path beside_;  // the configuration's folder
  ConfiguredGrants found_;
};

}  // namespace

ConfiguredGrants grants_of(const Configuration& configuration, const std::string& working_directory) {
  return Collector(configuration, working_directory).collect();
}

std::vector<std::string_view> keys_with_paths() {
  std::vector<std::string_view> keys;
  for (const NamedPath& named : kPaths) { keys.push_back(named.key); }
  return keys;
}

}  // namespace vouch
