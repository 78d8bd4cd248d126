#include "transports/tls/identity_files.h"

#include <openssl/crypto.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "resolver/base/address.h"
#include "resolver/base/durable_file.h"
#include "resolver/base/random.h"
#include "transports/tls/self_signed.h"

namespace vouch {

namespace {

constexpr mode_t kSecretMode = 0600, kPublicMode = 0644;
constexpr std::string_view kAside = ".old";
constexpr std::size_t kLeastOwnSecret = 16;
constexpr std::int64_t kDay = 86400;

std::expected<std::string, std::string> read_given(const std::string& path) {
  auto text = read_whole(path, Identity::kMaxPem, Links::followed);
  if (!text) { return std::unexpected(path + ": cannot be read: " + text.error()); }
  if (!*text) { return std::unexpected(path + ": there is no such file, or the server's user may not see its folder"); }
  return std::move(**text);
}

std::vector<std::string> names_for(const std::vector<std::string>& given) {
  std::vector<std::string> names{"localhost"};
  std::array<char, 256> host{};
  if (::gethostname(host.data(), host.size() - 1) == 0 && is_host_name(host.data())) {
    names.insert(names.begin(), host.data());
  }
  for (const std::string& name : given) {
    const auto address = IpAddress::parse(name);
    if (address ? address->is_unspecified() : !is_host_name(name)) { continue; }
    names.push_back(address ? address->text() : name);
  }
  std::vector<std::string> once;
  for (std::string& name : names) {
    const bool is_new = std::ranges::find(once, name) == once.end();
    if (is_new && once.size() < kMaxCertificateNames) { once.push_back(std::move(name)); }
  }
  return once;
}

// The pair as it is on disk, and what was done to it.
class OwnPair {
 public:
  OwnPair(const std::string& directory, const std::vector<std::string>& names, std::int64_t now,
          std::shared_ptr<const Identity> current)
      : key_path_(path_in(directory, kOwnKey)),
        certificate_path_(path_in(directory, kOwnCertificate)),
        directory_(directory),
        names_(names_for(names)),
        now_(now),
        current_(current != nullptr && current->is_self_signed() ? std::move(current) : nullptr) {}

  ~OwnPair() { OPENSSL_cleanse(key_.data(), key_.size()); }
  OwnPair(const OwnPair&) = delete;
  OwnPair& operator=(const OwnPair&) = delete;

  std::expected<OwnIdentity, std::string> get() {
    if (directory_.empty()) { tell("there is no state directory: the pair will be another after a restart"); }
    if (auto kept = find_whole()) { return OwnIdentity{.identity = std::move(*kept), .remark = {}}; }
    if (!has_usable_key()) {
      if (const auto has_key = take_key(); !has_key) { return std::unexpected(has_key.error()); }
    }
    if (is_current_good()) {
      keep(certificate_path_, current_->chain(), kPublicMode);
      if (!directory_.empty() && !is_in_memory_) { tell("the pair in use has been written to " + directory_); }
      return OwnIdentity{.identity = current_, .remark = std::move(remark_)};
    }
    const auto certificate = certificate_now();
    if (!certificate) { return std::unexpected(certificate.error()); }
    auto identity = Identity::from_pem(*certificate, key_);
    if (!identity) { return std::unexpected(identity.error()); }
    tell("a certificate signed by itself has been made for " + text_of_names());
    keep(certificate_path_, *certificate, kPublicMode);
    return OwnIdentity{.identity = std::move(*identity), .remark = std::move(remark_)};
  }

 private:
  // A pair that needs nothing. Else key_ holds what there is of a key.
  std::optional<std::shared_ptr<const Identity>> find_whole() {
    if (directory_.empty()) { return std::nullopt; }
    auto key = read_whole(key_path_, Identity::kMaxPem, Links::refused);
    if (!key) { replace(key_path_, key.error()); }
    if (!key || !*key) { return std::nullopt; }
    key_ = std::move(**key);
    auto certificate = read_whole(certificate_path_, Identity::kMaxPem, Links::refused);
    if (!certificate) { replace(certificate_path_, certificate.error()); }
    if (!certificate || !*certificate) { return std::nullopt; }
    auto identity = Identity::from_pem(**certificate, key_);
    const std::string problem = identity ? shortcoming_of(**identity) : identity.error();
    if (problem.empty()) { return std::move(*identity); }
    replace(certificate_path_, problem);
    return std::nullopt;
  }

