#include "lb/control/sources_page.h"

#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>

#include "lb/control/access.h"
#include "lb/control/live_page.h"
#include "lb/http/error_reply.h"

namespace finishline::control {
namespace {

constexpr std::size_t kSources = 10, kMostSources = 100;

std::optional<std::size_t> count_in(std::string_view text) {
  std::size_t count = kSources;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (!text.empty() && (error != std::errc{} || end != text.data() + text.size())) return std::nullopt;
  return count >= 1 && count <= kMostSources ? std::optional(count) : std::nullopt;
}

}  // namespace

http::HttpReply sources_page(const http::HttpRequest& request, const LiveDetails& details) {
  const std::string_view by = request.parameter("by");
  if (!by.empty() && by != "network" && by != "address" && by != "country")
    return http::error_reply(400, "by is 'network', 'address' or 'country'", "/by");
  const auto most = count_in(request.parameter("most"));
  if (!most) return http::error_reply(400, "most is a number from 1 to 100", "/most");
  const SourceDetail detail = by == "address" ? SourceDetail::address : SourceDetail::network;
  nlohmann::ordered_json sources = nlohmann::ordered_json::array();
  for (const Talker& it : by == "country" ? details.countries(*most) : details.talkers(detail, *most))
    sources.push_back(describe(it));
  return {200, "application/json",
          to_text({{"sources", std::move(sources)}, {"countries_note", details.countries_note()}}) + "\n"};
}

}  // namespace finishline::control
