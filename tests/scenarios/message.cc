#include "tests/scenarios/message.h"

#include <ldns/ldns.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>

namespace vouch::simulation {
namespace {

template <auto Free>
struct Freer {
  template <typename T>
  void operator()(T* thing) const noexcept {
    Free(thing);
  }
};
using RecordHandle = std::unique_ptr<ldns_rr, Freer<ldns_rr_free>>;
using PacketHandle = std::unique_ptr<ldns_pkt, Freer<ldns_pkt_free>>;
using BufferHandle = std::unique_ptr<ldns_buffer, Freer<ldns_buffer_free>>;
using RdfHandle = std::unique_ptr<ldns_rdf, Freer<ldns_rdf_deep_free>>;

Name name_from(const ldns_rdf* rdf) {
  const auto view = NameView::parse({ldns_rdf_data(rdf), ldns_rdf_size(rdf)});
  return view ? Name(*view) : Name();
}

std::string one_line(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool blank = c == ' ' || c == '\t' || c == '\n' || c == '\r';
    if (!blank) {
      out += c;
    } else if (!out.empty() && out.back() != ' ') {
      out += ' ';
    }
  }
  while (!out.empty() && out.back() == ' ') { out.pop_back(); }
  return out;
}

// ldns appends `;{id = ...}` to DNSKEYs and the like. A semicolon within quotes is data.
std::string_view without_comment(std::string_view text) {
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == '"') {
      quoted = !quoted;
    } else if (text[i] == ';' && !quoted) {
      return text.substr(0, i);
    }
  }
  return text;
}

// RFC 1035 section 5.1 lets the class stand before the TTL; ldns wants it the other way round.
std::string with_ttl_first(const std::string& line) {
  const auto owner = line.find(' ');
  const auto second = owner == std::string::npos ? owner : line.find(' ', owner + 1);
  const auto third = second == std::string::npos ? second : line.find(' ', second + 1);
  if (third == std::string::npos) { return line; }
  const std::string rclass = line.substr(owner, second - owner);
  const std::string ttl = line.substr(second, third - second);
  const bool is_class = rclass == " IN" || rclass == " CH" || rclass == " HS";
  const bool is_ttl =
      ttl.size() > 1 && std::all_of(ttl.begin() + 1, ttl.end(), [](char c) { return c >= '0' && c <= '9'; });
  return is_class && is_ttl ? line.substr(0, owner) + ttl + rclass + line.substr(third) : line;
}

// The Base64 at the line's end with as many '=' as its length asks for (RFC 4648 section 4).
std::string with_right_padding(std::string line) {
  while (line.ends_with("=")) { line.pop_back(); }
  const std::size_t digits = line.size() - (line.rfind(' ') + 1);
  return line + std::string((4 - digits % 4) % 4, '=');
}

// The RDATA in wire form: ldns writes the whole record, of which the part behind RDLENGTH is wanted.
Buffer rdata_of(const ldns_rr* record, bool canonical) {
  const BufferHandle buffer(ldns_buffer_new(LDNS_MAX_PACKETLEN));
  const auto status = canonical ? ldns_rr2buffer_wire_canonical(buffer.get(), record, LDNS_SECTION_ANSWER)
                                : ldns_rr2buffer_wire(buffer.get(), record, LDNS_SECTION_ANSWER);
  if (status != LDNS_STATUS_OK) { return {}; }
  const std::size_t before = ldns_rdf_size(ldns_rr_owner(record)) + 10;  // type, class, TTL, RDLENGTH
  const Octet* const begin = ldns_buffer_begin(buffer.get());
  const std::size_t size = ldns_buffer_position(buffer.get());
  return size < before ? Buffer{} : Buffer(begin + before, begin + size);
}

std::vector<Record> records_from(const ldns_rr_list* list) {
  std::vector<Record> records;
  for (std::size_t i = 0; list != nullptr && i < ldns_rr_list_rr_count(list); ++i) {
    records.push_back(Record::from(ldns_rr_list_rr(list, i)));
  }
  return records;
}

class Encoder {
 public:
  void put8(std::size_t value) { out_.push_back(u8(value & 0xff)); }
  void put16(std::size_t value) {
    put8(value >> 8);
    put8(value);
  }
  void put32(std::size_t value) {
    put16(value >> 16);
    put16(value);
  }
  void put(Bytes octets) { out_.insert(out_.end(), octets.begin(), octets.end()); }

  void name(NameView name) {
    for (NameView rest = name; !rest.is_root(); rest = rest.parent()) {
      Name key(rest);
      key.lower_case();
      const std::string suffix(text_of(key.view().octets()));
      if (const auto known = suffixes_.find(suffix); known != suffixes_.end()) {
        put16(0xc000U | known->second);
        return;
      }
      if (out_.size() < 0x4000) { suffixes_.emplace(suffix, out_.size()); }
      put8(rest.first_label().size());
      put(rest.first_label());
    }
    put8(0);
  }

