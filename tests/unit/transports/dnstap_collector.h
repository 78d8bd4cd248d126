// A dnstap collector of the tests' own: it agrees, keeps the frames that come, and takes its leave, in whatever order a
// test wants; and a reader of the messages in them, which knows the wire and not the schema.
#pragma once

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <condition_variable>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "tests/unit/transports/harness.h"
#include "transports/dnstap/frame_streams.h"
#include "transports/socket.h"

namespace vouch {

// A folder for a socket, with a path short enough for one.
class SocketFolder {
 public:
  SocketFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "vouch-tap-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  ~SocketFolder() { std::filesystem::remove_all(path_); }
  SocketFolder(const SocketFolder&) = delete;
  SocketFolder& operator=(const SocketFolder&) = delete;
  std::string socket() const { return (path_ / "tap.sock").string(); }

 private:
  std::filesystem::path path_;
};

// Listens at once; what comes is read once begin() was called. Ends, and takes its socket with it, when destroyed.
class TestCollector {
 public:
  explicit TestCollector(const std::string& path)
      : path_(path), listener_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    if (::bind(listener_.fd(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        ::listen(listener_.fd(), 8) != 0) {
      ADD_FAILURE() << path << ": " << std::strerror(errno);
    }
  }
  ~TestCollector() {
    ::unlink(path_.c_str());
    ::shutdown(listener_.fd(), SHUT_RDWR);
    {
      const std::lock_guard lock(mutex_);
      if (peer_.is_open()) { ::shutdown(peer_.fd(), SHUT_RDWR); }
    }
    if (thread_.joinable()) { thread_.join(); }
  }
  TestCollector(const TestCollector&) = delete;
  TestCollector& operator=(const TestCollector&) = delete;

  // One connection. `says`: instead of the ACCEPT that it should.
  void begin(Buffer says = control_frame(FrameControl::accept)) {
    thread_ = std::thread([this, says = std::move(says)] { serve(says); });
  }
  bool wait_for(std::size_t frames) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kPatience, [&] { return frames_.size() >= frames; });
  }
  std::vector<Buffer> frames() {
    const std::lock_guard lock(mutex_);
    return frames_;
  }
  // While it lives, nothing more than a frame is read.
  std::unique_lock<std::mutex> hold() { return std::unique_lock(mutex_); }
  bool was_told_the_end() {
    const std::lock_guard lock(mutex_);
    return is_told_;
  }

 private:
  void serve(const Buffer& says) {
    Socket peer(::accept4(listener_.fd(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!peer.is_open()) { return; }
    const int fd = peer.fd();
    {
      const std::lock_guard lock(mutex_);
      peer_ = std::move(peer);
    }
    if (!hears(fd, FrameControl::ready)) { return; }
    ::send(fd, says.data(), says.size(), MSG_NOSIGNAL);
    if (!hears(fd, FrameControl::start)) { return; }
    for (;;) {
      Buffer length(4);
      if (!read(fd, length)) { return; }
      Buffer frame(load32(length.data()));
      if (frame.empty()) { break; }
      if (!read(fd, frame)) { return; }
      const std::lock_guard lock(mutex_);
      frames_.push_back(std::move(frame));
      changed_.notify_all();
    }
    Buffer stop(8);  // length and kind of the control frame whose escape was read
    const bool is_stop = read(fd, stop) && load32(stop.data()) == 4 && load32(stop.data() + 4) == 3;
    const Buffer finish = control_frame(FrameControl::finish);
    ::send(fd, finish.data(), finish.size(), MSG_NOSIGNAL);
    const std::lock_guard lock(mutex_);
    is_told_ = is_stop;
  }
  static bool read(int fd, MutableBytes into) {
    return into.empty() || ::recv(fd, into.data(), into.size(), MSG_WAITALL) == static_cast<ssize_t>(into.size());
  }
  static bool hears(int fd, FrameControl control) {
    Buffer head(kControlHead);
    if (!read(fd, head)) { return false; }
    Buffer frame(control_length(head));
    return read(fd, frame) && is_control(frame, control);
  }

  const std::string path_;
  Socket listener_;
  std::mutex mutex_;
  std::condition_variable changed_;
  Socket peer_;  // this and what follows guarded by mutex_
  std::vector<Buffer> frames_;
  bool is_told_ = false;
  std::thread thread_;
};

// The fields of a Protocol Buffers message: numbers as such, octets as text. Nothing comes twice in dnstap.
struct ProtobufFields {
  std::map<unsigned, std::uint64_t> numbers;
  std::map<unsigned, std::string> texts;
  bool is_whole = true;

  explicit ProtobufFields(Bytes octets) {
    std::size_t at = 0;
    const auto varint = [&] {
      std::uint64_t value = 0;
      for (unsigned shift = 0; at < octets.size(); shift += 7) {
        const Octet octet = octets[at++];
        value |= std::uint64_t{octet & 0x7fU} << shift;
        if (octet < 0x80) { return value; }
      }
      is_whole = false;
      return value;
    };
    while (is_whole && at < octets.size()) {
      const std::uint64_t key = varint();
      const auto field = static_cast<unsigned>(key >> 3U);
      if (numbers.contains(field) || texts.contains(field)) { is_whole = false; }
      switch (key & 7U) {
        case 0:
          numbers[field] = varint();
          break;
        case 2: {
          const std::uint64_t length = varint();
          if (length > octets.size() - at) {
            is_whole = false;
            break;
          }
          texts[field] = std::string(text_of(octets.subspan(at, length)));
          at += length;
          break;
        }
        case 5:
          if (octets.size() - at < 4) {
            is_whole = false;
            break;
          }
          for (unsigned i = 0; i < 4; ++i) { numbers[field] |= std::uint64_t{octets[at + i]} << (8 * i); }
          at += 4;
          break;
        default:
          is_whole = false;
      }
    }
  }
};

}  // namespace vouch
