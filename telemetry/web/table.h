// Tables of the pages: a caption for listeners, headings with a scope, and a frame that scrolls sideways by itself, so
// that no table is ever wider than the page.
#pragma once

#include <vector>

#include "telemetry/web/html.h"
#include "telemetry/web/locale.h"

namespace vouch {

class Table {
 public:
  enum class Kind : std::uint8_t { text, number, bar };
  struct Column {
    Message name;
    Kind kind = Kind::text;
  };

  Table(const Locale& locale, Message caption, std::vector<Column> columns);
  // A cell for each column; the first heads the row. Those beyond kMaxRows are counted and not shown.
  static constexpr std::size_t kMaxRows = 100;
  void row(const std::vector<Html>& cells);
  // The table, or the sentence when it has no rows.
  Html html(Message when_empty = Message::no_data_yet) const;

 private:
  const Locale& locale_;
  Message caption_;
  std::vector<Column> columns_;
  Html rows_;
  std::size_t count_ = 0;
};

// Names and values, as a definition list.
class Facts {
 public:
  explicit Facts(const Locale& locale) : locale_(locale) {}
  void add(Message name, const Html& value);
  Html html() const;

 private:
  const Locale& locale_;
  Html rows_;
};

}  // namespace vouch
