// Whatever bytes come, each is answered or counted as promised, and other clients do not notice.
#include <doctest/doctest.h>

#include <set>
#include <string>
#include <vector>

#include "tests/support/processes.h"
#include "tests/support/proxy_under_test.h"
#include "tests/support/stats.h"

using namespace finishline;
using namespace finishline::test;
using proto::Status;

namespace {

proto::FrameHeader video(std::uint64_t id, std::uint32_t length = 1) {
  return {.type = 'V', .id = id, .length = length};
}

/// One server, one worker, and a client whose requests must be answered all the while.
class Street {
 public:
  explicit Street(SetUp set_up = {.servers = {{.name = "video-1"}}}) : proxy(std::move(set_up)) {}

  /// The bystander has not been disturbed.
  void check_peace() {
    REQUIRE(bystander_.send_frame(video(++asked_), "quiet"));
    const auto reply = bystander_.read_frame();
    REQUIRE(reply);
    CHECK(reply->status() == Status::ok);
    CHECK(reply->header.id == asked_);
    CHECK(reply->body == "quiet");
  }
  /// The bad one is gone; so many connections ended for this reason, and all numbers add up.
  void check_closed(const std::string& reason, std::int64_t times = 1) {
    CHECK(wait_until([&] { return stats_of(proxy).closed[reason] == times; }));
    check_peace();
    CHECK(unrest_at_the_end(proxy) == "");
  }

  ProxyUnderTest proxy;

 private:
  TcpPeer bystander_ = proxy.connect();
  std::uint64_t asked_ = 1000;
};

/// `bytes` are no frame: the reply says so, and the connection ends.
void check_refused(const std::string& bytes) {
  Street street;
  TcpPeer bad = street.proxy.connect();
  REQUIRE(bad.send(bytes));
  const auto reply = bad.read_frame();
  REQUIRE(reply);
  CHECK(reply->status() == Status::bad_frame);
  CHECK(bad.closed());
  street.check_closed("bad_frame");
  CHECK(stats_of(street.proxy).rejected["bad_frame"] == 1);
}

std::string raw(const proto::FrameHeader& header) { return text_of(frame_of(header)); }

/// A header that announces a body which is not there.
std::string announcing(std::uint32_t body_bytes) {
  std::string bytes(proto::kHeaderBytes, '\0');
  proto::FrameHeader header = video(1);
  header.body_bytes = body_bytes;
  proto::encode_header(header, reinterpret_cast<std::byte*>(bytes.data()));
  return bytes;
}

}  // namespace

TEST_CASE("garbage is told that it is no frame, and its connection ends") {
  std::string garbage(4096, '\0');
  for (std::size_t i = 0; i < garbage.size(); ++i) garbage[i] = static_cast<char>(i * 167 + 13);
  check_refused(garbage);
}

TEST_CASE("HTTP on a frame port is told that it is no frame, and its connection ends") {
  check_refused("GET / HTTP/1.1\r\nHost: localhost\r\nUser-Agent: a browser\r\n\r\n");
}

TEST_CASE("a frame of another version is told that it is no frame") {
  std::string bytes = raw(video(1));
  bytes[4] = 9;
  check_refused(bytes);
}

TEST_CASE("an unknown kind, and the kind of the other direction, are told that they are no frame") {
  for (const int kind : {0, 2, 5, 77}) {
    CAPTURE(kind);
    std::string bytes = raw(video(1));
    bytes[5] = static_cast<char>(kind);
    check_refused(bytes);
  }
}

TEST_CASE("half a header and then silence is cut off after the header timeout") {
  Street street({.servers = {{.name = "video-1"}}, .listeners = {{.keys = "header_timeout = \"200ms\"\n"}}});
  TcpPeer bad = street.proxy.connect();
  REQUIRE(bad.send(raw(video(1)).substr(0, 16)));
  CHECK(bad.closed());
  street.check_closed("header_timeout");
}

TEST_CASE("half a header and then the end of the stream is counted as half a frame") {
  Street street;
  {
    TcpPeer bad = street.proxy.connect();
    REQUIRE(bad.send(raw(video(1)).substr(0, 16)));
  }
  street.check_closed("half_frame");
}

