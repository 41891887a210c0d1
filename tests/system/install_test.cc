// What `make install` puts into a system, and `make uninstall` takes back.
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

#include "tests/support/child_process.h"
#include "tests/support/installed.h"
#include "tests/support/temp_dir.h"

using namespace finishline;
using namespace finishline::test;
namespace fs = std::filesystem;

namespace {

/// A directory that these programs are installed into. Nothing is built for it.
class Destination {
 public:
  explicit Destination(const std::string& make) : make_(make) {}

  /// What make complained of; "" when it went well.
  std::string make(const std::string& target) const {
    const fs::path programs = fs::path(program("finishline")).parent_path();
    ChildProcess process(make_, {"-o", "all", target, "BUILD=" + dir_.file("build"),
                                 "BIN=" + programs.string(), "DESTDIR=" + dir_.file("root"), "PREFIX=/usr"});
    return process.wait() == Exit{0, 0} ? "" : process.errors() + "make has failed";
  }
  fs::path path(const std::string& in_usr) const { return dir_.file("root/usr/" + in_usr); }
  std::vector<fs::path> files() const {
    std::vector<fs::path> found;
    for (const auto& entry : fs::recursive_directory_iterator(dir_.file("root")))
      if (entry.is_regular_file()) found.push_back(entry.path());
    return found;
  }

 private:
  std::string make_;
  TempDir dir_;
};

/// The files beside it that a document links to, as it names them.
std::vector<std::string> links_of(const fs::path& document) {
  std::ostringstream text;
  text << std::ifstream(document).rdbuf();
  static const std::regex kLink(R"(\]\(([^)#:]+)(#[^)]*)?\))");
  std::vector<std::string> links;
  const std::string all = text.str();
  for (auto it = std::sregex_iterator(all.begin(), all.end(), kLink); it != std::sregex_iterator(); ++it)
    links.push_back((*it)[1]);
  return links;
}

/// Sources are linked to, and not installed.
bool is_document(const fs::path& link) {
  return link.extension() == ".md" || link.extension() == ".toml" || link.filename() == "LICENSE";
}

}  // namespace

TEST_CASE("what is installed runs, and its documents lead to each other; uninstalled, nothing is left") {
  const std::string make = installed("make"), strip = installed("strip");
  if (make.empty() || strip.empty()) return;
  const Destination usr(make);
  REQUIRE(usr.make("install") == "");
  for (const std::string name : {"finishline", "finishline-server", "finishline-client"}) {
    CAPTURE(name);
    ChildProcess process(usr.path("bin/" + name), {"--version"});
    CHECK(process.wait() == Exit{0, 0});
    CHECK(fs::file_size(usr.path("bin/" + name)) < fs::file_size(program(name)));
  }
  ChildProcess check(usr.path("bin/finishline"),
                     {"check", "-c", usr.path("share/doc/finishline/lb/finishline.example.toml")});
  CHECK(check.wait() == Exit{0, 0});
  std::size_t followed = 0;
  for (const fs::path& file : usr.files()) {
    if (file.extension() != ".md") continue;
    for (const std::string& link : links_of(file)) {
      if (!is_document(link)) continue;
      INFO(file << " links to " << link);
      CHECK(fs::exists(file.parent_path() / link));
      ++followed;
    }
  }
  CHECK(followed > 50);
  REQUIRE(usr.make("uninstall") == "");
  CHECK(usr.files().empty());
}
