// The admin server over TLS: curl, event streams and our own commands; a reload brings another certificate.
#include <doctest/doctest.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/certificates.h"
#include "tests/support/proxy_under_test.h"
#include "tests/support/wait_until.h"

using namespace finishline;
using namespace finishline::test;

namespace {

struct AdminFiles {
  TempDir dir;
  TestAuthority authority;
  CertificatePair pair;

  AdminFiles() {
    write("ca.pem", authority.pem());
    issue("first");
  }
  std::string path(const std::string& name) const { return dir.file(name); }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(path(name) + ".new", std::ios::binary) << text;
    std::filesystem::rename(path(name) + ".new", path(name));
  }
  void issue(const std::string& common_name,
             const std::vector<std::string>& names = {"DNS:localhost", "IP:127.0.0.1"}) {
    pair = authority.issue({.common_name = common_name, .names = names});
    write("admin.pem", pair.certificate);
    write("admin.key", pair.key);
  }
  /// With the same key.
  void renew(const std::string& common_name) {
    pair = authority.issue({.common_name = common_name, .names = {"DNS:localhost"}, .key = pair.key});
    write("admin.pem", pair.certificate);
  }
  /// Who has signed it, behind it.
  void append_authority() const { write("admin.pem", pair.certificate + authority.pem()); }
  std::string keys() const {
    return "admin_tls_certificate = \"" + path("admin.pem") + "\"\nadmin_tls_key = \"" + path("admin.key") +
           "\"\n";
  }
};

std::string said_by(const std::string& command) {
  std::string text;
  std::FILE* const pipe = ::popen(("timeout 20 " + command + " 2>&1").c_str(), "r");
  char part[4096];
  while (const std::size_t n = std::fread(part, 1, sizeof part, pipe)) text.append(part, n);
  ::pclose(pipe);
  return text;
}

bool has(const std::string& text, std::string_view words) { return text.find(words) != std::string::npos; }

struct Scene {
  std::string url(const std::string& path) const {
    return "https://127.0.0.1:" + std::to_string(proxy.admin_port()) + path;
  }
  std::string curl(const std::string& path, const std::string& flags = "") const {
    return said_by("curl -sS --cacert " + files.path("ca.pem") + " " + flags + " " + url(path));
  }
  /// What openssl says of the certificate that is shown.
  std::string shown() const {
    return said_by("openssl s_client -connect 127.0.0.1:" + std::to_string(proxy.admin_port()) +
                   " </dev/null");
  }
  Outcome command(std::vector<std::string> arguments) const {
    return run("finishline", std::move(arguments));
  }

  AdminFiles files;
  ProxyUnderTest proxy{{.servers = {{.name = "video-1"}}, .proxy_keys = files.keys()}};
};

}  // namespace

TEST_CASE("over TLS the admin server is what it is without: pages, metrics, event streams, refusals") {
  Scene scene;
  REQUIRE(wait_until([&] { return scene.curl("/healthz") == "ok\n"; }));
  CHECK(has(scene.curl("/stats"), "\"video-1\""));
  CHECK(has(scene.curl("/metrics"), "finishline_certificate_expiry_seconds{listener=\"proxy.admin\","));
  CHECK(has(scene.curl("/api/v1/stream", "-N -m 3"), "event: live\n"));
  CHECK(has(scene.curl("/", "-o /dev/null -w %{http_code}"), "200"));
  CHECK(has(said_by("curl -sS " + scene.url("/healthz")), "certificate"));  // signed by nobody known

  TcpPeer plain = TcpPeer::connect(scene.proxy.admin_port());
  plain.send("GET /stats HTTP/1.1\r\nHost: localhost\r\n\r\n");
  CHECK(!has(plain.read_all(), "HTTP/1.1"));
  CHECK(wait_until(
      [&] { return !has(scene.curl("/metrics"), "finishline_admin_refused_total{reason=\"tls\"} 0\n"); }));
}

