#include "lb/cli/top_session.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

namespace finishline::cli {
namespace {

constexpr const char* kKeys = "q quit, j k choose, s sort, r reverse, / filter, d drain, u undrain, ? keys";
constexpr const char* kHelp =
    "s: next of name, state, done in, rate, errors, p99, busy. / words, Enter. d, u: asked first. Any key.";

}  // namespace

std::string TopSession::bottom() const {
  switch (mode_) {
    case Mode::filtering:
      return "filter: " + choice_.filter + "_  (Enter: keep, Esc: none)";
    case Mode::confirming:
      return std::string(drain_ ? "Drain " : "Give work again to ") + choice_.server +
             (drain_ ? "? It gets no new work; what it has is finished. (y/n)" : "? (y/n)");
    case Mode::asking_token:
      return "token: " + std::string(token_.size(), '*') + "_  (Enter, or Esc)";
    case Mode::helping:
      return kHelp;
    case Mode::browsing:
      break;
  }
  if (!words_.empty()) return words_;
  std::string state = "by " + std::string(name_of(choice_.order)) + (choice_.reversed ? ", reversed" : "");
  if (!choice_.filter.empty()) state += ", only " + choice_.filter;
  return state + " | " + kKeys;
}

bool TopSession::take(const TopInput& input, const nlohmann::ordered_json& live) {
  if (input.key == TopKey::ended) return false;
  if (input.key == TopKey::none || input.key == TopKey::resized) return true;
  words_.clear();
  switch (mode_) {
    case Mode::filtering:
    case Mode::asking_token:
      edit(input);
      return true;
    case Mode::confirming:
      confirm(input);
      return true;
    case Mode::helping:
      mode_ = Mode::browsing;
      return true;
    case Mode::browsing:
      break;
  }
  return browse(input, live);
}

bool TopSession::browse(const TopInput& input, const nlohmann::ordered_json& live) {
  const int page = static_cast<int>(choice_.height / 2);
  switch (input.key) {
    case TopKey::up:
      move(-1, live);
      break;
    case TopKey::down:
      move(1, live);
      break;
    case TopKey::page_up:
      move(-page, live);
      break;
    case TopKey::page_down:
      move(page, live);
      break;
    case TopKey::escape:
      choice_.filter.clear();
      break;
    case TopKey::text:
      if (input.character == 'q') return false;
      press(input.character, live);
      break;
    default:
      break;
  }
  return true;
}

void TopSession::press(char key, const nlohmann::ordered_json& live) {
  constexpr int kOrders = static_cast<int>(TopOrder::busy) + 1;
  switch (key) {
    case 's':
      choice_.order = static_cast<TopOrder>((static_cast<int>(choice_.order) + 1) % kOrders);
      break;
    case 'r':
      choice_.reversed = !choice_.reversed;
      break;
    case '/':
      mode_ = Mode::filtering;
      break;
    case '?':
      mode_ = Mode::helping;
      break;
    case 'k':
      move(-1, live);
      break;
    case 'j':
      move(1, live);
      break;
    case 'd':
    case 'u':
      ask(key == 'd');
      break;
    default:
      words_ = std::string("no such key: ") + key + " | " + kKeys;
  }
}

/// To another server, by so many places of those that are shown.
void TopSession::move(int by, const nlohmann::ordered_json& live) {
  const auto names = servers_in_order(live, choice_);
  if (names.empty()) return;
  const auto found = std::ranges::find(names, choice_.server);
  const auto last = static_cast<std::ptrdiff_t>(names.size()) - 1;
  const std::ptrdiff_t at = found == names.end()
                                ? (by > 0 ? 0 : last)
                                : std::clamp<std::ptrdiff_t>(found - names.begin() + by, 0, last);
  choice_.server = names[static_cast<std::size_t>(at)];
}

void TopSession::ask(bool drain) {
  drain_ = drain;
  if (choice_.server.empty()) {
    words_ = "choose a server with the arrow keys first";
  } else {
    mode_ = proxy_.has_token() ? Mode::confirming : Mode::asking_token;
  }
}

void TopSession::edit(const TopInput& input) {
  std::string& text = mode_ == Mode::filtering ? choice_.filter : token_;
  if (input.key == TopKey::text) text += input.character;
  if (input.key == TopKey::erase && !text.empty()) text.pop_back();
  if (input.key == TopKey::escape) text.clear();
  if (input.key != TopKey::enter && input.key != TopKey::escape) return;
  const bool confirms = mode_ == Mode::asking_token && !token_.empty();
  if (confirms) proxy_.take_token(std::exchange(token_, ""));
  mode_ = confirms ? Mode::confirming : Mode::browsing;
}

void TopSession::confirm(const TopInput& input) {
  mode_ = Mode::browsing;
  const bool yes = input.key == TopKey::text && (input.character == 'y' || input.character == 'Y');
  words_ = yes ? proxy_.drain(choice_.server, drain_) : "left as it is";
}

}  // namespace finishline::cli
