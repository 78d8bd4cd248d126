// Writes a message into memory that the caller owns (a send buffer), with name compression, and never past `limit`.
// No allocation; work is linear in what is written. A record that does not fit is not written at all, and neither is
// anything of its RRset: truncation falls on RRset boundaries (RFC 2181 section 9), and the caller decides whether that
// means TC.
#pragma once

#include <array>
#include <cstdint>

#include "resolver/wire/message_view.h"
#include "resolver/wire/rrset.h"
#include "resolver/wire/suffix_table.h"

namespace vouch {

struct HeaderFlags {
  bool qr = false, aa = false, tc = false, rd = false, ra = false, ad = false, cd = false;
  Opcode opcode = Opcode::query;
  Rcode rcode = Rcode::no_error;  // the low four bits go into the header, the rest into OPT
};

class MessageWriter {
 public:
  // `out` must hold at least 512 octets; `limit` (octets, at most out.size()) is what the transport may carry.
  MessageWriter(MutableBytes out, std::size_t limit) noexcept;

  // Call in this order: header, question, records by section, EDNS, finish().
  void header(std::uint16_t id, const HeaderFlags& flags) noexcept;
  void question(NameView name, Type type, Class rclass) noexcept;  // the case of `name` is kept: 0x20 lives on it
  // Room that later calls must leave free (for the OPT record and padding); false when there is not that much.
  bool reserve(std::size_t octets) noexcept;

  // All records of the set with `ttl` seconds, and its RRSIGs when `with_signatures`. False, and nothing is written,
  // when it does not all fit. `rotate` starts at another record (0: stored order). The owner is written in the
  // question's case where it is the question's name.
  bool rrset(Section section, const RRset& rrset, std::uint32_t ttl, bool with_signatures,
             std::uint16_t rotate = 0) noexcept;
  // Only the signatures (a question for RRSIG).
  bool signatures(Section section, const RRset& rrset, std::uint32_t ttl) noexcept;
  bool record(Section section, NameView owner, Type type, Class rclass, std::uint32_t ttl, Bytes rdata) noexcept;

  // OPT (RFC 6891). Frees what reserve() held. Options are added between begin_edns() and end_edns().
  bool begin_edns(std::uint16_t udp_size, bool dnssec_ok, std::uint8_t version = 0) noexcept;
  bool option(OptionCode code, Bytes data) noexcept;
  // RFC 8914 section 2. The text is left out where only the code fits.
  bool extended_error(Ede code, std::string_view extra_text) noexcept;
  // Pads the whole message to a multiple of `block` octets (RFC 8467 section 4.1), as far as the limit allows. Last
  // option.
  void pad_to(std::size_t block) noexcept;
  void end_edns() noexcept;

  // Back to the state after question(), nothing reserved: for an answer that must become another (truncated, SERVFAIL).
  void drop_records() noexcept;
  void set_flags(const HeaderFlags& flags) noexcept;
  std::size_t size() const noexcept { return at_; }
  std::size_t limit() const noexcept { return limit_; }
  Bytes finish() noexcept;  // counts and extended rcode filled in

 private:
  // An owner that several records share: written out once, a pointer from then on.
  struct Owner {
    NameView name;
    std::uint16_t pointer = 0;  // 0: not written yet
  };
  std::size_t room() const noexcept { return limit_ - reserved_ - at_; }
  bool put(Bytes octets) noexcept;
  bool put_name(NameView name) noexcept;  // compressed
  bool put_owner(Owner& owner) noexcept;
  bool put_rdata(const TypeInfo& layout, Bytes rdata) noexcept;
  bool put_record(Owner& owner, Type type, Class rclass, const TypeInfo* compressed, std::uint32_t ttl,
                  Bytes rdata) noexcept;
  bool put_records(Owner& owner, const RRset& rrset, std::uint32_t ttl, std::uint16_t rotate) noexcept;
  bool put_signatures(Owner& owner, const RRset& rrset, std::uint32_t ttl) noexcept;
  Owner owner_of(NameView name) const noexcept;
  void start_suffixes() noexcept;
  void rewind(std::size_t at) noexcept;
  std::uint16_t& count_of(Section section) noexcept { return counts_[1U + static_cast<std::size_t>(section)]; }

  MutableBytes out_;
  std::size_t limit_;
  std::size_t reserved_ = 0;
  std::size_t at_ = kHeaderSize;
  std::size_t after_question_ = kHeaderSize;
  std::size_t opt_ = 0;  // offset of the OPT record, 0: none
  bool opt_is_open_ = false;
  std::uint16_t id_ = 0;
  HeaderFlags flags_;
  std::array<std::uint16_t, 4> counts_{};  // as in the header: question, answer, authority, additional
  NameView question_;                      // lies in `out_`; the root while there is no question
  SuffixTable suffixes_;
};

// Room that an OPT record takes before its options.
constexpr std::size_t kOptSize = 11;

}  // namespace vouch
