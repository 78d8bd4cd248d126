// Makes a root zone of its own for tests: the delegations of another one, or invented ones, signed by a key of the test
// kit, with a digest over all of it (ZONEMD). Writes the zone and the trust anchor as zone-file text.
//
//   root_maker from FILE OUT ANCHOR SERIAL     the delegations and glue of that zone file
//   root_maker invent COUNT OUT ANCHOR SERIAL  so many TLDs, each with two name servers, glue and a DS
//   root_maker measure COUNT                   how long it takes to verify that, to answer from it, and what it weighs
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <iterator>
#include <string>

#include "resolver/iterate/local_root.h"
#include "resolver/zones/root_verification.h"
#include "resolver/zones/zone_stream.h"
#include "resolver/zones/zone_text.h"
#include "tests/dnssec_kit/whole_zone.h"

namespace vouch {
namespace {

using dnssec_kit::SignedZone;
using dnssec_kit::ZoneStyle;

[[noreturn]] void give_up(const std::string& why) {
  std::fprintf(stderr, "root_maker: %s\n", why.c_str());
  std::exit(1);
}

SignedZone empty_root(const std::string& serial) {
  const UnixTime now = std::time(nullptr);
  ZoneStyle style;
  style.times = {.inception = now - 3600, .expiration = now + 10 * 86400};
  SignedZone root(".", style);
  root.lacks(".", Type::SOA).has(". 86400 IN SOA a.root. admin.root. " + serial + " 1800 900 604800 86400");
  return root;
}

// All but what a signer makes.
void copy(const std::string& file, SignedZone& root) {
  std::ifstream in(file);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  const auto zone = read_zone_text(text, NameView(), TransferLimits());
  if (!zone) { give_up(file + ": " + zone.error()); }
  for (std::size_t i = 0; i < (*zone)->size(); ++i) {
    const ZoneRecord record = (**zone)[i];
    switch (record.type) {
      case Type::SOA:
      case Type::RRSIG:
      case Type::NSEC:
      case Type::DNSKEY:
      case Type::ZONEMD:
        break;
      default:
        root.has(record.owner, record.type, record.ttl, Buffer(record.rdata.begin(), record.rdata.end()));
    }
  }
}

void invent(std::size_t count, SignedZone& root) {
  root.has(". 86400 IN NS a.root.").has("a.root. 86400 IN A 192.0.2.1");
  for (std::size_t i = 0; i < count; ++i) {
    const std::string name = "tld" + std::to_string(i) + ".";
    Buffer ds = {u8(i >> 8 & 0xff), u8(i & 0xff), 13, 2};
    ds.resize(4 + 32, u8(i & 0xff));
    root.delegates(name, {"192.0.2.1", "192.0.2.2", "198.51.100.1", "198.51.100.2"}, {ds});
  }
}

void write(SignedZone& root, const std::string& out, const std::string& anchor) {
  const ZonePtr zone = dnssec_kit::zone_with_digest(root);
  std::ofstream file(out);
  const auto put = [&file](const ZoneRecord& record) {
    file << record_text(record.owner, record.type, record.ttl, record.rdata) << '\n';
  };
  put(zone->soa_record());
  for (std::size_t i = 0; i < zone->size(); ++i) {
    if ((*zone)[i].type != Type::SOA) { put((*zone)[i]); }
  }
  std::ofstream(anchor) << record_text(NameView(), Type::DS, 3600, root.ds()) << '\n';
  if (!file) { give_up("cannot write " + out); }
}

// Of the processor's time: the machine may be busy with other things.
template <typename Work>
double milliseconds(Work work) {
  const std::clock_t start = std::clock();
  work();
  return static_cast<double>(std::clock() - start) * 1000 / CLOCKS_PER_SEC;
}

void measure(std::size_t count) {
  SignedZone root = empty_root("1");
  invent(count, root);
  const ZonePtr zone = dnssec_kit::zone_with_digest(root);
  const std::string stream = zone_stream(*zone);
  ZonePtr read;
  const double reading =
      milliseconds([&] { read = *read_zone_stream(bytes_of(stream), NameView(), TransferLimits()); });
  const AnchorSet anchors({{.zone = Name(), .ds = {root.ds()}, .dnskeys = {}}}, {});
  const double verifying = milliseconds([&] {
    const auto good = verify_root(*read, {.anchors = anchors, .now = std::time(nullptr), .skew = 300});
    if (!good) { give_up(good.error()); }
  });
  const double digesting = milliseconds([&] { zone_digest(*read, HashKind::sha384); });
  const RootCopy copy(read, std::time(nullptr) + 86400);
  constexpr int kReplies = 200'000;
  const double referring = milliseconds([&] {
    for (int i = 0; i < kReplies; ++i) {
      const Name name = Name::of("www.tld" + std::to_string(i % static_cast<int>(count)) + ".");
      if (!copy.reply({name, Type::A})) { give_up("no referral"); }
    }
  });
  const double denying = milliseconds([&] {
    for (int i = 0; i < kReplies; ++i) {
      if (!copy.reply({Name::of("www.absent" + std::to_string(i) + "."), Type::A})) { give_up("no denial"); }
    }
  });
  std::printf(
      "records %zu\nmemory_octets %zu\nfile_octets %zu\nread_ms %.1f\ndigest_ms %.1f\nverify_ms %.1f\n"
      "referral_us %.2f\ndenial_us %.2f\n",
      read->size(), read->memory(), stream.size(), reading, digesting, verifying, referring * 1000 / kReplies,
      denying * 1000 / kReplies);
}

}  // namespace
}  // namespace vouch

int main(int count, char** words) {
  using namespace vouch;
  const std::vector<std::string> said(words + 1, words + count);
  if (said.size() == 2 && said[0] == "measure") {
    measure(std::stoul(said[1]));
  } else if (said.size() == 5 && (said[0] == "from" || said[0] == "invent")) {
    SignedZone root = empty_root(said[4]);
    if (said[0] == "from") {
      copy(said[1], root);
    } else {
      invent(std::stoul(said[1]), root);
    }
    write(root, said[2], said[3]);
  } else {
    give_up("see the head of root_maker.cc");
  }
  return 0;
}
