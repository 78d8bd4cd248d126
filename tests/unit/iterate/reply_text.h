// Replies written as zone-file text, for tests of what is made of them.
#pragma once

#include <gtest/gtest.h>

#include <initializer_list>
#include <string_view>

#include "resolver/iterate/classify.h"
#include "resolver/wire/message_writer.h"

namespace vouch {

struct ReplyText {
  std::string_view name;
  Type type = Type::A;
  Rcode rcode = Rcode::no_error;
  bool authoritative = true;
  std::vector<std::string_view> answer = {}, authority = {}, additional = {};

  Buffer packet() const {
    Buffer out(65535);
    MessageWriter writer(out, out.size());
    HeaderFlags flags;
    flags.qr = true;
    flags.aa = authoritative;
    flags.rcode = rcode;
    writer.header(4711, flags);
    writer.question(Name::of(name), type, Class::IN);
    write(writer, Section::answer, answer);
    write(writer, Section::authority, authority);
    write(writer, Section::additional, additional);
    out.resize(writer.finish().size());
    return out;
  }

  // As the server of `zone` would have been understood.
  Response from(std::string_view zone, bool forwarder = false) const {
    const Buffer octets = packet();
    const auto view = MessageView::parse(octets);
    EXPECT_TRUE(view.has_value());
    const Name asked = Name::of(name);
    const Name cut = Name::of(zone);
    ReplyContext context;
    context.name = asked;
    context.type = type;
    context.zone = cut;
    context.from_forwarder = forwarder;
    return classify(*view, context);
  }

 private:
  static void write(MessageWriter& writer, Section section, const std::vector<std::string_view>& lines) {
    for (const std::string_view line : lines) {
      const auto record = parse_record(line);
      ASSERT_TRUE(record.has_value()) << line;
      ASSERT_TRUE(writer.record(section, record->owner, record->type, Class::IN, record->ttl, record->rdata)) << line;
    }
  }
};

// What a response holds, a record a line, TTLs left out.
inline std::string text_of(const std::vector<RRsetPtr>& rrsets) {
  std::string out;
  for (const RRsetPtr& rrset : rrsets) {
    for (const Bytes rdata : rrset->rdata()) {
      if (!out.empty()) { out += "\n"; }
      const std::string line = record_text(rrset->owner(), rrset->type(), 0, rdata);
      for (const char c : line) { out += c == '\t' ? ' ' : c; }
    }
  }
  return out;
}

}  // namespace vouch
