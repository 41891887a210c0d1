// What a TLS client says first, as real clients say it and as nobody should.
#include "lb/tls/client_hello.h"

#include <doctest/doctest.h>

#include <string>

#include "lb/tls/server_name.h"
#include "tests/support/client_hellos.h"
#include "tests/support/engine_pair.h"

using namespace finishline;
using namespace finishline::test;
using tls::ClientHelloDecoder;
using Step = ClientHelloDecoder::Step;

namespace {

Step feed(ClientHelloDecoder& decoder, std::string_view bytes) {
  return decoder.feed(std::as_bytes(std::span(bytes)));
}
Step judge(std::string_view bytes) {
  ClientHelloDecoder decoder;
  return feed(decoder, bytes);
}
std::string name_in(std::string_view bytes) {
  ClientHelloDecoder decoder;
  REQUIRE(feed(decoder, bytes) == Step::done);
  return decoder.server_name();
}

}  // namespace

TEST_CASE("the name is read out of what OpenSSL says, however it is cut") {
  const auto client = client_context({.name = "www.example.org", .verify = false});
  std::string said;
  const auto engine = tls::TlsEngine::connect(*client);
  engine->send_to(
      [](void* to, std::span<const std::byte> bytes) {
        static_cast<std::string*>(to)->append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
      },
      &said);
  engine->begin();
  CHECK(name_in(said) == "www.example.org");
  ClientHelloDecoder slow;
  for (std::size_t i = 0; i + 1 < said.size(); ++i) CHECK(feed(slow, said.substr(i, 1)) == Step::need_more);
  CHECK(feed(slow, said.substr(said.size() - 1)) == Step::done);
  CHECK(slow.server_name() == "www.example.org");
}

TEST_CASE("a hello may be cut into records, and may ask for no name") {
  CHECK(name_in(in_records(client_hello("a.org"), 1)) == "a.org");
  CHECK(name_in(in_records(client_hello("a.org"), 10) + "what follows is not looked at") == "a.org");
  CHECK(name_in(in_records(client_hello(""), 16000)) == "");
}

TEST_CASE("what is no hello is bad at the first byte that shows it") {
  CHECK(judge("GET / HTTP/1.1\r\n") == Step::bad);
  CHECK(judge("\x16\x02") == Step::bad);
  CHECK(judge(std::string("\x16\x03\x01\x00\x00", 5)) == Step::bad);
  CHECK(judge(std::string("\x16\x03\x01\x40\x01", 5)) == Step::bad);
  CHECK(judge(std::string("\x16\x03\x01\x00\x04\x02", 6)) == Step::bad);
  CHECK(judge(std::string("\x16\x03\x01\x00\x04\x01\x01\x00\x00", 9)) == Step::bad);  // 64 KiB
  CHECK(judge(in_records(client_hello(std::string("a\0b", 3)), 1000)) == Step::bad);
  CHECK(judge(in_records(client_hello("a.org", {server_name_extension("b.org")}), 1000)) == Step::bad);
  CHECK(judge(in_records(client_hello(std::string(256, 'a')), 1000)) == Step::bad);
}

TEST_CASE("names are found as they stand, then by wildcard, whatever their case and a dot at their end") {
  const std::map<std::string, int> map{{"www.example.org", 1}, {"*.example.org", 2}, {"localhost", 3}};
  const auto found = [&](std::string_view name) {
    const auto at = tls::find_name(map, name);
    return at == map.end() ? 0 : at->second;
  };
  CHECK(found("www.example.org") == 1);
  CHECK(found("WWW.example.org.") == 1);
  CHECK(found("mail.example.org") == 2);
  CHECK(found("example.org") == 0);
  CHECK(found("a.b.example.org") == 0);
  CHECK(found(".example.org") == 0);
  CHECK(found("localhost") == 3);
  CHECK(found("") == 0);
}
