// A small Internet for tests: zones with data, servers that serve them (well or badly), and a resolver that asks them.
//
//   Internet net;
//   net.zone(".").delegates("com.", "192.0.2.1");
//   net.zone("com.").delegates("example.com.", "192.0.2.2");
//   net.zone("example.com.").has("www.example.com. 300 IN A 198.51.100.7");
//   EXPECT_EQ(net.ask("www.example.com.", Type::A).text(), "www.example.com. 300 IN A 198.51.100.7");
//   EXPECT_EQ(net.heard_by("."), "com. NS");
//
// The root is there from the start, at kRootAddress, which is the resolver's only hint. Zones may be added and changed
// while the story goes on; options only before the first question.
#pragma once

#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "tests/scenarios/world.h"

namespace vouch::simulation {

struct CanonicalOrder {
  bool operator()(const Name& a, const Name& b) const { return canonical_order(a, b) < 0; }
};

class Internet;

// Authoritative data. Every zone has an SOA (TTL 3600, minimum 300), and an NS set of ns1.<zone> (or what the
// delegation names).
class Zone {
 public:
  Zone(Internet& net, Name origin);

  // Also served there. Each of these returns the zone, so that calls can follow one another.
  Zone& at(std::string_view address);
  Zone& has(std::string_view record);             // zone-file text; owner at or below the zone
  Zone& lacks(std::string_view name, Type type);  // takes a set away; Type::ANY: the whole name
  Zone& negative_ttl(std::uint32_t seconds);      // the SOA's TTL and minimum
  Zone& without_soa();                            // negative answers come without one

  // A child zone (made when it is not there) whose server ns1.<child> has that address: NS and glue here, data there.
  Zone& delegates(std::string_view child, std::string_view address);
  // A server of the delegation: its name, and the glue the parent gives; "" for none.
  struct NamedServer {
    std::string name, glue;
  };
  // Only what the parent says. Where the child is really served is for the child's at().
  Zone& delegates_to(std::string_view child, std::initializer_list<NamedServer> servers, std::uint32_t ttl = 86400);
  Zone& delegates_to(std::string_view child, const std::vector<NamedServer>& servers, std::uint32_t ttl = 86400);
  Zone& undelegates(std::string_view child);

  const Name& origin() const { return origin_; }
  // The reply to a question at or below the origin (RFC 1034 section 4.3.2).
  void answer(const QuestionSection& question, Message& reply) const;

 private:
  using Sets = std::map<Type, std::vector<Record>>;
  const Sets* sets_of(NameView name) const;
  const std::vector<Record>* set_of(NameView name, Type type) const;
  bool exists(NameView name) const;  // data there or beneath (an empty non-terminal)
  NameView cut_above(const QuestionSection& question) const;
  void refer(NameView cut, Message& reply) const;
  void deny(Rcode rcode, Message& reply) const;
  enum class Step : std::uint8_t { done, alias };
  Step look_up(Name& name, Type type, Message& reply) const;
  bool answer_from(const Sets& sets, Name& name, Type type, Message& reply, Step& step) const;
  void put(Record record);

