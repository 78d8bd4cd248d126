// Walks the fields of an RDATA by the type table: what parse validation, decompression, compression and canonical form
// share.
#pragma once

#include <span>

#include "resolver/wire/message_view.h"

namespace vouch {

// The table's row for the RDATA of (type, class), or null for opaque RDATA. Layouts are those of class IN; in another
// class only the types that RFC 1035 defines for all classes keep theirs (an A in CH is not four octets).
const TypeInfo* layout_of(Type type, Class rclass) noexcept;

// Whether these octets are a sound uncompressed RDATA of `type` (class IN).
bool is_valid_rdata(Type type, Bytes rdata) noexcept;

// Lower-cases the names within uncompressed RDATA where canonical form asks for it (RFC 4034 section 6.2).
void lower_case_names(Type type, MutableBytes rdata) noexcept;

// The window blocks of a type bitmap (RFC 4034 section 4.1.2): ascending, 1 to 32 octets each. May be empty.
bool is_valid_bitmap(Bytes bitmap) noexcept;

// Goes through the fields in octets[begin, end) and calls on_name(kind, offset) at each name; on_name returns the
// offset just after the name as it lies there, or 0 to stop. Returns whether the fields fill the range exactly and all
// are sound. `octets` reaches beyond `end` where names are compressed: there it is the packet.
template <typename OnName>
bool walk_rdata(const TypeInfo& info, Bytes octets, std::size_t begin, std::size_t end, OnName on_name) {
  std::size_t at = begin;
  for (const Field& field : info.fields) {
    switch (field.kind) {
      case FieldKind::compressible_name:
      case FieldKind::plain_name: {
        const std::size_t next = at < end ? on_name(field.kind, at) : 0;
        if (next == 0 || next > end) { return false; }
        at = next;
        break;
      }
      case FieldKind::octets:
        if (end - at < field.size) { return false; }
        at += field.size;
        break;
      case FieldKind::text:
      case FieldKind::short_blob:
        if (at == end || end - at < std::size_t{1} + octets[at]) { return false; }
        at += std::size_t{1} + octets[at];
        break;
      case FieldKind::texts:
        if (at == end) { return false; }  // one at least
        while (at < end) { at += std::size_t{1} + octets[at]; }
        break;
      case FieldKind::bitmap:
        if (!is_valid_bitmap(octets.subspan(at, end - at))) { return false; }
        at = end;
        break;
      case FieldKind::rest:
        at = end;
        break;
    }
  }
  return at == end;
}

}  // namespace vouch
