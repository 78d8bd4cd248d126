#include "resolver/iterate/local_root.h"

#include <algorithm>
#include <utility>

namespace vouch {

namespace {

void add_addresses(const Zone& zone, NameView server, Type type, std::vector<IpAddress>& addresses) {
  const Zone::Run run = zone.at(server, type);
  for (std::size_t i = run.first; i != run.last && addresses.size() < Delegation::kMaxAddressesPerServer; ++i) {
    const Bytes octets = zone[i].rdata;
    addresses.push_back(type == Type::A ? IpAddress::v4(octets) : IpAddress::v6(octets));
  }
}

}  // namespace

RootCopy::RootCopy(ZonePtr zone, UnixTime signed_until) : zone_(std::move(zone)), signed_until_(signed_until) {
  servers_ = servers_of(NameView());
}

// All glue that a root zone has is for names below it: none can lead out of its bailiwick.
DelegationPtr RootCopy::servers_of(NameView cut) const {
  const Zone::Run run = zone_->at(cut, Type::NS);
  std::vector<Delegation::Server> servers;
  std::uint32_t ttl = DelegationCache::kMaxTtl;
  for (std::size_t i = run.first; i != run.last && servers.size() < Delegation::kMaxServers; ++i) {
    const ZoneRecord record = (*zone_)[i];
    Delegation::Server server{Name(rdata_name(Type::NS, record.rdata)), {}};
    for (const Type type : {Type::A, Type::AAAA}) { add_addresses(*zone_, server.name, type, server.addresses); }
    servers.push_back(std::move(server));
    ttl = std::min(ttl, record.ttl);
  }
  return Delegation::make(cut, std::move(servers), ttl);
}

std::optional<Response> RootCopy::reply(const Question& question) const {
  const NameView name = question.name;
  if (question.type == Type::ANY || question.type == Type::RRSIG || is_meta(question.type)) { return std::nullopt; }
  for (std::size_t labels = 1; labels <= name.labels(); ++labels) {
    const NameView suffix = name.suffix(u8(labels));
    if (zone_->has(suffix, Type::DNAME)) { return std::nullopt; }
    if (!zone_->has(suffix, Type::NS)) { continue; }
    const bool is_for_parent = question.type == Type::DS && labels == name.labels();
    return is_for_parent ? at_name(name, question.type) : referral(suffix);
  }
  return zone_->exists(name) ? at_name(name, question.type) : denial(name);
}

std::optional<Response> RootCopy::referral(NameView cut) const {
  Response response;
  response.outcome = Outcome::referral;
  response.rcode = Rcode::no_error;
  response.target = Name(cut);
  response.referral = servers_of(cut);
  response.ds = zone_->rrset(cut, Type::DS);
  if (response.ds == nullptr && !prove(cut, response)) { return std::nullopt; }
  return response.referral ? std::optional(std::move(response)) : std::nullopt;
}

// The name exists and is the zone's own, or a cut that is asked about for its DS.
std::optional<Response> RootCopy::at_name(NameView name, Type type) const {
  if (zone_->has(name, Type::CNAME)) { return std::nullopt; }
  Response response;
  response.rcode = Rcode::no_error;
  response.authoritative = true;
  response.target = Name(name);
  if (zone_->has(name, type)) {
    const RRsetPtr set = zone_->rrset(name, type);
    if (set == nullptr) { return std::nullopt; }
    response.outcome = Outcome::answer;
    response.answers.push_back(set);
    return response;
  }
  response.outcome = Outcome::no_data;
  response.soa = zone_->rrset(NameView(), Type::SOA);
  return response.soa && prove(name, response) ? std::optional(std::move(response)) : std::nullopt;
}

std::optional<Response> RootCopy::denial(NameView name) const {
  NameView encloser = name.parent();
  while (!zone_->exists(encloser)) { encloser = encloser.parent(); }
  Name wildcard(encloser);
  if (!wildcard.prepend_label(bytes_of("*")) || zone_->exists(wildcard)) { return std::nullopt; }
  Response response;
  response.outcome = Outcome::name_error;
  response.rcode = Rcode::name_error;
  response.authoritative = true;
  response.target = Name(name);
  response.soa = zone_->rrset(NameView(), Type::SOA);
  const bool is_whole = response.soa && prove(name, response) && prove(wildcard, response);
  return is_whole ? std::optional(std::move(response)) : std::nullopt;
}

// Adds the NSEC set at the name, or the one whose span the name lies in. False: there is none.
bool RootCopy::prove(NameView name, Response& response) const {
  NameView owner = name;
  if (!zone_->has(name, Type::NSEC)) {
    owner = (*zone_)[zone_->before(name)].owner;
    // What lies below a delegation has no NSEC of its own; the delegation's stands before it.
    for (std::size_t labels = 1; labels < owner.labels(); ++labels) {
      if (!zone_->has(owner.suffix(u8(labels)), Type::NS)) { continue; }
      owner = owner.suffix(u8(labels));
      break;
    }
  }
  RRsetPtr proof = zone_->rrset(owner, Type::NSEC);
  if (proof == nullptr) { return false; }
  const bool is_known =
      std::ranges::any_of(response.proofs, [&](const RRsetPtr& other) { return other->owner() == proof->owner(); });
  if (!is_known) { response.proofs.push_back(std::move(proof)); }
  return true;
}

RootCopyPtr LocalRoot::current(UnixTime now) const {
  const std::lock_guard lock(mutex_);
  const bool is_good = copy_ != nullptr && now < until_ && now < copy_->signed_until();
  return is_good ? copy_ : nullptr;
}

std::optional<Response> LocalRoot::reply(const Question& question, UnixTime now) const {
  const RootCopyPtr copy = current(now);
  if (copy == nullptr) { return std::nullopt; }
  auto reply = copy->reply(question);
  if (reply) { replies_.fetch_add(1, std::memory_order_relaxed); }
  return reply;
}

void LocalRoot::replace(RootCopyPtr copy, UnixTime until) {
  RootCopyPtr old;  // goes when the lock is free again
  const std::lock_guard lock(mutex_);
  old = std::exchange(copy_, std::move(copy));
  until_ = until;
}

void LocalRoot::keep_until(UnixTime until) {
  const std::lock_guard lock(mutex_);
  until_ = until;
}

RootCopyPtr LocalRoot::latest() const {
  const std::lock_guard lock(mutex_);
  return copy_;
}

UnixTime LocalRoot::until() const {
  const std::lock_guard lock(mutex_);
  return copy_ != nullptr ? std::min(until_, copy_->signed_until()) : 0;
}

}  // namespace vouch
