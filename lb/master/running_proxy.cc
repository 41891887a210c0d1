#include "lb/master/running_proxy.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <span>
#include <sstream>
#include <string_view>
#include <vector>

#include "lb/process/file_lock.h"

namespace finishline::master {
namespace {

namespace fs = std::filesystem;

std::string folder_of_process(pid_t pid) { return "/proc/" + std::to_string(pid); }

std::vector<std::string> command_line_of(const fs::path& process) {
  std::ifstream in(process / "cmdline", std::ios::binary);
  std::vector<std::string> words;
  for (std::string word; std::getline(in, word, '\0');) words.push_back(word);
  return words;
}

/// The file behind -c or --config; "" where there is none.
std::string file_named_in(const std::vector<std::string>& words) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    if ((words[i] == "-c" || words[i] == "--config") && i + 1 < words.size()) return words[i + 1];
    if (words[i].starts_with("--config=")) return words[i].substr(9);
    if (words[i].starts_with("-c") && words[i].size() > 2) return words[i].substr(2);
  }
  return {};
}

/// Whether it is `finishline run` with this file, by whatever name.
bool runs_by(const fs::path& process, const std::string& file) {
  const auto words = command_line_of(process);
  if (words.size() < 4 || words[1] != "run" ||
      !fs::path(words[0]).filename().string().starts_with("finishline"))
    return false;
  std::error_code fault;
  const fs::path named = file_named_in(words);
  const fs::path from = fs::read_symlink(process / "cwd", fault);
  return !fault && !named.empty() && fs::equivalent(from / named, file, fault) && !fault;
}

/// The first of those; its workers have command lines of their own.
pid_t master_by(const std::string& file) {
  std::error_code fault;
  for (const auto& entry : fs::directory_iterator("/proc", fault)) {
    const std::string name = entry.path().filename();
    if (name.find_first_not_of("0123456789") == std::string::npos && runs_by(entry.path(), file))
      return static_cast<pid_t>(std::stol(name));
  }
  return 0;
}

std::set<std::string> sockets_of(pid_t pid) {
  std::set<std::string> inodes;
  std::error_code fault;
  for (fs::directory_iterator it(folder_of_process(pid) + "/fd", fault), end; !fault && it != end;
       it.increment(fault)) {
    std::error_code gone;
    const std::string target = fs::read_symlink(it->path(), gone).string();
    if (!gone && target.starts_with("socket:[")) inodes.insert(target.substr(8, target.size() - 9));
  }
  return inodes;
}

/// "0100007F:2382": words of the host's byte order, and the port.
std::optional<net::Address> address_in(const std::string& text) {
  const auto colon = text.find(':');
  if (colon != 8 && colon != 32) return std::nullopt;
  std::array<std::byte, 16> host{};
  for (std::size_t at = 0; at < colon; at += 8) {
    const auto word = static_cast<std::uint32_t>(std::stoul(text.substr(at, 8), nullptr, 16));
    std::memcpy(host.data() + at / 2, &word, sizeof word);
  }
  const auto port = static_cast<std::uint16_t>(std::stoul(text.substr(colon + 1), nullptr, 16));
  return net::Address(std::span(host).first(colon / 2), port);
}

/// Inodes of TCP sockets that listen there, in a table of proc(5): sl local remote state ... inode.
void add_listening(const char* table, const net::Address& address, std::vector<std::string>& inodes) {
  constexpr std::size_t kState = 3, kInode = 9;
  std::ifstream in(table);
  std::string line;
  std::getline(in, line);  // the heading
  while (std::getline(in, line)) {
    std::istringstream words(line);
    const std::vector<std::string> row{std::istream_iterator<std::string>(words), {}};
    if (row.size() <= kInode || row[kState] != "0A") continue;
    if (const auto local = address_in(row[1]); local && *local == address) inodes.push_back(row[kInode]);
  }
}

/// The same of Unix sockets: num refs protocol flags type state inode path.
std::vector<std::string> listening_at_path(const std::string& path) {
  constexpr std::size_t kFlags = 3, kInode = 6, kPath = 7;
  std::vector<std::string> inodes;
  std::ifstream in("/proc/net/unix");
  for (std::string line; std::getline(in, line);) {
    std::istringstream words(line);
    const std::vector<std::string> row{std::istream_iterator<std::string>(words), {}};
    if (row.size() > kPath && row[kFlags] == "00010000" && row[kPath] == path) inodes.push_back(row[kInode]);
  }
  return inodes;
}

}  // namespace

RunningProxy::RunningProxy(const std::string& file, const config::Config& config)
    : pid_(config.proxy.pid_file.empty() ? 0 : process::lock_owner(config.proxy.pid_file)) {
  if (pid_ <= 0) pid_ = master_by(file);
  if (pid_ > 0) sockets_ = sockets_of(pid_);
}

bool RunningProxy::listens_at(const net::Address& address) const {
  if (pid_ <= 0) return false;
  std::vector<std::string> inodes;
  if (address.is_unix()) {
    inodes = listening_at_path(address.path());
  } else {
    add_listening("/proc/net/tcp", address, inodes);
    add_listening("/proc/net/tcp6", address, inodes);
  }
  for (const std::string& inode : inodes)
    if (sockets_.contains(inode)) return true;
  return false;
}

}  // namespace finishline::master
