// Changes of the configuration while the proxy runs, asked for over the admin server: judged by the rules of
// the file, sent to the master, and answered once they are in force, one after the other. Control process.
//
// What is changed is an overlay over the file (config/overlay.h). The master puts both in force as it does a
// reload; when control is told of it, the overlay is kept in proxy.state_dir, from where a start takes it.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "lb/config/overlay.h"
#include "lb/config/source.h"
#include "lb/control/kept_file.h"
#include "lb/http/error_reply.h"
#include "lb/http/later_reply.h"
#include "lb/net/loop.h"
#include "lb/net/timer.h"

namespace finishline::control {

class ChangeService {
 public:
  static constexpr Nanos kPatience = 20s;                          // for the master, of who has asked
  static constexpr Nanos kLongPatience = std::chrono::minutes(5);  // after which the next change may begin

  /// `send` an overlay to the master, with the number by which it is refused; false when it cannot be.
  /// `source` is what is in force.
  ChangeService(net::Loop& loop, const config::Source& source,
                std::function<bool(std::uint32_t number, const std::string& overlay)> send,
                Nanos patience = kPatience, Nanos long_patience = kLongPatience);

  struct Change {
    /// Alters the overlay; a reply that refuses it. `document` is what is in force.
    std::function<std::optional<http::HttpReply>(const config::Table& document, config::Overlay& overlay)>
        edit;
    /// Of mistakes, the key before which there is no more to say: "server[3]", "cost".
    std::function<std::string(const config::Table& document)> part;
    /// What is in force now; gets "revision", and "survives_restart" where it does not say that itself.
    std::function<nlohmann::ordered_json(const config::Table& document)> answer;
    int status = 200;
    bool adopted = false;  // from another proxy: nobody here has asked for it
  };
  /// The reply to a request for it, which comes later: `status` with the answer, 400 or 409 in the shape of
  /// http::error_reply() when it is refused, 503 when the master is silent. It may come into force even so,
  /// and until the master has said what became of it, or for kLongPatience, every other is 503 and not begun.
  http::HttpReply ask(Change change);

  /// Called when another source is in force, before whoever has asked for it is answered; `adopted`: by a
  /// change that was.
  void watch(std::function<void(bool adopted)> watcher) { watcher_ = std::move(watcher); }

  // Told by the master:

  /// This is in force.
  void change_to(const config::Source& source, std::uint32_t revision);
  /// What was sent by this number changed nothing; problems, a line each.
  void refused(std::uint32_t number, const std::string& problems);

  const config::Source& source() const { return source_; }
  /// What is in force: the file as it was read, and the changes.
  config::Table document() const;
  /// The same with the environment variables that stand in the file, not with their values.
  config::Table document_as_written() const;
  config::Overlay overlay() const;
  /// What the file alone says, as it was read.
  config::Table document_of_file() const;
  /// Whether a restart begins with the changes that are in force.
  bool survives() { return kept_.keep(source_.overlay); }
  /// Why the last survives() said no; "" where it said yes.
  const std::string& why_not_kept() const { return kept_.why_not(); }

 private:
  struct Asked {
    Change change;
    std::shared_ptr<http::LaterReply> reply;
  };

  void begin_next();
  bool begin(const Asked& asked);
  std::optional<http::HttpReply> judge(const Change& change, const config::Source& wanted) const;
  http::HttpReply answer_of(const Change& change);
  void finish(http::HttpReply reply);
  void lose_patience();

  config::Source source_;
  KeptFile kept_;
  std::uint32_t revision_ = 0;
  std::function<bool(std::uint32_t, const std::string&)> send_;
  std::deque<Asked> asked_;            // the first is under way
  std::optional<std::string> wanted_;  // its overlay; nothing: none is under way
  std::uint32_t number_;  // of what was sent last; begins anywhere: another control process may have asked
  bool late_ = false;     // who has asked for what is under way was answered 503
  std::function<void(bool)> watcher_;
  const Nanos short_patience_, long_patience_;
  net::Timer patience_;
};

}  // namespace finishline::control