TEST_CASE("a body of 4 GiB is refused at its header, and what comes of it takes no memory") {
  Street street;
  TcpPeer bad = street.proxy.connect();
  street.check_peace();
  const std::size_t before = private_kib_of(street.proxy.worker_pids().at(0));
  REQUIRE(bad.send(announcing(0xffffffff)));
  const auto reply = bad.read_frame();
  REQUIRE(reply);
  CHECK(reply->status() == Status::too_large);
  const std::string mebibyte(1 << 20, 'x');
  for (int i = 0; i < 64; ++i) REQUIRE(bad.send(mebibyte));
  street.check_peace();
  if (kMemoryTells) CHECK(private_kib_of(street.proxy.worker_pids().at(0)) < before + 8 * 1024);
}

TEST_CASE("an unknown type is refused alone; the connection goes on") {
  Street street;
  TcpPeer client = street.proxy.connect();
  REQUIRE(client.send_frame({.type = 'X', .id = 5, .length = 1}, "body"));
  const auto refused = client.read_frame();
  REQUIRE(refused);
  CHECK(refused->status() == Status::unknown_type);
  CHECK(refused->header.id == 5);
  REQUIRE(client.send_frame(video(6)));
  CHECK(client.read_frame()->status() == Status::ok);
  street.check_peace();
  CHECK(stats_of(street.proxy).rejected["unknown_type"] == 1);
  CHECK(unrest_at_the_end(street.proxy) == "");
}

TEST_CASE("length 0 is no work, and the largest length is refused alone") {
  Street street;
  TcpPeer client = street.proxy.connect();
  REQUIRE(client.send_frame(video(1, 0)));
  CHECK(client.read_frame()->status() == Status::ok);
  REQUIRE(client.send_frame(video(2, 0xffffffff)));
  CHECK(client.read_frame()->status() == Status::too_large);
  REQUIRE(client.send_frame(video(3, 1)));
  CHECK(client.read_frame()->status() == Status::ok);
  street.check_peace();
  CHECK(unrest_at_the_end(street.proxy) == "");
}

TEST_CASE("a request with a body is too large for servers of the two-byte protocol") {
  Street street(
      {.servers = {{.name = "video-1"}, {.name = "music-1", .type = "music", .protocol = "mini"}},
       .work_keys = "max_length = 9\n[cost.video]\nvideo = 1\npicture = 1\n[cost.music]\nmusic = 1\n"});
  TcpPeer client = street.proxy.connect();
  REQUIRE(client.send_frame({.type = 'M', .id = 1, .length = 3}, "body"));
  CHECK(client.read_frame()->status() == Status::too_large);
  REQUIRE(client.send_frame({.type = 'M', .id = 2, .length = 3}));
  CHECK(client.read_frame()->status() == Status::ok);
  street.check_peace();
  CHECK(unrest_at_the_end(street.proxy) == "");
}

TEST_CASE("ten thousand requests sent without reading are all answered in the end, each once") {
  constexpr std::uint64_t kRequests = 10000;
  Street street({.servers = {{.name = "video-1"}}, .unit = "1us"});
  TcpPeer client = TcpPeer::connect_narrow(street.proxy.port(), 4096);
  Bytes requests;
  for (std::uint64_t id = 1; id <= kRequests; ++id)
    append_frame(requests, video(id), bytes_of("0123456789abcdef"));
  REQUIRE(client.send(requests));
  street.check_peace();

  std::set<std::uint64_t> answered;
  for (std::uint64_t i = 0; i < kRequests; ++i) {
    const auto reply = client.read_frame();
    REQUIRE(reply);
    REQUIRE(reply->status() == Status::ok);
    answered.insert(reply->header.id);
  }
  CHECK(answered.size() == kRequests);
  CHECK(unrest_at_the_end(street.proxy) == "");
}

