#include "lb/net/child_process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ctime>
#include <utility>

namespace finishline::net {
namespace {

constexpr int kNotRun = 127;

// What a process outside of the group may still hold is waited for so long.
constexpr Nanos kPatience = 500ms;

rlim_t whole_seconds(Nanos span) { return static_cast<rlim_t>((span + 1s - 1ns) / 1s); }

/// What the child needs between fork and exec, made before: there is no memory to be had in between.
class Image {
 public:
  explicit Image(const ChildCommand& command) : command_(command), arguments_(pointers(command.arguments)) {
    environment_ = pointers(command.environment);  // before ours: a program takes the first of two
    environment_.pop_back();
    for (char** name = environ; *name != nullptr; ++name) environment_.push_back(*name);
    environment_.push_back(nullptr);
  }

  /// In the child: becomes the program, with these as its standard descriptors.
  [[noreturn]] void become(pid_t parent, int input, int output, int errors) const {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(kNotRun);
    ::setpgid(0, 0);
    ::dup2(input, STDIN_FILENO);
    ::dup2(output, STDOUT_FILENO);
    ::dup2(errors, STDERR_FILENO);
    ::syscall(SYS_close_range, 3U, ~0U, 0U);
    set_limits();
    reset_signals();
    ::execve(command_.file.c_str(), arguments_.data(), environment_.data());
    const char* const reason = std::strerror(errno);
    static_cast<void>(::write(STDERR_FILENO, reason, std::strlen(reason)));
    ::_exit(kNotRun);
  }

 private:
  static std::vector<char*> pointers(const std::vector<std::string>& texts) {
    std::vector<char*> all;
    for (const std::string& text : texts) all.push_back(const_cast<char*>(text.c_str()));
    all.push_back(nullptr);
    return all;
  }
  void set_limits() const {
    if (command_.limits.memory_bytes) {
      const rlimit memory{*command_.limits.memory_bytes, *command_.limits.memory_bytes};
      ::setrlimit(RLIMIT_AS, &memory);
    }
    if (command_.limits.cpu) {
      const rlim_t seconds = whole_seconds(*command_.limits.cpu);
      const rlimit cpu{seconds, seconds + 1};
      ::setrlimit(RLIMIT_CPU, &cpu);
    }
  }
  static void reset_signals() {
    for (int number = 1; number < NSIG; ++number) ::signal(number, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
  }

  const ChildCommand& command_;
  std::vector<char*> arguments_;
  std::vector<char*> environment_;
};

/// No handler of ours runs in a child that is not yet another program.
template <class Make>
pid_t with_signals_blocked(Make make) {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  const pid_t pid = make();
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return pid;
}

}  // namespace

/// Three pipes, each with an end for the child.
struct ChildProcess::Pipes {
  int input[2] = {-1, -1};
  int output[2] = {-1, -1};
  int errors[2] = {-1, -1};

  bool open() {
    return ::pipe2(input, O_CLOEXEC) == 0 && ::pipe2(output, O_CLOEXEC) == 0 &&
           ::pipe2(errors, O_CLOEXEC) == 0;
  }
  static void close(int& fd) {
    if (fd >= 0) ::close(std::exchange(fd, -1));
  }
  void close_child_ends() {
    for (int* fd : {&input[0], &output[1], &errors[1]}) close(*fd);
  }
  void close_all() {
    close_child_ends();
    for (int* fd : {&input[1], &output[0], &errors[0]}) close(*fd);
  }
};

std::variant<std::unique_ptr<ChildProcess>, std::string> ChildProcess::start(Loop& loop,
                                                                             const ChildCommand& command,
                                                                             ChildEvents& events) {
  const Image image(command);
  Pipes pipes;
  const pid_t parent = ::getpid();
  pid_t pid = -1;
  if (pipes.open()) {
    pid = with_signals_blocked([&] {
      const pid_t made = ::fork();
      if (made == 0) image.become(parent, pipes.input[0], pipes.output[1], pipes.errors[1]);
      return made;
    });
  }
  const int pidfd = pid > 0 ? static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)) : -1;
  if (pidfd < 0) {
    const std::string reason = std::string("no process for a command: ") + std::strerror(errno);
    if (pid > 0) {
      ::kill(pid, SIGKILL);
      ::waitpid(pid, nullptr, 0);
    }
    pipes.close_all();
    return reason;
  }
  ::setpgid(pid, pid);  // the child does it, too: whoever comes first
  pipes.close_child_ends();
  return std::unique_ptr<ChildProcess>(new ChildProcess(loop, pid, pidfd, pipes, events));
}

ChildProcess::ChildProcess(Loop& loop, pid_t pid, int pidfd, const Pipes& pipes, ChildEvents& events)
    : events_(events),
      pid_(pid),
      pidfd_(pidfd),
      input_(loop, pipes.input[1]),
      output_(loop, pipes.output[0],
              [this](std::span<const std::byte> bytes) {
                bytes.empty() ? end_if_over() : events_.on_output(bytes);
              }),
      errors_(loop, pipes.errors[0],
              [this](std::span<const std::byte> bytes) {
                bytes.empty() ? end_if_over() : events_.on_errors(bytes);
              }),
      end_(std::in_place, loop, pidfd, [this] { on_ended(); }),
      patience_(loop, [this] {
        output_.close();
        errors_.close();
        events_.on_exit(status_);
      }) {}

ChildProcess::~ChildProcess() {
  end_.reset();
  if (!ended_) {
    ::kill(-pid_, SIGKILL);
    ::waitpid(pid_, &status_, 0);
  }
  ::close(pidfd_);
}

void ChildProcess::kill() {
  input_.close();
  if (!ended_) ::kill(-pid_, SIGKILL);
}

// The number of the group is its own until it is waited for: nobody else is hit.
void ChildProcess::on_ended() {
  ::kill(-pid_, SIGKILL);
  if (::waitpid(pid_, &status_, WNOHANG) != pid_) return;
  ended_ = true;
  killed_others_ = ::kill(-pid_, 0) == 0;  // who has just been killed is still there, or waited for by nobody
  end_.reset();
  input_.close();
  patience_.start(kPatience);
  end_if_over();
}

void ChildProcess::end_if_over() {
  if (ended_ && output_.ended() && errors_.ended()) patience_.start(0ns);
}

void ChildProcess::allow_cpu(Nanos span) {
  clockid_t clock{};
  timespec used{};
  if (ended_ || ::clock_getcpuclockid(pid_, &clock) != 0 || ::clock_gettime(clock, &used) != 0) return;
  const rlim_t most = whole_seconds(std::chrono::seconds(used.tv_sec) + Nanos(used.tv_nsec) + span);
  const rlimit cpu{most, RLIM_INFINITY};
  ::prlimit(pid_, RLIMIT_CPU, &cpu, nullptr);
}

std::string describe_exit(int status) {
  if (WIFEXITED(status)) return "exit status " + std::to_string(WEXITSTATUS(status));
  const int number = WTERMSIG(status);
  return "signal " + std::to_string(number) + " (" + ::strsignal(number) + ")";
}

}  // namespace finishline::net
