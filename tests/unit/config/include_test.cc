// A configuration in several files, and the files that it names.
#include "lb/config/include.h"

#include <doctest/doctest.h>

#include <filesystem>

#include "lb/config/advice.h"
#include "lb/config/folder.h"
#include "lb/config/parts.h"
#include "lb/config/source.h"
#include "tests/support/config_file.h"
#include "tests/support/temp_dir.h"

using namespace finishline;
using namespace finishline::config;
using finishline::test::TempDir;

namespace {

/// A folder with a main file, and with conf.d in it.
class Files {
 public:
  explicit Files(const std::string& include) {
    std::filesystem::create_directory(dir_.file("conf.d"));
    main_ = dir_.write("main.toml", include + kBase);
  }
  std::string add(const std::string& name, const std::string& text) { return dir_.write(name, text); }
  std::string path(const std::string& name) const { return dir_.file(name); }
  const std::string& main() const { return main_; }

  Config config() const {
    auto loaded = load(main_);
    for (const std::string& fault : faults()) MESSAGE(fault);
    REQUIRE(std::holds_alternative<Config>(loaded));
    return std::get<Config>(std::move(loaded));
  }
  std::vector<std::string> faults() const {
    const auto loaded = load(main_);
    std::vector<std::string> texts;
    if (const auto* problems = std::get_if<std::vector<Problem>>(&loaded))
      for (const Problem& problem : *problems) texts.push_back(to_string(problem, "main.toml"));
    return texts;
  }

