#include "lb/control/countries.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <string>
#include <variant>

#include "tests/support/geo_file.h"
#include "tests/support/temp_dir.h"

using namespace finishline;
using namespace finishline::control;

namespace {

net::Address address(std::string_view text) { return std::get<net::Address>(net::parse_host(text)); }

std::string small_database(const char* country = "DE") {
  test::GeoFile file;
  file.add("192.0.2.0", 24, country);
  file.add("198.51.100.0", 25, "FR");
  file.add("2001:db8::", 32, "JP");
  return file.bytes();
}

/// A database file, looked at every so often.
struct Watched {
  explicit Watched(const std::string& bytes) : file(dir.write("countries.mmdb", bytes)), countries(file) {
    look();
  }
  void look() { countries.look(now += Countries::kLook); }
  /// Another file under the same name, as an update of a database brings it.
  void replace(const std::string& bytes) {
    std::filesystem::rename(dir.write("new", bytes), file);
    look();
  }
  std::string of(std::string_view host) const { return countries.country_of(address(host)); }
  bool says(const char* words) const { return countries.note().find(words) != std::string::npos; }

  test::TempDir dir;
  std::string file;
  Countries countries;
  Instant now{};
};

}  // namespace

TEST_CASE("an address has the country of its network, whichever family it is of") {
  const Watched it(small_database());
  CHECK(it.of("192.0.2.77") == "DE");
  CHECK(it.of("::ffff:192.0.2.77") == "DE");
  CHECK(it.of("198.51.100.127") == "FR");
  CHECK(it.of("2001:db8:1::9") == "JP");
  CHECK(it.countries.note() == "By Test-Country of 2026-10-31.");
}

TEST_CASE("an address that the database does not have has no country") {
  const Watched it(small_database());
  for (const char* host : {"127.0.0.1", "198.51.100.128", "192.0.3.1", "2001:db9::1", "::1"})
    CHECK(it.of(host) == "");
}

TEST_CASE("without a database no country is known, and it is said how to get one") {
  Countries none("");
  none.look(Instant() + Countries::kLook);
  CHECK_FALSE(none.known());
  CHECK(none.note().find("proxy.geo_database names no file") != std::string::npos);
  CHECK(none.country_of(address("192.0.2.1")) == "");
}

TEST_CASE("a database that is replaced is taken anew, and one that cannot be used leaves the one before it") {
  Watched it(small_database());
  it.replace(small_database("AT"));
  CHECK(it.of("192.0.2.77") == "AT");
  it.replace("no database");
  CHECK(it.of("192.0.2.77") == "AT");
  CHECK(it.says("no database in MaxMind's format"));
  it.replace(small_database("CH"));
  CHECK(it.of("192.0.2.77") == "CH");
  CHECK_FALSE(it.says("no database"));
  std::filesystem::remove(it.file);
  it.look();
  CHECK(it.of("192.0.2.77") == "CH");
  CHECK(it.says("No such file"));
}

TEST_CASE("a database that is cut short while it is used goes on being what it was") {
  Watched it(small_database());
  std::filesystem::resize_file(it.file, 0);
  CHECK(it.of("192.0.2.77") == "DE");
  it.look();
  CHECK(it.of("192.0.2.77") == "DE");
}

TEST_CASE("a database that comes later is found") {
  Watched it("");
  CHECK_FALSE(it.countries.known());
  it.replace(small_database());
  CHECK(it.of("192.0.2.77") == "DE");
}

TEST_CASE("a database of which any byte is wrong, or that ends anywhere, harms nobody") {
  const test::TempDir dir;
  const std::string good = small_database();
  for (std::size_t at = 0; at < good.size(); ++at) {
    for (const bool cut : {false, true}) {
      std::string bad = cut ? good.substr(0, at) : good;
      if (!cut) bad[at] = static_cast<char>(bad[at] ^ 0xff);
      const auto opened = GeoDatabase::open(dir.write("bad", bad));
      const auto* database = std::get_if<GeoDatabase>(&opened);
      if (database == nullptr) continue;
      for (const char* host : {"192.0.2.77", "10.0.0.1", "2001:db8::1"}) {
        const std::string country = database->country_of(address(host));
        CHECK((country.empty() || country.size() == 2));
      }
    }
  }
}

TEST_CASE(
    "countries are those of their networks together, the largest first, and what is not known is one of "
    "them") {
  const std::vector<Talker> networks{{.network = "a", .country = "DE", .rate = 2, .connections = 1},
                                     {.network = "b", .country = "", .rate = 3, .connections = 0},
                                     {.network = "c", .country = "DE", .rate = 4, .connections = 5}};
  const auto all = by_country(networks, 10);
  REQUIRE(all.size() == 2);
  CHECK(all[0].country == "DE");
  CHECK(all[0].rate == 6);
  CHECK(all[0].connections == 6);
  CHECK(all[1].country == "");
  CHECK(by_country(networks, 1).size() == 1);
}
