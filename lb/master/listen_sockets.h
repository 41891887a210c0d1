// The listening sockets of the proxy, by the place that they are bound to. A socket stays open for as long as
// the configuration has a listener there, over reloads and changes of the program, and with it its queue of
// connections. Master process.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "lb/config/config.h"
#include "lb/process/descriptor.h"
#include "lb/process/heritage.h"

namespace finishline::master {

class ListenSockets {
 public:
  /// The sockets that the program before this one had, by its places(), and those of them that were given().
  void adopt(const std::vector<std::pair<std::string, int>>& sockets, const std::vector<std::string>& given);
  /// One that the service manager has opened. It is told apart from now on: the file of a Unix socket, its
  /// owner and mode are the manager's.
  void adopt_given(int fd);

  /// Opens what `config` needs and is not open. The reason why not, naming the key; then nothing has changed.
  std::optional<std::string> open_for(const config::Config& config);
  /// Precondition for both: open_for(config) was good.
  std::vector<process::ListenSocket> listeners(const config::Config& config) const;
  int admin(const config::Config& config) const;  // -1: off

  /// Places that `config` has no use for.
  std::vector<std::string> unused(const config::Config& config) const;
  void close_unused(const config::Config& config);
  /// Nobody is to connect any more: the files of Unix sockets go, too.
  void close_all();
  void close_all_but(const std::vector<int>& fds);

  const std::map<std::string, process::Descriptor>& places() const { return sockets_; }
  /// Those that the service manager has opened.
  const std::set<std::string>& given() const { return given_; }

 private:
  void remove_file_of(const std::string& place) const;

  std::map<std::string, process::Descriptor> sockets_;
  std::set<std::string> given_;
};

/// Listeners of `before` whose sockets `after` has no use for.
std::vector<std::string> listeners_lost(const config::Config& before, const config::Config& after);

}  // namespace finishline::master
