#include "proto/c/address_list.h"

#include <doctest/doctest.h>

using namespace finishline::clib;

namespace {

std::string resolved(std::string_view words) {
  auto parsed = AddressList::parse(words);
  if (const auto* const why = std::get_if<std::string>(&parsed)) return *why;
  auto& list = std::get<AddressList>(parsed);
  if (const std::string why = list.resolve(); !why.empty()) return why;
  std::string all;
  for (const SocketAddress& address : list.addresses()) all += text_of(address) + " ";
  return all;
}

}  // namespace

TEST_CASE("c: addresses are HOST:PORT, one or several") {
  CHECK(resolved("127.0.0.1:9000") == "127.0.0.1:9000 ");
  CHECK(resolved("[::1]:9000") == "[::1]:9000 ");
  CHECK(resolved("127.0.0.1:9000,[::1]:9001,127.0.0.2:1") == "127.0.0.1:9000 [::1]:9001 127.0.0.2:1 ");
}

TEST_CASE("c: the path of a Unix socket is an address, too") {
  CHECK(resolved("unix:/run/x.sock,127.0.0.1:2") == "unix:/run/x.sock 127.0.0.1:2 ");
  CHECK(resolved("unix:/" + std::string(106, 'x')) == "unix:/" + std::string(106, 'x') + " ");
  for (const std::string& wrong : {std::string("unix:"), std::string("unix:x.sock"),
                                   std::string("unix:/run/"), "unix:/" + std::string(107, 'x')})
    CHECK_MESSAGE(resolved(wrong).find("unix:/PATH of at most 107 bytes") != std::string::npos, wrong);
}

TEST_CASE("c: what is no address is told with the remedy") {
  for (const char* wrong :
       {"", "9000", ":9000", "host:", "host:99999", "::1:9000", "host:-1", "127.0.0.1:1,", "[]:1"})
    CHECK_MESSAGE(resolved(wrong).find("write HOST:PORT") != std::string::npos, wrong);
}

TEST_CASE("c: a name that cannot be resolved costs the others nothing") {
  CHECK(resolved("no-such-host.invalid:1,127.0.0.1:2") == "127.0.0.1:2 ");
  CHECK(resolved("no-such-host.invalid:1").starts_with("no-such-host.invalid: "));
}
