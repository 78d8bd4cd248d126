// RRsets for the cache's tests, from the text that stands in zone files.
#pragma once

#include <cstdlib>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "resolver/cache/rrset_cache.h"
#include "resolver/wire/rrset.h"

namespace vouch::samples {

// One set from its records' lines; the owner, type and TTL are those of the first.
inline RRsetPtr rrset(std::initializer_list<std::string_view> lines) {
  std::vector<TextRecord> records;
  for (const std::string_view line : lines) {
    auto record = parse_record(line);
    if (!record) { std::abort(); }
    records.push_back(std::move(*record));
  }
  std::vector<Bytes> rdata;
  for (const TextRecord& record : records) { rdata.emplace_back(record.rdata); }
  return RRset::make(records.front().owner, records.front().type, records.front().ttl, rdata);
}
inline RRsetPtr rrset(std::string_view line) { return rrset({line}); }

// An SOA whose TTL and minimum are as given.
inline RRsetPtr soa(std::string_view zone, std::uint32_t ttl, std::uint32_t minimum) {
  const std::string owner(zone);
  return rrset(owner + " " + std::to_string(ttl) + " IN SOA ns." + owner + " host." + owner + " 1 7200 3600 1209600 " +
               std::to_string(minimum));
}

// An address set of the name "<prefix><number>.example.", made without the text parser: for tests that need many.
inline Name numbered(std::string_view prefix, std::uint32_t number) {
  Name name = Name::of("example.");
  name.prepend_label(bytes_of(std::string(prefix) + std::to_string(number)));
  return name;
}
inline RRsetPtr address_of(NameView owner, std::uint32_t address, std::uint32_t ttl = 3600) {
  Buffer octets(4);
  store32(octets.data(), address);
  const Bytes rdata[] = {octets};
  return RRset::make(owner, Type::A, ttl, rdata);
}

}  // namespace vouch::samples
