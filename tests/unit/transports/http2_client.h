// The other side of HTTP/2 for tests: nghttp2's client, and frames made by hand for what no honest client sends.
#pragma once

#include <gtest/gtest.h>
#include <nghttp2/nghttp2.h>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "resolver/base/bytes.h"

namespace vouch {

inline std::string http2_frame(std::uint8_t type, std::uint8_t flags, std::uint32_t stream, std::string_view payload) {
  Octet head[9] = {u8(payload.size() >> 16), u8(payload.size() >> 8 & 0xff), u8(payload.size() & 0xff), type, flags};
  store32(head + 5, stream);
  return std::string(text_of(head)).append(payload);
}
inline std::string four_octets(std::uint32_t value) {
  Octet octets[4];
  store32(octets, value);
  return std::string(text_of(octets));
}

// What every client says first, and a request by index: GET https://x/ (or POST), without END_STREAM.
inline const std::string kHttp2Opening = NGHTTP2_CLIENT_MAGIC + http2_frame(NGHTTP2_SETTINGS, 0, 0, "");
inline constexpr std::string_view kGetBlock = "\x82\x87\x84\x41\x01x";
inline constexpr std::string_view kPostBlock = "\x83\x87\x84\x41\x01x";
inline std::string http2_get(std::uint32_t stream) {
  return http2_frame(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS | NGHTTP2_FLAG_END_STREAM, stream, kGetBlock);
}
inline std::string http2_post_head(std::uint32_t stream) {
  return http2_frame(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS, stream, kPostBlock);
}

struct Http2Frame {
  std::uint8_t type = 0, flags = 0;
  std::uint32_t stream = 0;
  std::string payload;
};
inline std::vector<Http2Frame> frames_in(std::string_view octets) {
  std::vector<Http2Frame> frames;
  while (octets.size() >= 9) {
    const Octet* const head = bytes_of(octets).data();
    const std::size_t length = std::size_t{head[0]} << 16 | load16(head + 1);
    frames.push_back({head[3], head[4], load32(head + 5), std::string(octets.substr(9, length))});
    octets.remove_prefix(std::min(octets.size(), 9 + length));
  }
  EXPECT_TRUE(octets.empty()) << "half a frame";
  return frames;
}

class Http2Client {
 public:
  using Fields = std::vector<std::pair<std::string, std::string>>;
  struct Response {
    std::map<std::string, std::string> fields;
    std::vector<std::string> interim;  // statuses of 1xx
    std::string body;
    bool is_whole = false;
    bool is_closed = false;
    std::uint32_t error = 0;  // of the reset
  };
  struct Body {
    std::string octets;
    std::size_t sent = 0;
    bool has_end = true;  // else more may come
    Fields trailers{};
  };

  explicit Http2Client(std::vector<nghttp2_settings_entry> settings = {}, bool opens_windows = true) {
    nghttp2_session_callbacks* callbacks = nullptr;
    nghttp2_session_callbacks_new(&callbacks);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_close);
    nghttp2_option* option = nullptr;
    nghttp2_option_new(&option);
    nghttp2_option_set_no_auto_window_update(option, opens_windows ? 0 : 1);
    nghttp2_session_client_new2(&session_, callbacks, this, option);
    nghttp2_option_del(option);
    nghttp2_session_callbacks_del(callbacks);
    nghttp2_submit_settings(session_, 0, settings.data(), settings.size());
  }
  ~Http2Client() { nghttp2_session_del(session_); }
  Http2Client(const Http2Client&) = delete;
  Http2Client& operator=(const Http2Client&) = delete;

  // Asked with its next output. A null body: none, the request ends with its fields.
  std::int32_t ask(const std::string& method, const std::string& path, const Fields& more = {}, Body* body = nullptr) {
    Fields fields = {{":method", method}, {":scheme", "https"}, {":authority", "localhost"}, {":path", path}};
    fields.insert(fields.end(), more.begin(), more.end());
    const std::vector<nghttp2_nv> pairs = pairs_of(fields);
    const nghttp2_data_provider provider{.source = {.ptr = body}, .read_callback = read_body};
    return nghttp2_submit_request(session_, nullptr, pairs.data(), pairs.size(), body != nullptr ? &provider : nullptr,
                                  nullptr);
  }
  std::int32_t get(const std::string& path) { return ask("GET", path); }
  std::int32_t post(const std::string& path, Body& body, Fields more = {}) {
    more.emplace_back("content-type", "application/dns-message");
    return ask("POST", path, more, &body);
  }
  void reset(std::int32_t stream, std::uint32_t error = NGHTTP2_CANCEL) {
    nghttp2_submit_rst_stream(session_, 0, stream, error);
  }
  void say_goodbye() { nghttp2_submit_goaway(session_, 0, 0, NGHTTP2_NO_ERROR, nullptr, 0); }
  void open_window(std::int32_t stream, std::int32_t octets) {
    nghttp2_submit_window_update(session_, 0, stream, octets);
  }
  void go_on(std::int32_t stream) { nghttp2_session_resume_data(session_, stream); }  // there is more of its body

