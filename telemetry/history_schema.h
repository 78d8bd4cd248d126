// The tables of the history, as SQL. docs/metrics.md explains them with examples.
#pragma once

#include <cstdint>

namespace vouch {

inline constexpr std::int64_t kHistoryApplication = 0x566f7563;  // "Vouc": SQLite's application_id
inline constexpr std::int64_t kHistoryVersion = 1;               // SQLite's user_version
// Comments within a statement stay in the file, where `.schema` shows them.
extern const char* const kHistorySchema;

}  // namespace vouch
