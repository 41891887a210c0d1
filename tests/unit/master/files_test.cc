#include "lb/master/files.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <filesystem>

#include "tests/support/temp_dir.h"

using namespace finishline;
using finishline::test::TempDir;

namespace {

/// The first problem of [proxy] with this line, or "".
std::string fault_of(const std::string& key, const std::string& file) {
  const config::Source source{
      .file = "f", .text = "[proxy]\nadmin = \"\"\n" + key + " = \"" + file + "\"\n", .names = {}};
  config::Config config;
  (key == "pid_file" ? config.proxy.pid_file : config.proxy.admin_token_file) = file;
  const auto problems = master::problems_of_files(source, config);
  return problems.empty() ? "" : to_string(problems.front(), "f");
}

bool has(const std::string& text, const std::string& words) { return text.find(words) != std::string::npos; }

}  // namespace

TEST_CASE("a token file that is not there, or holds nothing, is a problem with its place and remedy") {
  const TempDir dir;
  CHECK(fault_of("admin_token_file", dir.file("none")) ==
        "f:3:20: proxy.admin_token_file: " + dir.file("none") +
            ": No such file or directory; write a token into it, for its owner alone to read (chmod 600)");
  const std::string empty = dir.write("empty", " \n");
  ::chmod(empty.c_str(), 0600);
  CHECK(has(fault_of("admin_token_file", empty), empty + " is empty; "));
  const std::string open = dir.write("open", "a-secret-of-16-letters\n");
  ::chmod(open.c_str(), 0644);
  CHECK(fault_of("admin_token_file", open).ends_with(" may be read or changed by others: chmod 600 it"));
  const std::string good = dir.write("good", "a-secret-of-16-letters\n");
  ::chmod(good.c_str(), 0600);
  CHECK(fault_of("admin_token_file", good) == "");
  CHECK(fault_of("admin_token_file", "") == "");
}

TEST_CASE("files of what alerts need are looked at, too") {
  config::Config config;
  config.alerts.webhook_secret_file = config.alerts.mail_password_file = "/nonexistent/file";
  const config::Source source{
      .file = "f", .text = "[alerts]\nwebhook_secret_file = \"\"\nmail_password_file = \"\"\n", .names = {}};
  const auto problems = master::problems_of_files(source, config);
  REQUIRE(problems.size() == 2);
  CHECK(problems[0].key == "alerts.webhook_secret_file");
  CHECK(problems[0].line == 2);
  CHECK(problems[1].key == "alerts.mail_password_file");
}

TEST_CASE("the password of redis is one word in a file of its owner's") {
  const TempDir dir;
  const auto fault = [&](const std::string& text, int mode) {
    config::Config config;
    config.peers.password_file = dir.write("password", text);
    ::chmod(config.peers.password_file.c_str(), static_cast<mode_t>(mode));
    const config::Source source{.file = "f", .text = "[peers]\npassword_file = \"\"\n", .names = {}};
    const auto problems = master::problems_of_files(source, config);
    return problems.empty() ? "" : to_string(problems.front(), "f");
  };
  CHECK(fault("secret\n", 0600) == "");
  CHECK(fault("secret\n", 0666).starts_with("f:2:17: peers.password_file: "));
  CHECK(has(fault("", 0600), " is empty; write a password into it"));
  CHECK(has(fault(std::string(3U << 20, 'a'), 0600), " is longer than a secret can be"));
  CHECK(has(fault("one\ntwo\n", 0600), " holds more than one line; write the password into it"));
  CHECK(has(fault(std::string("a\0b", 3), 0600), " holds a zero byte"));
}

TEST_CASE("several are told in the order of the text") {
  config::Config config;
  config.proxy.pid_file = config.proxy.admin_token_file = "/nonexistent/file";
  const config::Source source{
      .file = "f", .text = "[proxy]\npid_file = \"\"\nadmin_token_file = \"\"\n", .names = {}};
  const auto problems = master::problems_of_files(source, config);
  REQUIRE(problems.size() == 2);
  CHECK(problems[0].key == "proxy.pid_file");
  CHECK(problems[1].key == "proxy.admin_token_file");
}

TEST_CASE("a pid file that cannot be written is a problem, and one that can is not made") {
  const TempDir dir;
  CHECK(fault_of("pid_file", "/nonexistent/pid") ==
        "f:3:12: proxy.pid_file: cannot write /nonexistent/pid: No such file or directory; name a file in a "
        "folder that "
        "the proxy may write to");
  const std::string file = dir.write("file", "1\n");
  CHECK(has(fault_of("pid_file", file + "/pid"), "Not a directory"));
  CHECK(has(fault_of("pid_file", dir.file("")), "it is no regular file"));
  CHECK(has(fault_of("pid_file", "/dev/null"), "it is no regular file"));
  CHECK(fault_of("pid_file", file) == "");
  CHECK(fault_of("pid_file", dir.file("pid")) == "");
  CHECK(fault_of("pid_file", "pid-in-the-folder-of-the-test") == "");
  CHECK_FALSE(std::filesystem::exists(dir.file("pid")));
  CHECK_FALSE(std::filesystem::exists(dir.file("pid.new")));
}

TEST_CASE("a token file with a mistyped line is no good, and its line is told, not what stands there") {
  const TempDir dir;
  const std::string file = dir.write("typo", "\n# tokens\ngraf boss sha256:85a7\n");
  ::chmod(file.c_str(), 0600);
  const std::string fault = fault_of("admin_token_file", file);
  CHECK(has(fault, file + ", line 3: its second word is no role"));
  CHECK_FALSE(has(fault, "85a7"));
}
