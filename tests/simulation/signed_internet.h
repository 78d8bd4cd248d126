// The small Internet with signed zones: each zone is a SignedZone, served honestly at its addresses unless somebody
// tampers with what one of them says. The root is signed, its DS is the resolver's trust anchor, and it is now
// dnssec_kit::kNow.
//
//   SignedInternet net;
//   net.add("org.", {"192.0.2.1"});
//   net.add("example.org.", {"192.0.2.2", "192.0.2.3"}).has("www.example.org. 300 IN A 198.51.100.1");
//   net.tamper("192.0.2.2", strip_signatures(Type::A));
//   EXPECT_EQ(net.ask("www.example.org.", Type::A), "NOERROR AD www.example.org. 300 IN A 198.51.100.1");
#pragma once

#include <functional>

#include "tests/dnssec_kit/signed_zone.h"
#include "tests/scenarios/internet.h"

namespace vouch::simulation {

using dnssec_kit::Reply;
using dnssec_kit::SignedZone;
using dnssec_kit::ZoneStyle;

// Changes a reply on its way out.
using Tamper = std::function<void(const Question&, Reply&)>;

class SignedInternet {
 public:
  SignedInternet();

  // A zone, delegated by the closest zone above it that is there: with its DS when it is signed.
  SignedZone& add(std::string_view origin, const std::vector<std::string_view>& addresses, const ZoneStyle& style = {});
  SignedZone& zone(std::string_view origin);
  void tamper(std::string_view where, const Tamper& how);  // an address, or a zone: all its servers
  void untamper() { tampers_.clear(); }

  // How clients ask here when nothing else is said: AD and EDNS, so that both AD and EDE come back.
  static Asking usual() { return {.ad = true, .edns_size = 1232}; }
  // "NOERROR AD www.example. 300 IN A 192.0.2.1", "SERVFAIL EDE 7: rrsig_expired zone=example. ...": one line.
  std::string ask(std::string_view name, Type type, const Asking& how = usual());
  static std::string told(const ClientAnswer& answer);
  ClientAnswer ask_for(std::string_view name, Type type, const Asking& how = usual()) {
    return net_.ask(name, type, how);
  }

  DnssecOptions& dnssec() { return net_.options().dnssec; }  // before the first question
  WorldOptions& options() { return net_.options(); }         // likewise
  World& world() { return net_.world(); }
  Internet& net() { return net_; }
  Server& server(std::string_view address) { return net_.server(address); }
  void pass(Duration time) { net_.pass(time); }
  // Questions asked of servers since the last call.
  std::size_t new_questions();
  // Of these, how many were of that type.
  std::size_t asked_of_type(Type type);

 private:
  std::optional<Message> reply(const std::string& address, const Message& query) const;

  Internet net_;
  std::map<Name, std::unique_ptr<SignedZone>, CanonicalOrder> zones_;
  std::map<std::string, std::set<Name, CanonicalOrder>> served_;  // by address
  std::map<std::string, Tamper> tampers_;
};

// As a server sends it: without DO neither signatures nor proofs (RFC 4035 section 3.1).
Message message_of(const Reply& reply, const Message& query);

// Tampers. Each touches every set of the type in any section; Type::ANY: all sets.
Tamper strip_signatures(Type type);
Tamper drop(Type type);
Tamper each(Type type, std::function<RRsetPtr(const RRset&)> change);  // null: the set is left out
Tamper all_of(std::vector<Tamper> tampers);
Tamper only_for(std::string_view name, Type type, Tamper how);  // Type::ANY: every type
// The reply is this one, whatever was asked.
Tamper say(Reply reply);

RRsetPtr without_signatures(const RRset& set);
// The same signatures over other data: what a forger without keys can do.
RRsetPtr with_data_of(const RRset& set, std::string_view record);

}  // namespace vouch::simulation
