#include "transports/http/http2_connection.h"

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <array>
#include <new>
#include <utility>

namespace vouch {

namespace {

constexpr std::string_view kPreface = NGHTTP2_CLIENT_MAGIC;

// RFC 9113 section 6.9.2: what every connection begins with.
constexpr std::size_t kFirstWindow = 65535;
static_assert(Http2Connection::kMaxBodies > kFirstWindow);

// Records of past streams that the next ones use: few and small, for an idle connection holds them.
constexpr std::size_t kSpareStreams = 4;
constexpr std::size_t kSpareOctets = 512;

// Answers to PING and SETTINGS that may wait. FrameMeter stops a flood before that.
constexpr std::size_t kMaxAcknowledgements = FrameMeter::kFrames;

// A header field's value, held where nghttp2 decoded it to.
class HeldValue {
 public:
  HeldValue() = default;
  HeldValue(const HeldValue&) = delete;
  HeldValue& operator=(const HeldValue&) = delete;
  ~HeldValue() { reset(); }
  std::string_view hold(nghttp2_rcbuf* value) noexcept {
    nghttp2_rcbuf_incref(value);
    reset();
    value_ = value;
    const nghttp2_vec octets = nghttp2_rcbuf_get_buf(value);
    return {reinterpret_cast<const char*>(octets.base), octets.len};
  }
  void reset() noexcept {
    if (value_ != nullptr) { nghttp2_rcbuf_decref(std::exchange(value_, nullptr)); }
  }

 private:
  nghttp2_rcbuf* value_ = nullptr;
};

std::string_view text_in(nghttp2_rcbuf* value) noexcept {
  const nghttp2_vec octets = nghttp2_rcbuf_get_buf(value);
  return {reinterpret_cast<const char*>(octets.base), octets.len};
}

nghttp2_nv pair_of(const HttpField& field) noexcept {
  return {.name = const_cast<std::uint8_t*>(bytes_of(field.name).data()),
          .value = const_cast<std::uint8_t*>(bytes_of(field.value).data()),
          .namelen = field.name.size(),
          .valuelen = field.value.size(),
          .flags = NGHTTP2_NV_FLAG_NONE};
}

constexpr std::size_t kFrameHead = 9;
static_assert(NGHTTP2_DATA == 0 && NGHTTP2_HEADERS == 1);
bool is_end_of_response(Bytes frame) noexcept {
  return frame.size() >= kFrameHead && frame[3] <= NGHTTP2_HEADERS && (frame[4] & NGHTTP2_FLAG_END_STREAM) != 0;
}

void forget(Buffer& octets) noexcept {
  if (octets.capacity() > kSpareOctets) {
    octets = Buffer();
  } else {
    octets.clear();
  }
}

}  // namespace

struct Http2Connection::Stream : Linked<All>, Linked<Whole> {
  Request request;  // views of what follows
  HeldValue method, target, content_type, content_encoding, content_length;
  Buffer body;
  Buffer response;
  std::size_t sent = 0;          // of the response, into frames
  std::size_t field_octets = 0;  // decoded
  std::size_t window_held = 0;   // octets received that the client may not send anew yet
  bool is_whole = false;         // nothing more of the request is waited for
  bool has_ended = false;        // the client has said its last
  bool is_answered = false;
  bool earns = false;  // it was a query: the frames that it came in are paid for
  bool expects_continue = false;
  bool is_head = false;  // an answer to HEAD has no body (RFC 9110 section 9.3.2)

