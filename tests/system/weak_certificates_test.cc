// Certificates that can be read, and that OpenSSL does not take: check and run say so, and no worker dies of
// it.
#include <doctest/doctest.h>

#include <string>
#include <tuple>

#include "tests/support/certificates.h"
#include "tests/support/processes.h"
#include "tests/support/proxy_under_test.h"
#include "tests/support/temp_dir.h"

using namespace finishline;
using namespace finishline::test;

namespace {

struct Said {
  int status = 0;
  std::string text;
};
/// What a shell command prints on both outputs.
Said shell(const std::string& command) {
  Said said;
  std::FILE* const pipe = ::popen(("timeout 20 sh -c '" + command + "' 2>&1").c_str(), "r");
  char part[4096];
  while (const std::size_t n = std::fread(part, 1, sizeof part, pipe)) said.text.append(part, n);
  said.status = ::pclose(pipe);
  return said;
}
bool has(const Said& said, std::string_view words) { return said.text.find(words) != std::string::npos; }

/// Keys of TLS to others.
std::string named(const TempDir& dir, const std::string& pem, const std::string& key) {
  return "tls_certificate = \"" + dir.file(pem) + "\"\ntls_key = \"" + dir.file(key) + "\"\n";
}

}  // namespace

TEST_CASE("check names certificates that OpenSSL does not take, in whichever section, and run ends at once") {
  TempDir dir;
  TestAuthority authority;
  const CertificatePair good = authority.issue({.names = {"DNS:localhost"}});
  dir.write("good.pem", good.certificate);
  dir.write("good.key", good.key);
  const std::string make = "cd " + dir.file("") + " && openssl req -x509 -nodes -subj /CN=localhost -days 9 ";
  REQUIRE(shell(make + "-newkey rsa:1024 -keyout small.key -out small.pem").status == 0);
  REQUIRE(shell(make + "-newkey ec -pkeyopt ec_paramgen_curve:prime192v1 -keyout curve.key -out curve.pem")
              .status == 0);
  REQUIRE(shell("cd " + dir.file("") + " && cat good.pem small.pem >behind.pem").status == 0);
  const auto say = [&](const std::string& command, const std::string& listener, const std::string& server) {
    dir.write("f.toml", "[[listener]]\nname = \"l\"\nbind = \"127.0.0.1:0\"\npool = \"p\"\n" + listener +
                            "\n[pool.p]\n[[server]]\nname = \"s\"\npool = \"p\"\ntype = \"video\"\n"
                            "address = \"127.0.0.1:2\"\n" +
                            server);
    return shell("timeout 20 " + program("finishline") + ' ' + command + " -c " + dir.file("f.toml"));
  };
  for (const auto& [pem, key, words] : {std::tuple{"small.pem", "small.key", "key too small"},
                                        std::tuple{"curve.pem", "curve.key", "key too small"},
                                        std::tuple{"behind.pem", "good.key", "key too small"}}) {
    const std::string listener =
        "tls_certificates = [\"" + dir.file(pem) + "\"]\ntls_keys = [\"" + dir.file(key) + "\"]\n";
    for (const char* const command : {"check", "run"}) {
      const Said said = say(command, listener, "");
      INFO(pem, said.text);
      CHECK(WEXITSTATUS(said.status) == 2);
      CHECK(has(said, "f.toml:5:20: listener[1].tls_certificates: " + dir.file(pem)));
      CHECK(has(said, words));
      CHECK(has(said, "RSA key of 2048 bits"));
    }
    CHECK(has(say("check", "", "tls = true\n" + named(dir, pem, key)), "server[1].tls_certificate: "));
    CHECK(has(
        say("check", "", "[peers]\nname = \"a\"\nredis = \"rediss://127.0.0.1:1\"\n" + named(dir, pem, key)),
        "peers.tls_certificate: "));
  }
}
