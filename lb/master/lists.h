// Lists as log and orders tell them. Pure.
#pragma once

#include <string>
#include <vector>

#include "lb/config/config.h"

namespace finishline::master {

inline std::vector<std::string> texts_of(const std::vector<config::Problem>& problems,
                                         const std::string& file) {
  std::vector<std::string> texts;
  for (const config::Problem& problem : problems) texts.push_back(config::to_string(problem, file));
  return texts;
}

inline std::vector<std::string> names_of(const std::vector<config::Listener>& listeners) {
  std::vector<std::string> names;
  for (const config::Listener& listener : listeners) names.push_back(listener.name);
  return names;
}

}  // namespace finishline::master