  void record(const Record& record) {
    name(record.owner);
    put16(static_cast<std::uint16_t>(record.type));
    put16(static_cast<std::uint16_t>(record.rclass));
    put32(record.ttl);
    put16(record.rdata.size());
    put(record.rdata);
  }

  void opt(const EdnsPart& edns, Rcode rcode) {
    put8(0);
    put16(static_cast<std::uint16_t>(Type::OPT));
    put16(edns.udp_size);
    put8(static_cast<std::uint16_t>(rcode) >> 4);
    put8(edns.version);
    put16(edns.dnssec_ok ? 0x8000 : 0);
    std::size_t size = 0;
    for (const auto& [code, data] : edns.options) { size += 4 + data.size(); }
    put16(size);
    for (const auto& [code, data] : edns.options) {
      put16(static_cast<std::uint16_t>(code));
      put16(data.size());
      put(data);
    }
  }

  Buffer take() { return std::move(out_); }

 private:
  Buffer out_;
  std::map<std::string, std::size_t> suffixes_;
};

std::optional<EdnsPart> edns_from(ldns_pkt* packet) {
  if (!ldns_pkt_edns(packet)) { return std::nullopt; }
  EdnsPart edns;
  edns.udp_size = ldns_pkt_edns_udp_size(packet);
  edns.version = ldns_pkt_edns_version(packet);
  edns.dnssec_ok = ldns_pkt_edns_do(packet);
  const ldns_rdf* const data = ldns_pkt_edns_data(packet);
  if (data == nullptr) { return edns; }
  ByteReader reader({ldns_rdf_data(data), ldns_rdf_size(data)});
  while (reader.left() >= 4) {
    const auto code = static_cast<OptionCode>(reader.read16());
    const Bytes octets = reader.read(reader.read16());
    if (reader.failed()) { break; }
    edns.options.emplace_back(code, Buffer(octets.begin(), octets.end()));
  }
  return edns;
}

}  // namespace

Record Record::from(const ldns_rr* record) {
  Record made;
  made.owner = name_from(ldns_rr_owner(record));
  made.type = static_cast<Type>(ldns_rr_get_type(record));
  made.rclass = static_cast<Class>(ldns_rr_get_class(record));
  made.ttl = ldns_rr_ttl(record);
  made.rdata = rdata_of(record, false);
  made.canonical = rdata_of(record, true);
  return made;
}

std::expected<Record, std::string> Record::parse(std::string_view text, std::uint32_t default_ttl) {
  const std::string line = with_ttl_first(one_line(without_comment(text)));
  const RdfHandle root(ldns_dname_new_frm_str("."));
  ldns_rr* record = nullptr;
  auto status = ldns_rr_new_frm_str(&record, line.c_str(), default_ttl, root.get(), nullptr);
  if (status != LDNS_STATUS_OK && line.ends_with("=")) {
    // Stories with unusable signatures pad their Base64 as they like; ldns takes the right padding only.
    status = ldns_rr_new_frm_str(&record, with_right_padding(line).c_str(), default_ttl, root.get(), nullptr);
  }
  if (status != LDNS_STATUS_OK) { return std::unexpected("'" + line + "': " + ldns_get_errorstr_by_id(status)); }
  return from(RecordHandle(record).get());
}

Record Record::of(std::string_view text) {
  auto record = parse(text);
  if (!record) {
    std::fprintf(stderr, "no record: %s\n", record.error().c_str());
    std::abort();
  }
  return *std::move(record);
}

std::string Record::text() const {
  Encoder encoder;
  encoder.record(*this);
  const Buffer wire = encoder.take();
  ldns_rr* parsed = nullptr;
  std::size_t at = 0;
  if (ldns_wire2rr(&parsed, wire.data(), wire.size(), &at, LDNS_SECTION_ANSWER) != LDNS_STATUS_OK) {
    return owner.text() + " " + std::to_string(ttl) + " " + type_text(type) + " (unreadable)";
  }
  const RecordHandle record(parsed);
  const std::unique_ptr<char, Freer<std::free>> written(ldns_rr2str(record.get()));
  return written ? one_line(without_comment(written.get())) : "(unprintable)";
}

bool Record::same_data(const Record& other) const {
  return type == other.type && rclass == other.rclass && owner == other.owner && canonical == other.canonical;
}

const Buffer* EdnsPart::option(OptionCode code) const {
  const auto found = std::ranges::find(options, code, &std::pair<OptionCode, Buffer>::first);
  return found == options.end() ? nullptr : &found->second;
}

Message Message::query(NameView name, Type type) {
  Message message;
  message.question = QuestionSection{Name(name), type, Class::IN};
  return message;
}

