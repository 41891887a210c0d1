// Who may do what at the admin server: tokens with roles, sessions of the page, and what keeps strangers'
// pages out. Control process; no socket in here.
//
// The file of `proxy.admin_token_file` has a token a line:
//
//   5d1f...                                  a token as it is: an admin's
//   alice operator sha256:9f86d0818...       what `finishline token new` writes: name, role, hash of the
//   token
//
// Any other line is a mistake, which no start or reload takes; empty lines and those after # are none.
//
// A request brings its token as "Authorization: Bearer TOKEN", or the cookie of a session that was opened
// with one; then a change has to bring the session's CSRF token, too. Without any, who comes from this
// machine, or from a network that is named for it, may look. A token is 256 random bits, so a hash that is
// quick is as good as a slow one, and trying leads nowhere. After ten wrong tokens within a minute an address
// is told to wait (429); a right one gets in all the same, or anybody on the machine could keep its operators
// out.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lb/address/network.h"
#include "lb/http/message.h"
#include "lb/http/refusals.h"
#include "proto/units.h"

namespace finishline::control {

/// Each may do what those before it may.
enum class AccessRole : std::uint8_t { nobody, viewer, operating, admin };
/// "viewer", "operator", "admin".
std::string_view name_of(AccessRole role);
std::optional<AccessRole> role_named(std::string_view name);

/// A line for the token file, and the token itself, which is told once.
struct NewToken {
  std::string token, line;
};
NewToken new_token(std::string_view name, AccessRole role);
/// The first line of a token file that is neither a token of 16 letters or more, in one word, nor a line of
/// `finishline token new`: its number and what is wrong, without anything that stands in it; "" when all are
/// good. The text begins at line `first_line` of the file.
std::string mistake_in_tokens(std::string_view tokens, std::size_t first_line);

class Access {
 public:
  struct Options {
    bool anyone_local_looks = true;    // without a token, from this machine
    net::Networks viewers{};           // the same, from here
    std::vector<std::string> hosts{};  // names by which the page is reached, beside addresses and localhost
    bool over_tls = false;             // browsers send the cookie of a session over TLS alone
  };
  /// Of a list with commas.
  static std::vector<std::string> hosts_in(std::string_view list);
  struct Caller {
    AccessRole role = AccessRole::nobody;
    std::string name{};  // of the token; "" without
    std::string csrf{};  // of its session; "" without
  };

  /// `tokens` is the text of the file; "": nothing can be changed. Who is refused is counted in `refusals`,
  /// which outlive it.
  Access(http::RefusalCounts& refusals, std::string_view tokens, Options options);

  /// Other tokens from now on; sessions of those that are gone end.
  void set_tokens(std::string_view tokens);
  void set_options(Options options) { options_ = std::move(options); }

  Caller caller_of(const http::HttpRequest& request, Instant now);
  /// To whom may not: 401, 403, 421 or 429, with words. Nothing lets it pass.
  struct Refusal {
    int status;
    http::Refused reason;
    std::string words;
  };
  std::optional<Refusal> refusal_of(const http::HttpRequest& request, AccessRole needed, Instant now);

  /// POST with {"token": "..."}: a session, as a cookie; 401 for a wrong one.
  http::HttpReply open_session(const http::HttpRequest& request, Instant now);
  /// Ends the session of this request.
  http::HttpReply close_session(const http::HttpRequest& request);

  bool any_tokens() const { return !tokens_.empty(); }

 private:
  struct Token {
    std::string name, hash;  // in hexadecimal digits
    AccessRole role;
  };
  struct Session {
    std::string token_hash, csrf;
    Instant used_at;
  };
  struct Failures {
    Instant since;
    int count = 0;
  };

  static std::optional<Token> token_of(const std::string& line);
  const Token* find(std::string_view hash) const;
  const Token* token_in(const http::HttpRequest& request) const;
  Session* session_in(const http::HttpRequest& request, Instant now);
  Refusal wrong_token(const std::string& peer, Instant now);
  std::optional<Refusal> foreign(const http::HttpRequest& request) const;
  std::optional<Refusal> denied(const http::HttpRequest& request, AccessRole needed, Instant now);

  http::RefusalCounts& refusals_;
  std::vector<Token> tokens_;
  Options options_;
  std::map<std::string, Session, std::less<>> sessions_;   // by the hash of the cookie's value
  std::map<std::string, Failures, std::less<>> failures_;  // by address
};

}  // namespace finishline::control