  std::string shortcoming_of(const Identity& identity) const {
    if (now_ < identity.valid_from()) { return "it is not valid yet"; }
    if (now_ > identity.valid_until()) { return "it has expired"; }
    if (!identity.is_self_signed()) { return {}; }  // somebody put it there, and knows what for
    if (now_ > identity.valid_until() - kOwnRenewal) { return "it is about to expire"; }
    const auto is_missing = [&identity](const std::string& name) {
      return std::ranges::find(identity.names(), name) == identity.names().end();
    };
    const auto missing = std::ranges::find_if(names_, is_missing);
    return missing == names_.end() ? std::string() : "it is not for " + *missing;
  }

  // By making a certificate with it: one that OpenSSL cannot read or that we would not serve fails there.
  bool has_usable_key() {
    if (key_.empty()) { return false; }
    const auto certificate = certificate_now();
    const auto identity = certificate ? Identity::from_pem(*certificate, key_) : std::unexpected(certificate.error());
    if (!identity) { replace(key_path_, identity.error()); }
    return identity.has_value();
  }

  std::expected<std::string, std::string> certificate_now() const {
    return make_self_signed(key_, {.names = names_, .from = now_ - kOwnHeadStart, .until = now_ + kOwnLifetime});
  }

  // Who has pinned the key in use should not find another one before a restart.
  std::expected<void, std::string> take_key() {
    if (current_ != nullptr) {
      key_ = current_->key();
    } else {
      auto made = make_key();
      if (!made) { return std::unexpected(made.error()); }
      key_ = std::move(*made);
      tell("a key has been made");
    }
    keep(key_path_, key_, kSecretMode);
    return {};
  }

  bool is_current_good() const {
    return current_ != nullptr && shortcoming_of(*current_).empty() && Identity::from_pem(current_->chain(), key_);
  }

  void replace(const std::string& path, const std::string& why) {
    tell(path + " is replaced: " + why);
    set_file_aside(path, kAside);
  }

  void keep(const std::string& path, const std::string& content, mode_t mode) {
    if (directory_.empty() || is_in_memory_) { return; }
    const auto written = write_durably(path, content, mode);
    if (written) { return; }
    is_in_memory_ = true;  // a certificate without its key helps nobody
    tell("it is kept in memory alone and will be another after a restart: " + path + ": " + written.error());
  }

  void tell(const std::string& what) { remark_.append(remark_.empty() ? "" : "; ").append(what); }

  std::string text_of_names() const {
    std::string text;
    for (const std::string& name : names_) { text.append(text.empty() ? "" : ", ").append(name); }
    return text;
  }

