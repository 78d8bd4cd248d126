// Names to and from presentation form (RFC 1035 section 5.1, RFC 4343 section 2.1).
#include <cstdlib>
#include <memory>
#include <new>

#include "resolver/wire/name.h"
#include "resolver/wire/with_ldns.h"

namespace vouch {

namespace {

// What a zone file or a log line would take for something else than a part of the label.
constexpr std::string_view kEscaped = "\".;()\\@$";

// The longest text of a name: 250 octets of content as \DDD and their dots. Beyond that it is no name, whatever it
// says.
constexpr std::size_t kMaxNameText = 4 * kMaxNameLength;

void append_octet(std::string& text, Octet octet) {
  const char character = static_cast<char>(octet);
  if (octet > ' ' && octet < 0x7f) {
    if (kEscaped.contains(character)) { text += '\\'; }
    text += character;
    return;
  }
  text += '\\';
  text += static_cast<char>('0' + octet / 100);
  text += static_cast<char>('0' + octet / 10 % 10);
  text += static_cast<char>('0' + octet % 10);
}

}  // namespace

std::string NameView::text() const {
  if (is_root()) { return "."; }
  std::string text;
  text.reserve(length_);
  for (NameView rest = *this; !rest.is_root(); rest = rest.parent()) {
    for (const Octet octet : rest.first_label()) { append_octet(text, octet); }
    text += '.';
  }
  return text;
}

std::optional<Name> Name::parse(std::string_view text) {
  if (text.empty() || text.size() > kMaxNameText || text.contains('\0')) { return std::nullopt; }
  const std::string zero_ended(text);
  ldns_rdf* parsed = nullptr;
  if (ldns_str2rdf_dname(&parsed, zero_ended.c_str()) != LDNS_STATUS_OK) { return std::nullopt; }
  if (parsed == nullptr) { throw std::bad_alloc(); }  // it says OK all the same
  const std::unique_ptr<ldns_rdf, decltype(&ldns_rdf_deep_free)> owner(parsed, &ldns_rdf_deep_free);
  const Bytes octets(ldns_rdf_data(parsed), ldns_rdf_size(parsed));
  const auto view = NameView::parse(octets);
  if (!view || view->length() != octets.size()) { return std::nullopt; }
  return Name(*view);
}

Name Name::of(std::string_view text) {
  const auto name = parse(text);
  if (!name) { std::abort(); }
  return *name;
}

}  // namespace vouch
