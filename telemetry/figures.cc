#include "telemetry/figures.h"

namespace vouch {

namespace {

constexpr auto kLocal = static_cast<std::size_t>(AnswerSource::local);

}  // namespace

WithheldFigures& WithheldFigures::operator+=(const WithheldFigures& more) noexcept {
  answers += more.answers;
  lookups += more.lookups;
  return *this;
}

Movement& Movement::operator+=(const Movement& next) noexcept {
  for (std::size_t i = 0; i < kStandings; ++i) {
    for (std::size_t j = 0; j < kAnswerSources; ++j) { answers[i][j] += next.answers[i][j]; }
  }
  for (std::size_t i = 0; i < kTransports; ++i) { queries[i] += next.queries[i]; }
  for (std::size_t i = 0; i < kEvidences; ++i) { withheld[i] += next.withheld[i]; }
  shadow += next.shadow;
  upstream_queries += next.upstream_queries;
  seconds += next.seconds;
  return *this;
}

std::uint64_t Movement::with_standing(Standing standing) const noexcept {
  const auto& row = answers[static_cast<std::size_t>(standing)];
  std::uint64_t sum = 0;
  for (std::size_t source = 0; source < kAnswerSources; ++source) { sum += source == kLocal ? 0 : row[source]; }
  return sum;
}

std::uint64_t Movement::from_source(AnswerSource source) const noexcept {
  std::uint64_t sum = 0;
  for (const auto& row : answers) { sum += row[static_cast<std::size_t>(source)]; }
  return sum;
}

std::uint64_t Movement::all_answers() const noexcept {
  std::uint64_t sum = 0;
  for (std::size_t standing = 0; standing < kStandings; ++standing) {
    sum += with_standing(static_cast<Standing>(standing));
  }
  return sum;
}

std::uint64_t PolicyFigures::all_answers() const noexcept {
  std::uint64_t sum = 0;
  for (const Source& source : sources) { sum += source.answers; }
  return sum;
}

std::uint64_t Movement::all_queries() const noexcept {
  std::uint64_t sum = 0;
  for (const std::uint64_t count : queries) { sum += count; }
  return sum;
}

std::uint64_t Movement::encrypted_queries() const noexcept {
  std::uint64_t sum = 0;
  for (std::size_t i = kFirstEncryptedTransport; i < kTransports; ++i) { sum += queries[i]; }
  return sum;
}

WithheldFigures Movement::all_withheld() const noexcept {
  WithheldFigures sum;
  for (const WithheldFigures& each : withheld) { sum += each; }
  return sum;
}

std::uint64_t rounded(std::uint64_t count) noexcept {
  constexpr std::uint64_t kTwoDigits = 100;
  if (count < kFewestClientPrefixes) { return 0; }
  std::uint64_t unit = 1;
  while (count / unit >= kTwoDigits) { unit *= 10; }
  return (count + unit / 2) / unit * unit;
}

}  // namespace vouch
