#include "lb/config/config.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <string>
#include <variant>
#include <vector>

#include "tests/support/config_file.h"

using namespace finishline::config;
using finishline::Nanos;

TEST_CASE("what is not said stands at its default") {
  const Config config = good(kBase);
  CHECK(config.file == "f.toml");
  CHECK(config.listeners[0].mode == Mode::frame);
  CHECK(config.listeners[0].max_body == finishline::proto::kDefaultMaxBody);
  CHECK(config.listeners[0].address.port() == 9000);
  CHECK(config.pools[0].policy == "makespan");
  CHECK(config.servers[0].links == 1);
  CHECK(config.cost.unit() == std::chrono::milliseconds(1));
}

TEST_CASE("what is said is read, in every notation") {
  std::string text =
      replaced(kBase, "[pool.media]", "[pool.media]\npolicy = \"regret\"\ngamma = 1\ntimeout = \"1.5s\"");
  text = replaced(text, "pool = \"media\"", "pool = \"media\"\nmax_body = \"64KiB\"\ndescribe = false");
  text +=
      "speed = 2\nslots = 4\n[proxy]\nworkers = 3\nadmin = \"\"\n[log]\nlevel = \"error\"\nformat = "
      "\"json\"\n";
  const Config config = good(text);
  CHECK(config.pools[0].gamma == 1.0);
  CHECK(config.pools[0].timeout == Nanos(1500000000));
  CHECK(config.listeners[0].max_body == 65536);
  CHECK_FALSE(config.listeners[0].describe);
  CHECK(config.servers[0].speed == 2.0);
  CHECK(config.servers[0].slots == 4);
  CHECK(config.worker_count() == 3);
  CHECK(config.log.level == LogLevel::error);
  CHECK(config.log.format == LogFormat::json);
}

TEST_CASE("types and costs of one's own replace the seed matrix, in the order of the file") {
  const Config config = good(replaced(kBase, "type = \"video\"", "type = \"primary\"") + R"(
[work]
unit = "250us"
types = { write = "W", read = "R" }
[cost.replica]
read = 1
[cost.primary]
write = 1.5
read = 2
)");
  REQUIRE(config.cost.request_types().size() == 2);
  CHECK(config.cost.request_types()[0].name == "write");
  CHECK(config.cost.request_type_of('R') == 1);
  CHECK(config.cost.server_types() == std::vector<std::string>{"replica", "primary"});
  CHECK(config.cost.factor(0, 0) == std::nullopt);
  CHECK(config.cost.factor(1, 0) == 1.5);
  CHECK(config.servers[0].type_index == 1);
  CHECK(config.cost.unit() == std::chrono::microseconds(250));
}

TEST_CASE("zero workers is one per core within the room of the ledger") {
  Config config;
  config.proxy.max_workers = 2;
  CHECK(config.worker_count() == 1);  // and room for its successor
  config.proxy.max_workers = 128;
  CHECK(config.worker_count() >= 1);
}

