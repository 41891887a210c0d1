#include "lb/process/memory_text.h"

#include <sys/mman.h>
#include <sys/stat.h>

namespace finishline::process {

// One call takes 2 GiB at most, and may take less.

Descriptor memory_with(const char* name, std::string_view text, bool over_exec) {
  Descriptor memory(::memfd_create(name, over_exec ? 0 : MFD_CLOEXEC));
  if (!memory) return {};
  while (!text.empty()) {
    const ssize_t n = ::write(memory.get(), text.data(), text.size());
    if (n <= 0) return {};
    text.remove_prefix(static_cast<std::size_t>(n));
  }
  return memory;
}

std::optional<std::string> text_of_memory(int fd) {
  struct stat file {};
  if (::fstat(fd, &file) != 0) return std::nullopt;
  std::string text(static_cast<std::size_t>(file.st_size), '\0');
  for (std::size_t done = 0; done < text.size();) {
    const ssize_t n = ::pread(fd, text.data() + done, text.size() - done, static_cast<off_t>(done));
    if (n <= 0) return std::nullopt;
    done += static_cast<std::size_t>(n);
  }
  return text;
}

}  // namespace finishline::process
