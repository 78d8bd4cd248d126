#include "resolver/dnssec/nsec.h"

#include <algorithm>

#include "resolver/dnssec/type_bitmap.h"
#include "resolver/dnssec/wildcard.h"
#include "resolver/wire/rdata_layout.h"

namespace vouch {

void NsecProofs::add(const RRset& proof) {
  const NameView owner = proof.owner();
  // A name has one NSEC. Of several, who knows which one the zone means?
  if (proof.count() != 1 || !owner.is_at_or_below(apex_)) { return; }
  const Bytes rdata = proof.first_rdata();
  const auto next = NameView::parse(rdata);
  if (!next || !next->is_at_or_below(apex_)) { return; }
  const Bytes bitmap = rdata.subspan(next->length());
  if (!is_valid_bitmap(bitmap)) { return; }
  // Only the zone's last NSEC leads back, and it leads to the apex (RFC 4034 section 4.1.1).
  if (*next != apex_ && canonical_order(owner, *next) >= 0) { return; }
  nsecs_.push_back({owner, *next, bitmap});
}

const NsecProofs::Nsec* NsecProofs::matching(NameView name) const {
  const auto found = std::ranges::find_if(nsecs_, [name](const Nsec& nsec) { return nsec.owner == name; });
  return found == nsecs_.end() ? nullptr : &*found;
}

// Whether the name lies strictly between owner and next, on this zone's side of every cut.
bool NsecProofs::spans(const Nsec& nsec, NameView name) const {
  if (canonical_order(nsec.owner, name) >= 0) { return false; }
  if (nsec.next != apex_ && canonical_order(name, nsec.next) >= 0) { return false; }
  // An owner that does not exist says nothing but that (RFC 9824 section 3.1).
  if (is_nonexistent_name(nsec.bitmap)) { return false; }
  // RFC 6840 section 4.1: the names below a cut or a DNAME sort here, and are not this zone's to deny.
  return !(name.is_below(nsec.owner) && ends_zone_below(nsec.bitmap));
}

// RFC 4035 section 5.4 does not say it, RFC 4592 section 2.2.2 does: a name exists when one below it does.
bool NsecProofs::shows_empty_non_terminal(NameView name) const {
  return std::ranges::any_of(nsecs_,
                             [this, name](const Nsec& nsec) { return spans(nsec, name) && nsec.next.is_below(name); });
}

bool NsecProofs::shows_no_name(NameView name) const {
  if (const Nsec* const nsec = matching(name)) { return is_nonexistent_name(nsec->bitmap); }
  return std::ranges::any_of(nsecs_,
                             [this, name](const Nsec& nsec) { return spans(nsec, name) && !nsec.next.is_below(name); });
}

// For the very name, or for the wildcard that answers in its place.
bool NsecProofs::denies_at(NameView name, Type type) const {
  if (const Nsec* const nsec = matching(name)) { return denies(nsec->bitmap, type, name.is_root()); }
  return shows_empty_non_terminal(name);
}

// For each NSEC that shows that `name` does not exist: its neighbours in the zone are the two names around the gap, so
// the closest encloser is what it has most in common with either. Says whether `wildcard_holds(labels of the closest
// encloser)` for one of them.
template <typename F>
bool NsecProofs::any_encloser(NameView name, F wildcard_holds) const {
  if (matching(name) != nullptr) { return false; }
  return std::ranges::any_of(nsecs_, [&](const Nsec& nsec) {
    if (!spans(nsec, name) || nsec.next.is_below(name)) { return false; }
    return wildcard_holds(std::max(name.labels_shared_with(nsec.owner), name.labels_shared_with(nsec.next)));
  });
}

bool NsecProofs::name_error(NameView name) const {
  if (const Nsec* const nsec = matching(name)) { return is_nonexistent_name(nsec->bitmap); }
  return any_encloser(name,
                      [this, name](std::uint8_t labels) { return shows_no_name(wildcard_at(name.suffix(labels))); });
}

bool NsecProofs::no_data(NameView name, Type type) const {
  if (denies_at(name, type)) { return true; }
  return any_encloser(
      name, [this, name, type](std::uint8_t labels) { return denies_at(wildcard_at(name.suffix(labels)), type); });
}

bool NsecProofs::wildcard_answer(NameView name, std::uint8_t labels) const {
  return any_encloser(name, [labels](std::uint8_t encloser) { return encloser == labels; });
}

DsAbsence NsecProofs::ds_absence(NameView name) const {
  if (const Nsec* const nsec = matching(name)) { return ds_absence_by(nsec->bitmap); }
  if (shows_empty_non_terminal(name)) { return DsAbsence::no_cut; }
  return shows_no_name(name) ? DsAbsence::no_name : DsAbsence::not_proving;
}

std::optional<std::uint8_t> NsecProofs::closest_encloser_labels(NameView name) const {
  if (const Nsec* const nsec = matching(name)) {
    if (is_nonexistent_name(nsec->bitmap)) { return std::nullopt; }  // not even its parent need exist
    return name.labels();
  }
  if (shows_empty_non_terminal(name)) { return name.labels(); }
  std::optional<std::uint8_t> found;
  any_encloser(name, [&found](std::uint8_t labels) {
    found = labels;
    return true;
  });
  return found;
}

}  // namespace vouch