TEST_CASE("unknown keys and sections name what was probably meant") {
  check_mistakes({
      {"", "weigth = 2", "f:14:1: server[1].weigth: unknown key; did you mean 'weight'?"},
      {"", "policy = \"random\"", "f:14:1: server[1].policy: unknown key; it belongs in [pool.NAME]"},
      {"", "colour = 1",
       "f:14:1: server[1].colour: unknown key; keys of [[server]]: name, pool, type, address, zone, resolve, "
       "check_address, metrics, source, protocol, path, speed, weight, backup, slots, links, max_buffer, "
       "keepalive, "
       "user_timeout, capacity, "
       "max_connections, send_proxy, tls, tls_name, tls_verify, tls_ca, tls_certificate, tls_key, tls_pins"},
      {"", "[porxy]\n", "f:14:2: porxy: unknown section; did you mean 'proxy'?"},
      {"[pool.media]", "workers = 2\n[pool.media]", "f:1:1: workers: unknown section; it belongs in [proxy]"},
      {"", "[colour]\n",
       "f:14:2: colour: unknown section; sections: [proxy], [log], [work], [cost.SERVER_TYPE], [[listener]], "
       "[pool.NAME], [[server]], [alerts], [alert.RULE], [peers]"},
      {"", "[peers]\nredsi = \"\"", "f:15:1: peers.redsi: unknown key; did you mean 'redis'?"},
      {"", "[alerts]\nwebhok = \"\"", "f:15:1: alerts.webhok: unknown key; did you mean 'webhook'?"},
      {"", "[alert.latency_high]\ntreshold = 1",
       "f:15:1: alert.latency_high.treshold: unknown key; did you mean 'threshold'?"},
      {"", "[alert.cpu_high]\ncolour = 1",
       "f:15:1: alert.cpu_high.colour: unknown key; keys of [alert.RULE]: enabled, threshold, for, severity"},
      {"", "[alert.cpu_hihg]\n",
       "f:14:1: alert.cpu_hihg: there is no rule 'cpu_hihg'; did you mean 'cpu_high'?"},
      {"", "[pool.media.scale]\nup_ovr = 60",
       "f:15:1: pool.media.scale.up_ovr: unknown key; did you mean 'up_over'?"},
      {"", "[pool.media.scale.video]\ncomand = \"server {port}\"",
       "f:15:1: pool.media.scale.video.comand: unknown key; did you mean 'command'?"},
      {"", "[pool.media.scale.video]\npaht = \"/{type}\"",
       "f:15:1: pool.media.scale.video.paht: unknown key; did you mean 'path'?"},
  });
}

TEST_CASE("a value of the wrong type tells what is expected and what stands there") {
  check_mistakes({
      {"", "slots = \"4\"",
       "f:14:9: server[1].slots: expected an integer from 1 to 65536, found the text \"4\"; remove the "
       "quotes"},
      {"", "slots = 1.5",
       "f:14:9: server[1].slots: expected an integer from 1 to 65536, found the number 1.5; write for "
       "example 1"},
      {"", "speed = true",
       "f:14:9: server[1].speed: expected a number from 0.001 to 1000, found the boolean true; write for "
       "example 1.0"},
      {"\"video-1\"", "[1]",
       "f:9:8: server[1].name: expected a name in quotes, found an array; write for example \"media\""},
      {"", "[log]\nfile = 2024-01-01",
       "f:15:8: log.file: expected a text in quotes, found a date; write for example \"finishline.txt\""},
      {"", "[proxy]\ndrain_timeout = 30",
       "f:15:17: proxy.drain_timeout: expected a duration from \"0s\" to \"24h\", found the integer 30; say "
       "the unit, "
       "as in \"30s\" or \"30ms\""},
      {"", "[proxy]\ndrain_timeout = \"30 s\"",
       "f:15:17: proxy.drain_timeout: expected a duration from \"0s\" to \"24h\", found the text \"30 s\"; "
       "write for "
       "example \"30s\" (units: ns, us, ms, s, m, h)"},
      {"pool = \"media\"", "pool = \"media\"\nmax_body = \"16Mib\"",
       "f:7:12: listener[1].max_body: expected a size in bytes from \"0B\" to \"1GiB\", found the text "
       "\"16Mib\"; write "
       "for example \"16MiB\" (units: B, KiB, MiB, GiB, kB, MB, GB)"},
      {"", "protocol = \"mimi\"",
       "f:14:12: server[1].protocol: expected one of frame, mini, http, found the text \"mimi\"; did you "
       "mean "
       "'mini'?"},
      {"", "[work]\ntypes = \"V\"",
       "f:15:9: work.types: expected a table of names and letters, found the text \"V\"; write for example "
       "{ video = \"V\", picture = \"P\", music = \"M\" }"},
      {"", "[work]\ntypes = {}",
       "f:15:9: work.types: expected a table of names and letters, found an empty one; write for example "
       "{ video = \"V\", picture = \"P\", music = \"M\" }"},
  });
}

