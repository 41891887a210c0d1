#include "client/step_tallies.h"

#include <doctest/doctest.h>

using namespace finishline;
using namespace finishline::client;

namespace {

const Instant kStart{1000s};

Request due_at(Nanos at) {
  Request request;
  request.intended = kStart + at;
  return request;
}

}  // namespace

TEST_CASE("a request belongs to the step in which it was due, its reply also to the one in which it came") {
  StepTallies steps(model::Pace({{1s, 10, 10}, {1s, 20, 20}}));
  steps.begin(kStart);
  for (const Nanos at : {0ms, 900ms, 1500ms}) steps.sent(due_at(at));
  steps.served(due_at(0ms), kStart + 100ms);
  steps.served(due_at(900ms), kStart + 1200ms);
  steps.served(due_at(1500ms), kStart + 3s);
  CHECK(steps.all()[0].sent == 2);
  CHECK(steps.all()[0].ok == 2);
  CHECK(steps.all()[0].answered == 1);
  CHECK(steps.all()[0].latency.max() == 300ms);
  CHECK(steps.all()[1].sent == 1);
  CHECK(steps.all()[1].ok == 1);
  CHECK(steps.all()[1].answered == 1);
  CHECK(steps.all()[1].latency.max() == 1500ms);
}

TEST_CASE("without a rate that changes there are no steps") {
  StepTallies steps;
  steps.sent(due_at(0ms));
  steps.served(due_at(0ms), kStart + 1s);
  CHECK(steps.all().empty());
}