 private:
  TempDir dir_;
  std::string main_;
};

std::string server(const std::string& name) {
  return "[[server]]\nname = \"" + name +
         "\"\npool = \"media\"\ntype = \"video\"\naddress = \"127.0.0.1:1\"\n";
}

std::vector<std::string> names(const Config& config) {
  std::vector<std::string> all;
  for (const Server& it : config.servers) all.push_back(it.name);
  return all;
}

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("files of a pattern are read behind the first one, in the order of their names") {
  Files files("include = \"conf.d/*.toml\"\n");
  CHECK(names(files.config()) == Texts{"video-1"});
  files.add("conf.d/b.toml", server("video-3"));
  files.add("conf.d/a.toml", server("video-2"));
  files.add("conf.d/a.toml~", "no configuration");
  CHECK(names(files.config()) == Texts{"video-1", "video-2", "video-3"});
}

TEST_CASE("a folder stands for the files in it, and a list for one after the other") {
  Files files("include = [\"one.toml\", \"conf.d\"]\n");
  files.add("one.toml", server("video-9"));
  files.add("conf.d/a.toml", server("video-2"));
  CHECK(names(files.config()) == Texts{"video-1", "video-9", "video-2"});
}

TEST_CASE("a section may have its keys in several files, each key in one of them") {
  Files files("include = \"conf.d\"\n");
  files.add("conf.d/a.toml", "[pool.media]\ngamma = 0.7\n[proxy]\nworkers = 2\n");
  files.add("conf.d/b.toml", "[proxy]\nmax_peers = 3\n");
  CHECK(files.config().pools[0].gamma == 0.7);
  CHECK(files.config().proxy.max_peers == 3);
  files.add("conf.d/c.toml", "\n[proxy]\nworkers = 3\n");
  CHECK(files.faults() == Texts{files.path("conf.d/c.toml") + ":3:11: proxy.workers: is said in line 4 of " +
                                files.path("conf.d/a.toml") + ", too; say it in one of the files"});
}

TEST_CASE("mistakes are told with the file they stand in, and its line") {
  Files files("include = \"conf.d\"\n");
  const std::string a = files.add("conf.d/a.toml", server("video-2") + "wait = 1\n");
  const std::string b = files.add("conf.d/b.toml", "\n" + server("video-2"));
  const Texts faults = files.faults();
  REQUIRE(faults.size() == 2);
  CHECK(faults[0].starts_with(a + ":6:1: server[2].wait: unknown key"));
  CHECK(faults[1].starts_with(
      b + ":3:8: server[3].name: 'video-2' is already the name of the server in line 2 of " + a));
  files.add("conf.d/b.toml", "x = \n");
  CHECK(files.faults().at(0).starts_with(b + ":1:"));
}

TEST_CASE("what is no TOML, said twice or not there is told of every file at once, file by file") {
  Files files("include = [\"conf.d\", \"gone.toml\", \"lost.toml\"]\n[alerts]\nrepeat = \"1h\"\n");
  const std::string a = files.add("conf.d/a.toml", "x = \n");
  const std::string b = files.add("conf.d/b.toml", "include = \"c\"\ny = \n");
  const Texts missing = files.faults();
  REQUIRE(missing.size() == 4);
  CHECK(missing[0].starts_with("main.toml:1:22: include: "));
  CHECK(missing[1].starts_with("main.toml:1:35: include: "));
  CHECK(missing[2].starts_with(a + ":1:"));
  CHECK(missing[3].starts_with(b + ":2:"));
  files.add("gone.toml", "[alerts]\ngroup_wait = \"1s\"\n");
  files.add("lost.toml", "[alerts]\nrepeat = \"2h\"\n");
  CHECK(files.faults().size() == 3);
  CHECK(files.faults()[2].starts_with(files.path("lost.toml") + ":2:10: alerts.repeat: is said in "));
}

TEST_CASE("what cannot be included is told at the key") {
  Files missing("include = \"gone.toml\"\n");
  CHECK(missing.faults().at(0).starts_with("main.toml:1:11: include: " + missing.path("gone.toml") +
                                           " cannot be read: No such file"));
  Files number("include = [\"conf.d\", 3]\n");
  CHECK(number.faults().at(0).starts_with("main.toml:1:22: include: expected a file, a folder or a pattern"));
  Files deeper("include = \"conf.d\"\n");
  const std::string a = deeper.add("conf.d/a.toml", "include = \"b.toml\"\n");
  CHECK(deeper.faults().at(0) ==
        a + ":1:1: include: stands in a file that is itself included; say it in the first file");
}

TEST_CASE("the whole text is a source by itself, wherever it is read") {
  Files files("include = \"conf.d\"\n");
  files.add("conf.d/a.toml", server("video-2"));
  const Reading reading = read_source(files.main(), [](const std::set<Name>&) { return NameTable(); });
  REQUIRE(reading.judged.problems.empty());
  const auto source = source_of(to_bytes(reading.source));
  REQUIRE(source);
  const auto parsed = parse(*source);
  REQUIRE(std::holds_alternative<Config>(parsed));
  CHECK(names(std::get<Config>(parsed)) == Texts{"video-1", "video-2"});
  CHECK(parts_of(source->text).size() == 2);
}

TEST_CASE("names of files go by the folder of the configuration, absolute ones by themselves") {
  Files files("");
  files.add("main.toml",
            "[proxy]\nadmin_token_file = \"token\"\npid_file = \"/run/pid\"\nstate_dir = \"state\"\n"
            "[log]\nfile = \"-\"\n" +
                replaced(kBase, "pool = \"media\"\n\n",
                         "pool = \"media\"\ntls_certificates = [\"a.pem\", \"/b.pem\"]\n\n"));
  const Config config = files.config();
  CHECK(config.proxy.admin_token_file == files.path("token"));
  CHECK(config.proxy.pid_file == "/run/pid");
  CHECK(config.proxy.state_dir == files.path("state"));
  CHECK(config.log.file == "-");
  CHECK(config.log.access == "off");
  CHECK(config.alerts.ca_file == "");
  CHECK(config.listeners[0].tls_certificates == Texts{files.path("a.pem"), "/b.pem"});
}

TEST_CASE(
    "a file without a folder goes by the working directory, a text from elsewhere by the folder it notes") {
  CHECK(folder_of("", "f.toml") == "");
  CHECK(folder_of("", "/f.toml") == "/");
  CHECK(folder_of("", "conf/f.toml") == "conf");
  CHECK(folder_of(with_folder("[proxy]", "/srv"), "/tmp/x/f.toml") == "/srv");
  CHECK(file_in("/", "token") == "/token");
  CHECK(file_in("", "token") == "token");
  const auto parsed = parse(with_folder("[proxy]\npid_file = \"pid\"\n" + kBase, "/srv"), "/tmp/x/f.toml");
  REQUIRE(std::holds_alternative<Config>(parsed));
  CHECK(std::get<Config>(parsed).proxy.pid_file == "/srv/pid");
}

TEST_CASE("a pool that no listener uses is doubtful, one that a server name leads to is not") {
  const std::string unused = kBase + "[pool.other]\n";
  const auto advice = [](const std::string& text) {
    const Source source{.file = "f", .text = text, .names = {}};
    Texts texts;
    for (const Problem& problem : advice_on(source, good(text))) texts.push_back(to_string(problem, "f"));
    return texts;
  };
  CHECK(advice(kBase).empty());
  CHECK(advice(unused) == Texts{"f:14:1: pool.other: no listener uses it; write pool = \"other\" in a "
                                "[[listener]], or remove it"});
}
