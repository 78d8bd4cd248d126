// What validation costs: a check by algorithm, bare and with all that goes around it, a key's first use, canonical
// form, the NSEC3 hash, and the dearest that a hostile zone can ask for. `openssl speed` is the floor of a bare check.
//   vouch_kernels --benchmark_filter=dnssec
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "resolver/dnssec/canonical_form.h"
#include "resolver/dnssec/signature.h"
#include "resolver/dnssec/verified_memo.h"
#include "tests/dnssec_kit/signer.h"

namespace vouch {
namespace {

using namespace dnssec_kit;

const Name kZone = Name::of("example.");

void algorithms(benchmark::internal::Benchmark* bench) {
  for (const int algorithm : {5, 8, 10, 13, 14, 15, 16}) { bench->ArgName("algorithm")->Arg(algorithm); }
}
SigningKey key_of(const benchmark::State& state) {
  return SigningKey({.algorithm = u8(static_cast<std::size_t>(state.range(0)))});
}
RRsetPtr addresses(std::size_t count) {
  std::vector<Buffer> rdata;
  for (std::size_t i = 0; i < count; ++i) { rdata.push_back({192, 0, u8(i >> 8), u8(i & 0xff)}); }
  return set_of(Name::of("www.example."), Type::A, 300, rdata);
}

void dnssec_check(benchmark::State& state) {
  const SigningKey signer = key_of(state);
  const auto key = PublicKey::make(signer.algorithm(), signer.public_key());
  const Buffer data(100, 7);
  const Buffer signature = signer.sign(data);
  for (auto _ : state) {
    verified_memo().clear();
    benchmark::DoNotOptimize(key->verifies(data, signature));
  }
}
BENCHMARK(dnssec_check)->Apply(algorithms);

void dnssec_verify(benchmark::State& state) {
  const SigningKey signer = key_of(state);
  const KeySetPtr keys = KeySet::make(*dnskey_set(kZone, {&signer}), Sha1Policy::validate);
  const RRsetPtr set = signed_set(*addresses(2), signer, kZone);
  for (auto _ : state) {
    verified_memo().clear();
    Budget budget{Instant{}};
    benchmark::DoNotOptimize(verify(*set, *keys, {.now = kNow}, budget));
  }
}
BENCHMARK(dnssec_verify)->Apply(algorithms);

// A zone that is met for the first time: its keys parsed, matched and checked, and one answer checked by them.
void dnssec_new_zone(benchmark::State& state) {
  const auto algorithm = u8(static_cast<std::size_t>(state.range(0)));
  const SigningKey ksk({.algorithm = algorithm, .flags = 0x0101, .seed = "ksk"}), zsk({.algorithm = algorithm});
  const RRsetPtr dnskeys = signed_set(*dnskey_set(kZone, {&ksk, &zsk}), ksk, kZone);
  const RRsetPtr answer = signed_set(*addresses(2), zsk, kZone);
  const Buffer ds = ksk.ds(kZone);
  const Bytes endorsing[] = {ds};
  for (auto _ : state) {
    verified_memo().clear();
    Budget budget{Instant{}};
    const KeysResult result =
        authenticate_keys(*dnskeys, {.ds = endorsing, .dnskeys = {}}, Sha1Policy::validate, {.now = kNow}, budget);
    benchmark::DoNotOptimize(verify(*answer, *result.keys, {.now = kNow}, budget));
  }
}
BENCHMARK(dnssec_new_zone)->Apply(algorithms);

void dnssec_parse_key(benchmark::State& state) {
  const SigningKey signer = key_of(state);
  for (auto _ : state) { benchmark::DoNotOptimize(PublicKey::make(signer.algorithm(), signer.public_key())); }
}
BENCHMARK(dnssec_parse_key)->Apply(algorithms);

void dnssec_canonical_form(benchmark::State& state) {
  const RRsetPtr set = addresses(static_cast<std::size_t>(state.range(0)));
  const Buffer signature = rrsig(*set, SigningKey({}), kZone);
  const RrsigView view = *rrsig_view(signature);
  CanonicalForm form;
  for (auto _ : state) {
    form.begin(*set);
    benchmark::DoNotOptimize(form.signed_data(view, signature).data());
  }
}
BENCHMARK(dnssec_canonical_form)->ArgName("records")->Arg(1)->Arg(4)->Arg(50)->Arg(256);

void dnssec_nsec3_hash(benchmark::State& state) {
  const Name name = Name::of("www.subdomain.example.com.");
  const Buffer salt(8, 7);
  const auto iterations = u16(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) { benchmark::DoNotOptimize(nsec3_hash(name.view().octets(), salt, iterations)); }
}
BENCHMARK(dnssec_nsec3_hash)->ArgName("iterations")->Arg(0)->Arg(1)->Arg(10)->Arg(50)->Arg(150);

// KeyTrap (CVE-2023-50387): as many keys with one tag, and signatures by it, as an RRset holds.
void dnssec_keytrap(benchmark::State& state) {
  std::vector<Buffer> dnskeys, signatures;
  for (unsigned i = 0; i < KeySet::kMaxKeys; ++i) { dnskeys.push_back(colliding_dnskey(8, 4711, i)); }
  const RRsetPtr answer = addresses(2);
  const SigningKey attacker({.algorithm = 8});
  for (UnixTime i = 0; i < UnixTime{RRset::kMaxSignatures}; ++i) {
    signatures.push_back(rrsig(*answer, attacker, kZone, {.expiration = kNow + kDay + i, .key_tag = 4711}));
  }
  const RRsetPtr hostile = with_signatures(*answer, signatures);
  const KeySetPtr keys = KeySet::make(*set_of(kZone, Type::DNSKEY, 300, dnskeys), Sha1Policy::validate);
  for (auto _ : state) {
    verified_memo().clear();
    Budget budget{Instant{}};
    benchmark::DoNotOptimize(verify(*hostile, *keys, {.now = kNow}, budget));
  }
}
BENCHMARK(dnssec_keytrap);

}  // namespace
}  // namespace vouch
