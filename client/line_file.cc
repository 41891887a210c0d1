#include "client/line_file.h"

#include <cerrno>
#include <cstring>

namespace finishline::client {
namespace {

constexpr std::size_t kPiece = 256 * 1024;

}  // namespace

std::variant<LineFile, std::string> LineFile::create(const std::string& path, std::string_view first_line) {
  std::FILE* file = std::fopen(path.c_str(), "we");
  if (file == nullptr) return "cannot write " + path + ": " + std::strerror(errno);
  std::setvbuf(file, nullptr, _IONBF, 0);
  LineFile lines(file);
  lines.pending_.append(first_line).push_back('\n');
  return lines;
}

LineFile::~LineFile() {
  if (file_) close();
}

std::string& LineFile::pending() {
  if (pending_.size() >= kPiece) flush();
  return pending_;
}

void LineFile::flush() {
  errno = 0;
  const std::size_t written = std::fwrite(pending_.data(), 1, pending_.size(), file_.get());
  if (written != pending_.size() && error_ == 0) error_ = errno == 0 ? EIO : errno;
  pending_.clear();
}

std::string LineFile::close() {
  flush();
  if (std::fclose(file_.release()) != 0 && error_ == 0) error_ = errno;
  return error_ == 0 ? std::string() : std::strerror(error_);
}

}  // namespace finishline::client
