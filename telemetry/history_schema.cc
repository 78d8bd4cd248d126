#include "telemetry/history_schema.h"

namespace vouch {

// Metric names and labels recur every hour, so they lie in a table of their own: a month then takes a fifth of the
// room.
const char* const kHistorySchema = R"sql(
CREATE TABLE series (
  id     INTEGER PRIMARY KEY,
  name   TEXT NOT NULL,     -- of the metric, as in docs/metrics.md
  labels TEXT NOT NULL,     -- JSON: {"transport":"udp","ip":"4"}
  latest INTEGER NOT NULL,  -- the last hour that has a count of it
  UNIQUE (name, labels)
) STRICT;

CREATE TABLE counts (
  hour   INTEGER NOT NULL,  -- its start, Unix seconds (UTC), as all times in this file
  series INTEGER NOT NULL REFERENCES series (id),
  value  ANY NOT NULL,      -- what was counted in that hour; what is not here was 0
  PRIMARY KEY (hour, series)
) STRICT, WITHOUT ROWID;

CREATE VIEW counters_hourly AS
  SELECT counts.hour, series.name, series.labels, counts.value
  FROM counts JOIN series ON series.id = counts.series;

CREATE TABLE incidents (
  zone             TEXT NOT NULL,     -- the apex where the chain of trust broke
  began            INTEGER NOT NULL,
  ended            INTEGER,           -- null: it goes on, or did when the server stopped
  last_failure     INTEGER NOT NULL,
  state            TEXT NOT NULL,     -- failing, recovered (seen to hold again), quiet (nobody asks any more)
  reason           TEXT NOT NULL,     -- the first one; docs/dnssec.md
  evidence         TEXT NOT NULL,     -- mistake or not, as far as can be told
  failures         INTEGER NOT NULL,  -- resolutions
  answers_withheld INTEGER NOT NULL,  -- replies, repeats included
  lookups_withheld INTEGER NOT NULL,  -- distinct per minute
  answers_shadow   INTEGER NOT NULL,  -- what enforcing would have withheld
  lookups_shadow   INTEGER NOT NULL,
  prefixes         INTEGER NOT NULL,  -- distinct client prefixes, counted up to the threshold alone
  PRIMARY KEY (zone, began)
) STRICT, WITHOUT ROWID;

CREATE TABLE zones (                  -- as they stood at the last write; a restart takes them up again
  zone             TEXT PRIMARY KEY,
  state            TEXT NOT NULL,
  failing_since    INTEGER NOT NULL,
  last_failure     INTEGER NOT NULL,
  ended            INTEGER,
  last_good        INTEGER,           -- when data of it was last found genuine
  failures         INTEGER NOT NULL,
  answers_withheld INTEGER NOT NULL,
  lookups_withheld INTEGER NOT NULL,
  answers_shadow   INTEGER NOT NULL,
  lookups_shadow   INTEGER NOT NULL,
  prefixes         INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE zone_causes (
  zone       TEXT NOT NULL,
  place      INTEGER NOT NULL,        -- 0: the latest
  reason     TEXT NOT NULL,
  evidence   TEXT NOT NULL,
  key_tag    INTEGER,                 -- of the signature that failed
  algorithm  INTEGER,                 -- IANA's number
  time       INTEGER,                 -- expired since, or valid from, by the reason
  server     TEXT NOT NULL,           -- address of the server that gave the data
  first_seen INTEGER NOT NULL,
  last_seen  INTEGER NOT NULL,
  failures   INTEGER NOT NULL,
  PRIMARY KEY (zone, place)
) STRICT, WITHOUT ROWID;

CREATE TABLE runs (                   -- of the server: between them nothing was counted
  id         INTEGER PRIMARY KEY,
  started    INTEGER NOT NULL,
  written    INTEGER NOT NULL,        -- last; what came after it, up to the end, is lost unless stopped is 1
  stopped    INTEGER NOT NULL,        -- 1: in good order
  version    TEXT NOT NULL,
  validation TEXT NOT NULL            -- enforce, observe or off
) STRICT;

CREATE VIEW daily AS
  WITH told AS MATERIALIZED (
    SELECT id, name, labels ->> 'validation' AS validation,
           labels ->> 'transport' IN ('dot', 'doh', 'doq', 'doh3') AS is_encrypted
    FROM series
    WHERE name IN ('vouch_client_answers_total', 'vouch_client_queries_total', 'vouch_lookups_withheld_total')
      AND coalesce(labels ->> 'source', '') <> 'local'  -- names that are answered here are left out
  )
  SELECT date(hour, 'unixepoch') AS day,
         sum(value) FILTER (WHERE validation IS NOT NULL) AS answers,
         sum(value) FILTER (WHERE validation = 'secure') AS secure,
         sum(value) FILTER (WHERE validation = 'insecure') AS insecure,
         sum(value) FILTER (WHERE validation = 'bogus') AS bogus,
         sum(value) FILTER (WHERE name = 'vouch_lookups_withheld_total') AS lookups_withheld,
         sum(value) FILTER (WHERE name = 'vouch_client_queries_total') AS queries,
         sum(value) FILTER (WHERE name = 'vouch_client_queries_total' AND is_encrypted) AS queries_encrypted
  FROM counts JOIN told ON told.id = counts.series
  GROUP BY day;

CREATE VIEW failures_daily AS
  SELECT date(hour, 'unixepoch') AS day, labels ->> 'reason' AS reason, labels ->> 'evidence' AS evidence,
         sum(value) AS resolutions
  FROM counters_hourly WHERE name = 'vouch_validation_failures_total'
  GROUP BY day, reason, evidence;

CREATE VIEW zones_daily AS
  SELECT date(hour, 'unixepoch') AS day, labels ->> 'zone' AS zone, labels ->> 'reason' AS reason,
         sum(value) AS resolutions
  FROM counters_hourly WHERE name = 'vouch_zone_validation_failures_total'
  GROUP BY day, zone, reason;

CREATE VIEW coverage AS               -- when was counted, and when not
  SELECT datetime(started, 'unixepoch') AS started, datetime(written, 'unixepoch') AS written,
         iif(stopped, 'stopped in order', 'ended unseen, or still runs') AS ending,
         lead(started) OVER (ORDER BY id) - written AS seconds_uncounted_after,
         version, validation
  FROM runs;
)sql";

}  // namespace vouch
