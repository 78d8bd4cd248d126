// What tests of the front share: queries as octets, a cache that is filled by zone-file text, and EDNS options of an
// answer.
#pragma once

#include <gtest/gtest.h>

#include "resolver/wire/message_view.h"
#include "tests/scenarios/internet.h"

namespace vouch::front_testing {

using namespace simulation;

inline Asking over(ClientProtocol protocol) {
  Asking how;
  how.protocol = protocol;
  return how;
}
inline Asking with_do() {
  Asking how;
  how.dnssec_ok = true;
  return how;
}
inline Asking with_cd() {
  Asking how;
  how.cd = true;
  return how;
}
inline Asking without_rd() {
  Asking how;
  how.rd = false;
  how.dnssec_ok = true;
  return how;
}

// One RRset from records of one owner and type; `signatures` are RRSIG records' text.
inline RRsetPtr rrset_of(const std::vector<std::string>& records, const std::vector<std::string>& signatures = {}) {
  std::vector<Record> parsed, signed_by;
  std::vector<Bytes> rdata, signature_rdata;
  for (const auto& text : records) { parsed.push_back(Record::of(text)); }
  for (const auto& text : signatures) { signed_by.push_back(Record::of(text)); }
  for (const Record& record : parsed) { rdata.emplace_back(record.rdata); }
  for (const Record& record : signed_by) { signature_rdata.emplace_back(record.rdata); }
  return RRset::make(parsed.front().owner, parsed.front().type, parsed.front().ttl, rdata, signature_rdata);
}

inline std::string signature_text(const std::string& owner, const std::string& covered) {
  return owner + " 300 IN RRSIG " + covered + " 13 2 300 20260201000000 20260101000000 12345 example.com. " +
         "c2lnbmF0dXJlc2lnbmF0dXJlc2lnbmF0dXJlc2lnbmF0dXJlc2lnbmF0dXJlc2lnbmF0dXJlc2lnbmF0dXJlcw==";
}

// A resolver without servers behind it: whatever is not in the cache fails.
class FrontTest : public testing::Test {
 protected:
  World& world() {
    if (!world_) {
      world_ = std::make_unique<World>(options, [](const Asked&) { return Scripted::no_route(); });
    }
    return *world_;
  }
  TtlTime now() { return world().clock().ttl(); }
  void cache(const RRsetPtr& rrset, Security security = Security::insecure, ProofsPtr proofs = nullptr) {
    ASSERT_TRUE(
        world().caches().rrsets.put(rrset, Credibility::answer_authoritative, security, now(), std::move(proofs)));
  }
  void cache(const std::string& record, Security security = Security::insecure) { cache(rrset_of({record}), security); }
  void cache_negative(std::string_view name, Type type, EntryKind kind, Security security = Security::insecure,
                      ProofsPtr proofs = nullptr) {
    const auto soa = rrset_of({"example.com. 300 IN SOA ns.example.com. host.example.com. 1 2 3 4 60"},
                              {signature_text("example.com.", "SOA")});
    ASSERT_TRUE(world().caches().rrsets.put_negative(Name::of(name), type, kind, soa, Credibility::answer_authoritative,
                                                     security, now(), std::move(proofs)));
  }
  ClientAnswer ask(std::string_view name, Type type, const Asking& how = {}) { return world().ask(name, type, how); }
  ClientAnswer send(const Message& message, const Asking& how = {}) { return send(message.encode(), how); }
  ClientAnswer send(Bytes packet, const Asking& how = {}) {
    const Pending pending = world().send(packet, how);
    world().wait({&pending, 1});
    return pending.answer();
  }
  // A query with EDNS and these options.
  static Message query(std::string_view name, Type type, std::vector<std::pair<OptionCode, Buffer>> edns_options) {
    Message message = Message::query(Name::of(name), type);
    message.rd = true;
    message.edns.emplace();
    message.edns->options = std::move(edns_options);
    return message;
  }
  static std::vector<Ede> errors_of(const ClientAnswer& answer) {
    std::vector<Ede> errors;
    if (!answer.message().edns) { return errors; }
    for (const auto& [code, data] : answer.message().edns->options) {
      if (code == OptionCode::extended_error) { errors.push_back(static_cast<Ede>(load16(data.data()))); }
    }
    return errors;
  }

  WorldOptions options;

 private:
  std::unique_ptr<World> world_;
};

}  // namespace vouch::front_testing
