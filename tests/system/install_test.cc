// What `make install` puts into a system, and `make uninstall` takes back.
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <utility>
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
    ChildProcess process("/bin/sh", {"-c", "umask 077; exec \"$@\"", "sh", make_, "-o", "all", target,
                                     "BUILD=" + dir_.file("build"), "BIN=" + programs.string(),
                                     "DESTDIR=" + dir_.file("root"), "PREFIX=/usr"});
    return process.wait() == Exit{0, 0} ? "" : process.errors() + "make has failed";
  }
  fs::path path(const std::string& in_usr) const { return dir_.file("root/usr/" + in_usr); }
  /// Somebody else's file, as if it had been there before.
  void put(const std::string& in_usr) const {
    fs::create_directories(path(in_usr).parent_path());
    std::ofstream(path(in_usr)) << "not ours\n";
  }
  std::vector<fs::path> files() const {
    std::vector<fs::path> found;
    for (const auto& entry : fs::recursive_directory_iterator(dir_.file("root")))
      if (entry.is_regular_file() || entry.is_symlink()) found.push_back(entry.path());
    return found;
  }

 private:
  std::string make_;
  TempDir dir_;
};

std::string text_of(const fs::path& file) {
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str();
}

/// Below PREFIX.
bool is_of_library(const std::string& name) {
  return name.starts_with("include/") || name.starts_with("lib/libfinishline.") ||
         name.starts_with("lib/pkgconfig/") || name.starts_with("share/man/man3/");
}

/// The files beside it that a document links to, as it names them.
std::vector<std::string> links_of(const fs::path& document) {
  static const std::regex kLink(R"(\]\(([^)#:]+)(#[^)]*)?\))");
  std::vector<std::string> links;
  const std::string all = text_of(document);
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

TEST_CASE("what is installed beside documents and the C library is on this list, for everybody to read") {
  const std::string make = installed("make"), strip = installed("strip");
  const bool manuals = !installed("help2man").empty() && !installed("go-md2man").empty();
  if (make.empty() || strip.empty()) return;
  const Destination usr(make);
  REQUIRE(usr.make("install") == "");
  std::set<std::string> expected = {"lib/systemd/system/finishline.service",
                                    "share/zsh/site-functions/_finishline"};
  for (const std::string name : {"finishline", "finishline-server", "finishline-client"}) {
    expected.insert({"bin/" + name, "share/bash-completion/completions/" + name,
                     "share/fish/vendor_completions.d/" + name + ".fish"});
    if (manuals) expected.insert("share/man/man1/" + name + ".1");
  }
  if (manuals) expected.insert("share/man/man5/finishline.toml.5");
  std::set<std::string> found;
  for (const fs::path& file : usr.files()) {
    const std::string name = fs::relative(file, usr.path(""));
    if (name.starts_with("share/doc/finishline/") || is_of_library(name)) continue;
    CAPTURE(name);
    CHECK((fs::status(file).permissions() & fs::perms::others_read) != fs::perms::none);
    CHECK(fs::file_size(file) > 100);
    found.insert(name);
  }
  CHECK(found == expected);
}

TEST_CASE("manual pages have what --help says, and shells what finishline completion prints") {
  const std::string make = installed("make"), strip = installed("strip");
  const bool manuals = !installed("help2man").empty() && !installed("go-md2man").empty();
  if (make.empty() || strip.empty()) return;
  const Destination usr(make);
  REQUIRE(usr.make("install") == "");
  for (const auto& [shell, file] : {std::pair("bash", "share/bash-completion/completions/finishline-client"),
                                    {"fish", "share/fish/vendor_completions.d/finishline.fish"},
                                    {"zsh", "share/zsh/site-functions/_finishline"}})
    CHECK(text_of(usr.path(file)) == run("finishline", {"completion", shell}).output);
  if (!manuals) return;
  for (const auto& [page, word] : {std::pair("man1/finishline.1", "undrain"),
                                   {"man1/finishline.1", "/usr/share/doc/finishline"},
                                   {"man1/finishline-server.1", "exec"},
                                   {"man1/finishline-client.1", "makespan"},
                                   {"man5/finishline.toml.5", "max_backlog"}})
    CHECK_MESSAGE(text_of(usr.path("share/man/" + std::string(page))).find(word) != std::string::npos, word);
}

TEST_CASE("what was not installed is there after uninstalling, and uninstalling again is no mistake") {
  const std::string make = installed("make"), strip = installed("strip");
  if (make.empty() || strip.empty()) return;
  const Destination usr(make);
  const std::vector<std::string> others = {"share/doc/finishline/notes.txt", "share/man/man1/other.1",
                                           "share/bash-completion/completions/other", "bin/other"};
  for (const std::string& name : others) usr.put(name);
  REQUIRE(usr.make("install") == "");
  REQUIRE(usr.make("uninstall") == "");
  CHECK(usr.make("uninstall") == "");
  CHECK(usr.files().size() == others.size());
  for (const std::string& name : others) CHECK(fs::exists(usr.path(name)));
  CHECK_FALSE(fs::exists(usr.path("share/doc/finishline/lb")));
}
