// Policy: which clients may reach what. One immutable value, built off the workers' threads from options and sources of
// rules (lists, response policy zones), shared by all workers, replaced as a whole and never changed. It is consulted
// at four named points and nowhere else: the client's address, the name asked, the servers on the way, the answer
// before it leaves (ruling.h).
//
// Which rules hold for a client depends on its view: the longest prefix that its address lies in. Sources are asked in
// the order of their rank; the first that has a rule decides, at whatever point that is: a rule of a later source is
// only final when no earlier source can have one further on (may_be_overruled).
#pragma once

#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "resolver/policy/dns64.h"
#include "resolver/policy/local_zones.h"
#include "resolver/policy/policy_options.h"
#include "resolver/policy/prefix_table.h"
#include "resolver/policy/ruling.h"
#include "telemetry/taxonomy.h"

namespace vouch {

// What holds for some clients.
struct PolicyView {
  std::uint8_t number = 0;  // 0: everyone who is in no other
  std::string name;
  std::vector<PolicyRank> sources;          // in the order in which they are asked
  PolicyPoints points;                      // at which any of them has rules
  std::unique_ptr<const LocalZones> local;  // names answered here for these clients alone; null: none
  const Dns64* dns64 = nullptr;             // null: not for these clients. Lies in the Policy
  bool strips_internal_addresses = false;   // rebinding protection (rebinding.h)
};

class Policy {
 public:
  // What a policy is made of, in the order of precedence. Lists that views name must be among them.
  struct Source {
    std::shared_ptr<const RuleSource> rules;
    bool everyone = true;                           // false: for the views that name it alone
    std::uint8_t counter = kPolicySourceSlots - 1;  // that counts what it does (telemetry/policy_sources.h)
    bool is_list = true;        // views choose among lists; what is none (a policy zone) holds in every view
    bool lets_through = false;  // a list of what is allowed: before all that blocks, wherever it stands
  };
  // The error is a sentence for the operator. Pure: the same options and sources make the same policy.
  static std::expected<std::shared_ptr<const Policy>, std::string> build(const PolicyOptions& options,
                                                                         std::vector<Source> sources);

  const PolicyView& view_of(const IpAddress& client) const noexcept;
  const std::vector<PolicyView>& views() const noexcept { return views_; }
  const RuleSource& source(PolicyRank rank) const noexcept { return *sources_[rank].source.rules; }
  std::uint8_t counter_of(PolicyRank rank) const noexcept { return sources_[rank].source.counter; }

  // The first rule among the view's sources of a rank below `below`; nothing: none has one.
  std::optional<Ruling> at_client(const PolicyView& view, const IpAddress& client) const noexcept;
  std::optional<Ruling> at_query_name(const PolicyView& view, const HashedName& name,
                                      PolicyRank below = kNoRank) const noexcept;
  std::optional<Ruling> at_answer_addresses(const PolicyView& view, std::span<const IpAddress> addresses,
                                            PolicyRank below = kNoRank) const noexcept;
  std::optional<Ruling> at_server_names(const PolicyView& view, std::span<const NameView> names,
                                        PolicyRank below = kNoRank) const noexcept;
  std::optional<Ruling> at_server_addresses(const PolicyView& view, std::span<const IpAddress> addresses,
                                            PolicyRank below = kNoRank) const noexcept;
  // Whether a source before this ruling's has rules at a later point than the ruling's.
  bool may_be_overruled(const PolicyView& view, const Ruling& ruling) const noexcept;
  // Whether addresses of the home's own network may stand in answers to `asked` all the same.
  bool may_be_internal(NameView asked) const noexcept;

 private:
  Policy() = default;
  template <typename Ask>
  std::optional<Ruling> first_of(const PolicyView& view, PolicyPoint point, PolicyRank below, Ask ask) const noexcept;
  // A source with whom it is for. Names that stand in the configuration itself are sources, too.
  struct Ranked {
    Source source;
    bool is_inline = false;           // whoever chooses lists does not choose these
    const ViewOptions* of = nullptr;  // of this view alone; null: of all. While building
  };
  void rank(const PolicyOptions& options, std::vector<Source> sources);
  void add_inline(const PolicyOptions& options, ListAction action);
  std::vector<PolicyRank> sources_for(const ViewOptions* view) const;
  std::optional<std::string> add_view(const PolicyOptions& options, const ViewOptions* view);

  std::vector<Ranked> sources_;
  std::unique_ptr<const Dns64> dns64_;  // null: for no view
  std::vector<Name> may_be_internal_;
  std::vector<PolicyView> views_;  // the first: everyone's
  PrefixTable<std::uint8_t> clients_;
};

}  // namespace vouch
