#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tests/lab/ldns_handle.h"
#include "tests/lab/outcome.h"

namespace vouch::lab {

constexpr std::uint32_t kDefaultTtl = 300;

struct RrSet {
  std::vector<Rr> records;
  std::vector<Rr> signatures;
};

// Where a name stands relative to the zone's cuts (RFC 9499).
enum class Standing {
  authoritative,  // the zone speaks for it
  delegation,     // a zone cut: NS is the child's, DS and NSEC are ours
  occluded,       // below a cut: glue
};

struct Node {
  std::string name;
  Standing standing = Standing::authoritative;
  std::map<std::uint16_t, RrSet> sets;  // by type
};

// The records of one zone in canonical order, with the signatures beside the RRsets they cover. Move only.
class Zone {
 public:
  explicit Zone(std::string apex) : apex_(std::move(apex)) {}

  const std::string& apex() const { return apex_; }

  // One record in zone-file text; relative names are completed with the apex, the TTL may be left out.
  Outcome<void> add(const std::string& text);
  void add(Rr record);

  // Finds the cuts; to be called once all records but NSEC(3) and signatures are in.
  void find_cuts();

  std::map<std::string, Node>& nodes() { return nodes_; }
  const std::map<std::string, Node>& nodes() const { return nodes_; }

  Outcome<void> write(const std::string& path) const;

 private:
  std::string apex_;
  std::map<std::string, Node> nodes_;  // by canonical_key
};

std::string owner_of(const ldns_rr* record);

}  // namespace vouch::lab
