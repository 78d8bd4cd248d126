#include "conf/schema_parts.h"

namespace vouch {

namespace {

constexpr auto kLocalDataKeys = std::to_array<KeySpec<C>>({
    key<Boolean, &C::local_data, &LocalDataOptions::special_use_zones>(
        "local_data.special_use_zones", "true", {},
        "Answer localhost, the private networks' reverse zones and other names of special use here, as their RFCs "
        "demand "
        "(RFC 6303, 6761, 7686, 8375, 9476), and ask nobody."),
    key<ListOf<NameItem>, &C::local_data, &LocalDataOptions::not_special>(
        "local_data.not_special", "[]", {},
        "Such zones that shall be resolved after all, for example 168.192.in-addr.arpa where a stub zone serves it."),
    key<ListOf<RecordItem>, &C::local_data, &LocalDataOptions::records>(
        "local_data.records", "[]", {},
        "Records that are answered from here, for example [\"printer.home.arpa. 3600 IN A 192.168.1.9\"]."),
});

constexpr auto kLocalDataSections = std::to_array<SectionSpec>({
    {"local_data", "Names that are answered here."},
});

}  // namespace

SchemaPart local_data_schema() { return {kLocalDataSections, kLocalDataKeys}; }

}  // namespace vouch
