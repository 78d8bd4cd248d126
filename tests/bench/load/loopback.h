// Where load may go: this machine, and nowhere else.
#pragma once

#include <netinet/in.h>
#include <cstdint>
#include <expected>
#include <string>

namespace vouch::load {

// An address within 127.0.0.0/8 for connect(); the error says what is wrong with it.
std::expected<sockaddr_in, std::string> loopback(const std::string& address, std::uint16_t port);

}  // namespace vouch::load
