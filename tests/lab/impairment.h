#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/lab/outcome.h"

// How the lab's authority misbehaves. One impairment is one line of words:
//
//   selectors  server=127.3.2.1  zone=slow.nsec.  name=www.slow.nsec.  name=*.slow.nsec.  type=DNSKEY  transport=udp
//   actions    delay=300 jitter=50 drop=0.3 truncate rcode=REFUSED edns=formerr|badvers|ignore strip=rrsig|opt
//              forge=1 wrong-id=3 malformed=2 case=mangle|lower cname=other.name. tcp=close|reset|silent tcp-limit=1
//
// All selectors of a line must match; a line without any matches everything. Of several matching lines the later one
// wins, action by action. What each word does is told by `vouch-lab --help`.
namespace vouch::lab {

enum class Transport { udp, tcp };
enum class EdnsManners { formerr, badvers, ignore };
enum class CaseManners { mangle, lower };
enum class TcpManners { close, reset, silent };

struct Actions {
  std::optional<std::uint32_t> delay = {};   // milliseconds
  std::optional<std::uint32_t> jitter = {};  // milliseconds at most on top of the delay
  std::optional<double> drop = {};           // chance, 0..1
  std::optional<bool> truncate = {};
  std::optional<std::uint8_t> rcode = {};
  std::optional<EdnsManners> edns = {};
  std::optional<bool> strip_rrsig = {};
  std::optional<bool> strip_opt = {};
  std::optional<std::uint32_t> forge = {};      // copies with other RDATA before the genuine reply
  std::optional<std::uint32_t> wrong_id = {};   // copies with wrong ids before it, over UDP
  std::optional<std::uint32_t> malformed = {};  // broken copies before it, over UDP
  std::optional<CaseManners> qname_case = {};
  std::optional<std::string> cname = {};  // target put into unsigned CNAMEs of the answer
  std::optional<TcpManners> tcp = {};
  std::optional<std::uint32_t> tcp_limit = {};  // answers per TCP connection

  void override_with(const Actions& later);
  // Whether the genuine reply leaves changed or in company; and whether it leaves otherwise than at once and alone.
  bool alters_reply() const;
  bool touches_reply() const { return delay || jitter || alters_reply(); }
};

// The facts of one question that selectors look at. Names in text, absolute, lower case.
struct Occasion {
  std::string_view server;
  std::string_view zone;
  std::string_view name;
  std::uint16_t type = 0;
  Transport transport = Transport::udp;
};

struct Selector {
  std::optional<std::string> server = {};
  std::optional<std::string> zone = {};
  std::optional<std::string> name = {};
  std::optional<std::uint16_t> type = {};
  std::optional<Transport> transport = {};

  bool matches(const Occasion& occasion) const;
};

struct Impairment {
  Selector selector = {};
  Actions actions = {};
  std::string text = {};  // as it was written
};

constexpr std::size_t kMaxImpairments = 4096;  // a table is searched per question; a test needs a handful
constexpr std::uint32_t kMaxDelay = 60'000;    // milliseconds: longer than any resolver waits
constexpr std::uint32_t kMaxCopies = 10'000;   // of forged, mistaken or malformed replies

Outcome<Impairment> parse_impairment(std::string_view line);

// A file of such lines; '#' begins a comment. An error names its line.
Outcome<std::vector<Impairment>> parse_impairments(std::string_view text);

}  // namespace vouch::lab
