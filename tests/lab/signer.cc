#include "tests/lab/signer.h"

#include <fmt/format.h>
#include <utility>

#include "tests/lab/breaker.h"
#include "tests/lab/names.h"

namespace vouch::lab {

namespace {

struct Times {
  std::int64_t inception;
  std::int64_t expiration;
};

// A day of room before now: clocks of test machines differ, and some validators allow no skew.
Times times_for(Window window, std::int64_t now) {
  switch (window) {
    case Window::valid:
      return {now - kDay, now + kSignatureLife};
    case Window::expired:
      return {now - 33 * kDay, now - 3 * kDay};
    case Window::not_yet_valid:
      return {now + 365 * kDay, now + 365 * kDay + kSignatureLife};
    case Window::inverted:
      return {now + 10 * kDay, now - 10 * kDay};
  }
  std::unreachable();
}

constexpr std::size_t kRrsigAlgorithm = 1;
constexpr std::size_t kRrsigLabels = 2;
constexpr std::size_t kRrsigSignature = 8;

void set_field(ldns_rr* record, ldns_rdf* value, std::size_t position) {
  const Rdf old(ldns_rr_set_rdf(record, value, position));
}

RrList canonical_copy(const std::vector<Rr>& records) {
  RrList list(ldns_rr_list_new());
  for (const Rr& record : records) {
    ldns_rr* copy = ldns_rr_clone(record.get());
    ldns_rr2canonical(copy);
    ldns_rr_list_push_rr(list.get(), copy);
  }
  ldns_rr_list_sort(list.get());
  return list;
}

// Turns the last octet of the first record's RDATA: what is signed then differs from what is shown.
void alter(ldns_rr_list* list) {
  ldns_rr* first = ldns_rr_list_rr(list, 0);
  ldns_rdf* field = ldns_rr_rdf(first, ldns_rr_rd_count(first) - 1);
  ldns_rdf_data(field)[ldns_rdf_size(field) - 1] ^= 1;
}

Outcome<Rr> sign_rrset(const std::vector<Rr>& records, const Key& key, const SignaturePlan& plan, std::int64_t now,
                       const Seed& seed, int copy) {
  RrList list = canonical_copy(records);
  const Times times = times_for(plan.window, now);
  ldns_key* secret = key.secret.get();
  ldns_key_set_inception(secret, static_cast<std::uint32_t>(times.inception));
  ldns_key_set_expiration(secret, static_cast<std::uint32_t>(times.expiration));
  ldns_key_set_origttl(secret, ldns_rr_ttl(records.front().get()));
  Rr rrsig(ldns_create_empty_rrsig(list.get(), secret));
  if (!rrsig) { return failure("cannot prepare an RRSIG"); }
  if (plan.tampering == Tampering::too_many_labels) {
    const std::uint8_t labels = ldns_rdf2native_int8(ldns_rr_rdf(rrsig.get(), kRrsigLabels));
    set_field(rrsig.get(), ldns_native2rdf_int8(LDNS_RDF_TYPE_INT8, static_cast<std::uint8_t>(labels + 3)),
              kRrsigLabels);
  }
  if (plan.tampering == Tampering::other_data) { alter(list.get()); }
  const LdnsBuffer buffer(ldns_buffer_new(LDNS_MAX_PACKETLEN));
  if (ldns_rrsig2buffer_wire(buffer.get(), rrsig.get()) != LDNS_STATUS_OK ||
      ldns_rr_list2buffer_wire(buffer.get(), list.get()) != LDNS_STATUS_OK) {
    return failure(fmt::format("cannot write what {} signs", owner_of(records.front().get())));
  }
  ldns_rdf* signature = ldns_sign_public_buffer(buffer.get(), secret);
  if (signature == nullptr) { return failure(fmt::format("cannot sign {}", owner_of(records.front().get()))); }
  if (plan.tampering == Tampering::noise) {
    std::vector<std::uint8_t> noise =
        seed.octets(fmt::format("noise {} {}", owner_of(records.front().get()), copy), ldns_rdf_size(signature));
    noise.front() &= 0x7fU;  // below any RSA modulus, so that refusing it takes the whole exponentiation
    std::copy(noise.begin(), noise.end(), ldns_rdf_data(signature));
  }
  set_field(rrsig.get(), signature, kRrsigSignature);
  if (plan.shown_algorithm) {
    set_field(rrsig.get(), ldns_native2rdf_int8(LDNS_RDF_TYPE_ALG, *plan.shown_algorithm), kRrsigAlgorithm);
  }
  return rrsig;
}

Outcome<const Key*> signing_key(const ZoneSpec& spec, KeyStore& keys, const SignaturePlan& plan, bool key_set) {
  if (plan.signer == Signer::stranger) { return keys.stranger_of(spec.apex); }
  const Outcome<const ZoneKeys*> of_zone = keys.of(plan.signer == Signer::other_zone ? plan.other_zone : spec.apex);
  if (!of_zone) { return failure(of_zone.error()); }
  const bool by_ksk = key_set && plan.signer == Signer::zone_key;
  return by_ksk ? &(*of_zone)->ksk : &(*of_zone)->data_key();
}

Outcome<void> sign_set(const ZoneSpec& spec, KeyStore& keys, std::int64_t now, const SignaturePlan& plan, bool key_set,
                       RrSet& set) {
  if (plan.omit) { return {}; }
  const Outcome<const Key*> key = signing_key(spec, keys, plan, key_set);
  if (!key) { return failure(key.error()); }
  for (int copy = 0; copy < plan.copies; ++copy) {
    Outcome<Rr> rrsig = sign_rrset(set.records, **key, plan, now, keys.seed(), copy);
    if (!rrsig) { return failure(fmt::format("zone {}: {}", spec.apex, rrsig.error())); }
    set.signatures.push_back(std::move(*rrsig));
  }
  return {};
}

void add_dnskeys(Zone& zone, const ZoneSpec& spec, const ZoneKeys& keys) {
  auto add = [&](const Rr& dnskey) {
    ldns_rr* copy = ldns_rr_clone(dnskey.get());
    if (spec.flaw == Flaw::alg_unsupported) {
      set_field(copy, ldns_native2rdf_int8(LDNS_RDF_TYPE_ALG, kUnknownAlgorithm), 2);
    }
    zone.add(Rr(copy));
  };
  add(keys.ksk.dnskey);
  if (keys.zsk) { add(keys.zsk->dnskey); }
  for (const Rr& colliding : keys.colliding) { add(colliding); }
}

bool zone_signs(const Node& node, std::uint16_t type) {
  if (node.standing == Standing::occluded) { return false; }
  if (node.standing == Standing::authoritative) { return true; }
  return type == LDNS_RR_TYPE_DS || type == LDNS_RR_TYPE_NSEC || type == LDNS_RR_TYPE_NSEC3;
}

Rr ds_from(const Key& key) { return Rr(ldns_key_rr2ds(key.dnskey.get(), LDNS_SHA256)); }

// DS records that all point to the key by its tag, each with a digest of nothing.
Outcome<std::vector<Rr>> trap_ds(const ZoneSpec& child, const Key& key) {
  std::vector<Rr> out;
  for (int i = 0; i < child.trap.ds; ++i) {
    Outcome<Rr> ds = record_from_text(
        fmt::format("{} 3600 IN DS {} {} 2 {}", child.apex, key.tag(), static_cast<int>(child.algorithm),
                    sha256_hex(fmt::format("{} {}", child.apex, i))),
        child.apex, 3600);
    if (!ds) { return failure(ds.error()); }
    out.push_back(std::move(*ds));
  }
  return out;
}

}  // namespace

Outcome<const ZoneKeys*> KeyStore::of(const std::string& apex) {
  if (const auto known = keys_.find(apex); known != keys_.end()) { return &known->second; }
  const ZoneSpec* spec = catalogue_.zone(apex);
  if (spec == nullptr) { return failure(fmt::format("no zone {}", apex)); }
  const KeyFlags flags = key_flags_for(spec->flaw);
  Outcome<Key> ksk = make_key(seed_, {.owner = apex,
                                      .purpose = "ksk",
                                      .algorithm = spec->algorithm,
                                      .flags = flags.ksk_flags,
                                      .protocol = flags.ksk_protocol});
  if (!ksk) { return failure(ksk.error()); }
  ZoneKeys made{.ksk = std::move(*ksk), .zsk = std::nullopt, .colliding = {}};
  if (!spec->single_key) {
    Outcome<Key> zsk = make_key(seed_, {.owner = apex, .purpose = "zsk", .algorithm = spec->algorithm});
    if (!zsk) { return failure(zsk.error()); }
    made.zsk = std::move(*zsk);
  }
  for (int i = 0; i < colliding_keys(*spec); ++i) {
    Outcome<Rr> colliding = colliding_dnskey(seed_, {.owner = apex,
                                                     .algorithm = spec->algorithm,
                                                     .tag = made.data_key().tag(),
                                                     .number = i,
                                                     .long_exponent = spec->trap.long_exponents});
    if (!colliding) { return failure(colliding.error()); }
    made.colliding.push_back(std::move(*colliding));
  }
  return &keys_.emplace(apex, std::move(made)).first->second;
}

Outcome<const Key*> KeyStore::stranger_of(const std::string& apex) {
  if (const auto known = strangers_.find(apex); known != strangers_.end()) { return &known->second; }
  const ZoneSpec* spec = catalogue_.zone(apex);
  if (spec == nullptr) { return failure(fmt::format("no zone {}", apex)); }
  Outcome<Key> made = make_key(seed_, {.owner = apex, .purpose = "stranger", .algorithm = spec->algorithm});
  if (!made) { return failure(made.error()); }
  return &strangers_.emplace(apex, std::move(*made)).first->second;
}

Outcome<std::vector<Rr>> KeyStore::ds_of(const ZoneSpec& child) {
  std::vector<Rr> out;
  if (!child.has_ds) { return out; }
  const Outcome<const ZoneKeys*> keys = of(child.apex);
  if (!keys) { return failure(keys.error()); }
  const Outcome<const Key*> stranger = stranger_of(child.apex);
  if (!stranger) { return failure(stranger.error()); }
  if (child.trap.ds > 0) { return trap_ds(child, (*keys)->ksk); }
  Rr ds = ds_from((*keys)->ksk);
  if (child.flaw == Flaw::alg_unsupported) {
    // The digest is over the DNSKEY as shown, so it is made from the record with the unknown number in it.
    const Rr shown(ldns_rr_clone((*keys)->ksk.dnskey.get()));
    set_field(shown.get(), ldns_native2rdf_int8(LDNS_RDF_TYPE_ALG, kUnknownAlgorithm), 2);
    ds.reset(ldns_key_rr2ds(shown.get(), LDNS_SHA256));
  }
  break_ds(child, ds.get(), ds_from(**stranger).get());
  out.push_back(std::move(ds));
  return out;
}

Outcome<void> sign_zone(Zone& zone, const ZoneSpec& spec, KeyStore& keys, std::int64_t now, bool all_expired) {
  zone.find_cuts();
  if (spec.algorithm == Algorithm::none || spec.flaw == Flaw::dnskey_absent) { return {}; }
  const Outcome<const ZoneKeys*> zone_keys = keys.of(spec.apex);
  if (!zone_keys) { return failure(zone_keys.error()); }
  add_dnskeys(zone, spec, **zone_keys);
  const DenialSettings denial = {
      .kind = spec.denial, .iterations = spec.nsec3_iterations, .salt = spec.nsec3_salt, .flaw = spec.flaw};
  if (Outcome<void> added = add_denial(zone, denial); !added) { return added; }
  for (auto& [key, node] : zone.nodes()) {
    for (auto& [type, set] : node.sets) {
      if (!zone_signs(node, type)) { continue; }
      SignaturePlan plan = signature_plan(spec, node.name, type);
      if (all_expired) { plan.window = Window::expired; }
      if (Outcome<void> done = sign_set(spec, keys, now, plan, type == LDNS_RR_TYPE_DNSKEY, set); !done) {
        return done;
      }
    }
  }
  return {};
}

}  // namespace vouch::lab
