// Packets written octet by octet, well-formed or not: what MessageWriter would never write.
#pragma once

#include "resolver/wire/message_view.h"
#include "resolver/wire/name.h"

namespace vouch::test {

class Packet {
 public:
  // Counts as claimed, whether or not so many follow.
  explicit Packet(std::uint16_t questions = 0, std::uint16_t answers = 0, std::uint16_t authorities = 0,
                  std::uint16_t additionals = 0) {
    u16(0x1234).u16(0x8180).u16(questions).u16(answers).u16(authorities).u16(additionals);
  }
  Packet& u8(unsigned value) {
    octets_.push_back(static_cast<Octet>(value));
    return *this;
  }
  Packet& u16(unsigned value) { return u8(value >> 8 & 0xff).u8(value & 0xff); }
  Packet& u32(std::uint32_t value) { return u16(value >> 16).u16(value & 0xffff); }
  Packet& octets(Bytes some) {
    octets_.insert(octets_.end(), some.begin(), some.end());
    return *this;
  }
  Packet& text(std::string_view some) { return octets(bytes_of(some)); }
  Packet& name(std::string_view text) {
    const Name name = Name::of(text);
    return octets(name.view().octets());
  }
  Packet& pointer(std::size_t to) { return u16(static_cast<unsigned>(0xc000 | to)); }
  Packet& label(std::string_view text) { return u8(static_cast<unsigned>(text.size())).text(text); }
  Packet& question(std::string_view text, Type type = Type::A, Class rclass = Class::IN) {
    return name(text).u16(static_cast<unsigned>(type)).u16(static_cast<unsigned>(rclass));
  }
  // Type, class, TTL and RDLENGTH; the owner comes before and the RDATA after.
  Packet& fixed(Type type, std::size_t length, Class rclass = Class::IN, std::uint32_t ttl = 300) {
    return u16(static_cast<unsigned>(type))
        .u16(static_cast<unsigned>(rclass))
        .u32(ttl)
        .u16(static_cast<unsigned>(length));
  }
  Packet& opt(Bytes options = {}, std::uint16_t udp_size = 1232, std::uint32_t ttl = 0x8000) {
    return u8(0).fixed(Type::OPT, options.size(), static_cast<Class>(udp_size), ttl).octets(options);
  }
  std::size_t size() const { return octets_.size(); }
  operator Bytes() const { return octets_; }
  const Buffer& buffer() const { return octets_; }

 private:
  Buffer octets_;
};

}  // namespace vouch::test
