#include "tests/lab/control.h"

#include <fmt/format.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "tests/lab/names.h"

namespace vouch::lab {

namespace {

constexpr std::size_t kMostConnections = 64;
constexpr std::size_t kMostInput = 64 * 1024;  // commands of one connection, in octets

std::string path_in(const std::string& dir) { return dir + "/control"; }

Outcome<sockaddr_un> address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) {
    return failure(fmt::format("the path {} is too long for a Unix socket; choose a shorter --dir", path));
  }
  path.copy(address.sun_path, path.size());
  return address;
}

std::string zone_argument(const std::vector<std::string>& words) {
  if (words.size() < 2) { return {}; }
  std::string zone = lower_case(words[1]);
  if (!zone.ends_with('.')) { zone += '.'; }
  return zone;
}

std::string switch_server(Authority& authority, const std::vector<std::string>& words) {
  if (words.size() != 2) { return fmt::format("error: {} ADDRESS\n", words[0]); }
  const std::string address = lower_case(words[1]);
  const bool known = words[0] == "stop-server" ? authority.stop_server(address) : authority.start_server(address);
  return known ? "ok\n" : fmt::format("error: no server has the address {}\n", words[1]);
}

}  // namespace

std::string obey(Authority& authority, std::string_view line) {
  const std::vector<std::string> words = words_of(line);
  if (words.empty()) { return {}; }
  if (words[0] == "log") { return authority.log().text(zone_argument(words)); }
  if (words[0] == "stats") { return authority.log().stats(); }
  if (words[0] == "reset") {
    authority.log().clear();
    return "ok\n";
  }
  if (words[0] == "impairments") { return authority.impairments_text(); }
  if (words[0] == "clear") { return fmt::format("ok, {} cleared\n", authority.clear(zone_argument(words))); }
  if (words[0] == "stop-server" || words[0] == "start-server") { return switch_server(authority, words); }
  Outcome<Impairment> impairment = parse_impairment(line);
  if (!impairment) { return fmt::format("error: {}\n", impairment.error()); }
  if (!authority.add(std::move(*impairment))) { return "error: too many impairments; clear some\n"; }
  return "ok\n";
}

struct ControlServer::Connection {
  ControlServer* server;
  Bufferevent stream;
  bool ended = false;  // the client has sent all
};

ControlServer::ControlServer(event_base* base, Authority& authority) : base_(base), authority_(authority) {}

ControlServer::~ControlServer() {
  if (!path_.empty()) { unlink(path_.c_str()); }
}

Outcome<void> ControlServer::listen(const std::string& dir) {
  const std::string path = path_in(dir);
  const Outcome<sockaddr_un> address = address_of(path);
  if (!address) { return failure(address.error()); }
  socket_ = std::make_unique<Socket>(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  unlink(path.c_str());  // left by a lab that was killed; the folder's lock tells that none is alive
  if (bind(socket_->fd(), reinterpret_cast<const sockaddr*>(&*address), sizeof(*address)) != 0 ||
      ::listen(socket_->fd(), 16) != 0) {
    return failure(fmt::format("cannot listen on {}: {}", path, std::strerror(errno)));
  }
  path_ = path;
  readable_.reset(event_new(base_, socket_->fd(), EV_READ | EV_PERSIST, &on_connection, this));
  event_add(readable_.get(), nullptr);
  return {};
}

void ControlServer::on_connection(evutil_socket_t listener, short, void* argument) {
  auto& self = *static_cast<ControlServer*>(argument);
  Socket accepted(accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (accepted.fd() < 0 || self.connections_.size() >= kMostConnections) { return; }
  auto connection = std::make_unique<Connection>();
  connection->server = &self;
  connection->stream.reset(
      bufferevent_socket_new(self.base_, accepted.release(), BEV_OPT_CLOSE_ON_FREE | BEV_OPT_DEFER_CALLBACKS));
  bufferevent_setcb(connection->stream.get(), &on_data, &on_sent, &on_event, connection.get());
  bufferevent_enable(connection->stream.get(), EV_READ | EV_WRITE);
  self.connections_.emplace(connection.get(), std::move(connection));
}

void ControlServer::on_data(bufferevent* stream, void* argument) {
  auto& connection = *static_cast<Connection*>(argument);
  evbuffer* input = bufferevent_get_input(stream);
  while (char* line = evbuffer_readln(input, nullptr, EVBUFFER_EOL_LF)) {
    const std::string reply = obey(connection.server->authority_, line);
    std::free(line);
    bufferevent_write(stream, reply.data(), reply.size());
  }
  if (evbuffer_get_length(input) > kMostInput) { connection.server->drop(connection); }
}

void ControlServer::on_event(bufferevent* stream, short what, void* argument) {
  auto& connection = *static_cast<Connection*>(argument);
  connection.ended = true;
  const bool all_sent = evbuffer_get_length(bufferevent_get_output(stream)) == 0;
  if ((what & BEV_EVENT_ERROR) != 0 || all_sent) { connection.server->drop(connection); }
}

void ControlServer::on_sent(bufferevent*, void* argument) {
  auto& connection = *static_cast<Connection*>(argument);
  if (connection.ended) { connection.server->drop(connection); }
}

void ControlServer::drop(Connection& connection) { connections_.erase(&connection); }

Outcome<std::string> send_commands(const std::string& dir, const std::vector<std::string>& lines) {
  const std::string path = path_in(dir);
  const Outcome<sockaddr_un> address = address_of(path);
  if (!address) { return failure(address.error()); }
  const Socket socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (connect(socket.fd(), reinterpret_cast<const sockaddr*>(&*address), sizeof(*address)) != 0) {
    return failure(fmt::format("no lab runs in {} ({})", dir, std::strerror(errno)));
  }
  std::string out;
  for (const std::string& line : lines) { out += line + '\n'; }
  for (std::size_t at = 0; at < out.size();) {
    const ssize_t sent = send(socket.fd(), out.data() + at, out.size() - at, MSG_NOSIGNAL);
    if (sent <= 0) { return failure("the lab closed the connection"); }
    at += static_cast<std::size_t>(sent);
  }
  shutdown(socket.fd(), SHUT_WR);
  std::string reply;
  std::array<char, 65536> buffer;
  for (ssize_t got = 0; (got = recv(socket.fd(), buffer.data(), buffer.size(), 0)) > 0;) {
    reply.append(buffer.data(), static_cast<std::size_t>(got));
  }
  return reply;
}

}  // namespace vouch::lab
