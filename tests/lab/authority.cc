#include "tests/lab/authority.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "tests/lab/ldns_handle.h"
#include "tests/lab/names.h"

namespace vouch::lab {

namespace {

constexpr std::uint8_t kRefused = 5;
constexpr std::uint8_t kFormerr = 1;

// The name one label up, in wire form; empty above the root.
std::string_view wire_parent(std::string_view name) {
  const std::size_t length = static_cast<std::uint8_t>(name[0]);
  return length == 0 ? std::string_view() : name.substr(1 + length);
}

// A reply to octets that read_query() does not understand; empty when silence is the right answer.
std::string reply_to_garbage(std::string_view packet) {
  if (packet.size() < kHeaderSize || (static_cast<std::uint8_t>(packet[2]) & 0x80) != 0) { return {}; }
  std::string reply(packet.substr(0, kHeaderSize));
  reply[2] = static_cast<char>(0x80 | static_cast<std::uint8_t>(packet[2]));
  reply[3] = kFormerr;
  std::fill(reply.begin() + 4, reply.end(), '\0');
  return reply;
}

}  // namespace

Authority::Authority(const Catalogue& catalogue, std::function<double()> wall_clock)
    : wall_clock_(std::move(wall_clock)), chance_(catalogue.options().seed) {
  for (const ZoneSpec& zone : catalogue.zones()) {
    for (const Server& server : zone.servers) {
      for (const std::string& address : server.addresses) {
        const auto [known, is_new] = index_by_address_.try_emplace(address, servers_.size());
        if (is_new) { servers_.push_back({.address = address, .zones = {}}); }
        PublicServer& here = servers_[known->second];
        if (server.role == Role::silent) { here.silent = true; }
        if (server.role != Role::serves) { continue; }
        here.zones[to_wire(zone.apex)] = {.zone = &zone,
                                          .backend = backend_index(server.stale ? "stale" : zone.backend)};
      }
    }
    for (const std::string& line : zone.impairments) {
      // The catalogue is ours: a line in it that does not parse is caught by a test, and changes nothing here.
      if (Outcome<Impairment> read = parse_impairment(fmt::format("zone={} {}", zone.apex, line))) {
        own_[zone.apex].push_back(std::move(*read));
      }
    }
  }
}

std::size_t Authority::backend_index(const std::string& name) {
  const auto found = std::ranges::find(backends_, name);
  if (found != backends_.end()) { return static_cast<std::size_t>(found - backends_.begin()); }
  backends_.push_back(name);
  return backends_.size() - 1;
}

const PublicServer::Served* Authority::served(const PublicServer& server, const QueryView& query) const {
  // A DS lies on the parent's side of the cut (RFC 4035 section 3.1.4.1): with both zones here the parent answers.
  std::string_view name = query.name;
  const PublicServer::Served* child = nullptr;
  for (; !name.empty(); name = wire_parent(name)) {
    const auto found = server.zones.find(std::string(name));
    if (found == server.zones.end()) { continue; }
    if (query.type != LDNS_RR_TYPE_DS || name.size() != query.name.size()) { return &found->second; }
    child = &found->second;
  }
  return child;
}

Actions Authority::actions_for(const Occasion& occasion) const {
  Actions actions;
  if (const auto own = own_.find(std::string(occasion.zone)); own != own_.end()) {
    for (const Impairment& impairment : own->second) {
      if (impairment.selector.matches(occasion)) { actions.override_with(impairment.actions); }
    }
  }
  for (const Impairment& impairment : by_hand_) {
    if (impairment.selector.matches(occasion)) { actions.override_with(impairment.actions); }
  }
  return actions;
}

Decision Authority::decide(std::size_t server_index, std::string_view packet, Transport transport) {
  const PublicServer& server = servers_[server_index];
  const std::optional<QueryView> query = read_query(packet);
  if (!query) {
    std::string reply = server.silent || server.stopped ? std::string() : reply_to_garbage(packet);
    return {.fate = reply.empty() ? Fate::ignore : Fate::answer, .packet = std::move(reply)};
  }
  const PublicServer::Served* zone = served(server, *query);
  const std::string apex = zone == nullptr ? std::string() : zone->zone->apex;
  log_.add({.at = wall_clock_(),
            .server = server.address,
            .zone = apex,
            .name = query->name,
            .type = query->type,
            .transport = transport,
            .wants_dnssec = query->wants_dnssec});
  if (server.silent || server.stopped) { return {}; }

  const std::string name = from_wire(query->name);
  Decision decision{
      .actions = actions_for(
          {.server = server.address, .zone = apex, .name = name, .type = query->type, .transport = transport})};
  const Actions& actions = decision.actions;
  if (actions.drop && std::uniform_real_distribution<double>(0, 1)(chance_) < *actions.drop) { return decision; }
  if (transport == Transport::tcp && actions.tcp) {
    decision.fate = *actions.tcp == TcpManners::close   ? Fate::close
                    : *actions.tcp == TcpManners::reset ? Fate::reset
                                                        : Fate::ignore;
    return decision;
  }
  decision.fate = Fate::answer;
  if (actions.edns == EdnsManners::formerr && query->has_opt) {
    decision.packet = empty_reply(packet, *query, kFormerr, false);
  } else if (actions.edns == EdnsManners::badvers && query->has_opt) {
    decision.packet = badvers_reply(packet, *query);
  } else if (actions.rcode) {
    decision.packet = empty_reply(packet, *query, *actions.rcode, true);
  } else if (zone == nullptr) {
    decision.packet = empty_reply(packet, *query, kRefused, true);
  } else {
    decision.fate = Fate::forward;
    decision.backend = zone->backend;
    decision.packet = actions.edns == EdnsManners::ignore ? without_opt(packet, *query) : std::string(packet);
  }
  return decision;
}

Replies Authority::replies(std::string genuine, const Actions& actions, Transport transport) {
  Replies out{.packets = {}, .delay = actions.delay.value_or(0)};
  if (actions.jitter.value_or(0) > 0) { out.delay += static_cast<std::uint32_t>(chance_() % (*actions.jitter + 1)); }
  if (!actions.alters_reply()) {
    out.packets.push_back(std::move(genuine));
    return out;
  }
  if (actions.strip_rrsig || actions.strip_opt || actions.cname) {
    genuine = edited(genuine, {.strip_rrsig = actions.strip_rrsig.value_or(false),
                               .strip_opt = actions.strip_opt.value_or(false),
                               .cname = actions.cname.value_or("")});
  }
  if (actions.qname_case) { change_case(genuine, *actions.qname_case); }
  std::string forged = actions.forge || actions.wrong_id ? edited(genuine, {.forge = true}) : std::string();
  if (actions.truncate && transport == Transport::udp) { genuine = truncated(genuine); }
  if (transport == Transport::udp) {  // over TCP there is one reply per question; junk there would only close it
    for (std::uint32_t i = 0; i < actions.malformed.value_or(0); ++i) {
      out.packets.push_back(malformed_copy(genuine, i));
    }
    for (std::uint32_t i = 1; i <= actions.wrong_id.value_or(0); ++i) {
      std::string guess = forged;
      set_id(guess, static_cast<std::uint16_t>(id_of(genuine) + i));
      out.packets.push_back(std::move(guess));
    }
  }
  for (std::uint32_t i = 0; i < actions.forge.value_or(0); ++i) { out.packets.push_back(forged); }
  out.packets.push_back(std::move(genuine));
  return out;
}

void Authority::give_up_ipv6() {
  for (PublicServer& server : servers_) { server.reachable = !server.address.contains(':'); }
}

bool Authority::stop_server(const std::string& address) {
  const auto found = index_by_address_.find(address);
  if (found != index_by_address_.end()) { servers_[found->second].stopped = true; }
  return found != index_by_address_.end();
}

bool Authority::start_server(const std::string& address) {
  const auto found = index_by_address_.find(address);
  if (found != index_by_address_.end()) { servers_[found->second].stopped = servers_[found->second].silent = false; }
  return found != index_by_address_.end();
}

bool Authority::add(Impairment impairment) {
  if (by_hand_.size() >= kMaxImpairments) { return false; }
  by_hand_.push_back(std::move(impairment));
  return true;
}

std::size_t Authority::clear(std::string_view zone) {
  return std::erase_if(by_hand_, [zone](const Impairment& one) { return zone.empty() || one.selector.zone == zone; });
}

std::string Authority::impairments_text() const {
  std::string text;
  for (const auto& [zone, lines] : std::map(own_.begin(), own_.end())) {
    for (const Impairment& one : lines) { text += fmt::format("built-in  {}\n", one.text); }
  }
  for (const Impairment& one : by_hand_) { text += fmt::format("by hand   {}\n", one.text); }
  for (const PublicServer& server : servers_) {
    if (server.stopped) { text += fmt::format("stopped   {}\n", server.address); }
  }
  return text;
}

}  // namespace vouch::lab
