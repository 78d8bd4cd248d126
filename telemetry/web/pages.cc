#include "telemetry/web/pages.h"

#include <algorithm>

#include "telemetry/web/html.h"
#include "telemetry/web/locale.h"
#include "telemetry/web/pages/layout.h"

namespace vouch {
namespace {

char lower(char letter) noexcept {
  return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
}

bool equal_but_case(std::string_view one, std::string_view other) noexcept {
  return std::ranges::equal(one, other, {}, lower, lower);
}

std::string_view trimmed(std::string_view text) noexcept {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) { text.remove_prefix(1); }
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) { text.remove_suffix(1); }
  return text;
}

// A language range (RFC 4647): whatever its region, it is one of ours by its first subtag. "*" is none.
std::optional<Language> language_of(std::string_view range) noexcept {
  const std::string_view primary = range.substr(0, range.find('-'));
  if (equal_but_case(primary, "en")) { return Language::english; }
  if (equal_but_case(primary, "es")) { return Language::spanish; }
  if (equal_but_case(primary, "pt")) { return Language::portuguese; }
  return std::nullopt;
}

// Thousandths; 1000 when there is none, 0 when it cannot be read (RFC 9110 section 12.4.2).
unsigned weight_of(std::string_view parameters) noexcept {
  parameters = trimmed(parameters);
  if (parameters.empty()) { return 1000; }
  if (parameters.size() < 3 || lower(parameters[0]) != 'q' || parameters[1] != '=') { return 0; }
  parameters.remove_prefix(2);
  if (parameters[0] != '0' && parameters[0] != '1') { return 0; }
  unsigned weight = parameters[0] == '1' ? 1000 : 0;
  if (parameters.size() == 1) { return weight; }
  if (parameters[1] != '.' || parameters.size() > 5) { return 0; }
  unsigned unit = 100;
  for (const char digit : parameters.substr(2)) {
    if (digit < '0' || digit > '9') { return 0; }
    weight += unit * static_cast<unsigned>(digit - '0');
    unit /= 10;
  }
  return std::min(weight, 1000U);
}

Html page_body(const PageInput& input, const Locale& locale) {
  switch (input.page) {
    case Page::home:
      return home_page(input, locale);
    case Page::site:
      return site_page(input, locale);
    case Page::problems:
      return problems_page(input, locale);
    case Page::operation:
      return operation_page(input, locale);
    case Page::adoption:
      return adoption_page(input, locale);
    case Page::status:
      return status_page(input, locale);
    case Page::privacy:
      break;
  }
  return privacy_page(input, locale);
}

struct ProblemText {
  Message title, text;
};

ProblemText problem_text(std::uint16_t status) noexcept {
  switch (status) {
    case 400:
      return {Message::problem_bad_request, Message::problem_bad_request_text};
    case 401:
    case 403:
      return {Message::problem_forbidden, Message::problem_forbidden_text};
    case 404:
      return {Message::problem_not_found, Message::problem_not_found_text};
    case 405:
      return {Message::problem_method, Message::problem_method_text};
    case 429:
    case 503:
      return {Message::problem_too_much, Message::problem_too_much_text};
    default:
      return {Message::problem_other, Message::problem_other_text};
  }
}

}  // namespace

Language choose_language(std::string_view wanted, std::string_view accept_language) noexcept {
  if (const auto named = language_of(trimmed(wanted))) { return *named; }
  Language best = Language::english;
  unsigned best_weight = 0;
  constexpr std::size_t kMaxRanges = 32;  // more than any browser sends
  for (std::size_t i = 0; i < kMaxRanges && !accept_language.empty(); ++i) {
    const std::size_t comma = accept_language.find(',');
    const std::string_view entry = accept_language.substr(0, comma);
    accept_language.remove_prefix(comma == std::string_view::npos ? accept_language.size() : comma + 1);
    const std::size_t semicolon = entry.find(';');
    const auto language = language_of(trimmed(entry.substr(0, semicolon)));
    const unsigned weight = semicolon == std::string_view::npos ? 1000 : weight_of(entry.substr(semicolon + 1));
    if (language && weight > best_weight) {
      best = *language;
      best_weight = weight;
    }
  }
  return best;
}

bool is_for_subscribers(Page page) noexcept {
  return page == Page::home || page == Page::site || page == Page::privacy;
}

std::string render_page(const PageInput& input) {
  constexpr std::uint16_t kForbidden = 403;
  if (input.viewer == Viewer::subscriber && !is_for_subscribers(input.page)) {
    return render_problem(kForbidden, input.language);
  }
  const Locale locale(input.language, input.utc_offset);
  const Frame frame{.locale = locale,
                    .viewer = input.viewer,
                    .page = input.page,
                    .asked = input.page == Page::site ? input.asked : std::string_view(),
                    .taken = input.figures.taken,
                    .version = input.status.version,
                    .promise = input.status.privacy.copies_messages ? Message::footer_copied : Message::footer_promise};
  return document(frame, locale.text(page_name(input.page)), page_body(input, locale)).take();
}

std::string render_problem(std::uint16_t status, Language language) {
  const Locale locale(language, 0);
  const ProblemText problem = problem_text(status);
  Html main = page_heading(problem.title, locale.text(problem.text), locale);
  main << "<p><a href=\""_html << link_to(Page::home, locale) << "\">"_html << locale.text(Message::problem_home)
       << "</a></p><p class=\"note\">HTTP "_html << std::to_string(status) << "</p>"_html;
  const Frame frame{.locale = locale, .viewer = Viewer::subscriber, .page = std::nullopt, .asked = {}};
  return document(frame, locale.text(problem.title), main).take();
}

}  // namespace vouch
