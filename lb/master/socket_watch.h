// Whether clients still find the Unix sockets that the proxy listens at: looks at the files about once a
// second, and tells when one is lost, and when it is back. Master process.
#pragma once

#include <set>
#include <string>

#include "lb/master/listen_sockets.h"
#include "proto/units.h"

namespace finishline::master {

class SocketWatch {
 public:
  void look(const ListenSockets& sockets, Instant now);

 private:
  Instant next_look_{};
  std::set<std::string> lost_;  // places that have been told of
};

}  // namespace finishline::master
