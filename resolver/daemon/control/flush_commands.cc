// Forgetting: what the operator no longer wants to be answered from memory goes from every layer, and the answer tells
// how much there was, expired entries included. Finished answers go with the RRset cache's generation, which each of
// these moves on.
//
// What is being resolved at this moment may still come in afterwards, as it was told before.
#include "resolver/daemon/control/commands.h"

namespace vouch {

namespace {

struct Removed {
  std::uint64_t rrsets = 0, delegations = 0, proofs = 0, failures = 0, trust = 0, servers = 0;

  Json json() const {
    return {{"removed",
             {{"rrsets", rrsets},
              {"delegations", delegations},
              {"proofs", proofs},
              {"failures", failures},
              {"zones_of_trust", trust},
              {"servers", servers}}},
            {"total", rrsets + delegations + proofs + failures + trust + servers}};
  }
};

class Flusher {
 public:
  explicit Flusher(const ControlParts& parts)
      : clock_(parts.clock), caches_(parts.caches), trust_(parts.trust), forget_shared_(parts.forget_shared) {}

  // Exactly this name, all types. If a zone begins here, the way to it and the trust in it as well; what lies below
  // stays.
  Removed name(NameView name) {
    forget_shared(name, Forgotten::Scope::name, Type::none);
    Removed removed;
    removed.delegations = caches_.delegations.remove(name);
    removed.proofs = caches_.denials.remove_below(name);
    removed.failures = caches_.failures.remove_name(name);
    removed.trust = trust_.remove(name);
    removed.rrsets = caches_.rrsets.remove_name(name);
    return removed;
  }
  // One type of it, and what says the same in other words.
  Removed name_and_type(NameView name, Type type) {
    forget_shared(name, Forgotten::Scope::name, type);
    Removed removed;
    if (type == Type::NS) { removed.delegations = caches_.delegations.remove(name); }
    if (type == Type::DS || type == Type::DNSKEY) { removed.trust = trust_.remove(name); }
    removed.proofs = caches_.denials.remove_below(name);
    removed.failures = caches_.failures.remove(name, type);
    removed.rrsets = caches_.rrsets.remove(name, type);
    return removed;
  }
  // The name and all below it. Its servers are met as if they were new: that they were lame or silent is what their
  // operator may just have mended.
  Removed zone(NameView zone) {
    forget_shared(zone, Forgotten::Scope::below, Type::none);
    Removed removed;
    removed.servers = forget_servers(zone);  // whom the delegation names, which goes next
    removed.delegations = caches_.delegations.remove_below(zone);
    removed.proofs = caches_.denials.remove_below(zone);
    removed.failures = caches_.failures.remove_below(zone);
    removed.trust = trust_.remove_below(zone);
    removed.rrsets = caches_.rrsets.remove_below(zone);
    return removed;
  }
  // One type of all names, likewise.
  Removed type(Type type) {
    forget_shared(NameView(), Forgotten::Scope::below, type);
    Removed removed;
    if (type == Type::NS) {
      removed.delegations = caches_.delegations.entries();
      caches_.delegations.clear();
    }
    if (type == Type::DS || type == Type::DNSKEY) {
      removed.trust = trust_.entries();
      trust_.clear();
    }
    removed.proofs = caches_.denials.entries();  // a proof tells of all types of a name
    caches_.denials.clear();
    removed.failures = caches_.failures.remove_type(type);
    removed.rrsets = caches_.rrsets.remove_if([type](NameView, Type of, Security) { return of == type; });
    return removed;
  }
  Removed bogus() {  // of which nothing is shared
    Removed removed;
    removed.failures = caches_.failures.remove_bogus();
    removed.trust = trust_.remove_bogus();
    removed.rrsets =
        caches_.rrsets.remove_if([](NameView, Type, Security security) { return security == Security::bogus; });
    return removed;
  }
  Removed all() {
    forget_shared(NameView(), Forgotten::Scope::below, Type::none);
    Removed removed{.rrsets = caches_.rrsets.stats().entries,
                    .delegations = caches_.delegations.entries(),
                    .proofs = caches_.denials.entries(),
                    .failures = caches_.failures.entries(),
                    .trust = trust_.entries(),
                    .servers = caches_.servers.entries()};
    caches_.delegations.clear();
    caches_.denials.clear();
    caches_.failures.clear();
    trust_.clear();
    caches_.servers.clear();
    caches_.rrsets.clear();
    return removed;
  }

 private:
  void forget_shared(NameView name, Forgotten::Scope scope, Type type) const {
    if (forget_shared_) { forget_shared_(name, scope, type); }
  }
  std::uint64_t forget_servers(NameView zone) {
    const TtlTime now = clock_.ttl();
    const DelegationPtr cut = caches_.delegations.find(zone, now);
    if (!cut) { return 0; }
    std::uint64_t forgotten = 0;
    for (const Delegation::Server& server : cut->servers()) {
      for (const IpAddress& address : server.addresses) { forgotten += caches_.servers.remove(address, zone); }
      for (const Type type : {Type::A, Type::AAAA}) {
        const auto known = caches_.rrsets.find(server.name, type, now);
        if (!known || known->kind != EntryKind::rrset) { continue; }
        for (const Bytes octets : known->rrset->rdata()) {
          forgotten += caches_.servers.remove(type == Type::A ? IpAddress::v4(octets) : IpAddress::v6(octets), zone);
        }
      }
    }
    return forgotten;
  }

  const Clock& clock_;
  Caches& caches_;
  TrustCache& trust_;
  const std::function<void(NameView, Forgotten::Scope, Type)> forget_shared_;
};

}  // namespace

void add_flush_commands(ControlRegistry& registry, const ControlParts& parts) {
  const auto flusher = std::make_shared<Flusher>(parts);
  const auto add = [&](std::string_view name, std::vector<std::string_view> arguments, auto run) {
    registry.add({.name = name, .arguments = std::move(arguments), .run = std::move(run), .changes = true});
  };
  add("flush name", {"name", "type"}, [flusher](const CallPtr& call) {
    const auto name = call->name();
    if (!name) { return; }
    const auto type = call->type("type", Type::none);
    if (!type) { return; }
    call->done((call->has("type") ? flusher->name_and_type(*name, *type) : flusher->name(*name)).json());
  });
  add("flush zone", {"zone"}, [flusher](const CallPtr& call) {
    if (const auto zone = call->name("zone")) { call->done(flusher->zone(*zone).json()); }
  });
  add("flush type", {"type"}, [flusher](const CallPtr& call) {
    if (!call->text("type")) { return; }
    if (const auto type = call->type("type", Type::none)) { call->done(flusher->type(*type).json()); }
  });
  add("flush bogus", {}, [flusher](const CallPtr& call) { call->done(flusher->bogus().json()); });
  add("flush all", {}, [flusher](const CallPtr& call) { call->done(flusher->all().json()); });
}

}  // namespace vouch
