#include "lb/process/command.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/close_range.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>

namespace finishline::process {
namespace {

constexpr int kCommandNotRun = 127;

/// Standard input is empty, output and errors go to the log.
bool open_streams(const std::string& log) {
  const int nothing = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  const int out =
      log.empty() ? nothing : ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
  if (nothing < 0 || out < 0) return false;
  return ::dup2(nothing, STDIN_FILENO) >= 0 && ::dup2(out, STDOUT_FILENO) >= 0 &&
         ::dup2(out, STDERR_FILENO) >= 0;
}

bool limit(int resource, std::uint64_t value) {
  const rlimit both{value, value};
  return value == 0 || ::setrlimit(static_cast<__rlimit_resource_t>(resource), &both) == 0;
}

bool become_user(const std::string& user) {
  if (user.empty() || ::geteuid() != 0) return true;
  const pid_t parent = ::getppid();
  const passwd* const entry = ::getpwnam(user.c_str());
  if (entry == nullptr || ::initgroups(user.c_str(), entry->pw_gid) != 0 ||
      ::setresgid(entry->pw_gid, entry->pw_gid, entry->pw_gid) != 0 ||
      ::setresuid(entry->pw_uid, entry->pw_uid, entry->pw_uid) != 0)
    return false;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // a change of user has cleared it
  return ::getppid() == parent;
}

/// What its parent ignores the command does not know of.
void reset_signals() {
  for (int number = 1; number < NSIG; ++number)
    if (number != SIGKILL && number != SIGSTOP) ::signal(number, SIG_DFL);
}

int fail(const char* what) {
  std::fprintf(stderr, "%s: %s\n", what, std::strerror(errno));
  return kCommandNotRun;
}

/// Where execvp(3) would find it; "" when nowhere.
std::string found_in_path(const std::string& program) {
  if (program.find('/') != std::string::npos) return program;
  const char* const path = std::getenv("PATH");
  std::istringstream folders(path == nullptr ? "/bin:/usr/bin" : path);
  std::string there;
  for (std::string folder; std::getline(folders, folder, ':');) {
    const std::string file = (folder.empty() ? "." : folder) + '/' + program;
    if (::access(file.c_str(), X_OK) == 0) return file;
    if (there.empty() && ::access(file.c_str(), F_OK) == 0) there = file;
  }
  return there;
}

/// Of a script the program that reads it; "" of any other.
std::string interpreter_of(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  std::string line(256, '\0');
  in.read(line.data(), static_cast<std::streamsize>(line.size()));
  line.resize(static_cast<std::size_t>(in.gcount()));
  if (!line.starts_with("#!")) return "";
  std::istringstream words(line.substr(2, line.find('\n') - 2));
  std::string program;
  words >> program;
  return program;
}

/// "" when it can be run.
std::string fault_of_file(const std::string& file) {
  struct stat status {};
  if (::stat(file.c_str(), &status) != 0) return std::strerror(errno);
  if (S_ISDIR(status.st_mode)) return std::strerror(EISDIR);
  return ::access(file.c_str(), X_OK) == 0 ? "" : std::strerror(errno);
}

}  // namespace

std::string fault_of_program(const std::string& program) {
  const std::string file = found_in_path(program);
  if (file.empty()) return program + ": there is no such program in PATH";
  if (const std::string why = fault_of_file(file); !why.empty()) return program + ": " + why;
  const std::string reader = interpreter_of(file);
  const std::string why = reader.empty() ? "" : fault_of_file(reader);
  return why.empty() ? "" : program + ": it is for " + reader + ": " + why;
}

int run_command(const ExecCommand& command) {
  ::setpgid(0, 0);
  if (!open_streams(command.log)) return fail(command.log.c_str());
  if (!limit(RLIMIT_AS, command.max_memory)) return fail("max_memory");
  if (!limit(RLIMIT_NOFILE, command.max_files)) return fail("max_files");
  if (!become_user(command.user)) return fail(command.user.c_str());
  reset_signals();
  ::close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
  std::vector<char*> words;
  for (const std::string& word : command.words) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  ::execvp(words.front(), words.data());
  return fail(words.front());
}

std::string with_place(std::string text, const std::string& name, const std::string& type,
                       std::uint16_t port) {
  const std::pair<const char*, std::string> places[] = {{"{name}", name},
                                                        {"{type}", type},
                                                        {"{port}", std::to_string(port)},
                                                        {"{address}", "127.0.0.1:" + std::to_string(port)}};
  for (const auto& [place, value] : places) {
    for (auto at = text.find(place); at != std::string::npos; at = text.find(place, at + value.size()))
      text.replace(at, std::strlen(place), value);
  }
  return text;
}

}  // namespace finishline::process
