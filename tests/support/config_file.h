// A configuration file to be broken somewhere, and the mistakes that are found in it.
#pragma once

#include <doctest/doctest.h>

#include <string>
#include <variant>
#include <vector>

#include "lb/config/config.h"

namespace finishline::config {

/// The smallest file that loads; each case below breaks it somewhere. 13 lines.
inline const std::string kBase = R"([pool.media]

[[listener]]
name = "media"
bind = "127.0.0.1:9000"
pool = "media"

[[server]]
name = "video-1"
pool = "media"
type = "video"
address = "127.0.0.1:9001"

)";

inline std::vector<std::string> faults_of(const std::string& text) {
  const auto result = parse(text, "f.toml");
  std::vector<std::string> lines;
  if (const auto* problems = std::get_if<std::vector<Problem>>(&result)) {
    for (const Problem& problem : *problems) lines.push_back(to_string(problem, "f"));
  }
  return lines;
}

inline Config good(const std::string& text) {
  for (const std::string& fault : faults_of(text)) MESSAGE(fault);
  auto result = parse(text, "f.toml");
  REQUIRE(std::holds_alternative<Config>(result));
  return std::get<Config>(std::move(result));
}

inline std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

/// One mistake, and the one line it must give.
struct Mistake {
  std::string from;  // in kBase; "" appends
  std::string to;
  std::string fault;
};

inline void check_mistakes(const std::vector<Mistake>& mistakes) {
  for (const Mistake& mistake : mistakes) {
    CAPTURE(mistake.to);
    const auto faults =
        faults_of(mistake.from.empty() ? kBase + mistake.to : replaced(kBase, mistake.from, mistake.to));
    REQUIRE(faults.size() == 1);
    CHECK(faults.front() == mistake.fault);
  }
}

}  // namespace finishline::config
