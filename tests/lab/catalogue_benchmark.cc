// Zones in bulk, for load: --big and --leaves.
#include <fmt/format.h>

#include "tests/lab/catalogue.h"

namespace vouch::lab {

namespace {

constexpr std::uint32_t kNamesPerLeaf = 50;
constexpr std::uint32_t kLeafServers = 16;  // shared addresses: a socket per zone would buy nothing

void add_big(Catalogue& catalogue, std::uint32_t names) {
  ZoneSpec& zone =
      catalogue.add(signed_zone("big.bench.", fmt::format("n0 to n{}, one address each", names - 1), "127.8.1.1"));
  zone.single_key = true;
  zone.records.reserve(names);
  for (std::uint32_t i = 0; i < names; ++i) {
    zone.records.push_back(fmt::format("n{} A 198.18.{}.{}", i, i / 250 % 250, 1 + i % 250));
  }
  zone.expectations = {secure_answer("n0.big.bench.", "A", {"198.18.0.1"}, "the first of many")};
}

void add_leaf(Catalogue& catalogue, std::uint32_t number) {
  const std::string apex = fmt::format("leaf{}.bench.", number);
  ZoneSpec& zone = catalogue.add(signed_zone(apex, "h0 to h49, an IPv4 and an IPv6 address each",
                                             fmt::format("127.8.0.{}", 1 + number % kLeafServers)));
  zone.single_key = true;
  for (std::uint32_t host = 0; host < kNamesPerLeaf; ++host) {
    zone.records.push_back(fmt::format("h{} A 198.19.{}.{}", host, number % 250, 1 + host));
    zone.records.push_back(fmt::format("h{} AAAA 2001:db8:{:x}::{:x}", host, 0x1000 + number % 0xefff, 0x1000 + host));
  }
  zone.expectations = {
      secure_answer("h0." + apex, "A", {fmt::format("198.19.{}.1", number % 250)}, "one of many zones")};
}

}  // namespace

void add_benchmark_zones(Catalogue& catalogue) {
  const Options& options = catalogue.options();
  if (options.big == 0 && options.leaves == 0) { return; }
  catalogue.add(signed_zone("bench.", "a TLD for zones in bulk", "127.2.6.1"));
  if (options.big > 0) { add_big(catalogue, options.big); }
  for (std::uint32_t i = 0; i < options.leaves; ++i) { add_leaf(catalogue, i); }
}

}  // namespace vouch::lab
