// The root zone in the state directory, from which a restart begins without anybody's help: the zone as a transfer
// brings it (resolver/zones/zone_stream.h), and beside it an empty file whose time is when a source confirmed the zone
// last. The zone itself need not be written anew for that, which a memory card would mind.
//
// Blocking. Of one thread at a time. What is wrong with writing is told in the log; nothing else ends for it.
#pragma once

#include <optional>
#include <string>

#include "resolver/zones/transfer_reader.h"

namespace vouch {

class KeptRoot {
 public:
  static constexpr std::string_view kName = "root-zone";
  static constexpr std::string_view kChecked = ".checked";  // behind that

  explicit KeptRoot(const std::string& directory);  // empty: nothing is kept

  struct Found {
    ZonePtr zone;          // not verified
    UnixTime checked = 0;  // when it was written or confirmed last
  };
  // Nothing: nothing is kept. On failure half a sentence.
  std::expected<std::optional<Found>, std::string> read(const TransferLimits& limits);
  void store(const Zone& zone);
  // Somebody says that this zone, the one that was given to store() or read last, is current. One that could not be
  // stored is tried again: until that is done no older file counts as confirmed.
  void confirm(const Zone& zone);

  const std::string& path() const noexcept { return path_; }

 private:
  std::string checked_path() const { return path_ + std::string(kChecked); }

  const std::string path_;
  bool is_kept_ = false;  // the file is of the zone that is in use
};

}  // namespace vouch
