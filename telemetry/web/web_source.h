// Where the pages get what they tell. The daemon implements it; every call is made on the web server's thread.
#pragma once

#include <vector>

#include "telemetry/figures.h"
#include "telemetry/history.h"
#include "telemetry/status_figures.h"
#include "telemetry/web/site_report.h"

namespace vouch {

class WebSource {
 public:
  virtual ~WebSource() = default;
  // Valid until the next call. May be a second old: then a crowd of readers costs no more than one.
  virtual const Figures& figures() = 0;
  virtual const StatusFigures& status() = 0;
  // Whole hours in [from, to), oldest first; at most History::kMaxHours.
  virtual std::vector<HourFigures> hours(UnixTime from, UnixTime to) = 0;
  virtual SiteChecker& sites() = 0;
  virtual bool is_serving() = 0;  // clients' queries are being answered
};

}  // namespace vouch