  std::string output() {
    std::string all;
    const std::uint8_t* octets = nullptr;
    for (ssize_t made; (made = nghttp2_session_mem_send(session_, &octets)) > 0;) {
      all.append(reinterpret_cast<const char*>(octets), static_cast<std::size_t>(made));
    }
    return all;
  }
  void receive(std::string_view octets) {
    const ssize_t read = nghttp2_session_mem_recv(session_, bytes_of(octets).data(), octets.size());
    EXPECT_EQ(read, static_cast<ssize_t>(octets.size())) << "the server broke the protocol";
  }
  Response& operator[](std::int32_t stream) { return responses_[stream]; }
  std::size_t answered() const {
    std::size_t count = 0;
    for (const auto& [stream, response] : responses_) { count += response.is_whole; }
    return count;
  }
  bool was_told_to_go() const { return was_told_to_go_; }
  std::uint32_t goaway_error() const { return goaway_error_; }

 private:
  static Http2Client& self(void* user) { return *static_cast<Http2Client*>(user); }
  static std::vector<nghttp2_nv> pairs_of(const Fields& fields) {
    std::vector<nghttp2_nv> pairs;
    for (const auto& [name, value] : fields) {
      pairs.push_back({.name = const_cast<std::uint8_t*>(bytes_of(name).data()),
                       .value = const_cast<std::uint8_t*>(bytes_of(value).data()),
                       .namelen = name.size(),
                       .valuelen = value.size(),
                       .flags = NGHTTP2_NV_FLAG_NO_INDEX});
    }
    return pairs;
  }
  static int on_header(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name, std::size_t name_size,
                       const std::uint8_t* value, std::size_t value_size, std::uint8_t, void* user) {
    Response& response = self(user)[frame->hd.stream_id];
    const std::string field(text_of({name, name_size}));
    const std::string text(text_of({value, value_size}));
    if (field == ":status" && text.starts_with('1')) {
      response.interim.push_back(text);
    } else {
      response.fields[field] = text;
    }
    return 0;
  }
  static int on_data(nghttp2_session*, std::uint8_t, std::int32_t stream, const std::uint8_t* data, std::size_t size,
                     void* user) {
    self(user)[stream].body.append(text_of({data, size}));
    return 0;
  }
  static int on_frame(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    if (frame->hd.type == NGHTTP2_GOAWAY) {
      self(user).was_told_to_go_ = true;
      self(user).goaway_error_ = frame->goaway.error_code;
    } else if (frame->hd.type <= NGHTTP2_HEADERS && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0) {
      self(user)[frame->hd.stream_id].is_whole = true;
    }
    return 0;
  }
  static int on_close(nghttp2_session*, std::int32_t stream, std::uint32_t error, void* user) {
    self(user)[stream].is_closed = true;
    self(user)[stream].error = error;
    return 0;
  }
  static ssize_t read_body(nghttp2_session* session, std::int32_t stream, std::uint8_t* room, std::size_t size,
                           std::uint32_t* flags, nghttp2_data_source* source, void*) {
    Body& body = *static_cast<Body*>(source->ptr);
    const std::size_t count = std::min(size, body.octets.size() - body.sent);
    std::copy_n(body.octets.begin() + static_cast<std::ptrdiff_t>(body.sent), count, room);
    body.sent += count;
    if (body.sent != body.octets.size()) { return static_cast<ssize_t>(count); }
    if (!body.has_end) { return count != 0 ? static_cast<ssize_t>(count) : ssize_t{NGHTTP2_ERR_DEFERRED}; }
    *flags |= NGHTTP2_DATA_FLAG_EOF;
    if (!body.trailers.empty()) {
      *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
      const auto pairs = pairs_of(body.trailers);
      nghttp2_submit_trailer(session, stream, pairs.data(), pairs.size());
    }
    return static_cast<ssize_t>(count);
  }

  nghttp2_session* session_ = nullptr;
  std::map<std::int32_t, Response> responses_;
  bool was_told_to_go_ = false;
  std::uint32_t goaway_error_ = 0;
};

}  // namespace vouch
