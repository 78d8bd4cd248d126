#include "conf/document.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <set>

#include "conf/map_reader.h"
#include "conf/schema.h"
#include "tests/unit/conf/loading.h"

namespace vouch {
namespace {

std::string file_text(const std::string& path) {
  std::ifstream file(std::string(VOUCH_SOURCE_DIR) + "/" + path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

TEST(DefaultFile, IsTheSchemaWrittenOut) {
  EXPECT_EQ(file_text("conf/vouch.yaml"), default_document())
      << "the schema has changed: vouchd --print-default-config > conf/vouch.yaml";
}

TEST(DefaultFile, LoadsAndSaysNothingButTheDefaults) {
  const Loaded loaded = load_configuration(std::string(VOUCH_SOURCE_DIR) + "/conf/vouch.yaml");
  ASSERT_TRUE(loaded) << loaded.error().front().text();
  EXPECT_EQ(effective_document(*loaded), effective_document(Configuration{}));
}

TEST(DefaultFile, HasEveryKey) {
  const auto tree = parse_yaml(file_text("conf/vouch.yaml"));
  ASSERT_TRUE(tree);
  Configuration configuration;
  Problems problems("vouch.yaml");
  MapReader<Configuration> reader(schema(), configuration, problems);
  reader.read(tree->root);
  for (const auto& key : schema()) { EXPECT_TRUE(reader.places().contains(key.path)) << key.path; }
  for (const auto& key : forward_zone_schema()) {
    EXPECT_TRUE(file_text("conf/vouch.yaml").contains("#   " + std::string(key.path) + ": ") ||
                file_text("conf/vouch.yaml").contains("# " + std::string(key.path) + ": "))
        << key.path;
  }
  for (const auto& key : negative_anchor_schema()) {
    EXPECT_TRUE(file_text("conf/vouch.yaml").contains("#   " + std::string(key.path) + ": ")) << key.path;
  }
}

TEST(Schema, StatesTheTrueDefaults) {
  const Configuration defaults;
  for (const auto& key : schema()) { EXPECT_EQ(key.show(key, defaults), key.standard) << key.path; }
  const ConfiguredZone zone;
  for (const auto& key : forward_zone_schema()) {
    if (!key.required) { EXPECT_EQ(key.show(key, zone), key.standard) << key.path; }
  }
  const NegativeAnchor anchor;
  for (const auto& key : negative_anchor_schema()) {
    if (!key.required) { EXPECT_EQ(key.show(key, anchor), key.standard) << key.path; }
  }
  const RpzZoneOptions policy_zone;
  for (const auto& key : rpz_zone_schema()) {
    if (!key.required) { EXPECT_EQ(key.show(key, policy_zone), key.standard) << key.path; }
  }
}

TEST(Schema, HasEachKeyOnceInASectionThatIsExplained) {
  std::set<std::string_view> seen;
  for (const auto& key : schema()) {
    EXPECT_TRUE(seen.insert(key.path).second) << key.path;
    EXPECT_FALSE(key.meaning.empty()) << key.path;
    bool has_section = false;
    for (const SectionSpec& section : sections()) {
      has_section |= std::string(section.path) == std::string(key.path.substr(0, key.path.rfind('.')));
    }
    EXPECT_TRUE(has_section) << key.path;
  }
}

// What each key may be: whoever plays replay scenarios needs every one of these switches.
TEST(Schema, HasASwitchForWhateverAServerMayBeAskedUnbidden) {
  std::set<std::string_view> paths;
  for (const auto& key : schema()) { paths.insert(key.path); }
  for (const char* path : {"outgoing.case_randomization",
                           "resolver.prime_root",
                           "dnssec.rfc5011",
                           "dnssec.rfc8145_signals",
                           "dnssec.root_key_sentinel",
                           "local_data.special_use_zones",
                           "outgoing.cookies",
                           "server.cookies",
                           "cache.prefetch",
                           "dnssec.aggressive_nsec",
                           "cache.serve_stale.enabled",
                           "server.minimal_answers",
                           "server.minimal_any",
                           "server.answer_without_rd",
                           "dnssec.builtin_root_anchor",
                           "dnssec.signature_skew",
                           "outgoing.ipv4",
                           "outgoing.ipv6",
                           "outgoing.ask_loopback",
                           "resolver.harden_glue",
                           "resolver.qname_minimization",
                           "cache.ttl_clock",
                           "cache.ttl_min",
                           "cache.ttl_max",
                           "cache.negative_ttl_min",
                           "cache.negative_ttl_max",
                           "dnssec.nsec3_max_iterations"}) {
    EXPECT_TRUE(paths.contains(path)) << path;
  }
}

// ./run fills in places such as @PORT@.
TEST(Templates, LoadOnceTheirPlacesAreFilledIn) {
  for (const char* path : {"conf/lab.yaml", "conf/try.yaml"}) {
    std::string text = file_text(path);
    for (const auto& [place, value] : {std::pair<std::string, std::string>{"@PORT@", "5300"},
                                       {"@TLS_PORT@", "5853"},
                                       {"@HTTPS_PORT@", "5443"},
                                       {"@LAB_PORT@", "5301"},
                                       {"@WEB_PORT@", "8053"},
                                       {"@LAB_DIR@", "/lab"},
                                       {"@STATE_DIR@", "/state"},
                                       {"@CONTROL_SOCKET@", "/state/control.sock"}}) {
      for (std::size_t at = text.find(place); at != std::string::npos; at = text.find(place)) {
        text.replace(at, place.size(), value);
      }
    }
    const FilesInMemory files =
        FilesInMemory()
            .add("/lab/root.hints", ". NS a.\na. A 127.1.0.1\n")
            .add("/lab/root.anchors",
                 ". DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D\n");
    const Loaded loaded = load(text, files);
    ASSERT_TRUE(loaded) << path << ": " << loaded.error().front().text();
    EXPECT_EQ(loaded->listeners.addresses.at(1).text(), "::1@5300") << path;
    EXPECT_EQ(loaded->listeners.tls.at(1).text(), "::1@5853") << path;
    EXPECT_EQ(loaded->listeners.https.at(0).text(), "127.0.0.1@5443") << path;
  }
}

}  // namespace
}  // namespace vouch
