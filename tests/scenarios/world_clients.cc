// The clients' side of a World: packets into Front, answers out of it.
#include <algorithm>

#include "resolver/front/front.h"
#include "resolver/wire/message_view.h"
#include "tests/scenarios/world.h"

namespace vouch::simulation {
namespace {

class FrontSide final : public ClientSide {
 public:
  explicit FrontSide(World& world)
      : options_(admitting_everybody(world.options().front)),
        zones_(LocalZones::build(world.options().local).value()),
        front_({options_, zones_, shared_, world.caches(), world.resolver(), world.executor(), world.clock(),
                world.recorder(), world.caches().share_of_answers(), world.options().policy}),
        counters_(world.recorder().front()) {}

  Pending send(Bytes packet, const SocketAddress& client, ClientProtocol protocol) override {
    Pending pending;
    Room room(share_of(pending));
    ClientQuery query;
    query.packet = packet;
    query.client = client;
    query.local = SocketAddress(*IpAddress::parse("192.0.2.53"), 53);
    query.protocol = protocol;
    const std::size_t size = front_.answer(query, room);
    if (size > 0) {
      const Bytes answer = Bytes(room.buffer()).first(size);
      state_of(pending).packet.emplace(answer.begin(), answer.end());
    }
    if (size > 0 || !room.is_kept()) { state_of(pending).over = true; }
    return pending;
  }
  std::size_t in_flight() const override { return front_.in_flight(); }
  const FrontCounters& counters() const override { return counters_; }
  void use_policy(std::shared_ptr<const Policy> policy) override { front_.use_policy(std::move(policy)); }

 private:
  struct Handle final : ReplyHandle {
    explicit Handle(std::shared_ptr<PendingState> to) : state(std::move(to)) {}
    ~Handle() override { state->over = true; }
    void send(Bytes message) override {
      state->packet.emplace(message.begin(), message.end());
      state->over = true;
    }
    std::shared_ptr<PendingState> state;
  };
  class Room final : public ReplyRoom {
   public:
    explicit Room(std::shared_ptr<PendingState> state) : state_(std::move(state)) {}
    MutableBytes buffer() override { return buffer_; }
    std::unique_ptr<ReplyHandle> keep() override {
      is_kept_ = true;
      return std::make_unique<Handle>(state_);
    }
    bool is_kept() const { return is_kept_; }

   private:
    std::shared_ptr<PendingState> state_;
    Buffer buffer_ = Buffer(kMaxMessage);
    bool is_kept_ = false;
  };

  static FrontOptions admitting_everybody(FrontOptions options) {
    if (options.allow.empty()) { options.allow = {*Prefix::parse("0.0.0.0/0"), *Prefix::parse("::/0")}; }
    if (options.cookie_secret.empty()) { options.cookie_secret = Buffer(FrontOptions::kCookieSecret, 7); }
    return options;
  }

  FrontOptions options_;
  LocalZones zones_;
  FrontShared shared_;
  Front front_;
  const FrontCounters& counters_;
};

}  // namespace

ClientSide& World::clients() {
  if (!clients_) { clients_ = std::make_unique<FrontSide>(*this); }
  return *clients_;
}

Pending World::send(Bytes packet, const Asking& how) {
  const SocketAddress client = how.client.value_or(SocketAddress(*IpAddress::parse("192.0.2.200"), 40000));
  return clients().send(packet, client, how.protocol);
}

Pending World::send(std::string_view name, Type type, const Asking& how) {
  Message query = Message::query(Name::of(name), type);
  query.id = how.id.value_or(++last_id_);  // the same id from the same port would be a retransmission
  query.rd = how.rd;
  query.ad = how.ad;
  query.cd = how.cd;
  if (how.dnssec_ok || how.edns_size) {
    query.edns = EdnsPart{};
    query.edns->udp_size = how.edns_size.value_or(1232);
    query.edns->dnssec_ok = how.dnssec_ok;
  }
  return send(query.encode(), how);
}

void World::wait(std::span<const Pending> pending, Duration at_most) {
  executor_.run_until([pending] { return std::ranges::all_of(pending, &Pending::is_over); }, at_most);
}

ClientAnswer World::ask(std::string_view name, Type type, const Asking& how) {
  const Pending pending[] = {send(name, type, how)};
  wait(pending);
  return pending[0].answer();
}

ClientAnswer::ClientAnswer(std::optional<Buffer> packet) : packet_(std::move(packet)) {
  if (!packet_) { return; }
  auto decoded = Message::decode(*packet_);
  if (decoded) {
    message_ = *std::move(decoded);
    readable_ = true;
  } else {
    error_ = decoded.error();
  }
}

std::string ClientAnswer::text() const {
  if (is_silence()) { return "(silence)"; }
  if (!is_readable()) { return "(unreadable: " + error_ + ")"; }
  return records_text(message_.answer);
}

std::string ClientAnswer::summary() const {
  if (is_silence()) { return "silence"; }
  if (!is_readable()) { return "unreadable"; }
  std::string line(rcode_text(message_.rcode));
  for (const Record& record : message_.answer) { line += " " + record.text(); }
  return line;
}

std::optional<Ede> ClientAnswer::ede() const {
  const Buffer* const option = message_.edns ? message_.edns->option(OptionCode::extended_error) : nullptr;
  if (option == nullptr || option->size() < 2) { return std::nullopt; }
  return static_cast<Ede>(load16(option->data()));
}

std::string ClientAnswer::ede_text() const {
  const Buffer* const option = message_.edns ? message_.edns->option(OptionCode::extended_error) : nullptr;
  return option == nullptr || option->size() < 2 ? "" : std::string(text_of(Bytes(*option).subspan(2)));
}

}  // namespace vouch::simulation
