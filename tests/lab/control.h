#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tests/lab/authority.h"
#include "tests/lab/event_loop.h"
#include "tests/lab/outcome.h"
#include "tests/lab/socket.h"

// The lab's control socket, "control" in its folder: one connection, some lines of commands, their answers, the end.
// Who may open the folder may give commands.
namespace vouch::lab {

// One command; the text it answers. An unknown one is tried as an impairment. Errors begin with "error: ".
std::string obey(Authority& authority, std::string_view line);

class ControlServer {
 public:
  ControlServer(event_base* base, Authority& authority);
  ~ControlServer();

  Outcome<void> listen(const std::string& dir);

 private:
  struct Connection;
  static void on_connection(evutil_socket_t fd, short, void* self);
  static void on_data(bufferevent*, void* connection);
  static void on_sent(bufferevent*, void* connection);
  static void on_event(bufferevent*, short what, void* connection);
  void drop(Connection& connection);

  event_base* base_;
  Authority& authority_;
  std::string path_;
  std::unique_ptr<Socket> socket_;
  Event readable_;
  std::map<Connection*, std::unique_ptr<Connection>> connections_;
};

// The client's side, for `vouch-lab ctl`: sends the lines, returns all that came back.
Outcome<std::string> send_commands(const std::string& dir, const std::vector<std::string>& lines);

}  // namespace vouch::lab
