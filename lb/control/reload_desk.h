// The admin server's window for reloads: PUT /reload asks the master to read the configuration file again,
// GET /reload tells what came of it. It hears the master's other orders, too. Control process; a reload that succeeds ends with a new control process.
#pragma once

#include <functional>
#include <string>

#include "lb/control/admin_orders.h"
#include "lb/control/http_router.h"
#include "lb/ledger/ledger.h"
#include "lb/net/timer.h"

namespace finishline::control {

class ReloadDesk {
 public:
  /// `line` is this process's end of the line to the master. All outlive the desk. `end` is called when the
  /// master wants this process to end.
  ReloadDesk(net::Loop& loop, const ledger::Ledger& ledger, const AdminOrders& orders, int line,
             std::function<void()> end);

  /// 202 with the revision so far once the master has been asked; 401 or 403 without the token.
  HttpReply ask(const HttpRequest& request);
  /// {"revision": 3, "refused": 1, "problems": "..."}: what is in force, how many reloads changed nothing,
  /// and why the last of these did not, if this process saw it.
  HttpReply tell();

 private:
  void hear();

  const ledger::Ledger& ledger_;
  const AdminOrders& orders_;
  int line_;
  std::function<void()> end_;
  std::string problems_;
  net::Readable readable_;
};

}  // namespace finishline::control
