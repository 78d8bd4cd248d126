// Where an Identity comes from: two files of the operator's, or a pair that the server makes for itself and keeps; and
// the small secrets that must survive a restart.
//
// All of it reads and writes files and may block: at the start, or on a thread of its own. Thread-safe but for
// FileWatch, which is its owner's.
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "resolver/base/bytes.h"
#include "transports/tls/identity.h"

namespace vouch {

// PEM files; they may be links, and may be one and the same. On failure a sentence with the file, what is wrong and
// what to do.
std::expected<std::shared_ptr<const Identity>, std::string> load_identity(const std::string& certificate_file,
                                                                          const std::string& key_file);

// What an operator should hear about an identity that works: it has expired or will within kExpiryWarning, is not valid
// yet, or the key's file is open to every user of the machine. A sentence each.
std::vector<std::string> doubts_about(const Identity& identity, const std::string& key_file, std::int64_t now);
constexpr std::int64_t kExpiryWarning = 14 * 86400;  // seconds: whoever renews by a program does so a month before

// Whether files have become others since the last look: by inode, size and time of change, links followed. A file that
// is missing is one that has not changed, so that nobody loads half of a renewal.
class FileWatch {
 public:
  explicit FileWatch(std::vector<std::string> paths);
  bool has_changed();

 private:
  struct Stamp {
    std::uint64_t device = 0, inode = 0;
    std::int64_t size = -1, seconds = 0, nanoseconds = 0;
    bool operator==(const Stamp&) const = default;
  };
  static Stamp look(const std::string& path) noexcept;
  std::vector<std::string> paths_;
  std::vector<Stamp> stamps_;
};

struct OwnIdentity {
  std::shared_ptr<const Identity> identity;
  std::string remark;  // for the operator: made now, or kept in memory alone, and why; empty: as it was
};
// The pair in `directory`, made on the first start: P-256, for localhost, the host's name and `names` (names and
// addresses; 0.0.0.0 and :: are passed over). The certificate is made anew with the same key, so that whoever has
// pinned it stays content, when it has expired or soon will, or lacks one of the names; a key that cannot be used is
// set aside (".old") and replaced. `current`, null or the pair in use: while the directory has no usable key, one of
// our own making goes on, and is written there as soon as that can be done. Whatever a crash leaves is a pair or
// becomes one: the key is written first, and a certificate that does not fit it is made anew. Without a writable
// directory the pair lives in memory and the remark says so. May be called again at any time (daily, say), `now` in
// seconds since 1970. Fails for want of memory alone.
std::expected<OwnIdentity, std::string> own_identity(const std::string& directory,
                                                     const std::vector<std::string>& names, std::int64_t now,
                                                     std::shared_ptr<const Identity> current = nullptr);
constexpr std::string_view kOwnCertificate = "certificate.pem";  // 0644
constexpr std::string_view kOwnKey = "key.pem";                  // 0600
// Apple's clients refuse a server's certificate that is valid for more than 825 days, one of its owner's making, too.
constexpr std::int64_t kOwnLifetime = 820 * 86400;  // seconds
constexpr std::int64_t kOwnRenewal = 30 * 86400;    // before the end
constexpr std::int64_t kOwnHeadStart = 86400;       // valid from before now: clients' clocks go slow

struct OwnSecret {
  Buffer octets;
  std::string remark;  // as above
};
// A secret of `octets` octets (16 to kMaxSecret) in `directory`, drawn on the first start and kept from then on. One
// that cannot be read or has another length is set aside and replaced. As above without a writable directory.
std::expected<OwnSecret, std::string> secret_file(const std::string& directory, std::string_view name,
                                                  std::size_t octets);
constexpr std::size_t kMaxSecret = 4096;

// A secret of the operator's, shared by servers: `least` octets at least, whatever they are.
std::expected<Buffer, std::string> load_secret(const std::string& path, std::size_t least);

}  // namespace vouch
