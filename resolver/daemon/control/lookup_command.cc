// A question asked as a client would ask it, and the reply taken apart for people.
#include <array>

#include "resolver/daemon/control/commands.h"
#include "resolver/wire/answer.h"
#include "resolver/wire/message_view.h"
#include "resolver/wire/message_writer.h"

namespace vouch {

namespace {

constexpr std::uint16_t kUdpSize = 1232;  // of the OPT record; the question comes over TCP all the same

struct Wishes {
  Question question;
  bool dnssec = false;
  bool cd = false;
};

Buffer query_of(const Wishes& wishes) {
  Buffer room(512);
  MessageWriter writer(room, room.size());
  writer.header(0, {.rd = true, .ad = true, .cd = wishes.cd});
  writer.question(wishes.question.name, wishes.question.type, Class::IN);
  writer.begin_edns(kUdpSize, wishes.dnssec);
  writer.end_edns();
  const Bytes written = writer.finish();
  return Buffer(written.begin(), written.end());
}

Json flags_of(const HeaderView& header) {
  Json flags = Json::array();
  const std::pair<const char*, bool> known[] = {{"qr", header.qr()}, {"aa", header.aa()}, {"tc", header.tc()},
                                                {"rd", header.rd()}, {"ra", header.ra()}, {"ad", header.ad()},
                                                {"cd", header.cd()}};
  for (const auto& [name, is_set] : known) {
    if (is_set) { flags.push_back(name); }
  }
  return flags;
}

Json section_of(const MessageView& reply, Section section) {
  Json records = Json::array();
  Buffer rdata;
  for (const RecordAt& record : reply.records()) {
    if (record.section != section) { continue; }
    rdata.clear();
    reply.append_rdata(record, rdata);
    const Name owner = reply.owner(record);
    const std::string text = record_text(owner, record.type, ttl_of(record), rdata);
    // "owner TTL class type data": no space in a name is bare, so the data is what stands behind the fourth.
    constexpr int kFieldsBefore = 4;
    std::size_t at = 0;
    for (int i = 0; i < kFieldsBefore && at != std::string::npos; ++i) { at = text.find(' ', i == 0 ? 0 : at + 1); }
    records.push_back({{"owner", owner.text()},
                       {"ttl", ttl_of(record)},
                       {"type", type_text(record.type)},
                       {"data", at == std::string::npos ? text : text.substr(at + 1)}});
  }
  return records;
}

// As IANA registers them (RFC 8914 section 5.2).
std::string_view error_name(std::uint16_t code) noexcept {
  constexpr std::array<std::string_view, 34> kNames{"Other Error",
                                                    "Unsupported DNSKEY Algorithm",
                                                    "Unsupported DS Digest Type",
                                                    "Stale Answer",
                                                    "Forged Answer",
                                                    "DNSSEC Indeterminate",
                                                    "DNSSEC Bogus",
                                                    "Signature Expired",
                                                    "Signature Not Yet Valid",
                                                    "DNSKEY Missing",
                                                    "RRSIGs Missing",
                                                    "No Zone Key Bit Set",
                                                    "NSEC Missing",
                                                    "Cached Error",
                                                    "Not Ready",
                                                    "Blocked",
                                                    "Censored",
                                                    "Filtered",
                                                    "Prohibited",
                                                    "Stale NXDOMAIN Answer",
                                                    "Not Authoritative",
                                                    "Not Supported",
                                                    "No Reachable Authority",
                                                    "Network Error",
                                                    "Invalid Data",
                                                    "Signature Expired before Valid",
                                                    "Too Early",
                                                    "Unsupported NSEC3 Iterations Value",
                                                    "Unable to conform to policy",
                                                    "Synthesized",
                                                    "Invalid Query Type",
                                                    "Rate Limited",
                                                    "Over Quota",
                                                    "Negative Trust Anchor"};
  return code < kNames.size() ? kNames[code] : "unknown";
}

Json errors_of(const MessageView& reply) {
  Json errors = Json::array();
  OptionReader options(reply.option_octets());
  while (const auto option = options.next()) {
    if (option->code != OptionCode::extended_error || option->data.size() < 2) { continue; }
    const auto code = static_cast<std::uint16_t>(option->data[0] << 8 | option->data[1]);
    errors.push_back(
        {{"code", code}, {"name", error_name(code)}, {"text", std::string(text_of(option->data.subspan(2)))}});
  }
  return errors;
}

void tell(const CallPtr& call, const Question& asked, Bytes octets, Duration took) {
  const auto reply = octets.empty() ? std::unexpected(ParseError::too_short) : MessageView::parse(octets);
  if (!reply) {
    call->fail(control_code::kFailed, "the question was dropped: a client would have heard nothing");
    return;
  }
  call->done({{"name", asked.name.text()},
              {"type", type_text(asked.type)},
              {"rcode", rcode_text(reply->rcode())},
              {"flags", flags_of(reply->header())},
              {"extended_errors", errors_of(*reply)},
              {"answer", section_of(*reply, Section::answer)},
              {"authority", section_of(*reply, Section::authority)},
              {"additional", section_of(*reply, Section::additional)},
              {"octets", octets.size()},
              {"milliseconds", std::chrono::duration_cast<std::chrono::milliseconds>(took).count()}});
}

}  // namespace

void add_lookup_command(ControlRegistry& registry, const ControlParts& parts) {
  registry.add(
      {.name = "lookup", .arguments = {"name", "type", "dnssec", "cd", "client"}, .run = [parts](const CallPtr& call) {
         const auto name = call->name();
         if (!name) { return; }
         const auto type = call->type("type", Type::A);
         if (!type) { return; }
         const auto dnssec = call->flag("dnssec");
         if (!dnssec) { return; }
         const auto cd = call->flag("cd");
         if (!cd) { return; }
         std::optional<std::string> client = "127.0.0.1";
         if (call->has("client")) { client = call->text("client"); }
         if (!client) { return; }
         const auto address = IpAddress::parse(*client);
         if (!address) {
           call->fail(control_code::kBadArgument, "`client` is an IPv4 or IPv6 address");
           return;
         }
         const Wishes wishes{.question = {*name, *type}, .dnssec = *dnssec, .cd = *cd};
         const Instant since = parts.clock.monotonic();
         parts.ask(query_of(wishes), *address,
                   [call, question = wishes.question, since, &clock = parts.clock](const Buffer& reply) {
                     tell(call, question, reply, clock.monotonic() - since);
                   });
       }});
}

}  // namespace vouch
