// What the server proves itself with: one certificate chain and its private key, the same for every encrypted
// transport. An Identity is immutable; a reload makes another and puts it into the holder, from where listeners take it
// at their next new connection. Connections keep what they began with.
//
// Threads: IdentityHolder is for all threads. An Identity that is in use is never changed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace vouch {

class Identity {
 public:
  static constexpr std::size_t kMaxPem = 256 * 1024;  // octets of either text: chains take some 10 KiB

  // Both in PEM: the chain with the server's own certificate first, each followed by its issuer, and the key (RSA of
  // 2048 to 4096 bits, P-256, P-384, Ed25519) without a passphrase, as PKCS#8 or in the older forms. A certificate that
  // has expired or is not valid yet is taken: see valid_until(). On failure a sentence for the operator: what is wrong
  // and what to do.
  static std::expected<std::shared_ptr<const Identity>, std::string> from_pem(std::string chain, std::string key);

  // As PEM that every library reads, whatever stood around it in the files: certificates alone, and PKCS#8.
  const std::string& chain() const noexcept { return chain_; }
  const std::string& key() const noexcept { return key_; }
  const std::vector<std::string>& names() const noexcept { return names_; }  // DNS names and addresses it stands for
  const std::string& pin() const noexcept { return pin_; }          // base64 of the key's SHA-256 (RFC 7858 appendix A)
  std::int64_t valid_from() const noexcept { return valid_from_; }  // seconds since 1970
  std::int64_t valid_until() const noexcept { return valid_until_; }  // seconds since 1970
  bool is_self_signed() const noexcept { return is_self_signed_; }
  Identity(const Identity&) = delete;
  Identity& operator=(const Identity&) = delete;
  ~Identity();  // wipes the key

 private:
  Identity() = default;
  std::string chain_, key_, pin_;
  std::vector<std::string> names_;
  std::int64_t valid_from_ = 0, valid_until_ = 0;
  bool is_self_signed_ = false;
};

class IdentityHolder {
 public:
  std::shared_ptr<const Identity> current() const;  // null until the first one is put in
  void replace(std::shared_ptr<const Identity> identity);

 private:
  mutable std::mutex mutex_;  // taken once per new connection, for the time of copying a pointer
  std::shared_ptr<const Identity> identity_;
};

}  // namespace vouch
