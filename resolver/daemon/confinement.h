// What this process gives up once it serves, so that whoever takes it over by a malformed packet has gained little: the
// right to gain rights, all capabilities, most system calls (seccomp_filter.h) and all files that it has no business
// with (landlock.h). All of it is done by the process itself, without a service manager's help, and is for good.
//
// When: the sockets are bound, the files of the start are read, the user is the one who serves, and no other thread has
// been started yet: threads inherit all of it.
// Why it is taken all at once, and what that costs a running resolver: docs/decisions/0013.
#pragma once

#include <cstddef>
#include <expected>
#include <memory>
#include <string>
#include <vector>

#include "conf/configuration.h"
#include "resolver/daemon/landlock.h"
#include "resolver/daemon/seccomp_filter.h"

namespace vouch {

class ConfinementAudit;

class Confinement {
 public:
  Confinement();
  // Of the audit alone: what is called after that is refused.
  ~Confinement();
  Confinement(const Confinement&) = delete;
  Confinement& operator=(const Confinement&) = delete;

  // On failure a sentence: with ConfinementMode::required something is lacking, or the kernel refused what it offers.
  // Half of it may then be in force: the process has to end.
  std::expected<void, std::string> enter(ConfinementMode mode, const FileGrants& grants,
                                         SocketKinds sockets = SocketKinds::internet);

  // For people: "no capabilities, 60 system calls, files by Landlock 7"; "off".
  const std::string& text() const noexcept { return text_; }
  bool is_whole() const noexcept { return lacks_.empty(); }
  const std::vector<std::string>& lacks() const noexcept { return lacks_; }  // each a sentence without its full stop

 private:
  std::expected<void, std::string> take_files(const FileGrants& grants);
  std::expected<void, std::string> take_system_calls(bool audits, SocketKinds sockets);

  std::string text_ = "off";
  std::vector<std::string> lacks_;
  std::unique_ptr<ConfinementAudit> audit_;
};

// What the configuration needs to be read and written at run time. `narrow` are files without a folder of their own:
// they alone are granted, and what is put in their place later cannot be read.
struct ConfiguredGrants {
  FileGrants grants;
  std::vector<std::string> narrow;
};
// `working_directory`: where paths begin that do not begin with a slash.
ConfiguredGrants grants_of(const Configuration& configuration, const std::string& working_directory);

// The configuration's keys that name a file or a folder; for the test that none is forgotten.
std::vector<std::string_view> keys_with_paths();

}  // namespace vouch
