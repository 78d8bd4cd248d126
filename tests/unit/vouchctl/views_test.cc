// What people see, from what a daemon says: of this version, of another, and of one that repeats what strangers said.
#include "vouchctl/views.h"

#include <gtest/gtest.h>

namespace vouch {
namespace {

std::string shown(const std::string& command, const std::vector<std::string>& items, const std::string& last,
                  const Asked& asked = {}) {
  for (const CtlCommand& row : commands()) {
    if (row.words != command) { continue; }
    const auto view = row.view(asked);
    std::string out;
    for (const std::string& item : items) { out += view->item(Json::parse(item)); }
    return out + view->end(Json::parse(last));
  }
  return "no such command";
}

TEST(CtlViews, StatusIsAGlance) {
  const std::string out = shown("status", {}, R"({"ok":true,"version":"1.2.3","started":1788220800,"now":1788224400,
    "workers":4,"validation":"enforce","clock_trusted":false,"root_validated":1788220801,"failing_zones":3,
    "listeners":[{"protocol":"dns","address":"127.0.0.1@53"}],"certificate":null,
    "cache":{"entries":1234,"octets":1048576,"capacity":104857600},"resident_octets":52428800,"cpu_seconds":61.5,
    "history":{"enabled":false,"file":"","problem":"the disk is full"},"descriptors":{"open":9,"most":1024}})");
  for (const char* const part :
       {"vouchd 1.2.3, running for 1 h (since 2026-09-01 00:00:00 UTC)", "enforce; the clock does not fit",
        "held on 2026-09-01 00:00:01 UTC", "serves dns     127.0.0.1@53", "1,234 entries, 1.0 MiB of 100.0 MiB",
        "50.0 MiB", "1 min 1 s", "9 of 1024", "not written: the disk is full", "3   (vouchctl zones --failing)"}) {
    EXPECT_NE(out.find(part), std::string::npos) << part << " in\n" << out;
  }
}

TEST(CtlViews, StatsShowWhateverGroupsThereAre) {
  EXPECT_EQ(shown("stats", {}, R"({"ok":true,"now":7,"new_group":{"a":1234567,"deep":{"b":{"c":8}},"x":1.5}})"),
            "new_group\n  a         1,234,567\n  deep b c          8\n  x               1.5\n");
}

TEST(CtlViews, AnExplanationIsItsTextAndNothingThatMovesTheCursor) {
  EXPECT_EQ(shown("explain", {}, R"({"ok":true,"text":"one\n  two \u001b[31m\n","explanation":{}})"),
            "one\n  two \\027[31m\n");
  EXPECT_EQ(shown("explain", {}, R"({"ok":true})"), "vouchd has explained nothing.\n");
}

TEST(CtlViews, NegativeAnchorsSayWhenTheyEnd) {
  EXPECT_EQ(shown("nta add", {}, R"({"ok":true,"zone":"example.","until":1788220800,"stays":false,"saved":true})"),
            "Nothing is validated at and below example. until 2026-09-01 00:00:00 UTC, or until it validates again.\n");
  EXPECT_EQ(shown("nta add", {}, R"({"ok":true,"zone":"example.","until":1788220800,"stays":true,"saved":false,
                                    "problem":"the disk is full"})"),
            "Nothing is validated at and below example. until 2026-09-01 00:00:00 UTC.\n"
            "It is not remembered across a restart: the disk is full\n");
  EXPECT_EQ(shown("nta remove", {}, R"({"ok":true,"zone":"example.","saved":true})"),
            "Validation holds at example. again.\n");
  EXPECT_EQ(shown("nta remove", {}, R"({"ok":true,"zone":"a.example.","still_off_at":"example.","saved":true})"),
            "Validation stays switched off at a.example.: there is another at example. (nta list).\n");
  EXPECT_EQ(shown("nta remove", {}, R"({"ok":true,"zone":"example.","still_off_at":null,"saved":true})"),
            "Validation holds at example. again.\n");
  EXPECT_EQ(shown("nta list", {}, R"({"ok":true,"count":0})"),
            "There are no negative trust anchors: everything is validated.\n");
  const std::string list =
      shown("nta list",
            {R"({"zone":"a.","source":"run time","reason":"ill","until":1788220800,"stays":true,"last_check":1788220800,
                 "holds":false,"verdict":"rrsig_expired zone=a."})",
             R"({"zone":"b.","source":"configuration","reason":"","until":null})"},
            R"({"ok":true,"count":2})");
  for (const char* const part : {"ZONE", "a.", "2026-09-01 00:00:00 UTC (stays)", "rrsig_expired zone=a. at 2026-09-01",
                                 "ill", "b.", "taken out", "configuration"}) {
    EXPECT_NE(list.find(part), std::string::npos) << part << " in\n" << list;
  }
}

