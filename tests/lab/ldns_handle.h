#pragma once

#include <ldns/ldns.h>
// ldns, made for C, may define these words as macros, which breaks the standard library's headers after it.
#undef bool
#undef true
#undef false

#include <cstdlib>
#include <memory>
#include <string>

// Owning handles for the C objects of ldns. Each frees with the call that matches its depth of ownership.
namespace vouch::lab {

struct FreeRr {
  void operator()(ldns_rr* rr) const { ldns_rr_free(rr); }
};
struct FreeRdf {
  void operator()(ldns_rdf* rdf) const { ldns_rdf_deep_free(rdf); }
};
struct FreeRrList {
  void operator()(ldns_rr_list* list) const { ldns_rr_list_deep_free(list); }
};
struct FreeKey {
  void operator()(ldns_key* key) const { ldns_key_deep_free(key); }
};
struct FreePacket {
  void operator()(ldns_pkt* packet) const { ldns_pkt_free(packet); }
};
struct FreeBuffer {
  void operator()(ldns_buffer* buffer) const { ldns_buffer_free(buffer); }
};

using Rr = std::unique_ptr<ldns_rr, FreeRr>;
using Rdf = std::unique_ptr<ldns_rdf, FreeRdf>;
using RrList = std::unique_ptr<ldns_rr_list, FreeRrList>;
using LdnsKey = std::unique_ptr<ldns_key, FreeKey>;
using LdnsPacket = std::unique_ptr<ldns_pkt, FreePacket>;
using LdnsBuffer = std::unique_ptr<ldns_buffer, FreeBuffer>;

// Takes over a C string that ldns allocated with malloc.
inline std::string taken(char* text) {
  std::string copy = text == nullptr ? std::string() : std::string(text);
  std::free(text);
  return copy;
}

}  // namespace vouch::lab
