#include "transports/quic/http3_streams.h"

#include <algorithm>
#include <array>
#include <string>

#include "resolver/wire/message_facts.h"
#include "transports/http/doh_request.h"
#include "transports/http/doh_response.h"
#include "transports/quic/quic_connection.h"

namespace vouch {

namespace {

constexpr std::int64_t kUnidirectional = 2;  // this bit of a stream's id (RFC 9000 section 2.1)
constexpr std::size_t kFieldOverhead = 32;   // RFC 9114 section 4.2.2
constexpr std::size_t kMaxMessage = 65535;
constexpr std::size_t kLeastMessage = 12;
// Fields that were refused already are read past for so long; then the client means harm.
constexpr std::size_t kMaxDecodedFields = 8 * kMaxHttpFields;

std::string_view text_in(nghttp3_rcbuf* buffer) noexcept {
  const nghttp3_vec octets = nghttp3_rcbuf_get_buf(buffer);
  return {reinterpret_cast<const char*>(octets.base), octets.len};
}

nghttp3_nv pair_of(const HttpField& field) noexcept {
  return {.name = reinterpret_cast<std::uint8_t*>(const_cast<char*>(field.name.data())),
          .value = reinterpret_cast<std::uint8_t*>(const_cast<char*>(field.value.data())),
          .namelen = field.name.size(),
          .valuelen = field.value.size(),
          .flags = NGHTTP3_NV_FLAG_NONE};
}

}  // namespace

class Http3Streams::Request final : public QueryStream,
                                    public Linked<HttpStreamList>,
                                    public Linked<HttpEndingStreams> {
 public:
  Request(Http3Streams& home, std::int64_t its_id) noexcept : QueryStream(its_id), home_(home) {
    home_.connection_.memory().charge(sizeof *this);
  }
  ~Request() override {
    home_.connection_.memory().release(sizeof *this + charged);
    home_.connection_.let_go(output.size());
  }

  void answer(Bytes message) override {
    if (is_over() || home_.connection_.is_closed()) { return; }
    if (message.size() < kLeastMessage || message.size() > kMaxMessage) {
      end(Http3Error::internal_error);
    } else if (!home_.connection_.may_hold()) {
      end(Http3Error::excessive_load);
    } else {
      home_.respond(*this, ResponseHead::answer(message.size(), lifetime_of(message), {}).fields(), message);
    }
  }
  void give_up() override {
    if (!is_over()) { end(Http3Error::internal_error); }
  }

  bool is_over() const noexcept { return has_ended_ || has_response; }
  bool has_ended() const noexcept { return has_ended_; }
  void end(Http3Error why) {
    if (has_ended_ || home_.connection_.is_closed()) { return; }
    has_ended_ = true;
    code_ = code_of(why);
    Linked<IncompleteQueries>::unlink();
    Linked<ArrivedQueries>::unlink();
    home_.ending_.push_back(*this);
    home_.connection_.wake();
  }
  std::uint64_t code() const noexcept { return code_; }

  HttpRequest view() const noexcept {
    return {.method = method,
            .target = target,
            .content_type = content_type,
            .content_encoding = content_encoding,
            .content_length = content_length,
            .body = body,
            .has_long_target = has_long_target,
            .has_too_many_fields = field_octets > kMaxHttpFields};
  }

  std::string method, target, content_type, content_encoding, content_length;
  Buffer body;
  std::size_t field_octets = 0;
  std::size_t charged = 0;  // octets of the above, in the connection's account
  bool has_long_target = false;
  bool is_whole = false;         // nothing more of it is kept: all is there, or it is refused anyway
  bool has_come_to_end = false;  // the client has sent all of it
  bool has_response = false;
  Buffer output;  // the response's body; stays where it is until the stream is closed
  bool is_output_lent = false;

 private:
  Http3Streams& home_;
  bool has_ended_ = false;
  std::uint64_t code_ = 0;
};

// What nghttp3 calls while it reads and writes.
struct Http3Streams::Library {
  static Http3Streams& of(void* user) noexcept { return *static_cast<Http3Streams*>(user); }

  template <typename Step>
  static int guarded(Step&& step) noexcept {
    try {
      step();
      return 0;
    } catch (...) { return NGHTTP3_ERR_CALLBACK_FAILURE; }
  }

