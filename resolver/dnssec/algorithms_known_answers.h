// A signature of each algorithm, by keys made for this and thrown away: what the library can do is found by asking it
// to check one that is right, and one that is not.
#pragma once

#include <array>
#include <string_view>

#include "resolver/base/bytes.h"

namespace vouch {

// Key and signature in hexadecimal, in DNSSEC's form.
struct KnownAnswer {
  std::uint8_t algorithm;
  std::string_view key, signature;
};

constexpr std::string_view kKnownMessage = "vouch";

// 1024 bits: short, and yet long enough for the strictest library.
constexpr std::string_view kKnownRsaKey =
    "0301000199916e6bb06703c53323ca78cfd9590157122fcb0988d7067b680a5f31400e11ca0809ea8db78c3a6e337ec8efb3"
    "3585bddef7d52324a5949fb745f44394c75bd202694c9b31913fa0291a7c57ad37b14d78662078e7f5fe48c77daeaf9f9a23"
    "3e687f35ac9337d03da19260369a1596700e3beca5779dd0fbd34f09ecb4afc7";
// The signature of algorithm 7 is made like that of 5 (RFC 5155 section 2).
constexpr std::string_view kKnownRsaSha1Signature =
    "59c55b2a8edcc6b2810f6e168533f2085505b44b35ab3f6f991e45741c3c3aca1348988f24e392f4b3d0ac85b2f5327eb370"
    "99fef18c08e9435c6b6d445a5cf2468a374b42a018961ac93498fbb65de4acc5eba41021a08ae1c0d3d26b6364019cc51dcd"
    "4f8badfc27a07561f7b3c143d87b5d4a2c7dbdca8dfbe874657a6138";

constexpr std::array<KnownAnswer, 8> kKnownAnswers = {{
    {5, kKnownRsaKey, kKnownRsaSha1Signature},
    {7, kKnownRsaKey, kKnownRsaSha1Signature},
    {8, kKnownRsaKey,
     "75bff49a23e4db6bcba8765e5ed56a0b877267f80491abb92d71357eae9dcf4d79f4c776d9372bc7bae1e1013d2c8aadb67a"
     "cad4419b8aa417755159c47ebe2c776334f5d61c6de3303c14b917ac4d7b8dc4d8880835387e8def52c77af3bd2839066e3e"
     "eec527906214d16e80f2979c34ce26bd29c6bd421073f15a47a56dec"},
    {10, kKnownRsaKey,
     "58a2e8594da233029c4f486bd9c98a044d369e6a5500563ac7dd1a421ac11d14a843893f1979010def4ed2c1fba3b95f5a30"
     "9b5a23227e7ac509e06f70d2388d482b1509b6618d105fc990277db3f55d4797001cda65073e9500f527b8aa7dcb594fbeae"
     "b02932243d28909bfaa2c1dd785388c588253cb809447adc06941b71"},
    {13,
     "9157f07f4f27b89e79e872f4fea65e4c1a090e6f93956606e724c6f4fe4c7e6339005237c661ec3c53f716e5721af5267ce2"
     "6558b9bf9ec2af495311401b618b",
     "a3310d6c3da4ebe91287534b8a706c9def818603c10db5613636f2655782f948413b5e34f0933fff2ebe3db879ee86c81955"
     "3baa2541dbc0e9047c9ece31dd92"},
    {14,
     "a2759ac2493ea4dae25bea069765f9262e11e51851f10257f7a4dad84af140a8742fcfa69214a5dbc573c25cab075946ce95"
     "aca3b450b994eb8a951e253d2ec0bca1fdd4830282304a3d4618b06a5cebe0f49c18505389c81d6e2ba4b40f3399",
     "63ca88ff16fb1a33f01f14ff97a77db55ae9a719dbc76a2694e7b109f86b83278968ac33b3aa9624f685179c4225d54eba00"
     "995ce44df20ac901227c06fd6bfada23a4906ba0417b394f1fadbc009f1d91089262d0a597c8e0470381c9130510"},
    {15, "3b34123cc1364d3224bac94c3cda7d5b1151e4c448c7041a32f815836e2c9dff",
     "5d9f5e17092b97f6cc35e4ef92e92a535635f7d80a75f79e57e0b3121d794f9bc8352fa61657ebbab50a7c1cfdf02d7fbf02"
     "4d6ae1711b529e7f6415e26e5d07"},
    {16,
     "6fdb23df31e174afdef1e90f55316c7fcbe21a5d841ddc71ad84cbe8e05561280e64704c83c37f171e928264ef754a3cd9fd"
     "b48b8eb753ff80",
     "9b50a72c70d0c4084a4aeac2c89dfa3499c4206e2af4e1cd18bfce48b2f4645f19282e93b8ae9554dfb66dc512d1e1d30c4c"
     "8589854d297c807f1ad95e7c635fe736eaff30ad6bd862b6e34d59455abd1de9a7f71c140d2bf25eb8050bee763485279f0d"
     "aac38467ea7fb1b0162af9a33a00"},
}};

// Of hexadecimal digits in lower case, as they stand above.
inline Buffer octets_of(std::string_view digits) {
  const auto value = [](char digit) {
    return u8(static_cast<std::size_t>(digit <= '9' ? digit - '0' : digit - 'a' + 10));
  };
  Buffer octets;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
    octets.push_back(u8(value(digits[i]) * 16U + value(digits[i + 1])));
  }
  return octets;
}

}  // namespace vouch
