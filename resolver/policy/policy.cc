#include "resolver/policy/policy.h"

#include <algorithm>

namespace vouch {

Dns64Options::Dns64Options() : prefix(*Prefix::parse("64:ff9b::/96")), exclude{*Prefix::parse("::ffff:0:0/96")} {}

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
    const RuleSource& source = *sources_[rank].rules;
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

std::optional<Ruling> Policy::at_answer_address(const PolicyView& view, const IpAddress& address,
                                                PolicyRank below) const noexcept {
  return first_of(view, PolicyPoint::answer_address, below,
                  [&](const RuleSource& source) { return source.at_answer_address(address); });
}

std::optional<Ruling> Policy::at_server_name(const PolicyView& view, const HashedName& name,
                                             PolicyRank below) const noexcept {
  return first_of(view, PolicyPoint::server_name, below,
                  [&](const RuleSource& source) { return source.at_server_name(name); });
}

std::optional<Ruling> Policy::at_server_address(const PolicyView& view, const IpAddress& address,
                                                PolicyRank below) const noexcept {
  return first_of(view, PolicyPoint::server_address, below,
                  [&](const RuleSource& source) { return source.at_server_address(address); });
}

bool Policy::may_be_overruled(const PolicyView& view, const Ruling& ruling) const noexcept {
  return std::ranges::any_of(view.sources, [&](PolicyRank rank) {
    return rank < ruling.rank && sources_[rank].rules->points().has_after(ruling.point);
  });
}

// ------------------------------------------------------------------------------------------------------------ building

// Everyone's sources; or those that a view names, beside all that no view can choose.
std::vector<PolicyRank> Policy::sources_for(const ViewOptions* view) const {
  std::vector<PolicyRank> chosen;
  for (std::size_t rank = 0; rank < sources_.size(); ++rank) {
    const Source& source = sources_[rank];
    const bool is_named =
        view != nullptr && view->lists && std::ranges::find(*view->lists, source.rules->name()) != view->lists->end();
    const bool chooses = view != nullptr && view->lists.has_value();
    if (chooses ? is_named : source.everyone) { chosen.push_back(u16(rank)); }
  }
  return chosen;
}

std::optional<std::string> Policy::add_view(const ViewOptions* options) {
  PolicyView view;
  view.number = u8(views_.size());
  if (options != nullptr) {
    view.name = options->name;
    for (const std::string& list : options->lists.value_or(std::vector<std::string>{})) {
      const auto is_it = [&](const Source& source) { return source.rules->name() == list; };
      if (std::ranges::none_of(sources_, is_it)) { return "view " + view.name + ": there is no list " + list; }
    }
    if (!options->local_data.records.empty()) {
      LocalDataOptions own = options->local_data;
      own.special_use_zones = false;  // everyone's are looked up behind these
      auto zones = LocalZones::build(own);
      if (!zones) { return "view " + view.name + ": " + zones.error(); }
      view.local = std::make_unique<const LocalZones>(std::move(*zones));
    }
  }
  view.sources = sources_for(options);
  for (const PolicyRank rank : view.sources) { view.points.add(sources_[rank].rules->points()); }
  views_.push_back(std::move(view));
  return std::nullopt;
}

std::expected<std::shared_ptr<const Policy>, std::string> Policy::build(const PolicyOptions& options,
                                                                        std::vector<Source> sources) {
  if (options.views.size() > PolicyOptions::kMaxViews) {
    return std::unexpected("more than " + std::to_string(PolicyOptions::kMaxViews) + " views");
  }
  if (sources.size() >= kNoRank) { return std::unexpected("too many lists and policy zones"); }
  const auto policy = std::shared_ptr<Policy>(new Policy);
  policy->sources_ = std::move(sources);
  if (auto problem = policy->add_view(nullptr)) { return std::unexpected(std::move(*problem)); }
  std::vector<std::pair<Prefix, std::uint8_t>> clients;
  for (const ViewOptions& view : options.views) {
    for (const Prefix& prefix : view.clients) { clients.emplace_back(prefix, u8(policy->views_.size())); }
    if (auto problem = policy->add_view(&view)) { return std::unexpected(std::move(*problem)); }
  }
  policy->clients_ = PrefixTable<std::uint8_t>(std::move(clients));
  return std::shared_ptr<const Policy>(policy);
}

}  // namespace vouch
