// Starts the lab as a person would, asks its authorities, and stops it. VOUCH_LAB_PROGRAM is the path of vouch-lab.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>

#include "tests/lab/control.h"
#include "tests/lab/ldns_handle.h"
#include "tests/lab/message.h"
#include "tests/lab/names.h"
#include "tests/lab/nsd.h"
#include "tests/lab/socket.h"

namespace vouch::lab {
namespace {

constexpr int kReplyTimeout = 10'000;  // milliseconds: never reached unless something is broken

struct Reply {
  LdnsPacket packet;

  bool came() const { return packet != nullptr; }
  int rcode() const { return ldns_pkt_get_rcode(packet.get()); }
  RrList answer(ldns_rr_type type) const {
    return RrList(ldns_pkt_rr_list_by_type(packet.get(), type, LDNS_SECTION_ANSWER));
  }
  std::size_t count(ldns_rr_type type, ldns_pkt_section section) const {
    return ldns_rr_list_rr_count(RrList(ldns_pkt_rr_list_by_type(packet.get(), type, section)).get());
  }
  std::string first(ldns_rr_type type) const {
    const RrList records = answer(type);
    if (!records || ldns_rr_list_rr_count(records.get()) == 0) { return ""; }
    return taken(ldns_rdf2str(ldns_rr_rdf(ldns_rr_list_rr(records.get(), 0), 0)));
  }
};

std::string read_file(const std::filesystem::path& path) {
  std::ifstream in(path);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

// Processes whose command line names the folder: the NSDs of a lab in it.
int processes_of(const std::string& dir) {
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const std::string line = read_file(entry.path() / "cmdline");
    count += line.contains("nsd") && line.contains(dir + "/nsd-");
  }
  return count;
}

class Lab : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (!find_nsd()) { return; }
    dir_ = std::filesystem::temp_directory_path() / fmt::format("vouch-lab-test-{}", getpid());
    // Below the ports that the kernel gives out, and one of our own, so that tests may run side by side.
    port_ = static_cast<std::uint16_t>(20000 + getpid() % 9000);
    start();
  }

  static void TearDownTestSuite() {
    if (dir_.empty()) { return; }
    if (pid_ > 0) { stop(SIGTERM); }
    std::filesystem::remove_all(dir_);
  }

  void SetUp() override {
    if (dir_.empty()) { GTEST_SKIP() << find_nsd().error(); }
    ASSERT_GT(pid_, 0) << "the lab did not start: " << said_;
  }

  static void start() {
    std::array<int, 2> pipe_ends{};
    ASSERT_EQ(pipe(pipe_ends.data()), 0);
    const std::string port = std::to_string(port_);
    pid_ = fork();
    if (pid_ == 0) {
      prctl(PR_SET_PDEATHSIG, SIGTERM);
      dup2(pipe_ends[1], STDOUT_FILENO);
      dup2(pipe_ends[1], STDERR_FILENO);
      close(pipe_ends[0]);
      close(pipe_ends[1]);
      execl(VOUCH_LAB_PROGRAM, "vouch-lab", "run", "--dir", dir_.c_str(), "--port", port.c_str(), nullptr);
      _exit(127);
    }
    close(pipe_ends[1]);
    said_.clear();
    std::array<char, 4096> buffer{};
    while (!said_.starts_with("ready") && !said_.contains("\nready")) {
      const ssize_t got = read(pipe_ends[0], buffer.data(), buffer.size());
      if (got <= 0) {
        waitpid(pid_, nullptr, 0);
        pid_ = -1;
        break;
      }
      said_.append(buffer.data(), static_cast<std::size_t>(got));
    }
    close(pipe_ends[0]);
  }

  static int stop(int signal_number) {
    int status = 0;
    kill(pid_, signal_number);
    waitpid(pid_, &status, 0);
    pid_ = -1;
    return status;
  }

