#include "resolver/wire/zone_file.h"

#include <algorithm>
#include <cstdlib>
#include <memory>

#include "resolver/base/address.h"
#include "resolver/wire/rdata_layout.h"
#include "resolver/wire/with_ldns.h"

namespace vouch {

namespace {

struct Freed {
  void operator()(ldns_rr* record) const noexcept { ldns_rr_free(record); }
  void operator()(std::uint8_t* octets) const noexcept { std::free(octets); }
};

constexpr std::size_t kFixed = 10;           // type, class, TTL, RDLENGTH
constexpr std::uint32_t kDefaultTtl = 3600;  // seconds, where neither the record nor $TTL says
constexpr int kMaxLine = 1'000'000'000;      // lines; ldns counts them in an int

// Goes through a file. ldns keeps origin and last owner in its own form and changes them as it reads.
class Reader {
 public:
  Reader(std::FILE& file, const OnZoneRecord& on_record) : file_(file), on_record_(on_record) {}

  std::optional<ZoneFileFault> read(NameView origin) {
    const std::string text = origin.text();
    origin_ = ldns_dname_new_frm_str(text.c_str());
    if (origin_ == nullptr) { return ZoneFileFault{0, "out of memory"}; }
    while (std::feof(&file_) == 0) {
      if (auto fault = read_one()) { return fault; }
    }
    if (std::ferror(&file_) != 0) { return ZoneFileFault{0, "cannot be read to its end"}; }
    return std::nullopt;
  }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;
  ~Reader() {
    ldns_rdf_deep_free(origin_);
    ldns_rdf_deep_free(last_owner_);
  }

 private:
  std::optional<ZoneFileFault> read_one() {
    ldns_rr* parsed = nullptr;
    const int before = line_;
    const ldns_status status = ldns_rr_new_frm_fp_l(&parsed, &file_, &ttl_, &origin_, &last_owner_, &line_);
    const std::unique_ptr<ldns_rr, Freed> record(status == LDNS_STATUS_OK ? parsed : nullptr);
    const auto line = static_cast<std::uint64_t>(std::max(before, 1));
    if (line_ > kMaxLine) { return ZoneFileFault{line, "too many lines"}; }
    switch (status) {
      case LDNS_STATUS_OK:
        return take(*record, line);
      case LDNS_STATUS_SYNTAX_EMPTY:
      case LDNS_STATUS_SYNTAX_TTL:
      case LDNS_STATUS_SYNTAX_ORIGIN:
        return std::nullopt;
      case LDNS_STATUS_SYNTAX_INCLUDE:
        return ZoneFileFault{line, "$INCLUDE is not allowed here"};
      default:
        return ZoneFileFault{line, std::string("no record: ") + ldns_get_errorstr_by_id(status)};
    }
  }

  std::optional<ZoneFileFault> take(const ldns_rr& record, std::uint64_t line) {
    std::uint8_t* octets = nullptr;
    std::size_t size = 0;
    if (ldns_rr2wire(&octets, &record, LDNS_SECTION_ANSWER, &size) != LDNS_STATUS_OK) {
      return ZoneFileFault{line, "a record that cannot be written down"};
    }
    const std::unique_ptr<std::uint8_t, Freed> kept(octets);
    const Bytes wire(octets, size);
    const auto owner = NameView::parse(wire);
    if (!owner || wire.size() < owner->length() + kFixed) { return ZoneFileFault{line, "no record"}; }
    const Octet* const fixed = wire.data() + owner->length();
    const Bytes rdata = wire.subspan(owner->length() + kFixed);
    const auto type = static_cast<Type>(load16(fixed));
    // ldns lets through what is not sound on the wire, such as an empty RDATA.
    if (load16(fixed + 8) != rdata.size() || !is_valid_rdata(type, rdata)) {
      return ZoneFileFault{line, "unsound data of type " + type_text(type)};
    }
    if (static_cast<Class>(load16(fixed + 2)) != Class::IN) { return ZoneFileFault{line, "a class other than IN"}; }
    on_record_(*owner, type, load32(fixed + 4), rdata, line);
    return std::nullopt;
  }

  std::FILE& file_;
  const OnZoneRecord& on_record_;
  ldns_rdf* origin_ = nullptr;
  ldns_rdf* last_owner_ = nullptr;
  std::uint32_t ttl_ = kDefaultTtl;
  int line_ = 1;
};

}  // namespace

std::optional<ZoneFileFault> read_zone_file(std::FILE& file, NameView origin, const OnZoneRecord& on_record) {
  return Reader(file, on_record).read(origin);
}

// The types that large zones are made of are spelled here; for the others ldns reads its own spelling back, which takes
// ten times as long.
std::string zone_file_line(NameView owner, Type type, std::uint32_t ttl, Bytes rdata) {
  std::string text;
  switch (type) {
    case Type::CNAME:
    case Type::NS:
      text = rdata_name(type, rdata).text();
      break;
    case Type::A:
      text = IpAddress::v4(rdata).text();
      break;
    case Type::AAAA:
      text = IpAddress::v6(rdata).text();
      break;
    default:
      return record_text(owner, type, ttl, rdata) + "\n";
  }
  return owner.text() + " " + std::to_string(ttl) + " IN " + type_text(type) + " " + text + "\n";
}

}  // namespace vouch
