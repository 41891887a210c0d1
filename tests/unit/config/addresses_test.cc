// What the proxy binds, and whom it connects to, held against each other.
#include "lb/config/addresses.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace finishline::config;

namespace {

std::string text_of(const std::vector<std::string>& binds, const std::string& server = "10.0.0.1:80",
                    const std::string& admin = "") {
  std::string text = "[proxy]\nadmin = \"" + admin +
                     "\"\n[pool.media]\n[[server]]\nname = \"video-1\"\npool = \"media\"\n"
                     "type = \"video\"\naddress = \"" +
                     server + "\"\n";
  for (std::size_t i = 0; i < binds.size(); ++i)
    text += "[[listener]]\nname = \"l" + std::to_string(i) + "\"\npool = \"media\"\nbind = \"" + binds[i] +
            "\"\n";
  return text;
}

/// The first fault, or "".
std::string fault_of(const std::string& text) {
  const auto parsed = parse(text, "f");
  const auto* problems = std::get_if<std::vector<Problem>>(&parsed);
  return problems == nullptr ? "" : to_string(problems->front(), "f");
}

std::string v6only_of(const std::string& text) {
  const auto parsed = parse(text, "f");
  REQUIRE(std::holds_alternative<Config>(parsed));
  std::string all;
  for (const Listener& listener : std::get<Config>(parsed).listeners) all += listener.v6only ? '6' : '-';
  return all;
}

}  // namespace

TEST_CASE("addresses that can stand side by side on one port do") {
  for (const auto& pair : std::vector<std::vector<std::string>>{{"0.0.0.0:9000", "[::1]:9000"},
                                                                {"127.0.0.1:9000", "[::1]:9000"},
                                                                {"127.0.0.1:9000", "127.0.0.2:9000"},
                                                                {"0.0.0.0:9000", "[::]:9000"},
                                                                {"*:9000", "[::]:9000"},
                                                                {"[fe80::1%1]:9000", "[fe80::1%4242]:9000"},
                                                                {"[::]:0", "0.0.0.0:0"},
                                                                {"0.0.0.0:9000", "0.0.0.0:9001"}}) {
    CAPTURE(pair[1]);
    CHECK(fault_of(text_of(pair)) == "");
    CHECK(fault_of(text_of({pair[1], pair[0]})) == "");
  }
}

TEST_CASE(
    "addresses of which one takes the other's connections do not, and the remedy says what would help") {
  for (const auto& pair : std::vector<std::vector<std::string>>{{"0.0.0.0:9000", "127.0.0.1:9000"},
                                                                {"*:9000", "0.0.0.0:9000"},
                                                                {"[::]:9000", "[::1]:9000"},
                                                                {"[::ffff:127.0.0.1]:9000", "127.0.0.1:9000"},
                                                                {"[fe80::1%lo]:9000", "[fe80::1%1]:9000"}}) {
    CAPTURE(pair[1]);
    CHECK(fault_of(text_of(pair)).find("choose another port") != std::string::npos);
  }
  CHECK(fault_of(text_of({"[::]:9000", "127.0.0.1:9000"})).find("set v6only = true where [::] stands") !=
        std::string::npos);
  CHECK(fault_of(text_of({"127.0.0.1:9000", "[::]:9000"}) + "v6only = true\n") == "");
  CHECK(fault_of(text_of({"*:9000"}, "10.0.0.1:80", "127.0.0.1:9000")).find("the admin server") !=
        std::string::npos);
}

TEST_CASE("[::] is for IPv6 alone where it says so, and where another one has all of IPv4") {
  CHECK(v6only_of(text_of({"[::]:9000"})) == "-");
  CHECK(v6only_of(text_of({"[::]:9000"}) + "v6only = true\n") == "6");
  CHECK(v6only_of(text_of({"[::]:9000", "0.0.0.0:9000"})) == "6-");
  CHECK(v6only_of(text_of({"0.0.0.0:9000", "[::]:9000", "[::]:9001"})) == "-6-");
}

TEST_CASE("a server that is the proxy itself is refused, by whatever address") {
  for (const auto& [bind, server] :
       {std::pair{"127.0.0.1:9000", "127.0.0.1:9000"}, std::pair{"0.0.0.0:9000", "127.0.0.1:9000"},
        std::pair{"[::]:9000", "127.0.0.1:9000"}, std::pair{"[::]:9000", "[::1]:9000"},
        std::pair{"[::1]:9000", "[::1]:9000"}, std::pair{"127.0.0.1:9000", "[::ffff:127.0.0.1]:9000"}}) {
    CAPTURE(bind);
    CAPTURE(server);
    CHECK(fault_of(text_of({bind}, server)).find("this is the proxy itself") != std::string::npos);
  }
  CHECK(fault_of(text_of({"0.0.0.0:9000"}, "[::1]:9000")) == "");
  CHECK(fault_of(text_of({"[::]:9000"}, "127.0.0.1:9000") + "v6only = true\n") == "");
  CHECK(fault_of(text_of({"127.0.0.1:9000"}, "127.0.0.2:9000")) == "");
}

TEST_CASE("a server has one address") {
  for (const auto* server : {"0.0.0.0:80", "[::]:80", "*:80"})
    CHECK(fault_of(text_of({"127.0.0.1:9000"}, server)).find("is all addresses, and a server has one") !=
          std::string::npos);
}

TEST_CASE("names in a text that nobody looks up are no mistakes") {
  CHECK(fault_of(text_of({"here.example:9000"}, "web.example:80", "admin.example:9900")) == "");
}

TEST_CASE("an address of many hosts is nothing to bind or to connect to, however it is spelled") {
  for (const std::string host : {"224.0.0.1", "239.255.255.255", "255.255.255.255", "[ff02::1%lo]",
                                 "[ff0e::1]", "[::ffff:224.0.0.1]", "[::ffff:255.255.255.255]"}) {
    CAPTURE(host);
    const std::string many =
        " is an address of many hosts (multicast or broadcast), and TCP connects to one; write ";
    CHECK(fault_of(text_of({host + ":9000"})).find("bind: ") != std::string::npos);
    CHECK(fault_of(text_of({host + ":9000"})).find(many + "an address of this machine") != std::string::npos);
    CHECK(fault_of(text_of({}, "10.0.0.1:80", host + ":9000") +
                   "[[listener]]\nname = \"l\"\npool = \"media\"\nbind = \"127.0.0.1:0\"\n")
              .find(many) != std::string::npos);
    CHECK(fault_of(text_of({"127.0.0.1:9000"}, host + ":80")).find(many + "the server's own address") !=
          std::string::npos);
  }
  for (const std::string host :
       {"223.255.255.255", "240.0.0.1", "255.255.255.254", "[fe00::1]", "[::ffff:10.0.0.1]"})
    CHECK(fault_of(text_of({"127.0.0.1:9000"}, host + ":80")) == "");
}
