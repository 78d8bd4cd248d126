#include "resolver/daemon/service_manager.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "transports/socket.h"

namespace vouch {

namespace {

Socket connected;  // for as long as the process lives
std::optional<Duration> patience;

std::optional<std::uint64_t> number_in_environment(const char* name) noexcept {
  const char* const text = std::getenv(name);
  if (text == nullptr) { return std::nullopt; }
  std::uint64_t number = 0;
  const char* const end = text + std::strlen(text);
  const auto [last, error] = std::from_chars(text, end, number);
  return error == std::errc() && last == end ? std::optional(number) : std::nullopt;
}

Socket connect_to(const char* path) noexcept {
  sockaddr_un address{};
  const std::size_t length = std::strlen(path);
  if ((path[0] != '/' && path[0] != '@') || length >= sizeof address.sun_path) { return Socket(); }
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path, length);
  if (path[0] == '@') { address.sun_path[0] = '\0'; }  // the abstract namespace
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + length);
  Socket socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket.is_open() || ::connect(socket.fd(), reinterpret_cast<const sockaddr*>(&address), size) != 0) {
    return Socket();
  }
  return socket;
}

}  // namespace

void reach_service_manager() noexcept {
  const char* const path = std::getenv("NOTIFY_SOCKET");
  if (path == nullptr) { return; }
  connected = connect_to(path);
  // Beyond a day it is no watchdog, and our arithmetic should not meet what somebody mistyped.
  constexpr std::uint64_t kLongest = 86'400'000'000;
  const auto microseconds = number_in_environment("WATCHDOG_USEC");
  const auto process = number_in_environment("WATCHDOG_PID");
  const bool is_ours = !process || *process == static_cast<std::uint64_t>(::getpid());
  if (connected.is_open() && is_ours && microseconds && *microseconds > 0 && *microseconds <= kLongest) {
    patience = std::chrono::microseconds(*microseconds);
  }
}

void notify_service_manager(std::string_view state) noexcept {
  if (!connected.is_open()) { return; }
  const auto sent = ::send(connected.fd(), state.data(), state.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  (void)sent;  // nobody to tell of it
}

std::optional<Duration> watchdog_patience() noexcept { return patience; }

}  // namespace vouch
