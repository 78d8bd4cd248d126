// The root zone's trust anchors that come with the program: where validation begins when the operator brings none.
#pragma once

#include <array>
#include <string_view>

namespace vouch {

// DS records in zone-file text, as published at https://data.iana.org/root-anchors/root-anchors.xml. Both keys are
// listed so that a copy of the program that was built before the roll from one to the other goes on validating after
// it.
inline constexpr std::array<std::string_view, 2> kBuiltinRootAnchors = {
    // KSK-2017, signing since October 2018.
    ". IN DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D",
    // KSK-2024, in the root's DNSKEY RRset since January 2025, its successor.
    ". IN DS 38696 8 2 683D2D0ACB8C9B712A1948B27F741219298D0A450D612C483AF444A4C0FB2B16",
};

}  // namespace vouch
