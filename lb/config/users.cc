#include "lb/config/users.h"

#include <grp.h>
#include <pwd.h>

namespace finishline::config {

void check_users(Draft& draft) {
  const Proxy& proxy = draft.config.proxy;
  if (!proxy.user.empty() && ::getpwnam(proxy.user.c_str()) == nullptr)
    draft.report("proxy.user", "there is no user '" + proxy.user + "'", "create it, or name another");
  if (!proxy.group.empty() && ::getgrnam(proxy.group.c_str()) == nullptr)
    draft.report("proxy.group", "there is no group '" + proxy.group + "'", "create it, or name another");
}

}  // namespace finishline::config
