// Who speaks another protocol, or answers what nobody asked, is told of in the log: what came, what it looks
// like, and what to do.
#include <doctest/doctest.h>

#include <array>
#include <string>

#include "tests/support/proxy_under_test.h"

using namespace finishline;
using namespace finishline::test;

namespace {

SetUp played_server() { return {.servers = {{.name = "video-1", .played = Played::by_nobody}}}; }

/// The server's link, once the proxy has come back to it.
TcpPeer link_at(TcpHost& host, TcpPeer& client) {
  TcpPeer link = host.accept();
  REQUIRE(client.send_frame({.type = 'V', .id = 1, .length = 1}));
  return link;
}

void reply(TcpPeer& link, std::uint64_t id) {
  REQUIRE(link.send_frame({.kind = proto::Kind::reply, .type = 'V', .id = id, .length = 1}));
}

}  // namespace

TEST_CASE("a web browser at a listener of frames is told of once, with the remedy") {
  const ProxyUnderTest proxy({.servers = {{.name = "video-1"}}});
  for (int i = 0; i < 3; ++i) {
    TcpPeer browser = proxy.connect();
    REQUIRE(browser.send("GET /index.html HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    CHECK(browser.closed());
  }
  TcpPeer redis = proxy.connect();
  REQUIRE(redis.send("*1\r\n$4\r\nPING\r\n"));
  redis.finish();
  CHECK(redis.closed());
  CHECK(proxy.wait_for_log("looks_like=HTTP remedy=\"a listener with mode = "));
  CHECK(proxy.wait_for_log("text=\"GET /index.html \""));
  CHECK(proxy.wait_for_log("looks_like=Redis"));
  CHECK(proxy.logged(" foreign_bytes ") == 2);
}

TEST_CASE("two bytes at a listener of frames show at once that no frame will come of them") {
  const ProxyUnderTest proxy({.servers = {{.name = "video-1"}}});
  TcpPeer client = proxy.connect();
  REQUIRE(client.send("V5"));  // and waits for an answer
  const auto refused = client.read_frame();
  REQUIRE(refused);
  CHECK(refused->status() == proto::Status::bad_frame);
  CHECK(client.closed());
  CHECK(proxy.wait_for_log("looks_like=\"the mini protocol\" remedy=\"a listener with mode = "));
  TcpPeer slow = proxy.connect();  // whose first bytes may well begin a frame
  REQUIRE(slow.send(std::string("\0\0", 2)));
  CHECK(slow.silent(100ms));
}

TEST_CASE("a server that writes little-endian is told so, and not that its replies are too large") {
  const ProxyUnderTest proxy(played_server());
  TcpHost host(proxy.server_port("video-1"));
  TcpPeer client = proxy.connect();
  TcpPeer link = link_at(host, client);
  const auto asked = link.read_frame();
  REQUIRE(asked);
  std::array<std::byte, proto::kHeaderBytes> bytes{};
  proto::encode_header(
      {.kind = proto::Kind::reply, .type = 'V', .id = __builtin_bswap64(asked->header.id), .length = 1},
      bytes.data());
  bytes[0] = std::byte{5};  // a body of five bytes, or of 80 MiB
  REQUIRE(link.send({reinterpret_cast<const char*>(bytes.data()), bytes.size()}));
  CHECK(proxy.wait_for_log("little-endian?"));
  CHECK(proxy.logged(" reply_too_large ") == 0);
}

TEST_CASE("a listener of the two-byte protocol tells of frames") {
  const ProxyUnderTest proxy({.servers = {{.name = "video-1"}}, .listeners = {{.mode = "mini"}}});
  TcpPeer client = proxy.connect();
  REQUIRE(client.send_frame({.type = 'V', .id = 1, .length = 1}));
  CHECK(client.closed());
  CHECK(proxy.wait_for_log("looks_like=\"a frame\" remedy=\"a listener with mode = "));
}

TEST_CASE("a server of another protocol is told of, with the remedy") {
  const ProxyUnderTest proxy(played_server());
  TcpHost host(proxy.server_port("video-1"));
  TcpPeer link = host.accept();
  REQUIRE(link.send("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"));
  CHECK(link.closed());
  CHECK(proxy.wait_for_log(" foreign_bytes link=0 server=video-1 "));
  CHECK(proxy.wait_for_log("looks_like=HTTP remedy=\"protocol = "));
}

TEST_CASE("a reply whose id has its bytes in reverse is told of as what it most likely is") {
  const ProxyUnderTest proxy(played_server());
  TcpHost host(proxy.server_port("video-1"));
  TcpPeer client = proxy.connect();
  TcpPeer link = link_at(host, client);
  const auto asked = link.read_frame();
  REQUIRE(asked);
  reply(link, __builtin_bswap64(asked->header.id));
  reply(link, __builtin_bswap64(asked->header.id));
  reply(link, asked->header.id);
  CHECK(client.read_frame()->status() == proto::Status::ok);
  CHECK(proxy.wait_for_log("little-endian?"));
  CHECK(proxy.logged(" unasked_reply ") == 1);
}

TEST_CASE("a second reply to a request is told of as one that nobody waits for") {
  const ProxyUnderTest proxy(played_server());
  TcpHost host(proxy.server_port("video-1"));
  TcpPeer client = proxy.connect();
  TcpPeer link = link_at(host, client);
  const auto asked = link.read_frame();
  REQUIRE(asked);
  reply(link, asked->header.id);
  reply(link, asked->header.id);
  CHECK(client.read_frame()->status() == proto::Status::ok);
  CHECK(proxy.wait_for_log("hint=\"the request was answered twice"));
}
