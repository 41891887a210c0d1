#include "lb/master/handover.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>

namespace finishline::master {
namespace {

constexpr const char* kVariable = "FINISHLINE_HANDOVER";
constexpr std::string_view kFirstLine = "finishline-handover 1";

/// Takes what stands before the next `end`, and the end; all of it when there is none.
std::string_view take(std::string_view& text, char end) {
  const auto at = text.find(end);
  const std::string_view part = text.substr(0, at);
  text.remove_prefix(at == std::string_view::npos ? text.size() : at + 1);
  return part;
}

template <class Number>
bool take_number(std::string_view& text, Number& number) {
  const std::string_view digits = take(text, ' ');
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return error == std::errc{} && end == digits.data() + digits.size();
}

std::int64_t ns(Instant instant) { return instant.time_since_epoch().count(); }

std::string line_of(const Handover::RunningChild& running) {
  const Child& child = running.child;
  return std::string("child ") + name_of(child.role) + ' ' + std::to_string(child.pid) + ' ' +
         std::to_string(child.number) + ' ' + std::to_string(child.generation) + ' ' +
         std::to_string(ns(child.started_at)) + ' ' +
         std::to_string(child.state == ChildState::leaving ? ns(child.end_by) : 0) + ' ' +
         std::to_string(running.line) + '\n';
}

bool read_child(std::string_view text, Handover& handover) {
  Handover::RunningChild child;
  std::int64_t started = 0, end_by = 0;
  const std::string_view role = take(text, ' ');
  bool known = false;
  for (const Role each : {Role::worker, Role::control, Role::peer})
    if (role == name_of(each)) child.child.role = each, known = true;
  if (!take_number(text, child.child.pid) || !take_number(text, child.child.number) ||
      !take_number(text, child.child.generation) || !take_number(text, started) ||
      !take_number(text, end_by) || !take_number(text, child.line))
    return false;
  child.child.started_at = Instant(Nanos(started));
  child.child.state.enter(ChildState::running);
  if (end_by != 0) {
    child.child.state.enter(ChildState::leaving);
    child.child.end_by = Instant(Nanos(end_by));
  }
  if (known) {
    handover.children.push_back(child);
  } else {
    handover.strangers.push_back(child.child.pid);
  }
  return true;
}

/// "PID PORT STARTED NAME"
bool read_server(std::string_view text, Handover& handover) {
  ServerProcesses::Running& server = handover.servers.emplace_back();
  std::int64_t started = 0;
  if (!take_number(text, server.pid) || !take_number(text, server.port) || !take_number(text, started))
    return false;
  server.started_at = Instant(Nanos(started));
  server.name = text;
  return true;
}

/// "DEVICE INODE PLACE"
bool read_file(std::string_view text, Handover& handover) {
  net::UnixFileId file;
  if (!take_number(text, file.device) || !take_number(text, file.inode)) return false;
  handover.files.insert_or_assign(std::string(text), file);
  return true;
}

bool read_line(std::string_view line, Handover& handover) {
  const std::string_view what = take(line, ' ');
  if (what == "ledger") return take_number(line, handover.ledger);
  if (what == "revision") return take_number(line, handover.revision);
  if (what == "generation") return take_number(line, handover.generation);
  if (what == "server") return read_server(line, handover);
  if (what == "child") return read_child(line, handover);
  if (what == "given") {
    handover.given.emplace_back(line);
    return true;
  }
  if (what == "state_lock") return take_number(line, handover.state_lock);
  if (what == "file") return read_file(line, handover);
  if (what == "bell") return take_number(line, handover.bells.emplace_back(-1));
  if (what != "socket") return true;  // of a later version
  int fd = -1;
  if (!take_number(line, fd)) return false;
  handover.sockets.emplace_back(line, fd);
  return true;
}

std::string text_in(int fd) {
  struct stat file {};
  if (::fstat(fd, &file) != 0) return "";
  std::string text(static_cast<std::size_t>(file.st_size), '\0');
  const ssize_t n = ::pread(fd, text.data(), text.size(), 0);
  text.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
  return text;
}

}  // namespace

std::string to_text(const Handover& handover) {
  std::string text(kFirstLine);
  text += "\nledger " + std::to_string(handover.ledger) + "\nrevision " + std::to_string(handover.revision) +
          "\ngeneration " + std::to_string(handover.generation) + '\n';
  for (const auto& [place, fd] : handover.sockets)
    text += "socket " + std::to_string(fd) + ' ' + place + '\n';
  for (const std::string& place : handover.given) text += "given " + place + '\n';
  if (handover.state_lock >= 0) text += "state_lock " + std::to_string(handover.state_lock) + '\n';
  for (const auto& [place, file] : handover.files)
    text += "file " + std::to_string(file.device) + ' ' + std::to_string(file.inode) + ' ' + place + '\n';
  for (const int bell : handover.bells) text += "bell " + std::to_string(bell) + '\n';
  for (const Handover::RunningChild& child : handover.children) text += line_of(child);
  for (const ServerProcesses::Running& it : handover.servers)
    text += "server " + std::to_string(it.pid) + ' ' + std::to_string(it.port) + ' ' +
            std::to_string(ns(it.started_at)) + ' ' + it.name + '\n';
  return text + '\n' + config::to_bytes(handover.source);
}

std::optional<Handover> handover_of(std::string_view text) {
  if (take(text, '\n') != kFirstLine) return std::nullopt;
  Handover handover;
  while (!text.empty()) {
    const std::string_view line = take(text, '\n');
    if (line.empty()) {
      auto source = config::source_of(text);
      if (!source) return std::nullopt;
      handover.source = std::move(*source);
      return handover;
    }
    if (!read_line(line, handover)) return std::nullopt;
  }
  return std::nullopt;
}

void keep_over_exec(const Handover& handover, bool keep) {
  const auto set = [keep](int fd) {
    if (fd >= 0) ::fcntl(fd, F_SETFD, keep ? 0 : FD_CLOEXEC);
  };
  set(handover.ledger);
  set(handover.state_lock);
  for (const auto& [place, fd] : handover.sockets) set(fd);
  for (const int bell : handover.bells) set(bell);
  for (const Handover::RunningChild& child : handover.children) set(child.line);
}

process::Descriptor leave_handover(const Handover& handover) {
  const std::string text = to_text(handover);
  process::Descriptor memory(::memfd_create("finishline-handover", 0));
  if (!memory) return {};
  if (::write(memory.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) return {};
  ::setenv(kVariable, std::to_string(memory.get()).c_str(), 1);
  keep_over_exec(handover, true);
  return memory;
}

std::optional<Handover> take_handover() {
  const char* const number = std::getenv(kVariable);
  if (number == nullptr) return std::nullopt;
  const process::Descriptor memory(std::atoi(number));
  withdraw_handover();
  auto handover = handover_of(text_in(memory.get()));
  if (handover) keep_over_exec(*handover, false);
  return handover;
}

void withdraw_handover() { ::unsetenv(kVariable); }

}  // namespace finishline::master
