// A client's address as samples of sources have it. Worker process.
#pragma once

#include <algorithm>
#include <cstddef>

#include "lb/address/address.h"
#include "lb/ledger/source_samples.h"

namespace finishline::worker {

/// All zero for one that has no host: it came over a socket in the file system.
inline ledger::SourceHost source_host(const net::Address& client) {
  constexpr std::byte kOnes{0xff};
  ledger::SourceHost bytes{};
  const std::span<const std::byte> host = client.host();
  if (host.size() == 4) bytes[10] = bytes[11] = kOnes;
  if (host.size() <= bytes.size()) std::ranges::copy_backward(host, bytes.end());
  return bytes;
}

}  // namespace finishline::worker
