// Orders for servers on other machines: a real command, a real HTTP server on loopback.
#include "lb/control/scale_actuator.h"

#include <doctest/doctest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>

#include "lb/http/router.h"
#include "lb/http/server.h"
#include "tests/support/log_file.h"
#include "tests/support/loop_stage.h"
#include "tests/support/temp_dir.h"

using namespace finishline;
using namespace finishline::control;
using test::LoopStage;

namespace {

std::string text_in(const std::string& file) {
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str();
}

struct Scene {
  LoopStage stage;
  ScaleActuator actuator{stage.loop, 7};
  std::optional<bool> outcome;

  void give(const ScaleActuator::Way& way, const ScaleOrder& order = {"media", true, "video"}) {
    actuator.give(way, order, [this](bool good) { outcome = good; });
    REQUIRE(stage.until({}, [&] { return outcome.has_value(); }));
  }
};

}  // namespace

TEST_CASE("a command is told what is wanted, of which pool, and by which key") {
  test::TempDir dir;
  const std::string out = dir.file("out");
  Scene scene;
  scene.give({.command = {"/bin/sh", "-c", "echo \"$@ $FINISHLINE_POOL $FINISHLINE_KEY\" >" + out, "scale"},
              .webhook = {}});
  CHECK(scene.outcome == true);
  CHECK(text_in(out).starts_with("up video media "));
  CHECK(text_in(out).size() == 15 + 32 + 1);
  scene.outcome.reset();
  scene.give({.command = {"/bin/sh", "-c", "echo \"$@\" >" + out, "scale"}, .webhook = {}},
             {"media", false, "video-7"});
  CHECK(text_in(out) == "down video-7\n");
}

TEST_CASE("a command that fails is tried again with the same key, so many times") {
  test::TempDir dir;
  const std::string out = dir.file("out");
  Scene scene;
  scene.give({.command = {"/bin/sh", "-c", "echo $FINISHLINE_KEY >>" + out + "; exit 3", "scale"},
              .webhook = {},
              .attempts = 2});
  CHECK(scene.outcome == false);
  const std::string keys = text_in(out);
  CHECK(keys.size() == 2 * 33);
  CHECK(keys.substr(0, 33) == keys.substr(33));
  CHECK(scene.actuator.under_way() == 0);
}

TEST_CASE("a command that takes too long is killed and has failed") {
  Scene scene;
  scene.give({.command = {"/bin/sleep", "1000"}, .webhook = {}, .timeout = 50ms, .attempts = 1});
  CHECK(scene.outcome == false);
}

TEST_CASE("what a command leaves running is killed with its group, which is told") {
  test::LogFile log;
  REQUIRE(log.start(log::Format::text) == "");
  Scene scene;
  scene.give({.command = {"/bin/sh", "-c", "true", "scale"}, .webhook = {}});
  CHECK(log.count("setsid") == 0);
  scene.outcome.reset();
  scene.give({.command = {"/bin/sh", "-c", "sleep 1000 >/dev/null 2>&1 & exit 0", "scale"}, .webhook = {}});
  CHECK(scene.outcome == true);
  CHECK(log.count("what it left running was killed; setsid keeps it") == 1);
}

TEST_CASE("a webhook that does not answer has failed after the timeout, and holds up no other order") {
  Scene scene;
  const test::Port silent;  // connections are made, and nobody reads
  const ScaleActuator::Way hasty{.command = {},
                                 .webhook = "http://" + silent.address.to_string() + "/scale",
                                 .timeout = 5ms,
                                 .attempts = 1};
  int failed = 0;  // one after the other: with a quarter of a minute for each the stage would give up
  for (int i = 0; i < 6; ++i)
    scene.actuator.give(hasty, {"media", true, "video"}, [&failed](bool good) { failed += good ? 0 : 1; });
  CHECK(scene.stage.until({}, [&] { return failed == 6; }));
}

TEST_CASE("a webhook is sent the order as JSON, again after an error of the other side") {
  Scene scene;
  test::Port port;
  http::HttpRouter router;
  std::vector<nlohmann::json> bodies;
  router.on(http::Method::post, "/scale", [&](const http::HttpRequest& request) {
    bodies.push_back(nlohmann::json::parse(request.body));
    return http::HttpReply{bodies.size() == 1 ? 503 : 200, "text/plain", "seen\n"};
  });
  http::HttpServer server(scene.stage.loop, port.fd, router);
  scene.give({.command = {}, .webhook = "http://" + port.address.to_string() + "/scale"});
  CHECK(scene.outcome == true);
  REQUIRE(bodies.size() == 2);
  CHECK(bodies[0] == bodies[1]);
  CHECK(bodies[0].at("action") == "up");
  CHECK(bodies[0].at("type") == "video");
  CHECK(bodies[0].at("pool") == "media");
  CHECK(bodies[0].at("key").get<std::string>().size() == 32);
}
