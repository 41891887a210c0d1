#include "lb/peers/order_attic.h"

#include "lb/peers/shared_orders.h"

namespace finishline::peers {
namespace {

/// A server that was taken out of the file is in no configuration, and would be again without the line.
bool is_removal(std::string_view value) { return value.find("\"removed\"") != std::string_view::npos; }

bool is_needed(const std::string& field, const SharedOrder& order,
               const std::map<std::string, std::string>& otherwise) {
  if (!field.starts_with(kChangeField)) {
    const auto place = otherwise.find(field);
    return place != otherwise.end() && place->second != order.value;
  }
  if (order.value == kAsInFile) return false;
  const std::string part = field.substr(kChangeField.size());
  return !part.starts_with("server ") || is_removal(order.value) || otherwise.contains(part);
}

}  // namespace

constexpr std::string_view OrderAttic::kScript = R"(
local function count(text)
  return text and #text <= 15 and string.match(text, '^%d+$') and tonumber(text) or 0
end
local floor = count(redis.call('HGET', KEYS[1], ARGV[1]))
local now, needed, gone, lines = tonumber(redis.call('TIME')[1]), {}, 0, {}
for field in string.gmatch(ARGV[3], '[^\n]+') do needed[field] = true end
local all = redis.call('HGETALL', KEYS[1])
for i = 1, #all, 2 do
  local field, version = all[i], string.match(all[i + 1], '^(%d+) [^ ]+ [^\r\n]+$')
  if field ~= ARGV[1] and count(version) > 0 then
    lines[field] = true
    local idle, since = string.match(redis.call('HGET', KEYS[2], field) or '', '^(%d+) (%d+)$')
    if needed[field] then
      if idle then redis.call('HDEL', KEYS[2], field) end
    elseif idle ~= version then
      redis.call('HSET', KEYS[2], field, version .. ' ' .. now)
    elseif now - tonumber(since) >= tonumber(ARGV[2]) then
      redis.call('HDEL', KEYS[1], field)
      redis.call('HDEL', KEYS[2], field)
      floor, gone = math.max(floor, tonumber(version)), gone + 1
    end
  end
end
for _, field in ipairs(redis.call('HKEYS', KEYS[2])) do
  if not lines[field] then redis.call('HDEL', KEYS[2], field) end
end
if gone > 0 then
  redis.call('HSET', KEYS[1], ARGV[1], string.format('%d', floor))
  redis.call('PUBLISH', ARGV[4], ARGV[1])
end
return gone)";

std::string OrderAttic::needed(const std::map<std::string, std::string>& there,
                               const std::map<std::string, std::string>& otherwise) {
  std::string fields;
  for (const auto& [field, text] : there)
    if (const auto order = shared_order_of(text); order && is_needed(field, *order, otherwise))
      fields += field + '\n';
  return fields;
}

}  // namespace finishline::peers
