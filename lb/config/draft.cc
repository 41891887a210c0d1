#include "lb/config/draft.h"

#include <algorithm>
#include <tuple>

#include "proto/nearest.h"

namespace finishline::config {

const TextPosition* Draft::place(const std::string& key) const {
  const auto found = places_.find(key);
  return found == places_.end() ? nullptr : &found->second;
}

bool Draft::reported(const std::string& key) const {
  return std::any_of(problems_.begin(), problems_.end(), [&](const Problem& it) { return it.key == key; });
}

void Draft::report(const std::string& key, std::string message, std::string remedy) {
  const TextPosition* at = place(key);
  if (at == nullptr) at = place(key.substr(0, key.rfind('.')));
  report_at(at == nullptr ? TextPosition{} : *at, key, std::move(message), std::move(remedy));
}

void Draft::report_at(TextPosition place, const std::string& key, std::string message, std::string remedy) {
  problems_.push_back({place.line, place.column, key, std::move(message), std::move(remedy)});
}

std::vector<Problem> Draft::problems() const {
  std::vector<Problem> sorted = problems_;
  std::stable_sort(sorted.begin(), sorted.end(), [](const Problem& a, const Problem& b) {
    return std::tuple(a.line == 0, a.line, a.column) < std::tuple(b.line == 0, b.line, b.column);
  });
  return sorted;
}

std::string key_path(std::string_view section, std::size_t index, std::string_view key) {
  std::string path = std::string(section) + '[' + std::to_string(index + 1) + ']';
  return key.empty() ? path : path + '.' + std::string(key);
}

std::string did_you_mean(std::string_view word, const std::vector<std::string_view>& known,
                         std::string otherwise) {
  const std::string_view near = nearest(word, known);
  return near.empty() ? otherwise : "did you mean '" + std::string(near) + "'?";
}

}  // namespace finishline::config
