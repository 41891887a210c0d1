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
#include "lb/ledger/listener_row.h"
#include "lb/net/unix_file.h"
#include "lb/process/descriptor.h"
#include "lb/process/heritage.h"

namespace finishline::master {

class ListenSockets {
 public:
  /// The files of Unix sockets that this program has made, by place.
  using Files = std::map<std::string, net::UnixFileId>;

  /// The sockets that the program before this one had, by its places(), those of them that were given(), and
  /// its files(); where it tells of none, the file that is there now is taken for the socket's.
  void adopt(const std::vector<std::pair<std::string, int>>& sockets, const std::vector<std::string>& given,
             const Files& files);
  /// One that the service manager has opened. It is told apart from now on: the file of a Unix socket, its
  /// owner and mode are the manager's.
  void adopt_given(int fd);

  /// Opens what `config` needs and is not open. The reason why not, naming the key; then nothing has changed.
  std::optional<std::string> open_for(const config::Config& config);
  /// Opens anew the Unix sockets of `config` whose file somebody has removed, or put another in the place of.
  /// Whoever has the old ones goes on with them until settle() or take_back(), of which one must follow. The
  /// reason why not, naming the key; then nothing has changed.
  std::optional<std::string> renew_lost(const config::Config& config);
  /// Places that were opened anew, and neither settled nor taken back.
  bool renewed() const { return !before_.empty(); }
  bool renewed_admin(const config::Config& config) const;
  /// Places of Unix sockets that nobody can connect to: the file is gone, or another one.
  std::vector<std::string> lost() const;
  /// Whose they are in `config`.
  ledger::LostSockets lost_of(const config::Config& config) const;
  /// Precondition for both: open_for(config) was good.
  std::vector<process::ListenSocket> listeners(const config::Config& config) const;
  int admin(const config::Config& config) const;  // -1: off

  /// Places that `config` has no use for.
  std::vector<std::string> unused(const config::Config& config) const;
  /// This configuration is in force: what it has no use for is closed, and what was opened anew has taken the
  /// place of what was before. Who still has the old ones is to take what waits there first.
  void settle(const config::Config& config);
  /// This configuration stays in force: what was opened for another one is closed, or as it was again.
  void take_back(const config::Config& config);
  /// Nobody is to connect any more: the files of Unix sockets go, too.
  void close_all();
  void close_all_but(const std::vector<int>& fds);

  const std::map<std::string, process::Descriptor>& places() const { return sockets_; }
  /// Those that the service manager has opened.
  const std::set<std::string>& given() const { return given_; }
  const Files& files() const { return files_; }

  /// Listeners of `before` whose sockets `after` has no use for, or has opened anew.
  std::vector<std::string> listeners_lost(const config::Config& before, const config::Config& after) const;

 private:
  bool is_lost(const std::string& place) const;
  void keep(const std::string& place, process::Descriptor socket);
  void restore_before();
  void close_unused(const config::Config& config);
  void remove_file_of(const std::string& place) const;

  std::map<std::string, process::Descriptor> sockets_;
  std::map<std::string, process::Descriptor> before_;  // those that were opened anew, as they were
  std::set<std::string> given_;
  Files files_;
};

}  // namespace finishline::master
