// The admin server on a real loop over loopback, with good and bad clients on the same loop.
#include "lb/http/server.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

using namespace finishline;
using namespace finishline::http;

namespace {

struct Client : net::StreamEvents {
  Client(net::Loop& loop, int fd, std::string bytes) : request(std::move(bytes)) {
    stream = net::TcpStream::connect(loop, net::bound_address(fd), *this);
  }
  void on_connected() override { stream.write(std::as_bytes(std::span(request))); }
  void on_bytes(std::span<const std::byte> bytes) override {
    reply.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  }
  void on_end(net::End) override {
    stream = {};
    ended = true;
    when_end();
  }

  std::string request;
  net::TcpStream stream;
  std::string reply;
  bool ended = false;
  std::function<void()> when_end = [] {};
};

struct Proxy {
  explicit Proxy(HttpServer::Limits limits = {}) {
    router.get("/healthz", [](const HttpRequest&) { return HttpReply{200, "text/plain", "ok\n"}; });
    admin.emplace(loop, fd, router, limits);
  }
  ~Proxy() {
    admin.reset();
    ::close(fd);
  }
  std::unique_ptr<Client> client(std::string bytes) {
    return std::make_unique<Client>(loop, fd, std::move(bytes));
  }
  std::unique_ptr<Client> good_client() {
    return client("GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  }
  /// Runs until this client has seen the end of its connection.
  void run_until_end_of(Client& client) {
    if (client.ended) return;
    client.when_end = [&] { loop.stop(); };
    loop.run();
  }

  net::Loop loop;
  int fd = std::get<int>(net::open_listener(std::get<net::Address>(net::parse_address("127.0.0.1:0"))));
  HttpRouter router;
  std::optional<HttpServer> admin;
};

bool is_ok(const Client& client) {
  return client.reply.starts_with("HTTP/1.1 200 ") && client.reply.ends_with("\r\n\r\nok\n");
}

}  // namespace

TEST_CASE("an admin request is answered and its connection closed") {
  Proxy proxy;
  const auto client = proxy.good_client();
  proxy.run_until_end_of(*client);
  CHECK(is_ok(*client));
}

TEST_CASE("an admin request may come in pieces") {
  Proxy proxy;
  const auto client = proxy.client("GET /heal");
  net::Timer rest(proxy.loop, [&] {
    client->stream.write(std::as_bytes(std::span(std::string_view("thz HTTP/1.0\r\n\r\n"))));
  });
  rest.start(5ms);
  proxy.run_until_end_of(*client);
  CHECK(is_ok(*client));
}

TEST_CASE("a request head without end is refused at its limit") {
  Proxy proxy({.request_bytes = 1000});
  const auto client = proxy.client("GET /healthz HTTP/1.1\r\nX: " + std::string(5000, 'x'));
  proxy.run_until_end_of(*client);
  CHECK(client->reply.starts_with("HTTP/1.1 431 "));
  CHECK(proxy.router.refusals().of(Refused::large_head) == 1);
}

TEST_CASE("at the limit of admin connections the one that has been silent longest makes room") {
  Proxy proxy({.connections = 3});
  std::vector<std::unique_ptr<Client>> silent;
  for (int i = 0; i < 3; ++i) silent.push_back(proxy.client("GET /hea"));
  net::Timer later(proxy.loop, [&] {
    if (proxy.admin->connections() == 3) proxy.loop.stop();
  });
  later.start(1ms, 1ms);
  proxy.loop.run();
  later.stop();
  const auto good = proxy.good_client();
  proxy.run_until_end_of(*good);
  CHECK(is_ok(*good));
  CHECK(silent[0]->ended);
  CHECK(proxy.router.refusals().of(Refused::crowded) == 1);
  CHECK(silent[0]->reply.empty());
  CHECK_FALSE(silent[1]->ended);
  CHECK_FALSE(silent[2]->ended);
}

TEST_CASE("any number of silent admin clients keep nobody waiting") {
  Proxy proxy;
  std::vector<std::unique_ptr<Client>> silent;
  for (int i = 0; i < 400; ++i) silent.push_back(proxy.client(i % 2 == 0 ? "" : "GET /hea"));
  for (int i = 0; i < 10; ++i) {
    const auto good = proxy.good_client();
    proxy.run_until_end_of(*good);
    CHECK(is_ok(*good));
    CHECK(proxy.admin->connections() <= 256);
  }
}

TEST_CASE("silent admin clients are dropped of old age, those who do not finish their request sooner") {
  Proxy proxy({.head_age = 20ms, .age = 3600s});
  const auto slow = proxy.client("GET /hea");
  proxy.run_until_end_of(*slow);
  CHECK(slow->reply.empty());
}

TEST_CASE("a client that leaves in the middle of its request is forgotten") {
  Proxy proxy;
  auto leaver = proxy.client("GET /hea");
  net::Timer leave(proxy.loop, [&] { leaver->stream = {}; });
  leave.start(5ms);
  const auto client = proxy.good_client();
  proxy.run_until_end_of(*client);
  CHECK(is_ok(*client));
  net::Timer poll(proxy.loop, [&] {
    if (proxy.admin->connections() == 0) proxy.loop.stop();
  });
  poll.start(1ms, 1ms);
  proxy.loop.run();
  CHECK(proxy.admin->connections() == 0);
}

TEST_CASE("an admin server that is to end serves whom it has taken, then says so") {
  Proxy proxy;
  const auto client = proxy.client("GET /healthz HTTP/1.1\r\n");
  net::Timer finish(proxy.loop, [&] {
    if (proxy.admin->connections() == 0) return;  // not taken yet
    finish.stop();
    proxy.admin->finish([&] { proxy.loop.stop(); });
    client->stream.write(std::as_bytes(std::span(std::string_view("Host: x\r\n\r\n"))));
  });
  finish.start(1ms, 1ms);
  proxy.loop.run();
  CHECK(is_ok(*client));
  CHECK(proxy.admin->connections() == 0);
}

TEST_CASE("a connection is served again and again, also when requests come in one piece") {
  Proxy proxy;
  const std::string ask = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
  const auto client = proxy.client(ask + ask + "GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n");
  proxy.run_until_end_of(*client);
  std::size_t replies = 0;
  for (std::size_t at = 0; (at = client->reply.find("200 OK", at)) != std::string::npos; ++at) ++replies;
  CHECK(replies == 3);
}

TEST_CASE("an idle connection is closed in time") {
  Proxy proxy({.head_age = 20ms, .idle_age = 40ms});
  const auto client = proxy.client("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
  proxy.run_until_end_of(*client);
  CHECK(is_ok(*client));
}

TEST_CASE("a body that is announced is asked for, and one that is too large is refused at once") {
  Proxy proxy;
  proxy.router.put("/echo", [](const HttpRequest& request) {
    return HttpReply{200, "text/plain", request.body};
  });
  const auto client = proxy.client(
      "PUT /echo HTTP/1.1\r\nExpect: 100-continue\r\nConnection: close\r\nContent-Length: 5\r\n\r\n");
  net::Timer rest(proxy.loop, [&] {
    if (client->reply.empty()) return;
    rest.stop();
    CHECK(client->reply == "HTTP/1.1 100 Continue\r\n\r\n");
    client->stream.write(std::as_bytes(std::span(std::string_view("hello"))));
  });
  rest.start(1ms, 1ms);
  proxy.run_until_end_of(*client);
  CHECK(client->reply.ends_with("\r\n\r\nhello"));

  const auto giant = proxy.client("PUT /echo HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n");
  proxy.run_until_end_of(*giant);
  CHECK(giant->reply.starts_with("HTTP/1.1 413 "));
}

TEST_CASE("whose large body makes all too much is dropped, and others are served") {
  Proxy proxy({.bodies_bytes = 100'000, .head_age = 3600s});
  proxy.router.put("/echo", [](const HttpRequest&) { return HttpReply{200, "text/plain", ""}; });
  const std::string head = "PUT /echo HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n";
  const auto large = proxy.client(head + std::string(120'000, 'x'));
  const auto small = proxy.client(head + std::string(1'000, 'x'));
  proxy.run_until_end_of(*large);
  CHECK(large->reply.empty());
  CHECK_FALSE(small->ended);
  CHECK(proxy.router.refusals().of(Refused::large_body) == 1);
  const auto good = proxy.good_client();
  proxy.run_until_end_of(*good);
  CHECK(is_ok(*good));
}

TEST_CASE("followers of an event stream are sent the latest event first and then every one") {
  EventStream events;
  Proxy proxy;
  proxy.router.get("/stream", [&](const HttpRequest&) { return HttpReply{.stream = &events}; });
  events.publish("live", 1, "{}");
  events.publish("live", 2, "{\"n\":2}");
  const auto page = proxy.client("GET /stream HTTP/1.1\r\n\r\n");
  const auto resumed = proxy.client("GET /stream HTTP/1.1\r\nLast-Event-ID: 2\r\n\r\n");
  net::Timer later(proxy.loop, [&] {
    if (events.followers() < 2) return;
    later.stop();
    events.publish("live", 3, "{}");
    proxy.admin->finish([&] { proxy.loop.stop(); });
  });
  later.start(1ms, 1ms);
  proxy.loop.run();
  proxy.run_until_end_of(*page);
  proxy.run_until_end_of(*resumed);
  CHECK(page->reply.ends_with("event: live\nid: 2\ndata: {\"n\":2}\n\nevent: live\nid: 3\ndata: {}\n\n"));
  CHECK(resumed->reply.ends_with("retry: 1000\n\nevent: live\nid: 3\ndata: {}\n\n"));
  CHECK(events.followers() == 0);
}

TEST_CASE("event streams take no places from requests, and are refused above their number") {
  EventStream events;
  Proxy proxy({.connections = 3, .streams = 5});
  proxy.router.get("/stream", [&](const HttpRequest&) { return HttpReply{.stream = &events}; });
  std::vector<std::unique_ptr<Client>> pages;
  for (int i = 0; i < 6; ++i) {
    pages.push_back(proxy.client("GET /stream HTTP/1.1\r\n\r\n"));
    net::Timer taken(proxy.loop, [&] {
      if (!pages.back()->reply.empty()) proxy.loop.stop();
    });
    taken.start(1ms, 1ms);
    proxy.loop.run();
  }
  CHECK(events.followers() == 5);
  CHECK(pages.back()->reply.starts_with("HTTP/1.1 503 "));
  CHECK(proxy.router.refusals().of(Refused::too_many_streams) == 1);
  const auto good = proxy.good_client();
  proxy.run_until_end_of(*good);
  CHECK(is_ok(*good));
}

TEST_CASE("who follows an event stream and does not read is closed") {
  EventStream events;
  Proxy proxy({.unread_events = 100'000});
  proxy.router.get("/stream", [&](const HttpRequest&) { return HttpReply{.stream = &events}; });
  const auto page = proxy.client("GET /stream HTTP/1.1\r\n\r\n");
  net::Timer publish(proxy.loop, [&] {
    if (events.followers() == 1) page->stream.pause_reading();
    if (events.followers() == 1) events.publish("live", 1, std::string(500'000, 'x'));
    if (proxy.router.refusals().of(Refused::slow_reader) == 1 && proxy.admin->streams() == 0)
      proxy.loop.stop();
  });
  publish.start(1ms, 1ms);
  proxy.loop.run();
  CHECK(proxy.admin->streams() == 0);
}

TEST_CASE("a reply that comes later reaches its client, and the next request waits for it") {
  Proxy proxy;
  std::shared_ptr<LaterReply> later;
  proxy.router.on(Method::post, "/slow", [&](const HttpRequest&) {
    HttpReply reply;
    reply.later = later = std::make_shared<LaterReply>();
    return reply;
  });
  std::string told;
  proxy.router.set_after_change([&](const HttpRequest& it, const HttpReply& reply) {
    told = it.path + " " + std::to_string(reply.status);
  });
  const auto client = proxy.client(
      "POST /slow HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"
      "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  std::string before;
  net::Timer give(proxy.loop, [&] {
    before = client->reply;
    later->give({201, "text/plain", "made\n"});
  });
  give.start(20ms);
  proxy.run_until_end_of(*client);
  CHECK(before.empty());
  CHECK(client->reply.starts_with("HTTP/1.1 201 Created\r\nContent-Type: text/plain\r\nDate: "));
  CHECK(client->reply.find("\r\n\r\nmade\nHTTP/1.1 200 ") != std::string::npos);
  CHECK(told == "/slow 201");
}

TEST_CASE("a reply whose client has gone is given to nobody") {
  Proxy proxy;
  std::shared_ptr<LaterReply> later;
  proxy.router.on(Method::post, "/slow", [&](const HttpRequest&) {
    HttpReply reply;
    reply.later = later = std::make_shared<LaterReply>();
    return reply;
  });
  auto client = proxy.client("POST /slow HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n");
  net::Timer leave(proxy.loop, [&] { client.reset(); });
  leave.start(20ms);
  net::Timer give(proxy.loop, [&] {
    CHECK(proxy.admin->connections() == 0);
    later->give({200, "text/plain", "late\n"});
    proxy.loop.stop();
  });
  give.start(60ms);
  proxy.loop.run();
}

TEST_CASE("who is not done in time is counted by what he did: nothing, half a request, no reading") {
  Proxy proxy({.head_age = 40ms, .age = 40ms});
  proxy.router.get("/much", [](const HttpRequest&) {
    return HttpReply{200, "text/plain", std::string(32U << 20, 'x')};
  });
  const auto silent = proxy.client("");
  const auto half = proxy.client("GET /hea");
  const auto deaf = proxy.client("GET /much HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  const RefusalCounts& refusals = proxy.router.refusals();
  net::Timer look(proxy.loop, [&] {
    if (!deaf->reply.empty()) deaf->stream.pause_reading();
    if (refusals.of(Refused::silent) == 1 && refusals.of(Refused::slow_request) == 1 &&
        refusals.of(Refused::slow_reader) == 1)
      proxy.loop.stop();
  });
  look.start(1ms, 1ms);
  proxy.loop.run();
  CHECK(proxy.admin->connections() == 0);
}
