// The file of a Unix socket: when it is made, replaced, left alone and removed.
#include "lb/net/unix_file.h"

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>

#include "tests/support/temp_dir.h"

using namespace finishline;
using namespace finishline::net;

namespace {

/// A place in a folder of its own, and the sockets that were bound there.
class Place {
 public:
  ~Place() { close(); }
  std::string path() const { return dir_.file("x.sock"); }
  Address address() const { return std::get<Address>(parse_address("unix:" + path())); }
  /// "" when it could be bound, and listens.
  std::string bind(const UnixFile& file = {}) {
    const auto bound = bind_unix(address(), file);
    if (const auto* why = std::get_if<std::string>(&bound)) return *why;
    fds_.push_back(std::get<int>(bound));
    return ::listen(fds_.back(), 8) == 0 ? "" : "listen";
  }
  void close() {
    for (const int fd : fds_) ::close(fd);
    fds_.clear();
  }
  bool there() const { return std::filesystem::exists(path()); }

 private:
  test::TempDir dir_;
  std::vector<int> fds_;
};

}  // namespace

TEST_CASE("the file has the mode that was asked for, whatever the mask") {
  Place place;
  CHECK(place.bind({.mode = 0666}) == "");
  CHECK(std::filesystem::status(place.path()).permissions() == std::filesystem::perms(0666));
  CHECK(set_up_unix_file(place.address(), {.mode = 0600}) == "");
  CHECK(std::filesystem::status(place.path()).permissions() == std::filesystem::perms(0600));
}

TEST_CASE("where somebody listens nobody else binds, and what a dead one has left is replaced") {
  Place place;
  CHECK(place.bind() == "");
  CHECK(place.bind() == "another process listens there");
  CHECK(errno == EADDRINUSE);
  place.close();
  REQUIRE(place.there());
  CHECK(unix_bind_fault(place.address()) == "");
  CHECK(place.bind() == "");
}

TEST_CASE("a file that is no socket is left alone, and the message says what to do") {
  Place place;
  std::ofstream(place.path()) << "precious";
  CHECK(place.bind() == place.path() + " is there and no socket: remove it, or choose another path");
  remove_unix_file(place.address());
  CHECK(std::filesystem::file_size(place.path()) == 8);
}

TEST_CASE("a folder that is not there is named") {
  const auto address = std::get<Address>(parse_address("unix:/nowhere/at/all.sock"));
  const auto bound = bind_unix(address, {});
  CHECK(std::get<std::string>(bound) == "there is no folder /nowhere/at: make it");
}

TEST_CASE("the file of a socket is removed, and to remove it again does nothing") {
  Place place;
  CHECK(place.bind() == "");
  remove_unix_file(place.address());
  CHECK_FALSE(place.there());
  remove_unix_file(place.address());
  remove_unix_file({});
}
