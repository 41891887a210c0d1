// Running without a file, or with one that was made: `init`, `run --to`, `-c -`, completion, suggestions.
#include <doctest/doctest.h>

#include <filesystem>
#include <string>

#include "tests/support/child_process.h"
#include "tests/support/temp_dir.h"
#include "tests/support/wait_until.h"

using namespace finishline;
using namespace finishline::test;

namespace {

/// Runs a line of shell in which $fl is the proxy's program.
Outcome shell(const std::string& line) {
  ChildProcess child("/bin/sh", {"-c", "fl=" + program("finishline") + "; " + line});
  const auto exit = child.wait();
  return {exit, child.output(), child.errors()};
}

/// What follows `name` in what a process has logged; waits for it.
std::string logged(const ChildProcess& process, const std::string& name) {
  std::string value;
  wait_until([&] {
    const std::string log = process.errors();
    const auto at = log.find(name);
    if (at == std::string::npos) return false;
    value = log.substr(at + name.size(), log.find_first_of(" \n", at + name.size()) - at - name.size());
    return true;
  });
  return value;
}

}  // namespace

TEST_CASE("two flags are enough to run, and nothing is left behind") {
  const TempDir dir;
  ChildProcess server(program("finishline-server"), {"--type", "video", "--listen", "127.0.0.1:0"});
  std::string address;
  REQUIRE(wait_until([&] {
    const std::string said = server.output() + server.errors();
    const auto at = said.find("127.0.0.1:");
    if (at == std::string::npos) return false;
    address = said.substr(at, said.find_first_not_of("0123456789.:", at) - at);
    return true;
  }));
  ChildProcess proxy("/usr/bin/env", {"TMPDIR=" + dir.file(""), program("finishline"), "run", "--listen",
                                      "127.0.0.1:0", "--to", "video=" + address, "--admin", "127.0.0.1:0"});
  const std::string listening = logged(proxy, "listening listener=media address=");
  REQUIRE(listening != "");
  const Outcome client =
      run("finishline-client", {"--connect", listening, "--requests", "20", "--length", "1"});
  CHECK(client.exit == Exit{0, 0});
  CHECK(proxy.stop() == Exit{0, 0});
  CHECK(std::filesystem::is_empty(dir.file("")));
}

TEST_CASE("what is wrong with flags is said of the flag, and never of a file that nobody has seen") {
  const auto said = [](const std::string& flags, const std::string& limit = "true") {
    const Outcome outcome = shell(limit + " && $fl run " + flags);
    CHECK(outcome.exit == Exit{2, 0});
    CHECK(outcome.errors.find(".toml") == std::string::npos);
    CHECK(outcome.errors.find("/tmp/") == std::string::npos);
    return outcome.errors;
  };
  const std::string to = " --to video=127.0.0.1:9001";
  CHECK(said("--listen 127.0.0.1:0 --admin 192.0.2.1:9900" + to)
            .starts_with("--admin: proxy.admin: other machines reach it"));
  CHECK(said("--listen 192.0.2.1:80 --admin ''" + to)
            .starts_with("--listen: listener[1].bind: listener 'media' cannot bind 192.0.2.1:80: "));
  CHECK(said("--listen 127.0.0.1:0 --admin '' --to video=127.0.0.1:0")
            .starts_with("--to: server[1].address: port 0 cannot be connected to"));
  CHECK(said("--listen 127.0.0.1:0 --admin '' --to video=127.0.0.1:0")
            .ends_with("finishline: 1 problem in what --to, --listen and --admin say\n"));
  const std::string few = said("--listen 127.0.0.1:0 --admin ''" + to, "ulimit -n 80");
  CHECK(
      few.starts_with("what --to, --listen and --admin say: proxy.max_connections: too few file descriptors "
                      "even for one client: "));
  CHECK(few.find("are the default of proxy.max_connections") != std::string::npos);
  CHECK(shell("echo '[proxy]\nworker = 1' | $fl run -c -")
            .errors.starts_with("standard input:2:1: proxy.worker"));
}

