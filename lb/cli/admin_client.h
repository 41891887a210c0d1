// How commands reach the admin server of a running proxy: the flags that they share, and what these come to.
// A process of its own per command.
#pragma once

#include <memory>
#include <optional>
#include <string>

namespace CLI {
class App;
}
namespace httplib {
class Client;
class Result;
}  // namespace httplib

namespace finishline::cli {

/// Exit codes of the commands.
inline constexpr int kNotRunning = 1;
inline constexpr int kBadUse = 2;

class AdminCommand {
 public:
  /// `name` as in "finishline drain". Has --admin and --config.
  AdminCommand(std::string what_it_does, std::string name);
  ~AdminCommand();

  /// For its own flags.
  CLI::App& flags() { return *flags_; }
  /// --token-file: it changes something, or may.
  void add_token_flag();

  /// Reads the flags; argv[0] is the command's name. The exit code when there is nothing more to do: --help
  /// was asked for, or something was wrong and has been complained about on standard error.
  std::optional<int> parse(int argc, char** argv);

  // After a parse() that left something to do.

  /// Of the admin server, with a patience of a few seconds.
  httplib::Client client() const;
  /// The same with the token, from the file named by flag or configuration; nothing after a complaint.
  std::optional<httplib::Client> trusted_client() const;
  /// The body of a reply with this status; nothing after a complaint that there is none, or another one.
  std::optional<std::string> body_of(const httplib::Result& reply, int wanted_status = 200) const;
  /// Complains that such a body is none of ours.
  void complain_of_stranger() const;

 private:
  bool find_admin();
  bool read_configuration();
  std::optional<std::string> token() const;

  std::unique_ptr<CLI::App> flags_;
  std::string address_ = "127.0.0.1:9090";
  std::string config_file_;
  std::string token_file_;  // "": the configuration's
  std::string host_;
  int port_ = 0;
};

}  // namespace finishline::cli
