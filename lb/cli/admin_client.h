// How commands reach the admin server of a running proxy: the flags that they share, and what these come to.
// A process of its own per command.
#pragma once

#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace CLI {
class App;
}

namespace httplib {
class Result;
}

namespace finishline::tls {
class ServerJudge;
}

namespace finishline::cli {

/// Exit codes of the commands.
inline constexpr int kNotRunning = 1;
inline constexpr int kBadUse = 2;

/// The words of a refusal of the admin server; of what is none of ours "".
std::string refusal_in(const std::string& body);

class AdminCommand {
 public:
  /// `name` as in "finishline drain". Has --admin, --ca, --config and --token-file.
  AdminCommand(std::string what_it_does, std::string name);
  ~AdminCommand();

  // Its own flags; `target` is set by parse() and must outlive it.

  /// A word without a flag before it, such as a name.
  enum class Presence { required, optional };
  void add_word(const std::string& name, std::string& target, Presence presence, const std::string& help);
  /// A text; `target` holds the default.
  void add_text(const std::string& flag, std::string& target, const std::string& help);
  /// A number above 0 and at most `most`; `target` holds the default.
  void add_positive(const std::string& flag, double& target, double most, const std::string& help);
  /// Present or not.
  void add_flag(const std::string& flag, bool& target, const std::string& help);
  /// --json; see json_output.h.
  void add_json_flag(bool& target);

  /// Command lines that its help shows.
  void add_examples(std::initializer_list<const char*> lines);

  /// Reads the flags; argv[0] is the command's name. The exit code when there is nothing more to do: --help
  /// was asked for, or something was wrong and has been complained about on standard error.
  std::optional<int> parse(int argc, char** argv);

  // After a parse() that left something to do.

  /// Reads the token, from the file named by flag or configuration, and sends it with every request from now
  /// on. False after a complaint on standard error. Where it was not called, and the admin server wants a
  /// token of who only looks, it is read then.
  bool send_token();
  /// The same without a complaint; nothing is sent where there is none.
  void send_token_if_any();
  /// The configuration that was named; "": none.
  const std::string& config_file() const { return config_file_; }
  /// What is sent from now on, in the place of the file's; "": none.
  void use_token(std::string token) { token_ = std::move(token); }
  bool has_token() const { return !token_.empty(); }
  /// The body of the admin server's reply to GET; nothing after a complaint that there is none within a few
  /// seconds, one of something else than Finishline, or of another status than 200.
  std::optional<std::string> get(const std::string& path) const;
  /// The same for PUT. `media_type` as in "application/json".
  std::optional<std::string> put(const std::string& path, const std::string& body, const char* media_type,
                                 int wanted_status = 200) const;
  /// As get() and put(), silent: the body of any reply of a proxy, nothing when there is none.
  std::optional<std::string> try_get(const std::string& path) const;
  std::optional<std::string> try_put(const std::string& path, const std::string& body) const;
  /// The exit code after get() or put() has given nothing: kBadUse where another token is the remedy.
  int failure() const { return wants_token_ ? kBadUse : kNotRunning; }
  /// Whether a connection is refused there.
  bool nobody_listens() const;
  /// Complains that such a body is none of ours.
  void complain_of_stranger() const;

 private:
  bool find_admin();
  bool read_configuration();
  bool prepare_tls();
  tls::ServerJudge* judge() const;
  std::optional<std::string> read_token(std::string& why_not) const;
  template <class Ask>
  httplib::Result ask(Ask ask) const;
  std::optional<std::string> told_of(const httplib::Result& reply, int wanted_status) const;
  void complain_of_token(const std::string& words) const;

  std::unique_ptr<CLI::App> flags_;
  bool token_from_config_ = false;
  std::string address_ = "127.0.0.1:9900";
  std::string config_file_;
  std::string token_file_;  // "": the configuration's
  std::string ca_file_;     // "": the configuration's certificate itself, or those of the system
  std::string
      certificate_file_;  // of the configuration; "": the admin server speaks no TLS, as far as it says
  std::string host_;
  int port_ = 0;
  bool tls_ = false;
  mutable std::unique_ptr<tls::ServerJudge> judge_;  // of one that speaks TLS; see judge()
  mutable std::string token_;                        // "": none is sent
  mutable bool wants_token_ = false;                 // the last reply was that it wants one, or another
};

}  // namespace finishline::cli
