#include <algorithm>

#include "vouchctl/views.h"

namespace vouch {

namespace {

class StatusView final : public View {
 public:
  std::string end(const Json& last) override {
    const auto started = static_cast<std::int64_t>(number_in(last, "started"));
    const std::uint64_t now = number_in(last, "now");
    const std::uint64_t up = now - std::min(now, number_in(last, "started"));
    std::string out = "vouchd " + text_in(last, "version") + ", running for " + span_text(up) + " (since " +
                      time_text(started) + ")\n";
    Rows rows;
    rows.push_back({"  validation", validation(last)});
    rows.push_back({"  workers", text_in(last, "workers")});
    for (const Json& listener : list_in(last, "listeners")) {
      rows.push_back({"  serves " + text_in(listener, "protocol"), text_in(listener, "address")});
    }
    rows.push_back({"  certificate", certificate(object_in(last, "certificate"))});
    const Json& cache = object_in(last, "cache");
    rows.push_back({"  cache", count_text(number_in(cache, "entries")) + " entries, " +
                                   octets_text(number_in(cache, "octets")) + " of " +
                                   octets_text(number_in(cache, "capacity"))});
    const Json& shared = object_in(last, "shared_cache");
    if (!shared.empty()) { rows.push_back({"  shared cache", shared_cache(shared, number_in(last, "workers"))}); }
    rows.push_back({"  memory", octets_text(number_in(last, "resident_octets"))});
    rows.push_back({"  processor", span_text(number_in(last, "cpu_seconds"))});
    const Json& descriptors = object_in(last, "descriptors");
    rows.push_back({"  descriptors", text_in(descriptors, "open") + " of " + text_in(descriptors, "most")});
    rows.push_back({"  history", history(object_in(last, "history"))});
    const std::uint64_t failing = number_in(last, "failing_zones");
    rows.push_back({"  failing zones", count_text(failing) + (failing == 0 ? "" : "   (vouchctl zones --failing)")});
    return out + table_text(rows);
  }

 private:
  static std::string validation(const Json& last) {
    std::string text = text_in(last, "validation");
    if (!flag_in(last, "clock_trusted")) { text += "; the clock does not fit the root's signatures"; }
    const std::uint64_t validated = number_in(last, "root_validated");
    if (validated != 0) { text += "; the root's keys held on " + time_text(static_cast<std::int64_t>(validated)); }
    return text;
  }
  static std::string certificate(const Json& certificate) {
    if (certificate.empty()) { return "none"; }
    return text_in(certificate, "name") + " until " +
           time_text(static_cast<std::int64_t>(number_in(certificate, "not_after"))) +
           (flag_in(certificate, "self_made") ? ", made by vouchd itself" : "");
  }
  static std::string shared_cache(const Json& shared, std::uint64_t workers) {
    const std::uint64_t connected = number_in(shared, "workers_connected"),
                        paused = number_in(shared, "workers_paused");
    std::string text = text_in(shared, "server") + (flag_in(shared, "tls") ? " over TLS" : "");
    if (connected == 0) { return text + ": away"; }
    text += connected >= workers ? ": connected"
                                 : ": " + count_text(connected) + " of " + count_text(workers) + " workers connected";
    if (paused != 0) { text += ", too slow for " + count_text(paused); }
    return text;
  }
  static std::string history(const Json& history) {
    const std::string problem = text_in(history, "problem");
    if (problem != "-") { return "not written: " + problem; }
    return flag_in(history, "enabled") ? text_in(history, "file") : "none is kept";
  }
};

// Groups of figures, whatever the daemon has: an object is a group, and may have groups in it.
class StatsView final : public View {
 public:
  std::string end(const Json& last) override {
    std::string out;
    for (const auto& [name, group] : last.items()) {
      if (!group.is_object()) { continue; }
      out += (out.empty() ? "" : "\n") + printable(name) + "\n";
      Rows rows;
      add(group, "", 0, rows);
      out += table_text(rows, {1});
    }
    return out;
  }

