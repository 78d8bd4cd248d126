#include "telemetry/web/pages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <set>
#include <sstream>

#include "telemetry/web/html.h"
#include "telemetry/zone_ledger.h"
#include "tests/unit/telemetry/markup.h"
#include "tests/web/sample_figures.h"

namespace vouch {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

const std::vector<Sample>& samples() {
  static const std::vector<Sample> all = all_samples();
  return all;
}

PageInput input_of(const Sample& sample, Page page, Language language, Viewer viewer) {
  return {.page = page,
          .language = language,
          .viewer = viewer,
          .figures = sample.figures,
          .status = sample.status,
          .month = sample.month,
          .utc_offset = sample.utc_offset};
}

struct Rendered {
  std::string what;
  const Sample& sample;
  Language language;
  Viewer viewer;
  Page page;
  std::string octets;
  Document document;
};

void render(const Sample& sample, const PageInput& input, const std::string& more,
            const std::function<void(const Rendered&)>& look) {
  std::string octets = render_page(input);
  Document document = read_markup(octets);
  look({sample.name + more + " " + std::string(kPagePaths[static_cast<std::size_t>(input.page)]) + " " +
            std::string(kLanguageTags[static_cast<std::size_t>(input.language)]),
        sample, input.language, input.viewer, input.page, std::move(octets), std::move(document)});
}

// Every page, for every sample, in every language, for both viewers, and every report.
void for_each_page(const std::function<void(const Rendered&)>& look) {
  for (const Sample& sample : samples()) {
    for (std::size_t i = 0; i < kLanguageTags.size(); ++i) {
      for (const Viewer viewer : {Viewer::subscriber, Viewer::resolver_operator}) {
        const auto language = static_cast<Language>(i);
        for (std::size_t page = 0; page < kPagePaths.size(); ++page) {
          render(sample, input_of(sample, static_cast<Page>(page), language, viewer), "", look);
        }
        PageInput site = input_of(sample, Page::site, language, viewer);
        site.asked = hostile_text();
        render(sample, site, " not tried", look);
        for (const SiteReport& report : sample.reports) {
          site.asked = report.name;
          site.report = &report;
          render(sample, site, " report", look);
        }
      }
    }
  }
}

TEST(Pages, AreWellFormedAndHaveTheirLandmarks) {
  for_each_page([](const Rendered& page) {
    SCOPED_TRACE(page.what);
    ASSERT_EQ(page.document.error, "");
    EXPECT_THAT(page.octets, StartsWith("<!doctype html>"));
    for (const char* once : {"html", "head", "body", "h1", "main"}) {
      EXPECT_EQ(page.document.count(once), 1U) << once;
    }
    EXPECT_GE(page.document.count("nav"), 2U);
    EXPECT_GE(page.document.count("header"), 1U);
    EXPECT_EQ(page.document.count("footer"), 1U);
    EXPECT_EQ(page.document.elements.front().attributes.at("lang"),
              kLanguageTags[static_cast<std::size_t>(page.language)]);
  });
}

TEST(Pages, CarryNoScriptOrStyleOfTheirOwn) {
  for_each_page([](const Rendered& page) {
    SCOPED_TRACE(page.what);
    EXPECT_EQ(page.document.count("script"), 1U);
    EXPECT_FALSE(page.document.has("style"));
    EXPECT_FALSE(page.document.has("img"));
    EXPECT_FALSE(page.document.has("iframe"));
    for (const Element& element : page.document.elements) {
      for (const auto& [name, value] : element.attributes) {
        EXPECT_NE(name, "style");
        EXPECT_FALSE(name.starts_with("on")) << name;
      }
      if (element.name == "script") { EXPECT_EQ(element.attributes.at("src"), "/app.js"); }
    }
  });
}

TEST(Pages, LinksStayHereOrSaySo) {
  for_each_page([](const Rendered& page) {
    SCOPED_TRACE(page.what);
    for (const Element& element : page.document.elements) {
      if (element.name != "a") { continue; }
      const std::string& link = element.attributes.at("href");
      if (link.starts_with("https://")) {
        EXPECT_THAT(link, AnyOf(StartsWith("https://dnsviz.net/"), StartsWith("https://zonemaster.net/")));
        EXPECT_THAT(element.attributes.at("rel"), HasSubstr("noreferrer"));
      } else if (link.starts_with('/')) {
        EXPECT_THAT(link, HasSubstr("?lang="));
      } else {
        ASSERT_THAT(link, StartsWith("#"));
        EXPECT_NE(page.document.by_id(link.substr(1)), nullptr);
      }
    }
  });
}

TEST(Pages, WhatRefersToAnIdFindsIt) {
  for_each_page([](const Rendered& page) {
    SCOPED_TRACE(page.what);
    std::set<std::string> ids;
    for (const Element& element : page.document.elements) {
      const auto id = element.attributes.find("id");
      if (id != element.attributes.end()) { EXPECT_TRUE(ids.insert(id->second).second) << id->second; }
    }
    const auto expect_ids = [&](const std::string& list) {
      std::istringstream words(list);
      for (std::string word; words >> word;) { EXPECT_TRUE(ids.contains(word)) << word; }
    };
    for (const Element& element : page.document.elements) {
      for (const auto& [name, value] : element.attributes) {
        if (name == "aria-labelledby" || name == "aria-describedby" || name == "for") { expect_ids(value); }
        if (value.starts_with("url(#")) { expect_ids(value.substr(5, value.size() - 6)); }
      }
    }
  });
}

TEST(Pages, EveryPictureHasWordsOrIsDecoration) {
  for_each_page([](const Rendered& page) {
    SCOPED_TRACE(page.what);
    for (const Element& element : page.document.elements) {
      if (element.name != "svg" || element.attributes.contains("preserveAspectRatio")) { continue; }
      EXPECT_TRUE(element.attributes.contains("aria-hidden") || element.attributes.contains("aria-labelledby"));
    }
  });
}

TEST(Pages, EveryClassIsInTheStyleSheet) {
  std::string sheet;
  for (const Asset& asset : assets()) {
    if (asset.path == "/style.css") { sheet = asset.body; }
  }
  std::set<std::string> classes;
  for_each_page([&](const Rendered& page) {
    for (const Element& element : page.document.elements) {
      const auto found = element.attributes.find("class");
      if (found == element.attributes.end()) { continue; }
      std::istringstream words(found->second);
      for (std::string word; words >> word;) { classes.insert(word); }
    }
  });
  for (const std::string& name : classes) { EXPECT_NE(sheet.find("." + name), std::string::npos) << name; }
}

TEST(Pages, HostileTextStaysText) {
  for_each_page([](const Rendered& page) {
    if (page.sample.name != "hostile") { return; }
    SCOPED_TRACE(page.what);
    EXPECT_THAT(page.octets, Not(HasSubstr("<script>")));
    EXPECT_THAT(page.octets, Not(HasSubstr("<img")));
    EXPECT_THAT(page.octets, Not(HasSubstr("onerror='")));
    EXPECT_THAT(page.octets, Not(HasSubstr("\u202E")));
    EXPECT_THAT(page.octets, Not(HasSubstr("\u200B")));
    if (page.viewer == Viewer::resolver_operator) {
      EXPECT_THAT(page.document.text, HasSubstr("\"><script>alert(1)</script>"));
      EXPECT_THAT(page.document.text, HasSubstr("`{0}{1}"));
    }
  });
}

TEST(Pages, EveryPlaceholderIsFilled) {
  for_each_page([](const Rendered& page) {
    if (page.sample.name == "hostile" || page.octets.find("{0}{1}") != std::string::npos) { return; }
    EXPECT_THAT(page.octets, Not(HasSubstr("{"))) << page.what;
  });
}

TEST(Pages, SubscribersSeeOnlyWhatIsPublic) {
  for_each_page([](const Rendered& page) {
    if (page.viewer != Viewer::subscriber || page.sample.name == "hostile") { return; }
    SCOPED_TRACE(page.what);
    if (!is_for_subscribers(page.page)) {
      EXPECT_THAT(page.octets, HasSubstr("HTTP 403"));
      EXPECT_THAT(page.octets, Not(HasSubstr("municipio")));
      return;
    }
    EXPECT_THAT(page.octets, Not(HasSubstr("/problems")));
    EXPECT_THAT(page.octets, Not(HasSubstr(page.sample.status.version)));
    if (page.page == Page::site) { return; }  // it shows what its reader asked for
    for (const char* hidden : {"club.example.net", "tienda.example.com", "cooperativa.example", "vieja.example",
                               "obras.example", "/var/lib", "192.0.2."}) {
      EXPECT_THAT(page.octets, Not(HasSubstr(hidden)));
    }
  });
}

TEST(Pages, SubscribersSeeWhatIsPublic) {
  const Sample sample = rich_sample();
  const std::string home = render_page(input_of(sample, Page::home, Language::spanish, Viewer::subscriber));
  EXPECT_THAT(home, HasSubstr("municipio-ejemplo.example."));
  EXPECT_THAT(home, HasSubstr("La firma venció hace 3 días y no se renovó."));
  EXPECT_THAT(home, HasSubstr("El responsable del dominio"));
}

std::string home_of(const Sample& sample, Viewer viewer = Viewer::subscriber) {
  return render_page(input_of(sample, Page::home, Language::english, viewer));
}

TEST(Home, TheFirstSentenceSaysHowItIs) {
  EXPECT_THAT(home_of(rich_sample()), HasSubstr("<h1>Working."));
  EXPECT_THAT(home_of(fresh_sample()), HasSubstr("<h1>Ready."));
  EXPECT_THAT(home_of(observing_sample()), HasSubstr("<h1>On trial."));
  EXPECT_THAT(home_of(off_sample()), HasSubstr("<h1>Answering without checking."));
  EXPECT_THAT(home_of(troubled_sample()), HasSubstr("<h1>The clock of this device is wrong"));
}

TEST(Home, NothingIsWellWhileNothingCanBeChecked) {
  EXPECT_THAT(home_of(fresh_sample()), HasSubstr("Nothing needs attention."));
  EXPECT_THAT(home_of(off_sample()), Not(HasSubstr("Nothing needs attention.")));
  EXPECT_THAT(home_of(troubled_sample()), Not(HasSubstr("Nothing needs attention.")));
  EXPECT_THAT(home_of(fresh_sample()), Not(HasSubstr("fits the root")));  // nobody has looked yet
}

TEST(Home, TilesAndChartAgree) {
  const Sample sample = rich_sample();
  const std::string home = home_of(sample);
  std::uint64_t lookups = 0;
  for (const Movement& quarter : sample.figures.quarter_hours) { lookups += quarter.all_withheld().lookups; }
  EXPECT_EQ(lookups, 17U);
  EXPECT_THAT(home, HasSubstr("<dd class=\"figure\">17</dd>"));
  EXPECT_THAT(home, HasSubstr("17 refused."));
  EXPECT_THAT(home, HasSubstr("<strong>17</strong> lookups were refused"));
  EXPECT_THAT(home, HasSubstr("15 lookups went unanswered"));
}

// Whoever is kept from a name by a list learns that there is one, and whoever runs the resolver learns which.
TEST(Policy, IsToldWhereItDidSomething) {
  const Sample sample = rich_sample();
  EXPECT_THAT(home_of(sample), HasSubstr("changed or kept back 1,842 answers"));
  EXPECT_THAT(home_of(sample), Not(HasSubstr("anuncios")));
  const auto operation = [](const Sample& of) {
    return render_page(input_of(of, Page::operation, Language::english, Viewer::resolver_operator));
  };
  EXPECT_THAT(operation(sample), HasSubstr("<h2>Policy</h2>"));
  EXPECT_THAT(operation(sample), HasSubstr("anuncios"));
  EXPECT_THAT(operation(sample), HasSubstr("rpz:feed.example"));
  EXPECT_THAT(operation(sample), Not(HasSubstr("rpz:silent.example"))) << "it did nothing";
  const Sample fresh = fresh_sample();
  EXPECT_THAT(home_of(fresh), Not(HasSubstr("kept back")));
  EXPECT_THAT(operation(fresh), Not(HasSubstr(">Policy<")));
}

TEST(Home, AYoungResolverShowsMinutes) {
  Sample sample = young_sample();
  ASSERT_FALSE(sample.figures.minutes.empty());
  EXPECT_THAT(home_of(sample), HasSubstr("Answers per minute, last hour"));
  sample.figures.started = sample.figures.taken - 3 * 3600;
  EXPECT_THAT(home_of(sample), HasSubstr("Answers, last 24 hours"));
}

TEST(Home, TheCostIsToldEvenIfItsCauseIsUnknown) {
  Sample sample = rich_sample();
  EXPECT_THAT(home_of(sample), HasSubstr("2 lookups went unanswered in this time, and whether"));
  sample.figures.day.withheld = {};
  sample.figures.day.withheld[static_cast<std::size_t>(Evidence::undetermined)] = {3, 1};
  EXPECT_THAT(home_of(sample), HasSubstr("1 lookup went unanswered in this time, and whether"));
  EXPECT_THAT(home_of(sample), Not(HasSubstr("No lookup went unanswered")));
  EXPECT_THAT(home_of(fresh_sample()), HasSubstr("No lookup went unanswered"));
}

TEST(Home, WhatIsNoZoneIsNamedInWords) {
  Sample sample = rich_sample();
  sample.figures.zones[0].zone = kPathText;
  sample.figures.zones[1].zone = kSelfText;
  const std::string home = home_of(sample);
  EXPECT_THAT(home, HasSubstr("The network in between"));
  EXPECT_THAT(home, HasSubstr("This resolver itself"));
  EXPECT_THAT(home, Not(HasSubstr("_path")));
}

TEST(Home, OnTrialNothingIsSaidToBeRefused) {
  const std::string home = home_of(observing_sample());
  EXPECT_THAT(home, HasSubstr("Would be refused"));
  EXPECT_THAT(home, Not(HasSubstr("lookups were refused")));
  EXPECT_THAT(home, HasSubstr("No lookup goes unanswered during the trial."));
}

TEST(Problems, PrefixesAreToldUpToTheThreshold) {
  const Sample sample = rich_sample();
  const std::string page = render_page(input_of(sample, Page::problems, Language::english, Viewer::resolver_operator));
  EXPECT_THAT(page, HasSubstr("<dt>Networks affected</dt><dd>5 or more</dd>"));
  EXPECT_THAT(page, HasSubstr("<dt>Networks affected</dt><dd>2</dd>"));
  EXPECT_THAT(page, HasSubstr("shown to you alone: fewer than 5 networks"));
  EXPECT_THAT(page, HasSubstr("rrsig_expired"));
  EXPECT_THAT(page, HasSubstr("12345, ECDSAP256SHA256 (13)"));
  EXPECT_THAT(page, HasSubstr("2001:db8:53::7"));
}

TEST(Problems, OneIsSingular) {
  Sample sample = rich_sample();
  sample.figures.zones[0].withheld = {.answers = 1, .lookups = 1};
  const auto page_in = [&](Language language) {
    return render_page(input_of(sample, Page::problems, language, Viewer::resolver_operator));
  };
  EXPECT_THAT(page_in(Language::english), HasSubstr("<dd>1 lookup (1 answer)</dd>"));
  EXPECT_THAT(page_in(Language::spanish), HasSubstr("<dd>1 consulta distinta (1 respuesta)</dd>"));
  EXPECT_THAT(page_in(Language::portuguese), HasSubstr("<dd>1 consulta distinta (1 resposta)</dd>"));
}

TEST(Problems, WhatIsUndeterminedIsNotCalledUnexplained) {
  const Sample sample = rich_sample();
  const auto page_in = [&](Language language) {
    return render_page(input_of(sample, Page::problems, language, Viewer::resolver_operator));
  };
  EXPECT_THAT(page_in(Language::english), HasSubstr("Mistake or tampering: we cannot tell."));
  EXPECT_THAT(page_in(Language::spanish), HasSubstr("Error o manipulación: no podemos saberlo."));
  EXPECT_THAT(page_in(Language::portuguese), HasSubstr("Erro ou adulteração: não há como saber."));
}

// Nobody is asked whether signatures were renewed since they were seen.
TEST(Home, OfSignaturesNearTheirEndNoMoreIsSaidThanWasSeen) {
  Sample sample = rich_sample();
  EXPECT_THAT(home_of(sample, Viewer::resolver_operator), HasSubstr("As last seen, its signatures run out on"));
  EXPECT_THAT(home_of(sample, Viewer::resolver_operator), Not(HasSubstr("have not been renewed")));
  sample.figures.expiring.front().expires = sample.figures.taken - 60;
  EXPECT_THAT(home_of(sample, Viewer::resolver_operator), HasSubstr("As last seen, its signatures ran out on"));
}

TEST(Adoption, FewNetworksAreNotToldAsNone) {
  Sample sample = rich_sample();
  sample.figures.clients = {.prefixes = 31, .only_encrypted = 0};  // 0: fewer than ten
  const std::string page = render_page(input_of(sample, Page::adoption, Language::english, Viewer::resolver_operator));
  EXPECT_THAT(page, HasSubstr("some 31 networks have asked; fewer than ten of them came encrypted every time"));
}

TEST(Status, EveryStateOfAnAnchorHasItsWord) {
  // key_state_name() of resolver/dnssec/rfc5011.h, and what has no memory.
  for (const char* state : {"add_pending", "valid", "missing", "revoked", "removed", "configured"}) {
    Sample sample = rich_sample();
    sample.status.anchors = {{".", 38'696, 8, state}};
    const std::string page = render_page(input_of(sample, Page::status, Language::english, Viewer::resolver_operator));
    EXPECT_THAT(page, Not(HasSubstr("not known"))) << state;
  }
}

TEST(PrivacyPage, WhatIsInMemoryIsToldAsItIs) {
  const Sample sample = rich_sample();
  const std::string page = render_page(input_of(sample, Page::privacy, Language::english, Viewer::subscriber));
  EXPECT_THAT(page, HasSubstr("Figures by the minute are in memory for a day."));  // Recent::kMinutes
}

TEST(PrivacyPage, ACopyForACollectorIsTold) {
  Sample sample = rich_sample();
  const auto page = [&](Language language) {
    return render_page(input_of(sample, Page::privacy, language, Viewer::subscriber));
  };
  EXPECT_THAT(page(Language::english), HasSubstr("There is no log of queries"));
  EXPECT_THAT(page(Language::english), Not(HasSubstr("dnstap")));
  sample.status.privacy.copies_messages = true;
  sample.status.privacy.copied_ipv4_prefix = 23;
  sample.status.privacy.copied_ipv6_prefix = 47;
  const std::string told = page(Language::english);
  EXPECT_THAT(told, Not(HasSubstr("There is no log of queries")));
  EXPECT_THAT(told, HasSubstr("Questions are copied to a collector (see the page Privacy)"));
  EXPECT_THAT(render_problem(404, Language::english), Not(HasSubstr("log of queries")));  // which knows no settings
  EXPECT_THAT(told, Not(HasSubstr("never who")));
  EXPECT_THAT(told, HasSubstr("the first 23 bits of an IPv4 address or the first 47 bits of an IPv6 address"));
  for (const Language language : {Language::spanish, Language::portuguese}) {
    EXPECT_THAT(page(language), HasSubstr("dnstap"));
  }
}

TEST(PrivacyPage, WhoeverIsShownWholeNamesIsTold) {
  Sample sample = rich_sample();
  const auto page = [&] { return render_page(input_of(sample, Page::privacy, Language::english, Viewer::subscriber)); };
  EXPECT_THAT(page(), HasSubstr("only as much of the name as it needs"));
  EXPECT_THAT(page(), Not(HasSubstr("passed on")));
  sample.status.privacy.forwards = Forwarding::some;
  EXPECT_THAT(page(), HasSubstr("only as much of the name as it needs"));
  EXPECT_THAT(page(), HasSubstr("Some names are passed on to other resolvers"));
  sample.status.privacy.forwards = Forwarding::all;
  EXPECT_THAT(page(), HasSubstr("All that you ask is passed on to other resolvers"));
  EXPECT_THAT(page(), Not(HasSubstr("only as much of the name as it needs")));
}

TEST(Site, WhatCannotBeCheckedIsNotCalledUnsigned) {
  const Sample sample = rich_sample();
  PageInput input = input_of(sample, Page::site, Language::english, Viewer::subscriber);
  SiteReport report;
  report.name = "old.example.";
  report.outcome = SiteReport::Outcome::answered;
  report.standing = Standing::insecure;
  report.reason = Reason::alg_unsupported;
  input.asked = report.name;
  input.report = &report;
  for (const auto outcome :
       {SiteReport::Outcome::answered, SiteReport::Outcome::no_data, SiteReport::Outcome::no_such_name}) {
    report.outcome = outcome;
    const std::string page = render_page(input);
    EXPECT_THAT(page, HasSubstr("The site is signed in a way we cannot check"));
    EXPECT_THAT(page, Not(HasSubstr("is not signed")));
    EXPECT_THAT(page, Not(HasSubstr("by signing the domain")));
  }
}

TEST(Site, OfATestSiteNobodyWondersWhetherItIsAMistake) {
  const Sample sample = rich_sample();
  PageInput input = input_of(sample, Page::site, Language::english, Viewer::subscriber);
  SiteReport report = sample.reports[1];
  report.is_test_zone = true;
  input.asked = report.name;
  input.report = &report;
  const std::string page = render_page(input);
  EXPECT_THAT(page, HasSubstr("broken on purpose"));
  EXPECT_THAT(page, Not(HasSubstr("we cannot tell")));
  EXPECT_THAT(page, Not(HasSubstr("could not tell")));
}

TEST(Site, RefusalNamesReasonAndWhoMustAct) {
  const Sample sample = rich_sample();
  PageInput input = input_of(sample, Page::site, Language::english, Viewer::subscriber);
  input.asked = "turnos.municipio-ejemplo.example";
  input.report = &sample.reports[1];
  const std::string page = render_page(input);
  EXPECT_THAT(page, HasSubstr("was refused: it could not be proven genuine"));
  EXPECT_THAT(page, HasSubstr("The signature ran out 3 days ago"));
  EXPECT_THAT(page, HasSubstr("The owner of the domain"));
  EXPECT_THAT(page, HasSubstr("https://dnsviz.net/d/municipio-ejemplo.example/dnssec/"));
  EXPECT_THAT(page, HasSubstr("like any other question"));
  EXPECT_THAT(page, Not(HasSubstr("stored"))) << "the answer is in the cache, and the fault in the ledger";
  EXPECT_THAT(page, HasSubstr("?lang=es&amp;name=turnos.municipio-ejemplo.example\""));
  EXPECT_THAT(page, Not(HasSubstr("data-renews")));  // it would look the name up again and again
}

TEST(Site, NamesInLinksAreEncoded) {
  const Sample sample = hostile_sample();
  PageInput input = input_of(sample, Page::site, Language::english, Viewer::subscriber);
  input.asked = sample.reports[0].name;
  input.report = &sample.reports[0];
  EXPECT_THAT(render_page(input), HasSubstr("https://dnsviz.net/d/%22%3E%3Cscript%3E"));
}

TEST(ProblemDocuments, AreWellFormed) {
  for (const unsigned status : {0U, 400U, 401U, 403U, 404U, 405U, 413U, 429U, 500U, 503U, 65'535U}) {
    for (std::size_t i = 0; i < kLanguageTags.size(); ++i) {
      const std::string page = render_problem(static_cast<std::uint16_t>(status), static_cast<Language>(i));
      const Document document = read_markup(page);
      EXPECT_EQ(document.error, "");
      EXPECT_EQ(document.count("h1"), 1U);
      EXPECT_THAT(page, Not(HasSubstr("{")));
    }
  }
}

}  // namespace
}  // namespace vouch
