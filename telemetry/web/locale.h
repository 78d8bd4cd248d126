// What the pages say, and how numbers and times are written, in each language. The sentences are in messages.inc, the
// three languages side by side; one that is missing, or lacks a placeholder, does not compile. Ids, names of metrics
// and whatever is copied into a command stay English.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "resolver/base/clock.h"
#include "resolver/wire/verdict.h"
#include "telemetry/taxonomy.h"
#include "telemetry/web/html.h"
#include "telemetry/web/pages.h"

namespace vouch {

enum class Message : std::uint16_t {
#define VOUCH_MESSAGE(id, english, spanish, portuguese) id,
#define VOUCH_COUNTED(id, ...)
#include "telemetry/web/messages.inc"
#undef VOUCH_MESSAGE
#undef VOUCH_COUNTED
};

// Sentences about a number of things, {0}.
enum class Counted : std::uint16_t {
#define VOUCH_MESSAGE(id, ...)
#define VOUCH_COUNTED(id, ...) id,
#include "telemetry/web/messages.inc"
#undef VOUCH_MESSAGE
#undef VOUCH_COUNTED
};

class Locale {
 public:
  Locale(Language language, std::int32_t utc_offset) noexcept : language_(language), utc_offset_(utc_offset) {}

  Language language() const noexcept { return language_; }
  std::string_view tag() const noexcept { return kLanguageTags[static_cast<std::size_t>(language_)]; }

  std::string_view text(Message message) const noexcept;
  // The sentence with {0}, {1}, ... replaced; what is put in is not searched for placeholders.
  Html say(Message message, std::initializer_list<Html> values = {}) const;
  // {0} is the number, `more` goes on from {1}.
  Html count(Counted sentence, std::uint64_t number, std::initializer_list<Html> more = {}) const;
  // The same with {0} as it is given, for a number that is rounded, marked up or spelled otherwise.
  Html count_as(Counted sentence, std::uint64_t number, Html shown, std::initializer_list<Html> more = {}) const;

  std::string number(std::uint64_t value) const;             // 48,200 or 48.200
  std::string rounded(std::uint64_t value) const;            // two significant digits
  std::string decimal(double value, unsigned digits) const;  // 1,234.5 or 1.234,5
  // "31%", "0.4%", "<0.1%"; "99.9%" up to the very whole; "–" of nothing.
  std::string percent(std::uint64_t part, std::uint64_t whole) const;
  std::string octets(std::uint64_t value) const;               // "12.3 MB"
  std::string duration(std::chrono::nanoseconds value) const;  // "1.2 ms"
  std::string span(std::int64_t seconds) const;                // "3 days"
  std::string date(UnixTime time) const;                       // "30 Nov 2026"
  std::string clock(UnixTime time) const;                      // "15:41"
  Html when(UnixTime time) const;                              // both, as a <time> element
  std::string zone() const;                                    // "UTC", "UTC−3", "UTC+5:30"

 private:
  std::string grouped(std::string digits) const;
  bool is_english() const noexcept { return language_ == Language::english; }

  Language language_;
  std::int32_t utc_offset_;
};

// The one sentence for each, and the word.
Message reason_sentence(Reason reason) noexcept;
Message evidence_sentence(Evidence evidence) noexcept;
Message fixer_name(Fixer fixer) noexcept;
Message fixer_advice(Fixer fixer) noexcept;
Message standing_word(Standing standing) noexcept;
Message zone_state_word(ZoneState state) noexcept;

}  // namespace vouch