TEST_CASE("a reply that nobody asked for is dropped and counted, and the link goes on") {
  ProxyUnderTest proxy({.servers = {{.name = "video-1", .played = Played::by_nobody}}});
  TcpHost host(proxy.server_port("video-1"));
  TcpPeer link = host.accept();
  TcpPeer client = proxy.connect();
  REQUIRE(proxy.wait_for_log("link_up"));

  REQUIRE(
      link.send_frame({.kind = proto::Kind::reply, .type = 'V', .id = 0x123456789, .length = 1}, "surprise"));
  REQUIRE(client.send_frame(video(7)));
  auto request = link.read_frame();
  REQUIRE(request);
  request->header.kind = proto::Kind::reply;
  REQUIRE(link.send_frame(request->header));
  REQUIRE(link.send_frame(request->header));  // the same again: it has been answered
  const auto reply = client.read_frame();
  REQUIRE(reply);
  CHECK(reply->header.id == 7);
  CHECK(reply->body == "");
  CHECK(wait_until([&] { return stats_of(proxy).server("video-1").unasked_replies == 2; }));
  CHECK(client.silent(50ms));
  CHECK(proxy.logged("link_up") == 1);  // the first link is still the only one
  CHECK(unrest_at_the_end(proxy) == "");
}

TEST_CASE(
    "a server that sends garbage loses its link; its requests go to another server or fail, and it comes "
    "back") {
  ProxyUnderTest proxy({.servers = {{.name = "video-1", .played = Played::by_nobody}}});
  TcpHost host(proxy.server_port("video-1"));
  TcpPeer client = proxy.connect();
  {
    TcpPeer link = host.accept();
    REQUIRE(proxy.wait_for_log("link_up"));
    REQUIRE(client.send_frame(video(1)));
    REQUIRE(link.read_frame());
    REQUIRE(link.send("HTTP/1.1 400 Bad Request\r\nServer: what is this?\r\n\r\n"));
    CHECK(client.read_frame()->status() == Status::server_lost);
    CHECK(link.closed());
  }
  TcpPeer link = host.accept();
  REQUIRE(wait_until([&] { return stats_of(proxy).server("video-1").links_up == 1; }));
  REQUIRE(client.send_frame(video(2)));
  auto request = link.read_frame();
  REQUIRE(request);
  request->header.kind = proto::Kind::reply;
  REQUIRE(link.send_frame(request->header));
  CHECK(client.read_frame()->status() == Status::ok);
  CHECK(proxy.wait_for_log("link_up", 2));
  CHECK(unrest_at_the_end(proxy) == "");
}

TEST_CASE("words that are none get an answer of failure each, in order, on a mini listener") {
  ProxyUnderTest proxy({.servers = {{.name = "video-1"}}, .listeners = {{.name = "mini", .mode = "mini"}}});
  TcpPeer client = proxy.connect("mini");
  REQUIRE(client.send("V1X9V2"));
  CHECK(client.read(6) == "V1!2V2");
  CHECK(unrest_at_the_end(proxy) == "");
}

TEST_CASE("all kinds of bad input at once leave the client program's traffic as it was") {
  ProxyUnderTest proxy(
      {.servers = {{.name = "video-1"}, {.name = "music-1", .type = "music"}}, .workers = 2});
  ChildProcess client(program("finishline-client"),
                      {"--connect", "127.0.0.1:" + std::to_string(proxy.port()), "--duration", "2s", "--rate",
                       "300", "--length", "1..3", "--body", "100"});
  const std::vector<std::string> inputs = {"GET / HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\n\r\n",
                                           std::string(300, '\xff'),
                                           std::string(300, '\0'),
                                           raw(video(1)).substr(0, 31),
                                           announcing(0xffffffff),
                                           announcing(100),
                                           raw({.type = '\0'}),
                                           raw({.kind = proto::Kind::reply}),
                                           raw(video(1, 0xffffffff))};
  while (client.running()) {
    std::vector<TcpPeer> bad;
    for (const std::string& input : inputs) {
      bad.push_back(proxy.connect());
      bad.back().send(input);
    }
    bad.front().closed(10ms);
  }
  CHECK(client.wait() == Exit{0, 0});
  CHECK(unrest_at_the_end(proxy) == "");
  CHECK(stats_of(proxy).abandoned == 0);
}
