#include "telemetry/web/locale.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "tests/web/sample_figures.h"

namespace vouch {
namespace {

const Locale kEnglish(Language::english, 0), kSpanish(Language::spanish, 0), kPortuguese(Language::portuguese, 0);

TEST(ChooseLanguage, WhatIsAskedForWins) {
  EXPECT_EQ(choose_language("es", "pt-BR"), Language::spanish);
  EXPECT_EQ(choose_language("PT-br", "en"), Language::portuguese);
  EXPECT_EQ(choose_language("pt", ""), Language::portuguese);
  EXPECT_EQ(choose_language("xx", "es"), Language::spanish);
  EXPECT_EQ(choose_language("", ""), Language::english);
}

TEST(ChooseLanguage, BestOfAcceptLanguage) {
  EXPECT_EQ(choose_language("", "es-AR,es;q=0.9,en;q=0.8"), Language::spanish);
  EXPECT_EQ(choose_language("", "fr-FR, pt-PT;q=0.7, en;q=0.3"), Language::portuguese);
  EXPECT_EQ(choose_language("", "en;q=0.1, es;q=0.25, pt;q=0.2"), Language::spanish);
  EXPECT_EQ(choose_language("", "es;q=0, pt;q=0.001"), Language::portuguese);
  EXPECT_EQ(choose_language("", "es;q=0"), Language::english);
  EXPECT_EQ(choose_language("", "*"), Language::english);
  EXPECT_EQ(choose_language("", "de, fr"), Language::english);
  EXPECT_EQ(choose_language("", "es , en"), Language::spanish);  // the first of equals
}

TEST(ChooseLanguage, NonsenseIsEnglish) {
  EXPECT_EQ(choose_language("", ";;;,,,q=1,"), Language::english);
  EXPECT_EQ(choose_language("", "es;q=abc"), Language::english);
  EXPECT_EQ(choose_language("", "es;q=0.1234"), Language::english);
  EXPECT_EQ(choose_language(hostile_text(), hostile_text()), Language::english);
  EXPECT_EQ(choose_language("", std::string(100'000, ',') + "es"), Language::english);
}

TEST(Locale, Numbers) {
  EXPECT_EQ(kEnglish.number(0), "0");
  EXPECT_EQ(kEnglish.number(999), "999");
  EXPECT_EQ(kEnglish.number(48'200), "48,200");
  EXPECT_EQ(kSpanish.number(1'234'567), "1.234.567");
  EXPECT_EQ(kPortuguese.number(UINT64_MAX), "18.446.744.073.709.551.615");
  EXPECT_EQ(kEnglish.decimal(1234.5, 1), "1,234.5");
  EXPECT_EQ(kSpanish.decimal(1234.5, 1), "1.234,5");
  EXPECT_EQ(kPortuguese.decimal(-0.25, 2), "\u22120,25");
}

TEST(Locale, TwoSignificantDigits) {
  EXPECT_EQ(kEnglish.rounded(0), "0");
  EXPECT_EQ(kEnglish.rounded(99), "99");
  EXPECT_EQ(kEnglish.rounded(1'183), "1,200");
  EXPECT_EQ(kEnglish.rounded(1'149), "1,100");
  EXPECT_EQ(kEnglish.rounded(996), "1,000");
}

TEST(Locale, ShareIsNeverRoundedToNothingOrAll) {
  EXPECT_EQ(kEnglish.percent(31, 100), "31%");
  EXPECT_EQ(kSpanish.percent(31, 100), "31\u00A0%");
  EXPECT_EQ(kPortuguese.percent(9'512, 100'000), "9,5%");
  EXPECT_EQ(kEnglish.percent(0, 7), "0%");
  EXPECT_EQ(kEnglish.percent(1, 1'000'000), "<0.1%");
  EXPECT_EQ(kEnglish.percent(999'999, 1'000'000), "99.9%");
  EXPECT_EQ(kEnglish.percent(7, 7), "100%");
  EXPECT_EQ(kEnglish.percent(0, 0), "\u2013");
  EXPECT_EQ(kEnglish.percent(9'950, 100'000), "10%");
}

TEST(Locale, OctetsAndDurations) {
  EXPECT_EQ(kEnglish.octets(999), "999\u00A0B");
  EXPECT_EQ(kSpanish.octets(67'108'864), "67,1\u00A0MB");
  EXPECT_EQ(kEnglish.octets(999'999), "1.0\u00A0MB");
  EXPECT_EQ(kEnglish.duration(std::chrono::nanoseconds(850)), "850\u00A0ns");
  EXPECT_EQ(kPortuguese.duration(std::chrono::microseconds(1'250)), "1,2\u00A0ms");
  EXPECT_EQ(kEnglish.duration(std::chrono::milliseconds(48)), "48\u00A0ms");
  EXPECT_EQ(kEnglish.duration(std::chrono::nanoseconds(-5)), "0\u00A0ns");
}

TEST(Locale, Spans) {
  EXPECT_EQ(kEnglish.span(1), "1 second");
  EXPECT_EQ(kSpanish.span(59), "59 segundos");
  EXPECT_EQ(kEnglish.span(60), "1 minute");
  EXPECT_EQ(kPortuguese.span(7'300), "2 horas");
  EXPECT_EQ(kSpanish.span(3 * 86'400), "3 d\u00EDas");
  EXPECT_EQ(kEnglish.span(-1), "0 seconds");
}

TEST(Locale, DatesAreWrittenAsEachLanguageWritesThem) {
  EXPECT_EQ(kEnglish.date(kSampleTime), "30 Nov 2026");
  EXPECT_EQ(kSpanish.date(kSampleTime), "30 nov 2026");
  EXPECT_EQ(kPortuguese.date(kSampleTime), "30 de nov. de 2026");
  EXPECT_EQ(kEnglish.clock(kSampleTime), "15:41");
  EXPECT_EQ(kEnglish.when(kSampleTime).octets(), "<time datetime=\"2026-11-30T15:41:00Z\">30 Nov 2026, 15:41</time>");
}

TEST(Locale, TimesAreThoseOfTheServersPlace) {
  const Locale buenos_aires(Language::spanish, -3 * 3600), kathmandu(Language::english, 5 * 3600 + 45 * 60);
  EXPECT_EQ(buenos_aires.clock(kSampleTime), "12:41");
  EXPECT_EQ(buenos_aires.zone(), "UTC\u22123");
  EXPECT_EQ(kathmandu.zone(), "UTC+5:45");
  EXPECT_EQ(kEnglish.zone(), "UTC");
  EXPECT_EQ(buenos_aires.date(1'796'083'199), "30 nov 2026");  // 2026-12-01 00:00 UTC less a second, and on
  EXPECT_THAT(buenos_aires.when(kSampleTime).octets(), ::testing::HasSubstr("\"2026-11-30T15:41:00Z\""));
}

TEST(Locale, ImpossibleTimesAreShownAsTheNearest) {
  EXPECT_EQ(kEnglish.date(INT64_MIN), "1 Jan 1970");
  EXPECT_EQ(kEnglish.date(INT64_MAX), "31 Dec 9999");
  EXPECT_EQ(Locale(Language::english, INT32_MIN).zone(), "UTC\u221214");
}

TEST(Locale, Plurals) {
  EXPECT_EQ(kEnglish.count(Counted::span_days, 1).octets(), "1 day");
  EXPECT_EQ(kEnglish.count(Counted::span_days, 0).octets(), "0 days");
  EXPECT_EQ(kSpanish.count(Counted::span_hours, 1).octets(), "1 hora");
  EXPECT_EQ(kSpanish.count(Counted::span_hours, 2'000).octets(), "2.000 horas");
  EXPECT_EQ(kPortuguese.count(Counted::span_days, 0).octets(), "0 dias");
  EXPECT_EQ(kPortuguese.count(Counted::other_causes, 1).octets(), "Mais uma causa");
}

TEST(Locale, WhatIsPutInIsNotSearchedAgain) {
  const Html html = kEnglish.say(Message::of_at_most, {"{1}<", "{0}"});
  EXPECT_EQ(html.octets(), "{1}&lt; of at most {0}");
}

struct Row {
  std::string_view id;
  std::array<std::string_view, kLanguageTags.size()> texts;
};
constexpr Row kRows[] = {
#define VOUCH_MESSAGE(id, english, spanish, portuguese) {#id, {english, spanish, portuguese}},
#define VOUCH_COUNTED(id, en_one, en_other, es_one, es_other, pt_one, pt_other) \
  {#id "_one", {en_one, es_one, pt_one}}, {#id, {en_other, es_other, pt_other}},
#include "telemetry/web/messages.inc"
#undef VOUCH_MESSAGE
#undef VOUCH_COUNTED
};

TEST(Messages, SentencesAreTranslated) {
  constexpr std::size_t kLabel = 14;  // shorter ones may be the same word, or no word at all
  for (const Row& row : kRows) {
    for (std::size_t i = 1; i < row.texts.size(); ++i) {
      if (row.texts[0].size() > kLabel) { EXPECT_NE(row.texts[i], row.texts[0]) << row.id; }
    }
    if (row.texts[1].size() > 4 * kLabel) { EXPECT_NE(row.texts[1], row.texts[2]) << row.id; }
  }
}

TEST(Messages, LanguagesEndSentencesAlike) {
  for (const Row& row : kRows) {
    for (const std::string_view text : row.texts) {
      EXPECT_EQ(text.ends_with('.'), row.texts[0].ends_with('.')) << row.id;
      EXPECT_FALSE(text.starts_with(' ') || text.ends_with(' ')) << row.id;
      EXPECT_EQ(text.find("  "), std::string_view::npos) << row.id;
      EXPECT_EQ(text.find_first_of("<>"), std::string_view::npos) << row.id;
    }
  }
}

// Shares of figures, who did it, and that all is safe: none of it can be known here (docs/telemetry.md).
TEST(Messages, NothingIsClaimedThatCannotBeKnown) {
  const std::array<std::vector<std::string>, kLanguageTags.size()> kForbidden{
      {{"blocked", "attacks", "attacker", "hacker", "criminal", "malicious", "prevented", "protected", "threat",
        "safe site"},
       {"bloque", "ataques", "atacante", "hacker", "delincuen", "malicios", "evitado", "protegid", "amenaza",
        "sitio seguro"},
       {"bloque", "ataques", "atacante", "hacker", "criminos", "malicios", "evitad", "protegid", "ameaça",
        "site seguro"}}};
  for (const Row& row : kRows) {
    for (std::size_t i = 0; i < kForbidden.size(); ++i) {
      for (const std::string& word : kForbidden[i]) {
        EXPECT_EQ(row.texts[i].find(word), std::string_view::npos) << row.id << ": " << word;
      }
    }
  }
}

TEST(Messages, EachReasonEvidenceAndFixerHasItsOwn) {
  std::set<Message> reasons, evidences, fixers;
  for (std::size_t i = 0; i < kReasons; ++i) { reasons.insert(reason_sentence(static_cast<Reason>(i))); }
  for (std::size_t i = 0; i < kEvidences; ++i) { evidences.insert(evidence_sentence(static_cast<Evidence>(i))); }
  for (std::size_t i = 0; i < kFixers; ++i) {
    fixers.insert(fixer_name(static_cast<Fixer>(i)));
    fixers.insert(fixer_advice(static_cast<Fixer>(i)));
  }
  EXPECT_EQ(reasons.size(), kReasons);
  EXPECT_EQ(evidences.size(), kEvidences);
  EXPECT_EQ(fixers.size(), 2 * kFixers);
  EXPECT_EQ(kEnglish.text(evidence_sentence(Evidence::forgery_shown)),
            "A false reply competed with the genuine one and was refused.");
}

}  // namespace
}  // namespace vouch