TEST_CASE("commands speak TLS to the admin server, and trust the one that the configuration names") {
  Scene scene;
  REQUIRE(scene.proxy.wait_for_log(" admin_listening "));
  const Outcome known = scene.command({"status", "-c", scene.proxy.config_file()});
  CHECK(known.exit == Exit{0, 0});
  CHECK(has(known.output, "video-1"));
  const std::string port = std::to_string(scene.proxy.admin_port());
  const Outcome signed_by =
      scene.command({"status", "--admin", "https://127.0.0.1:" + port, "--ca", scene.files.path("ca.pem")});
  CHECK(signed_by.exit == Exit{0, 0});
  const Outcome unknown = scene.command({"status", "--admin", "https://127.0.0.1:" + port});
  CHECK(unknown.exit == Exit{1, 0});
  CHECK(has(unknown.errors, "is not trusted"));
  CHECK(has(unknown.errors, "--ca FILE"));

  scene.files.write("other.pem", TestAuthority("Another CA").pem());
  CHECK(
      scene.command({"status", "--admin", "https://127.0.0.1:" + port, "--ca", scene.files.path("other.pem")})
          .exit == Exit{1, 0});
  CHECK(scene.command({"status", "--admin", "https://127.0.0.1:" + port, "--ca", "/nowhere"}).exit ==
        Exit{2, 0});
}

TEST_CASE("a command that stays goes on when the certificate is renewed") {
  Scene scene;
  REQUIRE(scene.proxy.wait_for_log(" admin_listening "));
  for (const char* const name : {"top", "status"}) {
    CAPTURE(name);
    std::vector<std::string> words = {name, "-c", scene.proxy.config_file(), "--json"};
    if (std::string_view(name) == "status") words.emplace_back("--watch");
    ChildProcess command(program("finishline"), words);
    const auto lines = [&] {
      const std::string said = command.output();
      return std::count(said.begin(), said.end(), '\n');
    };
    REQUIRE(wait_until([&] { return lines() > 0; }));
    const std::size_t reloads = scene.proxy.logged(" reloaded ");
    scene.files.issue(std::string("renewed-") + name);
    scene.proxy.process().signal(SIGHUP);
    REQUIRE(scene.proxy.wait_for_log(" reloaded ", reloads + 1));
    REQUIRE(wait_until([&] { return has(scene.shown(), std::string("CN = renewed-") + name); }));
    const auto before = lines();
    CHECK(wait_until([&] { return lines() >= before + 2; }));
  }
}

TEST_CASE("a reload brings another certificate of the admin server; one without its key changes nothing") {
  Scene scene;
  REQUIRE(wait_until([&] { return has(scene.shown(), "CN = first"); }));
  scene.files.issue("second");
  scene.proxy.process().signal(SIGHUP);
  REQUIRE(scene.proxy.wait_for_log(" reloaded "));
  CHECK(wait_until([&] { return has(scene.shown(), "CN = second"); }));
  CHECK(has(scene.curl("/healthz"), "ok"));

  scene.files.write("admin.key", "nonsense");
  scene.proxy.process().signal(SIGHUP);
  REQUIRE(scene.proxy.wait_for_log(" reload_refused "));
  CHECK(has(scene.proxy.log(), "proxy.admin_tls_key"));
  CHECK(has(scene.shown(), "CN = second"));
  CHECK(scene.proxy.logged(" died") == 0);
}

TEST_CASE(
    "commands know the admin server whose certificate has been renewed in its file, but not yet in force") {
  Scene scene;
  const std::string file = scene.proxy.config_file();
  const auto asked = [&](const std::vector<std::string>& more) {
    std::vector<std::string> words = {"status", "-c", file};
    words.insert(words.end(), more.begin(), more.end());
    return scene.command(words);
  };
  REQUIRE(wait_until([&] { return has(scene.shown(), "CN = first"); }));

  SUBCASE("the same key") {
    scene.files.renew("second");
    CHECK(asked({}).exit == Exit{0, 0});
  }
  SUBCASE("another key, and who signs it is named") {
    scene.files.issue("nameless", {"DNS:localhost"});
    scene.proxy.process().signal(SIGHUP);
    REQUIRE(wait_until([&] { return has(scene.shown(), "CN = nameless"); }));
    scene.files.issue("second", {"DNS:localhost"});
    const Outcome alone = asked({});
    CHECK(alone.exit == Exit{1, 0});
    CHECK(has(alone.errors, "another key"));
    CHECK(has(alone.errors, "SIGHUP"));
    CHECK(asked({"--ca", scene.files.path("ca.pem")}).exit == Exit{0, 0});
  }
  SUBCASE("another key, with who signs it behind it") {
    scene.files.issue("second");
    scene.files.append_authority();
    CHECK(asked({}).exit == Exit{0, 0});
  }
  SUBCASE("another key and other names, with who signs it behind it") {
    scene.files.issue("second", {"DNS:elsewhere.example"});
    scene.files.append_authority();
    CHECK(asked({}).exit == Exit{0, 0});  // it is for the address that is asked
  }
}
