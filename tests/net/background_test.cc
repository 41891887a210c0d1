// Work beside the loop: it turns on meanwhile, and hears of the end of each job, in their order.
#include "lb/net/background.h"

#include <doctest/doctest.h>

#include <atomic>
#include <thread>
#include <utility>

#include "tests/support/loop_stage.h"

using namespace finishline;
using namespace finishline::test;

namespace {

/// What the jobs of a test have in common. They work until the gate is open.
struct Scene {
  std::atomic<bool> gate = false;
  std::atomic<int> at_work = 0;
  std::atomic<int> most_at_work = 0;
  std::vector<int> done;
};

class Waiting final : public net::Background::Job {
 public:
  Waiting(Scene& scene, int number) : scene_(scene), number_(number) {}
  void work() override {
    const int others = scene_.at_work.fetch_add(1);
    if (others + 1 > scene_.most_at_work) scene_.most_at_work = others + 1;
    thread_ = std::this_thread::get_id();
    while (!scene_.gate) std::this_thread::yield();
    --scene_.at_work;
  }
  void done() override {
    CHECK(thread_ != std::this_thread::get_id());
    scene_.done.push_back(number_);
  }

 private:
  Scene& scene_;
  int number_;
  std::thread::id thread_;
};

}  // namespace

TEST_CASE("the loop turns while a job is at work, and hears of its end") {
  Scene scene;
  LoopStage stage;
  net::Background background(stage.loop);
  background.run(std::make_unique<Waiting>(scene, 1));
  stage.turn({});
  CHECK(scene.done.empty());

  scene.gate = true;
  CHECK(stage.until({}, [&] { return scene.done == std::vector{1}; }));
}

TEST_CASE("jobs are done one at a time, in the order in which they came") {
  Scene scene;
  LoopStage stage;
  net::Background background(stage.loop);
  for (const int number : {1, 2, 3}) background.run(std::make_unique<Waiting>(scene, number));
  stage.turn({});
  scene.gate = true;

  CHECK(stage.until({}, [&] { return scene.done == std::vector{1, 2, 3}; }));
  CHECK(scene.most_at_work == 1);
}

TEST_CASE("who ends waits for the job that has been begun, and begins no other") {
  Scene scene;
  {
    LoopStage stage;
    net::Background background(stage.loop);
    for (const int number : {1, 2}) background.run(std::make_unique<Waiting>(scene, number));
    stage.until({}, [&] { return scene.at_work == 1; });
    scene.gate = true;
  }
  CHECK(scene.at_work == 0);
  CHECK(scene.done.empty());
}
