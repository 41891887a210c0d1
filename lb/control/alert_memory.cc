#include "lb/control/alert_memory.h"

#include <map>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "lb/control/alert_page.h"
#include "lb/control/whole_file.h"
#include "lb/process/state_file.h"

namespace finishline::control {
namespace {

using MemoryJson = nlohmann::ordered_json;

alert::Silence silence_of(const MemoryJson& from) {
  return {.id = from.value("id", ""),
          .matches = from.value("matches", ""),
          .until = from.value("until", 0.0),
          .comment = from.value("comment", ""),
          .by = from.value("by", "")};
}

}  // namespace

void AlertMemory::give_to(alert::AlertEngine& engine) const {
  if (file_.empty()) return;
  const process::StateText read = process::read_state(file_);
  if (!read.fault.empty()) process::put_aside(file_, read.fault);
  if (!read.there || !read.fault.empty()) return;
  std::vector<alert::Silence> silences;
  std::map<std::string, alert::Alert::Acknowledgement, std::less<>> acknowledged;
  try {
    const MemoryJson kept = MemoryJson::parse(read.text);
    for (const MemoryJson& it : kept.at("silences")) silences.push_back(silence_of(it));
    for (const auto& [id, it] : kept.at("acknowledged").items())
      acknowledged[id] = {it.value("by", ""), it.value("at", 0.0)};
  } catch (const MemoryJson::exception& problem) {
    return process::put_aside(file_, problem.what());
  }
  engine.restore(std::move(silences), std::move(acknowledged));
}

bool AlertMemory::keep(const alert::AlertEngine& engine) const {
  if (file_.empty()) return false;
  MemoryJson all = {{"silences", MemoryJson::array()}, {"acknowledged", MemoryJson::object()}};
  for (const alert::Silence& it : engine.silences()) all["silences"].push_back(silence_json(it));
  for (const auto& [id, it] : engine.acknowledgements())
    all["acknowledged"][id] = {{"by", it.by}, {"at", it.at}};
  return write_whole(file_, all.dump(1, ' ', false, MemoryJson::error_handler_t::replace) + '\n');
}

}  // namespace finishline::control