  static int begin_headers(nghttp3_conn* http, std::int64_t id, void* user, void*) noexcept {
    return nghttp3_conn_set_stream_user_data(http, id, of(user).reading_);
  }
  static int recv_header(nghttp3_conn*, std::int64_t, std::int32_t token, nghttp3_rcbuf* name, nghttp3_rcbuf* value,
                         std::uint8_t, void* user, void*) noexcept {
    return guarded([&] {
      if (of(user).reading_ != nullptr) { of(user).note_field(*of(user).reading_, token, name, value); }
    });
  }
  static int end_headers(nghttp3_conn*, std::int64_t, int, void* user, void*) noexcept {
    Request* const request = of(user).reading_;
    if (request != nullptr && is_oversized(request->view())) { of(user).complete(*request); }
    return 0;
  }
  static int recv_data(nghttp3_conn*, std::int64_t, const std::uint8_t* data, std::size_t length, void* user,
                       void*) noexcept {
    return guarded([&] {
      if (of(user).reading_ != nullptr) { of(user).note_body(*of(user).reading_, {data, length}); }
    });
  }
  static int end_stream(nghttp3_conn*, std::int64_t, void* user, void*) noexcept {
    Request* const request = of(user).reading_;
    if (request == nullptr) { return 0; }
    request->has_come_to_end = true;
    of(user).complete(*request);
    return 0;
  }
  static int stop_sending(nghttp3_conn*, std::int64_t id, std::uint64_t code, void* user, void*) noexcept {
    return shutdown_stream_read(of(user).connection_.raw(), id, code) == 0 ? 0 : NGHTTP3_ERR_CALLBACK_FAILURE;
  }
  static int reset_stream(nghttp3_conn*, std::int64_t id, std::uint64_t code, void* user, void*) noexcept {
    return shutdown_stream_write(of(user).connection_.raw(), id, code) == 0 ? 0 : NGHTTP3_ERR_CALLBACK_FAILURE;
  }
  static nghttp3_ssize read_response(nghttp3_conn*, std::int64_t, nghttp3_vec* pieces, std::size_t,
                                     std::uint32_t* flags, void*, void* user) noexcept {
    auto* const request = static_cast<Request*>(user);
    *flags |= NGHTTP3_DATA_FLAG_EOF;
    if (request == nullptr || request->is_output_lent || request->output.empty()) { return 0; }
    request->is_output_lent = true;
    pieces[0] = {.base = request->output.data(), .len = request->output.size()};
    return 1;
  }

