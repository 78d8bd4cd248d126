#include "resolver/daemon/control/control_server.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "resolver/base/log.h"

namespace vouch {
namespace {

using namespace std::chrono_literals;

// A client that waits, up to a bound that only a hang reaches.
class Client {
 public:
  explicit Client(const std::string& path) : socket_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    is_connected_ = ::connect(socket_.fd(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    const timeval patience{.tv_sec = 20, .tv_usec = 0};
    ::setsockopt(socket_.fd(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  }
  bool is_connected() const { return is_connected_; }
  bool say(std::string_view text) {
    return ::send(socket_.fd(), text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size());
  }
  void end() { ::shutdown(socket_.fd(), SHUT_WR); }
  // A line without its end; "" when the server has closed.
  std::string line() {
    for (;;) {
      const std::size_t end = read_.find('\n');
      if (end != std::string::npos) {
        std::string first = read_.substr(0, end);
        read_.erase(0, end + 1);
        return first;
      }
      char room[4096];
      const ssize_t got = ::recv(socket_.fd(), room, sizeof room, 0);
      EXPECT_TRUE(got >= 0 || errno == ECONNRESET) << std::strerror(errno);
      if (got <= 0) { return {}; }
      read_.append(room, static_cast<std::size_t>(got));
    }
  }
  bool is_closed() { return line().empty(); }
  std::string code() { return Json::parse(line()).value("code", "none"); }

 private:
  Socket socket_;
  bool is_connected_ = false;
  std::string read_;
};

// What a vouchd that was killed leaves: a socket that nobody listens on.
void leave_behind(const std::string& path) {
  const Socket socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  ASSERT_EQ(::bind(socket.fd(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
}

class ControlServing : public testing::Test {
 protected:
  ControlServing() {
    char name[] = "/tmp/vouch-control-XXXXXX";
    folder_ = ::mkdtemp(name);
    path_ = folder_ + "/control.sock";
  }
  ~ControlServing() override {
    server_.reset();
    std::filesystem::remove_all(folder_);
  }
  void serve(const ControlLimits& limits = {}) {
    server_ = ControlServer::create(limits);
    ASSERT_NE(server_, nullptr);
    server_->registry().add(
        {.name = "echo", .arguments = {"text"}, .run = [](const CallPtr& call) { call->done(call->arguments()); }});
    // Lines without end, as fast as they are taken.
    server_->registry().add({.name = "flood", .arguments = {}, .run = [this](const CallPtr& call) {
                               call->when_gone([this] { ++gone_; });
                               flood(call);
                             }});
    server_->registry().add({.name = "waits", .arguments = {}, .run = [this](const CallPtr& call) {
                               call->when_gone([this] { ++gone_; });
                               call->goes_on();
                               call->item({{"n", 1}});
                             }});
    server_->registry().add({.name = "forgets", .arguments = {}, .run = [](const CallPtr&) {}, .patience = 50ms});
    const auto opened = server_->open(path_);
    ASSERT_TRUE(opened.has_value()) << opened.error();
    server_->start();
  }
  void flood(const CallPtr& call) {
    while (!call->is_full() && !call->is_over()) { call->item({{"text", std::string(1000, 'x')}}); }
    ++steps_;
    call->when_drained([this, call] { flood(call); });
  }
  bool wait_for(const std::atomic<int>& count, int least) const {
    for (int i = 0; i < 2000 && count < least; ++i) { ::usleep(10'000); }
    return count >= least;
  }

  std::string folder_, path_;
  std::unique_ptr<ControlServer> server_;
  std::atomic<int> gone_{0}, steps_{0};
};

TEST_F(ControlServing, TheSocketIsForItsOwnerAloneAndGoesAtTheEnd) {
  const mode_t before = ::umask(0);  // with which a file made carelessly would be everybody's
  serve();
  ::umask(before);
  struct stat there {};
  ASSERT_EQ(::lstat(path_.c_str(), &there), 0);
  EXPECT_TRUE(S_ISSOCK(there.st_mode));
  EXPECT_EQ(there.st_mode & 07777, 0600U);
  server_.reset();
  EXPECT_NE(::lstat(path_.c_str(), &there), 0);
}

TEST_F(ControlServing, ADeadSocketIsReplacedAndALivingOneIsNot) {
  serve();
  const auto taken = ControlSocket::open(path_);
  ASSERT_FALSE(taken.has_value());
  EXPECT_NE(taken.error().find("another vouchd"), std::string::npos);
  Client client(path_);  // and the living one has not suffered
  ASSERT_TRUE(client.say("{\"command\": \"echo\", \"text\": \"a\"}\n"));
  EXPECT_EQ(client.line(), R"({"ok":true,"text":"a"})");

  const std::string dead = folder_ + "/dead.sock";
  leave_behind(dead);
  {
    const auto again = ControlSocket::open(dead);
    ASSERT_TRUE(again.has_value()) << again.error();
    EXPECT_TRUE(Client(dead).is_connected());
  }
  EXPECT_FALSE(std::filesystem::exists(dead));

  auto mine = ControlSocket::open(dead);
  ASSERT_TRUE(mine.has_value());
  std::filesystem::remove(dead);
  leave_behind(dead);  // somebody else's by now
  { const ControlSocket gone(std::move(*mine)); }
  EXPECT_TRUE(std::filesystem::exists(dead));
}

TEST_F(ControlServing, WhatIsNoSocketStaysAndAMissingFolderIsTold) {
  std::ofstream(folder_ + "/file") << "precious";
  const auto refused = ControlSocket::open(folder_ + "/file");
  ASSERT_FALSE(refused.has_value());
  EXPECT_NE(refused.error().find("no socket"), std::string::npos);
  EXPECT_EQ(std::filesystem::file_size(folder_ + "/file"), 8U);

  const auto missing = ControlSocket::open(folder_ + "/none/control.sock");
  ASSERT_FALSE(missing.has_value());
  EXPECT_NE(missing.error().find("its folder has to be there"), std::string::npos);
  EXPECT_FALSE(ControlSocket::open("/" + std::string(kMaxSocketPath, 'x')).has_value());
}

TEST(ControlPeerTest, OnlyRootAndOurselvesMayControl) {
  EXPECT_TRUE(may_control({.user = 0, .process = 1}));
  EXPECT_TRUE(may_control({.user = ::geteuid(), .process = 1}));
  EXPECT_FALSE(may_control({.user = ::geteuid() + 1, .process = 1}));
  EXPECT_FALSE(may_control({.user = static_cast<uid_t>(-1), .process = 1}));
}

TEST_F(ControlServing, RequestsAreAnsweredInTheirOrderHoweverTheyArrive) {
  serve();
  Client client(path_);
  ASSERT_TRUE(client.say("{\"command\": \"echo\", \"text\": \"a\"}\n\n  \r\n{\"command\": \"echo\", \"te"));
  EXPECT_EQ(client.line(), R"({"ok":true,"text":"a"})");
  ASSERT_TRUE(client.say("xt\": \"b\"}\nbroken\n{\"command\": \"echo\", \"text\": \"c\"}\n"));
  EXPECT_EQ(client.line(), R"({"ok":true,"text":"b"})");
  EXPECT_EQ(client.code(), "malformed");
  client.end();  // what was asked is answered all the same
  EXPECT_EQ(client.line(), R"({"ok":true,"text":"c"})");
  EXPECT_TRUE(client.is_closed());
}

TEST_F(ControlServing, ALineBeyondTheLimitIsToldAndEndsTheConnectionWhetherOrNotItsEndHasCome) {
  serve();
  for (const std::string_view end : {"", "\n", "\n{\"command\": \"echo\"}\n"}) {
    Client client(path_);
    ASSERT_TRUE(client.say(std::string(kMaxRequestOctets + 1, ' ') + std::string(end)));
    EXPECT_EQ(client.code(), "too_large");
    EXPECT_TRUE(client.is_closed());
  }
  Client client(path_);
  const std::string request = R"({"command": "echo"})";
  ASSERT_TRUE(client.say(request + std::string(kMaxRequestOctets - request.size(), ' ') + "\n"));
  EXPECT_EQ(client.line(), R"({"ok":true})");
}

TEST_F(ControlServing, HalfALineThenHangUpIsNothing) {
  serve();
  {
    Client client(path_);
    ASSERT_TRUE(client.say("{\"command\": \"ec"));
    client.end();
    EXPECT_TRUE(client.is_closed());
  }
  Client other(path_);
  ASSERT_TRUE(other.say("{\"command\": \"echo\"}\n"));
  EXPECT_EQ(other.line(), R"({"ok":true})");
}

TEST_F(ControlServing, WhoIsIdleIsLetGoHoweverSlowlyHeSpeaks) {
  serve({.idle = 200ms, .sweep = 20ms});
  Client client(path_);
  for (int i = 0; i < 1000 && client.say("x"); ++i) { ::usleep(5'000); }
  EXPECT_TRUE(client.is_closed());
}

TEST_F(ControlServing, TheLongestIdleMakesRoom) {
  serve({.connections = 3});
  std::vector<std::unique_ptr<Client>> idle;
  for (int i = 0; i < 100; ++i) {
    idle.push_back(std::make_unique<Client>(path_));
    ASSERT_TRUE(idle.back()->is_connected());
  }
  Client client(path_);
  ASSERT_TRUE(client.say("{\"command\": \"echo\"}\n"));
  EXPECT_EQ(client.line(), R"({"ok":true})");
  EXPECT_TRUE(idle.front()->is_closed());
}

TEST_F(ControlServing, WhoeverIsServedIsNotThrownOut) {
  serve({.connections = 2});
  Client first(path_), second(path_);
  for (Client* const client : {&first, &second}) {
    ASSERT_TRUE(client->say("{\"command\": \"waits\"}\n"));
    EXPECT_EQ(client->line(), R"({"n":1})");
  }
  Client third(path_);
  EXPECT_EQ(third.code(), "busy");
  EXPECT_TRUE(third.is_closed());
  second.end();  // hangs up what goes on
  ASSERT_TRUE(wait_for(gone_, 1));
  Client fourth(path_);
  ASSERT_TRUE(fourth.say("{\"command\": \"echo\"}\n"));
  EXPECT_EQ(fourth.line(), R"({"ok":true})");
}

// A command that is silent until its asker hangs up, begun only after he has: its slot must come back all the same.
TEST_F(ControlServing, WhatGoesOnEndsThoughItsAskerHungUpBeforeItBegan) {
  serve({.connections = 1, .sweep = 20ms});
  Client client(path_);
  ASSERT_TRUE(client.say("{\"command\": \"forgets\"}\n{\"command\": \"waits\"}\n"));
  client.end();
  EXPECT_EQ(client.code(), "timeout");  // what was said is still sent
  EXPECT_EQ(client.line(), R"({"n":1})");
  EXPECT_TRUE(client.is_closed());
  EXPECT_EQ(gone_, 1);
  Client other(path_);
  ASSERT_TRUE(other.say("{\"command\": \"echo\"}\n"));
  EXPECT_EQ(other.line(), R"({"ok":true})");
}

TEST_F(ControlServing, ACommandWaitsForASlowReaderAndHearsWhenHeGoes) {
  serve();
  {
    Client client(path_);
    ASSERT_TRUE(client.say("{\"command\": \"flood\"}\n"));
    ASSERT_TRUE(wait_for(steps_, 1));
    const int before = steps_;
    for (int i = 0; i < 1000; ++i) {
      EXPECT_EQ(client.line().size(), std::string_view(R"({"text":""})").size() + 1000);
    }
    EXPECT_TRUE(wait_for(steps_, before + 1));
    const int reached = steps_;
    Client other(path_);  // is served meanwhile
    ASSERT_TRUE(other.say("{\"command\": \"echo\"}\n"));
    EXPECT_EQ(other.line(), R"({"ok":true})");
    EXPECT_LT(steps_, reached + 100);  // nobody reads: it does not go on by itself
  }
  EXPECT_TRUE(wait_for(gone_, 1));
}

TEST_F(ControlServing, ACommandThatNeverAnswersFails) {
  serve({.sweep = 20ms});
  Client client(path_);
  ASSERT_TRUE(client.say("{\"command\": \"forgets\"}\n{\"command\": \"echo\"}\n"));
  EXPECT_EQ(client.code(), "timeout");
  EXPECT_EQ(client.line(), R"({"ok":true})");
}

TEST_F(ControlServing, StoppingEndsWhatIsUnderWay) {
  serve();
  Client client(path_);
  ASSERT_TRUE(client.say("{\"command\": \"waits\"}\n"));
  EXPECT_EQ(client.line(), R"({"n":1})");
  server_->stop();
  EXPECT_TRUE(client.is_closed());
  EXPECT_EQ(gone_, 1);
  server_->post([] { ADD_FAILURE() << "the thread has ended"; });
}

}  // namespace
}  // namespace vouch
