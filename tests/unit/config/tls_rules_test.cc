// What keys of TLS ask of each other.
#include "lb/config/tls_rules.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace finishline;
using namespace finishline::config;

namespace {

std::string text_with(const std::string& listener, const std::string& server = "",
                      const std::string& more = "") {
  return "[[listener]]\nname = \"l\"\nbind = \"127.0.0.1:1\"\npool = \"p\"\n" + listener +
         "\n[pool.p]\n[[server]]\nname = \"s\"\npool = \"p\"\naddress = \"127.0.0.1:2\"\n" +
         (listener.find("stream") == std::string::npos ? "type = \"video\"\n" : "") + server + '\n' + more;
}

std::vector<std::string> mistakes(const std::string& text) {
  std::vector<std::string> all;
  const auto parsed = parse(text, "f");
  if (const auto* problems = std::get_if<std::vector<Problem>>(&parsed))
    for (const Problem& problem : *problems) all.push_back(problem.key + ": " + problem.message);
  return all;
}
using Mistakes = std::vector<std::string>;

}  // namespace

TEST_CASE("certificates and all that goes with them are read") {
  const auto parsed = parse(
      text_with(
          "tls_certificates = [\"a.pem\", \"b.pem\"]\ntls_keys = [\"a.key\", \"b.key\"]\ntls_min_version = "
          "\"1.3\"\ntls_alpn = [\"h2\"]\ntls_client_auth = \"optional\"\ntls_client_ca = \"ca.pem\"\n"
          "tls_allow_subjects = [\"CN=a\"]\ntls_ocsp = [\"a.ocsp\"]\ntls_tickets = false",
          "tls = true\ntls_ca = \"ca.pem\"\ntls_certificate = \"own.pem\""),
      "f");
  const auto& config = std::get<Config>(parsed);
  const Listener& listener = config.listeners[0];
  CHECK(listener.key_file(1) == "b.key");
  CHECK(listener.tls_min_version == tls::MinVersion::v1_3);
  CHECK(listener.tls_client_auth == tls::ClientAuth::optional);
  CHECK_FALSE(listener.tls_tickets);
  CHECK(listener_files(config) ==
        std::vector<std::string>{"a.key", "a.ocsp", "a.pem", "b.key", "b.pem", "ca.pem"});
  CHECK(server_files(config) == std::vector<std::string>{"ca.pem", "own.pem"});
  CHECK(config.servers[0].tls_server_name() == "127.0.0.1");
}

TEST_CASE("keys that would do nothing, or do not fit together, are mistakes") {
  CHECK(mistakes(text_with("tls_alpn = [\"h2\"]")) ==
        Mistakes{"listener[1].tls_alpn: has no meaning without tls_certificates"});
  CHECK(mistakes(text_with("tls_certificates = [\"a\"]\ntls_keys = [\"a\", \"b\"]")) ==
        Mistakes{"listener[1].tls_keys: 2 files for 1 certificates"});
  CHECK(mistakes(text_with("tls_certificates = [\"a\"]\ntls_client_auth = \"required\"")) ==
        Mistakes{"listener[1].tls_client_auth: nothing says whose certificates are good"});
  CHECK(mistakes(text_with("tls_certificates = [\"a\"]\ntls_allow_subjects = [\"CN=a\"]")) ==
        Mistakes{"listener[1].tls_allow_subjects: has no meaning without tls_client_auth = \"required\" or "
                 "\"optional\""});
  CHECK(mistakes(text_with("tls_certificates = [\"\"]")) ==
        Mistakes{"listener[1].tls_certificates: an empty text stands for nothing"});
  CHECK(mistakes(text_with("", "tls_ca = \"ca.pem\"")) ==
        Mistakes{"server[1].tls_ca: has no meaning without tls = true"});
  CHECK(mistakes(text_with("", "tls = true\ntls_pins = [\"AB:CD\"]")) ==
        Mistakes{"server[1].tls_pins: expected 64 hexadecimal digits, in lower case and without colons"});
}

