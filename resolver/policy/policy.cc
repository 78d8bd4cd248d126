#include "resolver/policy/policy.h"

#include <algorithm>

#include "resolver/policy/name_list.h"

namespace vouch {

// ---------------------------------------------------------------------------------------------------------- consulting

const PolicyView& Policy::view_of(const IpAddress& client) const noexcept {
  if (clients_.empty()) { return views_.front(); }
  const std::uint8_t* number = clients_.find(client);
  return views_[number == nullptr ? 0 : *number];
}

template <typename Ask>
std::optional<Ruling> Policy::first_of(const PolicyView& view, PolicyPoint point, PolicyRank below,
                                       Ask ask) const noexcept {
  if (!view.points.has(point)) { return std::nullopt; }
  for (const PolicyRank rank : view.sources) {
    if (rank >= below) { break; }
    const RuleSource& source = *sources_[rank].source.rules;
    if (!source.points().has(point)) { continue; }
    if (auto ruling = ask(source)) {
      ruling->rank = rank;
      ruling->point = point;
      return ruling;
    }
  }
  return std::nullopt;
}

std::optional<Ruling> Policy::at_client(const PolicyView& view, const IpAddress& client) const noexcept {
  return first_of(view, PolicyPoint::client, kNoRank,
                  [&](const RuleSource& source) { return source.at_client(client); });
}

std::optional<Ruling> Policy::at_query_name(const PolicyView& view, const HashedName& name,
                                            PolicyRank below) const noexcept {
  return first_of(view, PolicyPoint::query_name, below,
                  [&](const RuleSource& source) { return source.at_query_name(name); });
}

std::optional<Ruling> Policy::at_answer_addresses(const PolicyView& view, std::span<const IpAddress> addresses,
                                                  PolicyRank below) const noexcept {
  return first_of(view, PolicyPoint::answer_address, below,
                  [&](const RuleSource& source) { return source.at_answer_addresses(addresses); });
}

std::optional<Ruling> Policy::at_server_names(const PolicyView& view, std::span<const NameView> names,
                                              PolicyRank below) const noexcept {
  return first_of(view, PolicyPoint::server_name, below,
                  [&](const RuleSource& source) { return source.at_server_names(names); });
}

std::optional<Ruling> Policy::at_server_addresses(const PolicyView& view, std::span<const IpAddress> addresses,
                                                  PolicyRank below) const noexcept {
  return first_of(view, PolicyPoint::server_address, below,
                  [&](const RuleSource& source) { return source.at_server_addresses(addresses); });
}

bool Policy::may_be_overruled(const PolicyView& view, const Ruling& ruling) const noexcept {
  return std::ranges::any_of(view.sources, [&](PolicyRank rank) {
    return rank < ruling.rank && sources_[rank].source.rules->points().has_after(ruling.point);
  });
}

bool Policy::may_be_internal(NameView asked) const noexcept {
  return std::ranges::any_of(may_be_internal_, [&](const Name& allowed) { return asked.is_at_or_below(allowed); });
}

// ------------------------------------------------------------------------------------------------------------ building

void Policy::add_inline(const PolicyOptions& options, ListAction action) {
  const bool allows = action == ListAction::allow;
  const auto add = [&](const std::string& name, const std::vector<Name>& names, const ViewOptions* of) {
    if (names.empty()) { return; }
    constexpr std::uint8_t kCounter = 0;  // one for all that stands in the configuration itself
    auto list = NameList::of(name, action, names, options.blocked_ttl);
    Source source{.rules = std::move(list), .counter = kCounter, .lets_through = allows};
    sources_.push_back({std::move(source), true, of});
  };
  const std::string name = allows ? "policy.allow" : "policy.block";
  for (const ViewOptions& view : options.views) {
    add(view.name + (allows ? ".allow" : ".block"), allows ? view.allow : view.block, &view);
  }
  add(name, allows ? options.allow : options.block, nullptr);
}

// What is allowed wins over what blocks; of each, what the operator wrote down himself over what he got from others.
void Policy::rank(const PolicyOptions& options, std::vector<Source> sources) {
  const auto add_those = [&](bool let_through) {
    for (const Source& source : sources) {
      if (source.lets_through == let_through) { sources_.push_back({source, false, nullptr}); }
    }
  };
  add_inline(options, ListAction::allow);
  add_those(true);
  add_inline(options, ListAction::nxdomain);
  add_those(false);
}

// A view that names lists has those in place of everyone's; what the configuration itself says holds beside.
std::vector<PolicyRank> Policy::sources_for(const ViewOptions* view) const {
  const bool chooses = view != nullptr && view->lists.has_value();
  std::vector<PolicyRank> chosen;
  for (std::size_t rank = 0; rank < sources_.size(); ++rank) {
    const Ranked& ranked = sources_[rank];
    const bool is_named = chooses && std::ranges::find(*view->lists, ranked.source.rules->name()) != view->lists->end();
    const bool holds = ranked.is_inline                   ? ranked.of == nullptr || ranked.of == view
                       : chooses && ranked.source.is_list ? is_named
                                                          : ranked.source.everyone;
    if (holds) { chosen.push_back(u16(rank)); }
  }
  return chosen;
}

// `view` null: everyone's.
std::optional<std::string> Policy::add_view(const PolicyOptions& options, const ViewOptions* view) {
  PolicyView made;
  made.number = u8(views_.size());
  bool has_dns64 = options.dns64.enabled;
  made.strips_internal_addresses = options.rebinding.enabled;
  if (view != nullptr) {
    made.name = view->name;
    has_dns64 = view->dns64.value_or(has_dns64);
    made.strips_internal_addresses = view->rebinding_protection.value_or(made.strips_internal_addresses);
    for (const std::string& list : view->lists.value_or(std::vector<std::string>{})) {
      const auto is_it = [&](const Ranked& ranked) {
        return !ranked.is_inline && ranked.source.is_list && ranked.source.rules->name() == list;
      };
      if (std::ranges::none_of(sources_, is_it)) { return "view " + view->name + ": there is no list " + list; }
    }
    if (!view->local_data.records.empty() || !view->local_data.zones.empty()) {
      LocalDataOptions own = view->local_data;
      own.special_use_zones = false;  // everyone's are looked up behind these
      auto zones = LocalZones::build(own);
      if (!zones) { return "view " + view->name + ": " + zones.error(); }
      made.local = std::make_unique<const LocalZones>(std::move(*zones));
    }
  }
  made.dns64 = has_dns64 ? dns64_.get() : nullptr;
  made.sources = sources_for(view);
  for (const PolicyRank rank : made.sources) { made.points.add(sources_[rank].source.rules->points()); }
  views_.push_back(std::move(made));
  return std::nullopt;
}

std::expected<std::shared_ptr<const Policy>, std::string> Policy::build(const PolicyOptions& options,
                                                                        std::vector<Source> sources) {
  if (options.views.size() > PolicyOptions::kMaxViews) {
    return std::unexpected("more than " + std::to_string(PolicyOptions::kMaxViews) + " views");
  }
  if (sources.size() + 2 * options.views.size() + 2 >= kNoRank) {
    return std::unexpected("too many lists and policy zones");
  }
  const auto policy = std::shared_ptr<Policy>(new Policy);
  if (const auto problem = translator_prefix_problem(options.dns64.prefix)) {
    return std::unexpected("policy.dns64.prefix " + options.dns64.prefix.text() + " " + *problem);
  }
  policy->dns64_ = std::make_unique<const Dns64>(options.dns64);
  policy->may_be_internal_ = options.rebinding.allowed;
  policy->rank(options, std::move(sources));
  if (auto problem = policy->add_view(options, nullptr)) { return std::unexpected(std::move(*problem)); }
  std::vector<std::pair<Prefix, std::uint8_t>> clients;
  for (const ViewOptions& view : options.views) {
    for (const Prefix& prefix : view.clients) { clients.emplace_back(prefix, u8(policy->views_.size())); }
    if (auto problem = policy->add_view(options, &view)) { return std::unexpected(std::move(*problem)); }
  }
  policy->clients_ = PrefixTable<std::uint8_t>(clients);
  for (Ranked& ranked : policy->sources_) { ranked.of = nullptr; }  // the options may go
  return std::shared_ptr<const Policy>(policy);
}

}  // namespace vouch
