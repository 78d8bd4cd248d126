// Records to and from presentation form. ldns knows how each type is spelled; what it does not know or cannot read is
// written in the form of RFC 3597 section 5.
#include <algorithm>
#include <cstdlib>
#include <memory>

#include "resolver/wire/rdata_layout.h"
#include "resolver/wire/rrset.h"
#include "resolver/wire/with_ldns.h"

namespace vouch {

namespace {

struct Freed {
  void operator()(ldns_rr* record) const noexcept { ldns_rr_free(record); }
  void operator()(char* text) const noexcept { std::free(text); }
  void operator()(std::uint8_t* octets) const noexcept { std::free(octets); }
};
using LdnsRecord = std::unique_ptr<ldns_rr, Freed>;

constexpr std::size_t kFixed = 10;  // type, class, TTL, RDLENGTH
// Room for the largest RDATA in RFC 3597 form, two digits an octet, beside names and numbers.
constexpr std::size_t kMaxRecordText = 3 * kMaxMessage;

LdnsRecord to_ldns(Type type, Bytes rdata) {
  Buffer wire(1 + kFixed, 0);  // under the root: the owner is spelled by us
  store16(wire.data() + 1, static_cast<std::uint16_t>(type));
  store16(wire.data() + 3, static_cast<std::uint16_t>(Class::IN));
  store16(wire.data() + 9, u16(rdata.size()));
  wire.insert(wire.end(), rdata.begin(), rdata.end());
  ldns_rr* record = nullptr;
  std::size_t at = 0;
  if (ldns_wire2rr(&record, wire.data(), wire.size(), &at, LDNS_SECTION_ANSWER) != LDNS_STATUS_OK) { return nullptr; }
  LdnsRecord owned(record);
  if (at != wire.size()) { return nullptr; }  // it has not understood the whole of it
  return owned;
}

// ldns separates owner, TTL, class, type and RDATA by tabs, and escapes a tab within them.
std::string_view after_tabs(std::string_view line, int count) {
  for (; count > 0; --count) {
    const std::size_t tab = line.find('\t');
    if (tab == std::string_view::npos) { return {}; }
    line.remove_prefix(tab + 1);
  }
  return line;
}

void append_printable(std::string& text, char character) {
  if (character >= ' ' && character < 0x7f) {
    text += character;
    return;
  }
  const unsigned octet = static_cast<unsigned char>(character);
  text += '\\';
  for (const unsigned place : {100U, 10U, 1U}) { text += static_cast<char>('0' + octet / place % 10); }
}

std::string generic_rdata_text(Bytes rdata) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text = "\\# " + std::to_string(rdata.size());
  if (!rdata.empty()) { text += ' '; }
  for (const Octet octet : rdata) {
    text += kDigits[octet >> 4];
    text += kDigits[octet & 0x0f];
  }
  return text;
}

// What ldns wrote, between single blanks and in printable ASCII alone: it doubles blanks after a salt, leaves some at
// the end of a bitmap, and writes a tab within quotes as it is.
std::string tidied(std::string_view text) {
  std::string tidy;
  bool is_quoted = false, is_escaped = false;
  for (const char character : text) {
    const bool is_blank = character == ' ' || character == '\t' || character == '\n';
    if (!is_quoted && !is_escaped && is_blank) {
      if (!tidy.empty() && tidy.back() != ' ') { tidy += ' '; }
      continue;
    }
    if (character == '"' && !is_escaped) { is_quoted = !is_quoted; }
    is_escaped = character == '\\' && !is_escaped;
    append_printable(tidy, character);
  }
  if (tidy.ends_with(' ')) { tidy.pop_back(); }
  return tidy;
}

std::optional<std::string> ldns_rdata_text(Type type, Bytes rdata) {
  const LdnsRecord record = to_ldns(type, rdata);
  if (!record) { return std::nullopt; }
  // Without its `;{id = ...}` comments, which mean nothing to whoever reads the line back.
  const std::unique_ptr<char, Freed> line(ldns_rr2str_fmt(ldns_output_format_nocomments, record.get()));
  if (!line) { return std::nullopt; }
  return tidied(after_tabs(line.get(), 4));
}

// Only what reads back as the very same octets is shown in a type's own form: ldns writes some that it does not read,
// such as a LOC of an unknown version.
std::string rdata_text(Type type, Bytes rdata) {
  // ldns 1.8 leaks what it read of a CERT of the reserved type 0 (RFC 4398 section 2.1) when it refuses it, and whoever
  // owns a zone could make us read it back any number of times.
  const bool leaks = type == Type::CERT && rdata.size() >= 2 && load16(rdata.data()) == 0;
  if (!leaks && rdata.size() <= kMaxMessage && is_valid_rdata(type, rdata)) {
    const auto text = ldns_rdata_text(type, rdata);
    if (text) {
      const auto back = parse_record(". 0 IN " + type_text(type) + " " + *text);
      if (back && back->type == type && std::ranges::equal(back->rdata, rdata)) { return *text; }
    }
  }
  return generic_rdata_text(rdata);
}

}  // namespace

std::string record_text(NameView owner, Type type, std::uint32_t ttl, Bytes rdata) {
  std::string line = owner.text();
  line += ' ';
  line += std::to_string(ttl);
  line += " IN ";
  line += type_text(type);
  line += ' ';
  line += rdata_text(type, rdata);
  return line;
}

std::string rrset_text(const RRset& rrset) {
  std::string text;
  for (const Bytes rdata : rrset.rdata()) {
    text += record_text(rrset.owner(), rrset.type(), rrset.ttl(), rdata);
    text += '\n';
  }
  for (const Bytes signature : rrset.signatures()) {
    text += record_text(rrset.owner(), Type::RRSIG, rrset.ttl(), signature);
    text += '\n';
  }
  return text;
}

std::optional<TextRecord> parse_record(std::string_view text, std::uint32_t default_ttl) {
  if (text.size() > kMaxRecordText || text.contains('\0')) { return std::nullopt; }
  const std::string zero_ended(text);
  ldns_rr* parsed = nullptr;
  if (ldns_rr_new_frm_str(&parsed, zero_ended.c_str(), default_ttl, nullptr, nullptr) != LDNS_STATUS_OK) {
    return std::nullopt;
  }
  const LdnsRecord record(parsed);
  std::uint8_t* octets = nullptr;
  std::size_t size = 0;
  if (ldns_rr2wire(&octets, record.get(), LDNS_SECTION_ANSWER, &size) != LDNS_STATUS_OK) { return std::nullopt; }
  const std::unique_ptr<std::uint8_t, Freed> kept(octets);
  const Bytes wire(octets, size);
  const auto owner = NameView::parse(wire);
  if (!owner || wire.size() < owner->length() + kFixed) { return std::nullopt; }
  const Octet* const fixed = wire.data() + owner->length();
  const Bytes rdata = wire.subspan(owner->length() + kFixed);
  const auto type = static_cast<Type>(load16(fixed));
  if (is_meta(type)) { return std::nullopt; }
  // ldns lets through what is not sound on the wire, such as an empty RDATA; whoever asks here may trust the answer.
  if (load16(fixed + 8) != rdata.size() || !is_valid_rdata(type, rdata)) { return std::nullopt; }
  return TextRecord{Name(*owner), type, load32(fixed + 4), Buffer(rdata.begin(), rdata.end())};
}

}  // namespace vouch