  Internet& net_;
  Name origin_;
  std::map<Name, Sets, CanonicalOrder> names_;
  bool with_soa_ = true;
};

// How a server behaves. Everything may be combined; what comes first here is decided first.
class Server {
 public:
  Server& is_unreachable(bool yes = true) { return set(unreachable_, yes); }  // as ICMP says
  Server& is_silent(bool yes = true) { return set(silent_, yes); }
  Server& is_silent_over(UpstreamProtocol protocol);
  Server& drops_first(int questions) { return set(drops_first_, questions); }
  Server& is_silent_to_edns(bool yes = true) { return set(silent_to_edns_, yes); }
  Server& errs_on_edns(Rcode rcode = Rcode::format_error) {
    return set(edns_error_, std::optional(rcode));
  }                                                                                    // bare header and question
  Server& answers_all_with(Rcode rcode) { return set(rcode_, std::optional(rcode)); }  // REFUSED, SERVFAIL, NOTIMP...
  Server& errs_on(std::string_view name, Type type, Rcode rcode);  // Type::ANY: every type; else it answers as usual
  Server& refers_upward(bool yes = true) { return set(refers_upward_, yes); }  // to the root, whatever is asked
  Server& answers_with(
      std::function<std::optional<Message>(const Message&)> maker);             // its own reply; nothing: as usual
  Server& truncates_udp(bool yes = true) { return set(truncates_, yes); }       // TC and nothing else
  Server& folds_case(bool yes = true) { return set(folds_case_, yes); }         // the question comes back in lower case
  Server& sends_first(std::vector<std::function<Message(Message)>> forgeries);  // before each true reply, over UDP
  Server& sends_wrong_id_first(int times = 1);
  Server& sends_malformed_first(int times = 1) { return set(malformed_first_, times); }
  Server& answers_without_aa(bool yes = true) { return set(without_aa_, yes); }
  Server& speaks_no_edns(bool yes = true) { return set(no_edns_, yes); }           // ignores OPT, sends none
  Server& gives_cookies(bool yes = true) { return set(cookies_, yes); }            // RFC 7873
  Server& forgets_cookies(bool yes = true) { return set(forgets_cookies_, yes); }  // stops sending them after the first
  Server& demands_cookies(bool yes = true) { return set(demands_cookies_, yes); }  // BADCOOKIE without a good one
  Server& takes(Duration delay) { return set(delay_, delay); }                     // to answer
  Server& behaves();                                                               // well again; keeps its zones

  void serves(const Name& zone) { zones_.insert(zone); }
  void stops_serving(const Name& zone) { zones_.erase(zone); }
  const std::set<Name, CanonicalOrder>& zones() const { return zones_; }

 private:
  friend class Internet;
  template <typename T>
  Server& set(T& what, T value) {
    what = std::move(value);
    return *this;
  }
  Scripted answer(const Asked& asked, const Internet& net);
  std::optional<Message> misbehave(const Message& query) const;
  Message usual_reply(const Message& query, const Internet& net) const;
  void put_cookie(const Message& query, Message& reply, bool over_udp);

  std::set<Name, CanonicalOrder> zones_;
  bool unreachable_ = false, silent_ = false, silent_udp_ = false, silent_tcp_ = false, silent_to_edns_ = false;
  bool refers_upward_ = false, truncates_ = false, folds_case_ = false, without_aa_ = false, no_edns_ = false;
  bool cookies_ = false, forgets_cookies_ = false, demands_cookies_ = false, gave_cookie_ = false;
  int drops_first_ = 0, malformed_first_ = 0;
  std::optional<Rcode> edns_error_, rcode_;
  std::map<std::pair<std::string, Type>, Rcode> errors_;
  std::function<std::optional<Message>(const Message&)> maker_;
  std::vector<std::function<Message(Message)>> forgeries_;
  Duration delay_ = kUsualDelay;
};

class Internet {
 public:
  static constexpr std::string_view kRootAddress = "198.41.0.4";

  Internet();

  Zone& zone(std::string_view origin);       // makes it when it is not there
  Server& server(std::string_view address);  // likewise
  const Zone* find_zone(const Name& origin) const;
  WorldOptions& options() { return options_; }  // before the first question
  World& world();                               // made by the first question

  ClientAnswer ask(std::string_view name, Type type, const Asking& how = {}) { return world().ask(name, type, how); }
  Answer resolve(std::string_view name, Type type) { return world().resolve(name, type); }  // without Front
  void pass(Duration time) { world().pass(time); }

  // What the servers of a zone (or of an address) were asked, in order: "com. NS, com. DS"; "" when nothing. Lower
  // case.
  std::string heard_by(std::string_view zone_or_address);
  // Everything, each with its server: "198.41.0.4: com. NS".
  std::vector<std::string> heard();
  std::size_t questions() { return world().upstream().asked().size(); }
  void forget_questions() { world().upstream().forget(); }
  // The last question that this server got, decoded (EDNS, cookies, flags); nothing when none.
  std::optional<Message> last_question_to(std::string_view address);

 private:
  Scripted answer(const Asked& asked);

  std::map<Name, std::unique_ptr<Zone>, CanonicalOrder> zones_;
  std::map<IpAddress, std::unique_ptr<Server>> servers_;
  WorldOptions options_;
  std::unique_ptr<World> world_;
};

// An Answer of the resolver as text: the answer section, a line for each record, with the TTLs left.
std::string answer_text(const Answer& answer);

}  // namespace vouch::simulation
