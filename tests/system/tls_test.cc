// TLS through whole processes, with the clients that people have: our own, openssl and curl.
#include <doctest/doctest.h>
#include <signal.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "tests/support/certificates.h"
#include "tests/support/process_memory.h"
#include "tests/support/processes.h"
#include "tests/support/proxy_under_test.h"
#include "tests/support/temp_dir.h"

using namespace finishline;
using namespace finishline::test;

namespace {

/// Certificates as files.
struct Files {
  TempDir dir;
  TestAuthority authority;

  Files() { write("ca.pem", authority.pem()); }
  std::string path(const std::string& name) const { return dir.file(name); }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(path(name) + ".new", std::ios::binary) << text;
    std::filesystem::rename(path(name) + ".new", path(name));
  }
  /// NAME.pem and NAME.key.
  CertificatePair issue(const std::string& name, const CertificateWish& wish) {
    const CertificatePair pair = authority.issue(wish);
    write(name + ".pem", pair.certificate);
    write(name + ".key", pair.key);
    return pair;
  }
  std::string listener_keys(const std::string& name) const {
    return "tls_certificates = [\"" + path(name + ".pem") + "\"]\ntls_keys = [\"" + path(name + ".key") +
           "\"]\n";
  }
};

CertificateWish local(const std::string& common_name = "localhost") {
  return {.common_name = common_name, .names = {"DNS:localhost", "IP:127.0.0.1"}};
}

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

std::string s_client(std::uint16_t port, const std::string& flags, const std::string& input = " </dev/null") {
  return "openssl s_client -connect 127.0.0.1:" + std::to_string(port) + " " + flags + input;
}

}  // namespace

TEST_CASE("requests over TLS to both kinds of listener and over TLS to the server are all answered") {
  Files files;
  files.issue("web", local());
  const auto tls_server = [&](const std::string& name, const std::string& protocol) {
    return ServerPart{.name = name,
                      .protocol = protocol,
                      .flags = {"--tls-cert", files.path("web.pem"), "--tls-key", files.path("web.key")},
                      .keys = "tls = true\ntls_ca = \"" + files.path("ca.pem") + "\"\n"};
  };
  ProxyUnderTest proxy(
      {.servers = {tls_server("secure-1", "frame"), {.name = "plain-1"}, tls_server("mini-1", "mini")},
       .listeners = {{.keys = files.listener_keys("web")},
                     {.name = "mini", .mode = "mini", .keys = files.listener_keys("web")}},
       .workers = 2,
       .unit = "10us"});
  const auto run = [&](const std::string& listener, std::vector<std::string> flags) {
    std::vector<std::string> all{"--connect",
                                 "127.0.0.1:" + std::to_string(proxy.port(listener)),
                                 "--tls",
                                 "--ca",
                                 files.path("ca.pem"),
                                 "-n",
                                 "400",
                                 "-c",
                                 "8",
                                 "--no-progress"};
    all.insert(all.end(), flags.begin(), flags.end());
    ChildProcess client(program("finishline-client"), all);
    return client.wait();
  };
  CHECK(run("media", {"-p", "4", "--body", "40KiB"}) == Exit{0, 0});
  CHECK(run("media", {"--reconnect"}) == Exit{0, 0});
  CHECK(run("mini", {"--protocol", "mini", "--servers", "video=3"}) == Exit{0, 0});
  const std::string page = proxy.get("/metrics").body;
  CHECK(page.find("finishline_connections_closed_total{reason=\"tls_broken\"} 0") != std::string::npos);
}

TEST_CASE("finishline-client that has a flag for TLS too many, or none, is told so, with the address") {
  Files files;
  files.issue("local", local());
  ProxyUnderTest proxy({.servers = {{.name = "video-1"}},
                        .listeners = {{}, {.name = "tls", .keys = files.listener_keys("local")}}});
  const auto address = [&](const char* name) { return "127.0.0.1:" + std::to_string(proxy.port(name)); };
  const std::string lacks = "finishline-client: " + address("tls") + " speaks TLS: add --tls, and --ca FILE";
  const std::string plain = " does not speak TLS (wrong version number): leave out --tls";
  for (const char* more : {"", " --no-describe", " --estimate", " --conformance"}) {
    CAPTURE(more);
    const Said said = shell(program("finishline-client") + " -n 5 " + address("tls") + more);
    CHECK(WEXITSTATUS(said.status) == 1);
    CHECK(said.text.find(lacks) != std::string::npos);
  }
  for (const char* more : {"", " --no-describe"}) {
    CAPTURE(more);
    const Said said =
        shell(program("finishline-client") + " -n 5 --tls --insecure " + address("media") + more);
    CHECK(WEXITSTATUS(said.status) == 1);
    CHECK(said.text.find(address("media") + plain) != std::string::npos);
  }
}

