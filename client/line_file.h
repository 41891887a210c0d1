// A text file that is written line by line: traces and reply logs.
#pragma once

#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

namespace finishline::client {

/// Writes lines to a file in large pieces.
class LineFile {
 public:
  /// The string is the reason why the file cannot be written.
  static std::variant<LineFile, std::string> create(const std::string& path, std::string_view first_line);
  LineFile(LineFile&&) = default;
  LineFile& operator=(LineFile&&) = default;
  ~LineFile();

  /// What the next line is to be appended to, line end included.
  std::string& pending();
  /// Writes out what there is.
  void flush();
  /// Writes out everything; the reason why that failed, now or earlier, or "".
  std::string close();

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  explicit LineFile(std::FILE* file) : file_(file) {}

  std::unique_ptr<std::FILE, Close> file_;
  std::string pending_;
  int error_ = 0;  // errno of the first failure
};

}  // namespace finishline::client
