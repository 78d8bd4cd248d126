// Finds out what a confined process would miss: system calls that the filter does not allow are let through, and told
// in the log, each once. For whoever changes the list of calls, or has a C library that it does not know yet.
//
// A thread of its own, which is not confined, answers for the others: a call first goes on, and only then is told, so
// that a caller who holds a lock of the log or of the allocator is not waited for.
#pragma once

#include <expected>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "resolver/daemon/seccomp_filter.h"
#include "transports/socket.h"

namespace vouch {

class ConfinementAudit {
 public:
  // From now on calls of this thread, and of those it starts, are reported. On failure a sentence.
  static std::expected<std::unique_ptr<ConfinementAudit>, std::string> start(SocketKinds sockets);
  ~ConfinementAudit();
  ConfinementAudit(const ConfinementAudit&) = delete;
  ConfinementAudit& operator=(const ConfinementAudit&) = delete;

 private:
  explicit ConfinementAudit(Socket stop) : stop_(std::move(stop)) {}
  void listen();

  Socket stop_;      // an eventfd
  Socket listener_;  // of the filter
  std::thread thread_;
};

}  // namespace vouch