  void note_field(std::string_view name, nghttp2_rcbuf* value) noexcept;
  void forget_request() noexcept {
    for (HeldValue* value : {&method, &target, &content_type, &content_encoding, &content_length}) { value->reset(); }
    forget(body);
    request = {};
  }
};

void Http2Connection::Stream::note_field(std::string_view name, nghttp2_rcbuf* value) noexcept {
  const std::string_view text = text_in(value);
  if (name == ":path") {
    request.has_long_target = text.size() > kMaxHttpTarget;
    if (!request.has_long_target) { request.target = target.hold(value); }
    return;
  }
  if (text.size() > kMaxFieldValue) { return; }
  if (name == ":method") {
    request.method = method.hold(value);
    is_head = request.method == "HEAD";
  } else if (name == "content-type") {
    request.content_type = content_type.hold(value);
  } else if (name == "content-length") {
    request.content_length = content_length.hold(value);
  } else if (name == "content-encoding") {
    request.content_encoding = content_encoding.hold(value);
  } else if (name == "expect") {
    expects_continue = text == "100-continue";
  }
}

// What nghttp2 calls while it reads and writes. Nothing is answered from here, and nothing may be thrown through it.
struct Http2Library {
  using Self = Http2Connection;
  using Stream = Http2Connection::Stream;

  static Self& self(void* user) noexcept { return *static_cast<Self*>(user); }

  static int on_begin_headers(nghttp2_session* session, const nghttp2_frame* frame, void* user) noexcept {
    if (frame->hd.type != NGHTTP2_HEADERS || frame->headers.cat != NGHTTP2_HCAT_REQUEST) { return 0; }
    try {
      return self(user).open(frame->hd.stream_id, session) ? 0 : NGHTTP2_ERR_CALLBACK_FAILURE;
    } catch (const std::bad_alloc&) { return NGHTTP2_ERR_CALLBACK_FAILURE; }
  }

  static int on_header(nghttp2_session*, const nghttp2_frame* frame, nghttp2_rcbuf* name, nghttp2_rcbuf* value,
                       std::uint8_t, void* user) noexcept {
    constexpr std::size_t kOverhead = 32;  // RFC 9113 section 6.5.2
    Stream* const stream = self(user).stream_of(static_cast<Self::StreamId>(frame->hd.stream_id));
    if (stream == nullptr) { return 0; }
    const std::string_view name_text = text_in(name);
    stream->field_octets += name_text.size() + text_in(value).size() + kOverhead;
    if (stream->field_octets > Self::kMaxDecodedFields) {
      self(user).is_bomb_ = true;
      return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;  // decodes on, for the sake of the table, and tells us nothing
    }
    if (stream->is_whole) { return 0; }
    const bool is_trailer = frame->headers.cat != NGHTTP2_HCAT_REQUEST;
    if (!is_trailer) { stream->note_field(name_text, value); }
    if (stream->field_octets > kMaxHttpFields) { stream->request.has_too_many_fields = true; }
    return 0;
  }

  static int on_data(nghttp2_session* session, std::uint8_t, std::int32_t id, const std::uint8_t* data,
                     std::size_t size, void* user) noexcept {
    Stream* const stream = self(user).stream_of(static_cast<Self::StreamId>(id));
    if (stream == nullptr || stream->is_whole) {  // its status is known already
      return nghttp2_session_consume_connection(session, size) == 0 ? 0 : NGHTTP2_ERR_CALLBACK_FAILURE;
    }
    stream->window_held += size;
    try {
      stream->body.insert(stream->body.end(), data, data + size);
    } catch (const std::bad_alloc&) { return NGHTTP2_ERR_CALLBACK_FAILURE; }
    stream->request.body = stream->body;
    if (is_oversized(stream->request)) { self(user).complete(*stream); }
    return 0;
  }

