// Where ngtcp2 calls us. Each callback finds the connection, takes note there, and lets no exception through.
#pragma once

#include <ngtcp2/ngtcp2.h>

namespace vouch {

// For every connection of ours; all of it is constant.
const ngtcp2_callbacks& quic_callbacks() noexcept;

}  // namespace vouch
