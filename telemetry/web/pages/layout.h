// What all pages share: the document around them, links that keep the language, and a few pieces.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "telemetry/web/html.h"
#include "telemetry/web/locale.h"
#include "telemetry/web/pages.h"

namespace vouch {

struct Frame {
  const Locale& locale;
  Viewer viewer = Viewer::subscriber;
  std::optional<Page> page;                         // nothing: a document beside the pages
  std::string_view asked;                           // goes along when the language is changed
  UnixTime taken = 0;                               // of the figures; 0: there are none
  std::string_view version{};                       // told to the operator alone
  Message promise = Message::footer_loads_nothing;  // what is true whatever is configured
};
Html document(const Frame& frame, std::string_view title, const Html& main);

Message page_name(Page page) noexcept;
// "/problems?lang=es"; text, to be put into an attribute.
std::string link_to(Page page, const Locale& locale);

// A sign that goes with words, never without.
enum class Sign : std::uint8_t { good, caution, bad, neutral };
Html sign(Sign which);

// "example.org." as a page shows it; by their names the root, and what the ledger calls _self. and _path.: where no
// zone is at fault.
Html zone_name(std::string_view zone, const Locale& locale);
// "RSASHA256 (8)"
Html algorithm_name(std::uint8_t number);
// The sentence for a reason, with the time where there is one.
Html reason_text(Reason reason, std::optional<UnixTime> time, UnixTime now, const Locale& locale);
// How many networks: the number up to k, then "k or more".
Html prefixes_text(std::uint32_t prefixes, std::uint32_t k, const Locale& locale);

Html page_heading(Message title, const Html& lead, const Locale& locale);
// <section> with its heading.
Html open_section(Message title, const Locale& locale);
inline constexpr Markup kCloseSection = "</section>"_html;
Html paragraph(const Html& text);
Html note(const Html& text);

// Each page's own part, what stands in <main>.
Html home_page(const PageInput& input, const Locale& locale);
Html site_page(const PageInput& input, const Locale& locale);
Html problems_page(const PageInput& input, const Locale& locale);
Html operation_page(const PageInput& input, const Locale& locale);
Html adoption_page(const PageInput& input, const Locale& locale);
Html status_page(const PageInput& input, const Locale& locale);
Html privacy_page(const PageInput& input, const Locale& locale);

// What several of them ask of the figures.
bool is_enforcing(const StatusFigures& status) noexcept;
bool is_observing(const StatusFigures& status) noexcept;
bool is_validating(const StatusFigures& status) noexcept;
// Later minus earlier; 0 when it is not.
std::int64_t seconds_between(UnixTime earlier, UnixTime later) noexcept;

}  // namespace vouch
