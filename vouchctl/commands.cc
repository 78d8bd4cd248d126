#include "vouchctl/command.h"
#include "vouchctl/views.h"

namespace vouch {

namespace {

using Result = std::expected<Asked, std::string>;

Asked plain(const CtlCommand& self) { return {.request = {{"command", self.words}}}; }

Result ask_plain(const CtlCommand& self, const Words& words) {
  if (const auto rest = Options(words).rest(0, 0, ""); !rest) { return std::unexpected(rest.error()); }
  return plain(self);
}

// NAME [TYPE]
Result ask_name_and_type(const CtlCommand& self, const Words& words) {
  const auto rest = Options(words).rest(1, 2, self.usage);
  if (!rest) { return std::unexpected(rest.error()); }
  Asked asked = plain(self);
  asked.request["name"] = rest->at(0);
  if (rest->size() == 2) { asked.request["type"] = rest->at(1); }
  return asked;
}

Result ask_zone(const CtlCommand& self, const Words& words) {
  const auto rest = Options(words).rest(1, 1, self.usage);
  if (!rest) { return std::unexpected(rest.error()); }
  Asked asked = plain(self);
  asked.request["zone"] = rest->at(0);
  return asked;
}

Result ask_flush_type(const CtlCommand& self, const Words& words) {
  const auto rest = Options(words).rest(1, 1, self.usage);
  if (!rest) { return std::unexpected(rest.error()); }
  Asked asked = plain(self);
  asked.request["type"] = rest->at(0);
  return asked;
}

// ZONE --for TIME --reason TEXT [--stays]
Result ask_nta_add(const CtlCommand& self, const Words& words) {
  Options options(words);
  const auto span = options.value("--for");
  const auto reason = options.value("--reason");
  const bool stays = options.flag("--stays");
  const auto rest = options.rest(1, 1, self.usage);
  if (!rest) { return std::unexpected(rest.error()); }
  if (!span || !reason) { return std::unexpected("wants " + std::string(self.usage)); }
  Asked asked = plain(self);
  asked.request["zone"] = rest->at(0);
  asked.request["for"] = *span;
  asked.request["reason"] = *reason;
  if (stays) { asked.request["stays"] = true; }
  return asked;
}

Result ask_zones(const CtlCommand& self, const Words& words) {
  Options options(words);
  const bool failing = options.flag("--failing");
  if (const auto rest = options.rest(0, 0, ""); !rest) { return std::unexpected(rest.error()); }
  Asked asked = plain(self);
  if (failing) { asked.request["failing"] = true; }
  return asked;
}

Result ask_cache_dump(const CtlCommand& self, const Words& words) {
  Options options(words);
  const auto zone = options.value("--zone");
  if (const auto rest = options.rest(0, 0, ""); !rest) { return std::unexpected(rest.error()); }
  Asked asked = plain(self);
  if (zone) { asked.request["zone"] = *zone; }
  return asked;
}

// NAME [TYPE] [+flag ...], as dig has it.
Result ask_lookup(const CtlCommand& self, const Words& words) {
  Words others;
  Asked asked = plain(self);
  constexpr std::string_view kClient = "+client=";
  for (const std::string& word : words) {
    if (!word.starts_with('+')) {
      others.push_back(word);
    } else if (word == "+dnssec" || word == "+do") {
      asked.request["dnssec"] = true;
    } else if (word == "+cd" || word == "+cdflag") {
      asked.request["cd"] = true;
    } else if (word == "+short") {
      asked.is_short = true;
    } else if (word.starts_with(kClient) && word.size() > kClient.size()) {
      asked.request["client"] = word.substr(kClient.size());
    } else {
      return std::unexpected("unknown flag `" + printable(word) + "`: there are +dnssec, +cd, +short, +client=ADDRESS");
    }
  }
  const auto rest = Options(std::move(others)).rest(1, 2, "NAME [TYPE]");
  if (!rest) { return std::unexpected(rest.error()); }
  asked.request["name"] = rest->at(0);
  if (rest->size() == 2) { asked.request["type"] = rest->at(1); }
  return asked;
}

constexpr std::uint64_t kMostItems = 1'000'000'000;

Result ask_top(const CtlCommand& self, const Words& words) {
  Options options(words);
  const bool once = options.flag("--once");
  const auto seconds = options.number("--seconds", 1, 60);
  const auto rows = options.number("--rows", 1, 100);
  if (const auto rest = options.rest(0, 0, ""); !rest) { return std::unexpected(rest.error()); }
  Asked asked = plain(self);
  if (seconds) { asked.request["seconds"] = *seconds; }
  if (rows) { asked.request["rows"] = *rows; }
  asked.most = once ? 1 : 0;
  return asked;
}

Result ask_trace(const CtlCommand& self, const Words& words) {
  Options options(words);
  const auto count = options.number("--count", 1, kMostItems);
  const auto rest = options.rest(0, 1, self.usage);
  if (!rest) { return std::unexpected(rest.error()); }
  Asked asked = plain(self);
  if (!rest->empty()) { asked.request["zone"] = rest->at(0); }
  asked.most = count.value_or(0);
  return asked;
}

constexpr std::string_view kFlushDetails =
    "Forgotten is forgotten everywhere: sets, zone cuts, proofs, failures, what validation knows of zones, and "
    "finished "
    "answers. What is being resolved at this moment may still come in.";

constexpr CtlCommand kCommands[] = {
    {.words = "status",
     .usage = "",
     .summary = "what runs, since when, and how it is",
     .details = "",
     .ask = ask_plain,
     .view = status_view},
    {.words = "stats",
     .usage = "",
     .summary = "all counters, in groups",
     .details = "They count since vouchd was started. docs/metrics.md says what each proves.",
     .ask = ask_plain,
     .view = stats_view},
    {.words = "reload",
     .usage = "",
     .summary = "take up the changed configuration, without losing a query or the cache",
     .details =
         "A configuration with mistakes changes nothing: they are told, each with file, line and remedy, and the "
         "status is 1. Keys that take a restart are named; all others are in force.",
     .ask = ask_plain,
     .view = reload_view},
    {.words = "flush name",
     .usage = "NAME [TYPE]",
     .summary = "forget what is known of a name, or of one type of it",
     .details = kFlushDetails,
     .ask = ask_name_and_type,
     .view = flush_view},
    {.words = "flush zone",
     .usage = "ZONE",
     .summary = "forget a name and all below it",
     .details = kFlushDetails,
     .ask = ask_zone,
     .view = flush_view},
    {.words = "flush type",
     .usage = "TYPE",
     .summary = "forget all sets of one type",
     .details = kFlushDetails,
     .ask = ask_flush_type,
     .view = flush_view},
    {.words = "flush bogus",
     .usage = "",
     .summary = "forget all that failed validation, so that a mended zone is seen at once",
     .details = kFlushDetails,
     .ask = ask_plain,
     .view = flush_view},
    {.words = "flush all",
     .usage = "",
     .summary = "forget everything, servers' round-trip times too",
     .details =
         "Every question is then resolved anew: on a busy resolver the worst moment of the day. Mostly one of the "
         "narrower ones does.",
     .ask = ask_plain,
     .view = flush_view},
    {.words = "lookup",
     .usage = "NAME [TYPE] [+dnssec] [+cd] [+short] [+client=ADDRESS]",
     .summary = "resolve as a client would, and show the answer as dig does",
     .details =
         "TYPE is A without one. The question goes through the daemon's own front, so access list, local data, cache "
         "and validation have their say, and it counts among the queries over TCP.\n"
         "  +dnssec           with signatures and proofs (DO)\n"
         "  +cd               what failed validation as well (CD)\n"
         "  +short            the data alone\n"
         "  +client=ADDRESS   what a client at this address would be told; 127.0.0.1 without",
     .ask = ask_lookup,
     .view = lookup_view},
    {.words = "explain",
     .usage = "NAME [TYPE]",
     .summary = "why an answer is what it is: the chain of trust, step by step, with the first fault marked",
     .details = "TYPE is A without one. The name is resolved afresh, past the cache, and nothing of it is kept; what "
                "the cache "
                "tells clients meanwhile stands at the end. docs/explain.md says how to read it, and what --json has.",
     .ask = ask_name_and_type,
     .view = explain_view},
    {.words = "nta add",
     .usage = "ZONE --for TIME --reason TEXT [--stays]",
     .summary = "validate nothing at and below a zone that broke its own signatures, for a while (RFC 7646)",
     .details =
         "Its names are answered at once, without any protection: first make sure that it is a mistake and no attack. "
         "It ends with its time, or when the zone validates again.\n"
         "  --for TIME      how long: 45m, 2h or 7d, which is the most\n"
         "  --reason TEXT   why, for whoever reads the log, the list or the pages\n"
         "  --stays         to its end, even when the zone validates again before",
     .ask = ask_nta_add,
     .view = nta_add_view},
    {.words = "nta remove",
     .usage = "ZONE",
     .summary = "validate at and below a zone again, from the next query on",
     .details = "Only what was set by `nta add`; those of the configuration are taken out there.",
     .ask = ask_zone,
     .view = nta_remove_view},
    {.words = "nta list",
     .usage = "",
     .summary = "all negative trust anchors, until when, why, and what the last look at the zone found",
     .details = "",
     .ask = ask_plain,
     .view = nta_list_view},
    {.words = "zones",
     .usage = "[--failing]",
     .summary = "zones whose chain of trust breaks, and since when, why, and how many met it",
     .details = "Without --failing those that have recovered within the last day, too.",
     .ask = ask_zones,
     .view = zones_view},
    {.words = "anchors",
     .usage = "",
     .summary = "trust anchors and where each stands in its roll (RFC 5011); negative ones",
     .details = "",
     .ask = ask_plain,
     .view = anchors_view},
    {.words = "cache stats",
     .usage = "",
     .summary = "how full the caches are",
     .details = "",
     .ask = ask_plain,
     .view = cache_stats_view},
    {.words = "cache dump",
     .usage = "[--zone ZONE]",
     .summary = "what is in the cache, in presentation form with the TTLs left",
     .details =
         "Each set is followed by a comment with its verdict; negative answers are comments. The daemon walks "
         "through the cache as fast as the lines are taken, and holds none of it meanwhile: what comes or goes in "
         "between may be missing.",
     .ask = ask_cache_dump,
     .view = cache_dump_view},
    {.words = "snapshot",
     .usage = "",
     .summary = "write the cache to its file now, for the next start",
     .details = "Where cache.snapshot is enabled. It takes its time, so that clients do not notice.",
     .ask = ask_plain,
     .view = snapshot_view},
    {.words = "top",
     .usage = "[--once] [--seconds N] [--rows N]",
     .summary = "the most asked names and the busiest zones, live",
     .details = "Counted from the moment in which it is started; nothing is kept before or after. Ends with Ctrl-C.\n"
                "  --once        one look, after the first interval, and the end\n"
                "  --seconds N   between two looks, 1 to 60; 2 without\n"
                "  --rows N      of each list, 1 to 100; 15 without",
     .ask = ask_top,
     .view = top_view,
     .is_live = true},
    {.words = "trace",
     .usage = "[ZONE] [--count N]",
     .summary = "answers as they are given: question, outcome, source, time and verdict",
     .details =
         "With ZONE only those at and below it. Clients are not shown, and nothing is kept. What comes faster than "
         "it can be told is left out, and counted. Ends with Ctrl-C, or after N answers.",
     .ask = ask_trace,
     .view = trace_view,
     .is_live = true},
    {.words = "commands",
     .usage = "",
     .summary = "the names of all commands that this vouchd knows",
     .details = "",
     .ask = ask_plain,
     .view = commands_view},
};

}  // namespace

std::span<const CtlCommand> commands() { return kCommands; }

}  // namespace vouch