TEST(CtlViews, ZonesAreATableOrASentence) {
  const std::string out =
      shown("zones", {R"({"zone":"broken.","state":"failing","failing_since":1788220800,"failures":7,
              "withheld":{"answers":9,"lookups":8},"prefixes":2,"causes":[{"reason":"rrsig_expired",
              "evidence":"error_shown"}]})"},
            R"({"ok":true,"failing":true,"zones":1})");
  EXPECT_EQ(out,
            "ZONE     STATE    REASON         EVIDENCE     SINCE                    FAILURES  WITHHELD  NETWORKS\n"
            "broken.  failing  rrsig_expired  error_shown  2026-09-01 00:00:00 UTC         7         8         2\n");
  EXPECT_EQ(shown("zones", {}, R"({"ok":true,"failing":true,"zones":0})"), "No zone fails.\n");
}

TEST(CtlViews, FlushTellsHowMuchWent) {
  EXPECT_EQ(
      shown("flush all", {}, R"({"ok":true,"removed":{"rrsets":1200,"zones_of_trust":1,"proofs":0},"total":1201})"),
      "Forgotten: 1,200 rrsets, 1 zones of trust\n");
  EXPECT_EQ(shown("flush name", {}, R"({"ok":true,"removed":{"rrsets":0},"total":0})"), "Nothing of it was there.\n");
}

TEST(CtlViews, ADumpIsAZoneFileWithComments) {
  EXPECT_EQ(
      shown("cache dump",
            {R"({"kind":"rrset","name":"a.","type":"A","ttl":3,"verdict":"secure","records":["a. 3 IN A 192.0.2.1"]})",
             R"({"kind":"name_error","name":"b.","type":"ANY","ttl":9,"verdict":"bogus","reason":"nsec_missing",
                       "zone":"."})"},
            R"({"ok":true,"entries":2})"),
      "a. 3 IN A 192.0.2.1\n; secure\n; b. 9 ANY name_error, bogus: nsec_missing (.)\n; 2 entries\n");
}

TEST(CtlViews, ALookupLooksLikeDig) {
  const std::string last = R"({"ok":true,"name":"a.","type":"A","rcode":"NOERROR","flags":["qr","ad"],
    "extended_errors":[{"code":3,"name":"Stale Answer","text":"old"}],"octets":40,"milliseconds":12,
    "answer":[{"owner":"a.","ttl":3,"type":"A","data":"192.0.2.1"}],"authority":[],"additional":[]})";
  EXPECT_EQ(shown("lookup", {}, last),
            ";; ->>HEADER<<- opcode: QUERY, status: NOERROR\n"
            ";; flags: qr ad; ANSWER: 1, AUTHORITY: 0, ADDITIONAL: 0\n"
            "; EDE: 3 (Stale Answer): (old)\n"
            "\n;; QUESTION SECTION:\n;a.\tIN\tA\n"
            "\n;; ANSWER SECTION:\na.\t3\tIN\tA\t192.0.2.1\n"
            "\n;; Query time: 12 msec\n;; MSG SIZE  rcvd: 40\n");
  EXPECT_EQ(shown("lookup", {}, last, {.request = {}, .is_short = true}), "192.0.2.1\n");
}

