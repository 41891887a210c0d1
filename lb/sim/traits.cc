#include "lb/sim/traits.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <limits>

namespace finishline::sim {
namespace {

/// With fewer requests a mean says little.
constexpr int kEnough = 8;

struct Mean {
  double sum = 0, weight = 0;
  int count = 0;

  void add(double value, double by) {
    sum += value;
    weight += by;
    ++count;
  }
  bool known() const { return count >= kEnough && weight > 0 && sum > 0; }
  double value() const { return sum / weight; }
};

/// The greatest of the known means to the least.
double spread(const std::vector<Mean>& means) {
  double least = std::numeric_limits<double>::infinity(), greatest = 0;
  for (const Mean& mean : means) {
    if (!mean.known()) continue;
    least = std::min(least, mean.value());
    greatest = std::max(greatest, mean.value());
  }
  return greatest > 0 ? greatest / least : 1;
}

double load_of(std::span<const Sample> samples, std::span<const ServerSpec> servers) {
  double work = 0, slots = 0;
  Instant last{};
  for (const Sample& sample : samples) {
    work += to_seconds(sample.service);
    last = std::max(last, sample.received_at + sample.service);
  }
  for (const ServerSpec& server : servers) slots += server.slots;
  const double span = to_seconds(last - samples.front().received_at);
  return span > 0 && slots > 0 ? work / (span * slots) : 0;
}

}  // namespace

Nanos expected_service(const Sample& sample, const CostModel& cost, const ServerSpec& server) {
  const double nanos = cost.nanos_per_unit(server.type, sample.type, server.speed);
  return std::isinf(nanos) ? 0ns : service_time(sample.length, nanos);
}

Traits traits_of(std::span<const Sample> samples, const CostModel& cost,
                 std::span<const ServerSpec> servers) {
  std::vector<Mean> by_type(cost.request_types().size()), by_server(servers.size());
  const auto [shortest, longest] = std::ranges::minmax_element(samples, {}, &Sample::length);
  for (const Sample& sample : samples) {
    const double service = to_seconds(sample.service);
    by_type[sample.type].add(service, 1);
    by_server[sample.server].add(service, to_seconds(expected_service(sample, cost, servers[sample.server])));
  }
  Traits traits{.type_spread = spread(by_type),
                .declared = shortest->length != longest->length,
                .load = load_of(samples, servers),
                .slowness = std::vector<double>(servers.size(), 1.0)};
  for (std::size_t i = 0; i < servers.size(); ++i) {
    Mean& mean = by_server[i];
    if (mean.known()) traits.slowness[i] = mean.value();
    mean.weight *= servers[i].speed;  // from here on per unit of work instead of as expected
  }
  traits.server_spread = spread(by_server);
  return traits;
}

std::string to_string(const Traits& traits) {
  std::array<char, 160> text{};
  std::snprintf(text.data(), text.size(),
                "types differ %.1f-fold, lengths are %sdeclared, servers differ %.1f-fold, load %.2f",
                traits.type_spread, traits.declared ? "" : "not ", traits.server_spread, traits.load);
  return text.data();
}

}  // namespace finishline::sim
