#include "lb/control/audit.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "tests/support/temp_dir.h"

using namespace finishline;
using namespace finishline::control;

namespace {

http::HttpRequest change(const std::string& body, const std::string& path = "/api/v1/servers/video-1/state") {
  return {.method = http::Method::put, .path = path, .name = "video-1", .body = body, .peer = "10.0.0.7"};
}

nlohmann::json entries_of(const Audit& audit) { return nlohmann::json::parse(audit.page().body)["entries"]; }

}  // namespace

TEST_CASE("an audit tells who has changed what, the latest first, also after a restart") {
  const test::TempDir dir;
  {
    Audit audit(dir.file(""));
    audit.note(change(R"({"state": "drain"})"), {.status = 200}, {.name = "alice"});
    audit.note(change(R"({"state": "ready"})"), {.status = 200}, {.name = "bob"});
  }
  const auto entries = entries_of(Audit(dir.file("")));
  REQUIRE(entries.size() == 2);
  CHECK(entries[0]["who"] == "bob");
  CHECK(entries[1]["from"] == "10.0.0.7");
  CHECK(entries[1]["action"] == "PUT /api/v1/servers/video-1/state");
  CHECK(entries[1]["after"]["state"] == "drain");
}

TEST_CASE("what was refused has changed nothing, and tokens are told nobody") {
  Audit audit("");
  audit.note(change("{}"), {.status = 400}, {});
  audit.note(change(R"({"token": "secret"})", "/api/v1/session"), {.status = 200}, {});
  CHECK(entries_of(audit).empty());
  audit.note(change(std::string(5000, '\xff')), {.status = 200}, {});
  CHECK(entries_of(audit)[0]["after"].get<std::string>().size() < 1000);
}
