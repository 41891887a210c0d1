// The sections of a configuration, in the order of Section.
#include <algorithm>

#include "lb/config/key_table.h"

namespace finishline::config {
namespace {

constexpr SectionRow kSections[] = {
    {"proxy", Shape::single, "[proxy]", "the processes and their limits"},
    {"log", Shape::single, "[log]", "what is told, and where"},
    {"work", Shape::single, "[work]", "what a request is"},
    {"cost", Shape::named, "[cost.SERVER_TYPE]",
     "request type = factor: how many times longer than one unit this server type takes per unit of length; "
     "a type that is not listed cannot be done"},
    {"listener", Shape::array, "[[listener]]", "an address that clients connect to"},
    {"pool", Shape::named, "[pool.NAME]", "servers that share their work, and how it is shared out"},
    {"server", Shape::array, "[[server]]", "a server and what it can do"},
    {"alerts", Shape::single, "[alerts]", "who is told when something is wrong"},
    {"alert", Shape::named, "[alert.RULE]",
     "when that is, by rule: server_down, latency_high, cpu_high, memory_high, traffic_spike, "
     "distribution_poor, errors_burning, no_server, worker_died, disk_full, peers_lost, "
     "certificate_ends, scaling_failed, socket_lost; each has its own defaults, those of latency_high stand "
     "here"},
    {"peers", Shape::single, "[peers]",
     "other proxies before the same servers, with which this one shares its books"},
    {"pool.scale", Shape::nested, "[pool.NAME.scale]",
     "when servers of the pool are started and ended, of the types that follow"},
    {"pool.scale.type", Shape::nested, "[pool.NAME.scale.TYPE]",
     "servers of a type that are started on this machine as the work needs them, named POOL-TYPE-NUMBER"},
};

}  // namespace

std::span<const SectionRow> sections() { return kSections; }
const SectionRow& row_of(Section section) { return kSections[static_cast<std::size_t>(section)]; }

const Key* find_key(Section section, std::string_view name) {
  const auto found = std::find_if(keys().begin(), keys().end(), [&](const Key& key) {
    return key.section() == section && (key.name == name || key.name == kAnyName);
  });
  return found == keys().end() ? nullptr : &*found;
}

}  // namespace finishline::config