TEST(CtlViews, ReloadNamesWhatTakesARestart) {
  EXPECT_EQ(shown("reload", {}, R"({"ok":true,"errors":[],"needs_restart":[]})"), "Reloaded.\n");
  EXPECT_EQ(shown("reload", {}, R"({"ok":true,"changed":["cache.ttl_max"],"needs_restart":["server.workers"]})"),
            "Reloaded. New values hold for:\n  cache.ttl_max\n"
            "What these keys say takes a restart of vouchd:\n  server.workers\n");
}

TEST(CtlViews, ATraceIsALineEachAndTellsOfWhatIsMissing) {
  EXPECT_EQ(shown("trace",
                  {R"({"time":1788220800.25,"name":"a.","type":"A","rcode":"SERVFAIL","source":"recursion",
                       "verdict":"bogus","reason":"rrsig_expired","zone":"b.","milliseconds":12.34})",
                   R"({"dropped":1500})"},
                  R"({"ok":true})"),
            "00:00:00.250 a. A SERVFAIL recursion bogus: rrsig_expired (b.) 12 ms\n"
            "; 1,500 answers came faster than they could be told\n");
}

TEST(CtlViews, TopClearsTheScreenForPeopleAlone) {
  const std::string line = R"({"seconds":2,"answers":10,"answers_per_second":5.0,"upstream_per_second":0.0,
    "sources":{"cache":10,"recursion":0},"standings":{"secure":5,"insecure":5},"dropped":3,
    "names":[{"name":"a.","answers":7}],"zones":[]})";
  const std::string out = shown("top", {line}, R"({"ok":true})");
  EXPECT_EQ(out.find('\x1b'), std::string::npos);
  EXPECT_NE(out.find("secure 50.0 %, insecure 50.0 %"), std::string::npos) << out;
  EXPECT_NE(out.find("a sample: 3 answers"), std::string::npos) << out;
  EXPECT_NE(out.find("      7  70.0 %  a.\n"), std::string::npos) << out;
  EXPECT_EQ(shown("top", {line}, R"({"ok":true})", {.request = {}, .is_terminal = true}).substr(0, 3), "\x1b[H");
}

// Every view, with hostile octets in every string, and with a daemon that says something else altogether.
TEST(CtlViews, NothingHostileComesThroughAny) {
  const std::string bad = R"("\u001b[2J\u202e\n\u0000")";
  const std::string records = R"([{"zone":)" + bad + R"(,"name":)" + bad + R"(,"owner":)" + bad + R"(,"data":)" + bad +
                              R"(,"text":)" + bad + R"(,"cache":)" + bad + R"(,"reason":)" + bad + "}," + bad + "]";
  std::string line =
      R"({"ok":true,"new\u001b":{"\u001b":)" + bad + R"(},"removed":{"\u001b":1},"sources":{"\u001b":1})";
  for (const char* const member : {"name", "zone", "type", "rcode", "source", "verdict", "reason", "kind", "version",
                                   "state", "validation", "owner", "ttl"}) {
    line += R"(,")" + std::string(member) + R"(":)" + bad;
  }
  for (const char* const member :
       {"records", "flags", "extended_errors", "answer", "authority", "anchors", "negative_anchors", "caches", "causes",
        "commands", "names", "zones", "changed", "needs_restart", "listeners"}) {
    line += R"(,")" + std::string(member) + R"(":)" + records;
  }
  line += "}";
  for (const CtlCommand& command : commands()) {
    for (const std::string& said :
         {line, std::string("{}"), std::string(R"({"removed":7,"causes":7,"cache":[],"flags":{}})")}) {
      const std::string out = shown(std::string(command.words), {said}, said);
      for (const char c : out) {
        EXPECT_TRUE((c >= ' ' && c <= '~') || c == '\n' || c == '\t') << command.words << " " << int{c};
      }
      // And no line of theirs, either.
      for (std::size_t at = out.find("[2J"); at != std::string::npos; at = out.find("[2J", at + 1)) {
        EXPECT_EQ(out.substr(at, 23), "[2J\\226\\128\\174\\010\\000") << command.words;
      }
    }
  }
}

}  // namespace
}  // namespace vouch
