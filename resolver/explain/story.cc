// From the events of a trace to the story of a chain.
#include <algorithm>
#include <utility>

#include "resolver/explain/explanation.h"

namespace vouch {

namespace {

using Kind = SubjectEvent::Kind;

// One look at a subject: servers may be asked for a second opinion.
struct Look {
  SubjectEvent subject;
  std::vector<SetEvent> sets;
  std::optional<KeysEvent> keys;
  std::vector<ProofEvent> proofs;
};

struct ZoneDraft {
  Name zone;
  std::vector<Look> ds, keys;
  std::optional<Verdict> verdict;
  bool is_anchor = false;
};

struct Opinion {
  JudgedEvent judged;
  std::vector<PartStory> parts;
};

bool is_same_fault(const Verdict& a, const Verdict& b) {
  return a.is_bogus() && b.is_bogus() && a.reason() == b.reason() && a.zone() == b.zone();
}

// Reads the events in their order.
class Reader {
 public:
  void read(const Trace& trace, Explanation& explanation) {
    for (const Trace::Event& event : trace.events()) { std::visit(*this, event); }
    explanation.exchanges = std::move(exchanges_);
    put_parts(explanation);
    put_chain(explanation);
    mark_fault(explanation);
  }

  void operator()(const ExchangeEvent& event) { exchanges_.push_back(event); }
  void operator()(const SubjectEvent& event) {
    Look look;
    look.subject = event;
    if (event.kind == Kind::data || event.kind == Kind::denial) {
      data_ = std::move(look);
      zone_ = nullptr;
      return;
    }
    ZoneDraft& draft = draft_of(event.name);
    std::vector<Look>& looks = event.kind == Kind::ds ? draft.ds : draft.keys;
    looks.push_back(std::move(look));
    zone_ = &event.name;
    zone_kind_ = event.kind;
  }
  void operator()(const SetEvent& event) {
    if (Look* const look = current()) { look->sets.push_back(event); }
  }
  void operator()(const ProofEvent& event) {
    if (Look* const look = current()) { look->proofs.push_back(event); }
  }
  void operator()(const KeysEvent& event) {
    std::vector<Look>& looks = draft_of(event.zone).keys;
    if (looks.empty() || looks.back().keys) {
      looks.emplace_back();
      looks.back().subject = {.kind = Kind::keys, .name = event.zone, .type = Type::DNSKEY, .above = event.zone};
    }
    looks.back().keys = event;
  }
  void operator()(const ZoneEvent& event) {
    ZoneDraft& draft = draft_of(event.zone);
    if (!draft.verdict) { order_.push_back(event.zone); }
    draft.verdict = event.verdict;
    draft.is_anchor = draft.is_anchor || event.is_anchor;
  }
  void operator()(const PartEvent& event) {
    PartStory part;
    part.set = event.set;
    part.name = event.set ? Name(event.set->owner()) : event.name;
    part.type = event.set ? event.set->type() : event.type;
    part.verdict = event.verdict;
    if (data_) {
      part.sets = std::move(data_->sets);
      part.proofs = std::move(data_->proofs);
      data_.reset();
    }
    parts_.push_back(std::move(part));
  }
  void operator()(const JudgedEvent& event) { opinions_.push_back({event, std::exchange(parts_, {})}); }

 private:
  ZoneDraft& draft_of(const Name& zone) {
    const auto found = std::ranges::find(drafts_, zone, &ZoneDraft::zone);
    if (found != drafts_.end()) { return *found; }
    drafts_.push_back({.zone = zone, .ds = {}, .keys = {}, .verdict = std::nullopt});
    return drafts_.back();
  }
  Look* current() {
    if (zone_ == nullptr) { return data_ ? &*data_ : nullptr; }
    ZoneDraft& draft = draft_of(*zone_);
    std::vector<Look>& looks = zone_kind_ == Kind::ds ? draft.ds : draft.keys;
    return looks.empty() ? nullptr : &looks.back();
  }

