// The packet path: names fast and plain, parsing, writing, and the largest packets that a hostile peer can make of
// 65,535 octets.
#include <benchmark/benchmark.h>

#include <array>
#include <string>
#include <vector>

#include "resolver/wire/message_view.h"
#include "resolver/wire/message_writer.h"
#include "resolver/wire/names_plain.h"
#include "resolver/wire/rrset.h"

namespace vouch {
namespace {

constexpr SipKey kKey{1, 2};

// By octets: a short host name, a usual one, a long one (a reverse IPv6 name), the longest.
Name name_of(std::int64_t length) {
  switch (length) {
    case 12:
      return Name::of("example.co.");
    case 17:
      return Name::of("www.example.com.");
    case 33:
      return Name::of("d1a2b3c4e5f6g7.cloudfront.example.");
    case 74:
      return Name::of("1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa.");
    default: {
      Name name;
      while (name.prepend_label(bytes_of("x"))) {}
      return name;
    }
  }
}
Name upper(Name name) {
  for (Octet& octet : name.mutable_octets()) { octet = octet >= 'a' && octet <= 'z' ? u8(octet - 0x20U) : octet; }
  return name;
}

void lengths(benchmark::internal::Benchmark* bench) { bench->Arg(12)->Arg(17)->Arg(33)->Arg(74)->Arg(255); }

void name_view_parse(benchmark::State& state) {
  const Name name = name_of(state.range(0));
  for (auto _ : state) {
    auto octets = name.view().octets();
    benchmark::DoNotOptimize(octets);
    benchmark::DoNotOptimize(NameView::parse(octets));
  }
}
BENCHMARK(name_view_parse)->Apply(lengths);

template <bool Plain>
void name_hash(benchmark::State& state) {
  const Name name = name_of(state.range(0));
  for (auto _ : state) {
    NameView view = name;
    benchmark::DoNotOptimize(view);
    benchmark::DoNotOptimize(Plain ? plain::hash(kKey, view) : view.hash(kKey));
  }
}
BENCHMARK(name_hash<false>)->Apply(lengths);
BENCHMARK(name_hash<true>)->Apply(lengths);

template <bool Plain>
void name_equal(benchmark::State& state) {
  const Name a = name_of(state.range(0)), b = upper(a);
  for (auto _ : state) {
    NameView one = a, two = b;
    benchmark::DoNotOptimize(one);
    benchmark::DoNotOptimize(two);
    benchmark::DoNotOptimize(Plain ? plain::same_ignoring_case(one.octets(), two.octets()) : one == two);
  }
}
BENCHMARK(name_equal<false>)->Apply(lengths);
BENCHMARK(name_equal<true>)->Apply(lengths);

template <bool Plain>
void name_order(benchmark::State& state) {
  const Name a = name_of(state.range(0)), b = upper(a);
  for (auto _ : state) {
    NameView one = a, two = b;
    benchmark::DoNotOptimize(one);
    benchmark::DoNotOptimize(two);
    benchmark::DoNotOptimize(Plain ? plain::canonical_order(one, two) : canonical_order(one, two));
  }
}
BENCHMARK(name_order<false>)->Apply(lengths);
BENCHMARK(name_order<true>)->Apply(lengths);

// One RRset from text; RRSIG lines become its signatures.
RRsetPtr rrset_of(const std::vector<std::string>& lines) {
  const TextRecord first = *parse_record(lines.front());
  std::vector<Buffer> rdata, signatures;
  for (const std::string& line : lines) {
    const TextRecord record = *parse_record(line);
    (record.type == first.type ? rdata : signatures).push_back(record.rdata);
  }
  const std::vector<Bytes> records(rdata.begin(), rdata.end()), covering(signatures.begin(), signatures.end());
  return RRset::make(first.owner, first.type, first.ttl, records, covering);
}
std::string signature(std::string_view owner, std::string_view type) {
  return std::string(owner) + " RRSIG " + std::string(type) +
         " 13 3 300 20300101000000 20200101000000 4660 example.com. " + std::string(86, 'A') + "==";
}
std::vector<RRsetPtr> address_answer() { return {rrset_of({"www.example.com. A 192.0.2.1"})}; }
std::vector<RRsetPtr> signed_answer() {
  return {
      rrset_of({"www.example.com. A 192.0.2.1", "www.example.com. A 192.0.2.2", signature("www.example.com.", "A")})};
}
std::vector<RRsetPtr> alias_answer() {
  return {rrset_of({"www.example.com. CNAME www.example.com.edge.cdn.example."}),
          rrset_of({"www.example.com.edge.cdn.example. CNAME e1234.a.edge.cdn.example."}),
          rrset_of({"e1234.a.edge.cdn.example. A 192.0.2.1", "e1234.a.edge.cdn.example. A 192.0.2.2"})};
}
std::vector<RRsetPtr> referral() {
  std::vector<std::string> servers;
  std::vector<RRsetPtr> sets = {nullptr};
  for (char server = 'a'; server <= 'm'; ++server) {
    const std::string name = std::string(1, server) + ".gtld-servers.net.";
    servers.push_back("com. NS " + name);
    sets.push_back(rrset_of({name + " A 192.0.2.1"}));
    sets.push_back(rrset_of({name + " AAAA 2001:db8::1"}));
  }
  sets[0] = rrset_of(servers);
  return sets;
}

Bytes write(MutableBytes out, NameView question, const std::vector<RRsetPtr>& sets) {
  MessageWriter writer(out, out.size());
  writer.header(0x1234, {.qr = true, .rd = true, .ra = true});
  writer.question(question, Type::A, Class::IN);
  for (const RRsetPtr& set : sets) { writer.rrset(Section::answer, *set, 300, true); }
  writer.begin_edns(1232, true);
  writer.end_edns();
  return writer.finish();
}

template <auto Sets>
void write_message(benchmark::State& state) {
  const auto sets = Sets();
  const Name question = Name::of("www.example.com.");
  std::array<Octet, 4096> out;
  for (auto _ : state) {
    const Bytes message = write(out, question, sets);
    benchmark::DoNotOptimize(message.data());
    benchmark::ClobberMemory();
  }
}
BENCHMARK(write_message<address_answer>);
BENCHMARK(write_message<signed_answer>);
BENCHMARK(write_message<alias_answer>);
BENCHMARK(write_message<referral>);

template <auto Sets>
void message_parse(benchmark::State& state) {
  std::array<Octet, 4096> out;
  const Bytes packet = write(out, Name::of("www.example.com."), Sets());
  for (auto _ : state) { benchmark::DoNotOptimize(MessageView::parse(packet)); }
}
BENCHMARK(message_parse<address_answer>);
BENCHMARK(message_parse<signed_answer>);
BENCHMARK(message_parse<alias_answer>);
BENCHMARK(message_parse<referral>);

void query_parse(benchmark::State& state) {
  std::array<Octet, 512> out;
  MessageWriter writer(out, out.size());
  writer.header(1, {.rd = true});
  writer.question(name_of(17), Type::A, Class::IN);
  if (state.range(0) != 0) {
    writer.begin_edns(1232, true);
    writer.option(OptionCode::cookie, Buffer(8, 7));
    writer.end_edns();
  }
  const Bytes packet = writer.finish();
  for (auto _ : state) { benchmark::DoNotOptimize(parse_query(packet)); }
}
BENCHMARK(query_parse)->ArgName("edns")->Arg(0)->Arg(1);

void rrset_make(benchmark::State& state) {
  const auto count = static_cast<std::size_t>(state.range(0));
  std::vector<Buffer> rdata;
  for (std::size_t i = 0; i < count; ++i) { rdata.push_back({192, 0, u8(i >> 8), u8(i & 0xff)}); }
  const std::vector<Bytes> views(rdata.begin(), rdata.end());
  const Name owner = name_of(17);
  for (auto _ : state) { benchmark::DoNotOptimize(RRset::make(owner, Type::A, 300, views)); }
}
BENCHMARK(rrset_make)->Arg(1)->Arg(4)->Arg(8)->Arg(256);

// Raw packets, for what MessageWriter would never write.
void put16(Buffer& to, std::size_t value) {
  to.push_back(u8(value >> 8 & 0xff));
  to.push_back(u8(value & 0xff));
}
void put_fixed(Buffer& to, Type type, std::size_t length) {
  put16(to, static_cast<std::size_t>(type));
  put16(to, 1);
  put16(to, 0);
  put16(to, 0);
  put16(to, length);
}
Buffer header_of(std::size_t records) {
  Buffer packet(kHeaderSize, 0);
  store16(packet.data() + 6, u16(records));
  return packet;
}

// 5000 names, each a label and a pointer to the name before: too deep after 127.
Buffer each_points_at_the_last() {
  Buffer packet = header_of(5000);
  std::size_t last = 0;
  while (packet.size() + 16 < kMaxMessage) {
    const std::size_t here = packet.size();
    packet.insert(packet.end(), {1, 'x'});
    if (last == 0) {
      packet.push_back(0);
    } else {
      put16(packet, 0xc000 | last);
    }
    put_fixed(packet, Type::NUL, 0);
    if (here < 0x4000) { last = here; }
  }
  return packet;
}

// Names of 127 labels with a pointer between any two, of which every record names three: the dearest names there are,
// and so many different ones that remembering the last few does not help.
Buffer dearest_names() {
  constexpr std::size_t kEnds = 63;
  Buffer packet = header_of(0);
  packet.push_back(0);  // the owner of a NULL record whose RDATA holds the names
  put_fixed(packet, Type::NUL, 3 + 4 * (125 + kEnds));
  std::size_t trunk = packet.size();
  packet.insert(packet.end(), {1, 'x', 0});
  const auto grow = [&packet](std::size_t onto) {
    const std::size_t here = packet.size();
    packet.insert(packet.end(), {1, 'x'});
    put16(packet, 0xc000 | onto);
    return here;
  };
  for (int labels = 1; labels < 126; ++labels) { trunk = grow(trunk); }
  std::array<std::size_t, kEnds> ends;
  for (std::size_t& end : ends) { end = grow(trunk); }
  std::size_t count = 1;
  for (std::size_t next = 0; packet.size() + 16 <= kMaxMessage; ++count) {
    const auto end = [&] { return 0xc000 | ends[next++ * 4 % kEnds]; };
    put16(packet, end());
    put_fixed(packet, Type::MINFO, 4);
    put16(packet, end());
    put16(packet, end());
  }
  store16(packet.data() + 6, u16(count));
  return packet;
}

// One name of 127 labels that 4680 records name twice: all of it is sound.
Buffer one_name_for_all() {
  Buffer packet = header_of(0);
  for (int i = 0; i < 127; ++i) { packet.insert(packet.end(), {1, 'x'}); }
  packet.push_back(0);
  put_fixed(packet, Type::NUL, 0);
  std::size_t count = 1;
  for (; packet.size() + 14 <= kMaxMessage; ++count) {
    put16(packet, 0xc00c);
    put_fixed(packet, Type::NS, 2);
    put16(packet, 0xc00c);
  }
  store16(packet.data() + 6, u16(count));
  return packet;
}

Buffer sixteen_thousand_options() {
  Buffer packet(kHeaderSize, 0);
  store16(packet.data() + 10, 1);
  packet.push_back(0);
  put_fixed(packet, Type::OPT, kMaxMessage - kHeaderSize - 11);
  packet.resize(kMaxMessage);
  return packet;
}

Buffer counts_that_lie() {
  Buffer packet(kMaxMessage, 0);
  for (std::size_t at = 6; at < kHeaderSize; ++at) { packet[at] = 0xff; }
  return packet;  // 5957 records: the root, type 0, no RDATA
}

template <auto Packet>
void hostile_parse(benchmark::State& state) {
  const Buffer packet = Packet();
  bool taken = false;
  for (auto _ : state) {
    auto message = MessageView::parse(packet);
    taken = message.has_value();
    benchmark::DoNotOptimize(message);
  }
  state.SetLabel(std::to_string(packet.size()) + " octets, " + (taken ? "parsed" : "refused"));
}
BENCHMARK(hostile_parse<each_points_at_the_last>);
BENCHMARK(hostile_parse<dearest_names>);
BENCHMARK(hostile_parse<one_name_for_all>);
BENCHMARK(hostile_parse<sixteen_thousand_options>);
BENCHMARK(hostile_parse<counts_that_lie>);

// What a client of the parser does next: uncompress all RDATA.
void hostile_rdata(benchmark::State& state) {
  const Buffer packet = one_name_for_all();
  const auto message = MessageView::parse(packet);
  Buffer rdata;
  for (auto _ : state) {
    rdata.clear();
    for (const RecordAt& record : message->records()) { message->append_rdata(record, rdata); }
    benchmark::DoNotOptimize(rdata.data());
  }
}
BENCHMARK(hostile_rdata);

// Thousands of owners of 127 labels that share all but the first: as many look-ups as names can ask for.
void hostile_write(benchmark::State& state) {
  std::vector<RRsetPtr> sets;
  const Bytes rdata[] = {{}};
  for (std::size_t i = 0; i < 4000; ++i) {
    Name owner;
    while (owner.view().length() < 250) { owner.prepend_label(bytes_of("x")); }
    const Octet label[] = {u8(i >> 8), u8(i & 0xff), 'y'};
    owner.prepend_label(label);
    sets.push_back(RRset::make(owner, Type::NUL, 1, rdata));
  }
  Buffer out(kMaxMessage);
  for (auto _ : state) { benchmark::DoNotOptimize(write(out, Name(), sets).data()); }
}
BENCHMARK(hostile_write);

}  // namespace
}  // namespace vouch
