#include "lb/peers/nodes.h"

#include <algorithm>
#include <utility>

#include "lb/log/log.h"
#include "lb/peers/own_view.h"

namespace finishline::peers {
namespace {

constexpr Nanos kTellRefused = 10s;

ledger::NodeWork work_of(const ServerReport& report) {
  return {.books = {report.in_flight, report.owed},
          .sent = static_cast<std::int64_t>(report.sent),
          .turn = static_cast<ledger::NodeWork::Turn>(report.turn),
          .ago = report.ago};
}

}  // namespace

Nodes::Nodes(ledger::Ledger& ledger, Directory directory, Options options, Instant now)
    : ledger_(ledger), directory_(std::move(directory)), options_(std::move(options)) {
  for (const ledger::NodeStatus& left : node_statuses(ledger))
    if (Node* const it = left.state == ledger::NodeState::here ? node(left.name, now) : nullptr) {
      it->counts = true;
      it->heard_at = now;
    }
}

void Nodes::change_to(const Directory& directory, Nanos silence) {
  const auto gone = lanes_gone(directory_, directory);
  for (auto& [name, node] : nodes_) {
    for (const Directory::Lane& lane : gone) node.books.show(lane.pool, {.type = lane.type});
    node.view.want_full();
  }
  directory_ = directory;
  options_.silence = silence;
}

Nodes::Node* Nodes::node(const std::string& name, Instant now) {
  if (const auto known = nodes_.find(name); known != nodes_.end()) return &known->second;
  const auto row = ledger::node_row(ledger_, name, now);
  if (!row) return refuse(name, "proxy.max_peers has no room for it", now), nullptr;
  std::erase_if(nodes_, [&](const auto& it) { return it.second.books.row() == *row; });  // it was forgotten
  return &nodes_.emplace(name, Node{ledger::NodeBooks(ledger_, *row), {}}).first->second;
}

void Nodes::refuse(const std::string& name, const char* why, Instant now) {
  if (refused_at_ != Instant{} && now - refused_at_ < kTellRefused) return;
  refused_at_ = now;
  log::write(log::Event::node_refused, {{"node", name}, {"reason", why}});
}

Nodes::Heard Nodes::hear(const Report& report, std::size_t bytes, Instant now) {
  Heard heard;
  if (report.name == options_.name) {
    heard.own = report.epoch == options_.epoch;
    if (!heard.own && !report.leaving) refuse(report.name, "it has this proxy's name", now);
    return heard;
  }
  heard.all = report.wants_full;
  Node* const it = node(report.name, now);
  if (it == nullptr) return heard;
  const NodeView::Taken taken = it->view.take(report, now);
  if (taken.gap) it->books.count_gap();
  if (taken.news == NodeView::News::none) return heard;
  it->heard_at = now;
  it->books.heard(bytes, now);
  if (report.leaving) {
    log::write(log::Event::node_left, {{"node", report.name}});
    drop(*it, now, true);
    return heard;
  }
  if (taken.news == NodeView::News::everything) {
    heard.all = true;
    it->books.clear(now);
    it->books.enter(report.epoch, now);
    if (!std::exchange(it->counts, true)) log::write(log::Event::node_here, {{"node", report.name}});
  }
  write(*it, taken, now, heard);
  heard.row = it->books.row();
  return heard;
}

/// What waits first: else what was called for would seem to wait once more, when it is known to be sent.
void Nodes::write(Node& node, const NodeView::Taken& taken, Instant now, Heard& heard) {
  for (const LaneReport& report : taken.lanes)
    if (const Directory::Lane* const lane = directory_.lane(report.key)) {
      node.books.show(lane->pool, lane_of(report, lane->type, now));
      heard.waiting = true;
    }
  for (const ServerReport& report : taken.servers)
    if (const auto server = directory_.server(report.key))
      heard.room |= node.books.show(*server, work_of(report), now);
}

void Nodes::look(Instant now) {
  for (auto& [name, node] : nodes_) {
    if (!node.counts || now - node.heard_at <= options_.silence) continue;
    log::write(log::Event::node_silent,
               {{"node", name}, {"for_s", static_cast<double>((now - node.heard_at) / 1ms) / 1000}});
    drop(node, now);
  }
}

void Nodes::drop(Node& node, Instant now, bool left) {
  node.counts = false;
  node.view.forget();
  node.books.fall_silent(now, left);
}

void Nodes::forget_all(Instant now) {
  for (auto& [name, node] : nodes_)
    if (node.counts) drop(node, now);
}

bool Nodes::needs_full() const {
  return std::ranges::any_of(nodes_, [](const auto& it) { return it.second.view.needs_full(); });
}

std::uint32_t Nodes::here() const {
  return static_cast<std::uint32_t>(
      std::ranges::count_if(nodes_, [](const auto& it) { return it.second.counts; }));
}

}  // namespace finishline::peers