TEST_CASE("names that no certificate can have are mistakes of those who are let in") {
  const auto allow = [](const std::string& name) {
    return mistakes(
        text_with("tls_certificates = [\"a\"]\ntls_client_auth = \"required\"\ntls_client_ca = \"c\"\n"
                  "tls_allow_subjects = [\"" +
                  name + "\"]"));
  };
  for (const char* const name :
       {"alice", "DNS:", "foo:bar", "CN=", "cn=alice", "DNS: alice", "=alice", " CN=a"})
    CHECK(allow(name) == Mistakes{"listener[1].tls_allow_subjects: '" + std::string(name) +
                                  "' is a name that no certificate can have"});
  for (const char* const name : {"CN=alice", "DNS:a.example.org", "email:a@example.org", "URI:spiffe://a/b",
                                 "CN=alice,O=Example", "emailAddress=a@b,CN=a", "1.2.3=x"})
    CHECK(allow(name) == Mistakes{});
}

TEST_CASE("routes by server name are of streams, name pools that are there, and stand once") {
  const std::string stream = "mode = \"stream\"\n";
  const std::string pool = "[pool.q]\n[[server]]\nname = \"t\"\npool = \"q\"\naddress = \"127.0.0.1:3\"\n";
  const auto parsed =
      parse(text_with(stream + "sni = { \"a.org\" = \"p\", \"*.b.org\" = \"q\" }", "", pool), "f");
  const auto& config = std::get<Config>(parsed);
  CHECK(config.listeners[0].sni == Routes{{"a.org", "p"}, {"*.b.org", "q"}});
  CHECK(config.pools[1].streams);
  CHECK(mistakes(text_with("sni = { \"a.org\" = \"p\" }")) ==
        Mistakes{"listener[1].sni: only streams are passed on unread"});
  CHECK(
      mistakes(text_with(stream + "tls_certificates = [\"a\"]\nsni = { \"a.org\" = \"p\" }")) ==
      Mistakes{"listener[1].sni: goes by names in TLS that is not ended here, but tls_certificates end it"});
  CHECK(mistakes(text_with(stream + "sni = { \"a.org\" = \"nobody\" }")) ==
        Mistakes{"listener[1].sni.a.org: there is no pool 'nobody'"});
  CHECK(mistakes(text_with(stream + "sni = { \"a/b\" = \"p\", \"A.org\" = \"p\", \"a.org\" = \"p\" }"))
            .size() == 2);
  CHECK(mistakes(text_with(stream + "handshake_timeout = \"1s\"")).size() == 1);
  CHECK(mistakes(text_with(stream + "handshake_timeout = \"1s\"\nsni = { \"a.org\" = \"p\" }")).empty());
}

TEST_CASE("the admin server speaks TLS with a certificate, and may then be reached from other machines") {
  const auto with = [](const std::string& keys) { return "[proxy]\n" + keys + text_with(""); };
  CHECK(mistakes(with("admin = \"0.0.0.0:9900\"\n")) ==
        Mistakes{"proxy.admin: other machines reach it, and it speaks no TLS"});
  CHECK(mistakes(with("admin = \"0.0.0.0:9900\"\nadmin_tls_certificate = \"a.pem\"\n")).empty());
  CHECK(mistakes(with("admin_tls_key = \"a.key\"\n")) ==
        Mistakes{"proxy.admin_tls_key: has no meaning without admin_tls_certificate"});
  CHECK(
      mistakes(with("admin = \"unix:/run/a\"\nadmin_tls_certificate = \"a.pem\"\n")) ==
      Mistakes{"proxy.admin_tls_certificate: a Unix socket does not leave this machine, and speaks no TLS"});
  const auto parsed = parse(with("admin_tls_certificate = \"a.pem\"\nadmin_tls_key = \"a.key\"\n"), "f");
  const auto& config = std::get<Config>(parsed);
  CHECK(admin_files(config) == std::vector<std::string>{"a.key", "a.pem"});
  CHECK(listener_files(config).empty());
  CHECK(config.proxy.admin_key_file() == "a.key");
}
