#include "resolver/iterate/classify.h"

#include <algorithm>

#include "resolver/cache/rrset_cache.h"

namespace vouch {

namespace {

template <typename T>
bool is_in(const std::vector<T>& list, const T& value) {
  return std::ranges::find(list, value) != list.end();
}

// Collects one RRset of a section: all records of that owner and type, and the signatures over them.
RRsetPtr collect(const MessageView& reply, Section section, NameView owner, Type type) {
  Buffer octets;
  std::vector<std::pair<std::size_t, std::size_t>> records;
  std::vector<std::pair<std::size_t, std::size_t>> signatures;
  std::uint32_t ttl = 0x7fffffff;
  for (const RecordAt& record : reply.records()) {
    const bool signature = record.type == Type::RRSIG && type != Type::RRSIG;
    if (record.section != section || (record.type != type && !signature) || record.rclass != Class::IN) { continue; }
    if (signature &&
        (record.rdata_length < 2 || load16(reply.raw_rdata(record).data()) != static_cast<std::uint16_t>(type))) {
      continue;
    }
    if (!reply.owner_is(record, owner)) { continue; }
    auto& list = signature ? signatures : records;
    if (list.size() >= (signature ? RRset::kMaxSignatures : RRset::kMaxRecords + 1)) { continue; }
    const std::size_t from = octets.size();
    reply.append_rdata(record, octets);
    list.emplace_back(from, octets.size() - from);
    if (!signature) { ttl = std::min(ttl, ttl_of(record)); }  // RFC 2181 section 5.2
  }
  if (records.empty()) { return nullptr; }
  const auto views = [&octets](const auto& list) {
    std::vector<Bytes> out;
    out.reserve(list.size());
    for (const auto& [from, size] : list) { out.push_back(Bytes(octets).subspan(from, size)); }
    return out;
  };
  return RRset::make(owner, type, ttl, views(records), views(signatures));
}

bool has(const MessageView& reply, NameView owner, Type type) {
  return std::ranges::any_of(reply.records(), [&](const RecordAt& record) {
    return record.section == Section::answer && record.type == type && record.rclass == Class::IN &&
           reply.owner_is(record, owner);
  });
}

// The DNAME in the answer section that redirects `name`, which the zone may speak of.
RRsetPtr redirecting_dname(const MessageView& reply, NameView name, NameView zone) {
  for (const RecordAt& record : reply.records()) {
    if (record.section != Section::answer || record.type != Type::DNAME || record.rclass != Class::IN) { continue; }
    const Name owner = reply.owner(record);
    if (name.is_below(owner) && owner.view().is_at_or_below(zone)) {
      return collect(reply, Section::answer, owner, Type::DNAME);
    }
  }
  return nullptr;
}

// Every type at the name, for a question of type ANY (RFC 8482 lets servers send as few as they like).
void collect_any(const MessageView& reply, NameView name, std::vector<RRsetPtr>& out) {
  constexpr std::size_t kMaxTypes = 100;  // BIND's max-types-per-name
  std::vector<Type> seen;
  for (const RecordAt& record : reply.records()) {
    if (record.section != Section::answer || record.rclass != Class::IN || record.type == Type::RRSIG ||
        is_meta(record.type) || is_in(seen, record.type) || seen.size() >= kMaxTypes || !reply.owner_is(record, name)) {
      continue;
    }
    seen.push_back(record.type);
    if (auto rrset = collect(reply, Section::answer, name, record.type)) { out.push_back(std::move(rrset)); }
  }
}

// Follows the aliases of the answer section from the question's name, as far as the zone may speak. True when the chain
// ends in the type asked for.
bool follow_chain(const MessageView& reply, const ReplyContext& context, Response& response) {
  response.target = Name(context.name);
  for (std::size_t step = 0; step <= kMaxAliasesInReply; ++step) {
    const Name now = response.target;
    if (!now.view().is_at_or_below(context.zone)) { return false; }
    if (context.type == Type::ANY && !redirecting_dname(reply, now, context.zone)) {
      const std::size_t before = response.answers.size();
      collect_any(reply, now, response.answers);
      return response.answers.size() > before;
    }
    auto rrset = collect(reply, Section::answer, now, context.type);
    const bool synthesised = context.type == Type::CNAME && rrset && redirecting_dname(reply, now, context.zone);
    if (rrset && !synthesised) {
      response.answers.push_back(std::move(rrset));
      return true;
    }
    if (!rrset && has(reply, now, context.type)) {  // there, but more of it than may be kept: no data would be a lie
      response.rcode = Rcode::server_failure;
      return false;
    }
    if (auto dname = redirecting_dname(reply, now, context.zone)) {
      auto cname = synthesise_cname(*dname, now, dname->ttl());
      const RRsetPtr sent = collect(reply, Section::answer, now, Type::CNAME);
      response.is_alias_contradicted |=
          sent && cname &&
          !(rdata_name(Type::CNAME, sent->first_rdata()) == rdata_name(Type::CNAME, cname->first_rdata()));
      response.answers.push_back(dname);
      if (!cname) {  // RFC 6672 section 2.2: the new name does not fit
        response.rcode = Rcode::yx_domain;
        return false;
      }
      response.target = Name(rdata_name(Type::CNAME, cname->first_rdata()));
      response.answers.push_back(std::move(cname));
      if (context.type == Type::CNAME) { return true; }
      continue;
    }
    auto cname = collect(reply, Section::answer, now, Type::CNAME);
    if (!cname) { return false; }
    if (cname->count() != 1) {  // which of them? (RFC 2181 section 10.1)
      response.rcode = Rcode::server_failure;
      return false;
    }
    response.target = Name(rdata_name(Type::CNAME, cname->first_rdata()));
    response.answers.push_back(std::move(cname));
  }
  return false;
}

// The NSEC and NSEC3 sets of the authority section, as far as the zone may speak.
void collect_proofs(const MessageView& reply, NameView zone, Response& response) {
  for (const RecordAt& record : reply.records()) {
    if (response.proofs.size() == ProofList::kMaxProofs) { return; }
    if (record.section != Section::authority || record.rclass != Class::IN) { continue; }
    if (record.type != Type::NSEC && record.type != Type::NSEC3) { continue; }
    const Name owner = reply.owner(record);
    const bool known = std::ranges::any_of(response.proofs, [&](const RRsetPtr& proof) {
      return proof->type() == record.type && proof->owner() == owner;
    });
    if (known || !owner.view().is_at_or_below(zone)) { continue; }
    if (auto proof = collect(reply, Section::authority, owner, record.type)) {
      response.proofs.push_back(std::move(proof));
    }
  }
}

// The SOA and the proofs of a negative answer (RFC 2308 section 2), from a zone that is an ancestor of `name`.
void collect_denial(const MessageView& reply, const ReplyContext& context, NameView name, Response& response) {
  for (const RecordAt& record : reply.records()) {
    if (record.section != Section::authority || record.rclass != Class::IN || record.type != Type::SOA) { continue; }
    const Name owner = reply.owner(record);
    if (!name.is_at_or_below(owner) || !owner.view().is_at_or_below(context.zone)) { continue; }
    response.soa = collect(reply, Section::authority, owner, Type::SOA);
    if (response.soa) { break; }
  }
  collect_proofs(reply, context.zone, response);
}

// Whether some signature says that the set was made from a wildcard (RFC 4035 section 5.3.4).
bool is_from_wildcard(const RRset& rrset) {
  const std::uint8_t labels = u8(rrset.owner().labels() - std::size_t{rrset.owner().is_wildcard()});
  return std::ranges::any_of(rrset.signatures(), [labels](Bytes rdata) {
    const auto signature = rrsig_view(rdata);
    return signature && signature->labels < labels;
  });
}

std::vector<IpAddress> addresses_beside(const MessageView& reply, NameView server) {
  std::vector<IpAddress> addresses;
  for (const RecordAt& record : reply.records()) {
    if (record.section != Section::additional || record.rclass != Class::IN ||
        (record.type != Type::A && record.type != Type::AAAA) || !reply.owner_is(record, server)) {
      continue;
    }
    const Bytes octets = reply.raw_rdata(record);
    const IpAddress address = record.type == Type::A ? IpAddress::v4(octets) : IpAddress::v6(octets);
    if (!address.is_unusable_server() && !is_in(addresses, address)) { addresses.push_back(address); }
    if (addresses.size() == Delegation::kMaxAddressesPerServer) { break; }
  }
  return addresses;
}

// The NS set of `zone` in a section, as servers with the glue that may be used.
DelegationPtr servers_of(const MessageView& reply, Section section, NameView zone, NameView glue_bailiwick,
                         bool harden_glue) {
  const RRsetPtr set = collect(reply, section, zone, Type::NS);
  if (!set) { return nullptr; }
  std::vector<Delegation::Server> servers;
  for (const Bytes rdata : set->rdata()) {
    Delegation::Server server{Name(rdata_name(Type::NS, rdata)), {}};
    // Glue from elsewhere would let a parent plant addresses for names that are none of its business.
    if (!harden_glue || server.name.view().is_at_or_below(glue_bailiwick)) {
      server.addresses = addresses_beside(reply, server.name);
    }
    servers.push_back(std::move(server));
    // Names with glue first in the cut to kMaxServers would favour a lame set: the order stays the server's.
    if (servers.size() == Delegation::kMaxServers) { break; }
  }
  return Delegation::make(zone, std::move(servers), set->ttl());
}

// The owner of the NS records in the authority section that lie between the asked zone and the name, or nothing.
std::optional<Name> referred_zone(const MessageView& reply, const ReplyContext& context, bool& upward) {
  for (const RecordAt& record : reply.records()) {
    if (record.section != Section::authority || record.type != Type::NS || record.rclass != Class::IN) { continue; }
    Name owner = reply.owner(record);
    if (owner.view().is_below(context.zone)) {
      owner.lower_case();  // in whatever case 0x20 had it echoed: people read it
      if (context.name.is_at_or_below(owner)) { return owner; }
    } else {
      // The zone's own NS set beside an authoritative nothing is a curt denial; some load balancers answer AAAA so.
      upward = upward || !reply.header().aa() || !(owner.view() == context.zone);
    }
  }
  return std::nullopt;
}

}  // namespace

RRsetPtr synthesise_cname(const RRset& dname, NameView name, std::uint32_t ttl) {
  const auto target = Name::substitute(name, dname.owner(), rdata_name(Type::DNAME, dname.first_rdata()));
  if (!target) { return nullptr; }
  const Bytes rdata = target->view().octets();
  return RRset::make(name, Type::CNAME, ttl, {&rdata, 1});
}

namespace {

// The servers of a zone below, and what the parent says of its keys.
Outcome read_referral(const MessageView& reply, const ReplyContext& context, NameView zone, Response& response) {
  // A parent that knows nothing of DS refers down instead of denying: for this question that is "no such data".
  if (context.type == Type::DS && context.name == zone) { return Outcome::no_data; }
  response.referral = servers_of(reply, Section::authority, zone, context.zone, context.harden_glue);
  if (context.want_proofs) {
    response.ds = collect(reply, Section::authority, zone, Type::DS);
    if (!response.ds) { collect_proofs(reply, context.zone, response); }
  }
  return response.referral ? Outcome::referral : Outcome::lame;
}

// The answer section did not settle the question: the authority section may, or nothing does.
Outcome read_authority(const MessageView& reply, const ReplyContext& context, Response& response) {
  const bool aliased = !response.answers.empty();
  collect_denial(reply, context, response.target, response);
  if (response.rcode == Rcode::name_error) { return Outcome::name_error; }
  if (response.soa) { return Outcome::no_data; }
  if (aliased) { return Outcome::alias; }  // the server had no more to say: ask for the rest
  if (context.from_forwarder) { return Outcome::no_data; }
  bool upward = false;
  if (const auto zone = referred_zone(reply, context, upward)) {
    return read_referral(reply, context, *zone, response);
  }
  // Neither SOA nor servers below: an authoritative server denies curtly, any other does not serve the zone.
  return response.authoritative && !upward ? Outcome::no_data : Outcome::lame;
}

Response read(const MessageView& reply, const ReplyContext& context) {
  Response response;
  response.rcode = reply.rcode();
  response.authoritative = reply.header().aa();
  if (response.rcode != Rcode::no_error && response.rcode != Rcode::name_error && response.rcode != Rcode::yx_domain) {
    // REFUSED and NOTAUTH speak of the zone, the others of this question.
    const bool about_zone = response.rcode == Rcode::refused || response.rcode == Rcode::not_auth;
    response.outcome = about_zone ? Outcome::lame : Outcome::server_error;
    return response;
  }
  // That a name would be too long is for us to find out (RFC 6672 section 2.2): an rcode is not signed.
  const bool says_too_long = response.rcode == Rcode::yx_domain;
  if (says_too_long) { response.rcode = Rcode::no_error; }
  if (follow_chain(reply, context, response)) {
    response.outcome = Outcome::answer;
    if (context.name.is_root() && context.type == Type::NS && context.zone.is_root()) {
      response.root_servers = servers_of(reply, Section::answer, NameView(), NameView(), true);
    }
    return response;
  }
  if (response.rcode == Rcode::server_failure) {
    response.answers.clear();
    response.outcome = Outcome::server_error;
    return response;
  }
  if (response.rcode == Rcode::yx_domain) {
    response.outcome = response.answers.empty() ? Outcome::server_error : Outcome::answer;
    return response;
  }
  if (says_too_long && response.answers.empty()) {
    response.outcome = Outcome::server_error;
    return response;
  }
  // What the rcode says about a name elsewhere does not count.
  const bool leads_out = !response.target.view().is_at_or_below(context.zone);
  response.outcome = leads_out ? Outcome::alias : read_authority(reply, context, response);
  return response;
}

std::uint32_t records_in(const std::vector<RRsetPtr>& sets) {
  std::uint32_t count = 0;
  for (const RRsetPtr& set : sets) { count += std::uint32_t{set->count()} + set->signature_count(); }
  return count;
}

}  // namespace

Response classify(const MessageView& reply, const ReplyContext& context) {
  Response response = read(reply, context);
  const bool is_positive = response.outcome == Outcome::answer || response.outcome == Outcome::alias;
  if (context.want_proofs && is_positive &&
      std::ranges::any_of(response.answers, [](const RRsetPtr& set) { return is_from_wildcard(*set); })) {
    collect_proofs(reply, context.zone, response);
  }
  std::uint32_t kept = records_in(response.answers) + records_in(response.proofs);
  for (const RRsetPtr& single : {response.soa, response.ds}) {
    if (single) { kept += std::uint32_t{single->count()} + single->signature_count(); }
  }
  if (response.referral) {
    for (const Delegation::Server& server : response.referral->servers()) {
      kept += 1 + static_cast<std::uint32_t>(server.addresses.size());
    }
  }
  const std::uint32_t sent = static_cast<std::uint32_t>(reply.records().size());
  response.scrubbed = sent > kept ? sent - kept : 0;
  return response;
}

}  // namespace vouch
