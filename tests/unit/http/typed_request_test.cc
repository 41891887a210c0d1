#include "lb/http/typed_request.h"

#include <doctest/doctest.h>

#include <string>

#include "lb/http/target.h"
#include "proto/frame.h"

using namespace finishline;
using namespace finishline::http;

namespace {

const CostModel kCost = CostModel::seed(1ms);

TypedRules rules(std::string_view length_from = "query") {
  return {.cost = &kCost, .length_from = *model::parse_length_source(length_from)};
}

RequestHead post(std::string_view target, std::vector<HeaderField> fields = {}) {
  return {.method = "POST", .target = target, .fields = std::move(fields)};
}

TypedRequest good(const RequestHead& head, const TypedRules& by = rules()) {
  const auto result = typed_request(head, by);
  if (const auto* const objection = std::get_if<Objection>(&result)) FAIL_CHECK(objection->words);
  return std::holds_alternative<TypedRequest>(result) ? std::get<TypedRequest>(result) : TypedRequest();
}

/// "404: there is no ..."
std::string objection(const RequestHead& head, const TypedRules& by = rules()) {
  const auto result = typed_request(head, by);
  const auto* const it = std::get_if<Objection>(&result);
  return it == nullptr ? "none" : std::to_string(it->status) + ": " + it->words;
}

}  // namespace

TEST_CASE("the type stands in the path, and the length where the configuration says") {
  CHECK(good(post("/video?length=5")).code == 'V');
  CHECK(good(post("/video?length=5")).length == 5);
  CHECK(good(post("/music/7"), rules("path")).length == 7);
  CHECK(good(post("/music/7"), rules("path")).code == 'M');
  CHECK(good(post("/picture", {{"x-length", "9"}}), rules("header:X-Length")).length == 9);
  CHECK_FALSE(good(post("/picture"), rules("body")).length.has_value());
  CHECK(good(post("http://host:80/video?length=5")).length == 5);
  CHECK(good(post("/%76ideo?len=1&length=%35")).length == 5);
  CHECK(good(post("/video?length=99999999999")).length == 0xffffffff);
}

TEST_CASE("the size of a body is its length in begun units, and at least one") {
  TypedRules by = rules("body");
  by.bytes_per_unit = 1000;
  CHECK(length_of_body(0, by) == 1);
  CHECK(length_of_body(1000, by) == 1);
  CHECK(length_of_body(1001, by) == 2);
  CHECK(length_of_body(5000, by) == 5);
}

TEST_CASE("deadline, priority and whether it may be done twice are said by header or query") {
  const auto headers = good(
      post("/video?length=5",
           {{"finishline-deadline", "1.5s"}, {"Finishline-Priority", "3"}, {"Finishline-Retryable", "No"}}));
  CHECK(headers.deadline_ms == 1500);
  CHECK(proto::priority_of(headers.flags) == 3);
  CHECK((headers.flags & proto::kRetryable) == 0);
  const auto query = good(post("/video?length=5&deadline=200us&priority=2&retryable=yes"));
  CHECK(query.deadline_ms == 1);
  CHECK(proto::priority_of(query.flags) == 2);
  TypedRules by = rules();
  CHECK((good(post("/video?length=5"), by).flags & proto::kRetryable) != 0);
  by.retryable = false;
  CHECK((good(post("/video?length=5"), by).flags & proto::kRetryable) == 0);
  CHECK((good(post("/video?length=5&retryable=yes"), by).flags & proto::kRetryable) != 0);
}

TEST_CASE("what cannot be taken is told with what to do instead") {
  CHECK(objection(post("/")) == "404: no type in the path: POST /TYPE; types: video, picture, music");
  CHECK(objection(post("/vidoe?length=5")) ==
        "404: there is no type 'vidoe'; did you mean 'video'?; types: video, picture, music");
  CHECK(objection(post("/video/5?length=5")) == "404: the path goes on behind the type");
  CHECK(objection(post("/video")) == "400: no length: write POST /video?length=5");
  CHECK(objection(post("/video?length=five")) ==
        "400: the length is no whole number: write POST /video?length=5");
  CHECK(objection(post("/video?length=-5")).starts_with("400: the length is no whole number"));
  CHECK(objection(post("/video"), rules("path")) == "400: no length: write POST /video/5");
  CHECK(objection(post("/video"), rules("header:X-Length")) == "400: no length: add the header X-Length: 5");
  CHECK(objection(post("/video?length=5&deadline=soon")).starts_with("400: the deadline is no duration"));
  CHECK(objection(post("/video?length=5&deadline=0ms")).starts_with("400: the deadline"));
  CHECK(objection(post("/video?length=5&priority=4")).starts_with("400: the priority"));
  CHECK(objection(post("/video?length=5", {{"Finishline-Retryable", "maybe"}})).starts_with("400: Finish"));
  CHECK(objection(post("*")).starts_with("400: the target is no path"));
  CHECK(objection(post("/%zz")).starts_with("400: the target is no path"));
  RequestHead get = post("/video?length=5");
  get.method = "GET";
  CHECK(objection(get).starts_with("405: only POST"));
}

TEST_CASE("a target is taken apart, and what is encoded wrongly is none") {
  const auto target = parse_target("/a//b%2Fc?x=1&y=%20&z");
  REQUIRE(target);
  CHECK(target->parts == std::vector<std::string>{"a", "b/c"});
  CHECK(*target->parameter("y") == " ");
  CHECK(*target->parameter("z") == "");
  CHECK(target->parameter("w") == nullptr);
  for (const char* bad : {"", "a", "/%", "/%1", "/%g1", "/?%"}) CHECK_FALSE(parse_target(bad));
}

TEST_CASE("a place for lengths is one of four") {
  using Kind = model::LengthSource::Kind;
  CHECK(model::parse_length_source("query")->kind == Kind::query);
  CHECK(model::parse_length_source("header:X-Length")->header == "X-Length");
  for (const char* bad : {"", "Query", "header", "header:", "header:a b", "header:a:b", "cookie"})
    CHECK_FALSE(model::parse_length_source(bad));
}
