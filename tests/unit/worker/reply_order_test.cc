#include "lb/worker/reply_order.h"

#include <doctest/doctest.h>

#include <string>

#include "proto/mini.h"

using namespace finishline;
using namespace finishline::worker;

namespace {

/// Opens and fills places, and remembers what was written, as text.
struct Desk {
  std::uint64_t open(char type, std::uint8_t length) { return order.open({type, length}); }
  void fill(std::uint64_t position, proto::Status status = proto::Status::ok) {
    const auto word = proto::encode_mini_reply(order.request(position), status);
    order.fill(position, word, [this](const proto::MiniWord& ready) {
      for (const std::byte b : ready) written += static_cast<char>(b);
    });
  }
  ReplyOrder<proto::MiniRequest, proto::MiniWord> order;
  std::string written;
};

}  // namespace

TEST_CASE("replies that come in order leave at once") {
  Desk desk;
  const auto first = desk.open('V', 5);
  const auto second = desk.open('P', 1);
  desk.fill(first);
  CHECK(desk.written == "V5");
  desk.fill(second);
  CHECK(desk.written == "V5P1");
}

TEST_CASE("a reply waits for all before it, and then they leave together") {
  Desk desk;
  const auto first = desk.open('V', 5);
  const auto second = desk.open('P', 1);
  const auto third = desk.open('M', 9);
  desk.fill(third);
  desk.fill(second);
  CHECK(desk.written.empty());
  desk.fill(first);
  CHECK(desk.written == "V5P1M9");
}

TEST_CASE("a failure keeps its place between the served ones") {
  Desk desk;
  const auto first = desk.open('V', 5);
  const auto second = desk.open('X', 1);
  const auto third = desk.open('M', 9);
  desk.fill(second, proto::Status::unknown_type);
  desk.fill(first);
  desk.fill(third);
  CHECK(desk.written == "V5!2M9");
}

TEST_CASE("positions go on counting over any number of requests, in and out of order") {
  Desk desk;
  std::string expected;
  for (int round = 0; round < 1000; ++round) {
    const auto a = desk.open('V', static_cast<std::uint8_t>(round % 10));
    const auto b = desk.open('M', static_cast<std::uint8_t>(round % 7));
    expected += 'V' + std::to_string(round % 10) + 'M' + std::to_string(round % 7);
    desk.fill(round % 2 == 0 ? b : a);
    desk.fill(round % 2 == 0 ? a : b);
  }
  CHECK(desk.written == expected);
}
