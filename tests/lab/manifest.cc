#include "tests/lab/manifest.h"

#include "tests/lab/text_file.h"

#include <fmt/format.h>

namespace vouch::lab {

namespace {

std::string joined(const std::vector<std::string>& parts, std::string_view separator) {
  std::string text;
  for (const std::string& part : parts) {
    if (!text.empty()) { text += separator; }
    text += part;
  }
  return text;
}

std::string or_dash(const std::string& text) { return text.empty() ? "-" : text; }

std::string hints(const Catalogue& catalogue) {
  std::string text;
  for (const Server& server : catalogue.zone(".")->servers) {
    text += fmt::format(". 3600000 IN NS {}\n", server.name);
    for (const std::string& address : server.addresses) {
      text += fmt::format("{} 3600000 IN {} {}\n", server.name, address.contains(':') ? "AAAA" : "A", address);
    }
  }
  return text;
}

Outcome<std::string> anchors(KeyStore& keys) {
  const Outcome<const ZoneKeys*> root = keys.of(".");
  if (!root) { return failure(root.error()); }
  const Rr ds(ldns_key_rr2ds((*root)->ksk.dnskey.get(), LDNS_SHA256));
  std::string text = taken(ldns_rr2str(ds.get()));
  const std::string dnskey = taken(ldns_rr2str((*root)->ksk.dnskey.get()));
  return text + dnskey.substr(0, dnskey.find(" ;")) + "\n";  // without ldns' comment on the key
}

std::string kind_of(const ZoneSpec& zone) {
  if (zone.algorithm == Algorithm::none) { return "unsigned"; }
  if (zone.flaw != Flaw::none) { return "broken"; }
  return zone.has_ds || zone.apex == "." ? "signed" : "island";
}

std::string manifest(const Catalogue& catalogue) {
  std::string text = "zone\tkind\tname\ttype\tverdict\tor\treason\tfault\trcode\ttransport\tanswer\tremark\n";
  for (const ZoneSpec& zone : catalogue.zones()) {
    for (const Expectation& row : zone.expectations) {
      text += fmt::format("{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\n", zone.apex, kind_of(zone), row.name,
                          row.type, text_of(row.verdict), or_dash(row.or_else), or_dash(row.reason), or_dash(row.fault),
                          row.rcode, row.transport, or_dash(joined(row.answer, " | ")), row.remark);
    }
  }
  return text;
}

std::string example(const Expectation& row) {
  return fmt::format("{}\t{}\t{}\t{}\t{}\t{}", row.name, row.type, row.transport, row.rcode, joined(row.answer, " | "),
                     row.remark);
}

// What any resolver answers.
std::string examples(const Catalogue& catalogue) {
  std::string text;
  for (const ZoneSpec& zone : catalogue.zones()) {
    for (const Expectation& row : zone.expectations) {
      if (row.example && row.verdict != Verdict::bogus) { text += example(row) + '\n'; }
    }
  }
  return text;
}

// What one that validates answers: these, the broken zones, and of each the verdict and what EDE should say.
std::string validating_examples(const Catalogue& catalogue) {
  std::string sound;
  std::string faulty;
  for (const ZoneSpec& zone : catalogue.zones()) {
    for (const Expectation& row : zone.expectations) {
      if (!row.example) { continue; }
      // For what is answered all the same the reason is enough: it need not be kept with the data whose zone's it was.
      const std::string told =
          row.verdict == Verdict::bogus ? fmt::format("{} zone={}", row.reason, row.fault) : row.reason;
      (told.empty() ? sound : faulty) += fmt::format("{}\t{}\t{}\n", example(row), text_of(row.verdict), told);
    }
  }
  return sound + faulty;
}

}  // namespace

Outcome<void> write_papers(const Catalogue& catalogue, KeyStore& keys, const std::string& dir) {
  const Outcome<std::string> anchor_text = anchors(keys);
  if (!anchor_text) { return failure(anchor_text.error()); }
  const std::pair<const char*, std::string> files[] = {{"root.hints", hints(catalogue)},
                                                       {"root.anchors", *anchor_text},
                                                       {"manifest.tsv", manifest(catalogue)},
                                                       {"examples.tsv", examples(catalogue)},
                                                       {"examples-validating.tsv", validating_examples(catalogue)}};
  for (const auto& [name, text] : files) {
    if (Outcome<void> written = write_file(fmt::format("{}/{}", dir, name), text); !written) { return written; }
  }
  return {};
}

std::string listing(const Catalogue& catalogue) {
  std::string text;
  for (const ZoneSpec& zone : catalogue.zones()) {
    text += fmt::format("{:<34} {:<9} {}\n", zone.apex, kind_of(zone), zone.about);
    for (const std::string& impairment : zone.impairments) {
      text += fmt::format("{:>46}{}\n", "on the wire: ", impairment);
    }
    for (const Expectation& row : zone.expectations) {
      std::string verdict(text_of(row.verdict));
      if (!row.or_else.empty()) { verdict += " or " + row.or_else; }
      if (!row.reason.empty()) { verdict += fmt::format(" ({})", row.reason); }
      text += fmt::format("    {} {}: {}, {}. {}\n", row.name, row.type, row.rcode, verdict, row.remark);
    }
  }
  return text;
}

}  // namespace vouch::lab
