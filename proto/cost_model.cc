#include "proto/cost_model.h"

#include <cassert>
#include <limits>
#include <utility>

namespace finishline {

CostModel CostModel::seed(Nanos unit) {
  CostModel model(unit);
  const RequestType video = model.add_request_type("video", 'V');
  const RequestType picture = model.add_request_type("picture", 'P');
  const RequestType music = model.add_request_type("music", 'M');
  const ServerType video_server = model.add_server_type("video");
  model.set_factor(video_server, video, 1);
  model.set_factor(video_server, picture, 1);
  model.set_factor(video_server, music, 2);
  const ServerType music_server = model.add_server_type("music");
  model.set_factor(music_server, video, 3);
  model.set_factor(music_server, picture, 2);
  model.set_factor(music_server, music, 1);
  return model;
}

RequestType CostModel::add_request_type(std::string name, char code) {
  assert(request_types_.size() < kMaxTypes && !request_type_of(code));
  const auto type = static_cast<RequestType>(request_types_.size());
  by_code_[static_cast<std::uint8_t>(code)] = type;
  request_types_.push_back({std::move(name), code});
  return type;
}

ServerType CostModel::add_server_type(std::string name) {
  assert(server_types_.size() < kMaxTypes && !server_type_named(name));
  const auto type = static_cast<ServerType>(server_types_.size());
  server_types_.push_back(std::move(name));
  factors_.resize(server_types_.size() * kMaxTypes, 0);
  return type;
}

void CostModel::set_factor(ServerType server, RequestType request, double factor) {
  assert(server < server_types_.size() && request < request_types_.size() && factor > 0);
  factors_[server * kMaxTypes + request] = factor;
}

std::optional<RequestType> CostModel::request_type_of(char code) const {
  const std::int16_t type = by_code_[static_cast<std::uint8_t>(code)];
  if (type < 0) return std::nullopt;
  return static_cast<RequestType>(type);
}

std::optional<ServerType> CostModel::server_type_named(std::string_view name) const {
  for (std::size_t i = 0; i < server_types_.size(); ++i) {
    if (server_types_[i] == name) return static_cast<ServerType>(i);
  }
  return std::nullopt;
}

std::optional<double> CostModel::factor(ServerType server, RequestType request) const {
  if (server >= server_types_.size() || request >= request_types_.size()) return std::nullopt;
  const double factor = factors_[server * kMaxTypes + request];
  if (factor == 0) return std::nullopt;
  return factor;
}

double CostModel::nanos_per_unit(ServerType server, RequestType request, double speed) const {
  const std::optional<double> times = factor(server, request);
  if (!times) return std::numeric_limits<double>::infinity();
  return *times * static_cast<double>(unit_.count()) / speed;
}

}  // namespace finishline
