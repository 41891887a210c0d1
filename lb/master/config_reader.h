// Reads the configuration file, and looks up its names, in a child of its own: name servers and file systems
// take their time, and the master has none to give. Master process.
#pragma once

#include <sys/types.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "lb/config/room.h"
#include "lb/config/source.h"
#include "lb/process/descriptor.h"

namespace finishline::master {

class ConfigReader {
 public:
  /// Names that have not been answered after so long cannot be resolved; a system that has two name servers,
  /// of which the first is silent, has asked the second by then.
  static constexpr Nanos kNamePatience = 7s;
  /// A child that takes longer is killed.
  static constexpr Nanos kPatience = 12s;

  enum class What : std::uint8_t {
    file,       // all of it
    new_names,  // the same, but names that are known, if only as those that cannot be resolved, are not asked
                // for
    names,      // those of the text that is known
    overlay,    // another overlay over the text that is known; only names that are new are asked for
  };
  struct Outcome {
    What what = What::file;
    std::variant<config::Source, std::vector<std::string>> result;  // or every problem, fit for a user
    std::optional<config::Source> faulty{};  // what was read, where there are problems in it
    config::LeftOut left_out{};              // there is no room for them
    std::string changes_fault{};  // why changes that were kept before the start are not in it; "": they are

    /// nullptr: it could not be read.
    const config::Source* source() const {
      const auto* good = std::get_if<config::Source>(&result);
      return good != nullptr ? good : faulty ? &*faulty : nullptr;
    }
  };

  using AskRoom = std::function<config::Room()>;

  /// `in_child` lets go of what a reader has no business with. `room`, asked there, is that of a proxy that
  /// runs, in which names take what fits; without it more addresses than fit are a problem.
  explicit ConfigReader(std::function<void()> in_child = {}, AskRoom room = {})
      : in_child_(std::move(in_child)), room_(std::move(room)) {}
  /// Kills the child that is under way.
  ~ConfigReader() { give_up(); }
  ConfigReader(const ConfigReader&) = delete;
  ConfigReader& operator=(const ConfigReader&) = delete;

  /// Begins. What is `known` of names stays as keep_known() says; of it `file` is all that must be there. Its
  /// outcome is to be taken, also when nothing could be begun. Precondition: not busy.
  void begin(What what, config::Source known);
  bool busy() const { return busy_; }
  What what() const { return what_; }
  void give_up();
  /// Readable when there is something to take; -1: nothing is under way.
  int fd() const { return line_.get(); }
  pid_t pid() const { return pid_; }
  /// Nothing: not yet.
  std::optional<Outcome> take(Instant now);
  /// How long until its patience is over.
  Nanos until_overdue(Instant now) const { return std::max<Nanos>(0ns, begun_at_ + kPatience - now); }

 private:
  Outcome finish(std::variant<config::Source, std::vector<std::string>> result);
  Outcome good_outcome(std::string_view text);
  Outcome bad_outcome(std::string_view text);

  std::function<void()> in_child_;
  AskRoom room_;
  bool busy_ = false;
  What what_ = What::file;
  std::string file_;
  process::Descriptor line_;  // to the child
  pid_t pid_ = 0;
  Instant begun_at_{};
};

/// The file, read so, for one who can wait: before the proxy starts. Names that are `known` are not asked
/// for.
ConfigReader::Outcome read_and_wait(config::Source known);

}  // namespace finishline::master
