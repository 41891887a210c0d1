#include "lb/master/problem_at.h"

#include <utility>

#include "lb/config/document.h"
#include "lb/config/draft.h"
#include "lb/config/parts.h"

namespace finishline::master {

config::Problem problem_at(const config::Source& source, std::string_view section,
                           std::optional<std::size_t> index, std::string_view key, std::string message,
                           std::string remedy) {
  const config::TextPosition place = index ? config::place_of(source.text, section, *index, key)
                                           : config::place_of(source.text, section, key);
  const std::string path =
      index ? config::key_path(section, *index, key) : std::string(section) + '.' + std::string(key);
  config::Problem problem{place.line, place.column, path, std::move(message), std::move(remedy)};
  config::locate(problem, source.text);
  return problem;
}

}  // namespace finishline::master
