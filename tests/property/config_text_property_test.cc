// A document written as text is the same document, and a configuration exported is the same configuration.
#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <fstream>
#include <sstream>
#include <string>
#include <variant>

#include "lb/config/change.h"
#include "lb/config/config.h"
#include "lb/config/document_text.h"
#include "lb/config/overlay.h"

namespace {

using namespace finishline::config;

std::string text_in(const char* file) {
  std::ifstream in(file);
  REQUIRE(in.good());
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

Table table_of(const std::string& text) {
  auto document = parse_document(text);
  if (const auto* problems = std::get_if<std::vector<Problem>>(&document))
    RC_FAIL(problems->front().message + "\n" + text);
  return std::get<Table>(std::move(document));
}

bool same(const Node& a, const Node& b);

bool same(const Table& a, const Table& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const Entry& x, const Entry& y) { return x.key == y.key && same(x.node, y.node); });
}

struct Same {
  bool operator()(const Table& a, const Table& b) const { return same(a, b); }
  bool operator()(const Array& a, const Array& b) const {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](const Node& x, const Node& y) { return same(x, y); });
  }
  bool operator()(const Foreign&, const Foreign&) const { return true; }
  template <class T>
  bool operator()(const T& a, const T& b) const {
    return a == b;
  }
  template <class T, class U>
  bool operator()(const T&, const U&) const {
    return false;
  }
};

bool same(const Node& a, const Node& b) { return std::visit(Same{}, a.value, b.value); }

/// Of characters that need an escape, and some that do not.
std::string some_text() {
  static const std::string kLetters = "aZ9_-. \"\\\n\t\x01\x7f#[]{}=,'";
  std::string text;
  for (int i = *rc::gen::inRange(0, 8); i > 0; --i)
    text += kLetters[*rc::gen::inRange<std::size_t>(0, kLetters.size())];
  return text;
}

Node some_value() {
  switch (*rc::gen::inRange(0, 5)) {
    case 0:
      return {*rc::gen::arbitrary<bool>(), {}};
    case 1:
      return {*rc::gen::arbitrary<std::int64_t>(), {}};
    case 2:
      return {*rc::gen::arbitrary<double>(), {}};
    case 3:
      return {Array{{some_text(), {}}, {some_text(), {}}}, {}};
    default:
      return {some_text(), {}};
  }
}

Table some_table(int depth) {
  Table table;
  for (int i = *rc::gen::inRange(0, 4); i > 0; --i) {
    const bool deep = depth > 0 && *rc::gen::inRange(0, 3) == 0;
    table.push_back(
        {some_text() + std::to_string(i), {}, deep ? Node{some_table(depth - 1), {}} : some_value()});
  }
  return table;
}

/// Values first and parts behind them, as text has it.
Table some_document() {
  Table document = some_table(0);
  for (int i = *rc::gen::inRange(0, 3); i > 0; --i)
    document.push_back({"part" + std::to_string(i), {}, {some_table(2), {}}});
  if (*rc::gen::arbitrary<bool>())
    document.push_back({"server", {}, {Array{{some_table(1), {}}, {some_table(0), {}}}, {}}});
  return document;
}

}  // namespace

TEST_CASE("any document is the same after it was written as text and read again") {
  CHECK(rc::check("documents", [] {
    const Table document = some_document();
    const Table again = table_of(to_toml(document));
    RC_ASSERT(to_toml(again) == to_toml(document));
    RC_ASSERT(same(again, document));
  }));
}

TEST_CASE("any change of the sample file, exported as a file of its own, is the same configuration") {
  const std::string sample = text_in("lb/finishline.example.toml");
  CHECK(rc::check("changes", [&] {
    Overlay overlay;
    const Table file = table_of(sample);
    for (int i = *rc::gen::inRange(0, 4); i > 0; --i) {
      overlay.set("server", "video-1", "weight",
                  Node{static_cast<double>(*rc::gen::inRange(0, 1000)) / 8, {}});
      if (*rc::gen::arbitrary<bool>())
        overlay.set("cost", "video", "music", Node{static_cast<double>(*rc::gen::inRange(1, 80)) / 8, {}});
      if (*rc::gen::arbitrary<bool>())
        overlay.add_server("new-" + std::to_string(i),
                           {{"pool", {}, {"media", {}}},
                            {"type", {}, {"video", {}}},
                            {"address", {}, {"127.0.0.1:" + std::to_string(7000 + i), {}}}});
    }
    Table document = file;
    overlay.apply_to(document);
    const auto running = parse(sample, "f", {}, overlay.text());
    const auto exported = parse(to_toml(document), "f");
    RC_ASSERT(std::holds_alternative<Config>(running));
    RC_ASSERT(std::holds_alternative<Config>(exported));
    const Change change = change_between(std::get<Config>(running), std::get<Config>(exported));
    RC_ASSERT(change.scope == Scope::nothing);
    RC_ASSERT(change.refusals.empty());
  }));
}