  static std::string query(const std::string& name, std::uint16_t type) {
    std::string packet = make_query(to_wire(name), type, 0x5678);
    packet[11] = 1;
    return packet + std::string("\0\0\x29\x04\xd0\0\0\x80\0\0\0", 11);  // EDNS, 1232 octets, DO
  }

  static bool await(int fd, short events) {
    pollfd wait = {.fd = fd, .events = events, .revents = 0};
    return poll(&wait, 1, kReplyTimeout) == 1;
  }

  static Reply parsed(const std::string& octets) {
    ldns_pkt* packet = nullptr;
    const auto* data = reinterpret_cast<const std::uint8_t*>(octets.data());
    return {.packet = LdnsPacket(ldns_wire2pkt(&packet, data, octets.size()) == LDNS_STATUS_OK ? packet : nullptr)};
  }

  static std::vector<std::string> datagrams(const std::string& server, const std::string& name, std::uint16_t type,
                                            std::size_t count) {
    const Outcome<Socket> socket = connect_udp(*Endpoint::parse(server, port_));
    const std::string packet = query(name, type);
    send(socket->fd(), packet.data(), packet.size(), 0);
    std::vector<std::string> out;
    std::array<char, 65535> buffer{};
    while (out.size() < count && await(socket->fd(), POLLIN)) {
      const ssize_t got = recv(socket->fd(), buffer.data(), buffer.size(), 0);
      if (got < 0) { break; }
      out.emplace_back(buffer.data(), static_cast<std::size_t>(got));
    }
    return out;
  }

  static Reply ask(const std::string& server, const std::string& name, std::uint16_t type) {
    const std::vector<std::string> one = datagrams(server, name, type, 1);
    return one.empty() ? Reply{} : parsed(one[0]);
  }

