#include "tests/dnssec_kit/signer.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "resolver/wire/rdata_layout.h"
#include "tests/dnssec_kit/secret_key.h"

namespace vouch::dnssec_kit {

namespace {

void append16(Buffer& to, std::uint16_t value) {
  to.push_back(u8(value >> 8));
  to.push_back(u8(value & 0xff));
}
void append32(Buffer& to, std::uint32_t value) {
  append16(to, u16(value >> 16));
  append16(to, u16(value & 0xffff));
}
void append(Buffer& to, Bytes octets) { to.insert(to.end(), octets.begin(), octets.end()); }

Buffer lower_cased(NameView name) {
  Name copy(name);
  copy.lower_case();
  const Bytes octets = copy.view().octets();
  return {octets.begin(), octets.end()};
}

std::uint8_t labels_to_sign(NameView owner) { return owner.is_wildcard() ? u8(owner.labels() - 1U) : owner.labels(); }

// RFC 4034 section 3.1.8.1: the name that is signed is the wildcard when the labels say that the owner is expanded.
Buffer signed_owner(NameView owner, std::uint8_t labels) {
  if (labels >= labels_to_sign(owner)) { return lower_cased(owner); }
  Buffer name = {1, '*'};
  append(name, lower_cased(owner.suffix(labels)));
  return name;
}

std::vector<Buffer> canonical_rdata(const RRset& set) {
  std::vector<Buffer> all;
  for (const Bytes rdata : set.rdata()) {
    Buffer copy(rdata.begin(), rdata.end());
    lower_case_names(set.type(), copy);
    all.push_back(std::move(copy));
  }
  std::ranges::sort(all);
  const auto repeated = std::ranges::unique(all);
  all.erase(repeated.begin(), repeated.end());
  return all;
}

}  // namespace

std::uint16_t tag_of(Bytes dnskey_rdata) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < dnskey_rdata.size(); ++i) {
    sum += (i & 1) != 0 ? dnskey_rdata[i] : std::uint32_t{dnskey_rdata[i]} << 8;
  }
  sum += (sum >> 16) & 0xffff;
  return u16(sum & 0xffff);
}

SigningKey::SigningKey(const KeyRequest& request) {
  secret_ = std::make_shared<const SecretKey>(SecretKey::make(request));
  append16(dnskey_, request.flags);
  dnskey_.push_back(request.protocol);
  dnskey_.push_back(request.algorithm);
  append(dnskey_, secret_->public_field());
  tag_ = tag_of(dnskey_);
}

SigningKey SigningKey::with_flags(std::uint16_t flags) const {
  SigningKey other = *this;
  store16(other.dnskey_.data(), flags);
  other.tag_ = tag_of(other.dnskey_);
  return other;
}

Buffer SigningKey::ds(NameView owner, std::uint8_t digest_type) const {
  Buffer hashed = lower_cased(owner);
  append(hashed, dnskey_);
  Buffer rdata;
  append16(rdata, tag_);
  rdata.push_back(algorithm());
  rdata.push_back(digest_type);
  append(rdata, ds_digest(digest_type, hashed));
  return rdata;
}

Buffer SigningKey::sign(Bytes data) const { return secret_->sign(algorithm(), data); }

Buffer rrsig(const RRset& set, const SigningKey& key, NameView signer, const SignOptions& options) {
  const std::uint8_t labels = options.labels.value_or(labels_to_sign(set.owner()));
  const std::uint32_t original_ttl = options.original_ttl.value_or(set.ttl());
  Buffer header;
  append16(header, static_cast<std::uint16_t>(options.covered.value_or(set.type())));
  header.push_back(options.algorithm.value_or(key.algorithm()));
  header.push_back(labels);
  append32(header, original_ttl);
  append32(header, static_cast<std::uint32_t>(options.expiration));
  append32(header, static_cast<std::uint32_t>(options.inception));
  append16(header, options.key_tag.value_or(key.tag()));

  Buffer data = header;
  append(data, lower_cased(signer));
  const Buffer owner = signed_owner(set.owner(), labels);
  for (const Buffer& rdata : canonical_rdata(set)) {
    append(data, owner);
    append16(data, static_cast<std::uint16_t>(set.type()));
    append16(data, static_cast<std::uint16_t>(Class::IN));
    append32(data, original_ttl);
    append16(data, u16(rdata.size()));
    append(data, rdata);
  }

  Buffer made = header;
  append(made, signer.octets());
  append(made, key.sign(data));
  if (options.is_broken) { made[made.size() - 5] ^= 0x10; }
  return made;
}

RRsetPtr with_signatures(const RRset& set, const std::vector<Buffer>& signatures) {
  const std::vector<Bytes> rdata(set.rdata().begin(), set.rdata().end());
  const std::vector<Bytes> views(signatures.begin(), signatures.end());
  return RRset::make(set.owner(), set.type(), set.ttl(), rdata, views);
}

RRsetPtr signed_set(const RRset& set, const SigningKey& key, NameView signer, const SignOptions& options) {
  return with_signatures(set, {rrsig(set, key, signer, options)});
}

RRsetPtr set_of(const std::vector<std::string_view>& lines) {
  std::vector<TextRecord> records;
  for (const std::string_view line : lines) {
    auto record = parse_record(line);
    if (!record) {
      std::fprintf(stderr, "no record: %s\n", std::string(line).c_str());
      std::abort();
    }
    records.push_back(std::move(*record));
  }
  std::vector<Bytes> rdata, signatures;
  for (const TextRecord& record : records) {
    (record.type == records.front().type ? rdata : signatures).push_back(record.rdata);
  }
  return RRset::make(records.front().owner, records.front().type, records.front().ttl, rdata, signatures);
}

RRsetPtr set_of(NameView owner, Type type, std::uint32_t ttl, const std::vector<Buffer>& rdata) {
  const std::vector<Bytes> views(rdata.begin(), rdata.end());
  return RRset::make(owner, type, ttl, views);
}

RRsetPtr dnskey_set(NameView owner, std::initializer_list<const SigningKey*> keys, std::uint32_t ttl) {
  std::vector<Buffer> rdata;
  for (const SigningKey* key : keys) { rdata.push_back(key->dnskey()); }
  return set_of(owner, Type::DNSKEY, ttl, rdata);
}

Buffer colliding_dnskey(std::uint8_t algorithm, std::uint16_t tag, unsigned number, std::uint16_t flags) {
  constexpr std::size_t kModulus = 256;
  constexpr std::size_t kFreeWord = 104;  // an even offset, within the modulus
  Buffer rdata;
  append16(rdata, flags);
  append(rdata, Buffer{3, algorithm, 3, 1, 0, 1});  // protocol; exponent 65537 (RFC 3110 section 2)
  std::uint32_t state = number + 1;
  for (std::size_t i = 0; i < kModulus; ++i) {
    state = state * 1664525U + 1013904223U;
    rdata.push_back(u8(state >> 24));
  }
  rdata[8] |= 0x80;      // 2048 bits long
  rdata.back() |= 0x01;  // odd, as every modulus is
  for (std::uint32_t word = 0; word <= 0xffff; ++word) {
    store16(rdata.data() + kFreeWord, u16(word));
    if (tag_of(rdata) == tag) { return rdata; }
  }
  std::fprintf(stderr, "no colliding key for tag %u, number %u\n", unsigned{tag}, number);
  std::abort();
}

}  // namespace vouch::dnssec_kit