TEST_CASE("policies are a table for documents, and the same as JSON") {
  const auto count = [](const std::string& text, const std::string& word) {
    std::size_t n = 0;
    for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) ++n;
    return n;
  };
  const Outcome table = run("finishline", {"policies"});
  const Outcome json = run("finishline", {"policies", "--json"});
  CHECK(table.exit == Exit{0, 0});
  CHECK(json.exit == Exit{0, 0});
  CHECK(table.output.find("| `makespan` |") != std::string::npos);
  CHECK(json.output.find("\"policy\": \"makespan\"") != std::string::npos);
  CHECK(count(json.output, "\"policy\": ") == count(table.output, "\n| `"));
  CHECK(run("finishline", {"policies", "--jsno"}).exit == Exit{2, 0});
}

TEST_CASE("init writes a file that check finds good, and never over another") {
  const TempDir dir;
  const std::string file = dir.file("finishline.toml");
  CHECK(shell("$fl init " + file + " && $fl check -c " + file).exit == Exit{0, 0});
  const Outcome again = shell("$fl init " + file);
  CHECK(again.exit == Exit{2, 0});
  CHECK(again.errors.find("is there already") != std::string::npos);
  CHECK(shell("$fl init - --to read=127.0.0.1:1,write=127.0.0.1:2 | $fl check -c -").exit == Exit{0, 0});
  CHECK(shell("$fl init - --to 127.0.0.1:1,127.0.0.1:2 | $fl check -c -").exit == Exit{0, 0});
  CHECK(shell("$fl init - --to video=127.0.0.1:1,127.0.0.1:2").exit == Exit{2, 0});
}

TEST_CASE("a mistyped command or flag is answered by the one that was meant") {
  CHECK(shell("$fl stauts").errors.find("did you mean status?") != std::string::npos);
  CHECK(shell("$fl status --jsn").errors.find("did you mean --json?") != std::string::npos);
  CHECK(shell("$fl status --jsn").exit == Exit{2, 0});
}

TEST_CASE("bash completes commands and flags from what the program says of itself") {
  const auto completed = [](const std::string& words, int at) {
    return shell("bash -c \"$($fl completion bash)\nCOMP_WORDS=($fl " + words +
                 "); COMP_CWORD=" + std::to_string(at) + "; _finishline; echo \\\"\\${COMPREPLY[@]}\\\"\"")
        .output;
  };
  CHECK(completed("stat", 1) == "status\n");
  CHECK(completed("status --js", 2) == "--json\n");
  CHECK(shell("$fl completion fish").exit == Exit{0, 0});
  CHECK(shell("$fl completion tcsh").exit == Exit{2, 0});
}

TEST_CASE("what is typed as for other programs is understood, or answered by what was meant") {
  CHECK(shell("$fl version").output == shell("$fl --version").output);
  CHECK(shell("$fl help drain").output == shell("$fl drain --help").output);
  CHECK(shell("$fl help").output == shell("$fl --help").output);
  CHECK(shell("$fl stop").errors.find("send SIGTERM") != std::string::npos);
  CHECK(shell("$fl start").errors.find("did you mean run?") != std::string::npos);
  const TempDir dir;
  const std::string file = dir.file("made.toml");
  CHECK(shell("$fl init --to video=127.0.0.1:1 " + file).exit == Exit{0, 0});
  CHECK(shell("$fl check " + file).exit == Exit{0, 0});
  CHECK(shell("$fl -t -c " + file).exit == Exit{0, 0});
  CHECK(shell("$fl init --listen nonsense -").errors.find("--listen: 'nonsense' is no HOST:PORT") !=
        std::string::npos);
}

TEST_CASE("output that cannot be written is an error, and what answers without being Finishline is told") {
  const Outcome full = shell("$fl policies >/dev/full");
  CHECK(full.exit == Exit{1, 0});
  CHECK(full.errors == "finishline: standard output: No space left on device\n");
  const std::string serve =
      "python3 -c 'import http.server as h; s = h.HTTPServer((\"127.0.0.1\", 0), h.BaseHTTPRequestHandler); "
      "print(s.server_port, flush=True); s.handle_request()' 2>/dev/null";
  const TempDir dir;
  const Outcome stranger =
      shell("TMPDIR=" + dir.file("") + "; mkfifo $TMPDIR/port; " + serve +
            " >$TMPDIR/port & read port <$TMPDIR/port; $fl status --admin 127.0.0.1:$port");
  CHECK(stranger.exit == Exit{1, 0});
  CHECK(stranger.errors.find("answers, but is not Finishline (HTTP 501)") != std::string::npos);
}
