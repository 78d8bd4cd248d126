// The way to vouchd: its control socket, a line of JSON to it and lines back (docs/control.md).
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "vouchctl/text.h"

namespace vouch {

class CtlClient {
 public:
  // The error is for the operator: what is in the way, and what to do about it.
  static std::expected<CtlClient, std::string> connect(const std::string& socket_path);
  CtlClient(CtlClient&& other) noexcept;
  CtlClient& operator=(CtlClient&&) = delete;
  ~CtlClient();

  // False when the daemon has hung up: it may still have said why.
  bool ask(const Json& request);
  // The next line; waits for it at most as long as the daemon takes to answer at all, or for ever when `is_live`. The
  // error is a sentence.
  std::expected<Json, std::string> line(bool is_live);

 private:
  explicit CtlClient(int fd) : fd_(fd) {}
  int fd_;
  std::string read_;
  std::size_t taken_ = 0;  // octets of read_
};

}  // namespace vouch
