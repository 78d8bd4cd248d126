// The owner name of a rule, read: `*.bad.example.rpz.zone.` is a QNAME trigger, `24.0.2.0.192.rpz-ip.rpz.zone.` one for
// addresses (sections 4.1 to 4.5 of the draft). Pure.
#pragma once

#include <expected>
#include <string_view>

#include "resolver/base/address.h"
#include "resolver/policy/rpz/rule.h"
#include "resolver/wire/name.h"

namespace vouch {

struct RpzOwner {
  RpzTrigger trigger = RpzTrigger::qname;
  // Of QNAME and NSDNAME triggers, lower-cased, without zone and asterisk; a wildcard matches what is below it alone.
  Name name;
  bool is_wildcard = false;
  // Of the others.
  Prefix prefix;

  bool is_name() const noexcept { return trigger == RpzTrigger::qname || trigger == RpzTrigger::nsdname; }
};

enum class RpzOwnerFault : std::uint8_t {
  apex,         // no rule: the zone's own records
  out_of_zone,  // not at or below the zone's name
  malformed,    // an address or its prefix length is none, or has bits beyond the prefix
  unsupported,  // below another rpz- label, which the draft keeps for later
};
std::string_view rpz_fault_text(RpzOwnerFault fault) noexcept;

std::expected<RpzOwner, RpzOwnerFault> read_rpz_owner(NameView owner, NameView zone) noexcept;

}  // namespace vouch
