#include "lb/cli/sim_modes.h"

#include <doctest/doctest.h>

#include <CLI/CLI.hpp>
#include <map>
#include <string>
#include <vector>

using namespace finishline;

namespace {

/// What is said of these flags, each with a value.
std::string said(const std::map<std::string, std::string>& given) {
  cli::SimOptions options;
  CLI::App flags;
  std::map<std::string, std::string> others;
  std::string words;
  for (const auto& [name, value] : given) {
    std::string& target = name == "scale"      ? options.scale
                          : name == "usage"    ? options.usage
                          : name == "trace"    ? options.trace
                          : name == "config"   ? options.config
                          : name == "binding"  ? options.binding
                          : name == "order"    ? options.order
                          : name == "arrivals" ? options.arrivals
                                               : others[name];
    flags.add_option("--" + name, target);
    words += " --" + name + "=" + value;
  }
  flags.parse(words);
  return cli::passed_over(flags, options);
}

}  // namespace

TEST_CASE("flags of what is played are taken") {
  CHECK(said({}).empty());
  CHECK(said({{"load", "0.5"}, {"order", "shortest"}, {"aging", "2"}, {"seeds", "3"}}).empty());
  CHECK(said({{"scale", "day"}, {"days", "3"}, {"rate", "5"}, {"spikes", "0"}, {"json", "1"}}).empty());
  CHECK(said({{"scale", "load.csv"}, {"rate", "2"}}).empty());
  CHECK(said({{"usage", "total"}, {"days", "8"}, {"step", "5m"}, {"growth", "0"}, {"mix", "V=1"}}).empty());
  CHECK(said({{"usage", "trace"}, {"length", "exp:5"}, {"within", "60s"}, {"rate", "9"}}).empty());
  CHECK(said({{"config", "f.toml"}, {"pool", "media"}, {"trace", "t.csv"}, {"policies", "all"}}).empty());
}

TEST_CASE("a flag that would be passed over is named, with what makes it so") {
  CHECK(said({{"growth", "0.1"}}) == "--growth does nothing without --usage: leave it out");
  CHECK(said({{"pool", "media"}}) == "--pool does nothing without --config: leave it out");
  CHECK(said({{"config", "f.toml"}, {"unit", "1ms"}}).find("--unit does nothing with --config") == 0);
  CHECK(said({{"trace", "t.csv"}, {"load", "0.5"}}) == "--load does nothing with --trace: leave it out");
  CHECK(said({{"scale", "load.csv"}, {"days", "3"}}).find("--days does nothing with --scale FILE") == 0);
  CHECK(said({{"scale", "day"}, {"usage", "total"}}).find("does nothing with --usage") != std::string::npos);
  CHECK(said({{"usage", "total"}, {"within", "60s"}}) ==
        "--within does nothing without --usage trace: leave it out");
  CHECK(said({{"usage", "total"}, {"json", "1"}}).find("--json does nothing with --usage") == 0);
  CHECK(said({{"binding", "early"}, {"mark", "1ms"}}).find("--mark does nothing with --binding early") == 0);
  CHECK(said({{"order", "longest"}, {"aging", "2"}}).find("--aging does nothing without") == 0);
  CHECK(said({{"arrivals", "batch"}, {"load", "0.5"}}).find("--load does nothing with --arrivals batch") ==
        0);
}
