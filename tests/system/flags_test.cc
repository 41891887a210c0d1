// The command lines of client and reference server: what they refuse, and what they say to do instead.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/support/child_process.h"
#include "tests/support/temp_dir.h"

using namespace finishline;
using test::Exit;
using test::run;

namespace {

/// What the program says of a command line that it refuses.
std::string refusal_of(std::string_view name, const std::vector<std::string>& arguments) {
  const auto outcome = run(name, arguments);
  const bool refused = outcome.exit == Exit{2, 0};
  CHECK_MESSAGE(refused, outcome.errors, outcome.output);
  return outcome.errors;
}

std::string client_says(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "127.0.0.1:1");
  return refusal_of("finishline-client", arguments);
}
std::string server_says(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {"--type", "video"});
  return refusal_of("finishline-server", arguments);
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

std::string proxy_says(const std::vector<std::string>& arguments) {
  return refusal_of("finishline", arguments);
}

}  // namespace

TEST_CASE("flags: a duration without a unit is refused, and both that may be meant are told") {
  for (const char* flag :
       {"-d", "--duration", "--deadline", "--connect-timeout", "--reply-timeout", "--warmup"})
    CHECK_MESSAGE(has(client_says({flag, "100"}), "'100' has no unit: say 100ms or 100s"), flag);
  for (const char* flag : {"--unit", "--delay", "--jitter"})
    CHECK_MESSAGE(has(server_says({flag, "5"}), "'5' has no unit: say 5ms or 5s"), flag);
  for (const char* flag : {"--exec-timeout", "--exec-cpu"})
    CHECK_MESSAGE(has(server_says({"--exec", "cat", flag, "5"}), "'5' has no unit: say 5ms or 5s"), flag);
}

TEST_CASE("flags: unknown ones are named in the order given, with the one that was meant") {
  const std::string told = client_says({"--requets", "5", "--durations", "5s"});
  const auto first = told.find("it does not know --requets, did you mean --requests?");
  const auto second = told.find("it does not know --durations, did you mean --duration?");
  CHECK(first != std::string::npos);
  CHECK(second != std::string::npos);
  CHECK(first < second);
  CHECK(has(server_says({"--lisen", "x"}), "it does not know --lisen, did you mean --listen?"));
}

TEST_CASE("flags: for those of other load generators it is said what to use instead") {
  CHECK(has(client_says({"--qps", "100"}), "it does not know --qps: --rate says"));
  CHECK(has(client_says({"-H", "a: b"}), "it does not know -H: requests are no HTTP"));
}

TEST_CASE("flags: what belongs together is asked for together") {
  CHECK(has(client_says({"--insecure"}), "--insecure needs --tls"));
  CHECK(has(client_says({"--burst", "5"}), "--burst needs --rate"));
  CHECK(has(client_says({"--protocol", "mini", "--body", "5"}), "have no body: --body"));
  CHECK(has(refusal_of("finishline-client", {"--requests", "5"}), "say whom to connect to: HOST:PORT"));
  CHECK(has(server_says({"--tls-client-ca", "x"}), "--tls-client-ca goes with --tls-cert"));
}

TEST_CASE("flags: numbers of the server are numbers above 0, and seeds of 0 or more") {
  for (const char* speed : {"0", "-1", "x", "nan", "inf"})
    CHECK_MESSAGE(has(server_says({"--speed", speed}), "is no number above 0, as 1.5 is"), speed);
  CHECK(has(server_says({"--seed", "-1"}), "'-1' is no whole number of 0 or more"));
  CHECK(has(client_says({"--seed", "-1"}), "'-1' is not a whole number"));
  CHECK(has(server_says({"--max-body", "16Mib"}), "'16Mib' is no size"));
}

TEST_CASE("flags: a duration without a unit is refused by sim and forecast, too") {
  for (const char* flag : {"--unit", "--rtt", "--wake-up", "--mark"})
    CHECK_MESSAGE(has(proxy_says({"sim", flag, "5"}), "'5' has no unit: say 5ms or 5s"), flag);
  CHECK(has(proxy_says({"sim", "--usage", "total", "--step", "5"}), "'5' has no unit"));
  const test::TempDir dir;
  const std::string file = dir.write("load.csv", "time,value\n0,1\n3600,2\n7200,3\n10800,4\n");
  CHECK(has(proxy_says({"forecast", file, "--horizon", "24"}), "'24' has no unit: say 24h or 24d"));
  CHECK(has(proxy_says({"forecast", file, "--step", "5"}), "'5' has no unit: say 5m or 5h"));
}

TEST_CASE("flags: what would be passed over is refused") {
  const test::TempDir dir;
  const std::string file = dir.write("load.csv", "time,value\n0,1\n3600,2\n7200,3\n10800,4\n");
  CHECK(has(proxy_says({"sim", "--scale", "day", "--load", "0.5"}), "--load does nothing with --scale day"));
  CHECK(has(proxy_says({"sim", "--days", "3"}), "--days does nothing without --usage or --scale"));
  CHECK(
      has(proxy_says({"forecast", file, "--admin", "127.0.0.1:1"}), "--admin says where a pool's proxy is"));
  CHECK(has(proxy_says({"forecast", file, "--backtest", "--plot", "x.svg"}), "leave out one of them"));
}

TEST_CASE("flags: numbers with hundreds of digits are refused, not taken for infinity") {
  const std::string huge(309, '9');
  CHECK(has(proxy_says({"record", "media", "--seconds", huge}), "--seconds: a number above 0 and at most"));
  CHECK(has(proxy_says({"explain", "media", "--seconds", huge}), "--seconds: a number above 0 and at most"));
  CHECK(has(proxy_says({"explain", "media", "--type", "V", "--length", huge}), "--length: a number above 0"));
  CHECK(has(proxy_says({"top", "--interval", huge}), "--interval: a number above 0"));
  for (const char* flag : {"--load", "--gamma", "--aging", "--noise", "--wrong", "--seeds", "--workers"})
    CHECK_MESSAGE(has(proxy_says({"sim", flag, huge}), flag), flag);
  for (const char* flag : {"--length", "--mix", "--servers"})
    CHECK_MESSAGE(has(proxy_says({"sim", flag, (flag[2] == 'l' ? "1.." : "video=") + huge}), flag), flag);
  CHECK(has(proxy_says({"sim", "--scale", "day", "--spikes", huge}), "--spikes"));
  CHECK(has(client_says({"--length", "1.." + huge}), "--length"));
  CHECK(has(client_says({"--mix", "video=" + huge}), "--mix"));
  CHECK(has(client_says({"--rate", huge}), "--rate"));
}

TEST_CASE("flags: two reports are compared, or it is said why they are none") {
  const test::TempDir dir;
  const std::string file = dir.write("report.json", "{\"requests\": 5}");
  CHECK(has(refusal_of("finishline-client", {"compare", file, file}), "report.json is no report of this"));
  CHECK(has(refusal_of("finishline-client", {"compare", file}), "AFTER is required"));
  CHECK(has(refusal_of("finishline-client", {"compare", file, file, "--fail-above", "5"}), "say 5%"));
  CHECK(has(refusal_of("finishline-client", {"compare", file, file, "--fail-abov", "5%"}),
            "did you mean --fail-above?"));
}

TEST_CASE("flags: a word that is missing is told by the program, with how the command is written") {
  const std::string history = proxy_says({"history"});
  CHECK(has(history, "finishline history: import is required\n"));
  CHECK(has(history, "import POOL FILE.csv"));
  CHECK(has(proxy_says({"drain"}), "finishline drain: NAME is required\n"));
}
