// The RRset cache against the plainest model of it: a std::map and the rules of rrset_cache.h written out. The cache is
// large, so that nothing is driven out and both must agree on everything, always.
#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>

#include "resolver/cache/rrset_cache.h"
#include "tests/unit/cache/living.h"

namespace {

using namespace vouch;

constexpr std::size_t kCapacity = 1 << 20;
constexpr std::size_t kMaxSteps = 2000;  // far below what a MiB holds
constexpr std::array<const char*, 8> kNames = {"example.",   "EXAMPLE.",    "www.example.", "a.www.example.",
                                               "b.example.", "wwwexample.", "other.",       "."};
constexpr std::array<Type, 3> kTypes = {Type::A, Type::AAAA, Type::CNAME};

struct Modelled {
  EntryKind kind;
  Credibility credibility;
  Security security;
  TtlTime stored;
  std::uint32_t ttl;
  std::uint8_t data;
};
using Key = std::pair<std::string, Type>;  // lower-case text; Type::none: a name error

struct Model {
  CacheOptions options;
  std::map<Key, Modelled> entries;

  static std::string key_of(const Name& name) {
    Name lower = name;
    lower.lower_case();
    return lower.text();
  }
  static std::int64_t left(const Modelled& entry, TtlTime now) { return entry.stored + entry.ttl - now; }

  const Modelled* find(const Name& name, Type type, TtlTime now, std::int64_t most) const {
    for (const std::int64_t least : {std::int64_t{1}, -most}) {
      for (const Type at : {type, Type::none}) {
        const auto entry = entries.find({key_of(name), at});
        if (entry != entries.end() && left(entry->second, now) >= least) { return &entry->second; }
      }
    }
    return nullptr;
  }

  bool defends(const Modelled& standing, const Modelled& coming, TtlTime now) const {
    if (left(standing, now) <= 0) { return false; }
    const bool is_secure = coming.security == Security::secure;
    if ((standing.security == Security::secure) != is_secure) { return !is_secure; }
    if (coming.security == Security::bogus && standing.security != Security::bogus) { return true; }
    const bool same =
        standing.kind == coming.kind && (standing.kind != EntryKind::rrset || standing.data == coming.data);
    return standing.credibility > coming.credibility && !same;
  }

