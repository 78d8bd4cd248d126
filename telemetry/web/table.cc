#include "telemetry/web/table.h"

#include <cassert>
#include <utility>

namespace vouch {
namespace {

constexpr std::size_t kManyColumns = 5;  // more than a phone has room for: the table scrolls, its cells stay legible

Markup class_of(Table::Kind kind) noexcept {
  switch (kind) {
    case Table::Kind::number:
      return " class=\"number\""_html;
    case Table::Kind::bar:
      return " class=\"wide\""_html;
    case Table::Kind::text:
      break;
  }
  return ""_html;
}

}  // namespace

Table::Table(const Locale& locale, Message caption, std::vector<Column> columns)
    : locale_(locale), caption_(caption), columns_(std::move(columns)) {}

void Table::row(const std::vector<Html>& cells) {
  assert(cells.size() == columns_.size());
  if (++count_ > kMaxRows) { return; }
  rows_ << "<tr>"_html;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (i == 0) {
      rows_ << "<th scope=\"row\">"_html << cells[i] << "</th>"_html;
    } else {
      rows_ << "<td"_html << class_of(columns_[i].kind) << ">"_html << cells[i] << "</td>"_html;
    }
  }
  rows_ << "</tr>"_html;
}

Html Table::html(Message when_empty) const {
  Html html;
  if (count_ == 0) {
    html << "<p class=\"empty\">"_html << locale_.text(when_empty) << "</p>"_html;
    return html;
  }
  html << "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\""_html
       << locale_.say(Message::table_scroll, {locale_.text(caption_)}) << "\"><table"_html
       << (columns_.size() >= kManyColumns ? " class=\"many\""_html : ""_html) << "><caption class=\"unseen\">"_html
       << locale_.text(caption_) << "</caption><thead><tr>"_html;
  for (const Column& column : columns_) {
    if (column.kind == Kind::bar) {
      html << "<td class=\"wide\"></td>"_html;
    } else {
      html << "<th scope=\"col\""_html << class_of(column.kind) << ">"_html << locale_.text(column.name)
           << "</th>"_html;
    }
  }
  html << "</tr></thead><tbody>"_html << rows_ << "</tbody></table></div>"_html;
  if (count_ > kMaxRows) {
    html << "<p class=\"note\">"_html << locale_.count(Counted::more_rows, count_ - kMaxRows) << "</p>"_html;
  }
  return html;
}

void Facts::add(Message name, const Html& value) {
  rows_ << "<div><dt>"_html << locale_.text(name) << "</dt><dd>"_html << value << "</dd></div>"_html;
}

Html Facts::html() const {
  Html html;
  html << "<dl class=\"facts\">"_html << rows_ << "</dl>"_html;
  return html;
}

}  // namespace vouch