  static int on_frame(nghttp2_session* session, const nghttp2_frame* frame, void* user) noexcept {
    if (frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA) { return 0; }
    Stream* const stream = self(user).stream_of(static_cast<Self::StreamId>(frame->hd.stream_id));
    if (stream == nullptr) { return 0; }
    stream->has_ended = stream->has_ended || (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    if (stream->is_whole) { return 0; }
    if (stream->has_ended || is_oversized(stream->request)) {
      self(user).complete(*stream);
    } else if (stream->expects_continue && frame->hd.type == NGHTTP2_HEADERS) {
      stream->expects_continue = false;
      const nghttp2_nv status = pair_of({":status", "100"});
      const int result =
          nghttp2_submit_headers(session, NGHTTP2_FLAG_NONE, frame->hd.stream_id, nullptr, &status, 1, nullptr);
      return nghttp2_is_fatal(result) ? NGHTTP2_ERR_CALLBACK_FAILURE : 0;
    }
    return 0;
  }

  static int on_sent(nghttp2_session* session, const nghttp2_frame* frame, void* user) noexcept {
    if (frame->hd.type == NGHTTP2_RST_STREAM) {
      // Those of give_up() say that we could not serve it, and are no fault of the client's.
      if (frame->rst_stream.error_code != NGHTTP2_ENHANCE_YOUR_CALM) {
        self(user).meter_.note_reset_sent(self(user).now_);
      }
    } else if (frame->hd.type == NGHTTP2_GOAWAY) {
      if (frame->goaway.error_code != NGHTTP2_NO_ERROR) { self(user).state_ = Self::State::abused; }
    } else if (frame->hd.type <= NGHTTP2_HEADERS && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0) {
      const Stream* const stream = self(user).stream_of(static_cast<Self::StreamId>(frame->hd.stream_id));
      if (stream == nullptr) { return 0; }
      if (stream->earns) { self(user).meter_.note_answer(); }
      if (stream->has_ended) { return 0; }
      // It was refused before it was whole: the rest need not be sent (RFC 9113 section 8.1).
      const int result = nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, frame->hd.stream_id, NGHTTP2_NO_ERROR);
      return result == 0 ? 0 : NGHTTP2_ERR_CALLBACK_FAILURE;
    }
    return 0;
  }

  static int on_close(nghttp2_session*, std::int32_t id, std::uint32_t, void* user) noexcept {
    Stream* const stream = self(user).stream_of(static_cast<Self::StreamId>(id));
    if (stream != nullptr) { self(user).close(*stream); }
    return 0;
  }

  static ssize_t read_response(nghttp2_session*, std::int32_t, std::uint8_t* room, std::size_t size,
                               std::uint32_t* flags, nghttp2_data_source* source, void* user) noexcept {
    auto& stream = *static_cast<Stream*>(source->ptr);
    const Bytes left = Bytes(stream.response).subspan(stream.sent);
    const std::size_t count = std::min(size, left.size());
    std::copy_n(left.begin(), count, room);
    stream.sent += count;
    self(user).unsent_ -= count;
    if (count == left.size()) { *flags |= NGHTTP2_DATA_FLAG_EOF; }
    return static_cast<ssize_t>(count);
  }

  struct Setup {
    nghttp2_session_callbacks* callbacks = nullptr;
    nghttp2_option* option = nullptr;
  };
  // The same for all connections of all threads; never changed and never freed.
  static const Setup& setup() noexcept {
    static const Setup made = [] {
      Setup setup;
      if (nghttp2_session_callbacks_new(&setup.callbacks) != 0 || nghttp2_option_new(&setup.option) != 0) {
        return Setup{};
      }
      nghttp2_session_callbacks_set_on_begin_headers_callback(setup.callbacks, on_begin_headers);
      nghttp2_session_callbacks_set_on_header_callback2(setup.callbacks, on_header);
      nghttp2_session_callbacks_set_on_data_chunk_recv_callback(setup.callbacks, on_data);
      nghttp2_session_callbacks_set_on_frame_recv_callback(setup.callbacks, on_frame);
      nghttp2_session_callbacks_set_on_frame_send_callback(setup.callbacks, on_sent);
      nghttp2_session_callbacks_set_on_stream_close_callback(setup.callbacks, on_close);
      nghttp2_option_set_no_auto_window_update(setup.option, 1);  // bodies that we still hold keep the window small
      nghttp2_option_set_no_closed_streams(setup.option, 1);      // kept for priorities, of which we have none
      nghttp2_option_set_max_outbound_ack(setup.option, kMaxAcknowledgements);
      nghttp2_option_set_max_deflate_dynamic_table_size(setup.option, Http2Connection::kHpackTable);
      return setup;
    }();
    return made;
  }
};

std::unique_ptr<Http2Connection> Http2Connection::create(Instant now) {
  std::unique_ptr<Http2Connection> connection(new Http2Connection(now));
  if (!connection->begin()) { return nullptr; }
  return connection;
}

Http2Connection::Http2Connection(Instant now) : meter_(now), now_(now) {}

Http2Connection::~Http2Connection() {
  if (!library_memory_.has_refused()) { nghttp2_session_del(session_); }
  while (Stream* const stream = streams_.front()) { delete stream; }  // leaves the list as it goes
  spare_.clear();  // they may hold values in the library's memory, which goes last
}

bool Http2Connection::begin() {
  spare_.reserve(kSpareStreams);
  const auto& setup = Http2Library::setup();
  nghttp2_mem memory = library_memory_.functions();
  if (setup.callbacks == nullptr ||
      nghttp2_session_server_new3(&session_, setup.callbacks, this, setup.option, &memory) != 0) {
    return false;
  }
  const std::array settings = {
      nghttp2_settings_entry{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, kMaxStreams},
      nghttp2_settings_entry{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, kStreamWindow},
      nghttp2_settings_entry{NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, kMaxHttpFields},
      // Answers are short and leave as they become ready: nobody needs the priorities of RFC 7540, or their tree.
      nghttp2_settings_entry{NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1},
  };
  return nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, settings.data(), settings.size()) == 0 &&
         nghttp2_session_set_local_window_size(session_, NGHTTP2_FLAG_NONE, 0, kMaxBodies) == 0;
}

