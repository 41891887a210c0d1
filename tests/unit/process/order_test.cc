#include "lb/process/order.h"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace finishline::process;

TEST_CASE("a log file, or that of the access log, arrives as a descriptor of it") {
  for (const Order::Kind kind : {Order::Kind::log, Order::Kind::access}) {
    const OrderLine line = open_order_line();
    const Descriptor file(::dup(STDERR_FILENO));
    REQUIRE(send_log(line.master.get(), file.get(), kind));
    const Received received = receive_order(line.child.get());
    REQUIRE(received.order);
    CHECK(received.order->kind == kind);
    struct stat sent {
    }, come{};
    REQUIRE(::fstat(file.get(), &sent) == 0);
    REQUIRE(::fstat(received.file.get(), &come) == 0);
    CHECK(received.file.get() != file.get());
    CHECK(come.st_ino == sent.st_ino);
  }
}

TEST_CASE("an order arrives whole, however long its text") {
  const OrderLine line = open_order_line();
  REQUIRE(line.master);
  const std::string long_text(3 << 20, 'x');
  for (const std::string& text : {std::string(), std::string("short"), long_text}) {
    REQUIRE(send_order(line.master.get(), {.kind = Order::Kind::unlisten, .revision = 7, .text = text}));
    const Received received = receive_order(line.child.get());
    REQUIRE(received.order);
    CHECK(received.order->kind == Order::Kind::unlisten);
    CHECK(received.order->revision == 7);
    CHECK(received.order->text == text);
  }
}

TEST_CASE("orders go both ways, and none is no end") {
  const OrderLine line = open_order_line();
  REQUIRE(send_order(line.child.get(), {.kind = Order::Kind::reload}));
  CHECK(receive_order(line.master.get()).order->kind == Order::Kind::reload);
  const Received none = receive_order(line.master.get());
  CHECK_FALSE(none.order);
  CHECK_FALSE(none.ended);
}

TEST_CASE("a line whose other end is gone says so") {
  OrderLine line = open_order_line();
  line.child = {};
  CHECK(receive_order(line.master.get()).ended);
  CHECK_FALSE(send_order(line.master.get(), {}));
}

TEST_CASE("who does not read is not waited for") {
  const OrderLine line = open_order_line();
  int sent = 0;
  while (sent < 100000 && send_order(line.master.get(), {.text = "text"})) ++sent;
  CHECK(sent > 2);
  CHECK(sent < 100000);
}
