#include "tests/lab/message.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <set>

#include "tests/lab/ldns_handle.h"
#include "tests/lab/names.h"

namespace vouch::lab {

namespace {

constexpr std::uint8_t kQr = 0x80;
constexpr std::uint8_t kTc = 0x02;
constexpr std::uint8_t kOpcode = 0x78;
constexpr std::uint8_t kRd = 0x01;
constexpr std::size_t kMaxLabel = 63;
constexpr std::size_t kMaxName = 255;
// RFC 6891 section 6.1.2: root name, type 41, payload size 1232, extended RCODE, version, DO and Z, no options.
constexpr std::array<char, 11> kOpt = {0, 0, 41, 0x04, static_cast<char>(0xd0), 0, 0, 0, 0, 0, 0};

std::uint8_t octet(std::string_view packet, std::size_t at) { return static_cast<std::uint8_t>(packet[at]); }

std::uint16_t word(std::string_view packet, std::size_t at) {
  return static_cast<std::uint16_t>(octet(packet, at) << 8 | octet(packet, at + 1));
}

void put_word(std::string& packet, std::size_t at, std::uint16_t value) {
  packet[at] = static_cast<char>(value >> 8);
  packet[at + 1] = static_cast<char>(value & 0xff);
}

// The offset after the name at `at`, which must be written out in full, as in a question; 0 when it is not a name.
std::size_t name_end(std::string_view packet, std::size_t at) {
  const std::size_t start = at;
  while (at < packet.size()) {
    const std::size_t length = octet(packet, at);
    if (length == 0) { return at + 1 - start <= kMaxName ? at + 1 : 0; }
    if (length > kMaxLabel) { return 0; }
    at += 1 + length;
  }
  return 0;
}

bool is_opt_at(std::string_view packet, std::size_t at) {
  return packet.size() >= at + kOpt.size() && octet(packet, at) == 0 && word(packet, at + 1) == 41;
}

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

void remove_types(ldns_pkt* packet, const std::set<ldns_rr_type>& types) {
  const std::pair<ldns_rr_list* (*)(const ldns_pkt*), void (*)(ldns_pkt*, std::uint16_t)> sections[] = {
      {ldns_pkt_answer, ldns_pkt_set_ancount},
      {ldns_pkt_authority, ldns_pkt_set_nscount},
      {ldns_pkt_additional, ldns_pkt_set_arcount}};
  for (const auto& [section, set_count] : sections) {
    ldns_rr_list* list = section(packet);
    std::size_t kept = 0;
    const std::size_t count = ldns_rr_list_rr_count(list);
    for (std::size_t i = 0; i < count; ++i) {
      ldns_rr* record = ldns_rr_list_rr(list, i);
      if (types.contains(ldns_rr_get_type(record))) {
        ldns_rr_free(record);
      } else {
        ldns_rr_list_set_rr(list, record, kept++);
      }
    }
    ldns_rr_list_set_rr_count(list, kept);
    set_count(packet, static_cast<std::uint16_t>(kept));
  }
}

// Turns the last octet of every answer RDATA but signatures: well formed still, and untrue.
void forge_answers(ldns_pkt* packet) {
  ldns_rr_list* answers = ldns_pkt_answer(packet);
  for (std::size_t i = 0; i < ldns_rr_list_rr_count(answers); ++i) {
    ldns_rr* record = ldns_rr_list_rr(answers, i);
    const ldns_rr_type type = ldns_rr_get_type(record);
    if ((type != LDNS_RR_TYPE_A && type != LDNS_RR_TYPE_AAAA && type != LDNS_RR_TYPE_TXT) ||
        ldns_rr_rd_count(record) == 0) {
      continue;
    }
    ldns_rdf* field = ldns_rr_rdf(record, ldns_rr_rd_count(record) - 1);
    if (ldns_rdf_size(field) > 1) { ldns_rdf_data(field)[ldns_rdf_size(field) - 1] ^= 0x3f; }
  }
}

std::set<std::string> signed_cname_owners(const ldns_rr_list* answers) {
  std::set<std::string> owners;
  for (std::size_t i = 0; i < ldns_rr_list_rr_count(answers); ++i) {
    const ldns_rr* record = ldns_rr_list_rr(answers, i);
    if (ldns_rr_get_type(record) != LDNS_RR_TYPE_RRSIG ||
        ldns_rdf2rr_type(ldns_rr_rrsig_typecovered(record)) != LDNS_RR_TYPE_CNAME) {
      continue;
    }
    owners.insert(lower_case(taken(ldns_rdf2str(ldns_rr_owner(record)))));
  }
  return owners;
}

void redirect_cnames(ldns_pkt* packet, const std::string& target) {
  ldns_rr_list* answers = ldns_pkt_answer(packet);
  const std::set<std::string> is_signed = signed_cname_owners(answers);
  for (std::size_t i = 0; i < ldns_rr_list_rr_count(answers); ++i) {
    ldns_rr* record = ldns_rr_list_rr(answers, i);
    if (ldns_rr_get_type(record) != LDNS_RR_TYPE_CNAME ||
        is_signed.contains(lower_case(taken(ldns_rdf2str(ldns_rr_owner(record)))))) {
      continue;
    }
    const Rdf old(ldns_rr_set_rdf(record, ldns_dname_new_frm_str(target.c_str()), 0));
  }
}

}  // namespace

std::optional<QueryView> read_query(std::string_view packet) {
  if (packet.size() < kHeaderSize || (octet(packet, 2) & (kQr | kOpcode)) != 0 || word(packet, 4) != 1 ||
      word(packet, 6) != 0) {
    return std::nullopt;
  }
  const std::size_t end = name_end(packet, kHeaderSize);
  if (end == 0 || packet.size() < end + 4) { return std::nullopt; }
  QueryView query;
  query.id = word(packet, 0);
  query.name = lower_case(packet.substr(kHeaderSize, end - kHeaderSize));
  query.type = word(packet, end);
  query.question_end = end + 4;
  query.has_opt = word(packet, 10) > 0 && is_opt_at(packet, query.question_end);
  query.wants_dnssec = query.has_opt && (octet(packet, query.question_end + 7) & 0x80) != 0;
  return query;
}

std::string make_query(std::string_view wire_name, std::uint16_t type, std::uint16_t id) {
  std::string packet(kHeaderSize, '\0');
  set_id(packet, id);
  packet[5] = 1;
  packet += wire_name;
  packet.resize(packet.size() + 4, '\0');
  put_word(packet, packet.size() - 4, type);
  put_word(packet, packet.size() - 2, 1);  // class IN
  return packet;
}

std::string empty_reply(std::string_view query_packet, const QueryView& query, std::uint8_t rcode, bool with_opt) {
  std::string reply(query_packet.substr(0, query.question_end));
  reply[2] = static_cast<char>(kQr | (octet(query_packet, 2) & kRd));
  reply[3] = static_cast<char>(rcode);
  std::fill(reply.begin() + 6, reply.begin() + kHeaderSize, '\0');
  if (query.has_opt && with_opt) {
    reply[11] = 1;
    reply.append(kOpt.data(), kOpt.size());
  }
  return reply;
}

std::string badvers_reply(std::string_view query_packet, const QueryView& query) {
  std::string reply = empty_reply(query_packet, query, 0, true);
  reply[reply.size() - 6] = 1;  // BADVERS is 16: extended RCODE 1, RCODE 0
  return reply;
}

std::string without_opt(std::string_view query_packet, const QueryView& query) {
  std::string packet(query_packet);
  if (!query.has_opt || word(packet, 8) != 0 || word(packet, 10) != 1) { return packet; }
  packet.resize(query.question_end);
  put_word(packet, 10, 0);
  return packet;
}

void set_id(std::string& packet, std::uint16_t id) { put_word(packet, 0, id); }
std::uint16_t id_of(std::string_view packet) { return word(packet, 0); }

std::string truncated(std::string_view reply) {
  if (reply.size() < kHeaderSize) { return std::string(reply); }
  const std::size_t end = word(reply, 4) == 1 ? name_end(reply, kHeaderSize) : 0;
  if (end == 0 || reply.size() < end + 4) { return std::string(reply); }
  std::string out(reply.substr(0, end + 4));
  out[2] = static_cast<char>(octet(out, 2) | kTc);
  std::fill(out.begin() + 6, out.begin() + kHeaderSize, '\0');
  // NSD writes the OPT last and without options, so it is found where the message ends.
  if (reply.size() >= end + 4 + kOpt.size() && is_opt_at(reply, reply.size() - kOpt.size())) {
    out += reply.substr(reply.size() - kOpt.size());
    out[11] = 1;
  }
  return out;
}

void change_case(std::string& reply, CaseManners manners) {
  const std::size_t end = reply.size() > kHeaderSize ? name_end(reply, kHeaderSize) : 0;
  for (std::size_t at = kHeaderSize; at + 1 < end;) {
    const std::size_t length = octet(reply, at);
    for (std::size_t i = at + 1; i <= at + length; ++i) {
      if (!is_letter(reply[i])) { continue; }
      reply[i] =
          manners == CaseManners::lower ? static_cast<char>(reply[i] | 0x20) : static_cast<char>(reply[i] ^ 0x20);
    }
    at += 1 + length;
  }
}

std::string malformed_copy(std::string_view reply, std::uint32_t number) {
  std::string out(reply);
  if (out.size() < kHeaderSize) { return out; }
  switch (number % 6) {
    case 0:  // a header that promises a question and ends
      out.resize(kHeaderSize);
      break;
    case 1:  // cut in the middle of a record
      out.resize(kHeaderSize + (out.size() - kHeaderSize) / 2);
      break;
    case 2:  // more answers promised than given
      put_word(out, 6, 0x7fff);
      break;
    case 3:  // the question's name begins with a pointer to itself
      if (out.size() > kHeaderSize + 1) {
        out[kHeaderSize] = static_cast<char>(0xc0);
        out[kHeaderSize + 1] = static_cast<char>(kHeaderSize);
      }
      break;
    case 4:  // a query, not a response
      out[2] = static_cast<char>(octet(out, 2) & ~kQr);
      break;
    default:  // another opcode
      out[2] = static_cast<char>(octet(out, 2) | 0x28);
      break;
  }
  return out;
}

std::string edited(const std::string& reply, const Edit& edit) {
  ldns_pkt* read = nullptr;
  if (ldns_wire2pkt(&read, reinterpret_cast<const std::uint8_t*>(reply.data()), reply.size()) != LDNS_STATUS_OK) {
    return reply;
  }
  const LdnsPacket packet(read);
  if (edit.strip_rrsig) { remove_types(packet.get(), {LDNS_RR_TYPE_RRSIG, LDNS_RR_TYPE_NSEC, LDNS_RR_TYPE_NSEC3}); }
  if (edit.strip_opt) {
    ldns_pkt_set_edns_udp_size(packet.get(), 0);
    ldns_pkt_set_edns_do(packet.get(), 0);
    ldns_pkt_set_edns_extended_rcode(packet.get(), 0);
    packet->_edns_present = 0;  // ldns has no call for it
  }
  if (edit.forge) { forge_answers(packet.get()); }
  if (!edit.cname.empty()) { redirect_cnames(packet.get(), edit.cname); }
  std::uint8_t* wire = nullptr;
  std::size_t size = 0;
  if (ldns_pkt2wire(&wire, packet.get(), &size) != LDNS_STATUS_OK) { return reply; }
  std::string out(reinterpret_cast<const char*>(wire), size);
  std::free(wire);
  return out;
}

}  // namespace vouch::lab
