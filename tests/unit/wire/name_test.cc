#include "resolver/wire/name.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "resolver/wire/names_plain.h"
#include "tests/unit/wire/packet.h"

namespace vouch {
namespace {

constexpr SipKey kKey{0x0706050403020100U, 0x0f0e0d0c0b0a0908U};

// 127 labels of one octet: the most that fit.
Name deepest() {
  Name name;
  while (name.prepend_label(bytes_of("x"))) {}
  return name;
}

TEST(Name, TheRootIsOneOctet) {
  const Name root;
  EXPECT_TRUE(root.view().is_root());
  EXPECT_EQ(root.view().length(), 1);
  EXPECT_EQ(root.text(), ".");
  EXPECT_TRUE(root.view().first_label().empty());
  EXPECT_TRUE(root.view().parent().is_root());
}

TEST(Name, FindsItsParents) {
  const Name name = Name::of("www.example.com.");
  EXPECT_EQ(name.view().labels(), 3);
  EXPECT_EQ(name.view().length(), 17);
  EXPECT_EQ(name.view().parent().text(), "example.com.");
  EXPECT_EQ(name.view().parent().parent().parent().text(), ".");
  EXPECT_EQ(name.view().suffix(1).text(), "com.");
  EXPECT_EQ(name.view().suffix(3).text(), "www.example.com.");
  EXPECT_EQ(name.view().suffix(9).text(), "www.example.com.");
  EXPECT_EQ(text_of(name.view().first_label()), "www");
}

TEST(Name, KnowsWhatLiesBelowIt) {
  struct Row {
    std::string_view name, ancestor;
    bool at_or_below, below;
    int shared;
  };
  constexpr Row kTable[] = {
      {"www.example.com.", "example.com.", true, true, 2},
      {"WWW.EXAMPLE.COM.", "example.com.", true, true, 2},
      {"example.com.", "EXAMPLE.com.", true, false, 2},
      {"example.com.", "www.example.com.", false, false, 2},
      {"wwwexample.com.", "example.com.", false, false, 1},  // ends in the same octets but one
      {"www.example.net.", "example.com.", false, false, 0},
      {"www.example.com.", ".", true, true, 0},
      {".", ".", true, false, 0},
      {"a.b.c.d.", "x.b.c.d.", false, false, 3},
      {"a.b.x.d.", "a.b.c.d.", false, false, 1},
  };
  for (const Row& row : kTable) {
    const Name name = Name::of(row.name), ancestor = Name::of(row.ancestor);
    EXPECT_EQ(name.view().is_at_or_below(ancestor), row.at_or_below) << row.name << " " << row.ancestor;
    EXPECT_EQ(name.view().is_below(ancestor), row.below) << row.name << " " << row.ancestor;
    EXPECT_EQ(name.view().labels_shared_with(ancestor), row.shared) << row.name << " " << row.ancestor;
    EXPECT_EQ(ancestor.view().labels_shared_with(name), row.shared) << row.name << " " << row.ancestor;
  }
  // A label whose content looks like the ancestor's wire form.
  const Name disguised = Name::of("x\\003com.");
  EXPECT_FALSE(disguised.view().is_at_or_below(Name::of("com.")));
}

TEST(Name, IsEqualWhateverItsCase) {
  EXPECT_EQ(Name::of("www.example.com."), Name::of("wWw.eXAMPLE.cOM."));
  EXPECT_NE(Name::of("www.example.com."), Name::of("www.example.org."));
  EXPECT_EQ(Name::of("www.example.com.").view().hash(kKey), Name::of("WWW.EXAMPLE.COM.").view().hash(kKey));
  EXPECT_NE(Name::of("www.example.com.").view().hash(kKey), Name::of("www.example.org.").view().hash(kKey));
  EXPECT_FALSE(Name::of("www.example.com.").view().is_same_with_case(Name::of("www.example.Com.")));
}

TEST(Name, OnlyLettersHaveACase) {
  // The neighbours of A-Z and a-z, and octets that are letters in Latin-1, differ by 0x20 and stay different.
  for (int octet = 0; octet < 256; ++octet) {
    const Octet one[] = {1, u8(static_cast<std::size_t>(octet)), 0};
    const Octet two[] = {1, u8(static_cast<std::size_t>(octet ^ 0x20)), 0};
    const NameView a = *NameView::parse(one), b = *NameView::parse(two);
    const bool is_letter = (octet >= 'A' && octet <= 'Z') || (octet >= 'a' && octet <= 'z');
    EXPECT_EQ(a == b, is_letter) << octet;
    EXPECT_EQ(a.hash(kKey) == b.hash(kKey), is_letter) << octet;
    Name lowered{a};
    lowered.lower_case();
    EXPECT_EQ(lowered.view().octets()[1], plain::lower_case(u8(static_cast<std::size_t>(octet))));
  }
}

TEST(Name, SortsAsRfc4034Says) {
  // RFC 4034 section 6.1, and what its text adds.
  const Name sorted[] = {Name::of("."),
                         Name::of("example."),
                         Name::of("a.example."),
                         Name::of("yljkjljk.a.example."),
                         Name::of("Z.a.example."),
                         Name::of("zABC.a.EXAMPLE."),
                         Name::of("z.example."),
                         Name::of("\\001.z.example."),
                         Name::of("*.z.example."),
                         Name::of("\\200.z.example."),
                         Name::of("example1.")};
  for (std::size_t i = 0; i < std::size(sorted); ++i) {
    for (std::size_t j = 0; j < std::size(sorted); ++j) {
      EXPECT_EQ(canonical_order(sorted[i], sorted[j]), i <=> j) << sorted[i].text() << " " << sorted[j].text();
    }
  }
}

TEST(Name, HoldsUpTo255Octets) {
  Name name = deepest();
  EXPECT_EQ(name.view().labels(), kMaxLabels);
  EXPECT_EQ(name.view().length(), kMaxNameLength);
  EXPECT_TRUE(NameView::parse(name.view().octets()));
  EXPECT_FALSE(name.prepend_label(bytes_of("y")));
  EXPECT_EQ(name, deepest());
  Name wide;
  const std::string label(63, 'l');
  EXPECT_TRUE(wide.prepend_label(bytes_of(label)));
  EXPECT_FALSE(wide.prepend_label(bytes_of(label + "l")));
  EXPECT_FALSE(wide.prepend_label({}));
  EXPECT_TRUE(wide.prepend_label(bytes_of(label)));
  EXPECT_TRUE(wide.prepend_label(bytes_of(label)));
  EXPECT_FALSE(wide.prepend_label(bytes_of(label)));            // 257
  EXPECT_FALSE(wide.prepend_label(bytes_of(label).first(62)));  // 256
  EXPECT_TRUE(wide.prepend_label(bytes_of(label).first(61)));   // 255
  EXPECT_EQ(wide.view().length(), kMaxNameLength);
}

TEST(Name, ALabelOfItsOwnMayBePrepended) {
  Name name = Name::of("abc.example.");
  ASSERT_TRUE(name.prepend_label(name.view().first_label()));
  EXPECT_EQ(name.text(), "abc.abc.example.");
}

TEST(Name, SubstitutesAsDnameDoes) {
  // RFC 6672 section 2.2, its table.
  struct Row {
    std::string_view name, owner, target, result;  // no result: "no match" or too long
  };
  const std::string longest = deepest().text().substr(0, 2 * 126) + "x.";
  const Row table[] = {
      {"com.", "example.com.", "example.net.", ""},
      {"a.example.com.", "example.com.", "example.net.", "a.example.net."},
      {"a.b.example.com.", "example.com.", "example.net.", "a.b.example.net."},
      {"ab.example.com.", "b.example.com.", "example.net.", ""},
      {"foo.example.com.", "example.com.", "example.net.", "foo.example.net."},
      {"a.x.example.com.", "x.example.com.", "example.net.", "a.example.net."},
      {"cyc.example.com.", "example.com.", "example.com.", "cyc.example.com."},
      {"cyc.example.com.", "example.com.", "c.example.com.", "cyc.c.example.com."},
      {"shortloop.x.x.", "x.", ".", "shortloop.x."},
      {"shortloop.x.", "x.", ".", "shortloop."},
      {longest, "x.", "yy.", ""},
  };
  for (const Row& row : table) {
    const auto result = Name::substitute(Name::of(row.name), Name::of(row.owner), Name::of(row.target));
    EXPECT_EQ(result ? result->text() : "", row.result) << row.name;
  }
}

TEST(NameView, RefusesWhatIsNoUncompressedName) {
  const Buffer bad[] = {{},           {1},       {3, 'a', 'b'},       {1, 'a'}, {64, 'a'}, {0x40, 0},
                        {0xc0, 0x0c}, {0x80, 0}, {1, 'a', 0xc0, 0x0c}};
  for (const Buffer& octets : bad) { EXPECT_FALSE(NameView::parse(octets)) << octets.size(); }
  Buffer long_one;
  for (int i = 0; i < 128; ++i) { long_one.insert(long_one.end(), {1, 'x'}); }
  long_one.push_back(0);  // 257 octets
  EXPECT_FALSE(NameView::parse(long_one));
  long_one.erase(long_one.begin(), long_one.begin() + 2);
  EXPECT_EQ(NameView::parse(long_one)->length(), 255);
}

TEST(NameInPacket, IsWalkedThroughItsPointers) {
  test::Packet packet;
  packet.name("example.com.");               // at 12
  packet.label("www").pointer(12);           // at 25
  packet.label("a").label("b").pointer(25);  // at 31
  packet.pointer(31);                        // at 37
  struct Row {
    std::size_t at;
    std::string_view text;
    std::size_t next;
  };
  constexpr Row kTable[] = {{12, "example.com.", 25},
                            {20, "com.", 25},
                            {24, ".", 25},
                            {25, "www.example.com.", 31},
                            {31, "a.b.www.example.com.", 37},
                            {37, "a.b.www.example.com.", 39}};
  for (const Row& row : kTable) {
    const auto name = parse_name(packet, row.at);
    ASSERT_TRUE(name) << row.at;
    const Name expected = Name::of(row.text);
    EXPECT_EQ(expand_name(packet, *name).text(), row.text);
    EXPECT_EQ(name->next, row.next);
    EXPECT_EQ(name->first, row.at);
    EXPECT_EQ(name->length, expected.view().length());
    EXPECT_EQ(name->labels, expected.view().labels());
    EXPECT_TRUE(equals_name(packet, *name, expected));
    EXPECT_TRUE(equals_name_with_case(packet, *name, expected));
  }
  const auto name = *parse_name(packet, 31);
  EXPECT_TRUE(equals_name(packet, name, Name::of("A.b.wwW.example.COM.")));
  EXPECT_FALSE(equals_name_with_case(packet, name, Name::of("A.b.www.example.com.")));
  EXPECT_FALSE(equals_name(packet, name, Name::of("a.b.www.example.org.")));
  EXPECT_FALSE(equals_name(packet, name, Name::of("a.b.www.exampleecom.")));
  EXPECT_FALSE(equals_name(packet, name, Name::of("a.c.www.example.com.")));
}

TEST(NameInPacket, HostileOnesAreRefused) {
  struct Row {
    std::string_view what;
    test::Packet packet;
    std::size_t at;
  };
  const Row table[] = {
      {"beyond the end", test::Packet().u8(0), 13},
      {"far beyond the end", test::Packet().u8(0), 70000},
      {"no octets", test::Packet(), 12},
      {"label cut short", test::Packet().u8(5).text("abc"), 12},
      {"no root label", test::Packet().label("abc"), 12},
      {"pointer cut short", test::Packet().u8(0xc0), 12},
      {"pointer to itself", test::Packet().pointer(12), 12},
      {"pointer forward", test::Packet().pointer(14).u8(0), 12},
      {"pointer beyond the end", test::Packet().pointer(0x3fff), 12},
      {"pointer into the header", test::Packet().pointer(4), 12},
      {"pointer to the header's start", test::Packet().pointer(0), 12},
      {"pointer to its own label", test::Packet().label("a").pointer(12), 12},
      {"pointer into its own label", test::Packet().label("abc").pointer(14), 12},
      {"two that point at each other", test::Packet().label("a").pointer(16).label("b").pointer(12), 16},
      {"pointer back, then into the later run", test::Packet().label("a").pointer(17).u8(0).label("b").pointer(12), 17},
      {"label type 01", test::Packet().u8(0x41).text("a").u8(0), 12},
      {"label type 10", test::Packet().u8(0x80).u8(0).u8(0), 12},
  };
  for (const Row& row : table) {
    EXPECT_FALSE(parse_name(row.packet, row.at)) << row.what;
    EXPECT_FALSE(plain::expand_name(row.packet, row.at)) << row.what;
  }
}

TEST(NameInPacket, LengthCountsAcrossPointers) {
  test::Packet packet;
  for (int i = 0; i < 100; ++i) { packet.label("x"); }
  packet.u8(0);  // 201 octets, at 12
  const std::size_t fits = packet.size();
  for (int i = 0; i < 27; ++i) { packet.label("y"); }
  packet.pointer(12);  // 54 more: 255
  const std::size_t too_long = packet.size();
  for (int i = 0; i < 28; ++i) { packet.label("y"); }
  packet.pointer(12);
  EXPECT_EQ(parse_name(packet, fits)->length, 255);
  EXPECT_EQ(parse_name(packet, fits)->labels, 127);
  EXPECT_FALSE(parse_name(packet, too_long));
}

TEST(NameInPacket, AChainOfBarePointersHasAnEnd) {
  test::Packet packet;
  packet.u8(0).u8(0);  // the root, at 12; pointers from 14
  for (std::size_t at = 14; at < 14 + 2 * 200; at += 2) { packet.pointer(at == 14 ? 12 : at - 2); }
  EXPECT_TRUE(parse_name(packet, 14 + 2 * 126));   // the 127th
  EXPECT_FALSE(parse_name(packet, 14 + 2 * 127));  // one more than any honest name could use
}

// Random names out of few labels, so that they are often equal, and of any length up to the limit.
Name random_name(std::mt19937& random) {
  Name name;
  const std::size_t labels = random() % 12;
  for (std::size_t i = 0; i < labels; ++i) {
    std::string label;
    const std::size_t length = 1 + random() % (random() % 8 == 0 ? 63 : 4);
    for (std::size_t j = 0; j < length; ++j) { label += static_cast<char>("aAbBzZ@[`{\x00\xc1\xe1"[random() % 13]); }
    if (!name.prepend_label(bytes_of(label))) { break; }
  }
  return name;
}

TEST(NameKernels, AreTheirPlainTwins) {
  std::mt19937 random(20250101);
  for (int i = 0; i < 20'000; ++i) {
    const Name a = random_name(random);
    Name b = random_name(random);
    if (i % 2 == 0) {
      b = a;
      for (Octet& octet : b.mutable_octets()) {  // another case, sometimes another octet
        if (octet >= 'a' && octet <= 'z' && random() % 2 == 0) { octet = u8(octet - 0x20U); }
        if (octet > kMaxLabelLength && random() % 40 == 0) { octet = '~'; }
      }
    }
    // In memory of exactly their size, so that a sanitizer sees a read past the end.
    const Buffer a_octets(a.view().octets().begin(), a.view().octets().end());
    const Buffer b_octets(b.view().octets().begin(), b.view().octets().end());
    const NameView one = *NameView::parse(a_octets), two = *NameView::parse(b_octets);
    ASSERT_EQ(one == two, plain::same_ignoring_case(a_octets, b_octets)) << a.text() << " " << b.text();
    ASSERT_EQ(one.hash(kKey), plain::hash(kKey, one)) << a.text();
    ASSERT_EQ(canonical_order(one, two), plain::canonical_order(one, two)) << a.text() << " " << b.text();
  }
}

}  // namespace
}  // namespace vouch
