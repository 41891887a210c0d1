// Environment variables in the values of a configuration.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "lb/config/environment.h"

using namespace finishline::config;

namespace {

const Environment kSome = [](const std::string& name) -> std::optional<std::string> {
  if (name == "HOST") return "10.0.0.1";
  if (name == "EMPTY") return "";
  return std::nullopt;
};

/// The text, or "!" and what is wrong.
std::string expanded(const std::string& text) {
  const auto outcome = expand(text, kSome);
  return outcome.index() == 0 ? std::get<0>(outcome) : "!" + std::get<1>(outcome);
}

/// Set for the test, as the shell that starts the proxy would.
class Variable {
 public:
  Variable(const char* name, const char* value) : name_(name) { ::setenv(name, value, 1); }
  ~Variable() { ::unsetenv(name_); }

 private:
  const char* name_;
};

std::string problems_of(const std::string& text) {
  const auto read = parse(text, "f");
  std::string all;
  if (const auto* problems = std::get_if<std::vector<Problem>>(&read))
    for (const Problem& problem : *problems) all += to_string(problem, "f") + "\n";
  return all;
}

}  // namespace

TEST_CASE("one that is unset in one of several parts is told with the number of the part") {
  CHECK(problems_of("[[server]]\nname = \"a\"\n[[server]]\naddress = \"${FINISHLINE_TEST_UNSET}\"\n")
            .find("f:4:11: server[2].address: the environment variable ") != std::string::npos);
}

TEST_CASE("one that is unset is told along with what else is wrong, and its key is not called missing") {
  const std::string problems = problems_of(
      "[proxy]\nworker = 1\n[[listener]]\nname = \"a\"\nbind = \"${FINISHLINE_TEST_UNSET}\"\n"
      "pool = \"media\"\n[pool.media]\nmax_waiting = \"${FINISHLINE_TEST_UNSET}\"\n[[server]]\n"
      "name = \"b\"\npool = \"media\"\ntype = \"video\"\naddress = \"127.0.0.1:1\"\n"
      "source = [\"127.0.0.1\", \"${FINISHLINE_TEST_UNSET}\"]\n");
  CHECK(std::ranges::count(problems, '\n') == 4);
  for (const std::string words :
       {"f:2:1: proxy.worker: unknown key", "f:5:8: listener[1].bind: the environ",
        "f:8:15: pool.media.max_waiting: the environment", "f:14:24: server[1].source: the environment"})
    CHECK_MESSAGE(problems.find(words) != std::string::npos, problems);
}

TEST_CASE("a variable stands for its value, wherever in the text and however often") {
  CHECK(expanded("${HOST}:9001") == "10.0.0.1:9001");
  CHECK(expanded("${HOST},${HOST}") == "10.0.0.1,10.0.0.1");
  CHECK(expanded("<${EMPTY}>") == "<>");
  CHECK(expanded("no variable, $5 and {braces}") == "no variable, $5 and {braces}");
}

TEST_CASE("one that is unset or empty may have something else in its place") {
  CHECK(expanded("${PORT:-9001}") == "9001");
  CHECK(expanded("${EMPTY:-9001}") == "9001");
  CHECK(expanded("${HOST:-9001}") == "10.0.0.1");
  CHECK(expanded("${PORT:-}") == "");
}

TEST_CASE("two dollars stand for the characters themselves") {
  CHECK(expanded("$${HOST}") == "${HOST}");
  CHECK(expanded("$${HOST} ${HOST}") == "${HOST} 10.0.0.1");
}

TEST_CASE("what cannot be replaced is told by its place and a remedy") {
  CHECK(expanded("${PORT}") == "!the environment variable PORT is not set");
  CHECK(expanded("${HOST") == "!a ${ has no }");
  CHECK(expanded("${1X}") == "!'1X' is no name of a variable");
  CHECK(problems_of("[proxy]\nadmin = \"${FINISHLINE_TEST_UNSET}\"\n")
            .starts_with("f:2:9: proxy.admin: the environment variable FINISHLINE_TEST_UNSET is not set; "
                         "write ${NAME:-otherwise}, or $${ for the characters themselves\n"));
}

TEST_CASE("a variable alone may be a number or a boolean where one is wanted, and stays a text elsewhere") {
  const Variable workers("FINISHLINE_TEST_NUMBER", "3"), name("FINISHLINE_TEST_NAME", "7");
  const auto read = parse(
      "[proxy]\nworkers = \"${FINISHLINE_TEST_NUMBER}\"\nadmin = \"\"\n"
      "[[listener]]\nname = \"${FINISHLINE_TEST_NAME}\"\nbind = \"127.0.0.1:1\"\npool = \"media\"\n"
      "[pool.media]\n[[server]]\nname = \"a\"\ntype = \"video\"\npool = \"media\"\n"
      "address = \"127.0.0.1:${FINISHLINE_TEST_NUMBER}\"\n",
      "f");
  const auto* const config = std::get_if<Config>(&read);
  REQUIRE(config != nullptr);
  CHECK(config->proxy.workers == 3);
  CHECK(config->listeners[0].name == "7");
  CHECK(config->servers[0].address.to_string() == "127.0.0.1:3");
}
