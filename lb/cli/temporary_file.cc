#include "lb/cli/temporary_file.h"

#include <unistd.h>

#include <cstdlib>
#include <fstream>

namespace finishline::cli {

TemporaryFile::TemporaryFile(const std::string& name, std::string_view text) : owner_(::getpid()) {
  const char* const base = std::getenv("TMPDIR");
  std::string pattern = std::string(base != nullptr && *base != '\0' ? base : "/tmp") + "/finishline-XXXXXX";
  if (::mkdtemp(pattern.data()) == nullptr) return;
  directory_ = pattern;
  const std::string path = directory_ + "/" + name;
  if (std::ofstream out(path); out << text << std::flush) path_ = path;
}

TemporaryFile::~TemporaryFile() {
  if (::getpid() != owner_ || directory_.empty()) return;
  if (!path_.empty()) ::unlink(path_.c_str());
  ::rmdir(directory_.c_str());
}

}  // namespace finishline::cli
