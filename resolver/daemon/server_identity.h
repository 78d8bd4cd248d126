// What the encrypted listeners prove themselves with, over the life of the process: read or made at start, renewed
// while it runs. A pair that cannot be used never takes the place of one that can.
//
// Threads: the main thread's; what it hands out (holder, keys) is for all threads. Outlives the workers.
#pragma once

#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "resolver/wire/name.h"
#include "transports/listener_options.h"
#include "transports/quic/quic_secrets.h"
#include "transports/tls/identity.h"
#include "transports/tls/identity_files.h"
#include "transports/tls/ticket_keys.h"

namespace vouch {

// Whom clients connect to: the first name that others can look up. The root when the certificate has none, but bare
// host names, wildcards and addresses.
Name name_for_clients(const Identity& identity);

class ServerIdentity {
 public:
  // `state_dir`: where a relative server.tls.state_directory starts. Both are taken relative to the working directory
  // of now.
  ServerIdentity(const ListenerOptions& options, const std::string& state_dir);
  bool is_wanted() const noexcept;  // some encrypted listener is configured
  // The files that the operator names, with the privileges of the start. On failure a sentence for the operator.
  std::expected<void, std::string> read_named_files();
  // What we make for ourselves, as the user who will own it.
  std::expected<void, std::string> make_the_rest();
  void announce();  // what the two above have to tell, once the log is open
  // Takes a new pair when the files have changed, or could not be used the last time; `asked`: says so in any case.
  // Told in the log, what is wrong once for each change.
  void look_again(bool asked);

  const IdentityHolder& identities() const noexcept { return identities_; }
  std::shared_ptr<const TicketKeys> ticket_keys() const noexcept { return ticket_keys_; }
  // Filled by make_the_rest(), and only where there is a QUIC listener.
  bool has_quic_secrets() const noexcept { return !options_.quic.empty(); }
  const QuicSecrets& quic_secrets() const noexcept { return quic_secrets_; }

 private:
  bool is_named() const noexcept { return !options_.identity.certificate_file.empty(); }
  std::vector<std::string> own_names() const;
  std::expected<void, std::string> draw_quic_secrets();
  std::expected<void, std::string> make_own_pair();
  void look_at_own_pair(bool asked);
  void look_at_named_files(bool asked);
  void take(std::shared_ptr<const Identity> identity);
  void describe(const Identity& identity) const;

  const ListenerOptions& options_;
  IdentityHolder identities_;
  std::shared_ptr<const TicketKeys> ticket_keys_;
  QuicSecrets quic_secrets_;
  const std::string state_directory_;
  std::vector<std::pair<std::string_view, std::string>> remarks_;  // not told yet: event and text
  FileWatch files_;                                                // those that the operator named
  std::string problem_;                                            // of the last look, told already; empty: none
  std::string own_remark_;                                         // the last one on our own pair
  std::int64_t own_looked_at_ = 0;
  Name name_at_start_;  // what clients are told
};

}  // namespace vouch
