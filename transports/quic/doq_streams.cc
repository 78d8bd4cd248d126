#include "transports/quic/doq_streams.h"

#include <algorithm>

#include "resolver/wire/message_facts.h"
#include "transports/quic/quic_connection.h"

namespace vouch {

namespace {

constexpr std::int64_t kUnidirectional = 2;  // this bit of a stream's id (RFC 9000 section 2.1)

}  // namespace

class DoqStreams::Stream final : public QueryStream,
                                 public Linked<DoqStreamList>,
                                 public Linked<ReadyAnswers>,
                                 public Linked<EndingStreams> {
 public:
  Stream(DoqStreams& home, std::int64_t its_id) noexcept : QueryStream(its_id), home_(home) {
    home_.connection_.memory().charge(sizeof *this);
  }
  ~Stream() override {
    home_.connection_.memory().release(sizeof *this + query.size());
    home_.connection_.let_go(output.size());
  }

  void answer(Bytes message) override {
    if (is_over() || home_.connection_.is_closed()) { return; }
    if (message.size() < DoqQuery::kLeastMessage || message.size() > DoqQuery::kMaxMessage) {
      end(DoqError::internal_error);
      return;
    }
    // Asked for a hundred large answers that were not ready at once, and has read none of them.
    if (!home_.connection_.may_hold()) {
      end(DoqError::excessive_load);
      return;
    }
    output.resize(DoqQuery::kPrefix + message.size());
    store16(output.data(), u16(message.size()));
    std::ranges::copy(message, output.begin() + DoqQuery::kPrefix);
    store16(output.data() + DoqQuery::kPrefix, 0);  // RFC 9250 section 4.2.1
    home_.connection_.hold(output.size());
    home_.ready_.push_back(*this);
    home_.connection_.wake();
  }
  void give_up() override {  // RFC 9250 section 4.3.2
    if (!is_over()) { end(DoqError::internal_error); }
  }

  bool is_over() const noexcept { return has_ended_ || !output.empty(); }
  bool has_ended() const noexcept { return has_ended_; }
  void end(DoqError why) {
    if (has_ended_ || home_.connection_.is_closed()) { return; }
    has_ended_ = true;
    code_ = code_of(why);
    Linked<IncompleteQueries>::unlink();
    Linked<ArrivedQueries>::unlink();
    Linked<ReadyAnswers>::unlink();
    home_.ending_.push_back(*this);
    home_.connection_.wake();
  }
  std::uint64_t code() const noexcept { return code_; }

  DoqQuery query;
  Buffer output;         // stays where it is until the stream is closed: ngtcp2 may have to send it again
  std::size_t sent = 0;  // of it

 private:
  DoqStreams& home_;
  bool has_ended_ = false;
  std::uint64_t code_ = 0;
};

DoqStreams::DoqStreams(QuicConnection& connection) noexcept : QueryStreams(connection) {}

DoqStreams::~DoqStreams() {
  while (Stream* const stream = all_.front()) { delete stream; }  // leaves the list as it goes
}

bool DoqStreams::opened(std::int64_t id) {
  if ((id & kUnidirectional) != 0) {
    connection_.fail(code_of(DoqError::protocol_error));  // RFC 9250 section 4.3.3
    return true;
  }
  auto* const stream = new Stream(*this, id);
  all_.push_back(*stream);
  incomplete_.push_back(*stream);
  connection_.set_stream(id, stream);
  ++open_;
  return true;
}

bool DoqStreams::received(std::int64_t, QueryStream* user, Bytes octets, bool is_last, bool is_early) {
  auto* const stream = static_cast<Stream*>(user);
  if (stream == nullptr || stream->has_ended()) {
    ngtcp2_conn_extend_max_offset(connection_.raw(), octets.size());
    return true;
  }
  stream->is_early = stream->is_early || is_early;
  const std::size_t before = stream->query.size();
  const bool was_complete = stream->query.state() == DoqQuery::State::complete;
  const DoqQuery::State state = stream->query.take(octets, is_last);
  connection_.memory().charge(stream->query.size() - before);
  if (state == DoqQuery::State::violation) {
    connection_.fail(code_of(DoqError::protocol_error));
  } else if (state == DoqQuery::State::complete && !was_complete) {
    stream->Linked<IncompleteQueries>::unlink();
    arrived_.push_back(*stream);
  }
  return true;
}

bool DoqStreams::reset_by_client(std::int64_t, QueryStream* user) {
  auto* const stream = static_cast<Stream*>(user);
  if (stream != nullptr && stream->is_over()) { return true; }  // it has its answer, or its reply to our own reset
  connection_.count_cancellation();
  if (stream != nullptr) { stream->end(DoqError::request_cancelled); }
  return true;
}

bool DoqStreams::closed(std::int64_t id, QueryStream* user, std::uint64_t) {
  auto* const stream = static_cast<Stream*>(user);
  if (stream == nullptr) { return true; }
  // With STOP_SENDING, to which ngtcp2 itself replies: the way in which RFC 9250 section 4.3.1 has queries given up.
  if (!stream->has_ended() && stream->sent == 0) { connection_.count_cancellation(); }
  forget_query(*stream);
  delete stream;
  --open_;
  connection_.set_stream(id, nullptr);
  ngtcp2_conn_extend_max_streams_bidi(connection_.raw(), 1);
  return true;
}

bool DoqStreams::may_send_more(std::int64_t, QueryStream* user) {
  auto* const stream = static_cast<Stream*>(user);
  if (stream != nullptr && !stream->has_ended() && stream->sent < stream->output.size()) { ready_.push_back(*stream); }
  return true;
}

bool DoqStreams::may_be_replayed(const QueryStream& stream) const {
  return is_plain_query(static_cast<const Stream&>(stream).query.message());
}

void DoqStreams::serve_one(QueryStream& user) {
  auto& stream = static_cast<Stream&>(user);
  const Bytes query = stream.query.message();
  if (has_keepalive_option(query)) {  // RFC 9250 section 5.5.2
    connection_.fail(code_of(DoqError::protocol_error));
    return;
  }
  connection_.ask(stream, query);
  forget_query(stream);
}

// Its octets count against what the client may send until here.
void DoqStreams::forget_query(Stream& stream) {
  const std::size_t octets = stream.query.size();
  if (octets == 0) { return; }
  connection_.memory().release(octets);
  stream.query.forget();
  ngtcp2_conn_extend_max_offset(connection_.raw(), octets);
}

void DoqStreams::end_streams() {
  while (Stream* const stream = ending_.front()) {
    stream->Linked<EndingStreams>::unlink();
    forget_query(*stream);
    shutdown_stream(connection_.raw(), stream->id(), stream->code());
  }
}

QueryStreams::Output DoqStreams::next_output() {
  Stream* const stream = ready_.front();
  if (stream == nullptr) { return {}; }
  piece_ = {.base = stream->output.data() + stream->sent, .len = stream->output.size() - stream->sent};
  return {.id = stream->id(), .is_last = true, .octets = {&piece_, 1}};
}

void DoqStreams::sent(const Output&, std::size_t octets) {
  Stream& stream = *ready_.front();
  stream.sent += octets;
  if (stream.sent == stream.output.size()) { stream.Linked<ReadyAnswers>::unlink(); }
}

void DoqStreams::blocked(const Output&) { ready_.front()->Linked<ReadyAnswers>::unlink(); }

void DoqStreams::unwanted(const Output&) { ready_.front()->Linked<ReadyAnswers>::unlink(); }

}  // namespace vouch
