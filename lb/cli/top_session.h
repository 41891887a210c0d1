// What keys do in `finishline top`: sort, filter, choose, drain after a question. Knows no terminal and no
// socket: what it needs of the proxy it is given.
#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "lb/cli/top_screen.h"
#include "lb/cli/top_view.h"

namespace finishline::cli {

class TopSession {
 public:
  struct Proxy {
    std::function<bool()> has_token;
    std::function<void(std::string)> take_token;
    /// Has the server drained, or undrained: what came of it, in words.
    std::function<std::string(const std::string& server, bool drain)> drain;
  };
  explicit TopSession(Proxy proxy) : proxy_(std::move(proxy)) {}

  /// False: the user wants to leave.
  bool take(const TopInput& input, const nlohmann::ordered_json& live);
  TopChoice& choice() { return choice_; }
  /// The last line of the screen.
  std::string bottom() const;
  void say(std::string words) { words_ = std::move(words); }

 private:
  enum class Mode { browsing, filtering, confirming, asking_token, helping };

  bool browse(const TopInput& input, const nlohmann::ordered_json& live);
  void press(char key, const nlohmann::ordered_json& live);
  void edit(const TopInput& input);
  void confirm(const TopInput& input);
  void move(int by, const nlohmann::ordered_json& live);
  void ask(bool drain);

  Proxy proxy_;
  TopChoice choice_;
  Mode mode_ = Mode::browsing;
  bool drain_ = false;  // what is asked about
  std::string token_, words_;
};

}  // namespace finishline::cli