Http2Connection::Stream* Http2Connection::stream_of(StreamId id) const noexcept {
  return static_cast<Stream*>(nghttp2_session_get_stream_user_data(session_, static_cast<std::int32_t>(id)));
}

bool Http2Connection::open(std::int32_t id, nghttp2_session* session) {
  std::unique_ptr<Stream> stream;
  if (spare_.empty()) {
    stream = std::make_unique<Stream>();
  } else {
    stream = std::move(spare_.back());
    spare_.pop_back();
  }
  if (nghttp2_session_set_stream_user_data(session, id, stream.get()) != 0) { return false; }
  stream->request.stream = static_cast<StreamId>(id);
  ++incomplete_;
  streams_.push_back(*stream.release());
  return true;
}

void Http2Connection::complete(Stream& stream) {
  if (stream.is_whole) { return; }
  stream.is_whole = true;
  --incomplete_;
  whole_.push_back(stream);
}

void Http2Connection::release_request(Stream& stream) noexcept {
  stream.Linked<Whole>::unlink();
  stream.forget_request();
  if (stream.window_held == 0) { return; }
  // Fails for want of memory alone, and then the client has to do with what window it has.
  nghttp2_session_consume_connection(session_, std::exchange(stream.window_held, 0));
}

void Http2Connection::close(Stream& stream) noexcept {
  if (!stream.is_whole) { --incomplete_; }
  unsent_ -= stream.response.size() - stream.sent;
  release_request(stream);
  stream.Linked<All>::unlink();
  std::unique_ptr<Stream> done(&stream);
  if (spare_.size() == kSpareStreams) { return; }
  forget(stream.response);
  stream.sent = stream.field_octets = 0;
  stream.is_whole = stream.has_ended = stream.is_answered = stream.earns = false;
  stream.expects_continue = stream.is_head = false;
  spare_.push_back(std::move(done));  // within what begin() reserved
}

Http2Connection::State Http2Connection::receive(Bytes octets, Instant now) {
  now_ = now;
  if (state_ != State::open) { return state_; }
  const std::size_t preface = pass_preface(octets);
  if (state_ != State::open) { return state_; }
  const std::size_t frames = meter_.pass(octets.subspan(preface), now);
  if (!feed(octets.first(preface + frames))) { return state_ = State::broken; }
  if (meter_.is_exhausted() || is_bomb_) { calm_down(); }
  return state_;
}

// How many octets of these belong to the preface.
std::size_t Http2Connection::pass_preface(Bytes octets) noexcept {
  const std::string_view due = kPreface.substr(preface_seen_);
  const std::string_view came = text_of(octets.first(std::min(due.size(), octets.size())));
  if (!due.starts_with(came)) { state_ = State::not_http2; }
  preface_seen_ += came.size();
  return came.size();
}

