// Typed looks at uncompressed RDATA.
#include "resolver/wire/rdata_layout.h"
#include "resolver/wire/rrset.h"

namespace vouch {

namespace {
constexpr std::size_t kSoaNumbers = 20;
constexpr std::size_t kRrsigFixed = 18;  // everything before the signer's name
}  // namespace

NameView rdata_name(Type type, Bytes rdata) noexcept {
  NameView found;
  const TypeInfo* const info = type_info(type);
  if (info == nullptr || !info->has_names) { return found; }
  walk_rdata(*info, rdata, 0, rdata.size(), [&](FieldKind, std::size_t at) -> std::size_t {
    found = NameView::parse(rdata.subspan(at)).value_or(NameView());
    return 0;  // the first is the one
  });
  return found;
}

SoaView soa_view(Bytes rdata) noexcept {
  SoaView soa{};
  const auto primary = NameView::parse(rdata);
  if (!primary) { return soa; }
  const auto mailbox = NameView::parse(rdata.subspan(primary->length()));
  if (!mailbox) { return soa; }
  const Bytes numbers = rdata.subspan(std::size_t{primary->length()} + mailbox->length());
  if (numbers.size() != kSoaNumbers) { return soa; }
  const Octet* const at = numbers.data();
  return {*primary, *mailbox, load32(at), load32(at + 4), load32(at + 8), load32(at + 12), load32(at + 16)};
}

std::optional<RrsigView> rrsig_view(Bytes rdata) noexcept {
  if (rdata.size() < kRrsigFixed) { return std::nullopt; }
  const auto signer = NameView::parse(rdata.subspan(kRrsigFixed));
  if (!signer) { return std::nullopt; }
  const Octet* const at = rdata.data();
  return RrsigView{.covered = static_cast<Type>(load16(at)),
                   .algorithm = at[2],
                   .labels = at[3],
                   .original_ttl = load32(at + 4),
                   .expiration = load32(at + 8),
                   .inception = load32(at + 12),
                   .key_tag = load16(at + 16),
                   .signer = *signer,
                   .signature = rdata.subspan(kRrsigFixed + signer->length())};
}

}  // namespace vouch
