#include "conf/reload.h"

#include <gtest/gtest.h>

#include <optional>

#include "conf/document.h"
#include "conf/loader.h"
#include "conf/schema.h"

namespace vouch {
namespace {

Loaded load(const std::string& text) {
  return load_configuration_text(text, "vouch.yaml", [](const std::string&) -> std::expected<FileText, std::string> {
    return FileText{.text = "", .is_world_readable = false};
  });
}

// "a.b.c" and a value as the document that says only this.
std::string saying(std::string_view path, std::string_view value) {
  std::string out, margin;
  for (std::size_t dot; (dot = path.find('.')) != std::string_view::npos; path.remove_prefix(dot + 1)) {
    out += margin + std::string(path.substr(0, dot)) + ":\n";
    margin += "  ";
  }
  return out + margin + std::string(path) + ": " + std::string(value) + "\n";
}

// A configuration in which this key, and no other, is not at its default.
std::optional<Configuration> differing_in(const KeySpec<Configuration>& key) {
  const Configuration defaults;
  for (const std::string_view value : {"3", "70000", "2M", "true", "false", "wall", "file", "/elsewhere", "elsewhere",
                                       "[localhost]", "[127.0.0.9@5399]"}) {
    Loaded loaded = load(saying(key.path, value));
    if (loaded && changed_keys(defaults, *loaded) == std::vector<std::string>{std::string(key.path)}) {
      return std::move(*loaded);
    }
  }
  return std::nullopt;
}

TEST(Reload, WhatNeedsARestartKeepsItsValueAndIsTold) {
  const Configuration running;
  std::size_t tried = 0;
  for (const auto& key : schema()) {
    if (!needs_restart(key.path)) { continue; }
    auto next = differing_in(key);
    // A file that does not exist, or a key that another one calls for.
    if (!next) { continue; }
    ++tried;
    EXPECT_EQ(keep_until_restart(running, *next), std::vector<std::string>{std::string(key.path)});
    EXPECT_EQ(effective_document(*next), effective_document(running)) << key.path;
  }
  EXPECT_GE(tried, 20U);
}

TEST(Reload, EveryOtherKeyTakesItsNewValue) {
  const auto next = load("server: {allow_from: [192.0.2.0/24], nsid: two}\ncache: {prefetch: true, size: 50M}\n");
  ASSERT_TRUE(next);
  Configuration taken = *next;
  EXPECT_EQ(keep_until_restart(Configuration{}, taken), std::vector<std::string>{"cache.size"});
  EXPECT_EQ(changed_keys(Configuration{}, taken),
            (std::vector<std::string>{"server.allow_from", "server.nsid", "cache.prefetch"}));
  EXPECT_EQ(taken.cache.size, Configuration{}.cache.size);
}

TEST(Reload, FiguresThatTwoModulesShareStayInLine) {
  const auto next = load("server: {edns_size: 1400, tcp: {idle_timeout: 5s}}\n");
  ASSERT_TRUE(next);
  Configuration taken = *next;
  keep_until_restart(Configuration{}, taken);
  EXPECT_EQ(taken.front.edns_size, 1232);
  EXPECT_EQ(taken.listeners.udp.largest_answer, 1232U);
  EXPECT_EQ(taken.front.tcp_idle_timeout_ms, 5000U);
}

TEST(Reload, EveryKeyThatNeedsARestartIsInTheTable) {
  for (const std::string_view gone : {"server.wrokers", "cache", "cache.siz"}) { EXPECT_FALSE(needs_restart(gone)); }
  std::size_t count = 0;
  for (const auto& key : schema()) { count += needs_restart(key.path) ? 1 : 0; }
  EXPECT_GT(count, 25U);
}

}  // namespace
}  // namespace vouch
