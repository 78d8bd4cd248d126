// The pages for people: server-made HTML that needs no script, in three languages. Pure: figures in, text out. Every
// name is hostile text and passes the one escaper (telemetry/web/html.h).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "telemetry/figures.h"
#include "telemetry/history.h"
#include "telemetry/status_figures.h"
#include "telemetry/web/site_report.h"

namespace vouch {

enum class Language : std::uint8_t { english, spanish, portuguese };
inline constexpr std::array<std::string_view, 3> kLanguageTags{"en", "es", "pt-BR"};
// By `?lang=` when it names one, else the best of Accept-Language (RFC 9110 section 12.5.4), else English.
Language choose_language(std::string_view wanted, std::string_view accept_language) noexcept;

enum class Page : std::uint8_t { home, site, problems, operation, adoption, status, privacy };
inline constexpr std::array<std::string_view, 7> kPagePaths{"/",         "/check",  "/problems", "/operator",
                                                            "/adoption", "/status", "/privacy"};
inline constexpr std::string_view kLanguageParameter = "lang";  // of every page's query
inline constexpr std::string_view kAskedParameter = "name";     // of Page::site's
// Subscribers see home, site and privacy, and no zone that fewer than k client prefixes met; the operator sees all.
enum class Viewer : std::uint8_t { subscriber, resolver_operator };
bool is_for_subscribers(Page page) noexcept;

struct PageInput {
  Page page = Page::home;
  Language language = Language::english;
  Viewer viewer = Viewer::subscriber;
  const Figures& figures;
  const StatusFigures& status;
  std::span<const HourFigures> month{};  // hours of the last 30 days; may be empty
  std::int32_t utc_offset = 0;           // seconds east of UTC that times are shown in: the server's own, now
  std::string_view asked{};              // Page::site: what was typed; empty: nothing yet
  const SiteReport* report = nullptr;  // Page::site: what came of it; null with something asked: it could not be tried
};
// A whole document, from <!doctype html> on.
std::string render_page(const PageInput& input);
// For what is not found, not allowed, too much: a document that says so in words.
std::string render_problem(std::uint16_t status, Language language);

// style.css, app.js, the icon: built into the program.
struct Asset {
  std::string_view path;  // "/style.css"
  std::string_view content_type;
  std::string_view body;
  std::string_view etag;  // quoted, as in the header
};
std::span<const Asset> assets() noexcept;

}  // namespace vouch
