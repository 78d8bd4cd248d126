// Primaries that follow a script, on virtual time; and how a primary writes what it sends.
#pragma once

#include <gtest/gtest.h>
#include <openssl/hmac.h>

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "resolver/wire/message_writer.h"
#include "resolver/zones/message_stream.h"
#include "resolver/zones/transfer_reader.h"
#include "tests/scenarios/simulation.h"

namespace vouch::zones_testing {

using namespace std::chrono_literals;
using Records = std::vector<std::string>;  // in presentation form, absolute names

inline TextRecord record_of(const std::string& text) {
  // ldns writes no type that is for questions alone: "META" and the owner.
  if (text.starts_with("META ")) { return {Name::of(text.substr(5)), static_cast<Type>(200), 60, Buffer{0}}; }
  const auto record = parse_record(text);
  if (!record) { throw std::runtime_error("no record: " + text); }
  return *record;
}

inline RecordList list_of(const Records& records) {
  RecordList list;
  for (const std::string& text : records) {
    const TextRecord record = record_of(text);
    list.add(record.owner, record.type, record.ttl, record.rdata);
  }
  return list;
}

inline ZonePtr zone_of(const char* apex, const Records& records) {
  auto zone = Zone::make(Name::of(apex), list_of(records));
  if (!zone) { throw std::runtime_error(zone.error()); }
  return *zone;
}

inline std::vector<std::string> texts_of(const Zone& zone) {
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < zone.size(); ++i) {
    std::string text = record_text(zone[i].owner, zone[i].type, zone[i].ttl, zone[i].rdata);
    while (text.ends_with('\n')) { text.pop_back(); }
    texts.push_back(text);
  }
  return texts;
}

struct Request {
  Buffer packet;
  std::uint16_t id = 0;
  Name name;
  Type type = Type::none;
  std::optional<std::uint32_t> serial;  // of the SOA in the authority section
  bool is_signed = false;
};
inline Request request_of(Bytes packet) {
  const auto view = MessageView::parse(packet);
  if (!view || !view->question()) { throw std::runtime_error("no request"); }
  Request request{.packet = Buffer(packet.begin(), packet.end()),
                  .id = view->header().id(),
                  .name = expand_name(packet, view->question()->name),
                  .type = view->question()->type,
                  .serial = {},
                  .is_signed = false};
  for (const RecordAt& record : view->records()) {
    if (record.type == Type::TSIG) { request.is_signed = true; }
    if (record.type != Type::SOA || record.section != Section::authority) { continue; }
    Buffer rdata;
    view->append_rdata(record, rdata);
    request.serial = soa_view(rdata).serial;
  }
  return request;
}

struct ReplyTerms {
  Rcode rcode = Rcode::no_error;
  bool with_question = true;
  bool tc = false;
};
inline Buffer message_of(const Request& request, const Records& answers, ReplyTerms terms = {}) {
  std::vector<Octet> room(65535);
  MessageWriter writer(room, room.size());
  writer.header(request.id, {.qr = true, .aa = true, .tc = terms.tc, .rcode = terms.rcode});
  if (terms.with_question) { writer.question(request.name, request.type, Class::IN); }
  for (const std::string& text : answers) {
    const TextRecord record = record_of(text);
    EXPECT_TRUE(writer.record(Section::answer, record.owner, record.type, Class::IN, record.ttl, record.rdata));
  }
  const Bytes written = writer.finish();
  return Buffer(written.begin(), written.end());
}

// So many records in each message; the question in the first alone.
inline std::vector<Buffer> stream_of(const Request& request, const Records& records, std::size_t in_each) {
  std::vector<Buffer> messages;
  for (std::size_t at = 0; at < records.size(); at += in_each) {
    const auto first = records.begin() + static_cast<std::ptrdiff_t>(at);
    const Records part(first, first + static_cast<std::ptrdiff_t>(std::min(in_each, records.size() - at)));
    messages.push_back(message_of(request, part, {.with_question = at == 0}));
  }
  return messages;
}

// The server's side of TSIG, written from RFC 8945 apart from ours.
class ServerSigner {
 public:
  ServerSigner(std::string name, std::string algorithm, Buffer secret, const EVP_MD* hash = EVP_sha256())
      : name_(Name::of(name)), algorithm_(Name::of(algorithm)), secret_(std::move(secret)), hash_(hash) {}

  // The MAC that the request carries is what the first answer begins with.
  void begin(const Request& request) {
    const auto view = MessageView::parse(request.packet);
    const RecordAt& tsig = view->records().back();
    ByteReader reader(Bytes(request.packet).subspan(tsig.rdata));
    while (const std::uint8_t length = reader.read8()) { reader.read(length); }
    reader.read(8);
    const Bytes mac = reader.read(reader.read16());
    previous_.assign(mac.begin(), mac.end());
    is_first_ = true;
    between_.clear();
  }
  void pass(const Buffer& message) { between_.insert(between_.end(), message.begin(), message.end()); }
  void sign(Buffer& message, UnixTime now, std::uint16_t error = 0, std::size_t mac_size = 0,
            std::uint16_t fudge = 300) {
    Buffer data;
    add16(data, previous_.size());
    append(data, previous_);
    append(data, between_);
    append(data, message);
    if (is_first_) {
      append(data, name_.view().octets());
      append(data, Buffer{0, 255, 0, 0, 0, 0});
      append(data, algorithm_.view().octets());
    }
    add_timers(data, now, fudge);
    if (is_first_) {
      add16(data, error);
      add16(data, 0);
    }
    std::array<Octet, EVP_MAX_MD_SIZE> mac;
    unsigned size = 0;
    HMAC(hash_, secret_.data(), static_cast<int>(secret_.size()), data.data(), data.size(), mac.data(), &size);
    const std::size_t shown = mac_size == 0 ? size : mac_size;
    append_record(message, now, fudge, error, Bytes(mac.data(), shown));
    previous_.assign(mac.begin(), mac.begin() + static_cast<std::ptrdiff_t>(size));
    between_.clear();
    is_first_ = false;
  }
  // As a server does that does not know the key: no MAC at all.
  void refuse(Buffer& message, UnixTime now, std::uint16_t error) const { append_record(message, now, 300, error, {}); }

