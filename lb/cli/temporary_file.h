// A file that is there for as long as this object. Any process.
#pragma once

#include <string>
#include <string_view>

namespace finishline::cli {

/// Owned by one process: a child that is forked meanwhile does not take it away.
class TemporaryFile {
 public:
  /// In a directory of its own, under $TMPDIR or /tmp, readable by nobody else. path() is "" when it cannot
  /// be made.
  TemporaryFile(const std::string& name, std::string_view text);
  ~TemporaryFile();
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string directory_;
  std::string path_;
  int owner_;
};

}  // namespace finishline::cli
