// The line to the master, and the admin server's window for reloads: PUT /reload asks the master to read the
// configuration file again, GET /reload tells what came of it. Control process.
#pragma once

#include <functional>
#include <string>

#include "lb/control/admin_api.h"
#include "lb/control/http_router.h"
#include "lb/ledger/ledger.h"
#include "lb/net/timer.h"
#include "lb/process/order.h"

namespace finishline::control {

class ReloadService {
 public:
  /// `line` is this process's end of the line to the master, whose orders `obey` is given,
  /// but for those about the outcome of a reload and the log. All outlive the desk.
  ReloadService(net::Loop& loop, const ledger::Ledger& ledger, const AdminApi& orders, int line,
                std::function<void(const process::Order&)> obey);

  /// 202 with the revision so far once the master has been asked; 401 or 403 without the token.
  HttpReply ask(const HttpRequest& request);
  /// {"revision": 3, "refused": 1, "problems": "..."}: what is in force, how many reloads changed nothing,
  /// and why the last of these did not, if this process saw it.
  HttpReply tell();

 private:
  void read_answers();

  const ledger::Ledger& ledger_;
  const AdminApi& orders_;
  int line_;
  std::function<void(const process::Order&)> obey_;
  std::string problems_;
  net::Readable readable_;
};

}  // namespace finishline::control
