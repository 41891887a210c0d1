#include "lb/master/socket_file.h"

#include <grp.h>
#include <pwd.h>

#include "lb/config/unix_rules.h"

namespace finishline::master {

net::UnixFile socket_file_of(const config::Listener& listener) {
  net::UnixFile file;
  file.mode = config::file_mode(listener.unix_mode).value_or(file.mode);
  const passwd* const user = listener.unix_user.empty() ? nullptr : ::getpwnam(listener.unix_user.c_str());
  if (user != nullptr) file.owner = user->pw_uid;
  const group* const its_group =
      listener.unix_group.empty() ? nullptr : ::getgrnam(listener.unix_group.c_str());
  if (its_group != nullptr) file.group = its_group->gr_gid;
  return file;
}

}  // namespace finishline::master
