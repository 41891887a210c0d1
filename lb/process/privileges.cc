#include "lb/process/privileges.h"

#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace finishline::process {
namespace {

struct Identity {
  uid_t uid = 0;
  gid_t gid = 0;
};

/// Nothing when a name is unknown: it was known when the configuration was checked.
std::optional<Identity> identity_of(const config::Proxy& proxy) {
  Identity identity{.uid = ::getuid(), .gid = ::getgid()};
  if (!proxy.user.empty()) {
    const passwd* const entry = ::getpwnam(proxy.user.c_str());
    if (entry == nullptr) return std::nullopt;
    identity = {entry->pw_uid, entry->pw_gid};
  }
  if (!proxy.group.empty()) {
    const group* const entry = ::getgrnam(proxy.group.c_str());
    if (entry == nullptr) return std::nullopt;
    identity.gid = entry->gr_gid;
  }
  return identity;
}

bool become(const config::Proxy& proxy, const Identity& identity) {
  const bool groups_set = proxy.user.empty() ? ::setgroups(1, &identity.gid) == 0
                                             : ::initgroups(proxy.user.c_str(), identity.gid) == 0;
  return groups_set && ::setresgid(identity.gid, identity.gid, identity.gid) == 0 &&
         ::setresuid(identity.uid, identity.uid, identity.uid) == 0;
}

/// Believed only when the kernel says so, and when there is no way back.
bool is(const Identity& identity) {
  uid_t real_user = 0, user = 0, saved_user = 0;
  gid_t real_group = 0, group = 0, saved_group = 0;
  ::getresuid(&real_user, &user, &saved_user);
  ::getresgid(&real_group, &group, &saved_group);
  const bool same = real_user == identity.uid && user == identity.uid && saved_user == identity.uid &&
                    real_group == identity.gid && group == identity.gid && saved_group == identity.gid;
  return same && (identity.uid == 0 || ::setuid(0) != 0);
}

}  // namespace

std::optional<std::string> drop_privileges(const config::Proxy& proxy) {
  if (::geteuid() != 0 || (proxy.user.empty() && proxy.group.empty())) return std::nullopt;
  const pid_t parent = ::getppid();
  const auto identity = identity_of(proxy);
  if (!identity) return "user '" + proxy.user + "' or group '" + proxy.group + "' is unknown";
  if (!become(proxy, *identity)) return std::string("cannot change user or group: ") + std::strerror(errno);
  if (!is(*identity)) return "user and group are not what they were to become";
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // a change of user has cleared it
  if (::getppid() != parent) return "the master is gone";
  return std::nullopt;
}

}  // namespace finishline::process
