// Addresses of this machine to connect from, one after the other: towards one address and port each of them
// has about 28,000 ports (ip_local_port_range). Pure; any process.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "lb/net/socket.h"

namespace finishline::net {

class SourceAddresses {
 public:
  /// None: the kernel chooses. `first` is the turn with which it begins.
  explicit SourceAddresses(std::vector<Address> addresses = {}, std::size_t first = 0)
      : addresses_(std::move(addresses)), turn_(first) {}

  /// For TcpStream::connect(); of no family when there are none.
  Address next() { return addresses_.empty() ? Address() : addresses_[turn_++ % addresses_.size()]; }

  /// Whose turn it is does not matter.
  bool operator==(const SourceAddresses& other) const { return addresses_ == other.addresses_; }

 private:
  std::vector<Address> addresses_;
  std::size_t turn_;
};

}  // namespace finishline::net
