// How commands reach the admin server of a running proxy: the flags they share and what these come to.
#pragma once

#include <ctime>
#include <optional>
#include <string>

namespace CLI {
class App;
}
namespace httplib {
class Client;
}

namespace finishline::control {

/// Exit codes of the commands.
inline constexpr int kNotRunning = 1;
inline constexpr int kBadUse = 2;
/// How long the admin server may take to answer, in seconds.
inline constexpr time_t kPatienceSeconds = 3;

struct AdminFlags {
  std::string address = "127.0.0.1:9090";
  std::string config_file;
};
/// --admin and --config. `flags` outlives the parse.
void add_admin_flags(CLI::App& app, AdminFlags& flags);

struct AdminPlace {
  std::string address;  // HOST:PORT, for messages
  std::string host;
  int port = 0;
  std::string token_file;  // as the configuration has it; "": none
};
/// By flag or by file; nothing after a complaint on standard error.
std::optional<AdminPlace> find_admin(const AdminFlags& flags);

/// With kPatienceSeconds.
httplib::Client client_of(const AdminPlace& admin);

/// --token-file, for commands that change something.
void add_token_flag(CLI::App& app, std::string& file);
/// The token in `file`, or in the configuration's when that is ""; nothing after a complaint.
std::optional<std::string> token_of(const std::string& file, const AdminPlace& admin);

/// Complains on standard error that nothing answers there.
void complain_of_silence(const AdminPlace& admin);

}  // namespace finishline::control