  static Reply ask_tcp(const std::string& server, const std::string& name, std::uint16_t type) {
    const Endpoint where = *Endpoint::parse(server, port_);
    const Socket socket(::socket(where.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const timeval patience = {.tv_sec = kReplyTimeout / 1000, .tv_usec = 0};
    setsockopt(socket.fd(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    if (connect(socket.fd(), where.get(), where.length) != 0) { return {}; }
    const std::string packet = query(name, type);
    const std::string framed = std::string(1, '\0') + static_cast<char>(packet.size()) + packet;
    send(socket.fd(), framed.data(), framed.size(), MSG_NOSIGNAL);
    std::string in;
    std::array<char, 65535> buffer{};
    while (in.size() < 2 ||
           in.size() - 2 < (static_cast<std::uint8_t>(in[0]) * 256u + static_cast<std::uint8_t>(in[1]))) {
      const ssize_t got = recv(socket.fd(), buffer.data(), buffer.size(), 0);
      if (got <= 0) { return {}; }
      in.append(buffer.data(), static_cast<std::size_t>(got));
    }
    return parsed(in.substr(2));
  }

  // What ldns says of the signatures at www.<zone>, with the keys that the zone shows.
  static ldns_status judge(const std::string& server, const std::string& zone) {
    const Reply keys = ask_tcp(server, zone, LDNS_RR_TYPE_DNSKEY);
    const Reply data = ask_tcp(server, "www." + zone, LDNS_RR_TYPE_A);
    if (!keys.came() || !data.came()) { return LDNS_STATUS_ERR; }
    const RrList key_set = keys.answer(LDNS_RR_TYPE_DNSKEY);
    const RrList records = data.answer(LDNS_RR_TYPE_A);
    const RrList signatures = data.answer(LDNS_RR_TYPE_RRSIG);
    if (!signatures) { return LDNS_STATUS_CRYPTO_NO_RRSIG; }
    return ldns_verify(records.get(), signatures.get(), key_set.get(), nullptr);
  }

  static std::filesystem::path dir_;
  static std::uint16_t port_;
  static pid_t pid_;
  static std::string said_;
};

std::filesystem::path Lab::dir_;
std::uint16_t Lab::port_ = 0;
pid_t Lab::pid_ = -1;
std::string Lab::said_;

TEST_F(Lab, EachTopLevelDomainRefersToItsChildren) {
  const std::pair<const char*, const char*> tlds[] = {{"127.2.1.1", "alg15.nsec."},
                                                      {"127.2.2.1", "wild.nsec3."},
                                                      {"127.2.3.1", "secure.optout."},
                                                      {"127.2.4.1", "shop.plain."}};
  for (const auto& [server, child] : tlds) {
    const Reply reply = ask(server, fmt::format("www.{}", child), LDNS_RR_TYPE_A);
    ASSERT_TRUE(reply.came()) << child;
    EXPECT_EQ(reply.rcode(), LDNS_RCODE_NOERROR) << child;
    EXPECT_GE(reply.count(LDNS_RR_TYPE_NS, LDNS_SECTION_AUTHORITY), 1u) << child;
    EXPECT_EQ(reply.count(LDNS_RR_TYPE_A, LDNS_SECTION_ANSWER), 0u) << child;
    EXPECT_EQ(reply.count(LDNS_RR_TYPE_DS, LDNS_SECTION_AUTHORITY), std::string_view(child) == "shop.plain." ? 0u : 1u)
        << child;
  }
}

TEST_F(Lab, AnswersAsTheManifestSays) {
  // Each line of examples.tsv that asks a leaf by its own server would repeat the oracle; one of each kind is enough
  // here.
  EXPECT_EQ(ask("127.3.3.2", "anything.wild.nsec.", LDNS_RR_TYPE_A).first(LDNS_RR_TYPE_A),
            ask("127.3.3.2", "other.wild.nsec.", LDNS_RR_TYPE_A).first(LDNS_RR_TYPE_A));
  EXPECT_EQ(ask("127.3.3.1", "types.nsec.", LDNS_RR_TYPE_MX).count(LDNS_RR_TYPE_MX, LDNS_SECTION_ANSWER), 2u);
  if (bind_udp(*Endpoint::parse("::1", 0))) {  // containers often have no IPv6; the lab then says so and goes on
    EXPECT_EQ(ask("::1", "www.v6only.nsec.", LDNS_RR_TYPE_A).count(LDNS_RR_TYPE_A, LDNS_SECTION_ANSWER), 1u);
  }
  EXPECT_EQ(ask("127.3.3.3", "x.hidden.wild.nsec3.", LDNS_RR_TYPE_A).rcode(), LDNS_RCODE_NXDOMAIN);
}

TEST_F(Lab, LargeAnswersComeOverTcp) {
  const Reply udp = ask("127.3.3.4", "many.large.nsec.", LDNS_RR_TYPE_A);
  ASSERT_TRUE(udp.came());
  EXPECT_TRUE(ldns_pkt_tc(udp.packet.get()));
  const Reply tcp = ask_tcp("127.3.3.4", "many.large.nsec.", LDNS_RR_TYPE_A);
  ASSERT_TRUE(tcp.came());
  EXPECT_EQ(tcp.count(LDNS_RR_TYPE_A, LDNS_SECTION_ANSWER), 300u);
}

TEST_F(Lab, BuiltInImpairmentsAreInForce) {
  EXPECT_EQ(ask("127.7.6.14", "www.refused.plain.", LDNS_RR_TYPE_A).rcode(), LDNS_RCODE_REFUSED);
  EXPECT_EQ(ask("127.4.4.1", "dnskey-unreachable.nsec3.", LDNS_RR_TYPE_DNSKEY).rcode(), LDNS_RCODE_SERVFAIL);
  EXPECT_EQ(ask("127.4.4.1", "dnskey-unreachable.nsec3.", LDNS_RR_TYPE_SOA).rcode(), LDNS_RCODE_NOERROR);
  EXPECT_FALSE(ask_tcp("127.7.6.18", "www.tc-closed.plain.", LDNS_RR_TYPE_A).came());
  const Reply no_signatures = ask("127.7.6.10", "www.rrsig-stripped.nsec.", LDNS_RR_TYPE_A);
  ASSERT_TRUE(no_signatures.came());
  EXPECT_EQ(no_signatures.count(LDNS_RR_TYPE_RRSIG, LDNS_SECTION_ANSWER), 0u);
  EXPECT_EQ(no_signatures.count(LDNS_RR_TYPE_A, LDNS_SECTION_ANSWER), 1u);
}

TEST_F(Lab, AForgedReplyComesFirstAndTheGenuineOneAfterIt) {
  const std::vector<std::string> two = datagrams("127.7.6.6", "www.forged.nsec.", LDNS_RR_TYPE_A, 2);
  ASSERT_EQ(two.size(), 2u);
  EXPECT_EQ(id_of(two[0]), id_of(two[1]));
  EXPECT_NE(parsed(two[0]).first(LDNS_RR_TYPE_A), parsed(two[1]).first(LDNS_RR_TYPE_A));
  EXPECT_EQ(parsed(two[1]).first(LDNS_RR_TYPE_A),
            ask_tcp("127.7.6.6", "www.forged.nsec.", LDNS_RR_TYPE_A).first(LDNS_RR_TYPE_A));
}

TEST_F(Lab, WrongIdsComeBeforeTheRightOne) {
  const std::vector<std::string> four = datagrams("127.7.6.4", "www.wrong-id.nsec.", LDNS_RR_TYPE_A, 4);
  ASSERT_EQ(four.size(), 4u);
  for (std::size_t i = 0; i < 3; ++i) { EXPECT_NE(id_of(four[i]), id_of(four[3])); }
  EXPECT_EQ(id_of(four[3]), 0x5678);
}

TEST_F(Lab, SignaturesAreBrokenTheWayTheZoneSays) {
  // Addresses: 127.4.<n>.1 for the broken zone, 127.5.<n>.1 for the twin, n being the reason's place in flaw.cc.
  struct Row {
    const char* reason;
    int number;
    ldns_status says;
  };
  const Row rows[] = {
      {"rrsig-missing", 11, LDNS_STATUS_CRYPTO_NO_RRSIG},
      {"rrsig-expired", 12, LDNS_STATUS_CRYPTO_SIG_EXPIRED},
      {"rrsig-not-yet-valid", 13, LDNS_STATUS_CRYPTO_SIG_NOT_INCEPTED},
      {"rrsig-window-inverted", 14, LDNS_STATUS_CRYPTO_EXPIRATION_BEFORE_INCEPTION},
      {"rrsig-invalid", 15, LDNS_STATUS_CRYPTO_BOGUS},
      {"rrsig-unknown-key", 16, LDNS_STATUS_CRYPTO_NO_MATCHING_KEYTAG_DNSKEY},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(judge(fmt::format("127.4.{}.1", row.number), fmt::format("{}.nsec3.", row.reason)), row.says)
        << row.reason << ": "
        << ldns_get_errorstr_by_id(judge(fmt::format("127.4.{}.1", row.number), fmt::format("{}.nsec3.", row.reason)));
    EXPECT_EQ(judge(fmt::format("127.5.{}.1", row.number), fmt::format("ok-{}.nsec3.", row.reason)), LDNS_STATUS_OK)
        << "ok-" << row.reason;
  }
}

TEST_F(Lab, EveryAlgorithmVerifies) {
  const char* zones[] = {"alg5.nsec.",  "alg7.nsec.",  "alg8.nsec.",  "alg10.nsec.",
                         "alg13.nsec.", "alg14.nsec.", "alg15.nsec.", "alg16.nsec."};
  int number = 0;
  for (const char* zone : zones) {
    EXPECT_EQ(judge(fmt::format("127.3.2.{}", ++number), zone), LDNS_STATUS_OK) << zone;
  }
}

TEST_F(Lab, ObeysTheControlSocketAndKeepsALog) {
  const std::string server = "127.3.2.5";
  EXPECT_EQ(*send_commands(dir_, {"reset", "name=www.alg13.nsec. rcode=REFUSED"}), "ok\nok\n");
  EXPECT_EQ(ask(server, "www.alg13.nsec.", LDNS_RR_TYPE_A).rcode(), LDNS_RCODE_REFUSED);
  EXPECT_EQ(ask(server, "alg13.nsec.", LDNS_RR_TYPE_SOA).rcode(), LDNS_RCODE_NOERROR);
  EXPECT_EQ(*send_commands(dir_, {"clear"}), "ok, 1 cleared\n");
  EXPECT_EQ(ask(server, "www.alg13.nsec.", LDNS_RR_TYPE_A).rcode(), LDNS_RCODE_NOERROR);

  const std::string log = *send_commands(dir_, {"log alg13.nsec."});
  EXPECT_TRUE(log.contains("127.3.2.5 alg13.nsec. www.alg13.nsec. A udp do\n")) << log;
  EXPECT_TRUE(send_commands(dir_, {"stats"})->contains("127.3.2.5 alg13.nsec. udp 3 tcp 0\n"));
  EXPECT_TRUE(send_commands(dir_, {"nonsense"})->starts_with("error: "));
}

TEST_F(Lab, WritesItsPapers) {
  EXPECT_TRUE(read_file(dir_ / "root.hints").contains("a.root-server. 3600000 IN A 127.1.0.1\n"));
  const std::string anchors = read_file(dir_ / "root.anchors");
  EXPECT_TRUE(anchors.contains("\tDS\t") && anchors.contains("\tDNSKEY\t257 3 8 ")) << anchors;
  EXPECT_TRUE(read_file(dir_ / "tls/server.pem").contains("BEGIN CERTIFICATE"));
  EXPECT_TRUE(read_file(dir_ / "tls/server.key").contains("BEGIN PRIVATE KEY"));
  EXPECT_NE(read_file(dir_ / "tls/ca.pem"), read_file(dir_ / "tls/server.pem"));
  const std::string examples = read_file(dir_ / "examples.tsv");
  EXPECT_GE(std::ranges::count(examples, '\n'), 18);
  EXPECT_FALSE(examples.contains("SERVFAIL"));
  const std::string validating = read_file(dir_ / "examples-validating.tsv");
  EXPECT_GE(std::ranges::count(validating, '\n'), std::ranges::count(examples, '\n') + 5);
  EXPECT_TRUE(validating.contains("\tbogus\trrsig_expired zone=rrsig-expired.nsec3.\n"));
  EXPECT_TRUE(validating.contains("\tinsecure\tnsec3_cost\n"));
  EXPECT_TRUE(read_file(dir_ / "manifest.tsv").starts_with("zone\tkind\tname\t"));
}

TEST_F(Lab, ASecondLabInTheSameFolderIsRefused) {
  const std::string command = fmt::format("{} build --dir {} 2>/dev/null", VOUCH_LAB_PROGRAM, dir_.string());
  EXPECT_NE(std::system(command.c_str()), 0);
}

TEST_F(Lab, StartsAgainAfterItWasKilledAndLeavesNothingBehindWhenStopped) {
  stop(SIGKILL);
  start();
  ASSERT_GT(pid_, 0) << said_;
  EXPECT_EQ(ask("127.1.0.1", ".", LDNS_RR_TYPE_NS).rcode(), LDNS_RCODE_NOERROR);
  EXPECT_GT(processes_of(dir_), 0);
  EXPECT_EQ(stop(SIGTERM), 0);
  EXPECT_EQ(processes_of(dir_), 0);
  start();  // for the tests that may come after this one
}

}  // namespace
}  // namespace vouch::lab
