// The OpenSSL half of the signer: a key pair that signs in DNSSEC's form.
#pragma once

#include <memory>

#include "tests/dnssec_kit/signer.h"

struct evp_pkey_st;

namespace vouch::dnssec_kit {

class SecretKey {
 public:
  static SecretKey make(const KeyRequest& request);
  const Buffer& public_field() const noexcept { return public_field_; }  // the last field of the DNSKEY
  Buffer sign(std::uint8_t algorithm, Bytes data) const;

 private:
  SecretKey(std::shared_ptr<evp_pkey_st> key, Buffer public_field)
      : key_(std::move(key)), public_field_(std::move(public_field)) {}
  std::shared_ptr<evp_pkey_st> key_;
  Buffer public_field_;
};

Buffer ds_digest(std::uint8_t type, Bytes data);

}  // namespace vouch::dnssec_kit
