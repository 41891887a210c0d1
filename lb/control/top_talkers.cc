#include "lb/control/top_talkers.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <span>

namespace finishline::control {
namespace {

constexpr Nanos kPollSources = 100ms;
constexpr std::size_t kIpv4At = 12;  // in the bytes of IPv6
constexpr double kLeastWeight = 0.01;

bool lies_in_ipv4(const ledger::SourceHost& host) {
  constexpr std::byte kOnes{0xff};
  return std::all_of(host.begin(), host.begin() + 10, [](std::byte it) { return it == std::byte{}; }) &&
         host[10] == kOnes && host[11] == kOnes;
}

net::Address address_in(const ledger::SourceHost& host) {
  const std::span<const std::byte> bytes(host);
  return {lies_in_ipv4(host) ? bytes.subspan(kIpv4At) : bytes, 0};
}

double seconds_in(Nanos span) { return std::chrono::duration<double>(span).count(); }

}  // namespace

ledger::SourceHost network_of(ledger::SourceHost host) {
  const std::size_t kept = lies_in_ipv4(host) ? kIpv4At + 3 : 8;
  std::fill(host.begin() + static_cast<std::ptrdiff_t>(kept), host.end(), std::byte{});
  return host;
}

std::string text_of(const ledger::SourceHost& host, SourceDetail detail) {
  const std::string text = address_in(host).host_text();
  return detail == SourceDetail::address ? text : text + (lies_in_ipv4(host) ? "/24" : "/64");
}

TopTalkers::TopTalkers(net::Loop& loop, ledger::Ledger& ledger)
    : loop_(loop), ledger_(ledger), timer_(loop, [this] { poll(); }) {}

void TopTalkers::look() {
  looked_at_ = loop_.now();
  ledger::watch_sources(ledger_, looked_at_ + kLease);
  if (reader_) return;
  reader_.emplace(ledger_);
  faded_at_ = looked_at_;
  timer_.start(kPollSources, kPollSources);
}

void TopTalkers::poll() {
  if (loop_.now() - looked_at_ > kLease) return forget();
  const double passed = seconds_in(loop_.now() - faded_at_), factor = std::exp(-passed / kSpan);
  faded_at_ = loop_.now();
  for (Hitters* it :
       {&networks_.requests, &networks_.connections, &addresses_.requests, &addresses_.connections})
    it->fade(factor, kLeastWeight);
  watched_ = watched_ * factor + passed;
  fresh_.clear();
  reader_->read(fresh_);
  for (const ledger::SourceSample& sample : fresh_) take(sample);
}

void TopTalkers::take(const ledger::SourceSample& sample) {
  const auto which =
      sample.kind == ledger::SourceSample::Kind::request ? &Counts::requests : &Counts::connections;
  (networks_.*which).add(network_of(sample.host), sample.stands_for);
  (addresses_.*which).add(sample.host, sample.stands_for);
}

void TopTalkers::forget() {
  timer_.stop();
  reader_.reset();
  networks_ = addresses_ = {};
  watched_ = 0;
}

double TopTalkers::per_second(double weight) const { return watched_ > 0 ? weight / watched_ : 0; }

std::vector<Talker> TopTalkers::top(SourceDetail detail, std::size_t most,
                                    const CountryOf& country_of) const {
  const Counts& counts = detail == SourceDetail::network ? networks_ : addresses_;
  std::vector<ledger::SourceHost> hosts;
  for (const Hitters* by : {&counts.requests, &counts.connections})
    for (const Hitters::Counter& it : by->top(most))
      if (hosts.size() < most && std::ranges::find(hosts, it.key) == hosts.end()) hosts.push_back(it.key);
  std::vector<Talker> talkers;
  for (const ledger::SourceHost& host : hosts)
    talkers.push_back({.network = text_of(host, detail),
                       .country = country_of ? country_of(address_in(host)) : "",
                       .rate = per_second(counts.requests.estimate_of(host)),
                       .connections = per_second(counts.connections.estimate_of(host))});
  return talkers;
}

}  // namespace finishline::control
