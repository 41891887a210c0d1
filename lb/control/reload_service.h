// The line to the master, and the admin server's window for reloads and upgrades: PUT /reload asks the master
// to read the configuration file again, GET /reload tells what came of it. Control process.
//
// One reload comes after the other, so an outcome may be that of one that was under way when this one was
// asked for. Therefore every asking has a number, and the master says when it has begun with what was asked
// by then: the first outcome beyond what was counted at that time is the one that was asked for. When the
// next change begins, that outcome is kept, for more may be counted before anybody looks.
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "lb/http/message.h"
#include "lb/ledger/ledger.h"
#include "lb/ledger/revision.h"
#include "lb/net/timer.h"
#include "lb/process/order.h"

namespace finishline::control {

class ReloadService {
 public:
  /// `line` is this process's end of the line to the master, whose orders `obey` is given,
  /// but for those about the outcome of a reload and the log. All outlive the desk.
  /// `file` is the one that the master reads.
  ReloadService(net::Loop& loop, const ledger::Ledger& ledger, int line, const std::string& file,
                std::function<void(const process::Order&)> obey);

  /// 202 and what tell() says, with the number of this asking, once the master has been asked.
  http::HttpReply ask();
  /// The same of an upgrade: the master tries its program file as it is by now, and becomes it. Its outcome
  /// is counted as that of a reload, its number among upgrades.
  http::HttpReply ask_upgrade();
  /// The master is asked to work by this overlay (config/overlay.h), and refuses it by this number; false
  /// when it cannot be.
  bool send(std::uint32_t number, const std::string& overlay) const;
  /// {"file": "/etc/finishline.toml", "revision": 3, "refused": 1, "problems": "...", "control": 4242,
  /// "asked": 2, "begun": {"asked": 2, "revision": 2, "refused": 1}, "ended": {"asked": 1, "refused": true,
  /// "revision": 2, "problems": "..."}, "upgrade": {"asked": 0, "begun": ..., "ended": ...}}: what the master
  /// reads, what is in force, how many reloads changed nothing, and why the last of these did not, if this
  /// process saw it; then this process, whose numbers these are, the last asking, the last that has begun,
  /// with what was counted before it, and the last that had ended when another change began, with what came
  /// of it.
  http::HttpReply tell();

 private:
  /// Of one kind of change.
  struct Askings {
    std::uint32_t asked = 0;
    std::uint32_t begun = 0;
    ledger::RevisionStatus before_begun{};
    std::string problems;  // of what has begun last
    struct Ended {
      std::uint32_t asked = 0;
      bool refused = false;
      std::uint32_t revision = 0;
      std::string problems;
    } ended;  // the last that was over when another change began, of either kind

    void begin(std::uint32_t number, const ledger::RevisionStatus& before);
    void end(const ledger::RevisionStatus& after);
    nlohmann::ordered_json told() const;
  };

  http::HttpReply ask(Askings& askings, process::Order::Kind kind);
  void read_answers();
  void take(process::Order order);
  void begin(Askings& askings, const process::Order& order);

  const ledger::Ledger& ledger_;
  int line_;
  std::string file_;
  std::function<void(const process::Order&)> obey_;
  std::string problems_;
  Askings reloads_, upgrades_;
  Askings* last_begun_ = nullptr;  // one of these
  net::Readable readable_;
};

}  // namespace finishline::control
