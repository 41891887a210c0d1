// Which configuration runs, and how another one takes its place: read by a child (config_reader.h), checked,
// begun, and followed until every worker has it, or taken back. Names of servers are looked up again now and
// then, and where that brings other addresses the configuration changes as by a reload. Master process.
//
//   next      being started, not all of its workers are up; none most of the time
//   current   in force; none only until the first one is up
//   leaving   workers of earlier generations, which finish what they have begun (child_table.h)
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lb/config/given_file.h"
#include "lb/config/source.h"
#include "lb/master/children.h"
#include "lb/master/config_reader.h"
#include "lb/master/control_change.h"
#include "lb/master/generation.h"
#include "lb/master/handover.h"
#include "lb/master/listen_sockets.h"
#include "lb/master/name_watch.h"
#include "lb/master/peer_change.h"
#include "lb/master/tls_shared.h"

namespace finishline::master {

class ConfigChange {
 public:
  /// `log_level` stands over what the file says. The others outlive this.
  ConfigChange(config::GivenFile file, std::optional<config::LogLevel> log_level, ledger::Ledger& ledger,
               ListenSockets& sockets, Children& children);

  const std::string& file() const { return given_.path; }

  /// The first configuration of this proxy, or the reason why it cannot be run.
  std::optional<std::string> found(config::Source source, config::Config config);
  /// Goes on with what the program before this one ran, and begins to change to this configuration. The
  /// reason why it can do neither.
  std::optional<std::string> inherit(const Handover& handover, config::Source source, config::Config config);

  /// All processes go on in the log file under its name, which may be another one now.
  void reopen_log();
  /// Has the file read again, and then begins to change to what it says; a log file that was moved away is
  /// followed by a new one in any case. Control is told that what it has asked for by the number `asked` has
  /// begun; 0: it has not asked. Precondition: no change is under way, and nothing is being read.
  void reload(std::uint32_t asked);
  /// Begins to change to what the file said when it was read last, under the overlay that is asked for
  /// (config/overlay.h). Control is told by the number of the asking when it is refused. Precondition: as
  /// above.
  void change_overlay(process::Order asked);
  /// Has the names of servers looked up again, when it is time. Precondition: as above.
  void look_again_if_due();
  /// Names need not be looked up now: a change that somebody has asked for goes first, and looks them up,
  /// too.
  void drop_look();
  /// A configuration has been in force: its workers were up.
  bool has_served() const { return current_ != nullptr; }
  bool under_way() const { return change_begun_at_.has_value(); }
  bool reading() const { return reader_.busy(); }
  /// Whether control or the peer process still works by an earlier configuration: rows of the ledger that
  /// they may write in must not be let anew (ledger/row_lease.h).
  bool helpers_behind() const { return current_ && (control_.behind(*current_) || peer_.behind(*current_)); }
  /// Looks after what is being read, and after the change that is under way.
  void follow();
  /// What becomes readable when there is something to follow; -1: nothing does.
  int reader_fd() const { return reader_.fd(); }
  /// How long until it has to be looked after, or names looked up, in any case.
  Nanos until_due() const;
  /// A worker of the generation that was to come will not live. False when that was not one of those.
  bool abandoned_for(const Child& child);

  /// By what a child is started.
  const Generation& generation_of(const Child& child) const;
  /// In force, or about to be.
  const Generation& serving() const { return current_ ? *current_ : *next_; }

  /// No change from now on, and all workers drain.
  void end();
  /// The service manager is told that all is well, with the news before it.
  void tell_ready(const std::string& news = "") const;

 private:
  config::Config with_log_level(config::Config config) const;
  void forget_secrets();
  void mark_helpers_older(const char* why) { control_.mark_older(), peer_.mark_older(why); }
  void take_reading();
  void change_to(config::Source source, bool renew_sockets);
  void plan_next_look();
  void change_in_place(std::unique_ptr<Generation> wanted);
  void begin(std::unique_ptr<Generation> wanted);
  void add_workers();
  void wait_for_room();
  bool make_room();
  void end_beyond_limit();
  bool end_oldest();
  bool all_confirmed(const Generation& generation) const;
  void complete();
  void replace_generation();
  void drain(std::uint32_t generation, const std::vector<std::string>& listeners,
             std::optional<Nanos> patience);
  std::vector<std::string> listeners_of(std::uint32_t number) const;
  void give_up();
  void kill_unconfirmed();
  void abandon_next(const std::string& reason);
  void refuse(const std::vector<std::string>& problems);
  void tell_refusal(const std::string& problems);

  const config::GivenFile given_;
  const std::string& file_ = given_.path;
  const std::optional<config::LogLevel> log_level_;
  ledger::Ledger& ledger_;
  ListenSockets& sockets_;
  Children& children_;
  std::unique_ptr<Generation> current_;
  std::unique_ptr<Generation> next_;
  std::optional<Instant> change_begun_at_;   // nothing: no change is under way
  std::optional<std::uint32_t> by_overlay_;  // the number by which change_overlay() was asked for what is
                                             // read or under way; nothing: it was not
  bool workers_wanted_ = false;              // next has none yet: there was no room for them
  TlsShared tls_;
  ControlChange control_;
  PeerChange peer_;
  ConfigReader reader_;
  NameWatch names_;
};

}  // namespace finishline::master