  bool put(const Name& name, Type type, const Modelled& coming, TtlTime now) {
    if (coming.ttl == 0) { return false; }
    const Key at{key_of(name), coming.kind == EntryKind::name_error ? Type::none : type};
    const Key error{key_of(name), Type::none};
    for (const Key& key : {at, error}) {
      const auto standing = entries.find(key);
      if (standing != entries.end() && defends(standing->second, coming, now)) { return false; }
    }
    entries.erase(error);
    entries.insert_or_assign(at, coming);
    return true;
  }
};

void require(bool holds, const char* what) {
  if (holds) { return; }
  std::fprintf(stderr, "the cache and its model disagree: %s\n", what);
  std::abort();
}

void compare(const std::optional<CacheEntry>& entry, const Modelled* modelled, TtlTime now) {
  require(entry.has_value() == (modelled != nullptr), "found");
  if (!entry) { return; }
  const std::int64_t left = Model::left(*modelled, now);
  require(entry->kind == modelled->kind, "kind");
  require(entry->credibility == modelled->credibility, "credibility");
  require(entry->security == modelled->security, "security");
  require(entry->ttl == (left > 0 ? left : 0), "ttl");
  require(entry->stale_for == (left > 0 ? 0 : -left), "stale_for");
  if (entry->kind == EntryKind::rrset) { require(entry->rrset->first_rdata()[0] == modelled->data, "data"); }
}

RRsetPtr data_of(const Name& owner, Type type, std::uint32_t ttl, std::uint8_t data) {
  // As long as the type wants it; a CNAME's target is one label of one octet.
  const std::array<Octet, 16> octets = {data, data};
  const std::array<Octet, 3> target = {1, data, 0};
  const Bytes rdata[] = {type == Type::CNAME ? Bytes(target) : Bytes(octets).first(type == Type::A ? 4 : 16)};
  return RRset::make(owner, type, ttl, rdata);
}

RRsetPtr soa_of(std::uint32_t ttl, std::uint32_t minimum) {
  std::array<Octet, 22> rdata{};  // both names the root
  store32(rdata.data() + 18, minimum);
  const Bytes one[] = {rdata};
  return RRset::make(NameView(), Type::SOA, ttl, one);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* input, std::size_t size) {
  static std::array<Name, kNames.size()> names = [] {
    std::array<Name, kNames.size()> parsed;
    std::ranges::transform(kNames, parsed.begin(), [](const char* text) { return Name::of(text); });
    return parsed;
  }();
  ByteReader reader({input, size});
  Model model;
  const std::uint8_t bounds = reader.read8();
  model.options.ttl_min = bounds & 0x01 ? 20 : 0;
  model.options.ttl_max = bounds & 0x02 ? 100 : 86400;
  model.options.negative_ttl_min = bounds & 0x04 ? 10 : 0;
  model.options.negative_ttl_max = bounds & 0x08 ? 50 : 3600;
  RRsetCache cache(kCapacity, model.options);
  TtlTime now = 1'000'000;
  for (std::size_t step = 0; step < kMaxSteps && reader.left() >= 4; ++step) {
    const std::uint8_t what = reader.read8();
    const std::uint8_t whose = reader.read8();
    const std::uint8_t how = reader.read8();
    const std::uint8_t number = reader.read8();
    const Name& name = names[whose & 7];
    const Type type = kTypes[(whose >> 3) % kTypes.size()];
    const auto credibility = static_cast<Credibility>(how & 1);
    const auto security = static_cast<Security>((how >> 1) % 5);
    switch (what % 8) {
      case 0:
      case 1: {
        const std::uint8_t data = how >> 4 & 3;
        const std::uint32_t ceiling = security == Security::secure ? number : kNoCeiling;
        const std::uint32_t ttl =
            std::min({std::max<std::uint32_t>(number, model.options.ttl_min), model.options.ttl_max, ceiling});
        // A CNAME's first octet is its label's length: one and the same for all.
        const std::uint8_t seen = type == Type::CNAME ? 1 : data;
        const RRsetPtr rrset = data_of(name, type, number, type == Type::CNAME ? 7 : data);
        require(cache.put(rrset, credibility, security, now) ==
                    model.put(name, type, {EntryKind::rrset, credibility, security, now, ttl, seen}, now),
                "put");
        break;
      }
      case 2: {
        const auto kind = how & 0x10 ? EntryKind::name_error : EntryKind::no_data;
        const std::uint32_t minimum = (how >> 5) * 20U;
        std::uint32_t ttl = std::min<std::uint32_t>(number, minimum);
        const std::uint32_t ceiling = security == Security::secure ? number : kNoCeiling;
        ttl = std::min({std::max(ttl, model.options.negative_ttl_min), model.options.negative_ttl_max, ceiling});
        require(cache.put_negative(name, type, kind, soa_of(number, minimum), credibility, security, now) ==
                    model.put(name, type, {kind, credibility, security, now, ttl, 0}, now),
                "put_negative");
        break;
      }
      case 3:
        now += number;
        break;
      case 4:
        cache.remove(name, type);
        model.entries.erase({Model::key_of(name), type});
        model.entries.erase({Model::key_of(name), Type::none});
        break;
      case 5: {
        if (how & 1) {
          cache.remove_name(name);
        } else {
          cache.remove_below(name);
        }
        std::erase_if(model.entries, [&](const auto& entry) {
          const Name owner = Name::of(entry.first.first);
          return how & 1 ? owner == name : owner.view().is_at_or_below(name);
        });
        break;
      }
      case 6:
        compare(cache.find_stale(name, type, now, number), model.find(name, type, now, number), now);
        break;
      default:
        if (how == 0xff) {
          cache.clear();
          model.entries.clear();
        }
        break;
    }
    compare(cache.find(name, type, now), model.find(name, type, now, -1), now);
    require(cache.stats().entries == model.entries.size(), "the number of entries");
  }
  std::size_t living = 0;
  for (const auto& [name, type, entry] : samples::living(cache, now)) {
    const auto modelled = model.entries.find({Model::key_of(name), type});
    require(modelled != model.entries.end(), "visited");
    compare(entry, &modelled->second, now);
    ++living;
  }
  require(living == static_cast<std::size_t>(std::ranges::count_if(
                        model.entries, [now](const auto& entry) { return Model::left(entry.second, now) > 0; })),
          "the number of the living");
  return 0;
}
