#include "lb/cli/top_view.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

using namespace finishline::cli;
using Live = nlohmann::ordered_json;

namespace {

Live server(const std::string& name, const std::string& state, double finish, double rate) {
  return {{"name", name},       {"type", "video"},
          {"pool", "media"},    {"state", state},
          {"finish_s", finish}, {"in_flight", 3},
          {"rate", rate},       {"errors_rate", 0},
          {"busy", 0.5},        {"latency", {{"p50", 0.01}, {"p95", 0.02}, {"p99", nullptr}}},
          {"cpu", nullptr},     {"memory_bytes", nullptr},
          {"weight", 1}};
}

Live three() {
  return {{"version", "1.2.3"},
          {"time", 1790000000.0},
          {"uptime_s", 12.0},
          {"revision", 2},
          {"sentence", "all work done in 1.2 s"},
          {"requests", {{"rate", 512.0}, {"errors_rate", 0.0}, {"waiting", 4}}},
          {"latency", {{"total", {{"p50", 0.001}, {"p95", 0.002}, {"p99", 0.003}}}}},
          {"listeners",
           {{{"name", "media"},
             {"mode", "mini"},
             {"open", 60},
             {"rate", 1.5},
             {"refused_rate", 0.5},
             {"requests_rate", 256.0}},
            {{"name", "redis"},
             {"mode", "stream"},
             {"open", 1},
             {"rate", 0.0},
             {"refused_rate", 0.0},
             {"bytes_in_rate", 1e6},
             {"bytes_out_rate", 2e6}}}},
          {"pools", Live::array()},
          {"servers",
           {server("alpha", "up", 0.4, 10), server("beta", "down", 0, 30), server("gamma", "up", 0.8, 20)}},
          {"alerts", {{{"severity", "critical"}, {"state", "firing"}, {"reason", "beta is down: refused"}}}}};
}

std::string shown(const Live& live, const TopChoice& choice) {
  std::string all;
  for (const TopLine& line : top_lines(live, choice)) all += text_of(line) + '\n';
  return all;
}

std::string order_of(const TopChoice& choice) {
  std::string names;
  for (const std::string& name : servers_in_order(three(), choice)) names += name[0];
  return names;
}

std::size_t characters(const std::string& text) {
  std::size_t count = 0;
  for (const char c : text) count += (static_cast<unsigned char>(c) & 0xc0) != 0x80 ? 1 : 0;
  return count;
}

}  // namespace

TEST_CASE("top says of a listener that nobody can connect to it") {
  Live live = three();
  live["listeners"][1]["state"] = "lost";
  const std::string page = shown(live, {});
  CHECK(page.find("listener redis is lost: the file of its Unix socket is gone") != std::string::npos);
  CHECK(page.find("listener media: 60 open") != std::string::npos);
}

TEST_CASE("top shows the sentence, the traffic, open alerts and a line for each server") {
  const std::string text = shown(three(), {});
  for (const char* const part :
       {"finishline 1.2.3", "all work done in 1.2 s", "512 requests/s", "4 waiting",
        "! beta is down: refused", "listener media: 60 open, 256 requests/s, 1.5 accepted/s, 0.5 refused/s",
        "listener redis: 1 open, 2.9 MiB/s, ", "alpha", "gamma", "SERVER", "DONE IN"})
    CHECK_MESSAGE(text.find(part) != std::string::npos, part);
}

TEST_CASE("no line of top is wider than the screen, and there are no more than fit above the last one") {
  Live live = three();
  for (int i = 0; i < 200; ++i)
    live["servers"].push_back(server("server-" + std::to_string(i), "up", 0.1, 1));
  for (const std::size_t width : {20, 40, 79, 80, 100, 120, 200, 300})
    for (const std::size_t height : {5, 10, 24, 50}) {
      const auto lines = top_lines(live, {.width = width, .height = height});
      CHECK(lines.size() < height);
      for (const TopLine& line : lines) {
        CAPTURE(text_of(line));
        CHECK(characters(text_of(line)) <= width);
      }
    }
}

TEST_CASE("servers are sorted by what is asked for, the largest first") {
  CHECK(order_of({}) == "abg");
  CHECK(order_of({.order = TopOrder::finish}) == "gab");
  CHECK(order_of({.order = TopOrder::rate}) == "bga");
  CHECK(order_of({.order = TopOrder::rate, .reversed = true}) == "agb");
  CHECK(order_of({.order = TopOrder::state}) == "bag");
}

TEST_CASE("a filter leaves servers that match all its words") {
  CHECK(order_of({.filter = "up video"}) == "ag");
  CHECK(order_of({.filter = "down"}) == "b");
  CHECK(shown(three(), {.filter = "nothing"}).find("no server matches the filter") != std::string::npos);
}

TEST_CASE("a bar is as long as its server's finish time is to the longest") {
  std::size_t half = 0, whole = 0;
  for (const TopLine& line : top_lines(three(), {.blocks = false})) {
    const std::string text = text_of(line);
    const auto bar = static_cast<std::size_t>(std::count(text.begin(), text.end(), '#'));
    if (text.starts_with("alpha")) half = bar;
    if (text.starts_with("gamma")) whole = bar;
  }
  CHECK(whole > 4);
  CHECK(half == (whole + 1) / 2);
}

TEST_CASE("the chosen server is shown, however many stand before it") {
  Live live = three();
  for (int i = 0; i < 90; ++i) live["servers"].push_back(server("server-" + std::to_string(i), "up", 0.1, 1));
  CHECK(shown(live, {.server = "server-89"}).find("server-89") != std::string::npos);
}

TEST_CASE("who is no terminal gets a line for the proxy, each listener, server and alert") {
  const std::string text = plain_top(three());
  CHECK(std::count(text.begin(), text.end(), '\n') == 7);
  CHECK(text.find("  beta  down  ") != std::string::npos);
  CHECK(text.find("  ! critical: beta is down: refused\n") != std::string::npos);
}

TEST_CASE("a page that lacks everything is shown with nothing in it") {
  CHECK(shown(Live::object(), {}).find("no server is configured") != std::string::npos);
  CHECK(!plain_top(Live::object()).empty());
}