TEST_CASE("a client of the mini protocol that has a flag for TLS too many, or none, is told so at once") {
  Files files;
  files.issue("local", local());
  ProxyUnderTest proxy({.servers = {{.name = "video-1"}},
                        .listeners = {{.mode = "mini"},
                                      {.name = "tls", .mode = "mini", .keys = files.listener_keys("local")},
                                      {.name = "frames", .keys = files.listener_keys("local")}}});
  const auto said_by = [&](const char* name, const std::string& flags) {
    const std::string address = "127.0.0.1:" + std::to_string(proxy.port(name));
    return shell(program("finishline-client") + " -n 5 --reply-timeout 10m --connect-timeout 10m " + flags +
                 " " + address);
  };
  for (const char* name : {"tls", "frames"}) {
    CAPTURE(name);
    CHECK(has(said_by(name, "--protocol mini"), "which looks like TLS: add --tls"));
  }
  for (const char* protocol : {"--protocol mini", ""}) {
    CAPTURE(protocol);
    CHECK(has(said_by("media", std::string("--tls --insecure ") + protocol),
              " does not speak TLS (what came is no record of TLS: 21 31): leave out --tls"));
  }
  CHECK(proxy.wait_for_log("tls_failed listener=tls "));
  CHECK(proxy.wait_for_log("detail=\"what came is no record of TLS: "));
}

TEST_CASE("old versions and weak ciphers are refused, and sessions are resumed at any worker") {
  Files files;
  files.issue("web", local());
  ProxyUnderTest proxy(
      {.servers = {{.name = "video-1"}},
       .listeners = {{.keys = files.listener_keys("web")},
                     {.name = "new", .keys = files.listener_keys("web") + "tls_min_version = \"1.3\"\n"}},
       .workers = 2});
  const auto port = proxy.port();
  const std::string ca = "-CAfile " + files.path("ca.pem") + " -verify_return_error -servername localhost ";
  CHECK(has(shell(s_client(port, ca + "-tls1_3")), "Verify return code: 0 (ok)"));
  CHECK(has(shell(s_client(port, ca + "-tls1_2")), "Verify return code: 0 (ok)"));
  CHECK(has(shell(s_client(proxy.port("new"), ca + "-tls1_2")), "alert protocol version"));
  CHECK(has(shell(s_client(proxy.port("new"), ca + "-tls1_3")), "Verify return code: 0 (ok)"));
  for (const std::string version : {"-tls1", "-tls1_1"})
    CHECK(has(shell(s_client(port, version + " -cipher ALL:@SECLEVEL=0")), "alert protocol version"));
  for (const std::string cipher :
       {"AES128-SHA", "AES256-GCM-SHA384", "ECDHE-ECDSA-AES128-SHA", "NULL", "DHE"})
    CHECK(
        has(shell(s_client(port, "-tls1_2 -cipher " + cipher + ":@SECLEVEL=0")), "alert handshake failure"));

  for (const std::string version : {"-tls1_2", "-tls1_3"}) {
    const std::string session = files.path("session" + version);
    REQUIRE(wait_until([&] {  // a ticket comes a moment after the handshake
      shell("(sleep 0.2) | " + s_client(port, ca + version + " -sess_out " + session, ""));
      return std::filesystem::exists(session);
    }));
    for (int i = 0; i < 6; ++i)  // whichever worker takes it
      CHECK(has(shell(s_client(port, ca + version + " -sess_in " + session)), "Reused, TLSv1"));
  }
  CHECK(has(shell("echo R | openssl s_client -tls1_2 -connect 127.0.0.1:" + std::to_string(port)),
            "RENEGOTIATING"));
  CHECK(proxy.logged("died") == 0);
}

TEST_CASE("curl fetches over HTTPS what a server of plain HTTP has, with the protocol that is offered") {
  Files files;
  files.issue("web", local());
  files.write("page", std::string(3000000, 'p'));
  ProxyUnderTest proxy(
      {.servers = {{.name = "http-1", .played = Played::by_nobody}},
       .listeners = {{.mode = "stream", .keys = files.listener_keys("web") + "tls_alpn = [\"http/1.1\"]\n"}},
       .proxy_keys = "max_connections = 200\n"});
  ChildProcess web("/usr/bin/python3", {"-m", "http.server", std::to_string(proxy.server_port("http-1")),
                                        "--bind", "127.0.0.1", "--directory", files.dir.file("")});
  const std::string url = "https://localhost:" + std::to_string(proxy.port()) + "/page";
  const std::string out = files.path("fetched");
  REQUIRE(wait_until([&] {
    return shell("curl -sSf --http1.1 --cacert " + files.path("ca.pem") + " -o " + out + " " + url).status ==
           0;
  }));
  CHECK(std::filesystem::file_size(out) == 3000000);
  CHECK(has(shell("curl -sS --cacert " + files.path("ca.pem") +
                  " https://127.0.0.1:" + std::to_string(proxy.port()) + "/none"),
            "404"));
  CHECK(shell("curl -sS " + url).status != 0);  // nobody else trusts it
  CHECK(has(shell(s_client(proxy.port(), "-alpn redis")), "alert no application protocol"));
}

