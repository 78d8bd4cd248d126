#include <gtest/gtest.h>

#include <string>

#include "resolver/wire/name.h"

namespace vouch {
namespace {

TEST(NameText, ReadsPresentationForm) {
  constexpr std::pair<std::string_view, std::string_view> kTable[] = {
      {".", "."},
      {"com", "com."},
      {"com.", "com."},
      {"www.Example.COM", "www.Example.COM."},
      {"a\\.b.example.", "a\\.b.example."},
      {"\\065.example.", "A.example."},
      {"\\000\\255.example.", "\\000\\255.example."},
      {"a\\\\b.", "a\\\\b."},
      {"_25._tcp.mail.", "_25._tcp.mail."},
      {"*.example.", "*.example."},
      {"xn--bcher-kva.example", "xn--bcher-kva.example."},
  };
  for (const auto& [text, expected] : kTable) {
    const auto name = Name::parse(text);
    ASSERT_TRUE(name) << text;
    EXPECT_EQ(name->text(), expected) << text;
  }
}

TEST(NameText, RefusesWhatIsNoName) {
  using namespace std::string_view_literals;
  for (const std::string_view text : {""sv, ".."sv, ".com"sv, "a..b"sv, "\\256.com"sv, "\\1"sv, "a\\"sv, "a\0b"sv}) {
    EXPECT_FALSE(Name::parse(text)) << text;
  }
  EXPECT_TRUE(Name::parse(std::string(63, 'x') + ".com"));
  EXPECT_FALSE(Name::parse(std::string(64, 'x') + ".com"));
  std::string deep;
  for (int i = 0; i < 127; ++i) { deep += "x."; }
  EXPECT_TRUE(Name::parse(deep));
  EXPECT_FALSE(Name::parse(deep + "x."));
  EXPECT_FALSE(Name::parse(std::string(100'000, 'x')));
}

TEST(NameText, ShowsEveryOctetSafelyAndReadsItBack) {
  for (unsigned octet = 0; octet < 256; ++octet) {
    const Octet wire[] = {3, 'a', u8(octet), 'b', 0};
    const NameView name = *NameView::parse(wire);
    const std::string text = name.text();
    for (const char shown : text) { EXPECT_TRUE(shown > ' ' && shown < 0x7f) << octet; }
    const auto back = Name::parse(text);
    ASSERT_TRUE(back) << text;
    EXPECT_TRUE(back->view().is_same_with_case(name)) << text;
  }
}

TEST(NameText, TheLongestNameInEscapesComesBack) {
  Name name;
  const Buffer label(63, 0x01);
  while (name.prepend_label(label)) {}
  name.prepend_label(Bytes(label).first(kMaxNameLength - name.view().length() - 1));
  EXPECT_EQ(name.view().length(), kMaxNameLength);
  const auto back = Name::parse(name.text());
  ASSERT_TRUE(back);
  EXPECT_EQ(*back, name);
}

}  // namespace
}  // namespace vouch
