#include "resolver/dnssec/canonical_form.h"

#include <algorithm>
#include <cassert>
#include <cstring>

#include "resolver/wire/rdata_layout.h"

namespace vouch {

namespace {

constexpr std::size_t kRrsigFixed = 18;  // everything before the signer's name
constexpr std::size_t kHead = kRrsigFixed + kMaxNameLength;
constexpr std::size_t kRecordFixed = 10;  // type, class, original TTL, RDATA length

// RFC 4034 section 6.3: as left-justified unsigned octets, the absence of an octet before a zero octet.
bool is_before(Bytes a, Bytes b) noexcept {
  const std::size_t common = std::min(a.size(), b.size());
  const int order = common == 0 ? 0 : std::memcmp(a.data(), b.data(), common);
  return order != 0 ? order < 0 : a.size() < b.size();
}
bool is_same(Bytes a, Bytes b) noexcept {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size()) == 0);
}

Octet* put(Octet* to, Bytes octets) noexcept {
  if (!octets.empty()) { std::memcpy(to, octets.data(), octets.size()); }
  return to + octets.size();
}

// RFC 4035 section 5.3.2: the name that was signed, in lower case; the wildcard when the labels tell of an expansion.
Name signed_owner(NameView owner, std::uint8_t labels) noexcept {
  Name name(owner);
  if (labels < signed_labels(owner)) {
    name = Name(owner.suffix(labels));
    const bool fits = name.prepend_label(bytes_of("*"));  // in the place of one label at least
    assert(fits);
    static_cast<void>(fits);
  }
  name.lower_case();
  return name;
}

}  // namespace

std::uint8_t signed_labels(NameView owner) noexcept {
  return owner.is_wildcard() ? u8(owner.labels() - 1U) : owner.labels();
}

void CanonicalForm::begin(const RRset& rrset) {
  rrset_ = &rrset;
  is_written_ = false;
  records_.assign(rrset.rdata().begin(), rrset.rdata().end());
  const TypeInfo* const info = type_info(rrset.type());
  if (info != nullptr && info->lower_case_names) {
    std::size_t size = 0;
    for (const Bytes record : records_) { size += record.size(); }
    lower_cased_.resize(size);
    Octet* at = lower_cased_.data();
    for (Bytes& record : records_) {
      const MutableBytes copy(at, record.size());
      at = put(at, record);
      lower_case_names(rrset.type(), copy);
      record = copy;
    }
  }
  if (records_.size() == 1) { return; }
  std::ranges::sort(records_, is_before);
  const auto repeated = std::ranges::unique(records_, is_same);
  records_.erase(repeated.begin(), repeated.end());
}

void CanonicalForm::write_records(std::uint8_t labels, std::uint32_t original_ttl) {
  if (is_written_ && labels == written_labels_ && original_ttl == written_ttl_) { return; }
  const Name owner = signed_owner(rrset_->owner(), labels);
  const Bytes owner_octets = owner.view().octets();
  std::size_t size = kHead;
  for (const Bytes record : records_) { size += owner_octets.size() + kRecordFixed + record.size(); }
  data_.resize(size);
  Octet* at = data_.data() + kHead;
  for (const Bytes record : records_) {
    at = put(at, owner_octets);
    store16(at, static_cast<std::uint16_t>(rrset_->type()));
    store16(at + 2, static_cast<std::uint16_t>(Class::IN));
    store32(at + 4, original_ttl);
    store16(at + 8, u16(record.size()));
    at = put(at + kRecordFixed, record);
  }
  is_written_ = true;
  written_labels_ = labels;
  written_ttl_ = original_ttl;
}

Bytes CanonicalForm::signed_data(const RrsigView& view, Bytes rrsig) {
  assert(rrset_ != nullptr && rrsig.size() >= kRrsigFixed);
  write_records(view.labels, view.original_ttl);
  Name signer(view.signer);
  signer.lower_case();
  const Bytes signer_octets = signer.view().octets();
  const std::size_t begin = kHead - kRrsigFixed - signer_octets.size();
  Octet* const at = put(data_.data() + begin, rrsig.first(kRrsigFixed));
  put(at, signer_octets);
  return Bytes(data_).subspan(begin);
}

}  // namespace vouch