TEST_CASE("a value out of range tells the range") {
  check_mistakes({
      {"", "slots = 0",
       "f:14:9: server[1].slots: the integer 0 is out of range; use an integer from 1 to 65536"},
      {"", "speed = -1",
       "f:14:9: server[1].speed: the integer -1 is out of range; use a number from 0.001 to 1000"},
      {"", "speed = nan",
       "f:14:9: server[1].speed: the number nan is out of range; use a number from 0.001 to 1000"},
      {"", "[proxy]\nworkers = 4294967296",
       "f:15:11: proxy.workers: the integer 4294967296 is out of range; use an integer from 0 to 1024 "
       "(processes)"},
      {"", "[work]\nunit = \"0s\"",
       "f:15:8: work.unit: the text \"0s\" is out of range; use a duration from \"1ns\" to \"1h\""},
      {"pool = \"media\"", "pool = \"media\"\nmax_body = \"2GiB\"",
       "f:7:12: listener[1].max_body: the text \"2GiB\" is out of range; use a size in bytes from \"0B\" to "
       "\"1GiB\""},
      {"", "[cost.video]\nvideo = 1\npicture = 1\nmusic = 0",
       "f:17:9: cost.video.music: the integer 0 is out of range; use a number from 0.000001 to 1000000; a "
       "type that "
       "cannot be done has no line"},
  });
}

TEST_CASE("sections of the wrong shape show how they begin") {
  check_mistakes({
      {"[[listener]]", "[listener]",
       "f:3:1: listener: expected a section, found a table; begin it with a line [[listener]]"},
      {"", "[[proxy]]", "f:14:1: proxy: expected a section, found an array; begin it with a line [proxy]"},
      {"[pool.media]", "pool.media = 3",
       "f:1:14: pool.media: expected a section, found the integer 3; begin it with a line [pool.NAME]"},
  });
}

TEST_CASE("missing keys are told at the head of their section") {
  check_mistakes({
      {"address = \"127.0.0.1:9001\"", "",
       "f:8:1: server[1].address: missing; add address = an address \"HOST:PORT\": where it listens"},
      {"name = \"media\"", "",
       "f:3:1: listener[1].name: missing; add name = a name in quotes: as in log, metrics and commands"},
  });
}

TEST_CASE("an empty file lacks listener, pool and server") {
  CHECK(faults_of("") ==
        std::vector<std::string>{"f: listener: there is none, so there is nothing to do; add a [[listener]]",
                                 "f: pool: there is none, so there is nothing to do; add a [pool.NAME]",
                                 "f: server: there is none, so there is nothing to do; add a [[server]]"});
}

TEST_CASE("all mistakes are told at once in the order of the file, and none twice") {
  const auto faults = faults_of(R"([[server]]
name = "video-1"
pool = "medai"
type = "vidio"
adress = "127.0.0.1:9001"
slots = 0
[pool.media]
[proxy]
workers = "2"
[[listener]]
name = "media"
bind = "127.0.0.1"
pool = "media"
)");
  const std::vector<std::string> starts = {"f:1:1: server[1].address: missing",
                                           "f:3:8: server[1].pool: there is no",
                                           "f:4:8: server[1].type: unknown",
                                           "f:5:1: server[1].adress: unknown key",
                                           "f:6:9: server[1].slots: the",
                                           "f:9:11: proxy.workers: expected",
                                           "f:12:8: listener[1].bind: '127.0.0.1' is no"};
  REQUIRE(faults.size() == starts.size() + 1);
  for (std::size_t i = 0; i < starts.size(); ++i) CHECK(faults[i].starts_with(starts[i]));
  CHECK(faults.back().starts_with("f:13:8: listener[1].pool: pool 'media' has no server"));
}

