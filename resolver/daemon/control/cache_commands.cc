// What is in the caches: how full they are, and the sets themselves.
#include "resolver/daemon/control/commands.h"
#include "telemetry/recorder.h"
#include "telemetry/taxonomy.h"
#include "telemetry/web/figures_json.h"

namespace vouch {

namespace {

std::string_view kind_name(EntryKind kind) noexcept {
  switch (kind) {
    case EntryKind::rrset:
      return "rrset";
    case EntryKind::no_data:
      return "no_data";
    case EntryKind::name_error:
      return "name_error";
  }
  return "rrset";
}

Json entry_json(NameView name, Type type, const CacheEntry& entry) {
  Json object{{"kind", kind_name(entry.kind)},
              {"name", name.text()},
              {"type", type == Type::none ? "ANY" : type_text(type)},
              {"ttl", entry.ttl},
              {"verdict", kStandingIds[static_cast<std::size_t>(standing_of(entry.security, entry.flaw.reason))]}};
  if (entry.flaw.reason != Reason::none) {
    object["reason"] = reason_id(entry.flaw.reason);
    object["zone"] = entry.flaw.zone_of(name).text();
  }
  if (entry.kind != EntryKind::rrset) { return object; }
  Json records = Json::array();
  for (const Bytes rdata : entry.rrset->rdata()) {
    records.push_back(record_text(entry.rrset->owner(), type, entry.ttl, rdata));
  }
  for (const Bytes signature : entry.rrset->signatures()) {
    records.push_back(record_text(entry.rrset->owner(), Type::RRSIG, entry.ttl, signature));
  }
  object["records"] = std::move(records);
  return object;
}

// A walk through the RRset cache, a step of one shard at a time, and no further than the reader has followed. Between
// two steps nothing is locked, and of the cache no more is held than the sets of one step.
class CacheDump : public std::enable_shared_from_this<CacheDump> {
 public:
  CacheDump(CallPtr call, const ControlParts& parts, Name zone)
      : call_(std::move(call)), clock_(parts.clock), rrsets_(parts.caches.rrsets), zone_(zone) {}
  void go_on() {
    while (!call_->is_over()) {
      if (call_->is_full()) {
        wait();
        return;
      }
      if (next_ < step_.size()) {
        tell(step_[next_++]);
      } else if (is_done_) {
        call_->done({{"entries", told_}});
      } else {
        next_ = 0;
        is_done_ = !rrsets_.next(cursor_, clock_.ttl(), step_);
        std::erase_if(step_, [&](const RRsetCache::Seen& seen) { return !seen.name.view().is_at_or_below(zone_); });
        if (step_.empty() && !is_done_ && ++empty_steps_ % kStepsAtOnce == 0) {
          wait();  // others get their turn while nothing is found
          return;
        }
      }
    }
  }

 private:
  static constexpr std::size_t kStepsAtOnce = 64;  // 32,768 slots: milliseconds

  void wait() {
    call_->when_drained([self = shared_from_this()] { self->go_on(); });
  }
  void tell(const RRsetCache::Seen& seen) {
    call_->item(entry_json(seen.name, seen.type, seen.entry));
    ++told_;
  }

  CallPtr call_;
  const Clock& clock_;
  const RRsetCache& rrsets_;
  const Name zone_;
  RRsetCache::Cursor cursor_;
  std::vector<RRsetCache::Seen> step_;
  std::size_t next_ = 0, empty_steps_ = 0;
  std::uint64_t told_ = 0;
  bool is_done_ = false;
};

}  // namespace

void add_cache_commands(ControlRegistry& registry, const ControlParts& parts) {
  registry.add({.name = "cache stats", .arguments = {}, .run = [parts](const CallPtr& call) {
                  with_figures(parts, call, [call](const Figures&, const StatusFigures& status) {
                    call->done({{"caches", array_of(status.caches, cache_object)}});
                  });
                }});
  registry.add({.name = "cache dump", .arguments = {"zone"}, .run = [parts](const CallPtr& call) {
                  std::optional<Name> zone = Name();
                  if (call->has("zone")) { zone = call->name("zone"); }
                  if (zone) { std::make_shared<CacheDump>(call, parts, *zone)->go_on(); }
                }});
}

}  // namespace vouch