TEST_CASE("the key of a listener is in workers and in no other process") {
  Files files;
  const CertificatePair pair = files.issue("web", local());
  ProxyUnderTest proxy(
      {.servers = {{.name = "video-1"}}, .listeners = {{.keys = files.listener_keys("web")}}});
  REQUIRE(
      has(shell(s_client(proxy.port(), "-CAfile " + files.path("ca.pem"))), "Verify return code: 0 (ok)"));
  // In the middle of the PEM, and the number itself.
  const std::string middle = pair.key.substr(60, 40);
  const std::string number = private_number_of(pair.key);
  REQUIRE(number.size() == 32);
  const auto holds = [&](pid_t pid) {
    return memory_holds(pid, middle) || memory_holds(pid, number) ||
           memory_holds(pid, std::string(number.rbegin(), number.rend()));
  };
  const pid_t master = proxy.process().pid();
  CHECK_FALSE(holds(master));
  for (const pid_t child : children_of(master)) {
    const bool worker = proc_file(child, "comm").starts_with("fl-worker");
    CHECK(holds(child) == worker);
    CHECK(has_descriptor(child, "finishline-credentials") == worker);
  }
}

TEST_CASE("a reload brings new certificates to new clients, and those that are connected stay") {
  Files files;
  files.issue("web", local("first"));
  ProxyUnderTest proxy({.servers = {{.name = "echo-1", .played = Played::by_nobody}},
                        .listeners = {{.mode = "stream", .keys = files.listener_keys("web")}},
                        .workers = 2,
                        .proxy_keys = "max_connections = 200\n"});
  TcpHost host(proxy.server_port("echo-1"));
  const std::string names = "-CAfile " + files.path("ca.pem");
  ChildProcess old("/usr/bin/openssl",
                   {"s_client", "-quiet", "-connect", "127.0.0.1:" + std::to_string(proxy.port())});
  TcpPeer served = host.accept();
  served.send("before ");
  REQUIRE(wait_until([&] { return old.output().find("before ") != std::string::npos; }));

  files.issue("web", local("second"));
  proxy.process().signal(SIGHUP);
  REQUIRE(proxy.wait_for_log(" reloaded "));
  REQUIRE(wait_until([&] { return has(shell(s_client(proxy.port(), names)), "CN = second"); }));
  served.send("after");
  CHECK(wait_until([&] { return old.output().find("after") != std::string::npos; }));

  files.write("web.key", "nonsense");
  proxy.process().signal(SIGHUP);
  REQUIRE(proxy.wait_for_log("reload_refused"));
  CHECK(proxy.log().find("listener[1].tls_keys") != std::string::npos);
  CHECK(has(shell(s_client(proxy.port(), names)), "CN = second"));
  CHECK(proxy.logged(" died") == 0);
}

TEST_CASE("certificates change under load, and no request is lost") {
  Files files;
  files.issue("web", local());
  ProxyUnderTest proxy({.servers = {{.name = "video-1"}, {.name = "video-2"}},
                        .listeners = {{.keys = files.listener_keys("web")}},
                        .workers = 2,
                        .unit = "10us"});
  ChildProcess client(program("finishline-client"),
                      {"--connect", "127.0.0.1:" + std::to_string(proxy.port()), "--tls", "--ca",
                       files.path("ca.pem"), "--duration", "3s", "-c", "8", "-p", "2", "--no-progress"});
  for (std::size_t i = 1; i <= 4; ++i) {
    files.issue("web", local());
    proxy.process().signal(SIGHUP);
    REQUIRE(proxy.wait_for_log(" reloaded ", i));
  }
  CHECK(client.wait() == Exit{0, 0});
  CHECK(proxy.logged(" worker_died child=") == 0);
}

