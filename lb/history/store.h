// The past on disk: one SQLite file, in write-ahead mode, so that a process killed in the middle of a write
// leaves what was there before. One writer; readers open it beside. No thread here.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "lb/history/block.h"
#include "lb/history/tier.h"
#include "lb/history/time_mark.h"

struct sqlite3;

namespace finishline::history {

class Store {
 public:
  enum class Use : bool { read, write };
  /// The file history.db in this directory, made where it is not there; or the reason why not. A file that
  /// cannot be read as ours is put aside (history.db.broken), and a new one begun.
  static std::variant<Store, std::string> open(const std::string& directory, Use use);

  /// All blocks of one round are written at once, or none: begin(), put()..., commit().
  bool begin();
  void put(std::size_t tier, std::string_view series, std::int64_t start, const std::string& values,
           const std::string& histograms);
  /// Also forgets what is older than each tier keeps. False when it could not be written: error() says why.
  bool commit(std::int64_t now);

  struct Block {
    std::string values, histograms;
  };
  /// Empty where there is none.
  Block get(std::size_t tier, std::string_view series, std::int64_t start) const;
  std::vector<std::string> names() const;
  /// Writes them at once, or none, and forgets all but the latest; false when it could not.
  bool put(const std::vector<TimeMark>& marks);
  /// Those that are kept, the oldest first.
  std::vector<TimeMark> marks() const;
  /// Where what could not be read as ours was put when this was opened; "": there was nothing such.
  const std::string& put_aside() const { return put_aside_; }
  /// Why the last round, or the last call, failed.
  std::string error() const;

 private:
  struct Close {
    void operator()(sqlite3* database) const;
  };
  explicit Store(sqlite3* database) : database_(database) {}
  bool run(const char* statement) const;
  bool finish();
  void note(bool good);

  std::unique_ptr<sqlite3, Close> database_;
  std::string put_aside_;
  std::string failure_;  // of this round, the first; "": none
};

}  // namespace finishline::history
