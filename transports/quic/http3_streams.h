// DNS over HTTP/3 (RFC 8484 over RFC 9114), by nghttp3: the requests of one connection.
//
// No dynamic table of QPACK either way: what a request holds is small and answered at once, and a table is memory that
// the client would fill. Limits: those of a request (transports/http/doh_request.h); bodies together no more than the
// connection's window; requests as many as the connection allows streams.
#pragma once

#include <nghttp3/nghttp3.h>

#include <array>

#include "transports/quic/error_codes.h"
#include "transports/quic/query_streams.h"

namespace vouch {

struct HttpField;
struct HttpEndingStreams;
struct HttpStreamList;

class Http3Streams final : public QueryStreams {
 public:
  explicit Http3Streams(QuicConnection& connection) noexcept;
  ~Http3Streams() override;

  bool begin() override;
  bool opened(std::int64_t id) override;
  bool received(std::int64_t id, QueryStream* stream, Bytes octets, bool is_last, bool is_early) override;
  bool acknowledged(std::int64_t id, std::uint64_t octets) override;
  bool reset_by_client(std::int64_t id, QueryStream* stream) override;
  bool closed(std::int64_t id, QueryStream* stream, std::uint64_t code) override;
  bool may_send_more(std::int64_t id, QueryStream* stream) override;
  void end_streams() override;
  Output next_output() override;
  void sent(const Output& output, std::size_t octets) override;
  void blocked(const Output& output) override;
  void unwanted(const Output& output) override;
  std::uint64_t no_error() const noexcept override { return code_of(Http3Error::no_error); }
  std::uint64_t excessive_load() const noexcept override { return code_of(Http3Error::excessive_load); }

 private:
  struct Library;
  class Request;
  bool check(int result);
  void note_field(Request& request, std::int32_t token, nghttp3_rcbuf* name, nghttp3_rcbuf* value);
  void note_body(Request& request, Bytes octets);
  void complete(Request& request);
  void raise_stream_limit();
  void respond(Request& request, std::span<const HttpField> fields, Bytes body);
  void forget_query(Request& request);
  void serve_one(QueryStream& stream) override;
  bool may_be_replayed(const QueryStream& stream) const override;

  static constexpr std::size_t kPieces = 16;
  nghttp3_conn* http_ = nullptr;
  std::uint64_t streams_allowed_;
  Request* reading_ = nullptr;  // whose stream nghttp3 has been given octets of
  LinkedList<Request, HttpStreamList> all_;
  LinkedList<Request, HttpEndingStreams> ending_;
  std::array<nghttp3_vec, kPieces> pieces_{};
};

}  // namespace vouch
