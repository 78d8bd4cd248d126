// Zones that are interesting for how they are delegated, and for who serves them.
#include <fmt/format.h>

#include "tests/lab/catalogue.h"

namespace vouch::lab {

namespace {

void give_www(Catalogue& catalogue, ZoneSpec& zone) {
  const std::string www = "www." + zone.apex;
  zone.records.push_back(catalogue.a_record(www));
  zone.records.push_back(catalogue.aaaa_record(www));
}

// Adds the zone with a www, and says what a validator makes of it.
ZoneSpec& add_with_www(Catalogue& catalogue, ZoneSpec spec, Verdict verdict, const std::string& remark) {
  ZoneSpec& zone = catalogue.add(std::move(spec));
  give_www(catalogue, zone);
  const std::string www = "www." + zone.apex;
  if (verdict == Verdict::unreachable) {
    zone.expectations.push_back(unreachable(www, "A", remark));
  } else {
    Expectation expected = secure_answer(www, "A", {catalogue.a_of(www)}, remark);
    expected.verdict = verdict;
    zone.expectations.push_back(expected);
  }
  return zone;
}

void add_insecure_delegations(Catalogue& catalogue) {
  int number = 0;
  for (const char* tld : {"nsec.", "nsec3.", "optout."}) {
    ZoneSpec& zone = add_with_www(catalogue,
                                  plain_zone(fmt::format("insecure.{}", tld), "an unsigned zone below a signed TLD",
                                             fmt::format("127.3.5.{}", ++number)),
                                  Verdict::insecure, "proven to be unsigned");
    zone.expectations.back().example = number == 1;
  }
  ZoneSpec island = signed_zone("island.insecure.nsec.", "signed, but the zone above is not: an island", "127.3.5.4");
  island.has_ds = false;
  add_with_www(catalogue, std::move(island), Verdict::insecure, "no chain leads here");
  add_with_www(catalogue, plain_zone("shop.plain.", "an unsigned zone below an unsigned TLD", "127.3.5.5"),
               Verdict::insecure, "nothing signed on the way")
      .expectations.back()
      .example = true;
  ZoneSpec lone = signed_zone("signed.plain.", "signed below an unsigned TLD", "127.3.5.6");
  lone.has_ds = false;
  add_with_www(catalogue, std::move(lone), Verdict::insecure, "signatures without a chain");
  ZoneSpec secure = signed_zone("secure.optout.", "signed below an opt-out TLD", "127.3.5.7");
  secure.denial = Denial::nsec3;
  add_with_www(catalogue, std::move(secure), Verdict::secure, "opt-out does not touch signed zones");
}

void add_depth(Catalogue& catalogue) {
  ZoneSpec& deep =
      add_with_www(catalogue, signed_zone("a.b.c.nsec3.", "delegated three labels below its parent", "127.3.6.1"),
                   Verdict::secure, "b.c.nsec3. and c.nsec3. are empty non-terminals");
  deep.expectations.push_back(
      denied("b.c.nsec3.", "A", "NOERROR", Verdict::secure, "an empty non-terminal above a cut"));
  for (int level = 1; level <= 3; ++level) {
    const std::string apex = level == 1 ? "levels.nsec." : level == 2 ? "two.levels.nsec." : "three.two.levels.nsec.";
    add_with_www(
        catalogue,
        signed_zone(apex, fmt::format("level {} of three signed zones", level), fmt::format("127.3.6.{}", 1 + level)),
        Verdict::secure, "one more link in the chain");
  }
  // One NSD on purpose: asked for the child it answers at once, and no referral ever shows the DS.
  ZoneSpec parent = signed_zone("parent.nsec.", "on one server with its child", "127.3.6.5");
  parent.backend = "together";
  add_with_www(catalogue, std::move(parent), Verdict::secure, "the parent");
  ZoneSpec child = signed_zone("child.parent.nsec.", "on one server with its parent", "127.3.6.5");
  child.backend = "together";
  add_with_www(catalogue, std::move(child), Verdict::secure, "the DS has to be asked for");
}

void add_name_server_shapes(Catalogue& catalogue) {
  ZoneSpec sib_a =
      signed_zone("sibling-a.nsec.", "served by a host in sibling-b.nsec., with sibling glue", "127.3.7.1");
  sib_a.servers[0].name = "ns1.sibling-b.nsec.";
  add_with_www(catalogue, std::move(sib_a), Verdict::secure, "sibling glue");
  add_with_www(catalogue, signed_zone("sibling-b.nsec.", "holds the name server of sibling-a.nsec.", "127.3.7.1"),
               Verdict::secure, "in-domain glue");
  add_with_www(catalogue,
               plain_zone("hosting.plain.", "a hosting company: its host names serve other zones", "127.3.7.2"),
               Verdict::insecure, "where ns1.hosting.plain. is found");
  for (const char* apex : {"outside.nsec.", "outside.nsec3."}) {
    ZoneSpec zone = signed_zone(apex, "served by ns2.hosting.plain.: no glue is possible", "127.3.7.3");
    zone.servers[0].name = "ns2.hosting.plain.";
    add_with_www(catalogue, std::move(zone), Verdict::secure, "an out-of-bailiwick server without glue");
  }
  add_with_www(catalogue, signed_zone("v6only.nsec.", "its server has an IPv6 address only", "::1"), Verdict::secure,
               "IPv6 only");
  ZoneSpec dual = signed_zone("dual.nsec.", "its server has an IPv4 and an IPv6 address", "127.3.7.4");
  dual.servers[0].addresses.push_back("::1");
  add_with_www(catalogue, std::move(dual), Verdict::secure, "IPv4 and IPv6");
  for (const char* pair : {"ab", "ba"}) {
    ZoneSpec zone = plain_zone(fmt::format("cycle-{}.plain.", pair[0]),
                               "its server's name lies in the other cycle zone: a dead end",
                               fmt::format("127.3.7.{}", pair[0] == 'a' ? 5 : 6));
    zone.servers[0].name = fmt::format("ns1.cycle-{}.plain.", pair[1]);
    zone.has_glue = false;
    add_with_www(catalogue, std::move(zone), Verdict::unreachable, "a cyclic delegation without glue");
  }
}

std::vector<Server> servers(const std::string& apex, const std::string& stem, int silent, int lame, int serving) {
  std::vector<Server> out;
  const int count = silent + lame + serving;
  for (int i = 1; i <= count; ++i) {
    const Role role = i <= silent ? Role::silent : i <= silent + lame ? Role::lame : Role::serves;
    out.push_back(
        {.name = fmt::format("ns{}.{}", i, apex), .addresses = {fmt::format("{}.{}", stem, i)}, .role = role});
  }
  return out;
}

void add_absent_servers(Catalogue& catalogue) {
  ZoneSpec ten = signed_zone("ten.nsec.", "ten servers: four silent, three lame, three good", "");
  ten.servers = servers(ten.apex, "127.7.1", 4, 3, 3);
  add_with_www(catalogue, std::move(ten), Verdict::secure, "seven of ten servers are useless");
  ZoneSpec dead = signed_zone("dead.nsec.", "a signed zone whose two servers are silent", "");
  dead.servers = servers(dead.apex, "127.7.2", 2, 0, 0);
  add_with_www(catalogue, std::move(dead), Verdict::unreachable, "nobody answers");
  ZoneSpec thirteen = plain_zone("dead.plain.", "an unsigned zone whose thirteen servers are silent", "");
  thirteen.servers = servers(thirteen.apex, "127.7.3", 13, 0, 0);
  add_with_www(catalogue, std::move(thirteen), Verdict::unreachable, "thirteen servers, none answers");
  ZoneSpec lame = plain_zone("lame.plain.", "ten servers, all of them lame", "");
  lame.servers = servers(lame.apex, "127.7.4", 0, 10, 0);
  add_with_www(catalogue, std::move(lame), Verdict::unreachable, "every server refuses");
  ZoneSpec stale =
      signed_zone("stale-secondary.nsec.", "the first of two servers holds an old copy with expired signatures", "");
  stale.servers = servers(stale.apex, "127.7.5", 0, 0, 2);
  stale.servers[0].stale = true;
  add_with_www(catalogue, std::move(stale), Verdict::secure, "the second server is good");
}

struct Impaired {
  const char* apex;
  const char* about;
  const char* impairment;
  Verdict verdict;
  const char* remark;
};

void add_impaired_servers(Catalogue& catalogue) {
  using enum Verdict;
  static constexpr Impaired kZones[] = {
      {"slow.nsec.", "answers after 300 ms", "delay=300 jitter=50", secure, "late, but right"},
      {"lossy.nsec.", "loses three questions of ten", "drop=0.3", secure, "right in the end"},
      {"truncated.nsec.", "every UDP answer is truncated", "truncate", secure, "comes over TCP"},
      {"wrong-id.nsec.", "three replies with wrong ids before the right one", "wrong-id=3", secure, "somebody guesses"},
      {"malformed.nsec.", "three malformed replies before the right one", "malformed=3", secure, "junk first"},
      {"forged.nsec.", "over UDP a forged reply before the right one", "transport=udp forge=1", secure,
       "never the forged address"},
      {"case-mangled.nsec.", "turns the case of the name it was asked", "case=mangle", secure, "no 0x20 with this one"},
      {"case-lowered.nsec.", "lower-cases the name it was asked", "case=lower", secure, "no 0x20 with this one"},
      {"tcp-only.nsec.", "silent over UDP", "transport=udp drop=1", secure, "answers over TCP alone"},
      {"rrsig-stripped.nsec.", "something on the way removes all signatures", "strip=rrsig", bogus, "stripped"},
      {"formerr-edns.plain.", "FORMERR to whoever uses EDNS", "edns=formerr", insecure, "answers without EDNS"},
      {"no-opt.plain.", "ignores EDNS", "edns=ignore", insecure, "answers without OPT"},
      {"badvers.plain.", "BADVERS to whoever uses EDNS", "edns=badvers", insecure, "answers without EDNS"},
      {"refused.plain.", "REFUSED to everything", "rcode=REFUSED", unreachable, "refused"},
      {"servfail.plain.", "SERVFAIL to everything", "rcode=SERVFAIL", unreachable, "failing"},
      {"formerr.plain.", "FORMERR to everything", "rcode=FORMERR", unreachable, "understands nothing"},
      {"notimp.plain.", "NOTIMP to everything", "rcode=NOTIMP", unreachable, "implements nothing"},
      {"tc-closed.plain.", "truncates over UDP and closes over TCP", "truncate tcp=close", unreachable, "no way in"},
      {"tcp-short.nsec.", "truncates over UDP; one answer per TCP connection", "truncate tcp-limit=1", secure,
       "reconnect each time"},
  };
  int number = 0;
  for (const Impaired& row : kZones) {
    const std::string address = fmt::format("127.7.6.{}", ++number);
    const bool is_signed = std::string_view(row.apex).ends_with(".nsec.");
    ZoneSpec spec = is_signed ? signed_zone(row.apex, row.about, address) : plain_zone(row.apex, row.about, address);
    spec.impairments = {row.impairment};
    ZoneSpec& zone = add_with_www(catalogue, std::move(spec), row.verdict, row.remark);
    const std::string www = "www." + zone.apex;
    if (row.verdict == bogus) {
      zone.expectations = {vouch::lab::bogus(www, "A", Flaw::rrsig_missing, zone.apex, row.remark)};
    }
    // A resolver that believes the first reply finds a false signature; one that asks again over TCP finds the truth.
    if (zone.apex == "forged.nsec.") { zone.expectations[0].or_else = text_of(bogus); }
    // A resolver that gives up on EDNS after BADVERS to version 0 is generous; the protocol does not ask it to.
    if (zone.apex == "badvers.plain.") { zone.expectations[0].or_else = text_of(unreachable); }
    if (zone.apex == "tcp-only.nsec.") { zone.expectations[0].or_else = text_of(unreachable); }
    zone.expectations[0].example = zone.apex == "slow.nsec." || zone.apex == "truncated.nsec.";
  }
}

void add_nxns(Catalogue& catalogue) {
  ZoneSpec& zone = catalogue.add(plain_zone(
      "nxns.plain.", "an NXNS attacker: s1 to s20 each name 100 servers in victim.plain., none exists", "127.7.7.1"));
  constexpr int kReferrals = 20;  // a fresh one for each try, so that no cache hides the cost
  constexpr int kServers = 100;
  for (int referral = 1; referral <= kReferrals; ++referral) {
    for (int server = 1; server <= kServers; ++server) {
      zone.records.push_back(fmt::format("s{} NS n{}-{}.victim.plain.", referral, server, referral));
    }
  }
  zone.expectations = {
      unreachable("www.s1.nxns.plain.", "A", "few questions may reach victim.plain.: see `ctl stats`")};
  add_with_www(catalogue, plain_zone("victim.plain.", "the victim of nxns.plain.", "127.7.7.2"), Verdict::insecure,
               "still answering");
}

}  // namespace

void add_delegation_zones(Catalogue& catalogue) {
  add_insecure_delegations(catalogue);
  add_depth(catalogue);
  add_name_server_shapes(catalogue);
}

void add_server_zones(Catalogue& catalogue) {
  add_absent_servers(catalogue);
  add_impaired_servers(catalogue);
  add_nxns(catalogue);
}

}  // namespace vouch::lab