  // Of several opinions on one question the last stands when it holds, else the first.
  void put_parts(Explanation& explanation) {
    for (std::size_t i = 0; i < opinions_.size();) {
      std::size_t end = i + 1;
      const Question& asked = opinions_[i].judged.question;
      while (end < opinions_.size() && opinions_[end].judged.question.name == asked.name &&
             opinions_[end].judged.question.type == asked.type) {
        ++end;
      }
      Opinion& chosen = opinions_[end - 1].judged.verdict.is_bogus() ? opinions_[i] : opinions_[end - 1];
      std::ranges::move(chosen.parts, std::back_inserter(explanation.parts));
      i = end;
    }
  }

  static void put_looks(ZoneDraft& draft, ZoneStory& story) {
    const auto choose = [&](std::vector<Look>& looks) -> Look* {
      if (looks.empty()) { return nullptr; }
      return draft.verdict->is_bogus() ? &looks.front() : &looks.back();
    };
    if (Look* const ds = choose(draft.ds)) {
      story.above = ds->subject.above;
      story.is_ds_from_referral = ds->subject.from_cache;
      story.ds_server = ds->subject.server;
      story.ds_sets = std::move(ds->sets);
      if (!ds->proofs.empty()) { story.no_ds = std::move(ds->proofs.front()); }
    }
    if (Look* const keys = choose(draft.keys)) {
      story.keys_server = keys->subject.server;
      story.keys_sets = std::move(keys->sets);
      story.keys = std::move(keys->keys);
    }
  }

  // A cut that was only guessed at, and whose failure nobody took for one, is no part of the chain.
  void put_chain(Explanation& explanation) {
    for (const Name& zone : order_) {
      ZoneDraft& draft = draft_of(zone);
      const Verdict& verdict = *draft.verdict;
      if (verdict.is_bogus() && !is_same_fault(verdict, explanation.verdict)) { continue; }
      ZoneStory story;
      story.zone = zone;
      story.above = zone;
      story.is_anchor = draft.is_anchor;
      story.verdict = verdict;
      put_looks(draft, story);
      explanation.chain.push_back(std::move(story));
    }
  }

  static void mark_fault(Explanation& explanation) {
    if (!explanation.verdict.is_bogus()) { return; }
    for (ZoneStory& zone : explanation.chain) {
      if (!zone.verdict.is_bogus()) { continue; }
      zone.is_at_fault = true;
      return;
    }
    for (PartStory& part : explanation.parts) {
      if (!part.verdict.is_bogus()) { continue; }
      part.is_at_fault = true;
      return;
    }
  }

  std::vector<ExchangeEvent> exchanges_;
  std::vector<ZoneDraft> drafts_;
  std::vector<Name> order_;
  std::vector<Opinion> opinions_;
  std::vector<PartStory> parts_;
  std::optional<Look> data_;
  const Name* zone_ = nullptr;  // of the event, which the trace keeps; null: data
  Kind zone_kind_ = Kind::ds;
};

}  // namespace

void tell_story(const Trace& trace, Explanation& explanation) {
  Reader().read(trace, explanation);
  explanation.is_cut_short = trace.is_cut_short();
}

const ZoneStory* Explanation::zone_at_fault() const noexcept {
  const auto found = std::ranges::find(chain, true, &ZoneStory::is_at_fault);
  return found == chain.end() ? nullptr : &*found;
}

const PartStory* Explanation::part_at_fault() const noexcept {
  const auto found = std::ranges::find(parts, true, &PartStory::is_at_fault);
  return found == parts.end() ? nullptr : &*found;
}

const SetEvent* Explanation::offending_set() const noexcept {
  const auto in = [&](const std::vector<SetEvent>& sets) -> const SetEvent* {
    const auto found = std::ranges::find_if(
        sets, [&](const SetEvent& set) { return set.verdict.is_bogus() && set.verdict.reason() == verdict.reason(); });
    return found == sets.end() ? nullptr : &*found;
  };
  if (const ZoneStory* const zone = zone_at_fault()) {
    const SetEvent* const ds = in(zone->ds_sets);
    return ds != nullptr ? ds : in(zone->keys_sets);
  }
  const PartStory* const part = part_at_fault();
  return part == nullptr ? nullptr : in(part->sets);
}

}  // namespace vouch
