#include "resolver/policy/name_list.h"

namespace vouch {

namespace {

PolicyAction action_of(ListAction action) noexcept {
  switch (action) {
    case ListAction::nxdomain:
      return PolicyAction::name_error;
    case ListAction::nodata:
      return PolicyAction::no_data;
    case ListAction::null_address:
      return PolicyAction::local_data;
    case ListAction::refuse:
      return PolicyAction::refuse;
    case ListAction::allow:
      return PolicyAction::pass_on;
  }
  return PolicyAction::pass_on;
}

Ede ede_of(ListReason reason) noexcept {
  switch (reason) {
    case ListReason::blocked:
      return Ede::blocked;
    case ListReason::filtered:
      return Ede::filtered;
    case ListReason::censored:
      return Ede::censored;
  }
  return Ede::blocked;
}

// The unspecified address: what connects to it fails at once.
std::vector<RRsetPtr> null_addresses(std::uint32_t ttl) {
  constexpr std::array<Octet, 16> kZeros{};
  const Bytes v4[] = {Bytes(kZeros).first(4)}, v6[] = {Bytes(kZeros)};
  return {RRset::make(NameView(), Type::A, ttl, v4), RRset::make(NameView(), Type::AAAA, ttl, v6)};
}

}  // namespace

NameList::NameList(const PolicyListOptions& options, std::uint32_t blocked_ttl, std::shared_ptr<const NameTable> listed,
                   std::shared_ptr<const NameTable> excepted)
    : name_(options.name), listed_(std::move(listed)), excepted_(std::move(excepted)) {
  ruling_.action = action_of(options.action);
  ruling_.ttl = blocked_ttl;
  if (options.action != ListAction::allow) { ruling_.ede = ede_of(options.reason); }
  if (options.action == ListAction::null_address) {
    data_ = null_addresses(blocked_ttl);
    ruling_.data = data_;
  }
}

std::shared_ptr<const NameList> NameList::of(std::string name, ListAction action, const std::vector<Name>& names,
                                             std::uint32_t blocked_ttl) {
  auto table = std::make_shared<NameTable>();
  static_assert(kMaxListedLabels ==
                HashedName::kMaxDepth);  // so that whoever reads the names can refuse what is deeper
  for (const Name& listed : names) { static_cast<void>(table->add(listed, NameReach::and_below)); }
  table->finish();
  PolicyListOptions options;
  options.name = std::move(name);
  options.action = action;
  return std::make_shared<const NameList>(options, blocked_ttl, std::move(table), std::make_shared<const NameTable>());
}

std::optional<Ruling> NameList::at_query_name(const HashedName& name) const noexcept {
  const auto rule = listed_->find(name);
  if (!rule || excepted_->find(name)) { return std::nullopt; }
  Ruling ruling = ruling_;
  ruling.rule = *rule;
  return ruling;
}

}  // namespace vouch