 private:
  static constexpr std::size_t kDeepest = 4;  // what is deeper is no figure of ours

  static void add(const Json& group, const std::string& before, std::size_t depth, Rows& rows) {
    for (const auto& [name, value] : group.items()) {
      const std::string path = before.empty() ? printable(name) : before + " " + printable(name);
      if (value.is_object() && depth < kDeepest) {
        add(value, path, depth + 1, rows);
      } else {
        rows.push_back({"  " + path, figure(value)});
      }
    }
  }
  static std::string figure(const Json& value) {
    if (value.is_number_unsigned()) { return count_text(value.get<std::uint64_t>()); }
    return printable(value.is_string() ? value.get<std::string>() : value.dump());
  }
};

class ZonesView final : public View {
 public:
  std::string item(const Json& line) override {
    const Json& causes = list_in(line, "causes");
    const Json& withheld = object_in(line, "withheld");
    const Json empty = Json::object();
    const Json& cause = causes.empty() ? empty : causes.front();
    rows_.push_back({text_in(line, "zone"), text_in(line, "state"), text_in(cause, "reason"),
                     text_in(cause, "evidence"), time_text(static_cast<std::int64_t>(number_in(line, "failing_since"))),
                     count_text(number_in(line, "failures")), count_text(number_in(withheld, "lookups")),
                     text_in(line, "prefixes")});
    return {};
  }
  std::string end(const Json& last) override {
    if (rows_.empty()) {
      return flag_in(last, "failing") ? "No zone fails.\n" : "No zone has failed since vouchd was started.\n";
    }
    rows_.insert(rows_.begin(), {"ZONE", "STATE", "REASON", "EVIDENCE", "SINCE", "FAILURES", "WITHHELD", "NETWORKS"});
    return table_text(rows_, {5, 6, 7});
  }

 private:
  Rows rows_;
};

class AnchorsView final : public View {
 public:
  std::string end(const Json& last) override {
    Rows rows{{"ZONE", "KEY TAG", "ALGORITHM", "STATE"}};
    for (const Json& anchor : list_in(last, "anchors")) {
      rows.push_back({text_in(anchor, "zone"), text_in(anchor, "key_tag"), text_in(anchor, "algorithm"),
                      text_in(anchor, "state")});
    }
    std::string out = rows.size() > 1 ? table_text(rows, {1, 2}) : "No trust anchors: nothing is validated.\n";
    const std::uint64_t validated = number_in(last, "root_validated");
    out += "\nThe root's keys last held: " + time_text(static_cast<std::int64_t>(validated)) + "\n";
    Rows negative{{"NEGATIVE ANCHOR", "UNTIL", "REASON"}};
    for (const Json& anchor : list_in(last, "negative_anchors")) {
      negative.push_back({text_in(anchor, "zone"), until_text(anchor), text_in(anchor, "reason")});
    }
    return negative.size() > 1 ? out + "\n" + table_text(negative) : out;
  }
};

class CommandsView final : public View {
 public:
  std::string end(const Json& last) override {
    std::string out;
    for (const Json& name : list_in(last, "commands")) {
      if (name.is_string()) { out += printable(name.get_ref<const std::string&>()) + "\n"; }
    }
    return out;
  }
};

}  // namespace

std::unique_ptr<View> status_view(const Asked&) { return std::make_unique<StatusView>(); }
std::unique_ptr<View> stats_view(const Asked&) { return std::make_unique<StatsView>(); }
std::unique_ptr<View> zones_view(const Asked&) { return std::make_unique<ZonesView>(); }
std::unique_ptr<View> anchors_view(const Asked&) { return std::make_unique<AnchorsView>(); }
std::unique_ptr<View> commands_view(const Asked&) { return std::make_unique<CommandsView>(); }

}  // namespace vouch
