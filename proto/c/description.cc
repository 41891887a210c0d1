#include "proto/c/description.h"

#include <optional>

#include "proto/c/finishline.h"

namespace finishline::clib {
namespace {

constexpr int kDeepest = 64;

/// Walks over JSON without keeping any of it. Where it makes no sense the rest is empty, which ends every
/// loop.
class JsonWalk {
 public:
  explicit JsonWalk(std::string_view text) : rest_(text) {}

  bool take(char c) {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\r\n"), rest_.size()));
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }

  /// What stands between the quotes, escapes as they are; nothing when there is no string here.
  std::optional<std::string_view> string() {
    if (!take('"')) return std::nullopt;
    for (std::size_t at = 0; at < rest_.size(); ++at) {
      if (rest_[at] == '\\') {
        ++at;
      } else if (rest_[at] == '"') {
        const std::string_view inside = rest_.substr(0, at);
        rest_.remove_prefix(at + 1);
        return inside;
      }
    }
    return fail(), std::nullopt;
  }

  bool take_true() {
    if (!take('t')) return false;
    if (!rest_.starts_with("rue")) return fail(), false;
    rest_.remove_prefix(3);
    return true;
  }

  void skip(int depth = 0) {
    if (depth > kDeepest) return fail();
    if (take('{')) return each_member([&](std::string_view) { skip(depth + 1); });
    if (take('[')) return each_element([&] { skip(depth + 1); });
    if (string()) return;
    rest_.remove_prefix(std::min(rest_.find_first_of(",]}"), rest_.size()));
  }

  /// Behind the brace: calls use(name), which takes the value.
  template <class Use>
  void each_member(Use use) {
    if (take('}')) return;
    do {
      const auto name = string();
      if (!name || !take(':')) return fail();
      use(*name);
    } while (take(','));
    if (!take('}')) fail();
  }

  template <class Use>
  void each_element(Use use) {
    if (take(']')) return;
    do use();
    while (take(','));
    if (!take(']')) fail();
  }

  void fail() { rest_ = {}; }

 private:
  std::string_view rest_;
};

/// One of the types: its letter, if it is called that.
char letter_in(JsonWalk& walk, std::string_view wanted) {
  std::string_view name, code;
  if (!walk.take('{')) return walk.skip(), '\0';
  walk.each_member([&](std::string_view member) {
    std::string_view& to = member == "name" ? name : code;
    if (member != "name" && member != "code") return walk.skip();
    if (const auto value = walk.string())
      to = *value;
    else
      walk.skip();
  });
  return name == wanted && code.size() == 1 ? code[0] : '\0';
}

}  // namespace

char type_in(std::string_view description, std::string_view name) {
  JsonWalk walk(description);
  char letter = 0;
  if (!walk.take('{')) return 0;
  walk.each_member([&](std::string_view member) {
    if (member != "types" || !walk.take('[')) return walk.skip();
    walk.each_element([&] {
      if (const char found = letter_in(walk, name); found != 0) letter = found;
    });
  });
  return letter;
}

bool says_cancel(std::string_view vitals) {
  JsonWalk walk(vitals);
  bool says = false;
  if (!walk.take('{')) return false;
  walk.each_member([&](std::string_view member) {
    if (member == "cancel" && walk.take_true())
      says = true;
    else
      walk.skip();
  });
  return says;
}

}  // namespace finishline::clib

char finishline_type_in(const char* description, const char* name) {
  if (description == nullptr || name == nullptr) return 0;
  return finishline::clib::type_in(description, name);
}
