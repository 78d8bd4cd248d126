#include "tests/scenarios/internet.h"

#include <algorithm>

#include "resolver/wire/rrset.h"

namespace vouch::simulation {
namespace {

constexpr std::size_t kPlainUdp = 512;  // RFC 1035 section 2.3.4
constexpr Octet kServerCookie[8] = {0x5e, 0x12, 0x7e, 0x12, 0xc0, 0x0c, 0x1e, 0x01};

std::string plain_text(Name name) {
  name.lower_case();
  return name.text();
}

Message bare_error(const Message& query, Rcode rcode) {
  Message reply = Message::reply_to(query);
  reply.edns.reset();
  reply.rcode = rcode;
  return reply;
}

bool has_good_cookie(const Message& query) {
  const Buffer* const cookie = query.edns ? query.edns->option(OptionCode::cookie) : nullptr;
  return cookie != nullptr && cookie->size() == 16 && std::equal(cookie->begin() + 8, cookie->end(), kServerCookie);
}

}  // namespace

Server& Server::is_silent_over(UpstreamProtocol protocol) {
  (protocol == UpstreamProtocol::udp ? silent_udp_ : silent_tcp_) = true;
  return *this;
}

Server& Server::errs_on(std::string_view name, Type type, Rcode rcode) {
  errors_[{plain_text(Name::of(name)), type}] = rcode;
  return *this;
}

Server& Server::answers_with(std::function<std::optional<Message>(const Message&)> maker) {
  return set(maker_, std::move(maker));
}

Server& Server::sends_first(std::vector<std::function<Message(Message)>> forgeries) {
  return set(forgeries_, std::move(forgeries));
}

Server& Server::sends_wrong_id_first(int times) {
  std::vector<std::function<Message(Message)>> forgeries;
  for (int i = 1; i <= times; ++i) {
    forgeries.emplace_back([i](Message reply) {
      reply.id = static_cast<std::uint16_t>(reply.id + i);
      return reply;
    });
  }
  return sends_first(std::move(forgeries));
}

Server& Server::behaves() {
  auto zones = std::move(zones_);
  *this = Server();
  zones_ = std::move(zones);
  return *this;
}

std::optional<Message> Server::misbehave(const Message& query) const {
  if (edns_error_ && query.edns) { return bare_error(query, *edns_error_); }
  if (rcode_) {
    Message reply = Message::reply_to(query);
    reply.rcode = *rcode_;
    return reply;
  }
  for (const Type type : {query.question->type, Type::ANY}) {
    const auto found = errors_.find({plain_text(query.question->name), type});
    if (found == errors_.end()) { continue; }
    Message reply = Message::reply_to(query);
    reply.rcode = found->second;
    return reply;
  }
  if (refers_upward_) {
    Message reply = Message::reply_to(query);
    reply.authority = {Record::of(". 3600000 IN NS a.root-servers.net.")};
    return reply;
  }
  return maker_ ? maker_(query) : std::nullopt;
}

Message Server::usual_reply(const Message& query, const Internet& net) const {
  Message reply = Message::reply_to(query);
  const Zone* best = nullptr;
  for (const Name& origin : zones_) {
    const bool is_deeper = best == nullptr || origin.view().labels() > best->origin().view().labels();
    if (!is_deeper || !query.question->name.view().is_at_or_below(origin)) { continue; }
    // DS lives in the parent: the child answers only where the parent is not served too.
    if (query.question->type == Type::DS && best != nullptr && origin == query.question->name) { continue; }
    best = net.find_zone(origin);
  }
  if (best == nullptr) {
    reply.rcode = Rcode::refused;
  } else {
    best->answer(*query.question, reply);
  }
  return reply;
}

void Server::put_cookie(const Message& query, Message& reply, bool over_udp) {
  const Buffer* const asked = query.edns ? query.edns->option(OptionCode::cookie) : nullptr;
  if (!cookies_ && !demands_cookies_) { return; }
  if (demands_cookies_ && over_udp && !has_good_cookie(query)) {
    reply = Message::reply_to(query);
    reply.rcode = Rcode::bad_cookie;
  }
  if (asked == nullptr || asked->size() < 8 || (forgets_cookies_ && gave_cookie_)) { return; }
  Buffer cookie(asked->begin(), asked->begin() + 8);
  cookie.insert(cookie.end(), std::begin(kServerCookie), std::end(kServerCookie));
  if (!reply.edns) { reply.edns = EdnsPart{}; }
  reply.edns->options.emplace_back(OptionCode::cookie, std::move(cookie));
  gave_cookie_ = true;
}

Scripted Server::answer(const Asked& asked, const Internet& net) {
  const bool over_udp = asked.protocol == UpstreamProtocol::udp;
  if (unreachable_) { return Scripted::no_route(); }
  if (silent_ || (over_udp ? silent_udp_ : silent_tcp_)) { return Scripted::silence(); }
  if (drops_first_ > 0) {
    --drops_first_;
    return Scripted::silence();
  }
  const auto query = Message::decode(asked.packet);
  if (!query || query->qr || !query->question) { return Scripted::silence(); }
  if (silent_to_edns_ && query->edns) { return Scripted::silence(); }

  Message reply = misbehave(*query).value_or(usual_reply(*query, net));
  if (no_edns_) { reply.edns.reset(); }
  if (without_aa_) { reply.aa = false; }
  put_cookie(*query, reply, over_udp);
  if (folds_case_ && reply.question) { reply.question->name.lower_case(); }
  const std::size_t room = query->edns ? std::max<std::size_t>(query->edns->udp_size, kPlainUdp) : kPlainUdp;
  Buffer packet = reply.encode();
  if (over_udp && (truncates_ || packet.size() > room)) {
    reply.tc = true;
    reply.answer.clear();
    reply.authority.clear();
    reply.additional.clear();
    packet = reply.encode();
  }

  Scripted scripted;
  if (over_udp) {
    for (int i = 0; i < malformed_first_; ++i) {
      scripted.replies.push_back({Buffer(packet.begin(), packet.begin() + 13), delay_});  // right id, then nothing
    }
    for (const auto& forge : forgeries_) { scripted.replies.push_back({forge(reply).encode(), delay_}); }
  }
  scripted.replies.push_back({std::move(packet), delay_});
  return scripted;
}

Internet::Internet() {
  options_.dnssec.mode = DnssecMode::off;  // its zones are not signed
  options_.resolver.root_hints = {{Name::of("a.root-servers.net."), {*IpAddress::parse(kRootAddress)}}};
  Zone& root = zone(".");
  root.lacks(".", Type::NS);
  root.at(kRootAddress).has(". 518400 IN NS a.root-servers.net.");
  root.has("a.root-servers.net. 518400 IN A " + std::string(kRootAddress));
}

Zone& Internet::zone(std::string_view origin) {
  const Name name = Name::of(origin);
  auto& zone = zones_[name];
  if (!zone) { zone = std::make_unique<Zone>(*this, name); }
  return *zone;
}

const Zone* Internet::find_zone(const Name& origin) const {
  const auto found = zones_.find(origin);
  return found == zones_.end() ? nullptr : found->second.get();
}

Server& Internet::server(std::string_view address) {
  auto& server = servers_[IpAddress::parse(address).value()];
  if (!server) { server = std::make_unique<Server>(); }
  return *server;
}

World& Internet::world() {
  if (!world_) {
    world_ = std::make_unique<World>(options_, [this](const Asked& asked) { return answer(asked); });
  }
  return *world_;
}

Scripted Internet::answer(const Asked& asked) {
  const auto found = servers_.find(asked.server.ip());
  return found == servers_.end() ? Scripted::silence() : found->second->answer(asked, *this);
}

std::string Internet::heard_by(std::string_view zone_or_address) {
  const auto address = IpAddress::parse(zone_or_address);
  std::string text;
  for (const Asked& asked : world().upstream().asked()) {
    const auto server = servers_.find(asked.server.ip());
    const bool is_meant = address
                              ? asked.server.ip() == *address
                              : server != servers_.end() && server->second->zones().contains(Name::of(zone_or_address));
    if (!is_meant) { continue; }
    const auto query = Message::decode(asked.packet);
    text += (text.empty() ? "" : ", ") + (query ? query->question_text() : "(unreadable)");
  }
  return text;
}

std::vector<std::string> Internet::heard() {
  std::vector<std::string> lines;
  for (const Asked& asked : world().upstream().asked()) {
    const auto query = Message::decode(asked.packet);
    lines.push_back(asked.server.ip().text() + ": " + (query ? query->question_text() : "(unreadable)") +
                    (asked.protocol == UpstreamProtocol::udp ? "" : " over TCP"));
  }
  return lines;
}

std::optional<Message> Internet::last_question_to(std::string_view address) {
  const auto& asked = world().upstream().asked();
  const auto wanted = IpAddress::parse(address).value();
  for (auto each = asked.rbegin(); each != asked.rend(); ++each) {
    if (each->server.ip() != wanted) { continue; }
    if (auto query = Message::decode(each->packet)) { return *std::move(query); }
  }
  return std::nullopt;
}

std::string answer_text(const Answer& answer) {
  std::string text;
  for (const AnswerPart& part : answer.answer) {
    for (const Bytes rdata : part.rrset->rdata()) {
      Record record;
      record.owner = Name(part.rrset->owner());
      record.type = part.rrset->type();
      record.ttl = part.ttl;
      record.rdata = Buffer(rdata.begin(), rdata.end());
      text += (text.empty() ? "" : "\n") + record.text();
    }
  }
  return text;
}

}  // namespace vouch::simulation
