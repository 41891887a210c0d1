#include "lb/cli/top_session.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

using namespace finishline::cli;
using Live = nlohmann::ordered_json;

namespace {

struct Session {
  bool press(const std::string& keys) {
    bool stays = true;
    for (const char key : keys) stays = session.take({TopKey::text, key}, live);
    return stays;
  }
  void press(TopKey key) { session.take({key}, live); }

  Live live = {{"servers", {{{"name", "alpha"}}, {{"name", "beta"}}}}};
  std::string token = "known", drained;
  TopSession session{{.has_token = [this] { return !token.empty(); },
                      .take_token = [this](std::string it) { token = std::move(it); },
                      .drain =
                          [this](const std::string& server, bool drain) {
                            drained = (drain ? "drain " : "undrain ") + server;
                            return drained + " done";
                          }}};
};

}  // namespace

TEST_CASE("q leaves, and nothing else does") {
  Session it;
  CHECK(it.press("srjk?xx"));
  CHECK(!it.press("q"));
  CHECK(!it.session.take({TopKey::ended}, it.live));
}

TEST_CASE("a server is drained after it was chosen and the question answered") {
  Session it;
  it.press("d");
  CHECK(it.session.bottom() == "choose a server with the arrow keys first");
  it.press(TopKey::down);
  it.press(TopKey::down);
  it.press(TopKey::down);
  CHECK(it.session.choice().server == "beta");
  it.press("d");
  CHECK(it.session.bottom().starts_with("Drain beta?"));
  it.press("n");
  CHECK(it.drained.empty());
  it.press("dy");
  CHECK(it.drained == "drain beta");
  CHECK(it.session.bottom() == "drain beta done");
  it.press("uy");
  CHECK(it.drained == "undrain beta");
}

TEST_CASE("who has brought no token is asked for it, and it is not shown") {
  Session it;
  it.token.clear();
  it.press(TopKey::down);
  it.press("d");
  it.press("secrex");
  it.press(TopKey::erase);
  it.press("t");
  CHECK(it.session.bottom().starts_with("token: ******_"));
  it.press(TopKey::enter);
  CHECK(it.token == "secret");
  it.press("y");
  CHECK(it.drained == "drain alpha");
}

TEST_CASE("a filter is typed, kept by Enter and dropped by Esc") {
  Session it;
  it.press("/beq");
  CHECK(it.session.choice().filter == "beq");
  it.press(TopKey::erase);
  it.press(TopKey::enter);
  it.press(TopKey::down);
  CHECK(it.session.choice().filter == "be");
  CHECK(it.session.choice().server == "beta");
  it.press(TopKey::escape);
  CHECK(it.session.choice().filter.empty());
}

TEST_CASE("s goes through all orders and comes back") {
  Session it;
  for (int i = 0; i < 7; ++i) it.press("s");
  CHECK(it.session.choice().order == TopOrder::name);
}
