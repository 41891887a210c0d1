#include "lb/control/change_service.h"

#include <sodium.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "lb/config/change.h"
#include "lb/config/environment.h"
#include "lb/control/access.h"
#include "lb/http/error_reply.h"

namespace finishline::control {
namespace {

using ChangeJson = nlohmann::ordered_json;

/// `environment`: what variables in the file stand for; none: they stay as they are written.
config::Table document_of(const config::Source& source, const config::Environment& environment) {
  auto document = config::parse_document(source.text);
  auto overlay = config::Overlay::parse(source.overlay);
  auto* const table = std::get_if<config::Table>(&document);
  if (table == nullptr) return {};
  if (environment) config::expand(*table, environment);
  if (const auto* changes = std::get_if<config::Overlay>(&overlay)) changes->apply_to(*table);
  return std::move(*table);
}

/// Where changes are kept; "": nowhere.
std::string file_of_changes(const config::Source& source) {
  const auto parsed = config::parse(source);
  const auto* const config = std::get_if<config::Config>(&parsed);
  return config == nullptr || config->proxy.state_dir.empty() ? ""
                                                              : config::overlay_file(config->proxy.state_dir);
}

/// Of "server[3].weight" in "server[3]": "/weight"; "" of a key elsewhere.
std::string pointer_of(const std::string& key, const std::string& part) {
  if (!key.starts_with(part + '.')) return "";
  std::string pointer = key.substr(part.size());
  std::ranges::replace(pointer, '.', '/');
  return pointer;
}

http::HttpReply refusal_of(const config::Problem& problem, const std::string& part) {
  const std::string pointer = pointer_of(problem.key, part);
  std::string words = pointer.empty() && !problem.key.empty() ? problem.key + ": " : "";
  words += problem.message + (problem.remedy.empty() ? "" : "; " + problem.remedy);
  return http::error_reply(400, words, pointer);
}

http::HttpReply still_busy() {
  return http::error_reply(
      503, "the master has not said yet what became of an earlier change; nothing was changed: ask again");
}

}  // namespace

ChangeService::ChangeService(net::Loop& loop, const config::Source& source,
                             std::function<bool(std::uint32_t number, const std::string& overlay)> send,
                             Nanos patience, Nanos long_patience)
    : source_(source),
      kept_(file_of_changes(source), source.overlay),
      send_(std::move(send)),
      number_(randombytes_random()),
      short_patience_(patience),
      long_patience_(long_patience),
      patience_(loop, [this] { lose_patience(); }) {}

config::Table ChangeService::document() const { return document_of(source_, config::process_environment()); }

config::Table ChangeService::document_as_written() const { return document_of(source_, {}); }

config::Table ChangeService::document_of_file() const {
  config::Source file = source_;
  file.overlay.clear();
  return document_of(file, config::process_environment());
}

config::Overlay ChangeService::overlay() const {
  auto overlay = config::Overlay::parse(source_.overlay);
  auto* const good = std::get_if<config::Overlay>(&overlay);
  return good == nullptr ? config::Overlay() : std::move(*good);
}

http::HttpReply ChangeService::ask(Change change) {
  http::HttpReply reply;
  reply.later = std::make_shared<http::LaterReply>();
  if (late_) {
    reply.later->give(still_busy());
    return reply;
  }
  asked_.push_back({std::move(change), reply.later});
  begin_next();
  return reply;
}

void ChangeService::begin_next() {
  while (!wanted_ && !asked_.empty() && !begin(asked_.front())) {
  }
}

/// False when it is over already.
bool ChangeService::begin(const Asked& asked) {
  config::Overlay changed = overlay();
  if (auto refusal = asked.change.edit(document(), changed)) {
    finish(std::move(*refusal));
    return false;
  }
  config::Source wanted = source_;
  wanted.overlay = changed.text();
  if (wanted.overlay == source_.overlay) {
    finish(answer_of(asked.change));
    return false;
  }
  if (auto refusal = judge(asked.change, wanted)) {
    finish(std::move(*refusal));
    return false;
  }
  if (!send_(++number_, wanted.overlay)) {
    finish(http::error_reply(503, "the master does not answer"));
    return false;
  }
  wanted_ = std::move(wanted.overlay);
  patience_.start(short_patience_);
  return true;
}

/// By the rules of the file, and by what no reload can change.
std::optional<http::HttpReply> ChangeService::judge(const Change& change,
                                                    const config::Source& wanted) const {
  const auto parsed = config::parse(wanted);
  const std::string part = change.part ? change.part(document_of(wanted, config::process_environment())) : "";
  if (const auto* problems = std::get_if<std::vector<config::Problem>>(&parsed))
    return refusal_of(problems->front(), part);
  const auto before = config::parse(source_);
  const auto* const running = std::get_if<config::Config>(&before);
  if (running == nullptr) return std::nullopt;
  const config::Change difference = config::change_between(*running, std::get<config::Config>(parsed));
  if (difference.refusals.empty()) return std::nullopt;
  http::HttpReply refusal = refusal_of(difference.refusals.front(), part);
  return refusal;
}

http::HttpReply ChangeService::answer_of(const Change& change) {
  ChangeJson body = change.answer(document());
  if (!body.contains("survives_restart")) body["survives_restart"] = survives();
  body["revision"] = revision_;
  return {change.status,
          "application/json",
          body.dump(-1, ' ', false, ChangeJson::error_handler_t::replace) + "\n",
          {{"Cache-Control", "no-store"}}};
}

/// Of the first that was asked for.
void ChangeService::finish(http::HttpReply reply) {
  const Asked done = std::move(asked_.front());
  asked_.pop_front();
  wanted_.reset();
  late_ = false;
  patience_.stop();
  done.reply->give(std::move(reply));
}

/// At first whoever waits is answered, and what the master does is waited for; then no longer. The next
/// change is made from what is in force: begun any earlier, it would undo this one if that comes into force
/// after all.
void ChangeService::lose_patience() {
  http::HttpReply silent = http::error_reply(
      503, "the master has not answered in time; GET /api/v1/changes tells what is in force");
  if (late_) {
    finish(std::move(silent));
    return begin_next();
  }
  late_ = true;
  patience_.start(long_patience_);
  std::deque<Asked> behind = std::exchange(asked_, {});
  asked_.push_back(std::move(behind.front()));
  behind.pop_front();
  const auto first = asked_.front().reply;
  first->give(std::move(silent));
  for (const Asked& asked : behind) asked.reply->give(still_busy());
}

void ChangeService::change_to(const config::Source& source, std::uint32_t revision) {
  source_ = source;
  revision_ = revision;
  kept_.keep(source_.overlay);
  const bool asked = wanted_ && *wanted_ == source.overlay;
  if (watcher_) watcher_(asked && asked_.front().change.adopted);
  if (!asked) return;
  finish(answer_of(asked_.front().change));
  begin_next();
}

void ChangeService::refused(std::uint32_t number, const std::string& problems) {
  if (!wanted_ || number != number_) return;
  std::string words = problems;
  while (words.ends_with('\n')) words.pop_back();
  finish(http::error_reply(409, words));
  begin_next();
}

}  // namespace finishline::control
