#include "resolver/wire/rdata_layout.h"

#include "resolver/wire/name_kernels.h"

namespace vouch {

const TypeInfo* layout_of(Type type, Class rclass) noexcept {
  if (rclass == Class::IN) { return type_info(type); }
  switch (type) {
    case Type::NS:
    case Type::CNAME:
    case Type::SOA:
    case Type::PTR:
    case Type::MX:
    case Type::TXT:
    case Type::DNAME:
      return type_info(type);
    default:
      return nullptr;
  }
}

bool is_valid_bitmap(Bytes bitmap) noexcept {
  constexpr std::size_t kMaxWindow = 32;  // octets: 256 types to a window
  int last = -1;
  std::size_t at = 0;
  while (at < bitmap.size()) {
    if (bitmap.size() - at < 2) { return false; }
    const int window = bitmap[at];
    const std::size_t length = bitmap[at + 1];
    if (window <= last || length == 0 || length > kMaxWindow || bitmap.size() - at - 2 < length) { return false; }
    last = window;
    at += 2 + length;
  }
  return true;
}

bool is_valid_rdata(Type type, Bytes rdata) noexcept {
  if (rdata.size() > kMaxMessage) { return false; }
  const TypeInfo* const info = type_info(type);
  if (info == nullptr) { return true; }
  return walk_rdata(*info, rdata, 0, rdata.size(), [rdata](FieldKind, std::size_t at) -> std::size_t {
    const auto name = NameView::parse(rdata.subspan(at));
    return name ? at + name->length() : 0;
  });
}

void lower_case_names(Type type, MutableBytes rdata) noexcept {
  const TypeInfo* const info = type_info(type);
  if (info == nullptr || !info->lower_case_names) { return; }
  walk_rdata(*info, rdata, 0, rdata.size(), [rdata](FieldKind, std::size_t at) -> std::size_t {
    const auto name = NameView::parse(rdata.subspan(at));
    if (!name) { return 0; }
    kernels::lower_case(rdata.data() + at, name->length());
    return at + name->length();
  });
}

}  // namespace vouch
