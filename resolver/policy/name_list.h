// A list of names that are blocked, or let through: a source of rules (ruling.h) whose names lie in a NameTable.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "resolver/policy/name_table.h"
#include "resolver/policy/policy_options.h"
#include "resolver/policy/ruling.h"

namespace vouch {

class NameList final : public RuleSource {
 public:
  // Tables that are finished. `excepted`: names that the list itself lets through; they lift this list's word alone,
  // and other lists may still block them.
  NameList(const PolicyListOptions& options, std::uint32_t blocked_ttl, std::shared_ptr<const NameTable> listed,
           std::shared_ptr<const NameTable> excepted);
  // For names that stand in the configuration itself, of kMaxListedLabels labels at most: deeper ones are left out.
  static std::shared_ptr<const NameList> of(std::string name, ListAction action, const std::vector<Name>& names,
                                            std::uint32_t blocked_ttl);

  std::string_view name() const noexcept override { return name_; }
  PolicyPoints points() const noexcept override {
    return listed_->size() == 0 ? PolicyPoints{} : PolicyPoints{PolicyPoint::query_name};
  }
  std::optional<Ruling> at_query_name(const HashedName& name) const noexcept override;

 private:
  std::string name_;
  Ruling ruling_;
  std::vector<RRsetPtr> data_;  // for ListAction::null_address
  std::shared_ptr<const NameTable> listed_, excepted_;
};

}  // namespace vouch