  const std::string key_path_, certificate_path_, directory_;
  const std::vector<std::string> names_;
  const std::int64_t now_;
  const std::shared_ptr<const Identity> current_;  // null: none of our own making
  std::string key_;
  std::string remark_;
  bool is_in_memory_ = false;
};

std::string days(std::int64_t seconds) {
  const std::int64_t count = seconds / kDay;
  return std::to_string(count) + (count == 1 ? " day" : " days");
}

}  // namespace

std::expected<std::shared_ptr<const Identity>, std::string> load_identity(const std::string& certificate_file,
                                                                          const std::string& key_file) {
  auto chain = read_given(certificate_file);
  if (!chain) { return std::unexpected(chain.error()); }
  auto key = read_given(key_file);
  if (!key) { return std::unexpected(key.error()); }
  auto identity = Identity::from_pem(std::move(*chain), std::move(*key));
  if (!identity) {
    return std::unexpected("certificate " + certificate_file + ", key " + key_file + ": " + identity.error());
  }
  return identity;
}

std::vector<std::string> doubts_about(const Identity& identity, const std::string& key_file, std::int64_t now) {
  std::vector<std::string> doubts;
  if (now > identity.valid_until()) {
    doubts.push_back("the certificate has expired " + days(now - identity.valid_until()) +
                     " ago; clients that ask whom they talk to will refuse it: renew it");
  } else if (now > identity.valid_until() - kExpiryWarning) {
    doubts.push_back("the certificate expires in " + days(identity.valid_until() - now) + "; renew it");
  }
  if (now < identity.valid_from()) {
    doubts.push_back("the certificate is not valid yet, for " + days(identity.valid_from() - now) +
                     " more; is the clock right?");
  }
  struct stat status{};
  if (!key_file.empty() && ::stat(key_file.c_str(), &status) == 0 && (status.st_mode & (S_IROTH | S_IWOTH)) != 0) {
    doubts.push_back("every user of this machine may read or change the key " + key_file + "; chmod o-rwx " + key_file);
  }
  return doubts;
}

FileWatch::FileWatch(std::vector<std::string> paths) : paths_(std::move(paths)) {
  for (const std::string& path : paths_) { stamps_.push_back(look(path)); }
}

bool FileWatch::has_changed() {
  bool changed = false;
  for (std::size_t i = 0; i < paths_.size(); ++i) {
    const Stamp now = look(paths_[i]);
    if (now.size < 0 || now == stamps_[i]) { continue; }
    stamps_[i] = now;
    changed = true;
  }
  return changed;
}

FileWatch::Stamp FileWatch::look(const std::string& path) noexcept {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) { return {}; }
  return {.device = status.st_dev,
          .inode = status.st_ino,
          .size = status.st_size,
          .seconds = status.st_ctim.tv_sec,  // the time of modification comes along when a file is copied or restored
          .nanoseconds = status.st_ctim.tv_nsec};
}

std::expected<OwnIdentity, std::string> own_identity(const std::string& directory,
                                                     const std::vector<std::string>& names, std::int64_t now,
                                                     std::shared_ptr<const Identity> current) {
  return OwnPair(directory, names, now, std::move(current)).get();
}

std::expected<OwnSecret, std::string> secret_file(const std::string& directory, std::string_view name,
                                                  std::size_t octets) {
  if (octets < kLeastOwnSecret || octets > kMaxSecret) { return std::unexpected("a secret of a senseless length"); }
  const std::string path = path_in(directory, name);
  OwnSecret own;
  if (!directory.empty()) {
    const auto kept = read_whole(path, kMaxSecret, Links::refused);
    if (kept && *kept && (*kept)->size() == octets) {
      own.octets.assign((*kept)->begin(), (*kept)->end());
      return own;
    }
    if (!kept || *kept) {
      own.remark = path + " is replaced: " + (kept ? "it has not the length it was written with" : kept.error());
      set_file_aside(path, kAside);
    }
  }
  own.octets.resize(octets);
  SystemRandom().fill(own.octets);
  const auto written = directory.empty() ? std::unexpected(std::string("there is no state directory"))
                                         : write_durably(path, text_of(own.octets), kSecretMode);
  if (!written) {
    own.remark.append(own.remark.empty() ? "" : "; ")
        .append(std::string(name) + " is kept in memory alone and will be another after a restart: ")
        .append(written.error());
  }
  return own;
}

std::expected<Buffer, std::string> load_secret(const std::string& path, std::size_t least) {
  auto content = read_whole(path, kMaxSecret, Links::followed);
  if (!content) { return std::unexpected(path + ": cannot be read: " + content.error()); }
  if (!*content) {
    return std::unexpected(path + ": there is no such file, or the server's user may not see its folder");
  }
  if ((*content)->size() < least) {
    return std::unexpected(path + ": a secret needs " + std::to_string(least) + " octets at least, this one has " +
                           std::to_string((*content)->size()) + "; make one: head -c 64 /dev/urandom > " + path);
  }
  return Buffer((*content)->begin(), (*content)->end());
}

}  // namespace vouch