 private:
  static void append(Buffer& to, Bytes octets) { to.insert(to.end(), octets.begin(), octets.end()); }
  static void add16(Buffer& to, std::size_t value) {
    to.push_back(u8(value >> 8 & 0xff));
    to.push_back(u8(value & 0xff));
  }
  static void add_timers(Buffer& to, UnixTime now, std::uint16_t fudge) {
    add16(to, static_cast<std::size_t>(now >> 32));
    add16(to, static_cast<std::size_t>(now >> 16 & 0xffff));
    add16(to, static_cast<std::size_t>(now & 0xffff));
    add16(to, fudge);
  }
  void append_record(Buffer& message, UnixTime now, std::uint16_t fudge, std::uint16_t error, Bytes mac) const {
    Buffer rdata;
    append(rdata, algorithm_.view().octets());
    add_timers(rdata, now, fudge);
    add16(rdata, mac.size());
    append(rdata, mac);
    append(rdata, Bytes(message).first(2));
    add16(rdata, error);
    add16(rdata, 0);
    append(message, name_.view().octets());
    append(message, Buffer{0, 250, 0, 255, 0, 0, 0, 0});
    add16(message, rdata.size());
    append(message, rdata);
    store16(message.data() + 10, u16(load16(message.data() + 10) + std::size_t{1}));
  }

  Name name_, algorithm_;
  Buffer secret_;
  const EVP_MD* hash_;
  Buffer previous_, between_;
  bool is_first_ = true;
};

// What a primary does with a request.
struct Act {
  std::vector<Buffer> messages;
  Duration each = 1ms;  // before each message
  enum class Then : std::uint8_t { wait, close, unreachable } then = Then::wait;

  static Act stall() { return {}; }
  static Act close() { return {.messages = {}, .then = Then::close}; }
  static Act dead() { return {.messages = {}, .then = Then::unreachable}; }
  static Act send(std::vector<Buffer> messages) { return {.messages = std::move(messages)}; }
  static Act send(Buffer message) { return {.messages = {std::move(message)}}; }
};

class ScriptedDialer final : public StreamDialer {
 public:
  using Script = std::function<Act(const SocketAddress&, const Request&)>;
  ScriptedDialer(simulation::VirtualExecutor& executor, const Clock& clock, Script acts)
      : script(std::move(acts)), executor_(executor), clock_(clock) {}

  std::unique_ptr<MessageStream> dial(const SocketAddress& server) override {
    ++dialled;
    ++open;
    return std::make_unique<Stream>(*this, server);
  }

  Script script;
  std::vector<Request> asked;
  std::vector<SocketAddress> servers;  // of `asked`
  std::size_t dialled = 0;
  std::size_t open = 0;

 private:
  class Stream final : public MessageStream {
   public:
    Stream(ScriptedDialer& dialer, const SocketAddress& server) : dialer_(dialer), server_(server) {}
    ~Stream() override { --dialer_.open; }
    void send(Bytes message) override {
      const Request request = request_of(message);
      dialer_.asked.push_back(request);
      dialer_.servers.push_back(server_);
      act_ = dialer_.script(server_, request);
      next_ = 0;
    }
    Task<StreamMessage> receive(Instant deadline) override {
      using Status = StreamMessage::Status;
      const Duration left = deadline - dialer_.clock_.monotonic();
      const bool has_more = next_ < act_.messages.size();
      StreamMessage came;
      Duration time = act_.each;
      if (has_more) {
        came.status = Status::ok;
      } else if (act_.then == Act::Then::wait) {
        time = Duration::max();
      } else {
        came.status = act_.then == Act::Then::close ? Status::closed : Status::unreachable;
      }
      if (time > left) {
        came.status = Status::timeout;
        time = std::max(left, Duration::zero());
      }
      if (came.status == Status::ok) { came.message = act_.messages[next_++]; }
      OneShot<bool> over;
      const auto timer = dialer_.executor_.after(time, [&over] { over.set(true); });
      co_await over;
      co_return came;
    }

   private:
    ScriptedDialer& dialer_;
    const SocketAddress server_;
    Act act_;
    std::size_t next_ = 0;
  };

  simulation::VirtualExecutor& executor_;
  const Clock& clock_;
};

inline SocketAddress server(const char* ip) { return SocketAddress(IpAddress::parse(ip).value(), 53); }

}  // namespace vouch::zones_testing
