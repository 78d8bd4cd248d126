#include "transports/quic/worker_steering.h"

#include <linux/filter.h>
#include <sys/socket.h>

namespace vouch {

bool steer_by_connection_id(const Socket& bound, unsigned workers) noexcept {
  // The program sees the UDP payload. RFC 8999 section 5: a long header (highest bit set) holds version and length of
  // the id before the id itself, a short one begins with the id after one octet. A datagram that is too short for
  // either ends the program with 0 (the kernel's rule for loads beyond the end): the first worker drops it.
  sock_filter program[] = {
      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 0), BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x80, 0, 2),
      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 6), BPF_STMT(BPF_JMP | BPF_JA, 1),
      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 1), BPF_STMT(BPF_ALU | BPF_MOD | BPF_K, workers),
      BPF_STMT(BPF_RET | BPF_A, 0),
  };
  const sock_fprog filter{.len = sizeof program / sizeof *program, .filter = program};
  return setsockopt(bound.fd(), SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &filter, sizeof filter) == 0;
}

}  // namespace vouch