  static nghttp3_callbacks table() noexcept {
    nghttp3_callbacks table{};
    table.begin_headers = &begin_headers;
    table.recv_header = &recv_header;
    table.end_headers = &end_headers;
    table.recv_data = &recv_data;
    table.end_stream = &end_stream;
    table.stop_sending = &stop_sending;
    table.reset_stream = &reset_stream;
    return table;
  }
};

Http3Streams::Http3Streams(QuicConnection& connection) noexcept
    : QueryStreams(connection), streams_allowed_(QuicConnection::kMaxStreams) {}

Http3Streams::~Http3Streams() {
  nghttp3_conn_del(http_);
  while (Request* const request = all_.front()) { delete request; }  // leaves the list as it goes
}

bool Http3Streams::begin() {
  static const nghttp3_callbacks callbacks = Library::table();
  nghttp3_settings settings;
  nghttp3_settings_default(&settings);
  settings.max_field_section_size = kMaxHttpFields;
  settings.qpack_max_dtable_capacity = 0;
  settings.qpack_encoder_max_dtable_capacity = 0;
  settings.qpack_blocked_streams = 0;
  ngtcp2_conn* const raw = connection_.raw();
  std::int64_t control = -1, encoder = -1, decoder = -1;
  if (nghttp3_conn_server_new(&http_, &callbacks, &settings, connection_.memory().for_http(), this) != 0) {
    http_ = nullptr;
    return false;
  }
  nghttp3_conn_set_max_client_streams_bidi(http_, streams_allowed_);
  // RFC 9114 section 6.2: a client lets us open three, or it does not speak HTTP/3.
  if (ngtcp2_conn_open_uni_stream(raw, &control, nullptr) != 0 ||
      ngtcp2_conn_open_uni_stream(raw, &encoder, nullptr) != 0 ||
      ngtcp2_conn_open_uni_stream(raw, &decoder, nullptr) != 0) {
    connection_.fail(code_of(Http3Error::stream_creation_error));
    return true;
  }
  return nghttp3_conn_bind_control_stream(http_, control) == 0 &&
         nghttp3_conn_bind_qpack_streams(http_, encoder, decoder) == 0;
}

// What nghttp3 finds against its rules ends the connection with the code that it is an error of.
bool Http3Streams::check(int result) {
  if (result != 0) { connection_.fail(nghttp3_err_infer_quic_app_error_code(result)); }
  return result == 0;
}

bool Http3Streams::opened(std::int64_t id) {
  if ((id & kUnidirectional) != 0) { return true; }
  auto* const request = new Request(*this, id);
  all_.push_back(*request);
  incomplete_.push_back(*request);
  connection_.set_stream(id, request);
  ++open_;
  return true;
}

bool Http3Streams::received(std::int64_t id, QueryStream* user, Bytes octets, bool is_last, bool is_early) {
  ngtcp2_conn* const raw = connection_.raw();
  auto* const request = static_cast<Request*>(user);
  if (request != nullptr) { request->is_early = request->is_early || is_early; }
  reading_ = request;
  const nghttp3_ssize consumed = nghttp3_conn_read_stream(http_, id, octets.data(), octets.size(), is_last ? 1 : 0);
  reading_ = nullptr;
  if (consumed < 0) {
    check(static_cast<int>(consumed));
    return true;
  }
  // All but the body's octets, which note_body() sees to.
  ngtcp2_conn_extend_max_stream_offset(raw, id, static_cast<std::uint64_t>(consumed));
  ngtcp2_conn_extend_max_offset(raw, static_cast<std::uint64_t>(consumed));
  return true;
}

void Http3Streams::note_field(Request& request, std::int32_t token, nghttp3_rcbuf* name, nghttp3_rcbuf* value) {
  const std::string_view text = text_in(value);
  request.field_octets += text_in(name).size() + text.size() + kFieldOverhead;
  if (request.field_octets > kMaxDecodedFields) { connection_.fail(excessive_load()); }
  if (request.is_whole || request.field_octets > kMaxHttpFields) { return; }
  std::string* kept = nullptr;
  switch (token) {
    case NGHTTP3_QPACK_TOKEN__METHOD:
      kept = &request.method;
      break;
    case NGHTTP3_QPACK_TOKEN__PATH:
      request.has_long_target = text.size() > kMaxHttpTarget;
      kept = request.has_long_target ? nullptr : &request.target;
      break;
    case NGHTTP3_QPACK_TOKEN_CONTENT_TYPE:
      kept = &request.content_type;
      break;
    case NGHTTP3_QPACK_TOKEN_CONTENT_ENCODING:
      kept = &request.content_encoding;
      break;
    case NGHTTP3_QPACK_TOKEN_CONTENT_LENGTH:
      kept = &request.content_length;
      break;
    default:
      return;
  }
  if (kept == nullptr || !kept->empty()) { return; }
  kept->assign(text);
  request.charged += text.size();
  connection_.memory().charge(text.size());
}

void Http3Streams::note_body(Request& request, Bytes octets) {
  ngtcp2_conn* const raw = connection_.raw();
  ngtcp2_conn_extend_max_stream_offset(raw, request.id(), octets.size());
  if (request.is_whole || request.has_ended()) {
    ngtcp2_conn_extend_max_offset(raw, octets.size());
    return;
  }
  request.body.insert(request.body.end(), octets.begin(), octets.end());
  request.charged += octets.size();
  connection_.memory().charge(octets.size());
  if (is_oversized(request.view())) { complete(request); }
}

void Http3Streams::complete(Request& request) {
  if (request.is_whole || request.has_ended()) { return; }
  request.is_whole = true;
  request.Linked<IncompleteQueries>::unlink();
  arrived_.push_back(request);
}

bool Http3Streams::acknowledged(std::int64_t id, std::uint64_t octets) {
  check(nghttp3_conn_add_ack_offset(http_, id, octets));
  return true;
}

bool Http3Streams::reset_by_client(std::int64_t id, QueryStream* user) {
  check(nghttp3_conn_shutdown_stream_read(http_, id));
  auto* const request = static_cast<Request*>(user);
  if (request != nullptr && request->is_over()) { return true; }  // its reply to our telling it to stop
  connection_.count_cancellation();
  if (request != nullptr) {
    request->end(Http3Error::request_cancelled);
  } else {
    raise_stream_limit();  // ngtcp2 has let the client have another for it
  }
  return true;
}

// nghttp3 counts all streams there ever were, to tell a PRIORITY_UPDATE for one that may not be.
void Http3Streams::raise_stream_limit() { nghttp3_conn_set_max_client_streams_bidi(http_, ++streams_allowed_); }

bool Http3Streams::closed(std::int64_t id, QueryStream* user, std::uint64_t code) {
  const int result = nghttp3_conn_close_stream(http_, id, code);
  if (result != NGHTTP3_ERR_STREAM_NOT_FOUND) { check(result); }
  auto* const request = static_cast<Request*>(user);
  if (request == nullptr) { return true; }
  if (!request->has_ended() && !request->has_response) { connection_.count_cancellation(); }  // with STOP_SENDING
  forget_query(*request);
  delete request;
  --open_;
  connection_.set_stream(id, nullptr);
  ngtcp2_conn_extend_max_streams_bidi(connection_.raw(), 1);
  raise_stream_limit();
  return true;
}

bool Http3Streams::may_send_more(std::int64_t id, QueryStream*) {
  check(nghttp3_conn_unblock_stream(http_, id));
  return true;
}

bool Http3Streams::may_be_replayed(const QueryStream& user) const {
  std::array<Octet, kMaxGetMessage> room;
  const auto query = dns_query_in(static_cast<const Request&>(user).view(), connection_.home().setup.http.path, room);
  return !query || is_plain_query(*query);  // a refusal changes nothing
}

void Http3Streams::serve_one(QueryStream& user) {
  auto& request = static_cast<Request&>(user);
  std::array<Octet, kMaxGetMessage> room;
  const auto query = dns_query_in(request.view(), connection_.home().setup.http.path, room);
  if (query) {
    connection_.ask(request, *query);
  } else {
    const bool is_head =
        request.method == "HEAD";  // whose response has no body, whatever it says (RFC 9110 section 9.3.2)
    respond(request, ResponseHead::refusal(query.error()).fields(), is_head ? Bytes() : bytes_of(query.error().text));
    // What it had still to send need not come (RFC 9114 section 4.1).
    if (!request.has_come_to_end) { shutdown_stream_read(connection_.raw(), request.id(), no_error()); }
  }
  forget_query(request);
}

void Http3Streams::respond(Request& request, std::span<const HttpField> fields, Bytes body) {
  std::array<nghttp3_nv, ResponseHead::kMaxFields> pairs;
  std::ranges::transform(fields, pairs.begin(), pair_of);
  request.output.assign(body.begin(), body.end());
  connection_.hold(request.output.size());
  request.has_response = true;
  const nghttp3_data_reader reader{.read_data = &Library::read_response};
  if (nghttp3_conn_submit_response(http_, request.id(), pairs.data(), fields.size(), &reader) != 0) {
    request.end(Http3Error::internal_error);  // no memory, or the stream is going already
    return;
  }
  connection_.wake();
}

// Its body counts against what the client may send until here.
void Http3Streams::forget_query(Request& request) {
  connection_.memory().release(request.charged);
  request.charged = 0;
  if (!request.body.empty()) { ngtcp2_conn_extend_max_offset(connection_.raw(), request.body.size()); }
  for (std::string* const text :
       {&request.method, &request.target, &request.content_type, &request.content_encoding, &request.content_length}) {
    *text = std::string();
  }
  request.body = Buffer();
}

void Http3Streams::end_streams() {
  while (Request* const request = ending_.front()) {
    request->Linked<HttpEndingStreams>::unlink();
    forget_query(*request);
    nghttp3_conn_shutdown_stream_write(http_, request->id());
    shutdown_stream(connection_.raw(), request->id(), request->code());
  }
}

QueryStreams::Output Http3Streams::next_output() {
  std::int64_t id = -1;
  int is_last = 0;
  const nghttp3_ssize count = nghttp3_conn_writev_stream(http_, &id, &is_last, pieces_.data(), pieces_.size());
  if (count < 0) {
    check(static_cast<int>(count));
    return {};
  }
  // The two libraries' types are the same by intent: a pointer and a length.
  static_assert(sizeof(nghttp3_vec) == sizeof(ngtcp2_vec) && offsetof(nghttp3_vec, len) == offsetof(ngtcp2_vec, len));
  return {.id = id,
          .is_last = is_last != 0,
          .octets = {reinterpret_cast<const ngtcp2_vec*>(pieces_.data()), static_cast<std::size_t>(count)}};
}

void Http3Streams::sent(const Output& output, std::size_t octets) {
  check(nghttp3_conn_add_write_offset(http_, output.id, octets));
}

void Http3Streams::blocked(const Output& output) { nghttp3_conn_block_stream(http_, output.id); }

void Http3Streams::unwanted(const Output& output) { nghttp3_conn_shutdown_stream_write(http_, output.id); }

}  // namespace vouch