Message Message::reply_to(const Message& asked) {
  Message reply;
  reply.id = asked.id;
  reply.qr = true;
  reply.rd = asked.rd;
  reply.opcode = asked.opcode;
  reply.question = asked.question;
  if (asked.edns) {
    reply.edns = EdnsPart{};
    reply.edns->dnssec_ok = asked.edns->dnssec_ok;
  }
  return reply;
}

std::expected<Message, std::string> Message::decode(Bytes packet) {
  ldns_pkt* parsed = nullptr;
  const auto status = ldns_wire2pkt(&parsed, packet.data(), packet.size());
  if (status != LDNS_STATUS_OK) { return std::unexpected(std::string(ldns_get_errorstr_by_id(status))); }
  const PacketHandle handle(parsed);
  Message message;
  message.id = ldns_pkt_id(parsed);
  message.qr = ldns_pkt_qr(parsed);
  message.aa = ldns_pkt_aa(parsed);
  message.tc = ldns_pkt_tc(parsed);
  message.rd = ldns_pkt_rd(parsed);
  message.ra = ldns_pkt_ra(parsed);
  message.ad = ldns_pkt_ad(parsed);
  message.cd = ldns_pkt_cd(parsed);
  message.opcode = static_cast<Opcode>(ldns_pkt_get_opcode(parsed));
  message.edns = edns_from(parsed);
  const unsigned upper = message.edns ? unsigned{ldns_pkt_edns_extended_rcode(parsed)} << 4 : 0U;
  message.rcode = static_cast<Rcode>(upper | static_cast<unsigned>(ldns_pkt_get_rcode(parsed)));
  if (const ldns_rr_list* list = ldns_pkt_question(parsed); ldns_rr_list_rr_count(list) > 0) {
    const ldns_rr* const question = ldns_rr_list_rr(list, 0);
    message.question =
        QuestionSection{name_from(ldns_rr_owner(question)), static_cast<Type>(ldns_rr_get_type(question)),
                        static_cast<Class>(ldns_rr_get_class(question))};
  }
  message.answer = records_from(ldns_pkt_answer(parsed));
  message.authority = records_from(ldns_pkt_authority(parsed));
  message.additional = records_from(ldns_pkt_additional(parsed));
  return message;
}

Buffer Message::encode() const {
  Encoder out;
  out.put16(id);
  out.put8((qr ? 0x80U : 0U) | static_cast<unsigned>(opcode) << 3 | (aa ? 4U : 0U) | (tc ? 2U : 0U) | (rd ? 1U : 0U));
  out.put8((ra ? 0x80U : 0U) | (ad ? 0x20U : 0U) | (cd ? 0x10U : 0U) | (static_cast<unsigned>(rcode) & 0x0fU));
  out.put16(question ? 1 : 0);
  out.put16(answer.size());
  out.put16(authority.size());
  out.put16(additional.size() + (edns ? 1U : 0U));
  if (question) {
    out.name(question->name);
    out.put16(static_cast<std::uint16_t>(question->type));
    out.put16(static_cast<std::uint16_t>(question->rclass));
  }
  for (const auto* section : {&answer, &authority, &additional}) {
    for (const Record& record : *section) { out.record(record); }
  }
  if (edns) { out.opt(*edns, rcode); }
  return out.take();
}

std::string Message::flags_text() const {
  std::string text;
  const auto add = [&text](bool set, std::string_view word) {
    if (set) { text += (text.empty() ? "" : " ") + std::string(word); }
  };
  add(qr, "QR");
  add(aa, "AA");
  add(tc, "TC");
  add(rd, "RD");
  add(ra, "RA");
  add(ad, "AD");
  add(cd, "CD");
  return text;
}

std::string Message::question_text() const {
  return question ? simulation::question_text(question->name, question->type) : "(none)";
}

std::string Message::text() const {
  std::string text = std::string(rcode_text(rcode)) + " [" + flags_text() + "]" +
                     (edns ? (edns->dnssec_ok ? " EDNS DO" : " EDNS") : "") + "\n  question: " + question_text() + "\n";
  const std::pair<std::string_view, const std::vector<Record>*> sections[] = {
      {"answer", &answer}, {"authority", &authority}, {"additional", &additional}};
  for (const auto& [title, records] : sections) {
    for (const Record& record : *records) { text += "  " + std::string(title) + ": " + record.text() + "\n"; }
  }
  return text;
}

std::string question_text(NameView name, Type type) {
  Name lower(name);
  lower.lower_case();
  return lower.text() + " " + type_text(type);
}

std::string records_text(const std::vector<Record>& records) {
  std::string text;
  for (const Record& record : records) { text += (text.empty() ? "" : "\n") + record.text(); }
  return text;
}

bool same_records(const std::vector<Record>& a, const std::vector<Record>& b, bool with_ttl) {
  const auto same = [with_ttl](const Record& one, const Record& other) {
    return one.same_data(other) && (!with_ttl || one.ttl == other.ttl);
  };
  return std::ranges::is_permutation(a, b, same);
}

}  // namespace vouch::simulation
