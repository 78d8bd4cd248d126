// Zones that are interesting for the records they hold, and zones of aliases.
#include <fmt/format.h>

#include "tests/lab/catalogue.h"

namespace vouch::lab {

namespace {

// SVCB and HTTPS in the generic form of RFC 3597, which every zone-file reader knows: priority 1, target ".",
// alpn="h2,h3" (RFC 9460 section 2.2).
constexpr const char* kServiceBinding = "\\# 13 0001 00 0001 0006 026832026833";
constexpr const char* kServiceBindingText = "1 . alpn=\"h2,h3\"";

void add_types(Catalogue& catalogue) {
  ZoneSpec& zone = catalogue.add(signed_zone("types.nsec.", "one of each record type people use", "127.3.3.1"));
  zone.records = {
      catalogue.a_record("www.types.nsec."),
      catalogue.aaaa_record("www.types.nsec."),
      "@ MX 10 mail.types.nsec.",
      "@ MX 20 mail.alg15.nsec.",
      catalogue.a_record("mail.types.nsec."),
      "@ TXT \"v=spf1 -all\"",
      "@ CAA 0 issue \"ca.types.nsec\"",
      "_sip._tcp SRV 10 60 5060 www.types.nsec.",
      fmt::format("www TYPE65 {}", kServiceBinding),
      fmt::format("_dns TYPE64 {}", kServiceBinding),
      "odd TYPE65400 \\# 4 0a000001",
      "quoted TXT \"one\" \"two words\" \"\"",
      "_443._tcp.www TLSA 3 1 1 0000000000000000000000000000000000000000000000000000000000000001",
      "@ NAPTR 100 10 \"S\" \"SIP+D2T\" \"\" _sip._tcp.types.nsec.",
  };
  zone.expectations = {
      as_example(secure_answer("types.nsec.", "MX", {"10 mail.types.nsec.", "20 mail.alg15.nsec."}, "mail servers")),
      as_example(secure_answer("types.nsec.", "TXT", {"\"v=spf1 -all\""}, "text")),
      as_example(secure_answer("types.nsec.", "CAA", {"0 issue \"ca.types.nsec\""}, "who may issue certificates")),
      as_example(secure_answer("_sip._tcp.types.nsec.", "SRV", {"10 60 5060 www.types.nsec."}, "a service")),
      as_example(secure_answer("www.types.nsec.", "HTTPS", {kServiceBindingText}, "a web site's service binding")),
      secure_answer("_dns.types.nsec.", "SVCB", {kServiceBindingText}, "a service binding"),
      as_example(secure_answer("odd.types.nsec.", "TYPE65400", {"\\# 4 0A000001"}, "a type nobody knows (RFC 3597)")),
      secure_answer("quoted.types.nsec.", "TXT", {"\"one\" \"two words\" \"\""}, "several strings, one empty"),
      as_example(denied("www.types.nsec.", "MX", "NOERROR", Verdict::secure, "the name exists, the type does not")),
  };
}

void add_wildcards(Catalogue& catalogue, const std::string& apex, Denial denial, const std::string& address) {
  ZoneSpec& zone = catalogue.add(signed_zone(apex, "wildcards (RFC 4592)", address));
  zone.denial = denial;
  const std::string star = "*." + apex;
  const std::string address_of_star = catalogue.a_of(star);
  zone.records = {catalogue.a_record(star), "* TXT \"from the wildcard\"", catalogue.a_record("explicit." + apex),
                  "*.alias CNAME explicit." + apex,
                  "below.hidden TXT \"makes hidden an empty non-terminal, which the wildcard does not cover\""};
  zone.expectations = {
      as_example(secure_answer("anything." + apex, "A", {address_of_star}, "a wildcard answers")),
      secure_answer("two.labels." + apex, "A", {address_of_star}, "a wildcard matches several labels"),
      secure_answer("explicit." + apex, "A", {catalogue.a_of("explicit." + apex)}, "the name itself wins"),
      denied("explicit." + apex, "TXT", "NOERROR", Verdict::secure,
             "a name that exists takes nothing from the wildcard"),
      denied("anything." + apex, "MX", "NOERROR", Verdict::secure, "the wildcard has no such type"),
      secure_answer("any.alias." + apex, "A", {"explicit." + apex, catalogue.a_of("explicit." + apex)},
                    "a wildcard that is an alias"),
      denied("hidden." + apex, "A", "NOERROR", Verdict::secure, "an empty non-terminal blocks the wildcard"),
      denied("x.hidden." + apex, "A", "NXDOMAIN", Verdict::secure, "the closest encloser has no wildcard"),
  };
}

void add_large(Catalogue& catalogue) {
  ZoneSpec& zone = catalogue.add(signed_zone("large.nsec.", "answers that do not fit UDP", "127.3.3.4"));
  std::string text;
  for (int i = 0; i < 24; ++i) { text += fmt::format(" \"{:0>250}\"", i); }
  zone.records = {"text TXT" + text};
  constexpr int kManyAddresses = 300;  // more than the 256 RRs at which a careful resolver might stop
  for (int i = 0; i < kManyAddresses; ++i) {
    zone.records.push_back(fmt::format("many A 198.18.{}.{}", i / 200, 1 + i % 200));
  }
  for (int i = 0; i < 120; ++i) { zone.records.push_back(fmt::format("some A 198.18.9.{}", 1 + i)); }
  Expectation long_text = secure_answer("text.large.nsec.", "TXT", {text.substr(1)}, "6 kB of text, over TCP");
  Expectation some = secure_answer("some.large.nsec.", "A", {}, "120 addresses, over TCP");
  for (int i = 0; i < 120; ++i) { some.answer.push_back(fmt::format("198.18.9.{}", 1 + i)); }
  Expectation many =
      secure_answer("many.large.nsec.", "A", {}, "300 addresses in one RRset; a resolver may refuse so many");
  for (int i = 0; i < kManyAddresses; ++i) { many.answer.push_back(fmt::format("198.18.{}.{}", i / 200, 1 + i % 200)); }
  many.or_else = text_of(Verdict::unreachable);
  long_text.transport = some.transport = many.transport = "tcp";
  zone.expectations = {long_text, some, many};
}

void chain(ZoneSpec& zone, const Catalogue& catalogue, const std::string& stem, int hops) {
  const std::string last = fmt::format("{}-end.{}", stem, zone.apex);
  Expectation expected =
      secure_answer(fmt::format("{}.{}", stem, zone.apex), "A", {}, fmt::format("a chain of {} aliases", hops));
  for (int i = 0; i < hops; ++i) {
    const std::string from = i == 0 ? stem : fmt::format("{}-{}", stem, i);
    const std::string to = i + 1 == hops ? last : fmt::format("{}-{}.{}", stem, i + 1, zone.apex);
    zone.records.push_back(fmt::format("{} CNAME {}", from, to));
    expected.answer.push_back(to);
  }
  zone.records.push_back(catalogue.a_record(last));
  expected.answer.push_back(catalogue.a_of(last));
  expected.example = hops <= 5;
  if (hops > 11) {
    // Resolvers stop a chain at eleven or so. Where this one stops is its own affair; the chain itself is sound.
    expected.remark += "; longer than most resolvers follow";
    expected.or_else = text_of(Verdict::unreachable);
  }
  zone.expectations.push_back(expected);
}

void add_cname_zone(Catalogue& catalogue) {
  ZoneSpec& zone =
      catalogue.add(signed_zone("alias.nsec.", "chains of CNAME, long and endless, here and elsewhere", "127.3.3.5"));
  chain(zone, catalogue, "two", 2);
  chain(zone, catalogue, "five", 5);
  chain(zone, catalogue, "eleven", 11);
  chain(zone, catalogue, "sixteen", 16);
  zone.records.insert(zone.records.end(), {"loop CNAME loop-1", "loop-1 CNAME loop-2", "loop-2 CNAME loop",
                                           "self CNAME self", "to-signed CNAME www.alg15.nsec.",
                                           "to-plain CNAME www.shop.plain.", "to-nowhere CNAME missing.alg15.nsec."});
  zone.expectations.push_back(secure_answer(
      "to-signed.alias.nsec.", "A", {"www.alg15.nsec.", catalogue.a_of("www.alg15.nsec.")}, "signed to signed"));
  zone.expectations.push_back(as_example(insecure_answer(
      "to-plain.alias.nsec.", "A", {"www.shop.plain.", catalogue.a_of("www.shop.plain.")}, "signed to unsigned")));
  Expectation nowhere = denied("to-nowhere.alias.nsec.", "A", "NXDOMAIN", Verdict::secure, "an alias of nothing");
  nowhere.answer = {"missing.alg15.nsec."};
  zone.expectations.push_back(nowhere);
  zone.expectations.push_back(or_else(
      unreachable("loop.alias.nsec.", "A", "an endless chain: SERVFAIL, or the aliases alone"), Verdict::secure));
  zone.expectations.push_back(or_else(
      unreachable("self.alias.nsec.", "A", "an alias of itself: SERVFAIL, or the alias alone"), Verdict::secure));
}

void add_dname_zone(Catalogue& catalogue) {
  ZoneSpec& zone = catalogue.add(signed_zone("dname.nsec.", "DNAME within and across zones (RFC 6672)", "127.3.3.6"));
  zone.records = {"old DNAME new.dname.nsec.",   catalogue.a_record("www.new.dname.nsec."),
                  "older DNAME old.dname.nsec.", "to-signed DNAME alg13.nsec.",
                  "to-plain DNAME shop.plain.",  "growing DNAME growing.growing.dname.nsec."};
  const std::string address = catalogue.a_of("www.new.dname.nsec.");
  zone.expectations = {
      as_example(secure_answer("www.old.dname.nsec.", "A", {"new.dname.nsec.", "www.new.dname.nsec.", address},
                               "a whole subtree renamed")),
      secure_answer("www.older.dname.nsec.", "A",
                    {"old.dname.nsec.", "www.old.dname.nsec.", "new.dname.nsec.", "www.new.dname.nsec.", address},
                    "two DNAMEs in a row"),
      secure_answer("www.to-signed.dname.nsec.", "A",
                    {"alg13.nsec.", "www.alg13.nsec.", catalogue.a_of("www.alg13.nsec.")}, "signed to signed"),
      insecure_answer("www.to-plain.dname.nsec.", "A",
                      {"shop.plain.", "www.shop.plain.", catalogue.a_of("www.shop.plain.")}, "signed to unsigned"),
      denied("missing.old.dname.nsec.", "A", "NXDOMAIN", Verdict::secure, "the new name does not exist"),
  };
  zone.expectations.back().answer = {"new.dname.nsec.", "missing.new.dname.nsec."};
}

// A chain that leads into a new zone at every step, on two back ends in turn so that no server can run ahead of the
// resolver by answering for the next zone as well.
void add_hops(Catalogue& catalogue) {
  constexpr int kHops = 8;
  Expectation expected = secure_answer("www.hop1.nsec.", "A", {}, "eight zones, one alias each");
  for (int i = 1; i <= kHops; ++i) {
    ZoneSpec& zone = catalogue.add(signed_zone(fmt::format("hop{}.nsec.", i),
                                               fmt::format("step {} of a chain through {} zones", i, kHops),
                                               fmt::format("127.3.4.{}", i)));
    zone.single_key = true;
    zone.backend = i % 2 == 0 ? "aside" : "";
    const std::string next = fmt::format("www.hop{}.nsec.", i + 1);
    const std::string here = fmt::format("www.hop{}.nsec.", i);
    zone.records = {i < kHops ? fmt::format("www CNAME {}", next) : catalogue.a_record(here)};
    expected.answer.push_back(i < kHops ? next : catalogue.a_of(here));
    if (i == kHops) { zone.expectations.push_back(expected); }
  }
}

}  // namespace

void add_data_zones(Catalogue& catalogue) {
  add_types(catalogue);
  add_wildcards(catalogue, "wild.nsec.", Denial::nsec, "127.3.3.2");
  add_wildcards(catalogue, "wild.nsec3.", Denial::nsec3, "127.3.3.3");
  add_large(catalogue);
  ZoneSpec& ent = catalogue.add(signed_zone("ent.nsec3.", "a name four empty non-terminals deep", "127.3.3.7"));
  ent.denial = Denial::nsec3;
  ent.records = {catalogue.a_record("a.b.c.d.e.ent.nsec3.")};
  ent.expectations = {
      as_example(secure_answer("a.b.c.d.e.ent.nsec3.", "A", {catalogue.a_of("a.b.c.d.e.ent.nsec3.")},
                               "below empty non-terminals")),
      denied("c.d.e.ent.nsec3.", "A", "NOERROR", Verdict::secure, "an empty non-terminal exists"),
      denied("x.c.d.e.ent.nsec3.", "A", "NXDOMAIN", Verdict::secure, "nothing beside it"),
  };
}

void add_alias_zones(Catalogue& catalogue) {
  add_cname_zone(catalogue);
  add_dname_zone(catalogue);
  add_hops(catalogue);
}

}  // namespace vouch::lab