bool Http2Connection::feed(Bytes octets) {
  return octets.empty() ||
         (nghttp2_session_mem_recv(session_, octets.data(), octets.size()) == static_cast<ssize_t>(octets.size()) &&
          !library_memory_.has_refused());
}

void Http2Connection::calm_down() {
  state_ = nghttp2_session_terminate_session(session_, NGHTTP2_ENHANCE_YOUR_CALM) == 0 ? State::abused : State::broken;
}

const Http2Connection::Request* Http2Connection::request() const noexcept {
  const Stream* const stream = whole_.front();
  return stream == nullptr || state_ != State::open ? nullptr : &stream->request;
}

void Http2Connection::drop_request() noexcept {
  if (Stream* const stream = whole_.front()) { release_request(*stream); }
}

void Http2Connection::respond(StreamId id, const ResponseHead& head, Bytes body) {
  if (state_ != State::open) { return; }
  Stream* const stream = stream_of(id);
  if (stream == nullptr || stream->is_answered) { return; }
  stream->is_answered = true;
  stream->earns = head.is_answer();
  if (!stream->is_head) { stream->response.assign(body.begin(), body.end()); }
  unsent_ += stream->response.size();
  std::array<nghttp2_nv, ResponseHead::kMaxFields> pairs;
  const auto fields = head.fields();
  std::ranges::transform(fields, pairs.begin(), pair_of);
  const nghttp2_data_provider provider{.source = {.ptr = stream}, .read_callback = Http2Library::read_response};
  if (nghttp2_submit_response(session_, static_cast<std::int32_t>(id), pairs.data(), fields.size(),
                              stream->is_head ? nullptr : &provider) != 0) {
    state_ = State::broken;  // no memory left to it
  }
}

void Http2Connection::give_up(StreamId id) {
  if (state_ != State::open) { return; }
  Stream* const stream = stream_of(id);
  if (stream == nullptr || stream->is_answered) { return; }
  stream->is_answered = true;
  const int result =
      nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, static_cast<std::int32_t>(id), NGHTTP2_ENHANCE_YOUR_CALM);
  if (result != 0) { state_ = State::broken; }
}

void Http2Connection::say_goodbye() {
  if (state_ == State::open) { nghttp2_session_terminate_session(session_, NGHTTP2_NO_ERROR); }
}

Bytes Http2Connection::next_record(MutableBytes room) {
  std::size_t used = 0;
  while (used < kRecord && (state_ == State::open || state_ == State::abused)) {
    const std::uint8_t* octets = nullptr;
    const ssize_t made = nghttp2_session_mem_send(session_, &octets);
    if (made < 0 || library_memory_.has_refused()) { state_ = State::broken; }
    if (made <= 0 || state_ == State::broken) { break; }
    const Bytes frame(octets, static_cast<std::size_t>(made));
    std::ranges::copy(frame, room.begin() + static_cast<std::ptrdiff_t>(used));
    used += frame.size();
    if (is_end_of_response(frame)) { break; }
  }
  if (state_ == State::open && meter_.is_exhausted()) { calm_down(); }
  return Bytes(room).first(used);
}

bool Http2Connection::has_record() const noexcept {
  return (state_ == State::open || state_ == State::abused) && nghttp2_session_want_write(session_) != 0;
}

bool Http2Connection::is_mid_request() const noexcept {
  return (preface_seen_ != 0 && preface_seen_ < kPreface.size()) || meter_.is_mid_frame() || incomplete_ != 0;
}

Http2Connection::StreamId Http2Connection::oldest_incomplete() const noexcept {
  if (incomplete_ == 0) { return 0; }
  const Stream* stream = streams_.front();
  while (stream != nullptr && stream->is_whole) { stream = streams_.after(*stream); }
  return stream == nullptr ? 0 : stream->request.stream;
}

bool Http2Connection::is_over() const noexcept {
  if (state_ == State::broken || state_ == State::not_http2) { return true; }
  return nghttp2_session_want_read(session_) == 0 && nghttp2_session_want_write(session_) == 0;
}

}  // namespace vouch
