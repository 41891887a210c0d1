// What of the changes (config/overlay.h) all proxies before the same servers are to have: servers that were
// added, changed and removed, and costs. Cut into parts, one for each server and for each row of costs, with
// a name and a text that is equal where equal things stand in it. Pure.
//
//   change server video-9   {"added":{"address":"10.0.0.9:9001","pool":"media","type":"video"}}
//   change server video-1   {"changed":{"weight":2.0}}
//   change server video-3   {"removed":true}
//   change cost video       {"music":2.5,"news":false}
//   any of them             {}, as the file says
#pragma once

#include <map>
#include <optional>
#include <string>

#include "lb/config/overlay.h"
#include "lb/peers/shared_orders.h"

namespace finishline::control {

using peers::kAsInFile;

/// The text of each part of which anything stands in the overlay, by its name.
std::map<std::string, std::string> shared_parts(const config::Overlay& overlay);
/// The text as this program writes it; nothing for what is no part.
std::optional<std::string> same_part(const std::string& name, const std::string& text);
/// Puts it in the place of what the overlay has by this name. Precondition: it is of same_part().
void put_part(config::Overlay& overlay, const std::string& name, const std::string& text);
/// Why this part, which is in force, does nothing in this document: "there is no pool 'media'"; "": it does.
std::string idle_reason(const config::Table& document, const std::string& name, const std::string& text);

}  // namespace finishline::control