TEST_CASE("what is no TOML is told with its place") {
  for (const std::string text : {"[pool.media\n", "x = \n", "a = 1\na = 2\n", "x = \"\xff\"\n", "[[[["}) {
    CAPTURE(text);
    const auto faults = faults_of(text);
    REQUIRE(faults.size() == 1);
    CHECK(faults[0].find("not TOML: ") != std::string::npos);
    CHECK((faults[0].starts_with("f:1:") || faults[0].starts_with("f:2:")));
  }
}

TEST_CASE("the commonest mistakes in TOML are told in plain words, with what to write") {
  const std::vector<std::pair<std::string, std::string>> told = {
      {"[a]\nname = \"media\nbind = \"x\"\n", "a text in this line has no end; close it with \""},
      {"[a]\nname = 'media\n", "a text in this line has no end; close it with '"},
      {"[a]\nx = 1\n\n[b]\nx = 1\nx = 2\n", "'x' is said in line 5 already; leave one of them out"},
      {"[a]\nx = 1\n[a]\n", "'a' is said in line 1 already; leave one of them out"},
      {"[listener]\n[[listener]]\n",
       "[listener] in line 1 is no part of a list; write [[listener]] there, too"},
      {"[a]\nadmin = 127.0.0.1:9900\n", "; write admin = \"127.0.0.1:9900\""},
      {"[a]\nadmin = localhost # here\n", "; write admin = \"localhost\""},
      {"[a]\nwait = 5ms\n", "; write wait = \"5ms\""},
      {"[a]\ntls = yes\n", "; write true or false"},
      {"[a]\nworkers: 2\n", "there is no = behind the key 'workers'; write workers = VALUE"},
      {"[a]\nworkers =\n", "there is no value behind workers =; write one, or leave the line out"},
      {"[pool.media\nx = 1\n", "the head of this part is not closed; write [pool.media]"},
      {"[[listener]\nx = 1\n", "the head of this part is not closed; write [[listener]]"},
      {"[a]\nx = [1, 2\ny = 1\n", "put , between its values and ] behind the last"}};
  for (const auto& [text, words] : told) {
    CAPTURE(text);
    const auto faults = faults_of(text);
    REQUIRE(faults.size() == 1);
    CHECK_MESSAGE(faults[0].ends_with(words), faults[0]);
  }
}

TEST_CASE("a problem is one line, whatever a quoted key holds") {
  const auto faults = faults_of(kBase + "[\"a\\nb\"]\n");
  REQUIRE(faults.size() == 1);
  CHECK(faults[0].starts_with("f:14:2: a?b: unknown section"));
}

TEST_CASE("a file that cannot be read is a problem like others") {
  for (const auto& [file, reason] :
       {std::pair{"/nonexistent/f.toml", "No such file or directory"}, std::pair{"/tmp", "Is a directory"}}) {
    const auto result = load(file);
    REQUIRE(std::holds_alternative<std::vector<Problem>>(result));
    const auto& problems = std::get<std::vector<Problem>>(result);
    REQUIRE(problems.size() == 1);
    CHECK(to_string(problems[0], file) == std::string(file) + ": cannot be read: " + reason +
                                              "; name a configuration file with -c FILE; "
                                              "finishline init writes one");
  }
}

TEST_CASE("a file without an end is given up, and one that comes through a pipe is read") {
  const auto endless = read_text("/dev/zero");
  REQUIRE(std::holds_alternative<Problem>(endless));
  CHECK(std::get<Problem>(endless).message == "is longer than 64 MiB, which no configuration is");
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  REQUIRE(::write(ends[1], "[log]\n", 6) == 6);
  ::close(ends[1]);
  const auto piped = read_text("/proc/self/fd/" + std::to_string(ends[0]));
  ::close(ends[0]);
  CHECK(std::get<std::string>(piped) == "[log]\n");
}
