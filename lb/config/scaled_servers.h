// Servers that are started while the proxy runs, as a configuration has them: a place for each that there may
// be, which is a server like any other, but absent until its process listens. Pure but for the names of
// users.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "lb/config/document.h"
#include "lb/config/draft.h"

namespace finishline::config {

/// Adds the places of all pools to the servers, behind those that stand in the file; reports what keeps their
/// processes from being started.
void make_places(Draft& draft);

/// The name of a place, `number` counting from 1: "media-video-1".
std::string place_name(std::string_view pool, std::string_view type, std::uint32_t number);
/// Of a document: the types of servers that this pool scales.
std::vector<std::string> scaled_types(const Table& document, std::string_view pool);
/// Of a document: which section the place of this name is of, as "pool.media.scale.video"; "": of none.
std::string section_of_place(const Table& document, std::string_view name);
/// What a process listens on that gets its port later: 127.0.0.1, port 0.
net::Address place_address();
/// What the rule is told: percentages as shares, and the defaults of what is weighed.
sched::ScaleOptions scale_options(const Scale& scale);

/// The words of a command; those in quotes, single or double, may have spaces. The string is the reason why
/// it is none.
std::variant<std::vector<std::string>, std::string> words_of(std::string_view command);
/// The first and last port of "20000..20099"; nothing when it is no such range.
std::optional<std::pair<std::uint16_t, std::uint16_t>> ports_in(std::string_view text);

}  // namespace finishline::config
