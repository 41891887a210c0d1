// The help of every command of the three programs: grouped flags, and examples that the program takes.
#include <doctest/doctest.h>

#include <algorithm>
#include <sstream>
#include <string>
#include <vector>

#include "tests/support/child_process.h"
#include "tests/support/temp_dir.h"

using namespace finishline;
using namespace finishline::test;

namespace {

using Words = std::vector<std::string>;

constexpr const char* kRefused = "with --help for more information";

/// Lines under a heading of the help, without their indentation.
std::vector<std::string> section(const std::string& help, const std::string& heading) {
  std::istringstream text(help);
  std::vector<std::string> lines;
  bool on = false;
  for (std::string line; std::getline(text, line);) {
    if (!line.starts_with("  "))
      on = line == heading;
    else if (on && line[2] != ' ')
      lines.push_back(line.substr(2));
  }
  return lines;
}

Words words_of(const std::string& line) {
  std::istringstream text(line);
  Words words;
  for (std::string word; text >> word && word[0] != '|' && word[0] != '>';) words.push_back(word);
  return words;
}

/// In the place of addresses stand those where nobody is, and of what listens a port of the kernel's choice.
Words elsewhere(Words words) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    const auto at = words[i].find("127.0.0.1:");
    if (at == std::string::npos) continue;
    const bool ours =
        words[0] != "finishline-client" && i > 0 && (words[i - 1] == "--listen" || words[i - 1] == "--admin");
    words[i] = words[i].substr(0, at) + (ours ? "127.0.0.1:0" : "127.0.0.1:1");
  }
  if (words.size() > 2 && words[1] == "run" && std::ranges::find(words, "--to") != words.end())
    for (const char* flag : {"--listen", "--admin"})
      if (std::ranges::find(words, flag) == words.end()) words.insert(words.end(), {flag, "127.0.0.1:0"});
  return words;
}

/// The help of a program, or of one of its commands.
std::string help_of(const std::string& name, Words words) {
  words.emplace_back("--help");
  const Outcome outcome = run(name, words);
  CHECK(outcome.exit == Exit{0, 0});
  CHECK(outcome.errors.empty());
  return outcome.output;
}

struct Page {
  std::string program;
  Words command;  // none: the program itself
  std::string help;
  std::string name() const {
    std::string words = program;
    for (const std::string& word : command) words += " " + word;
    return words;
  }
};

/// Of this command and all below it.
void collect(const std::string& program, const Words& command, std::vector<Page>& pages) {
  pages.push_back({program, command, help_of(program, command)});
  for (const std::string& line : section(pages.back().help, "Subcommands:")) {
    Words below = command;
    below.push_back(line.substr(0, line.find(' ')));
    collect(program, below, pages);
  }
}

std::vector<Page> all_pages() {
  std::vector<Page> pages;
  for (const char* program : {"finishline", "finishline-server", "finishline-client"})
    collect(program, {}, pages);
  return pages;
}

}  // namespace

TEST_CASE("the help of every command has examples, of that command among others") {
  const auto pages = all_pages();
  CHECK(pages.size() > 25);
  for (const Page& page : pages) {
    bool own = false;
    for (const std::string& line : section(page.help, "Examples:"))
      own = own || line.find(page.name()) != std::string::npos;
    CHECK_MESSAGE(own, page.name());
  }
}

TEST_CASE("every example in the help is a command line that the program takes") {
  for (const Page& page : all_pages()) {
    for (const std::string& line : section(page.help, "Examples:")) {
      const Words words = elsewhere(words_of(line));
      if (!words[0].starts_with("finishline")) continue;  // of a shell
      const TempDir dir;
      Words call = {"-C", dir.file(""), program(words[0])};
      call.insert(call.end(), words.begin() + 1, words.end());
      ChildProcess child("/usr/bin/env", call);
      // What waits for a connection, or runs on, has taken its flags.
      const bool judged =
          wait_until([&] { return !child.running() || !child.errors().empty() || !child.output().empty(); });
      const bool taken = child.errors().find(kRefused) == std::string::npos;
      CHECK_MESSAGE(judged, line);
      CHECK_MESSAGE(taken, line, ": ", child.errors());
    }
  }
}

TEST_CASE("flags stand under headings where there are many") {
  CHECK(section(help_of("finishline-client", {}), "Traffic:").size() >= 10);
  CHECK(section(help_of("finishline-client", {}), "TLS:").size() >= 5);
  CHECK(section(help_of("finishline-server", {}), "Faults, for tests:").size() >= 9);
  CHECK(section(help_of("finishline", {"sim"}), "Late binding:").size() >= 8);
  CHECK(section(help_of("finishline", {"run"}), "Without a file:").size() == 3);
  CHECK(section(help_of("finishline", {"drain"}), "Which proxy:").size() == 4);
}

TEST_CASE("a mistyped flag of any command is answered by the one that was meant") {
  for (const Page& page : all_pages()) {
    Words words = page.command;
    words.emplace_back("--hlep");
    const Outcome outcome = run(page.program, words);
    CHECK(outcome.exit == Exit{2, 0});
    CHECK(outcome.output.empty());
    CHECK_MESSAGE(outcome.errors.find("it does not know --hlep, did you mean --help?") != std::string::npos,
                  page.name(), ": ", outcome.errors);
  }
}

TEST_CASE("a mistyped command is answered by the one that was meant, at every level") {
  const auto said = [](const char* program, const Words& words) {
    const Outcome outcome = run(program, words);
    CHECK(outcome.exit == Exit{2, 0});
    return outcome.errors.substr(0, outcome.errors.find('\n'));
  };
  CHECK(said("finishline", {"drian", "x"}) == "finishline: it does not know drian, did you mean drain?");
  CHECK(said("finishline", {"vesion"}) == "finishline: it does not know vesion, did you mean version?");
  CHECK(said("finishline", {"token", "nwe"}) == "finishline token: it does not know nwe, did you mean new?");
  CHECK(said("finishline", {"alert", "tets"}) ==
        "finishline alert: it does not know tets, did you mean test?");
  CHECK(said("finishline-client", {"compar", "a", "b"}) ==
        "finishline-client: it does not know compar, did you mean compare?");
  CHECK(said("finishline", {"sim", "--policies", "makspan"}).find("did you mean 'makespan'?") !=
        std::string::npos);
}

TEST_CASE("help and version may be asked for in words, also of a command") {
  CHECK(run("finishline-client", {"help"}).output == help_of("finishline-client", {}));
  CHECK(run("finishline-client", {"help", "compare"}).output == help_of("finishline-client", {"compare"}));
  CHECK(run("finishline-client", {"version"}).output == run("finishline-client", {"--version"}).output);
  CHECK(run("finishline", {"help", "token", "new"}).output == help_of("finishline", {"token", "new"}));
  CHECK(run("finishline", {"compare", "a", "b"}).errors.find("did you mean finishline-client compare?") !=
        std::string::npos);
}
