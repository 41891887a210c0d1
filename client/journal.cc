#include "client/journal.h"

#include "lb/model/trace.h"

namespace finishline::client {
namespace {

constexpr std::size_t kMostNumbered = 65536;

/// Opens `path` unless it is ""; the reason why that failed, or "".
std::string create(const std::string& path, std::string_view columns, std::optional<LineFile>& file) {
  if (path.empty()) return {};
  auto created = LineFile::create(path, columns);
  if (auto* problem = std::get_if<std::string>(&created)) return std::move(*problem);
  file = std::move(std::get<LineFile>(created));
  return {};
}

std::string close(std::optional<LineFile>& file, const std::string& path) {
  if (!file) return {};
  const std::string problem = file->close();
  file.reset();
  return problem.empty() ? problem : "cannot write " + path + ": " + problem;
}

}  // namespace

std::variant<Journal, std::string> Journal::open(const Paths& paths, const CostModel& cost,
                                                 const std::vector<ServerSpec>& servers) {
  Journal journal;
  journal.paths_ = paths;
  for (const RequestTypeSpec& type : cost.request_types()) journal.type_names_.push_back(type.name);
  for (const ServerSpec& server : servers) {
    if (server.number >= kMostNumbered) continue;
    if (server.number >= journal.server_names_.size())
      journal.server_names_.resize(server.number + std::size_t{1});
    journal.server_names_[server.number] = server.name;
  }
  std::string problem = create(paths.trace, "time_s,type,length", journal.trace_);
  if (problem.empty())
    problem =
        create(paths.replies, "id,type,length,intended_s,sent_s,done_s,server,status", journal.replies_);
  if (!problem.empty()) return problem;
  return journal;
}

void Journal::write_trace(const Request& request) {
  model::append_trace_row(trace_->pending(), request.intended - start_, type_names_[request.type],
                          request.length);
}

void Journal::write_reply(const Request& request, std::string_view status, Instant now,
                          std::optional<std::uint32_t> server) {
  std::string& line = replies_->pending();
  line.append(std::to_string(request.number)).append(",").append(type_names_[request.type]).append(",");
  line.append(std::to_string(request.length));
  for (const Instant at : {request.intended, request.sent, now})
    model::append_seconds(line.append(","), at - start_);
  line.append(",");
  if (server) {
    const bool named = *server < server_names_.size() && !server_names_[*server].empty();
    line.append(named ? server_names_[*server] : std::to_string(*server));
  }
  line.append(",").append(status).append("\n");
}

std::string Journal::close() {
  std::string problem = client::close(trace_, paths_.trace);
  const std::string other = client::close(replies_, paths_.replies);
  return problem.empty() ? other : problem;
}

}  // namespace finishline::client
