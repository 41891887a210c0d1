// Whatever happens to the sample file, it loads or its problems are told.
#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <fstream>
#include <string>
#include <variant>
#include <vector>

#include "lb/config/config.h"
#include "tests/support/no_name.h"

namespace {

using namespace finishline::config;

/// The file without its comments: an edit should hit what is read.
std::vector<std::string> sample_lines() {
  std::ifstream in("lb/finishline.example.toml");
  REQUIRE(in.good());
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) {
    if (!line.empty() && line[0] != '#') lines.push_back(line + '\n');
  }
  return lines;
}

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line;
  return text;
}

void check_outcome(const std::string& text) {
  const auto result = parse(text, "f", finishline::test::no_name);
  const auto* const problems = std::get_if<std::vector<Problem>>(&result);
  if (problems == nullptr) return;
  RC_ASSERT(!problems->empty());
  for (const Problem& problem : *problems) {
    RC_ASSERT(!problem.message.empty());
    RC_ASSERT(!problem.remedy.empty());
    RC_ASSERT(to_string(problem, "f").find('\n') == std::string::npos);
  }
  RC_ASSERT(std::is_sorted(problems->begin(), problems->end(), [](const Problem& a, const Problem& b) {
    return a.line != 0 && (b.line == 0 || a.line < b.line);
  }));
}

}  // namespace

TEST_CASE("a sample with bytes changed, lost or added loads or tells its problems") {
  const std::string sample = joined(sample_lines());
  CHECK(rc::check("bytes", [&] {
    std::string text = sample;
    const int edits = *rc::gen::inRange(1, 6);
    for (int i = 0; i < edits; ++i) {
      const auto at = *rc::gen::inRange<std::size_t>(0, text.size());
      const auto lost = *rc::gen::inRange<std::size_t>(0, 4);
      const auto added =
          *rc::gen::container<std::string>(rc::gen::elementOf(std::string("[]{}=\".,#\n 09aVx-\xc3")));
      text.replace(at, lost, added);
    }
    check_outcome(text);
  }));
}

TEST_CASE("a sample with lines lost, doubled or moved loads or tells its problems") {
  const auto sample = sample_lines();
  CHECK(rc::check("lines", [&] {
    auto lines = sample;
    const int edits = *rc::gen::inRange(1, 6);
    for (int i = 0; i < edits; ++i) {
      const auto from = *rc::gen::inRange<std::size_t>(0, lines.size());
      const auto to = *rc::gen::inRange<std::size_t>(0, lines.size());
      const bool keep = *rc::gen::arbitrary<bool>();
      lines.insert(lines.begin() + to, lines[from]);
      if (!keep) lines.erase(lines.begin() + (from < to ? from : from + 1));
    }
    check_outcome(joined(lines));
  }));
}

TEST_CASE("a sample with one value replaced by any other loads or tells its problems") {
  const auto sample = sample_lines();
  CHECK(rc::check("values", [&] {
    auto lines = sample;
    auto& line = lines[*rc::gen::inRange<std::size_t>(0, lines.size())];
    const auto equals = line.find(" = ");
    RC_PRE(equals != std::string::npos);
    line = line.substr(0, equals + 3) +
           *rc::gen::elementOf(std::vector<std::string>{"0",
                                                        "-1",
                                                        "9223372036854775807",
                                                        "1e308",
                                                        "nan",
                                                        "-inf",
                                                        "true",
                                                        "\"\"",
                                                        "\"x\"",
                                                        "\"10s\"",
                                                        "\"1GiB\"",
                                                        "[]",
                                                        "{}",
                                                        "[[], {a=1}]",
                                                        "1979-05-27",
                                                        "07:32:00",
                                                        "1979-05-27T07:32:00Z",
                                                        "{ a = { b = 1 } }",
                                                        "\"\\u0000\"",
                                                        "\"127.0.0.1:9900\""}) +
           '\n';
    check_outcome(joined(lines));
  }));
}
