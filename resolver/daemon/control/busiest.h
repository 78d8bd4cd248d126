// Which names come most often, in bounded memory, by the method of Misra and Gries: as many counters as there is room
// for; a name without one takes one from every counter when none is free. What comes more often than once in kCounters
// is never missed, and no count is too high; it may be too low by one in kCounters of all.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "resolver/base/siphash.h"
#include "resolver/wire/name.h"

namespace vouch {

class Busiest {
 public:
  static constexpr std::size_t kCounters = 2000;  // half a MiB while somebody looks

  void add(NameView name);
  struct Row {
    Name name;
    std::uint64_t count = 0;
  };
  std::vector<Row> most(std::size_t rows) const;  // the most first; equal ones in canonical order

 private:
  struct Hash {
    std::size_t operator()(const Name& name) const noexcept { return name.view().hash(process_hash_key()); }
  };
  std::unordered_map<Name, std::uint64_t, Hash> counts_;
};

}  // namespace vouch