TEST_CASE("a client that asks for it gets the word of the certificate's authority with the certificate") {
  Files files;
  const CertificatePair shown = files.issue("web", local());
  files.write("web.ocsp", files.authority.ocsp_for(shown));
  ProxyUnderTest proxy({.servers = {{.name = "video-1"}},
                        .listeners = {{.keys = files.listener_keys("web") + "tls_ocsp = [\"" +
                                               files.path("web.ocsp") + "\"]\n"}}});
  for (const std::string version : {"-tls1_2", "-tls1_3"})
    CHECK(has(shell(s_client(proxy.port(), "-status " + version)), "OCSP Response Status: successful"));
}

TEST_CASE("what is left of a certificate stands in the metrics, and an alert tells of one that ends") {
  Files files;
  CertificateWish soon = local();
  soon.until_days = 3;
  files.issue("web", soon);
  ProxyUnderTest proxy(
      {.servers = {{.name = "video-1"}}, .listeners = {{.keys = files.listener_keys("web")}}});
  const std::string page = proxy.get("/metrics").body;
  const std::string family =
      "\nfinishline_certificate_expiry_seconds{listener=\"media\",certificate=\"localhost\"} 25";
  CHECK(page.find(family) != std::string::npos);  // 259200 s at first
  CHECK(proxy.wait_for_log("alert_firing alert=certificate_ends:media:localhost"));
}

TEST_CASE("streams that stay TLS go to the servers of the name they ask for") {
  Files files;
  files.issue("a", {.common_name = "a", .names = {"DNS:a.example.org"}});
  files.issue("b", {.common_name = "b", .names = {"DNS:b.example.net"}});
  ProxyUnderTest proxy(
      {.servers = {{.name = "a-1", .pool = "a", .played = Played::by_nobody},
                   {.name = "b-1", .pool = "b", .played = Played::by_nobody}},
       .listeners = {{.mode = "stream",
                      .pool = "a",
                      .keys = "sni = { \"*.example.net\" = \"b\" }\nhandshake_timeout = \"200ms\"\n"},
                     {.name = "b", .mode = "stream", .pool = "b"}},
       .proxy_keys = "max_connections = 200\n"});
  const auto server = [&](const std::string& name) {
    return ChildProcess("/usr/bin/openssl",
                        {"s_server", "-quiet", "-accept", std::to_string(proxy.server_port(name + "-1")),
                         "-cert", files.path(name + ".pem"), "-key", files.path(name + ".key"), "-www"});
  };
  ChildProcess a = server("a"), b = server("b");
  const auto shown = [&](const std::string& name) { return shell(s_client(proxy.port(), name)); };
  REQUIRE(wait_until([&] { return has(shown("-servername a.example.org"), "CN = a"); }));
  REQUIRE(wait_until([&] { return has(shown("-servername b.example.net"), "CN = b"); }));
  CHECK(has(shown("-servername else.org"), "CN = a"));
  CHECK(has(shown("-noservername"), "CN = a"));
  TcpPeer plain = proxy.connect();
  plain.send("GET / HTTP/1.1\r\n\r\n");
  CHECK(plain.closed());
  TcpPeer silent = proxy.connect();
  silent.send("\x16\x03");
  CHECK(silent.closed());
  CHECK(wait_until([&] {
    return proxy.get("/metrics")
               .body.find("finishline_connections_closed_total{reason=\"handshake_timeout\"} 1") !=
           std::string::npos;
  }));
}

TEST_CASE("check names what is wrong with certificates: too old, of another key, not there") {
  Files files;
  files.issue("good", local());
  files.issue("old", {.names = {"DNS:localhost"}, .from_days = -9, .until_days = -2});
  const auto check = [&](const std::string& certificate, const std::string& key) {
    files.write("f.toml",
                "[[listener]]\nname = \"l\"\nbind = \"127.0.0.1:1\"\npool = \"p\"\ntls_certificates = [\"" +
                    files.path(certificate) + "\"]\ntls_keys = [\"" + files.path(key) +
                    "\"]\n[pool.p]\n[[server]]\nname = \"s\"\npool = \"p\"\ntype = \"video\"\naddress = "
                    "\"127.0.0.1:2\"\n");
    return shell(program("finishline") + " check -c " + files.path("f.toml"));
  };
  CHECK(check("good.pem", "good.key").status == 0);
  for (const auto& [certificate, key, words] :
       {std::tuple{"old.pem", "old.key", "f.toml:5:20: listener[1].tls_certificates: "},
        std::tuple{"good.pem", "old.key", "f.toml:6:12: listener[1].tls_keys: "},
        std::tuple{"none.pem", "old.key", "none.pem: No such file or directory; name a file"},
        std::tuple{"good.key", "good.key", "there is no certificate in it"}}) {
    const Said said = check(certificate, key);
    CHECK(WEXITSTATUS(said.status) == 2);
    CHECK(has(said, words));
  }
}
