// Which queries are answered by a look at them alone: wrong, odd, or nothing that a resolver does (RFC 1035, 6891,
// 8906). Pure.
#pragma once

#include <optional>

#include "resolver/front/front_options.h"
#include "resolver/front/inquiry.h"
#include "resolver/wire/message_view.h"

namespace vouch {

struct EarlyReply {
  Rcode rcode = Rcode::format_error;
  std::optional<Ede> ede;
};

// What stands around the query.
struct QueryContext {
  const FrontOptions& options;
  const ServerCookies* cookies;  // null: none are spoken
  IpAddress client;
  ClientProtocol protocol;
  UnixTime now;
};

// Fills `inquiry` (always, as far as the query can be understood) and says what to answer at once; nothing: go on.
std::optional<EarlyReply> check_query(const QueryView& query, const QueryContext& context, Inquiry& inquiry) noexcept;

// A query without a question that carries a cookie asks for a cookie (RFC 7873 section 5.4). `message` is the whole
// packet.
EarlyReply check_cookie_query(const MessageView& message, const QueryContext& context, Inquiry& inquiry) noexcept;

}  // namespace vouch
